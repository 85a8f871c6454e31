"""The policy that ships keeps the contract of every policy, whatever its settings are; and it judges what was shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from telephony_core.caller_id import (
    POLICY_VERSION,
    PRECEDENCE,
    CallerIdDecision,
    CallerIdPolicy,
    EarlierTalk,
    Question,
    Step,
    Verdict,
    judge,
    replay,
)
from telephony_core.carousel import Carousel, CarouselNumber, ChosenBy, NumberUse, Quarantine, ShowLimits
from telephony_core.device import Mobile
from telephony_core.errors import NoUsableNumber
from telephony_core.phone import PhoneNumber
from telephony_core.region import Region, RegionSource
from telephony_core.testing.contracts import CallerIdPolicyContract
from telephony_core.testing.examples import (
    NOW,
    PROVIDER,
    SIM_NUMBER,
    a_carousel,
    a_decision,
    a_generation,
    a_mobile,
    a_number,
    a_pool,
    an_ip_phone,
)
from telephony_core.testing.strategies import carousels, questions, region_codes


class TestCallerIdPolicy(CallerIdPolicyContract):
    def make_policy(self) -> CallerIdPolicy:
        return CallerIdPolicy()


class TestCallerIdPolicyThatAsksTheClientFirst(CallerIdPolicyContract):
    sources: ClassVar[Sequence[RegionSource]] = (RegionSource.CLIENT, RegionSource.DEFAULT)

    def make_policy(self) -> CallerIdPolicy:
        return CallerIdPolicy(region_sources=["client", "default"], sticky_days=1)


# --- C1, C2 and C4 once more, by counting instead of by rule ----------------------------------------------------------


@given(question=questions(from_mobile=True), other=carousels())
def test_a_call_from_a_mobile_does_not_depend_on_the_carousel(question: Question, other: Carousel) -> None:
    """C1: the decision is the same under any carousel, and is the SIM's number."""
    assert isinstance(question.device, Mobile)
    assert question.device.sim is not None
    decision = CallerIdPolicy().decide(question)
    assert decision == CallerIdPolicy().decide(evolve(question, carousel=other, uses={}, earlier_talk=None))
    assert decision.requested == question.device.sim.number


def test_a_mobile_without_a_sim_is_never_decided_about() -> None:
    """C1 and D2: such a device is not eligible; to ask is a mistake of ours."""
    with pytest.raises(ValueError, match=r"^a mobile without a SIM is not eligible and is never decided about \(D2\)$"):
        CallerIdPolicy().decide(Question(NOW, a_mobile(sim=None), ("RU-NVS",)))


@given(question=questions(from_mobile=False))
def test_a_number_is_shown_only_where_it_is_active(question: Question) -> None:
    """C2: of all pairs of a pool and a generation, the number is in exactly one that is in force, and it is the one
    that the decision names."""
    try:
        decision = CallerIdPolicy().decide(question)
    except NoUsableNumber:
        return
    in_force = {
        (pool.id, generation.id, each.number)
        for pool in question.carousel.pools
        for generation in pool.generations
        if generation.activates_at <= question.now
        and not any(generation.activates_at < later.activates_at <= question.now for later in pool.generations)
        for each in generation.numbers
    }
    for number in [decision.requested, *decision.candidates]:
        if number is not None:
            assert (decision.pool_id, decision.generation_id, number) in in_force


@given(
    codes=st.sets(region_codes(), min_size=1, max_size=3), client=st.sets(region_codes(), max_size=1), data=st.data()
)
def test_the_pool_has_the_best_claim_to_the_region(codes: set[str], client: set[str], data: st.DataObject) -> None:
    """C4: no pool of the provider has a better claim, by the number of regions, the client's own, and the order."""
    chosen_from = carousels(providers=[PROVIDER], chosen_by=ChosenBy.PROVIDER)
    question = Question(
        NOW, an_ip_phone(), tuple(sorted(codes)), tuple(sorted(client)), carousel=data.draw(chosen_from)
    )
    decision = CallerIdPolicy().decide(question)

    def claim(pool_id: str) -> tuple[bool, bool, bool, bool, bool, int]:
        pool = question.carousel.pool(pool_id)
        assert pool is not None
        serves = set(pool.region_codes)
        by_number = bool(serves & codes)
        return (
            codes <= serves,
            bool(serves & codes & client),
            by_number,
            bool(serves & client) and not by_number,
            # Whether it is the default counts for nothing where some pool serves.
            pool.is_default and not serves & (codes | client),
            -pool.order,
        )

    best = max((pool.id for pool in question.carousel.pools), key=claim)
    assert decision.pool_id == best


