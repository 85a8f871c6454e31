"""What a supervisor may do to the carousel, and what the answer says (C0, C9, C11)."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from telephony_core.carousel import Carousel, CarouselPool, ChosenBy, NumberReason, ShowLimits
from telephony_core.errors import CarouselConflict, InvalidRequest, NotPermitted, PoolNotFound, StaleVersion
from telephony_core.party import Permission, Principal
from telephony_core.testing.examples import NOW, a_carousel, a_generation, a_number, a_pool, a_principal
from telephony_core.testing.fakes import CommitFault, FakeClock, FakeStore
from telephony_core.use_cases.ask_provider import Effect, Wish, wishes
from telephony_core.use_cases.edit_carousel import EditCarousel
from telephony_core.use_cases.run_carousel import RunCarousel

SUPERVISOR = a_principal(Permission.MANAGE_CAROUSEL)
DAY = timedelta(days=1)


def _volga(**changes: Any) -> CarouselPool:
    changes = {"chosen_by": ChosenBy.PROVIDER, "is_default": False, "region_codes": ("RU-SAM",), **changes}
    return a_pool("volga", first=100, **changes)


def _desk(*pools: CarouselPool) -> tuple[RunCarousel, FakeStore, FakeClock]:
    clock = FakeClock()
    store = FakeStore(clock, carousel=a_carousel(*pools) if pools else a_carousel(a_pool(), _volga()))
    return RunCarousel(EditCarousel(store)), store, clock


def _instead(after: Carousel, _was: Carousel, _now: datetime) -> Carousel:
    return after


def _faults(error: pytest.ExceptionInfo[CarouselConflict]) -> list[str]:
    faults = error.value.reasons["faults"]
    assert isinstance(faults, list)
    return [fault["fault"] for fault in faults]


@pytest.mark.parametrize("permission", [Permission.MANAGE_CAROUSEL, Permission.ADMINISTER])
async def test_who_manages_the_carousel_or_administers_may_change_it(permission: Permission) -> None:
    run, _, _ = _desk()
    assert (await run.quarantine(a_principal(permission), a_number(3), "complaints")).number


async def test_nobody_else_may_change_it() -> None:
    run, store, _ = _desk()
    stranger = Principal(
        "token", "E-5", frozenset(set(Permission) - {Permission.MANAGE_CAROUSEL, Permission.ADMINISTER})
    )
    before = store.world.carousel
    for refused in (
        run.put_pool(stranger, a_pool(), expected_version=0),
        run.schedule(stranger, "siberia", [a_number(50)]),
        run.cancel(stranger, "siberia", "siberia-0"),
        run.confirm(stranger, "siberia", "siberia-0"),
        run.quarantine(stranger, a_number(3), "complaints"),
        run.bring_back(stranger, a_number(3)),
        run.declare(stranger, a_number(3)),
    ):
        with pytest.raises(NotPermitted):
            await refused
    assert store.world.carousel == before


class TestPutPool:
    async def test_settings_change_and_generations_stay(self) -> None:
        """A pool that was read in version 0 is put: it has the new settings, its old numbers and the next version."""
        run, store, _ = _desk()
        wanted = evolve(a_pool(), title="Сибирь", limits=ShowLimits(per_day=50), generations=())
        changed = await run.put_pool(SUPERVISOR, wanted, expected_version=0)
        stored = store.world.carousel.pool("siberia")
        assert stored == changed.pool
        assert (changed.pool.title, changed.pool.version) == ("Сибирь", 1)
        assert changed.pool.generations == a_pool().generations
        assert changed.effect is Effect.APPLIED
        assert changed.ask_provider == ()

    async def test_of_two_who_read_the_same_version_the_second_is_refused(self) -> None:
        run, _, _ = _desk()
        await run.put_pool(SUPERVISOR, evolve(a_pool(), title="first"), expected_version=0)
        with pytest.raises(StaleVersion) as error:
            await run.put_pool(SUPERVISOR, evolve(a_pool(), title="second"), expected_version=0)
        assert error.value.reasons["version"] == 1

    async def test_what_changes_nothing_leaves_the_version(self) -> None:
        run, _, _ = _desk()
        assert (await run.put_pool(SUPERVISOR, a_pool(), expected_version=0)).pool.version == 0

    async def test_a_new_pool_has_version_one_and_no_numbers(self) -> None:
        run, _, _ = _desk()
        new = evolve(_volga(), id="urals", region_codes=("RU-SVE",))
        assert (await run.put_pool(SUPERVISOR, new, expected_version=None)).pool == evolve(
            new, version=1, generations=()
        )

    async def test_a_pool_that_exists_is_not_made_anew(self) -> None:
        run, _, _ = _desk()
        with pytest.raises(StaleVersion):
            await run.put_pool(SUPERVISOR, a_pool(), expected_version=None)

    async def test_a_version_of_no_pool_is_not_found(self) -> None:
        run, _, _ = _desk()
        with pytest.raises(PoolNotFound):
            await run.put_pool(SUPERVISOR, evolve(_volga(), id="urals"), expected_version=3)

    async def test_a_breach_of_c0_is_refused_with_its_faults(self) -> None:
        run, store, _ = _desk()
        before = store.world.carousel
        with pytest.raises(CarouselConflict) as error:
            await run.put_pool(SUPERVISOR, evolve(_volga(), region_codes=("RU-NVS",)), expected_version=0)
        assert error.value.reasons["faults"] == [
            {"pool": "volga", "fault": "region_served_twice", "about": "RU-NVS by siberia"}
        ]
        assert store.world.carousel == before

    async def test_where_the_provider_chooses_it_is_asked_for_regions_and_limits(self) -> None:
        """C11: what we record there has force only once the provider does it too."""
        run, _, _ = _desk()
        wanted = evolve(_volga(), region_codes=("RU-SAM", "RU-SAR"), limits=ShowLimits(per_day=40))
        changed = await run.put_pool(SUPERVISOR, wanted, expected_version=0)
        assert changed.effect is Effect.RECORDED_ONLY
        regions, limits = changed.ask_provider
        assert (regions.wish, regions.codes) == (Wish.SERVE_REGIONS, ("RU-SAM", "RU-SAR"))
        assert (limits.wish, limits.limits) == (Wish.KEEP_LIMITS, {"per_day": 40})
        assert "RU-SAM, RU-SAR" in regions.sentence("ru")
        assert "per_day=40" in limits.sentence("en")

    async def test_who_wins_a_race_is_not_overwritten(self) -> None:
        """A transaction that lost begins again and then sees the other's version."""
        run, store, _ = _desk()
        store.fail_commit(CommitFault.CONFLICT)
        assert (await run.put_pool(SUPERVISOR, evolve(a_pool(), title="x"), expected_version=0)).pool.version == 1


