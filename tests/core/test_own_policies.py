"""A policy of one's own, made of the rules that ship: one left out, another put in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from attrs import evolve, frozen

from telephony_core.caller_id import (
    PRECEDENCE,
    CallerIdPolicy,
    Case,
    Chain,
    EarlierTalk,
    Fair,
    OwnSim,
    ProvidersChoice,
    Question,
    RegionPool,
    Rule,
    Saw,
    Saying,
    Shown,
    Step,
    Sticky,
    Usable,
    replay,
    say_place,
)
from telephony_core.carousel import NEVER_USED, ChosenBy, NumberUse
from telephony_core.errors import NoUsableNumber
from telephony_core.testing.contracts import CallerIdPolicyContract
from telephony_core.testing.examples import (
    NOW,
    a_carousel,
    a_generation,
    a_mobile,
    a_number,
    a_pool,
    an_ip_phone,
)


def _least(saw: Saw) -> str:
    return say_place(saw["shows"].index(min(saw["shows"])))


@frozen
class LeastShown:
    """Instead of the fair rule: the number that was shown least today."""

    sayings: ClassVar[Mapping[str, Saying]] = {"least": _least}

    def apply(self, case: Case) -> Case:
        if not case.candidates:
            return case
        shows = [case.question.uses.get(number, NEVER_USED).shows_today for number in case.candidates]
        place = shows.index(min(shows))
        saw = {"shows": shows}
        return case.decided(Shown(case.candidates[place]), Step("least", saw, _least(saw)))


def _policy(*of_each_pool: Rule, chained: bool = True) -> CallerIdPolicy:
    rules = (Chain(of_each_pool),) if chained else of_each_pool
    return CallerIdPolicy(rules=(OwnSim(), RegionPool(), *rules), version="own-1")


LEAST_SHOWN = _policy(ProvidersChoice(), Usable(), LeastShown())


class TestLeastShown(CallerIdPolicyContract):
    fair = False
    sticky = False

    def make_policy(self) -> CallerIdPolicy:
        return LEAST_SHOWN


def _asked(**changes: Any) -> Question:
    question = Question(NOW, an_ip_phone(), ("RU-NVS",), carousel=a_carousel(a_pool(size=3)))
    return evolve(question, **changes)


TALKED = EarlierTalk(a_number(2), NOW)


def test_a_rule_put_in_decides_and_its_step_is_replayed() -> None:
    """C8: under the policy's own version; to the policy that ships it is a decision of another one."""
    uses = {a_number(0): NumberUse(shows_today=2), a_number(1): NumberUse(shows_today=1)}
    uses[a_number(2)] = NumberUse(shows_today=4)
    decision = LEAST_SHOWN.decide(_asked(uses=uses))
    assert (decision.requested, decision.policy_version) == (a_number(1), "own-1")
    assert decision.steps[-1] == Step("least", {"shows": [2, 1, 4]}, "number 1")
    assert replay(decision, LEAST_SHOWN).reproduced
    assert not replay(decision).same_version
    forged = evolve(decision, requested=a_number(0))
    assert not replay(forged, LEAST_SHOWN).reproduced


def test_without_the_sticky_rule_nobody_is_known() -> None:
    """C6: left out."""
    without = _policy(ProvidersChoice(), Usable(), Fair())
    decision = without.decide(_asked(earlier_talk=TALKED))
    assert (decision.requested, decision.takes_a_turn) == (a_number(0), True)
    assert CallerIdPolicy().decide(_asked(earlier_talk=TALKED)).requested == a_number(2)


def test_without_the_fair_rule_who_is_not_known_is_refused() -> None:
    """C7: left out, with nothing in its place."""
    without = _policy(ProvidersChoice(), Usable(), Sticky())
    assert without.decide(_asked(earlier_talk=TALKED)).requested == a_number(2)
    with pytest.raises(NoUsableNumber) as refusal:
        without.decide(_asked())
    assert (refusal.value.reasons["pool"], refusal.value.reasons["chain"]) == ("siberia", [])


def test_without_the_rule_of_the_usable_all_active_numbers_are_candidates() -> None:
    """C3: left out."""
    generation = a_generation(2)
    benched = evolve(a_pool(declaration_required=True), generations=(generation,))
    decision = _policy(Fair()).decide(_asked(carousel=a_carousel(benched)))
    assert decision.candidates == (a_number(0), a_number(1))


def test_without_the_chain_no_other_pool_is_tried() -> None:
    """C5: left out, with its rules in its place."""
    pools = a_carousel(
        a_pool("a", first=0, region_codes=("RU-NVS",), is_default=False, declaration_required=True),
        a_pool("b", first=50, region_codes=()),
    )
    assert CallerIdPolicy().decide(_asked(carousel=pools)).pool_id == "b"
    with pytest.raises(NoUsableNumber) as refusal:
        _policy(ProvidersChoice(), Usable(), Fair(), chained=False).decide(_asked(carousel=pools))
    assert (refusal.value.reasons["pool"], refusal.value.reasons["chain"]) == ("a", [])


def test_without_the_rule_of_the_sim_a_mobile_is_a_device_like_others() -> None:
    """C1: left out."""
    policy = CallerIdPolicy(rules=PRECEDENCE[1:], version="own-2")
    assert policy.decide(_asked(device=a_mobile())).requested == a_number(0)


def test_without_the_rule_of_the_pool_there_is_no_number() -> None:
    """C4: left out; the rules after it have no pool to look at."""
    for rules in (PRECEDENCE[2:], (ProvidersChoice(), Usable(), Sticky(), Fair())):
        with pytest.raises(NoUsableNumber) as refusal:
            CallerIdPolicy(rules=rules, version="own-3").decide(_asked(earlier_talk=TALKED))
        assert refusal.value.reasons["pool"] is None


def test_without_the_providers_choice_we_choose_everywhere() -> None:
    """C11: left out; the rest of the rules don't ask who chooses."""
    policy = _policy(Usable(), Fair())
    carousel = a_carousel(a_pool(chosen_by=ChosenBy.PROVIDER))
    assert policy.decide(_asked(carousel=carousel)).requested == a_number(0)


def test_rules_of_ones_own_need_a_version_of_ones_own() -> None:
    """C8: equal versions promise equal answers."""
    with pytest.raises(ValueError, match="version"):
        CallerIdPolicy(rules=LEAST_SHOWN.rules)
    with pytest.raises(ValueError, match="version"):
        evolve(LEAST_SHOWN, version=CallerIdPolicy().version)
    assert CallerIdPolicy(rules=list(PRECEDENCE)) == CallerIdPolicy()
    assert CallerIdPolicy(version="own-4").decide(_asked()).policy_version == "own-4"
