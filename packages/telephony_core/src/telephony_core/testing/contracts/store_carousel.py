"""The part of the store's contract about the carousel: its order (C0), fair turns (C7) and counted shows (C3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from attrs import evolve

from telephony_core.caller_id import CallerIdPolicy, Question
from telephony_core.carousel import (
    NEVER_USED,
    Carousel,
    CarouselNumber,
    CarouselPool,
    ChosenBy,
    NumberUse,
    Quarantine,
    ShowLimits,
    WhenExhausted,
)
from telephony_core.errors import CarouselConflict
from telephony_core.phone import PhoneNumber
from telephony_core.ports import Store, UnitOfWork
from telephony_core.testing.contracts.store_base import (
    StoreContractBase,
    at_once,
    do,
    now_of,
    once,
    put_carousel,
    see,
)
from telephony_core.testing.examples import (
    NOW,
    PROVIDER,
    a_carousel,
    a_generation,
    a_number,
    a_pool,
    an_ip_phone,
)

_DAY_BEGAN = NOW.replace(hour=21, minute=0, second=0) - timedelta(days=1)
"""Midnight in Moscow, which is another day in UTC (N4)."""


def _content(carousel: Carousel) -> dict[str, CarouselPool]:
    """The pools by id, without their versions, which are the store's."""
    return {pool.id: evolve(pool, version=0) for pool in carousel.pools}


def _full_carousel() -> Carousel:
    numbers = (
        CarouselNumber(a_number(100), Quarantine("complaints", "E-1", NOW - timedelta(microseconds=7)), NOW),
        CarouselNumber(a_number(102)),
        CarouselNumber(a_number(101), declared_since=NOW - timedelta(days=2)),
    )
    urals = CarouselPool(
        "urals",
        PROVIDER,
        ChosenBy.US,
        ("RU-SVE", "RU-CHE"),
        title="Урал",
        order=3,
        chain=("volga",),
        when_exhausted=WhenExhausted.REFUSE,
        limits=ShowLimits(per_day=50, rest_seconds=90, warm_up=(5, 15)),
        declaration_required=True,
        generations=(
            evolve(a_generation(pool_id="urals", first=110, age=timedelta(days=90)), confirmed_at=NOW),
            evolve(a_generation(pool_id="urals", first=120), numbers=numbers),
            a_generation(pool_id="urals", first=130, age=timedelta(days=-30, microseconds=1)),
        ),
    )
    volga = a_pool("volga", first=140, region_codes=("RU-SAM",), is_default=False, chosen_by=ChosenBy.PROVIDER)
    elsewhere = a_pool("elsewhere", first=150, provider="asterisk")
    return Carousel((urals, a_pool(), volga, elsewhere))


async def _uses(store: Store, provider: str = PROVIDER) -> Mapping[PhoneNumber, NumberUse]:
    return await see(store, lambda uow: uow.carousel.uses(provider, _DAY_BEGAN))


async def _take_turn(store: Store, pool_id: str, place: int) -> None:
    await do(store, lambda uow: uow.carousel.take_turn(pool_id, a_number(place)))


async def _show(store: Store, at: datetime) -> None:
    await do(store, lambda uow: uow.carousel.count_show(a_number(0), at))