class TestGenerations:
    async def test_before_its_instant_the_old_numbers_hold_and_from_it_on_the_new(self) -> None:
        """C9."""
        run, store, _ = _desk()
        new = [a_number(50), a_number(51)]
        changed = await run.schedule(SUPERVISOR, "siberia", new, NOW + DAY)
        pool = store.world.carousel.pool("siberia")
        assert pool is not None
        old = pool.active(NOW + DAY - timedelta(microseconds=1))
        assert old is not None
        assert old.id == "siberia-0"
        assert pool.active(NOW + DAY) == changed.generation
        assert changed.generation is not None
        assert [each.number for each in changed.generation.numbers] == new
        assert changed.effect is Effect.APPLIED

    async def test_without_an_instant_it_begins_now_by_the_databases_clock(self) -> None:
        run, store, clock = _desk()
        clock.turn(timedelta(hours=1))
        changed = await run.schedule(SUPERVISOR, "siberia", [a_number(50)])
        assert changed.generation is not None
        assert changed.generation.activates_at == changed.at == clock.now()
        pool = store.world.carousel.pool("siberia")
        assert pool is not None
        assert pool.active(clock.now()) == changed.generation

    async def test_an_instant_in_the_past_is_refused(self) -> None:
        run, _, _ = _desk()
        with pytest.raises(InvalidRequest) as error:
            await run.schedule(SUPERVISOR, "siberia", [a_number(50)], NOW - timedelta(seconds=61))
        assert error.value.reasons["field"] == "activates_at"

    async def test_a_clock_that_is_a_little_behind_means_now(self) -> None:
        run, _, _ = _desk()
        changed = await run.schedule(SUPERVISOR, "siberia", [a_number(50)], NOW - timedelta(seconds=59))
        assert changed.generation is not None
        assert changed.generation.activates_at == NOW

    @given(places=st.lists(st.integers(90, 120), unique=True, min_size=1, max_size=12), days=st.integers(0, 9))
    async def test_a_number_is_never_active_twice(self, places: list[int], days: int) -> None:
        """C0: numbers of the pool next door are refused, whenever they would begin."""
        run, store, _ = _desk()
        numbers = [a_number(place) for place in places]
        taken = bool({*range(100, 110)} & {*places})
        with pytest.raises(CarouselConflict) if taken else nullcontext():
            await run.schedule(SUPERVISOR, "siberia", numbers, NOW + days * DAY)
        assert store.world.carousel.faults() == ()

    async def test_an_empty_generation_and_one_too_large_are_refused(self) -> None:
        run, _, _ = _desk()
        for size in (0, 31):
            with pytest.raises(CarouselConflict) as error:
                await run.schedule(SUPERVISOR, "siberia", [a_number(200 + each) for each in range(size)])
            assert _faults(error) == ["generation_size"]

    async def test_a_number_keeps_its_quarantine_and_declaration(self) -> None:
        """A number of an earlier generation comes back as it was left."""
        run, _, _ = _desk()
        await run.quarantine(SUPERVISOR, a_number(3), "complaints")
        await run.declare(SUPERVISOR, a_number(4))
        changed = await run.schedule(SUPERVISOR, "siberia", [a_number(3), a_number(4), a_number(77)], NOW + DAY)
        assert changed.generation is not None
        benched, declared, new = changed.generation.numbers
        assert benched.quarantine is not None
        assert declared.declared_since == NOW
        assert (new.quarantine, new.declared_since) == (None, None)

    async def test_a_scheduled_one_can_be_called_off_until_its_instant(self) -> None:
        run, store, clock = _desk()
        before = store.world.carousel.pool("siberia")
        assert before is not None
        scheduled = (await run.schedule(SUPERVISOR, "siberia", [a_number(50)], NOW + DAY)).generation
        assert scheduled is not None
        clock.turn(DAY - timedelta(microseconds=1))
        changed = await run.cancel(SUPERVISOR, "siberia", scheduled.id)
        assert changed.pool.generations == before.generations

    async def test_from_its_instant_on_it_is_history(self) -> None:
        run, store, clock = _desk()
        scheduled = (await run.schedule(SUPERVISOR, "siberia", [a_number(50)], NOW + DAY)).generation
        assert scheduled is not None
        clock.turn(DAY)
        before = store.world.carousel
        with pytest.raises(CarouselConflict) as error:
            await run.cancel(SUPERVISOR, "siberia", scheduled.id)
        assert _faults(error) == ["generation_began"]
        assert store.world.carousel == before

    async def test_to_call_off_may_not_bring_a_number_back_that_is_active_elsewhere(self) -> None:
        """C0 holds for what is left, too."""
        run, _, _ = _desk()
        await run.schedule(SUPERVISOR, "siberia", [a_number(50)], NOW + DAY, generation_id="next")
        await run.schedule(SUPERVISOR, "volga", [a_number(3)], NOW + 2 * DAY)
        with pytest.raises(CarouselConflict) as error:
            await run.cancel(SUPERVISOR, "siberia", "next")
        assert _faults(error) == ["number_active_twice"]

    async def test_an_id_is_found_that_is_free(self) -> None:
        generation = a_generation(5, first=300, id="siberia-2")
        run, _, _ = _desk(evolve(a_pool(), generations=(generation,)))
        changed = await run.schedule(SUPERVISOR, "siberia", [a_number(50)])
        assert changed.generation is not None
        assert changed.generation.id == "siberia-3"

    async def test_a_person_confirms_once(self) -> None:
        """C11: confirming again leaves the first instant."""
        run, _, clock = _desk()
        first = await run.confirm(SUPERVISOR, "volga", "volga-100")
        clock.turn(DAY)
        again = await run.confirm(SUPERVISOR, "volga", "volga-100")
        assert first.generation is not None
        assert first.generation.confirmed_at == NOW
        assert again.generation == first.generation

    async def test_unknown_pools_and_generations_are_not_found(self) -> None:
        run, _, _ = _desk()
        for missing in (
            run.schedule(SUPERVISOR, "nowhere", [a_number(50)]),
            run.cancel(SUPERVISOR, "siberia", "none"),
            run.confirm(SUPERVISOR, "siberia", "none"),
            run.quarantine(SUPERVISOR, a_number(999), "why"),
        ):
            with pytest.raises(PoolNotFound):
                await missing

    async def test_where_the_provider_chooses_it_is_asked_to_replace_and_to_keep(self) -> None:
        """C11: with the numbers and the instant, in Russian and in English."""
        run, _, _ = _desk()
        changed = await run.schedule(SUPERVISOR, "volga", [a_number(150)], NOW + DAY)
        assert changed.effect is Effect.RECORDED_ONLY
        (wish,) = changed.ask_provider
        assert (wish.wish, wish.provider, wish.numbers, wish.at) == (
            Wish.REPLACE_NUMBERS,
            "beeline",
            (a_number(150),),
            NOW + DAY,
        )
        for language, word in (("ru", "заменить"), ("en", "replace")):
            sentence = wish.sentence(language)
            assert word in sentence
            assert a_number(150).e164 in sentence
            assert "2026-11-24 09:15 UTC" in sentence
        assert changed.generation is not None
        (keep,) = (await run.cancel(SUPERVISOR, "volga", changed.generation.id)).ask_provider
        assert (keep.wish, keep.at) == (Wish.KEEP_NUMBERS, NOW + DAY)


