"""The carousel: its order (C0), the numbers that may be shown (C3), whose turn it is (C7), the refresh (C9)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from telephony_core.caller_id import Question
from telephony_core.carousel import (
    LARGEST_DECISION,
    LARGEST_GENERATION,
    Carousel,
    CarouselFault,
    CarouselNumber,
    CarouselPool,
    ChosenBy,
    NumberReason,
    NumberUse,
    Quarantine,
    ShowLimits,
    WhenExhausted,
    fair_turn,
)
from telephony_core.phone import PhoneNumber
from telephony_core.testing import oracles
from telephony_core.testing.examples import NOW, a_carousel, a_generation, a_number, a_pool
from telephony_core.testing.strategies import carousels, instants, questions

_MICROSECOND = timedelta(microseconds=1)
_WEEK = timedelta(weeks=1)


def _second(pool_id: str = "volga", **changes: object) -> CarouselPool:
    """A pool that stands beside `a_pool()` without offence."""
    fitting = {"first": 50, "region_codes": ("RU-SAM",), "is_default": False, **changes}
    return a_pool(pool_id, **fitting)  # type: ignore[arg-type]  # keywords of a_pool


def _named(carousel: Carousel) -> set[str]:
    return {fault.fault for fault in carousel.faults()}


# --- C0 ---------------------------------------------------------------------------------------------------------------


@given(carousel=carousels())
def test_a_carousel_in_order_has_no_faults(carousel: Carousel) -> None:
    """C0: whatever the order in which its pools are listed."""
    assert carousel.faults() == ()
    assert Carousel(tuple(reversed(carousel.pools))).faults() == ()


@pytest.mark.parametrize(
    ("fault", "pool_id", "about", "carousel"),
    [
        ("pool_id_repeated", "siberia", "", a_carousel(a_pool(), a_pool(first=50, provider="asterisk"))),
        ("no_default_pool", "volga", "beeline", a_carousel(_second())),
        ("second_default_pool", "volga", "siberia", a_carousel(a_pool(), _second(is_default=True))),
        (
            "region_served_twice",
            "volga",
            "RU-TOM by siberia",
            a_carousel(a_pool(), _second(region_codes=("RU-SAM", "RU-TOM"))),
        ),
        ("chain_repeats_a_pool", "siberia", "", a_carousel(a_pool(chain=("volga", "volga")), _second())),
        ("chain_to_unknown_pool", "siberia", "nowhere", a_carousel(a_pool(chain=("nowhere",)))),
        (
            "chain_leaves_the_provider",
            "siberia",
            "abroad",
            a_carousel(a_pool(chain=("abroad",)), _second("abroad", provider="asterisk", is_default=True)),
        ),
        ("chain_has_a_cycle", "siberia", "", a_carousel(a_pool(chain=("siberia",)))),
        ("chain_has_a_cycle", "volga", "", a_carousel(a_pool(chain=("volga",)), _second(chain=("siberia",)))),
        (
            "generations_at_one_instant",
            "siberia",
            "siberia-50",
            a_carousel(a_pool(generations=(a_generation(), a_generation(first=50)))),
        ),
        (
            "generation_id_repeated",
            "siberia",
            "",
            a_carousel(a_pool(generations=(a_generation(), a_generation(age=timedelta(days=1))))),
        ),
        (
            "generation_size",
            "siberia",
            "siberia-0: 0",
            a_carousel(a_pool(generations=(evolve(a_generation(), numbers=()),))),
        ),
        ("generation_size", "siberia", "siberia-0: 31", a_carousel(a_pool(size=LARGEST_GENERATION + 1))),
        (
            "number_repeated",
            "siberia",
            "siberia-0",
            a_carousel(a_pool(generations=(evolve(a_generation(), numbers=(CarouselNumber(a_number()),) * 2),))),
        ),
        ("number_active_twice", "volga", "+79030000009", a_carousel(a_pool(), _second(first=9))),
    ],
)
def test_each_breach_of_the_order_is_named(fault: str, pool_id: str, about: str, carousel: Carousel) -> None:
    """C0: with the pool at which it was found, and what it is about."""
    assert CarouselFault(pool_id, fault, about) in carousel.faults()


def test_the_largest_generation_is_in_order() -> None:
    """C0, C8."""
    assert a_carousel(a_pool(size=LARGEST_GENERATION)).faults() == ()


def test_generations_that_begin_together_in_two_pools_are_compared() -> None:
    """C0: whichever of them another one follows."""
    followed = a_pool(generations=(a_generation(), a_generation(first=20, age=timedelta(0))))
    found = a_carousel(followed, _second(first=0)).faults()
    assert {fault.fault for fault in found} == {"number_active_twice"}


def test_a_default_is_one_of_each_provider() -> None:
    """C0: within one provider; another's pools are no concern of it."""
    abroad = _second("abroad", provider="asterisk", is_default=True, region_codes=("RU-NVS",))
    assert a_carousel(a_pool(), abroad).faults() == ()
    assert _named(a_carousel(a_pool(), evolve(abroad, is_default=False))) == {"no_default_pool"}