class CarouselRepositoryContract(StoreContractBase):
    """Every sentence of `ports.CarouselRepository`."""

    async def test_the_carousel_is_loaded_as_it_was_stored(self, store: Store) -> None:
        """C8: every setting, every number in its generation's order, to the microsecond; with and without locks."""
        assert (await see(store, lambda uow: uow.carousel.load())).pools == ()
        carousel = _full_carousel()
        await put_carousel(store, carousel)
        assert _content(await see(store, lambda uow: uow.carousel.load())) == _content(carousel)
        locked = await do(store, lambda uow: uow.carousel.load(choosing_for=PROVIDER))
        assert _content(locked) == _content(carousel)

    async def test_a_carousel_replaces_the_one_before(self, store: Store) -> None:
        """C0: pools, generations and numbers that are no more are gone; a further one can take their regions."""
        await put_carousel(store, _full_carousel())
        smaller = a_carousel(a_pool("other", size=2, first=3))
        await put_carousel(store, smaller)
        assert _content(await see(store, lambda uow: uow.carousel.load())) == _content(smaller)

    @pytest.mark.parametrize(
        "carousel",
        [
            a_carousel(a_pool(is_default=False)),
            a_carousel(a_pool(), a_pool("second", first=50, region_codes=("RU-SAM",))),
            a_carousel(a_pool(), a_pool("second", first=50, is_default=False)),
            a_carousel(a_pool(chain=("nowhere",))),
            a_carousel(a_pool(chain=("siberia",))),
            a_carousel(a_pool(), a_pool("second", first=5, is_default=False, region_codes=("RU-SAM",))),
        ],
        ids=["no_default", "two_defaults", "region_twice", "unknown_chain", "cycle", "number_active_twice"],
    )
    async def test_a_carousel_out_of_order_is_refused(self, store: Store, carousel: Carousel) -> None:
        """C0: `CarouselConflict`, and the one before stays."""
        before = a_carousel(a_pool("before", first=90))
        await put_carousel(store, before)
        with pytest.raises(CarouselConflict):
            await once(store, lambda uow: uow.carousel.store(carousel))
        assert _content(await see(store, lambda uow: uow.carousel.load())) == _content(before)

    async def test_numbers_without_use_were_never_used(self, store: Store) -> None:
        """C7: numbers without use were never used."""
        await put_carousel(store, a_carousel())
        uses = await _uses(store)
        assert uses.get(a_number(0), NEVER_USED) == NEVER_USED

    async def test_a_turn_is_counted_and_moves_the_pools_turn_on(self, store: Store) -> None:
        """C7: later picks have higher turns; picks are counted; other pools' turns are their own."""
        await put_carousel(store, _full_carousel())
        for pool_id, place in (("siberia", 0), ("siberia", 1), ("urals", 102), ("siberia", 0)):
            await _take_turn(store, pool_id, place)
        uses = await _uses(store)
        assert (uses[a_number(0)].picks, uses[a_number(1)].picks, uses[a_number(102)].picks) == (2, 1, 1)
        assert uses[a_number(0)].turn > uses[a_number(1)].turn > 0
        assert uses[a_number(102)].turn > 0
        assert uses.get(a_number(2), NEVER_USED) == NEVER_USED

    async def test_a_pick_that_is_rolled_back_never_was(self, store: Store) -> None:
        """C7: a pick counts from its reservation, which this one has not got."""
        await put_carousel(store, a_carousel())
        async with store.write() as uow:
            await uow.carousel.take_turn("siberia", a_number(0))
        assert (await _uses(store)).get(a_number(0), NEVER_USED).picks == 0

    async def test_shows_are_counted_within_the_day(self, store: Store) -> None:
        """C3: from the beginning of the day on; the last show is the latest, not the last counted."""
        await put_carousel(store, a_carousel())
        second, latest = timedelta(seconds=1), NOW + timedelta(microseconds=654_321)
        shows = [latest, _DAY_BEGAN, _DAY_BEGAN - timedelta(microseconds=1), latest - second, latest - second]
        for at in shows:
            await _show(store, at)
        use = (await _uses(store))[a_number(0)]
        assert use.shows_today == 4, "each show counts, however close they are"
        assert use.last_shown_at == latest
        assert use.picks == 0
        assert (await _uses(store)).get(a_number(1), NEVER_USED).shows_today == 0

    async def test_shows_of_the_day_before_count_no_more(self, store: Store) -> None:
        """C3: after midnight the count begins anew, the last show is remembered."""
        await put_carousel(store, a_carousel())
        await _show(store, NOW)
        uses = await see(store, lambda uow: uow.carousel.uses(PROVIDER, _DAY_BEGAN + timedelta(days=1)))
        assert uses[a_number(0)].shows_today == 0
        assert uses[a_number(0)].last_shown_at == NOW

    async def test_uses_are_the_providers_own(self, store: Store) -> None:
        """C2: C2 to C7 look only at the pools of the device's provider."""
        await put_carousel(store, _full_carousel())
        await _take_turn(store, "siberia", 0)
        assert (await _uses(store, "asterisk")).get(a_number(0), NEVER_USED) == NEVER_USED

    async def test_uses_are_of_retired_numbers_too(self, store: Store) -> None:
        """P3: what a number was used for is told after its generation, as wear and for who calls back."""
        now = await now_of(store)
        generations = (
            evolve(a_generation(3), activates_at=now - timedelta(days=9)),
            evolve(a_generation(3, first=5), activates_at=now - timedelta(days=1)),
        )
        await put_carousel(store, a_carousel(a_pool(generations=generations)))
        await _take_turn(store, "siberia", 0)
        assert (await _uses(store))[a_number(0)].picks == 1

    async def test_uses_stay_when_the_carousel_is_stored_anew(self, store: Store) -> None:
        """P3: the history of a number is not deleted by a change of its pool's settings."""
        await put_carousel(store, a_carousel())
        await _take_turn(store, "siberia", 0)
        await _show(store, NOW)
        before = await _uses(store)
        await put_carousel(store, a_carousel(a_pool(title="Сибирь", limits=ShowLimits(per_day=5))))
        assert (await _uses(store))[a_number(0)] == before[a_number(0)]

    async def test_a_number_that_moves_to_another_pool_is_not_behind_there(self, store: Store) -> None:
        """C7: a number that joins starts at the present minimum, however often its old pool had picked it."""
        now = await now_of(store)

        def pools(first: tuple[int, ...], second: tuple[int, ...]) -> Carousel:
            def pool(pool_id: str, places: tuple[int, ...], codes: tuple[str, ...]) -> CarouselPool:
                numbers = tuple(CarouselNumber(a_number(place)) for place in places)
                generation = evolve(
                    a_generation(), id=f"{pool_id}-1", numbers=numbers, activates_at=now - timedelta(days=1)
                )
                return a_pool(pool_id, region_codes=codes, is_default=pool_id == "first", generations=(generation,))

            return Carousel((pool("first", first, ("RU-NVS",)), pool("second", second, ("RU-SAM",))))

        await put_carousel(store, pools((0, 1), (2, 3)))
        for _ in range(12):
            await _pick(store, "RU-NVS")
        for _ in range(2):
            await _pick(store, "RU-SAM")
        await put_carousel(store, pools((0,), (1, 2, 3)))
        picked = Counter([await _pick(store, "RU-SAM") for _ in range(6)])
        assert picked == {a_number(1): 2, a_number(2): 2, a_number(3): 2}

    async def test_picks_are_fair_under_concurrency(self, store: Store) -> None:
        """C7: over any run of concurrent picks, those of two numbers differ by at most one."""
        now = await now_of(store)
        pool = a_pool(generations=(evolve(a_generation(10), activates_at=now - timedelta(days=1)),))
        await put_carousel(store, a_carousel(pool))
        picked = Counter(await at_once(_pick(store, "RU-NVS") for _ in range(self.concurrency)))
        counts = [picked[a_number(place)] for place in range(10)]
        assert sum(counts) == self.concurrency
        assert max(counts) - min(counts) <= 1, f"picks of the ten numbers: {counts}"
        uses = await _uses(store)
        assert [uses[a_number(place)].picks for place in range(10)] == counts


async def _pick(store: Store, code: str) -> PhoneNumber:
    """One decision as an initiation makes it: locked, by the database's clock, its turn taken."""

    async def work(uow: UnitOfWork) -> PhoneNumber:
        carousel = await uow.carousel.load(choosing_for=PROVIDER)
        now = await uow.now()
        uses = await uow.carousel.uses(PROVIDER, _DAY_BEGAN)
        decision = CallerIdPolicy().decide(
            Question(now=now, device=an_ip_phone(), number_codes=(code,), carousel=carousel, uses=uses)
        )
        assert decision.takes_a_turn
        assert decision.pool_id is not None
        assert decision.requested is not None
        await uow.carousel.take_turn(decision.pool_id, decision.requested)
        return decision.requested

    return await do(store, work)