class TestNumbers:
    async def test_a_number_on_the_bench_is_not_shown_until_it_is_brought_back(self) -> None:
        """C3: with the reason, who and since when; in the log, too."""
        run, store, _ = _desk()
        changed = await run.quarantine(SUPERVISOR, a_number(3), " marked as spam ")
        assert changed.number is not None
        assert changed.number.quarantine is not None
        assert (changed.number.quarantine.reason, changed.number.quarantine.by) == ("marked as spam", SUPERVISOR.id)
        assert changed.number.quarantine.since == NOW
        pool = store.world.carousel.pool("siberia")
        assert pool is not None
        assert pool.usable(NOW, {})[1] == {a_number(3): NumberReason.QUARANTINED}
        back = await run.bring_back(SUPERVISOR, a_number(3))
        assert back.pool.usable(NOW, {})[1] == {}
        assert back.effect is Effect.APPLIED

    async def test_another_reason_leaves_the_instant(self) -> None:
        run, _, clock = _desk()
        await run.quarantine(SUPERVISOR, a_number(3), "complaints")
        clock.turn(DAY)
        number = (await run.quarantine(SUPERVISOR, a_number(3), "spam")).number
        assert number is not None
        assert number.quarantine is not None
        assert (number.quarantine.reason, number.quarantine.since) == ("spam", NOW)

    async def test_a_reason_is_needed(self) -> None:
        run, _, _ = _desk()
        with pytest.raises(InvalidRequest):
            await run.quarantine(SUPERVISOR, a_number(3), "  ")

    async def test_it_counts_in_every_generation_of_the_number(self) -> None:
        """A number on the bench doesn't come back with the next refresh."""
        run, store, _ = _desk()
        await run.schedule(SUPERVISOR, "siberia", [a_number(3), a_number(50)], NOW + DAY)
        await run.quarantine(SUPERVISOR, a_number(3), "complaints")
        pool = store.world.carousel.pool("siberia")
        assert pool is not None
        assert pool.usable(NOW + DAY, {}) == ((a_number(50),), {a_number(3): NumberReason.QUARANTINED})

    async def test_where_the_provider_chooses_it_is_asked(self) -> None:
        """C11."""
        run, _, _ = _desk()
        stop = await run.quarantine(SUPERVISOR, a_number(103), "complaints")
        again = await run.bring_back(SUPERVISOR, a_number(103))
        assert stop.effect is again.effect is Effect.RECORDED_ONLY
        assert [wish.wish for wish in (*stop.ask_provider, *again.ask_provider)] == [
            Wish.STOP_SHOWING,
            Wish.SHOW_AGAIN,
        ]

    async def test_the_effect_is_that_of_the_pool_where_the_number_is_in_force(self) -> None:
        """A number that moved from a pool of the provider's choice to ours."""
        old = a_generation(3, pool_id="volga", first=100, age=30 * DAY)
        new = a_generation(3, pool_id="volga", first=200, age=10 * DAY)
        ours = a_pool(generations=(a_generation(5, first=100, age=5 * DAY),))
        run, _, _ = _desk(_volga(generations=(old, new)), ours)
        changed = await run.quarantine(SUPERVISOR, a_number(101), "complaints")
        assert (changed.pool.id, changed.effect) == ("siberia", Effect.APPLIED)

    async def test_a_declared_number_may_be_shown(self) -> None:
        """C3, where declaring is required."""
        run, _, _ = _desk(a_pool(declaration_required=True))
        changed = await run.declare(SUPERVISOR, a_number(3))
        assert changed.pool.usable(NOW, {})[0] == (a_number(3),)
        assert changed.ask_provider == ()
        later = await run.declare(SUPERVISOR, a_number(3), NOW + DAY)
        assert later.pool.usable(NOW, {})[0] == ()