def test_the_steps_name_the_other_pools() -> None:
    """C4: of a number of several regions."""
    pools = a_carousel(
        a_pool("west", region_codes=("RU-SAM",), order=2, is_default=False),
        a_pool("east", first=20, region_codes=("RU-NVS",), order=1),
    )
    decision = CallerIdPolicy().decide(Question(NOW, an_ip_phone(), ("RU-NVS", "RU-SAM"), carousel=pools))
    assert decision.steps[0].said == "pool east, also served by west"
    by_client = CallerIdPolicy().decide(Question(NOW, an_ip_phone(), ("RU",), ("RU-SAM",), carousel=pools))
    assert by_client.steps[0].said == "pool west by client"
    assert by_client.region == Region(("RU-SAM",), RegionSource.CLIENT)
    by_default = CallerIdPolicy().decide(Question(NOW, an_ip_phone(), ("RU",), carousel=pools))
    assert by_default.steps[0].said == "pool east by default"


def test_without_a_pool_there_is_no_number() -> None:
    """C5: the refusal says which provider has none."""
    with pytest.raises(NoUsableNumber) as refusal:
        CallerIdPolicy().decide(Question(NOW, an_ip_phone(provider="asterisk"), ("RU-NVS",), carousel=a_carousel()))
    assert refusal.value.reasons == {"pool": None, "chain": [], "provider": "asterisk"}
    assert refusal.value.detail == "No pool of numbers is set up for this device's provider."


def test_a_refusal_tells_the_pools_that_were_tried() -> None:
    """C5: with the steps, as data."""
    future = a_generation(age=timedelta(days=-1))
    pools = a_carousel(
        a_pool("a", generations=(future,), chain=("b",), region_codes=("RU-NVS",), is_default=False),
        a_pool("b", generations=(evolve(future, id="b-1", numbers=a_generation(first=50).numbers),), region_codes=()),
    )
    with pytest.raises(NoUsableNumber) as refusal:
        CallerIdPolicy().decide(Question(NOW, an_ip_phone(), ("RU-NVS",), carousel=pools))
    reasons = refusal.value.reasons
    assert (reasons["pool"], reasons["chain"]) == ("a", ["b"])
    assert reasons["steps"][1] == {  # type: ignore[index]  # a list of steps
        "rule": "C3",
        "saw": {"pool": "a", "usable": 0, "against": {}},
        "said": "pool a has no usable",
    }
    assert [step["rule"] for step in reasons["steps"]] == ["C4", "C3", "C5"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("region_sources", []),
        ("region_sources", ["client"]),
        ("region_sources", ["default", "client"]),
        ("region_sources", ["client", "client", "default"]),
        ("sticky_days", -1),
        ("sticky_days", 36_501),
        ("sticky_days", "30"),
        ("refresh_window_seconds", -1),
        ("refresh_window_seconds", 2_592_001),
        ("refresh_window_seconds", 3600.0),
        ("rules", []),
        ("version", ""),
        ("version", "2026 11"),
        ("version", "v" * 21),
    ],
)
def test_settings_of_the_policy_are_checked(field: str, value: object) -> None:
    """C8: only its numbers are settings, and what makes no sense is refused by name."""
    with pytest.raises((ValueError, TypeError), match=field):
        CallerIdPolicy(**{field: value})  # type: ignore[arg-type]  # on purpose


