"""One decision held against each rule of caller ID; what the policy's contract and its machine ask of every answer.

Each check raises an AssertionError that names the rule and tells the story. The truth comes from `oracles`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from attrs import frozen

from telephony_core.caller_id import CallerIdDecision, Question
from telephony_core.carousel import CarouselPool, ChosenBy
from telephony_core.device import Mobile
from telephony_core.errors import NoUsableNumber
from telephony_core.region import WHOLE_COUNTRY, RegionSource
from telephony_core.testing import oracles
from telephony_core.testing.stories import Answer, BrokenRule


class Policy(Protocol):
    """What is put to the test."""

    def decide(self, question: Question) -> CallerIdDecision:
        """The decision for one call; or raises `NoUsableNumber(pool=…, chain=[…])`, the selected pool and its chain by
        id, where nothing may be shown (C5). Nobody asks about a device that isn't eligible (D3)."""


def ask(policy: Policy, question: Question) -> Answer:
    """What the policy says; anything but a decision or a refusal breaks C5, whoever would have had to live with it."""
    try:
        answer = policy.decide(question)
    except NoUsableNumber as refusal:
        return refusal
    except Exception as error:
        said = f"the policy failed with {type(error).__name__}: {error}"
        raise BrokenRule("C5", said, question) from error
    if not isinstance(answer, CallerIdDecision):
        raise BrokenRule("C5", f"the policy answered {answer!r}, neither a decision nor a refusal", question)
    return answer


@frozen
class Claims:
    """What a policy claims of itself; it is held to that."""

    fair: bool
    sticky: bool
    memory: timedelta
    sources: Sequence[RegionSource]


def check_all(question: Question, answer: Answer, claims: Claims) -> None:
    """Every rule that one answer alone can break."""
    check_instant(question, answer)
    check_sim(question, answer)
    check_selected_pool(question, answer, claims)
    check_others_are_named(question, answer, claims)
    check_generation(question, answer)
    check_usable(question, answer)
    check_chain(question, answer, claims)
    check_sticky(question, answer, claims)
    check_providers_choice(question, answer)


def check_instant(question: Question, answer: Answer) -> None:
    """C9: to the microsecond."""
    if isinstance(answer, CallerIdDecision) and answer.decided_at != question.now:
        at = answer.decided_at.isoformat()
        raise BrokenRule("C9", f"it was decided at {at}, which is not the database's clock", question, answer)


def check_sim(question: Question, answer: Answer) -> None:
    """C1."""
    if not isinstance(question.device, Mobile):
        if isinstance(answer, CallerIdDecision) and answer.pool_id is None:
            raise BrokenRule("C2", "a call from an IP phone was decided without a pool", question, answer)
        return
    assert question.device.sim is not None, "a mobile without a SIM is never decided about (D2)"
    if isinstance(answer, NoUsableNumber):
        raise BrokenRule("C1", "a call from a mobile with its own SIM was refused", question, answer)
    if answer.requested != question.device.sim.number:
        raise BrokenRule("C1", f"the SIM's own number is {question.device.sim.number.e164}", question, answer)
    if answer.pool_id is not None or answer.generation_id is not None or answer.takes_a_turn:
        raise BrokenRule("C1", "the SIM's number belongs to no pool and takes no turn", question, answer)
    if set(answer.candidates) - {answer.requested}:
        raise BrokenRule("C1", "numbers of the carousel are no candidates for a mobile", question, answer)
    if answer.chosen_by is not ChosenBy.US:
        raise BrokenRule("C1", "the SIM's number is requested by us, and the decision says otherwise", question, answer)


def pool_of(question: Question, answer: CallerIdDecision) -> CarouselPool:
    """The pool of the decision, which must be one of the device's provider (C0)."""
    pool = next((pool for pool in oracles.pools_of(question) if pool.id == answer.pool_id), None)
    if pool is None:
        raise BrokenRule("C2", f"'{question.device.provider}' has no pool {answer.pool_id}", question, answer)
    return pool


def _from_ip_phone(question: Question, answer: Answer) -> CallerIdDecision | None:
    is_decision = isinstance(answer, CallerIdDecision) and not isinstance(question.device, Mobile)
    return answer if is_decision and isinstance(answer, CallerIdDecision) else None


def check_selected_pool(question: Question, answer: Answer, claims: Claims) -> None:
    """C4, and C2 where it speaks of the selected pool."""
    decision = _from_ip_phone(question, answer)
    selected, source = oracles.selected_pool(question, claims.sources)
    if selected is None:
        if decision is not None:
            raise BrokenRule("C4", "the device's provider has no pool that could serve", question, answer)
        return
    if decision is None:
        return
    pool = pool_of(question, decision)
    to_try = oracles.pools_to_try(question, selected)
    if pool not in to_try:
        tried = ", then ".join(each.id for each in to_try)
        raise BrokenRule("C4", f"by {source} the pool is {tried}", question, answer)
    if decision.region.source is not source:
        raise BrokenRule("C4", f"the region came from {source}", question, answer)
    codes = {RegionSource.NUMBERING_PLAN: question.number_codes, RegionSource.CLIENT: question.client_codes}
    if source in codes and set(decision.region.codes) != set(codes[source]):
        raise BrokenRule("C4", f"by {source} the region is {', '.join(codes[source])}", question, answer)
    strange = set(decision.region.codes) - {*question.number_codes, *question.client_codes, WHOLE_COUNTRY}
    if strange:
        what = f"neither the number nor the client is of {', '.join(sorted(strange))}"
        raise BrokenRule("C4", what, question, answer)
    passed_over = to_try[: to_try.index(pool)]
    for earlier in passed_over:
        usable = oracles.showable(earlier, question.now, question.uses)
        if usable or earlier.chosen_by is ChosenBy.PROVIDER:
            raise BrokenRule("C2", f"pool {earlier.id} comes before {pool.id} and can show a number", question, answer)