async def test_history_is_neither_deleted_nor_rewritten() -> None:
    """P3: the numbers of a generation that began, and its pool, stay."""
    run, store, _ = _desk()
    before = store.world.carousel
    siberia = before.pools[0]
    shorter = evolve(siberia.generations[0], numbers=siberia.generations[0].numbers[:-1])
    for after, fault in (
        (Carousel((siberia,)), "history_deleted"),
        (Carousel((evolve(siberia, generations=()), before.pools[1])), "history_deleted"),
        (Carousel((evolve(siberia, generations=(shorter,)), before.pools[1])), "history_changed"),
    ):
        with pytest.raises(CarouselConflict) as error:
            await run.edit(SUPERVISOR, partial(_instead, after))
        assert _faults(error) == [fault]
    assert store.world.carousel == before


async def test_a_dry_run_says_what_would_come_and_leaves_it() -> None:
    run, store, _ = _desk()
    before = store.world.carousel
    renamed = evolve(before.pools[0], title="Сибирь")
    edited = await run.edit(SUPERVISOR, lambda was, _: Carousel((renamed, *was.pools[1:])), dry_run=True)
    assert edited.after.pools[0].title == "Сибирь"
    with pytest.raises(CarouselConflict) as error:
        await run.edit(SUPERVISOR, partial(_instead, Carousel((*before.pools, before.pools[0]))), dry_run=True)
    assert "pool_id_repeated" in _faults(error)
    assert store.world.carousel == before
    assert store.commits == 0


