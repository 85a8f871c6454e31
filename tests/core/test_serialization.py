"""Stored data: exact both ways, small, and readable in years."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from telephony_core.call_facts import AttemptState, Cause, Fact, FactKind, LegName, Outcome
from telephony_core.caller_id import CallerIdDecision, CallerIdPolicy, EarlierTalk, Question, Step, Sticky
from telephony_core.carousel import (
    LARGEST_DECISION,
    LARGEST_GENERATION,
    MOST_CODES,
    Carousel,
    CarouselNumber,
    CarouselPool,
    ChosenBy,
    Generation,
    NumberReason,
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
from telephony_core.testing.examples import a_decision

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


REASONS = tuple(NumberReason)


def _spoken_against(number: PhoneNumber, reason: NumberReason) -> tuple[CarouselNumber, NumberUse]:
    """The number and its use, so that in a pool with every limit just this reason speaks against it."""
    bench = Quarantine("marked as spam", "E-1", AT) if reason is NumberReason.QUARANTINED else None
    declared = None if reason is NumberReason.NOT_DECLARED else AT
    use = NumberUse(shows_today=int(reason is NumberReason.OVER_CAP), last_shown_at=LATER)
    return CarouselNumber(number, bench, declared), use


LATER = AT + timedelta(days=40)
LIMITS = ShowLimits(per_day=1, rest_seconds=60)
CODES = tuple(f"RU-{place:03}" for place in range(sum(MOST_CODES) + 2))


@st.composite
def largest_questions(draw: st.DrawFn) -> Question:
    """Carousels in order that can make a decision as large as may be, and calls for which they do: many pools with long
    ids, in a chain, of many numbers, the first of them without a usable one; a number and a client of many regions."""
    count = draw(st.integers(1, 10))
    length, letter = draw(st.integers(1, 40)), draw(st.sampled_from(["x", "ж", '"']))
    ids = [f"{letter * length}{place}" for place in range(count)]
    sizes = draw(st.lists(st.integers(1, LARGEST_GENERATION), min_size=count, max_size=count))
    exhausted = draw(st.integers(0, count - 1))
    prefix, digits = draw(st.sampled_from([("+7903", 7), ("+79", 9), ("+998", 12)]))
    chosen_by = draw(st.sampled_from(ChosenBy))
    spread = draw(st.integers(0, 10**digits - 1))
    uses: dict[PhoneNumber, NumberUse] = {}
    pools = []
    for place, (pool_id, size) in enumerate(zip(ids, sizes, strict=True)):
        carried = []
        for at in range(size):
            number = PhoneNumber(f"{prefix}{(place * 30 + at + at % 2 * spread) % 10**digits:0{digits}}")
            against = _spoken_against(number, REASONS[at % 4])
            fine = (CarouselNumber(number, declared_since=AT), NumberUse(turn=draw(st.integers(1, 99))))
            each, uses[number] = against if place < exhausted else fine
            carried.append(each)
        pools.append(
            CarouselPool(
                pool_id,
                "beeline",
                chosen_by if place == exhausted else ChosenBy.US,
                CODES[place : place + 1],
                is_default=place == count - 1,
                order=place,
                chain=tuple(ids[place + 1 : -1]) if place == 0 else (),
                limits=LIMITS,
                declaration_required=True,
                generations=(Generation(f"{pool_id}-12", tuple(carried), AT),),
            )
        )
    known = draw(st.none() | st.sampled_from(sorted(uses)))
    return Question(
        now=LATER,
        device=IpPhone("D-9", "E-5", "1017", "beeline", "1017@pbx"),
        number_codes=CODES[: MOST_CODES[0] + 1],
        client_codes=CODES[MOST_CODES[0] : MOST_CODES[0] + 3],
        carousel=Carousel(tuple(pools)),
        uses=uses,
        earlier_talk=EarlierTalk(known, AT - timedelta(days=draw(st.sampled_from([0, 36_400])))) if known else None,
    )


_SOURCES = (
    ("numbering_plan", "client", "default"),
    ("client", "numbering_plan", "default"),
    ("client", "default"),
    ("default",),
)


@given(largest_questions(), st.sampled_from(_SOURCES))
def test_a_stored_decision_takes_at_most_1_kb(question: Question, sources: tuple[str, ...]) -> None:
    """C8, C0: of any carousel in order; and one that could make a larger one is not in order."""
    faults = {each.fault for each in question.carousel.faults()}
    assume(faults <= {"decision_too_large", "number_active_twice", "number_repeated"})
    policy = CallerIdPolicy(region_sources=sources, sticky_days=36_500, version="v" * 20)
    decision = policy.decide(question)
    selected = question.carousel.pool(decision.steps[1].saw["pool"])
    assert selected is not None
    text = compact_json(decision_to_stored(decision))
    assert decision_from_stored(json.loads(text)) == decision
    assert len(text.encode()) <= question.carousel.largest_decision(selected), text
    if not faults:
        assert len(text.encode()) <= LARGEST_DECISION, text


@pytest.mark.parametrize(
    ("pools", "size", "length", "fits"),
    [
        (10, 10, 7, True),
        (10, 10, 12, False),
        (5, 30, 7, True),
        (10, 30, 7, False),
        (4, 10, 24, True),
        (4, 30, 24, False),
    ],
)
def test_which_carousels_are_too_large_for_their_decisions(pools: int, size: int, length: int, fits: bool) -> None:
    """C0, C8: longer ids go with shorter chains and smaller generations; today's ten pools of ten fit."""
    ids = [f"{place}".rjust(length, "p") for place in range(pools)]
    carousel = Carousel(
        tuple(
            CarouselPool(
                pool_id,
                "beeline",
                ChosenBy.US,
                CODES[place : place + 1],
                is_default=place == pools - 1,
                chain=tuple(ids[1:-1]) if place == 0 else (),
                generations=(
                    Generation(
                        pool_id,
                        tuple(CarouselNumber(PhoneNumber(f"+79{place}{at:08}")) for at in range(0, size * 999, 999)),
                        AT,
                    ),
                ),
            )
            for place, pool_id in enumerate(ids)
        )
    )
    faults = carousel.faults()
    assert (faults == ()) is fits
    assert {(fault.pool_id, fault.fault) for fault in faults} <= {(ids[0], "decision_too_large")}


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
    second = (
        '{"f":2,"by":"u","v":"2026-11-01","at":"2026-11-23T09:15:02.123456Z","r":["c","RU-NVS"],"p":"siberia",'
        '"g":"siberia-3","n":"10axcgzk 1 -2","q":1,"s":[["C4",{"c":["RU-TOM"],"s":[["siberia",["RU-NVS"]]],'
        '"k":["RU-NVS"],"d":"centre"},"pool siberia by client"],["C3",["siberia",3,"q1"]],'
        '["C7",["423"],"number 1"]],"t":1}'
    )
    assert compact_json(decision_to_stored(decision)) == second
    assert decision_from_stored(json.loads(second)) == decision


@pytest.mark.parametrize(
    ("saw", "said"),
    [
        ([None, 3, 30], "the number of the earlier talk is not usable"),
        ([2, 3, 30], "number 2"),
        ([2, 30, 30], "the earlier talk is too long ago"),
    ],
)
def test_what_was_said_of_an_earlier_talk_follows_from_what_was_seen(saw: list[Any], said: str) -> None:
    """Law 11: left out of form 2, and worded in form 1."""
    assert Sticky.sayings["C6"](dict(zip(("index", "age_days", "limit_days"), saw, strict=True))) == said
    stored = decision_to_stored(a_decision())
    for step in (["C6", saw], ["C6", saw, said]):
        back = decision_from_stored({**stored, "s": [step]})
        assert back.steps[0].said == said
        assert decision_to_stored(back)["s"] == [["C6", saw]]


def test_a_decision_of_a_later_form_is_not_misread() -> None:
    with pytest.raises(ValueError, match="form 3"):
        decision_from_stored({"f": 3})


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
