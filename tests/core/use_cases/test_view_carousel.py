"""How the carousel is used and worn, and whether providers show what was agreed (C10, C11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from telephony_core.call import ShownNumber
from telephony_core.caller_id import Verdict
from telephony_core.carousel import CarouselNumber, CarouselPool, ChosenBy, Generation, NumberReason, Quarantine
from telephony_core.errors import NotPermitted, PoolNotFound
from telephony_core.party import Permission
from telephony_core.testing.examples import (
    NOW,
    a_call,
    a_carousel,
    a_decision,
    a_generation,
    a_number,
    a_pool,
    a_principal,
    an_attempt_that,
)
from telephony_core.testing.fakes import FakeClock, FakeStore, FakeTimeZones
from telephony_core.use_cases.ask_provider import Effect
from telephony_core.use_cases.view_carousel import FRESH_FOR, ViewCarousel

SUPERVISOR = a_principal(Permission.MANAGE_CAROUSEL)
DAY = timedelta(days=1)
VOLGA = a_pool("volga", first=100, is_default=False, region_codes=("RU-SAM",), chosen_by=ChosenBy.PROVIDER)


def _view(*pools: CarouselPool) -> tuple[ViewCarousel, FakeStore]:
    store = FakeStore(FakeClock(), carousel=a_carousel(*pools))
    return ViewCarousel(store, FakeTimeZones()), store


async def _put(
    store: FakeStore, number: int | None, verdict: Verdict | None, *, ago: timedelta = DAY, **changes: Any
) -> str:
    shown = ShownNumber(a_number(number) if number is not None else None, verdict) if verdict else None
    decision = a_decision(decided_at=NOW - ago, **changes)
    call = a_call(an_attempt_that("no_answer", started_at=NOW - ago, shown=shown, decision=decision))
    async with store.write() as uow:
        await uow.calls.add(call)
        await uow.commit()
    return call.attempts[0].id


async def test_a_pool_is_seen_with_shows_picks_and_days() -> None:
    view, store = _view(a_pool(), VOLGA)
    async with store.write() as uow:
        await uow.carousel.take_turn("siberia", a_number(2))
        await uow.carousel.count_show(a_number(2), NOW)
        await uow.commit()
    seen = await view.pool(SUPERVISOR, "siberia")
    assert seen.active is not None
    number = next(each for each in seen.active.numbers if each.number.number == a_number(2))
    assert (number.use.picks, number.use.shows_today, number.use.last_shown_at) == (1, 1, NOW)
    assert (seen.active.days, seen.active.due_at) == (30, NOW - 30 * DAY + FRESH_FOR)
    assert seen.active.wear == pytest.approx(0.4)
    assert seen.effect is Effect.APPLIED
    assert seen.next is None


async def test_why_a_number_may_not_be_shown_is_said_where_we_choose() -> None:
    """C3; where the provider chooses a quarantine is recorded only (C11)."""

    def benched(pool: CarouselPool) -> CarouselPool:
        generation = pool.generations[0]
        first = evolve(generation.numbers[0], quarantine=Quarantine("spam", "x", NOW))
        return evolve(pool, generations=(evolve(generation, numbers=(first, *generation.numbers[1:])),))

    view, _ = _view(benched(a_pool()), benched(VOLGA))
    reasons = [seen.active.numbers[0].reason for seen in await view.pools(SUPERVISOR) if seen.active]
    assert reasons == [NumberReason.QUARANTINED, None]


async def test_a_generation_is_observed_once_one_of_its_numbers_was_reported() -> None:
    """C11: since its instant, and in force."""
    older = a_pool(generations=(a_generation(age=60 * DAY),))
    view, store = _view(older, VOLGA)
    await _put(store, 103, Verdict.CONFORMS, ago=40 * DAY)
    before = await view.pool(SUPERVISOR, "volga")
    assert before.active is not None
    assert before.active.observed_at is None
    await _put(store, 103, Verdict.CONFORMS, ago=2 * DAY)
    await _put(store, 103, Verdict.CONFORMS, ago=DAY)
    after = await view.pool(SUPERVISOR, "volga")
    assert after.active is not None
    assert after.active.observed_at == NOW - 2 * DAY
    assert [each.seen.times for each in after.active.numbers] == [0, 0, 0, 2, 0, 0, 0, 0, 0, 0]


async def test_old_and_scheduled_generations_are_seen_beside_the_one_in_force() -> None:
    numbers = (CarouselNumber(a_number(50)),)
    generations = (
        a_generation(3, age=90 * DAY, id="old"),
        a_generation(3, id="now"),
        Generation("next", numbers, NOW + DAY),
    )
    view, store = _view(a_pool(generations=generations))
    await _put(store, 1, Verdict.CONFORMS)
    seen = await view.pool(SUPERVISOR, "siberia")
    assert [sum(each.seen.times for each in one.numbers) for one in seen.generations] == [0, 1, 0]
    assert [(each.generation.id, each.in_force, each.days) for each in seen.generations] == [
        ("old", False, 90),
        ("now", True, 30),
        ("next", False, 0),
    ]
    assert seen.next is not None
    assert seen.next.generation.id == "next"


async def test_the_forecast_tells_which_pools_wear_out_when() -> None:
    """The emptiest first, then by the day; a refresh that comes too late is no help."""

    def pool(name: str, age: int, *more: Generation, first: int) -> CarouselPool:
        generation = a_generation(2, pool_id=name, first=first, age=age * DAY)
        codes = (f"RU-{name[:3].upper()}",)
        return a_pool(name, is_default=name == "siberia", region_codes=codes, generations=(generation, *more))

    late = Generation("late", (CarouselNumber(a_number(60)),), NOW + 60 * DAY)
    soon = Generation("soon", (CarouselNumber(a_number(70)),), NOW + 10 * DAY)
    empty = a_pool("centre", is_default=False, region_codes=("RU-TUL",), generations=())
    view, store = _view(
        pool("siberia", 60, soon, first=0), pool("volga", 70, first=10), pool("urals", 20, late, first=20), empty
    )
    async with store.write() as uow:
        for _ in range(140):
            await uow.carousel.take_turn("volga", a_number(10))
        await uow.commit()
    found = await view.forecast(SUPERVISOR)
    assert [(each.pool_id, each.days_left, each.needs_refresh) for each in found] == [
        ("centre", None, True),
        ("volga", 5, True),
        ("siberia", 15, False),
        ("urals", 55, True),
    ]
    assert [each.shows_per_day for each in found] == [0.0, 1.0, 0.0, 0.0]


class TestConformance:
    async def test_verdicts_are_counted_with_their_cases(self) -> None:
        """C10: every verdict is in the answer, also where there was none."""
        view, store = _view(a_pool(), VOLGA)
        await _put(store, 1, Verdict.CONFORMS)
        wrong = await _put(store, 103, Verdict.OTHER_POOL)
        await _put(store, None, None)
        await _put(store, 1, Verdict.CONFORMS, ago=5 * DAY)
        answer = await view.conformance(SUPERVISOR, since=NOW - 2 * DAY, until=NOW)
        assert answer.counts == {**dict.fromkeys(Verdict, 0), Verdict.CONFORMS: 1, Verdict.OTHER_POOL: 1}
        assert answer.waiting == 1
        assert [case.id for case in answer.cases] == [wrong]

    async def test_of_one_pool(self) -> None:
        view, store = _view(a_pool(), VOLGA)
        await _put(store, 1, Verdict.CONFORMS)
        await _put(store, 1, Verdict.OTHER_POOL, pool_id="volga")
        answer = await view.conformance(SUPERVISOR, since=NOW - 2 * DAY, until=NOW, pool_id="volga")
        assert (answer.counts[Verdict.CONFORMS], answer.counts[Verdict.OTHER_POOL]) == (0, 1)
        with pytest.raises(PoolNotFound):
            await view.conformance(SUPERVISOR, since=NOW, until=NOW, pool_id="nowhere")


async def test_only_who_manages_the_carousel_sees_it() -> None:
    view, _ = _view()
    everything_else = [each for each in Permission if each not in (Permission.MANAGE_CAROUSEL, Permission.ADMINISTER)]
    stranger = a_principal(*everything_else)
    for question in (
        view.pools(stranger),
        view.pool(stranger, "siberia"),
        view.forecast(stranger),
        view.conformance(stranger, since=NOW, until=NOW),
    ):
        with pytest.raises(NotPermitted):
            await question
    with pytest.raises(PoolNotFound):
        await view.pool(SUPERVISOR, "nowhere")