def test_the_edges_of_the_settings_are_allowed() -> None:
    """C8: each number may be as small and as large as its error says."""
    for days in (0, 36_500):
        assert CallerIdPolicy(sticky_days=days).sticky_days == days
    for seconds in (0, 2_592_000):
        assert CallerIdPolicy(refresh_window_seconds=seconds).refresh_window == timedelta(seconds=seconds)
    assert CallerIdPolicy(region_sources=["default"]).region_sources == (RegionSource.DEFAULT,)
    with pytest.raises(ValueError, match="moon"):
        CallerIdPolicy(region_sources=["moon", "default"])


# --- the steps ------------------------------------------------------------------------------------------------------

_SAID = {rule: saying for each in PRECEDENCE for rule, saying in each.sayings.items()}
_TWO = [["west", ["RU-SAM"]], ["east", ["RU-NVS"]], ["south", ["RU-MOW"]]]


@pytest.mark.parametrize(
    ("rule", "saw", "said"),
    [
        ("C1", {"device": "mobile", "sim": "+79031110001"}, "the SIM's own number +79031110001"),
        ("C3", {"pool": "west", "usable": 3, "against": {}}, "pool west has 3 usable"),
        ("C3", {"pool": "west", "usable": 0, "against": {"resting": 2}}, "pool west has no usable"),
        ("C5", {"pool": "east", "usable": 1, "against": {}}, "pool east has 1 usable"),
        ("C6", {"index": None, "age_days": 1, "limit_days": 30}, "the number of the earlier talk is not usable"),
        ("C6", {"index": 4, "age_days": 29, "limit_days": 30}, "number 4"),
        ("C6", {"index": 4, "age_days": 30, "limit_days": 30}, "the earlier talk is too long ago"),
        ("C7", {"turns": [2, 1, 1, 3]}, "number 1"),
        ("C11", {"pool": "west", "numbers": 10}, "the provider chooses one of the 10 numbers of pool west"),
        ("C4", {"codes": ["RU-NVS"], "serving": _TWO[1:2], "default": "west"}, "pool east"),
        ("C4", {"codes": ["RU-NVS", "RU-SAM"], "serving": _TWO[:2]}, "pool west, also served by east"),
        (
            "C4",
            {"codes": ["RU-MOW", "RU-NVS", "RU-SAM"], "serving": _TWO, "client": ["RU-NVS"]},
            "pool east, also served by west, south",
        ),
        ("C4", {"codes": ["RU"], "serving": _TWO[:1], "client": ["RU-SAM"], "default": "east"}, "pool west by client"),
        ("C4", {"codes": ["RU"], "serving": [], "default": "east"}, "pool east by default"),
        # Stored when sources were not bound to end in the default one.
        ("C4", {"codes": ["RU"], "serving": [], "default": "east", "sources": ["client"]}, "pool east by default"),
        (
            "C4",
            {
                "codes": ["RU-NVS"],
                "serving": _TWO[:2],
                "client": ["RU-SAM"],
                "default": "east",
                "sources": ["client", "numbering_plan", "default"],
            },
            "pool west by client",
        ),
        (
            "C4",
            {
                "codes": ["RU-NVS"],
                "serving": _TWO[1:2],
                "default": "west",
                "sources": ["client", "numbering_plan", "default"],
            },
            "pool east",
        ),
        (
            "C4",
            {"codes": ["RU-NVS"], "serving": _TWO[1:2], "default": "west", "sources": ["default"]},
            "pool west by default",
        ),
    ],
)
def test_what_a_rule_says_to_what_it_saw(rule: str, saw: dict, said: str) -> None:
    """C8: pure, and the same for ever within a version: these words lie in databases."""
    assert _SAID[rule](saw) == said