async def test_who_changed_what_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    run, _, _ = _desk()
    with caplog.at_level(logging.INFO):
        await run.quarantine(SUPERVISOR, a_number(3), "complaints")
    assert f"number {a_number(3).e164} of pool siberia: stop_showing by {SUPERVISOR.id}" in caplog.text


async def test_a_change_of_the_whole_says_what_to_ask_pool_by_pool() -> None:
    """C11: only of pools from which the provider chooses, and only of what differs."""
    run, _, _ = _desk()
    benched = await run.quarantine(SUPERVISOR, a_number(101), "spam")
    before = Carousel((a_pool(), benched.pool))
    generation = a_generation(2, pool_id="volga", first=150, id="next", activates_at=NOW + DAY)
    freed = _volga(generations=(*_volga().generations, generation), region_codes=("RU-SAM", "RU-SAR"))
    after = Carousel((a_pool(region_codes=("RU-NVS",), limits=ShowLimits(9)), freed))
    assert wishes(before, before, NOW) == ()
    found = wishes(before, after, NOW)
    assert [(wish.wish, wish.pool_id, wish.numbers) for wish in found] == [
        (Wish.SERVE_REGIONS, "volga", ()),
        (Wish.REPLACE_NUMBERS, "volga", (a_number(150), a_number(151))),
        (Wish.SHOW_AGAIN, "volga", (a_number(101),)),
    ]
    assert [wish.wish for wish in wishes(after, before, NOW)] == [Wish.SERVE_REGIONS, Wish.STOP_SHOWING]
