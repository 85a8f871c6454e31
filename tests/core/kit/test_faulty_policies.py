"""The contract of policies rejects policies that break a rule, and says which rule in a story.

Each faulty policy is the one that ships but for one thing. `DAYS` is the machine, which needs longer and sees most.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve, frozen

from telephony_core.caller_id import CallerIdDecision, CallerIdPolicy, EarlierTalk, Question
from telephony_core.carousel import NEVER_USED, Carousel, CarouselNumber, CarouselPool, ChosenBy, WhenExhausted
from telephony_core.device import Mobile
from telephony_core.phone import PhoneNumber
from telephony_core.testing.contracts import CallerIdPolicyContract
from telephony_core.testing.contracts.caller_id_rules import Policy
from telephony_core.testing.oracles import showable

Decide = Callable[[Question], CallerIdDecision]
_SHIPPED = CallerIdPolicy()
C2 = "test_c2_from_an_ip_phone_a_number_of_the_active_generation_of_the_selected_pool"
DAYS = "test_rules_hold_over_days_of_use"


@frozen
class Faulty:
    """A policy that decides by a function, and remembers as the shipped one does."""

    decide: Decide
    sticky_days: int = 30


def _pools(question: Question, change: Callable[[CarouselPool], CarouselPool]) -> Question:
    return evolve(question, carousel=Carousel(tuple(change(pool) for pool in question.carousel.pools)))


def _numbers(question: Question, change: Callable[[CarouselNumber], CarouselNumber]) -> Question:
    def changed(pool: CarouselPool) -> CarouselPool:
        return evolve(
            pool,
            generations=tuple(evolve(each, numbers=tuple(map(change, each.numbers))) for each in pool.generations),
        )

    return _pools(question, changed)


def asks_the_old_clock(question: Question) -> CallerIdDecision:
    """Takes a retired number one microsecond after the refresh."""
    return evolve(
        _SHIPPED.decide(evolve(question, now=question.now - timedelta(microseconds=1))), decided_at=question.now
    )


def lets_mobiles_into_the_carousel(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    if isinstance(question.device, Mobile) and question.carousel.pools:
        return evolve(decision, requested=question.carousel.pools[0].generations[0].numbers[0].number)
    return decision


def leaks_the_employees_number(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    leaks = decision.pool_id is not None and decision.requested is not None
    return evolve(decision, requested=PhoneNumber("+74951234567")) if leaks else decision


def looks_at_all_providers(question: Question) -> CallerIdDecision:
    provider = question.device.provider
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, provider=provider)))


def forgets_quarantines(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_numbers(question, lambda each: evolve(each, quarantine=None)))


def forgets_declarations(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, declaration_required=False)))


def forgets_caps(question: Question) -> CallerIdDecision:
    uses = {number: evolve(use, shows_today=0) for number, use in question.uses.items()}
    return _SHIPPED.decide(evolve(question, uses=uses))


def forgets_rests(question: Question) -> CallerIdDecision:
    uses = {number: evolve(use, last_shown_at=None) for number, use in question.uses.items()}
    return _SHIPPED.decide(evolve(question, uses=uses))


def takes_the_last_regions_pool(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, order=-pool.order)))


def asks_the_client_first(question: Question) -> CallerIdDecision:
    return CallerIdPolicy(region_sources=["client", "numbering_plan", "default"]).decide(question)


def never_widens(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, when_exhausted=WhenExhausted.REFUSE)))


def always_widens(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, when_exhausted=WhenExhausted.WIDEN)))


def forgets_talks(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(evolve(question, earlier_talk=None))


def remembers_for_ever(question: Question) -> CallerIdDecision:
    return CallerIdPolicy(sticky_days=36500).decide(question)


def takes_the_first(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    return evolve(decision, requested=decision.candidates[0]) if decision.fair else decision


def takes_the_least_shown(question: Question) -> CallerIdDecision:
    """Fair by shows, which is another counter: picks that never rang are given back."""
    decision = _SHIPPED.decide(question)
    least = min(decision.candidates, key=lambda each: question.uses.get(each, NEVER_USED).shows_today, default=None)
    return evolve(decision, requested=least) if decision.fair else decision


def makes_up_for_missed_picks(question: Question) -> CallerIdDecision:
    """Fair by the count of picks: who joins gets a burst of them."""
    decision = _SHIPPED.decide(question)
    least = min(decision.candidates, key=lambda each: question.uses.get(each, NEVER_USED).picks, default=None)
    return evolve(decision, requested=least) if decision.fair else decision


def takes_no_turn(question: Question) -> CallerIdDecision:
    return evolve(_SHIPPED.decide(question), fair=False)


def _moody() -> Decide:
    asked: list[Question] = []

    def decide(question: Question) -> CallerIdDecision:
        """Answers otherwise every second time."""
        asked.append(question)
        talk = question.earlier_talk
        return _SHIPPED.decide(evolve(question, earlier_talk=talk if len(asked) % 2 else None))

    return decide


def tells_of_other_steps(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    return evolve(decision, steps=(*decision.steps[:-1], evolve(decision.steps[-1], said="number 9")))


def tells_too_much(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    last = decision.steps[-1]
    everything = {**last.saw, "carousel": [pool.id * 40 for pool in question.carousel.pools] * 10}
    return evolve(decision, steps=(*decision.steps[:-1], evolve(last, saw=everything)))


def filters_what_the_provider_chooses_from(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    if decision.chosen_by is ChosenBy.US or decision.pool_id is None:
        return decision
    pool = question.carousel.pool(decision.pool_id)
    assert pool is not None
    usable = showable(pool, question.now, question.uses)
    return evolve(decision, candidates=tuple(each for each in decision.candidates if each in usable))


def invents_a_talk(question: Question) -> CallerIdDecision:
    """Shows everybody the first number, as if they knew it."""
    pools = question.carousel.of_provider(question.device.provider).pools
    talk = EarlierTalk(pools[0].generations[0].numbers[0].number, question.now)
    return _SHIPPED.decide(evolve(question, earlier_talk=talk))


@pytest.mark.parametrize(
    ("decide", "rule", "test"),
    [
        (lets_mobiles_into_the_carousel, "C1", "test_c1_from_a_mobile_the_client_sees_the_sims_own_number"),
        (
            leaks_the_employees_number,
            "C2",
            C2,
        ),
        (
            looks_at_all_providers,
            "C2",
            C2,
        ),
        (forgets_quarantines, "C3", "test_c3_never_a_number_that_may_not_be_shown_now"),
        (forgets_declarations, "C3", "test_c3_never_a_number_that_may_not_be_shown_now"),
        (forgets_caps, "C3", "test_c3_never_a_number_that_may_not_be_shown_now"),
        (forgets_rests, "C3", "test_c3_never_a_number_that_may_not_be_shown_now"),
        (takes_the_last_regions_pool, "C[24]", "test_c4_the_pool_is_the_regions"),
        (asks_the_client_first, "C4", "test_c4_the_pool_is_the_regions"),
        (never_widens, "C[245]", "test_c5_an_exhausted_pool_is_widened_or_refuses"),
        (always_widens, "C[245]", "test_c5_an_exhausted_pool_is_widened_or_refuses"),
        (forgets_talks, "C6", "test_c6_a_client_is_shown_the_number_that_they_know"),
        (remembers_for_ever, "C7", "test_c6_a_client_is_shown_the_number_that_they_know"),
        (invents_a_talk, "C7", "test_c6_a_client_is_shown_the_number_that_they_know"),
        (takes_the_first, "C7", "test_c7_picks_are_shared_out_evenly"),
        (takes_the_least_shown, "C7", "test_c7_picks_are_shared_out_evenly"),
        (makes_up_for_missed_picks, "C7", "test_c7_picks_are_shared_out_evenly"),
        (takes_no_turn, "C7", "test_c6_a_client_is_shown_the_number_that_they_know"),
        (_moody(), "C8", "test_c8_holds_in_every_small_situation"),
        (tells_of_other_steps, "C8", "test_c8_a_decision_is_reproduced_by_replay"),
        (tells_too_much, "C8", "test_c8_a_decision_is_small"),
        (asks_the_old_clock, "C9", "test_c9_a_refresh_holds_from_its_instant_on"),
        (filters_what_the_provider_chooses_from, "C11", "test_c11_where_the_provider_chooses_we_do_not_pretend_to"),
        (forgets_quarantines, "C3", DAYS),
        (forgets_talks, "C6", DAYS),
        (asks_the_old_clock, r"C\d", DAYS),
    ],
)
def test_a_faulty_policy_is_rejected_by_the_rule_that_it_breaks(decide: Decide, rule: str, test: str) -> None:
    """C1, C2, C3, C4, C5, C6, C7, C8, C9, C11: the message names the rule, and tells carousel, call and steps."""

    class Contract(CallerIdPolicyContract):
        def make_policy(self) -> Policy:
            return Faulty(decide)

    with pytest.raises(AssertionError, match=f"{rule} is broken: ") as failure:
        getattr(Contract(), test)()
    told = str(failure.value)
    assert "The carousel of '" in told
    assert "What happened before:" in told or test != DAYS


def test_who_does_not_claim_to_be_sticky_or_fair_is_not_held_to_it() -> None:
    """C6 and C7 bind those who claim them."""

    class Contract(CallerIdPolicyContract):
        fair = False
        sticky = False

        def make_policy(self) -> Policy:
            return Faulty(lambda question: takes_the_first(evolve(question, earlier_talk=None)))

    Contract().test_c6_a_client_is_shown_the_number_that_they_know()
    getattr(Contract(), DAYS)()
    assert [name for name in dir(Contract) if name.startswith("test_c7_") and getattr(Contract, name)] == []