def test_a_number_is_active_once_among_all_providers() -> None:
    """C0: a number can't be carried by two."""
    assert "number_active_twice" in _named(a_carousel(a_pool(), _second("abroad", provider="asterisk", first=0)))


@given(off=st.sampled_from([-_MICROSECOND, timedelta(0), _MICROSECOND]))
def test_a_number_may_move_to_another_pool_once_its_generation_is_over(off: timedelta) -> None:
    """C0: active in at most one generation at any instant, one microsecond of overlap being one too many."""
    leaves = a_pool(generations=(a_generation(age=_WEEK), a_generation(first=20, age=timedelta(0))))
    joins = _second(generations=(a_generation(pool_id="volga", age=-off),))
    faults = _named(a_carousel(leaves, joins))
    assert faults == ({"number_active_twice"} if off < timedelta(0) else set())


def test_a_long_chain_that_ends_is_in_order() -> None:
    """C0: two chains may meet; only coming back is a cycle."""
    pools = [
        a_pool("a", first=0, region_codes=(), is_default=True, chain=("b", "c")),
        a_pool("b", first=10, region_codes=(), is_default=False, chain=("d",)),
        a_pool("c", first=20, region_codes=(), is_default=False, chain=("d",)),
        a_pool("d", first=30, region_codes=(), is_default=False),
    ]
    assert a_carousel(*pools).faults() == ()
    cycle = [*pools[:3], evolve(pools[3], chain=("a",))]
    assert {each.pool_id for each in a_carousel(*cycle).faults()} == {"a", "b", "c", "d"}


def test_a_decisions_largest_size_is_the_sum_of_its_parts() -> None:
    """C0, C8: what every decision has, the ids that it may name, and the longest list of numbers along the chain."""
    alone = a_carousel(a_pool(size=3))
    siberia, generation, numbers = len('"siberia"'), len('"siberia-0"'), 8 + 3 * (1 + 3)
    named, tried = 405 + 2 * siberia + (6 + siberia) + siberia, 25 + siberia
    assert alone.largest_decision(alone.pools[0]) == named + tried + generation + numbers
    pools = a_carousel(a_pool(size=3, chain=("volga",)), _second(size=9))
    volga = len('"volga"')
    more = (6 + volga) + volga + (25 + volga) + len('"volga-50"') - generation + 6 * 4
    assert pools.largest_decision(pools.pools[0]) == alone.largest_decision(alone.pools[0]) + more
    unserved = a_carousel(pools.pools[0], evolve(pools.pools[1], region_codes=()))
    assert pools.largest_decision(pools.pools[0]) - unserved.largest_decision(pools.pools[0]) == 6 + 2 * volga


def test_of_many_pools_those_with_the_longest_ids_are_counted() -> None:
    """C0, C8: whose regions a call is about can't be known: up to five pools are named, three of them twice."""
    further = [
        _second("p" * length, first=30 * length, size=1, region_codes=(code,))
        for length, code in enumerate(("RU-AL", "RU-AM", "RU-AR", "RU-AST", "RU-BA", "RU-BEL"), start=10)
    ]
    alone, many = a_carousel(), a_carousel(a_pool(), *further)
    stored = [length + len('""') for length in range(15, 10, -1)]
    one = 6 + 2 * len('"siberia"')
    more = sum(6 + length for length in stored) + sum(stored[:3]) - one
    assert many.largest_decision(many.pools[0]) == alone.largest_decision(alone.pools[0]) + more


def test_a_decision_may_be_just_so_large() -> None:
    """C0, C8: a byte more is a fault, which says how large it would be."""

    def with_id(length: int) -> Carousel:
        return a_carousel(a_pool(generations=(evolve(a_generation(), id="g" * length),)))

    short = with_id(1)
    room = LARGEST_DECISION - short.largest_decision(short.pools[0])
    assert with_id(1 + room).faults() == ()
    assert with_id(2 + room).faults() == (CarouselFault("siberia", "decision_too_large", "1025"),)


def test_beyond_a_pool_of_the_providers_nothing_is_tried() -> None:
    """C0, C11: so the pools behind it make no decision larger."""
    behind = _second("behind-it", first=70, size=30, region_codes=())
    theirs = _second(chosen_by=ChosenBy.PROVIDER, region_codes=())
    pools = a_carousel(a_pool(chain=("volga", "behind-it")), theirs, behind)
    without = a_carousel(a_pool(chain=("volga",)), theirs)
    assert pools.largest_decision(pools.pools[0]) == without.largest_decision(without.pools[0])


