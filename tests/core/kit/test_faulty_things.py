"""The kit rejects what is faulty, says which rule was broken and how, and leaves alone what is not faulty."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import settings
from tests.core.kit import (
    faulty_from_scratch,
    faulty_gateways,
    faulty_neighbours,
    faulty_policies,
    faulty_publishers,
    faulty_stores,
    faulty_values,
)
from tests.core.kit.faulty_from_scratch import FromScratch, TakesPoolsOfOneOrderAsListed
from tests.core.kit.rejecting import Rejection, rejection

from telephony_core.caller_id import CallerIdDecision, CallerIdPolicy, Question
from telephony_core.carousel import NEVER_USED
from telephony_core.phone import PhoneNumber
from telephony_core.testing.contracts import CallerIdPolicyContract
from telephony_core.testing.contracts.caller_id_rules import Policy
from telephony_core.testing.contracts.promises import BrokenPromise
from telephony_core.testing.rules import RULES
from telephony_core.testing.stories import BrokenRule

_DAYS = "test_rules_hold_over_days_of_use"


def _all_faults() -> Iterator[Any]:
    modules = (
        faulty_policies,
        faulty_from_scratch,
        faulty_values,
        faulty_stores,
        faulty_gateways,
        faulty_neighbours,
        faulty_publishers,
    )
    for where in modules:
        for name, (rule, make) in where.FAULTS.items():
            yield pytest.param(where.contract_of, make, rule, id=f"{name}-{rule}")


@pytest.mark.parametrize(("contract_of", "make", "rule"), list(_all_faults()))
def test_what_is_faulty_is_rejected_by_the_rule_that_it_breaks(
    contract_of: Callable[[Any], type[Any]], make: Any, rule: str
) -> None:
    """Every rule that is broken on purpose is named by its number and its sentence, and how it came to that is told."""
    rejected = rejection(contract_of(make), rule)
    assert rejected is not None, f"nothing says that {rule} is broken"
    _reads_like_a_story(rejected, rule)
    sys.stdout.write(f"\n{rejected.seconds:.2f} s of processor, by {rejected.test}:\n{rejected.error}\n")


def _reads_like_a_story(rejected: Rejection, rule: str) -> None:
    told = str(rejected.error)
    assert " is broken: " in told.splitlines()[0]
    assert rule not in RULES or RULES[rule] in told
    match rejected.error:
        case BrokenRule():
            assert told.startswith(f"{rule} is broken: ")
            assert "It is 2026-11-2" in told
            assert "The carousel of '" in told
        case BrokenPromise():
            assert "What was seen:" in told


@pytest.fixture
def the_same_days() -> Iterator[None]:
    """How short a story gets depends on the days that were drawn."""
    profile = settings.get_current_profile_name()
    settings.load_profile("quick")
    yield
    settings.load_profile(profile)


@pytest.mark.usefixtures("the_same_days")
@pytest.mark.parametrize(
    ("name", "rule"),
    [("forgets_quarantines", "C3"), ("forgets_talks", "C6"), ("asks_the_old_clock", "C9"), ("takes_the_first", "C7")],
)
def test_days_of_use_find_it_too_and_tell_what_happened(name: str, rule: str) -> None:
    """C3, C6, C7, C9: a machine that lives through days; its failure is cut down to what led to it."""
    _, make = faulty_policies.FAULTS[name]
    with pytest.raises(BrokenRule) as failure:
        getattr(faulty_policies.contract_of(make)(), _DAYS)()
    assert "What happened before:" in str(failure.value)
    assert len(failure.value.before) <= 8, "the story is longer than it need be"
    assert rule in ("C9", failure.value.rule)


def test_a_stores_failure_tells_what_was_asked_in_order() -> None:
    """K5: the calls that led to it, each with its answer."""
    rule, make = faulty_stores.FAULTS["GivesUpWhatAnotherHolds"]
    rejected = rejection(faulty_stores.contract_of(make), rule)
    assert rejected is not None
    told = str(rejected.error)
    assert told.startswith("K5 is broken: a late ending of an old attempt doesn't free the new one's.")
    assert "reservations.take(" in told
    assert told.index("reservations.take(") < told.index("reservations.give_up(")


# --- What is not faulty ---------------------------------------------------------------------------------------------


@frozen
class _Other:
    """A policy of one's own, which claims what it does."""

    decide: Callable[[Question], CallerIdDecision]
    sticky_days: int = 30


def _shipped(question: Question) -> CallerIdDecision:
    return evolve(CallerIdPolicy().decide(question), policy_version="mine-1")


def _picked_by(question: Question, key: Callable[[PhoneNumber], Any]) -> CallerIdDecision:
    decision = _shipped(question)
    return evolve(decision, requested=min(decision.candidates, key=key)) if decision.fair else decision


def _last_number_first(question: Question) -> CallerIdDecision:
    """Fair as well: ties are broken the other way round."""
    return _picked_by(question, lambda number: (question.uses.get(number, NEVER_USED).turn, -int(number.digits)))


def _fewest_picks_where_who_joins_is_at_the_minimum(question: Question) -> CallerIdDecision:
    """Fair by counting: all are taken to be at the present minimum, but those whose turn was after it began."""
    decision = _shipped(question)
    turns = sorted((question.uses.get(each, NEVER_USED).turn for each in decision.candidates), reverse=True)
    rounds = {turn: place for place, turn in enumerate(turns)}

    def picks_in_this_round(number: PhoneNumber) -> int:
        return -rounds[question.uses.get(number, NEVER_USED).turn]

    return _picked_by(question, picks_in_this_round)


def _not_sticky(question: Question) -> CallerIdDecision:
    return _shipped(evolve(question, earlier_talk=None))


def _always_the_first(question: Question) -> CallerIdDecision:
    decision = _not_sticky(question)
    return evolve(decision, requested=decision.candidates[0]) if decision.fair else decision


def _in_steps_of_its_own(question: Question) -> CallerIdDecision:
    """And without candidates where it names the number itself."""
    decision = _shipped(question)
    codes = [*question.number_codes, *question.client_codes]
    steps = (evolve(decision.steps[0], rule="mine", saw={"asked": codes}, said="so be it"),)
    return evolve(decision, steps=steps, candidates=() if decision.requested is not None else decision.candidates)


@pytest.mark.parametrize(
    ("decide", "claims"),
    [
        (_last_number_first, {}),
        (_fewest_picks_where_who_joins_is_at_the_minimum, {}),
        (_not_sticky, {"sticky": False}),
        (_always_the_first, {"sticky": False, "fair": False}),
        (_in_steps_of_its_own, {}),
        (FromScratch().decide, {}),
        (TakesPoolsOfOneOrderAsListed().decide, {}),
    ],
)
def test_what_is_not_faulty_is_left_alone(
    decide: Callable[[Question], CallerIdDecision], claims: dict[str, bool]
) -> None:
    """C6 and C7 bind those who claim them; another way of being fair is fair; steps and candidates are the author's."""

    class Contract(CallerIdPolicyContract):
        fair = claims.get("fair", True)
        sticky = claims.get("sticky", True)

        def make_policy(self) -> Policy:
            return _Other(decide)

    assert rejection(Contract, quick=True) is None


def test_who_does_not_claim_to_be_fair_is_not_asked() -> None:
    """C7: the tests of it are gone, rather than skipped."""

    class Contract(CallerIdPolicyContract):
        fair = False

    assert [name for name in dir(Contract) if name.startswith("test_c7_") and getattr(Contract, name)] == []