def test_a_decision_keeps_all_that_led_to_it() -> None:
    """C8: word by word, where we choose and the client is not known any more."""
    question = Question(
        NOW,
        an_ip_phone(),
        ("RU-NVS",),
        ("RU-TOM",),
        a_carousel(a_pool(size=3)),
        {a_number(0): NumberUse(turn=9), a_number(2): NumberUse(turn=4)},
        EarlierTalk(a_number(1), NOW - timedelta(days=31, hours=23)),
    )
    assert CallerIdPolicy().decide(question) == CallerIdDecision(
        chosen_by=ChosenBy.US,
        policy_version=POLICY_VERSION,
        decided_at=NOW,
        region=Region(("RU-NVS",)),
        pool_id="siberia",
        generation_id="siberia-0",
        candidates=(a_number(0), a_number(1), a_number(2)),
        requested=a_number(1),
        steps=(
            Step(
                "C4",
                {
                    "codes": ["RU-NVS"],
                    "serving": [["siberia", ["RU-NVS", "RU-TOM"]]],
                    "client": ["RU-TOM"],
                    "default": "siberia",
                },
                "pool siberia",
            ),
            Step("C3", {"pool": "siberia", "usable": 3, "against": {}}, "pool siberia has 3 usable"),
            Step("C6", {"index": 1, "age_days": 31, "limit_days": 30}, "the earlier talk is too long ago"),
            Step("C7", {"turns": [2, 0, 1]}, "number 1"),
        ),
        fair=True,
    )


def test_a_decision_keeps_what_spoke_against_numbers() -> None:
    """C3, C8: how many could not be shown, by reason."""
    numbers = [CarouselNumber(a_number(place)) for place in range(4)]
    benched = [evolve(each, quarantine=Quarantine("spam", "E-1", NOW)) for each in numbers[:2]]
    pool = a_pool(limits=ShowLimits(per_day=1), generations=(evolve(a_generation(), numbers=(*benched, *numbers[2:])),))
    uses = {a_number(2): NumberUse(shows_today=1)}
    decision = CallerIdPolicy().decide(Question(NOW, an_ip_phone(), ("RU-NVS",), carousel=a_carousel(pool), uses=uses))
    against = {"over_cap": 1, "quarantined": 2}
    assert decision.steps[1].saw == {"pool": "siberia", "usable": 1, "against": against}


def test_a_providers_decision_keeps_all_that_led_to_it() -> None:
    """C8, C11: with other sources than usual, which the step tells."""
    pool = a_pool(chosen_by=ChosenBy.PROVIDER, size=2)
    question = Question(NOW, an_ip_phone(), ("RU-SAM",), carousel=a_carousel(pool))
    decision = CallerIdPolicy(region_sources=("client", "default")).decide(question)
    sources = ["client", "default"]
    assert (decision.chosen_by, decision.requested, decision.fair) == (ChosenBy.PROVIDER, None, False)
    assert (decision.region, decision.generation_id) == (Region(("RU-SAM",), RegionSource.DEFAULT), "siberia-0")
    assert decision.steps == (
        Step(
            "C4",
            {"codes": ["RU-SAM"], "serving": [], "default": "siberia", "sources": sources},
            "pool siberia by default",
        ),
        Step("C11", {"pool": "siberia", "numbers": 2}, "the provider chooses one of the 2 numbers of pool siberia"),
    )


def test_without_any_region_it_is_the_whole_country() -> None:
    """C4: nothing is known of the number; C1 doesn't ask."""
    for device in (an_ip_phone(), a_mobile()):
        decision = CallerIdPolicy().decide(Question(NOW, device, (), carousel=a_carousel()))
        assert decision.region.codes == ("RU",)


def test_of_many_regions_the_first_few_are_looked_at() -> None:
    """C4, C8: three of a number, two of a client; what serves only further ones doesn't count."""
    codes = ("RU-AL", "RU-AM", "RU-AR", "RU-NVS")
    pools = a_carousel(a_pool("fallback", first=50, region_codes=()), a_pool(is_default=False))
    assert CallerIdPolicy().decide(Question(NOW, an_ip_phone(), codes, carousel=pools)).pool_id == "fallback"
    assert CallerIdPolicy().decide(Question(NOW, an_ip_phone(), codes[1:], carousel=pools)).pool_id == "siberia"
    for client, pool_id in ((codes[1:], "fallback"), (codes[2:], "siberia")):
        asked = Question(NOW, an_ip_phone(), ("RU",), client, carousel=pools)
        assert CallerIdPolicy().decide(asked).pool_id == pool_id