def test_a_pool_without_generations_has_a_size_too() -> None:
    """C0."""
    empty = a_carousel(a_pool(generations=()), _second("abroad", provider="asterisk"))
    full = a_carousel(a_pool(size=1))
    assert empty.largest_decision(empty.pools[0]) == full.largest_decision(full.pools[0]) - len('"siberia-0"') - 8 - 4


@pytest.mark.parametrize(("apart", "digits"), [(1, 1), (35, 1), (36, 2), (36**2 - 1, 2), (36**2, 3), (36**4, 5)])
def test_numbers_further_apart_take_more_digits(apart: int, digits: int) -> None:
    """C0, C8: differences are stored in base 36."""
    numbers = tuple(CarouselNumber(a_number(place)) for place in (0, apart))
    pools = a_carousel(a_pool(generations=(evolve(a_generation(), numbers=numbers),)))
    near = a_carousel(a_pool(size=2))
    assert pools.largest_decision(pools.pools[0]) - near.largest_decision(near.pools[0]) == 2 * (digits - 1)


# --- C5: the path along which it is looked ----------------------------------------------------------------------------


@given(question=questions(from_mobile=False))
def test_the_path_is_the_pool_its_chain_and_the_default_each_once(question: Question) -> None:
    """C5: or the pool alone where it refuses; always within the provider, and it ends."""
    carousel = question.carousel.of_provider(question.device.provider)
    for pool in carousel.pools:
        path = carousel.path(pool)
        assert list(path) == oracles.pools_to_try(question, pool)
        assert {each.provider for each in path} == {pool.provider}
        if pool.when_exhausted is WhenExhausted.REFUSE:
            assert path == (pool,)


# --- C3 ---------------------------------------------------------------------------------------------------------------


@given(question=questions(from_mobile=False))
def test_usable_are_exactly_those_that_nothing_speaks_against(question: Question) -> None:
    """C3: in the generation's order; every other number of the active generation with its reason."""
    for pool in question.carousel.pools:
        usable, unusable = pool.usable(question.now, question.uses)
        generation = oracles.active_generation(pool, question.now)
        order = [each.number for each in generation.numbers] if generation else []
        assert set(usable) == oracles.showable(pool, question.now, question.uses)
        assert list(usable) == [number for number in order if number in usable]
        assert set(usable) | set(unusable) == set(order)
        assert not set(usable) & set(unusable)


_BENCH = Quarantine("complaints", "E-1", NOW)


@pytest.mark.parametrize(
    ("number", "use", "limits", "required", "reason"),
    [
        ({}, {}, {}, False, None),
        ({"quarantine": _BENCH}, {}, {}, False, NumberReason.QUARANTINED),
        ({"quarantine": evolve(_BENCH, since=NOW + _WEEK)}, {}, {}, False, NumberReason.QUARANTINED),
        ({}, {}, {}, True, NumberReason.NOT_DECLARED),
        ({"declared_since": NOW + _MICROSECOND}, {}, {}, True, NumberReason.NOT_DECLARED),
        ({"declared_since": NOW}, {}, {}, True, None),
        ({}, {"shows_today": 4}, {"per_day": 5}, False, None),
        ({}, {"shows_today": 5}, {"per_day": 5}, False, NumberReason.OVER_CAP),
        ({}, {"shows_today": 6}, {"per_day": 5}, False, NumberReason.OVER_CAP),
        ({}, {"shows_today": 3}, {"per_day": 5, "warm_up": (9, 9, 9, 9, 3)}, False, NumberReason.OVER_CAP),
        ({}, {"shows_today": 3}, {"per_day": 5, "warm_up": (9, 9, 9, 3)}, False, None),
        ({}, {"shows_today": 3}, {"warm_up": (9, 9, 9, 9, 3)}, False, NumberReason.OVER_CAP),
        ({}, {"last_shown_at": NOW - timedelta(seconds=60)}, {"rest_seconds": 60}, False, None),
        ({}, {"last_shown_at": NOW - timedelta(seconds=59)}, {"rest_seconds": 60}, False, NumberReason.RESTING),
        ({}, {"last_shown_at": NOW}, {}, False, None),
        ({"quarantine": _BENCH}, {"shows_today": 5}, {"per_day": 5}, True, NumberReason.QUARANTINED),
    ],
)
def test_why_a_number_may_not_be_shown(
    number: dict, use: dict, limits: dict, required: bool, reason: NumberReason | None
) -> None:
    """C3: each reason, at its edge; the generation is in its fifth week."""
    carried = CarouselNumber(a_number(), **number)
    generation = evolve(a_generation(), numbers=(carried,), activates_at=NOW - 4 * _WEEK)
    pool = a_pool(generations=(generation,), limits=ShowLimits(**limits), declaration_required=required)
    usable, unusable = pool.usable(NOW, {a_number(): NumberUse(**use)})
    assert (usable, unusable) == (((a_number(),), {}) if reason is None else ((), {a_number(): reason}))