def check_others_are_named(question: Question, answer: Answer, claims: Claims) -> None:
    """C4: where several pools serve the regions, the steps name the others, by their ids or by their regions."""
    decision = _from_ip_phone(question, answer)
    selected, source = oracles.selected_pool(question, claims.sources)
    if decision is None or source is RegionSource.DEFAULT:
        return
    codes = set(question.number_codes if source is RegionSource.NUMBERING_PLAN else question.client_codes)
    told = " ".join(f"{dict(step.saw)} {step.said}" for step in decision.steps)
    for pool in oracles.pools_of(question):
        names = {pool.id, *codes.intersection(pool.region_codes)}
        if pool == selected or len(names) == 1:
            continue
        if not any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", told) for name in names):
            what = f"pool {pool.id} serves one of the regions, too, and no step names it"
            raise BrokenRule("C4", what, question, answer)


def check_generation(question: Question, answer: Answer) -> None:
    """C2 and C9: the numbers are of the generation that is active at the instant of the decision."""
    decision = _from_ip_phone(question, answer)
    if decision is None:
        return
    pool = pool_of(question, decision)
    generation = oracles.active_generation(pool, question.now)
    if decision.generation_id != (generation.id if generation else None):
        active = generation.id if generation else "none"
        raise BrokenRule("C9", f"the active generation of pool {pool.id} is {active}", question, answer)
    carried = {each.number for each in generation.numbers} if generation else set()
    named = {*decision.candidates, *([decision.requested] if decision.requested else [])}
    for number in sorted(named - carried):
        raise BrokenRule("C2", f"{number.e164} is not in the active generation of pool {pool.id}", question, answer)


def check_usable(question: Question, answer: Answer) -> None:
    """C3, where we choose."""
    decision = _from_ip_phone(question, answer)
    if decision is None or decision.chosen_by is not ChosenBy.US:
        return
    if decision.requested is None:
        raise BrokenRule("C3", "we choose, and no number was chosen", question, answer)
    pool = pool_of(question, decision)
    reason = oracles.why_not(decision.requested, pool, question.now, question.uses)
    if reason is not None:
        raise BrokenRule("C3", f"{decision.requested.e164} is {reason}", question, answer)
    if decision.candidates and decision.requested not in decision.candidates:
        raise BrokenRule("C2", f"{decision.requested.e164} is none of the decision's candidates", question, answer)


def check_chain(question: Question, answer: Answer, claims: Claims) -> None:
    """C5: a refusal if and only if no pool that may be tried has anything to show."""
    if isinstance(question.device, Mobile) or isinstance(answer, CallerIdDecision):
        return
    selected, _ = oracles.selected_pool(question, claims.sources)
    to_try = oracles.pools_to_try(question, selected) if selected is not None else []
    named = answer.reasons.get("pool")
    if named is not None and named not in [pool.id for pool in to_try]:
        raise BrokenRule("C5", f"the refusal names pool {named}, which was none to try", question, answer)
    for pool in to_try:
        if pool.chosen_by is ChosenBy.PROVIDER:
            raise BrokenRule("C5", f"pool {pool.id}, from which the provider chooses, was not tried", question, answer)
        for number in sorted(oracles.showable(pool, question.now, question.uses)):
            raise BrokenRule("C5", f"{number.e164} of pool {pool.id} could be shown", question, answer)


def check_sticky(question: Question, answer: Answer, claims: Claims) -> None:
    """C6, where we choose; and that who isn't shown his number again takes a fair turn."""
    decision = _from_ip_phone(question, answer)
    if decision is None or decision.chosen_by is not ChosenBy.US:
        return
    talk = question.earlier_talk
    pool = pool_of(question, decision)
    remembered = talk is not None and question.now - talk.at < claims.memory
    usable = talk is not None and talk.shown in oracles.showable(pool, question.now, question.uses)
    if claims.sticky and talk is not None and remembered and usable:
        if decision.requested != talk.shown:
            raise BrokenRule("C6", f"the client knows us by {talk.shown.e164}, which is usable", question, answer)
        if decision.takes_a_turn:
            raise BrokenRule("C6", "a number that is shown again takes no turn", question, answer)
    elif claims.fair and not decision.takes_a_turn:
        raise BrokenRule("C7", "a pick that no earlier talk decides takes a turn", question, answer)


def check_providers_choice(question: Question, answer: Answer) -> None:
    """C11: where the provider chooses, we say so, and list its numbers unfiltered."""
    decision = _from_ip_phone(question, answer)
    if decision is None:
        return
    pool = pool_of(question, decision)
    if decision.chosen_by is not pool.chosen_by:
        raise BrokenRule("C11", f"in pool {pool.id} the number is chosen by {pool.chosen_by}", question, answer)
    if pool.chosen_by is ChosenBy.PROVIDER:
        generation = oracles.active_generation(pool, question.now)
        everything = {each.number for each in generation.numbers} if generation else set()
        if decision.requested is not None or decision.takes_a_turn:
            raise BrokenRule("C11", "the provider chooses, and we pretend to", question, answer)
        if len(decision.candidates) != len(everything) or set(decision.candidates) != everything:
            raise BrokenRule("C11", "the candidates are not all of the provider's pool", question, answer)