# --- C8: replay ------------------------------------------------------------------------------------------------------


def test_a_decision_of_another_version_is_shown_and_not_reproduced() -> None:
    """C8: replay of another version says so and shows its steps."""
    decision = a_decision(policy_version="2019-01-01")
    told = replay(decision)
    assert (told.same_version, told.reproduced) == (False, False)
    assert told.steps == tuple((step, None) for step in decision.steps)


@pytest.mark.parametrize(
    "changed",
    [
        a_decision(requested=a_number(1)),
        a_decision(requested=None),
        a_decision(candidates=()),
        a_decision(steps=(Step("C99", {}, "something"),)),
        a_decision(a_mobile(), requested=a_number(0)),
        a_decision(a_mobile(), requested=None),
    ],
    ids=["other_number", "no_number", "no_candidates", "unknown_rule", "other_sim", "no_sim"],
)
def test_a_decision_that_does_not_follow_from_its_steps_is_not_reproduced(changed: CallerIdDecision) -> None:
    """C8: what was stored wrongly, or changed since, is noticed."""
    assert replay(a_decision()).reproduced
    assert replay(a_decision(a_mobile())).reproduced
    told = replay(changed)
    assert (told.same_version, told.reproduced) == (True, False)


@pytest.mark.parametrize("change", [{"requested": a_number(0)}, {"candidates": ()}])
def test_a_providers_choice_that_does_not_follow_is_not_reproduced(change: dict) -> None:
    """C8 and C11: nothing was requested, of as many numbers as were seen."""
    carousel = a_carousel(a_pool(chosen_by=ChosenBy.PROVIDER))
    decision = CallerIdPolicy().decide(Question(NOW, an_ip_phone(), ("RU-NVS",), carousel=carousel))
    told = replay(decision)
    assert (told.same_version, told.reproduced) == (True, True)
    assert not replay(evolve(decision, **change)).reproduced


def test_a_rule_that_says_something_else_today_is_named() -> None:
    """C8: replay tells what each rule says now."""
    steps = a_decision().steps
    told = replay(a_decision(steps=(*steps[:-1], evolve(steps[-1], saw={"turns": [1, 0]}))))
    assert not told.reproduced
    assert [(step.rule, now) for step, now in told.steps if step.said != now] == [("C7", "number 1")]


# --- C10: the verdict ------------------------------------------------------------------------------------------------

_REFRESHED = a_pool(
    "siberia",
    chosen_by=ChosenBy.PROVIDER,
    generations=(
        evolve(a_generation(2, age=timedelta(days=60)), id="old"),
        evolve(a_generation(2, first=10, age=timedelta(minutes=10)), id="new"),
        evolve(a_generation(2, first=20, age=timedelta(days=-30)), id="next"),
    ),
)
_POOLS = a_carousel(
    _REFRESHED,
    a_pool("tomsk", first=30, size=2, chosen_by=ChosenBy.PROVIDER, region_codes=("RU-ALT",), is_default=False),
    a_pool("volga", first=40, size=2, chosen_by=ChosenBy.PROVIDER, region_codes=("RU-SAM",), is_default=False),
    a_pool("abroad", first=50, size=2, provider="asterisk"),
)


def _judged(
    decision: CallerIdDecision, reported: PhoneNumber | None, window: timedelta = timedelta(hours=1)
) -> Verdict:
    own = frozenset({SIM_NUMBER, a_number(9)})
    return judge(decision, reported, carousel=_POOLS, provider=PROVIDER, employee_numbers=own, window=window)