@pytest.mark.parametrize(
    ("age", "cap"),
    [
        (timedelta(0), 5),
        (_WEEK - _MICROSECOND, 5),
        (_WEEK, 10),
        (2 * _WEEK - _MICROSECOND, 10),
        (2 * _WEEK, 40),
        (52 * _WEEK, 40),
    ],
)
def test_a_young_generation_is_warmed_up_week_by_week(age: timedelta, cap: int) -> None:
    """C3: caps of the first weeks, then the pool's own; none is raised by warming up."""
    assert ShowLimits(per_day=40, warm_up=(5, 10)).cap(age) == cap
    assert ShowLimits(per_day=3, warm_up=(5, 10)).cap(age) == 3
    assert ShowLimits(warm_up=(5, 10)).cap(age) == (cap if cap < 40 else None)


@pytest.mark.parametrize(
    "wrong", [{"per_day": 0}, {"rest_seconds": -1}, {"warm_up": (0,)}, {"warm_up": (5, -1)}], ids=str
)
def test_limits_are_checked_and_the_error_names_the_field(wrong: dict) -> None:
    """C3: a cap of nothing is a number switched off, for which there is quarantine."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ShowLimits(**wrong)


# --- C7 ---------------------------------------------------------------------------------------------------------------


@given(turns=st.lists(st.integers(0, 50), min_size=1, max_size=8), picks=st.integers(1, 20))
def test_turns_go_round(turns: list[int], picks: int) -> None:
    """C7: from any beginning, over any run, the picks of two numbers differ by at most one."""
    turns = [turn and turn * 10 + place for place, turn in enumerate(turns)]
    numbers = [a_number(place) for place in range(len(turns))]
    count, taken = max(turns), list[PhoneNumber]()
    for _ in range(picks):
        index = fair_turn(turns)
        count += 1
        turns[index] = count
        taken.append(numbers[index])
    assert oracles.unfair_run(taken, set(numbers)) is None


def test_who_joins_gets_one_turn_and_no_burst() -> None:
    """C7: a number that joins starts at the present minimum; what it missed isn't made up for."""
    turns, count, taken = [97, 98, 99, 0], 99, []
    for _ in range(8):
        index = fair_turn(turns)
        count += 1
        turns[index] = count
        taken.append(index)
    assert taken == [3, 0, 1, 2, 3, 0, 1, 2]


# --- C9 and C11 -------------------------------------------------------------------------------------------------------


@given(first=instants(), second=instants(), at=instants())
def test_a_generation_is_active_from_its_instant_until_the_next_ones(
    first: datetime, second: datetime, at: datetime
) -> None:
    """C9: not one microsecond before, and the old one not at the instant itself."""
    a = evolve(a_generation(), id="a", activates_at=first)
    b = evolve(a_generation(first=20), id="b", activates_at=max(first, second) + _MICROSECOND)
    pool = a_pool(generations=(b, a))
    expected = "b" if at >= b.activates_at else "a" if at >= a.activates_at else None
    active = pool.active(at)
    assert (active.id if active else None) == expected


@pytest.mark.parametrize(
    ("off", "conforming"),
    [(-61, ["a"]), (-60, ["a", "b"]), (-1, ["a", "b"]), (0, ["b", "a"]), (59, ["b", "a"]), (60, ["b"])],
)
def test_round_a_refresh_either_generation_conforms(off: int, conforming: list[str]) -> None:
    """C11: within the window, the active one first."""
    a = evolve(a_generation(), id="a")
    b = evolve(a_generation(first=20), id="b", activates_at=NOW)
    pool = a_pool(generations=(a, b))
    found = pool.conforming(NOW + timedelta(seconds=off), timedelta(seconds=60))
    assert [generation.id for generation in found] == conforming


def test_before_its_first_generation_a_pool_has_nothing() -> None:
    pool = a_pool(generations=(a_generation(age=timedelta(days=-1)),))
    assert pool.active(NOW) is None
    assert pool.usable(NOW, {}) == ((), {})
    assert pool.conforming(NOW, timedelta(0)) == ()


def test_pools_serve_what_is_asked_for_of_their_regions() -> None:
    """C4: in the configured order, each with those of the asked regions that it serves; who serves none is left out."""
    north = _second("north", region_codes=("RU-KO", "RU-MUR"), order=1)
    pools = a_carousel(north, a_pool(), _second("west", first=90, region_codes=("RU-SAM",), order=2))
    in_order = pools.of_provider("beeline")
    assert in_order.serving(["RU-TOM", "RU-MUR", "RU-AL"]) == (
        (in_order.pools[0], ("RU-TOM",)),
        (in_order.pools[1], ("RU-MUR",)),
    )
