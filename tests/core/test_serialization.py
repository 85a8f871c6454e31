"""Stored data: exact both ways, small, and readable in years."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_core.call_facts import AttemptState, Cause, Fact, FactKind, LegName, Outcome
from telephony_core.caller_id import CallerIdDecision, CallerIdPolicy, EarlierTalk, Question, Step
from telephony_core.carousel import (
    LARGEST_GENERATION,
    Carousel,
    CarouselNumber,
    CarouselPool,
    ChosenBy,
    Generation,
    NumberUse,
    Quarantine,
    ShowLimits,
)
from telephony_core.device import CorporateSim, IpPhone, Mobile
from telephony_core.events import CallEvent
from telephony_core.phone import PhoneNumber
from telephony_core.region import Region, RegionSource
from telephony_core.serialization import (
    STORED_WORDS,
    compact_json,
    decision_from_stored,
    decision_to_stored,
    event_from_stored,
    event_to_stored,
    facts_from_stored,
    facts_to_stored,
    limits_from_stored,
    limits_to_stored,
)

AT = datetime(2026, 11, 23, 9, 15, 2, 123456, tzinfo=UTC)

mobiles = st.integers(0, 10**9 - 1).map(lambda rest: PhoneNumber(f"+79{rest:09d}"))
numbers = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True).map(PhoneNumber)
zones = st.one_of(st.just(UTC), st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours))))
_DECADES = timedelta(days=20_000)
instants = st.datetimes(AT.replace(tzinfo=None) - _DECADES, AT.replace(tzinfo=None) + _DECADES, timezones=zones)
codes = st.sampled_from(["RU-NVS", "RU-MOW", "RU-MOS", "RU-TOM", "RU-SPE", "UA-43", "RU"])
regions = st.builds(Region, st.lists(codes, min_size=1, max_size=4), st.sampled_from(RegionSource))
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
json_data = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts | st.sampled_from(["c", "'c", "codes", "pool"]), inner, max_size=3)
    ),
    max_leaves=6,
)
keys_of_rules = st.sampled_from(["pool", "usable", "against", "codes", "turns", "numbers", "sim", "device", "q"])
steps = st.builds(
    Step,
    st.sampled_from(["C1", "C3", "C4", "C5", "C6", "C7", "C11", "C99"]),
    st.dictionaries(keys_of_rules | texts, json_data, max_size=4)
    | st.fixed_dictionaries({"pool": texts, "usable": st.integers(0, 9), "against": json_data})
    | st.fixed_dictionaries({"turns": json_data}),
    texts,
)


@st.composite
def decisions(draw: st.DrawFn) -> CallerIdDecision:
    candidates = tuple(draw(st.lists(numbers, max_size=LARGEST_GENERATION)))
    requested = st.none() | numbers | (st.sampled_from(candidates) if candidates else st.none())
    return CallerIdDecision(
        chosen_by=draw(st.sampled_from(ChosenBy)),
        policy_version=draw(texts),
        decided_at=draw(instants),
        region=draw(regions),
        pool_id=draw(st.none() | texts),
        generation_id=draw(st.none() | texts),
        candidates=candidates,
        requested=draw(requested),
        steps=tuple(draw(st.lists(steps, max_size=5))),
        fair=draw(st.booleans()),
    )


def through_json(data: Any) -> Any:
    return json.loads(compact_json(data))


@given(decisions())
def test_a_decision_comes_back_as_it_was(decision: CallerIdDecision) -> None:
    """C8: exactly, whatever its rules saw; lists stay lists."""
    back = decision_from_stored(through_json(decision_to_stored(decision)))
    assert back == decision
    assert [step.saw for step in back.steps] == [step.saw for step in decision.steps]


POOLS = ("siberia", "urals", "volga", "centre", "moscow", "north-west", "south", "caucasus", "far-east", "default")
"""Ten pools, as the company has."""


def _pool(place: int, numbers_of_pool: list[PhoneNumber], chosen_by: ChosenBy, benched: bool) -> CarouselPool:
    bench = Quarantine("marked as spam", "E-1", AT) if benched else None
    return CarouselPool(
        POOLS[place],
        "beeline",
        chosen_by,
        ("RU-NVS", "RU-TOM") if place == 0 else (),
        is_default=place == 9,
        order=place,
        chain=POOLS[1:9] if place == 0 else (),
        generations=(
            Generation(f"{POOLS[place]}-12", tuple(CarouselNumber(each, bench) for each in numbers_of_pool), AT),
        ),
    )


@given(
    st.lists(mobiles, min_size=LARGEST_GENERATION, max_size=LARGEST_GENERATION, unique=True),
    st.sampled_from(ChosenBy),
    st.sampled_from([0, 1, 9]),
    st.booleans(),
    st.permutations(range(LARGEST_GENERATION)),
)
def test_a_stored_decision_takes_at_most_1_kb(
    shown: list[PhoneNumber], chosen_by: ChosenBy, exhausted: int, talked: bool, turns: list[int]
) -> None:
    """C8: with the largest generation, and after all the pools of a chain had nothing to show."""
    pools = [
        _pool(place, shown if place == exhausted else [PhoneNumber(f"+7999000{place:04d}")], ChosenBy.US, True)
        for place in range(exhausted)
    ]
    pools.append(_pool(exhausted, shown, chosen_by, False))
    pools += [
        _pool(place, [PhoneNumber(f"+7999000{place:04d}")], ChosenBy.US, True) for place in range(exhausted + 1, 10)
    ]
    decision = CallerIdPolicy().decide(
        Question(
            now=AT + timedelta(days=40),
            device=IpPhone("D-9", "E-5", "1017", "beeline", "1017@pbx"),
            number_codes=("RU-NVS", "RU-TOM"),
            client_codes=("RU-MOW",),
            carousel=Carousel(tuple(pools)),
            uses={number: NumberUse(turn=1000 + turn) for number, turn in zip(shown, turns, strict=True)},
            earlier_talk=EarlierTalk(PhoneNumber("+79990000000"), AT) if talked else None,
        )
    )
    assert decision.pool_id == POOLS[exhausted]
    text = compact_json(decision_to_stored(decision))
    assert decision_from_stored(json.loads(text)) == decision
    assert len(text.encode()) <= 1024, text


def test_a_decision_for_a_mobile_is_stored_small() -> None:
    """C1, C8."""
    sim = CorporateSim(PhoneNumber("+79031110001"), AT)
    device = Mobile("D-10", "E-5", "mobile", "beeline", "9031110001@pbx", sim, fmtn=True)
    decision = CallerIdPolicy().decide(Question(AT, device, ("RU-NVS",)))
    data = decision_to_stored(decision)
    assert data["s"] == [["C1", ["mobile", "+79031110001"]]]
    assert decision_from_stored(through_json(data)) == decision


def test_a_decision_stored_earlier_is_still_read() -> None:
    """Law 11: these words lie in databases. Who changes this test breaks them."""
    text = (
        '{"f":1,"by":"u","v":"2026-11-01","at":"2026-11-23T09:15:02.123456Z","r":["c","RU-NVS"],"p":"siberia",'
        '"g":"siberia-3","n":"10axcgzk 1 -2","q":1,"s":[["C4",{"c":["RU-TOM"],"s":[["siberia",["RU-NVS"]]],'
        '"k":["RU-NVS"],"d":"centre"},"pool siberia by client"],["C3",["siberia",3,{"q":1}]],'
        '["C7",[[4,2,3]],"number 1"]],"t":1}'
    )
    first = int("10axcgzk", 36)
    decision = decision_from_stored(json.loads(text))
    assert decision == CallerIdDecision(
        chosen_by=ChosenBy.US,
        policy_version="2026-11-01",
        decided_at=AT,
        region=Region(("RU-NVS",), RegionSource.CLIENT),
        pool_id="siberia",
        generation_id="siberia-3",
        candidates=(PhoneNumber(f"+{first}"), PhoneNumber(f"+{first + 1}"), PhoneNumber(f"+{first - 1}")),
        requested=PhoneNumber(f"+{first + 1}"),
        steps=(
            Step(
                "C4",
                {
                    "codes": ["RU-TOM"],
                    "serving": [["siberia", ["RU-NVS"]]],
                    "client": ["RU-NVS"],
                    "default": "centre",
                },
                "pool siberia by client",
            ),
            Step(
                "C3",
                {"pool": "siberia", "usable": 3, "against": {"quarantined": 1}},
                "pool siberia has 3 usable",
            ),
            Step("C7", {"turns": [4, 2, 3]}, "number 1"),
        ),
        fair=True,
    )
    assert compact_json(decision_to_stored(decision)) == text


def test_a_decision_of_a_later_form_is_not_misread() -> None:
    with pytest.raises(ValueError, match="form 2"):
        decision_from_stored({"f": 2})


facts = st.builds(
    Fact,
    st.sampled_from(LegName),
    st.sampled_from(FactKind),
    instants,
    st.none() | st.sampled_from(Cause),
    st.none() | texts,
)


@given(st.frozensets(facts, max_size=12))
def test_facts_come_back_as_they_were(known: frozenset[Fact]) -> None:
    assert facts_from_stored(through_json(facts_to_stored(known))) == known


@given(st.lists(facts, max_size=6, unique=True), st.randoms())
def test_equal_sets_of_facts_are_stored_equally(known: list[Fact], random: Any) -> None:
    shuffled = list(known)
    random.shuffle(shuffled)
    assert facts_to_stored(known) == facts_to_stored(shuffled)


def test_facts_stored_earlier_are_still_read() -> None:
    """Law 11."""
    data = [
        {"l": "e", "k": "requested", "t": "2026-11-23T09:15:02.123456Z"},
        {"l": "c", "k": "released", "t": "2026-11-23T09:15:02.123456Z", "c": "busy", "d": "17"},
    ]
    known = frozenset(
        {
            Fact(LegName.EMPLOYEE, FactKind.REQUESTED, AT),
            Fact(LegName.CLIENT, FactKind.RELEASED, AT, Cause.BUSY, "17"),
        }
    )
    assert facts_from_stored(data) == known
    assert sorted(map(str, facts_to_stored(known))) == sorted(map(str, data))


@given(
    st.builds(
        CallEvent,
        texts,
        texts,
        instants,
        texts,
        texts,
        texts,
        st.none() | texts,
        st.none() | st.sampled_from(AttemptState),
        st.none() | st.sampled_from(Outcome),
        st.none() | texts,
        st.integers(1, 3),
    )
)
def test_an_event_comes_back_as_it_was_and_says_its_form(event: CallEvent) -> None:
    data = through_json(event_to_stored(event))
    assert event_from_stored(data) == event
    assert data["form"] == event.form


@given(
    st.builds(
        ShowLimits,
        st.none() | st.integers(1, 99),
        st.integers(0, 99),
        st.lists(st.integers(1, 9), max_size=3).map(tuple),
    )
)
def test_limits_come_back_as_they_were(limits: ShowLimits) -> None:
    assert limits_from_stored(through_json(limits_to_stored(limits))) == limits


@pytest.mark.parametrize("enum", STORED_WORDS, ids=lambda enum: enum.__name__)
def test_every_word_can_be_stored_and_stands_for_one_thing(enum: type[Enum]) -> None:
    """Who adds a member to an enumeration adds its stored word."""
    words = STORED_WORDS[enum]
    assert set(words) == set(enum)
    assert len(set(words.values())) == len(words)