@pytest.mark.parametrize(
    ("reported", "verdict"),
    [
        (None, Verdict.NOT_REPORTED),
        (a_number(10), Verdict.CONFORMS),
        (a_number(0), Verdict.CONFORMS),
        (a_number(20), Verdict.UNKNOWN_NUMBER),
        (a_number(30), Verdict.CONFORMS_AMBIGUOUS),
        (a_number(40), Verdict.OTHER_POOL),
        (a_number(50), Verdict.UNKNOWN_NUMBER),
        (SIM_NUMBER, Verdict.EMPLOYEE_NUMBER),
        (PhoneNumber("+74951234567"), Verdict.UNKNOWN_NUMBER),
    ],
)
def test_what_a_provider_chose_is_judged(reported: PhoneNumber | None, verdict: Verdict) -> None:
    """C10 and C11: of a number of two regions, ten minutes after a refresh."""
    question = Question(NOW, an_ip_phone(), ("RU-ALT", "RU-NVS"), ("RU-NVS",), carousel=_POOLS)
    decision = CallerIdPolicy().decide(question)
    assert (decision.pool_id, decision.requested) == ("siberia", None)
    assert _judged(decision, reported) is verdict


def test_a_number_that_is_about_to_move_to_the_decided_pool_conforms() -> None:
    """C11: within the window round the refresh that brings it, though another pool has it still."""
    comes = evolve(a_generation(2, first=30, age=timedelta(minutes=-10)), id="comes")
    pools = a_carousel(
        evolve(_REFRESHED, generations=(*_REFRESHED.generations[:2], comes), order=2),
        a_pool("tomsk", first=30, size=2, chosen_by=ChosenBy.PROVIDER, region_codes=("RU-ALT",), is_default=False),
    )
    decision = CallerIdPolicy().decide(Question(NOW, an_ip_phone(), ("RU-NVS",), carousel=pools))
    for minutes, verdict in ((10, Verdict.CONFORMS), (9, Verdict.OTHER_POOL)):
        told = judge(
            decision,
            a_number(30),
            carousel=pools,
            provider=PROVIDER,
            employee_numbers=frozenset(),
            window=timedelta(minutes=minutes),
        )
        assert told is verdict


def test_outside_the_window_of_a_refresh_only_the_active_generation_conforms() -> None:
    """C11: either conforms within it."""
    decision = CallerIdPolicy().decide(Question(NOW, an_ip_phone(), ("RU-NVS",), carousel=_POOLS))
    assert _judged(decision, a_number(0), timedelta(minutes=10, microseconds=1)) is Verdict.CONFORMS
    assert _judged(decision, a_number(0), timedelta(minutes=9)) is Verdict.UNKNOWN_NUMBER


@pytest.mark.parametrize(
    ("decision", "reported", "verdict"),
    [
        (a_decision(), None, Verdict.NOT_REPORTED),
        (a_decision(), a_number(0), Verdict.CONFORMS),
        (a_decision(), a_number(1), Verdict.OTHER_NUMBER),
        (a_decision(), SIM_NUMBER, Verdict.EMPLOYEE_NUMBER),
        (a_decision(a_mobile()), SIM_NUMBER, Verdict.CONFORMS),
        (a_decision(a_mobile()), a_number(9), Verdict.OTHER_NUMBER),
        (a_decision(a_mobile()), a_number(0), Verdict.OTHER_NUMBER),
    ],
)
def test_what_we_asked_for_is_judged(
    decision: CallerIdDecision, reported: PhoneNumber | None, verdict: Verdict
) -> None:
    """C10: one was requested and another shown; an employee's number leaked, which C1 knows nothing of."""
    assert _judged(decision, reported) is verdict


@given(question=questions())
def test_what_was_requested_conforms(question: Question) -> None:
    """C10: and so does every candidate of the provider's."""
    try:
        decision = CallerIdPolicy().decide(question)
    except NoUsableNumber:
        return
    for number in [decision.requested] if decision.requested else decision.candidates:
        verdict = judge(
            decision,
            number,
            carousel=question.carousel,
            provider=question.device.provider,
            employee_numbers=frozenset(),
            window=timedelta(0),
        )
        assert verdict is Verdict.CONFORMS
