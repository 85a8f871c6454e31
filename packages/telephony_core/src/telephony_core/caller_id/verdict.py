"""The verdict on the number that the provider reported: whether it is what was decided (C10)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from telephony_core.caller_id.decision import CallerIdDecision
from telephony_core.carousel import Carousel
from telephony_core.phone import PhoneNumber


class Verdict(StrEnum):
    """What was shown beside what was decided.

    `conforms`: it is, or is among, what was decided. `conforms_ambiguous`: of another pool that serves one of the
    resolved regions. `other_pool`: of one that serves none. `unknown_number`: of no pool. `employee_number`: one of the
    employee's own, leaked. `other_number`: one was requested, and another was shown. `not_reported`: the provider has
    not said it in time.
    """

    CONFORMS = "conforms"
    CONFORMS_AMBIGUOUS = "conforms_ambiguous"
    OTHER_POOL = "other_pool"
    UNKNOWN_NUMBER = "unknown_number"
    EMPLOYEE_NUMBER = "employee_number"
    OTHER_NUMBER = "other_number"
    NOT_REPORTED = "not_reported"


def judge(
    decision: CallerIdDecision,
    reported: PhoneNumber | None,
    *,
    carousel: Carousel,
    provider: str,
    employee_numbers: frozenset[PhoneNumber],
    window: timedelta,
) -> Verdict:
    """Whether the reported number is what was decided (C10); either generation conforms within `window` (C11)."""
    if reported is None:
        return Verdict.NOT_REPORTED
    if decision.requested is not None:
        return _judge_requested(decision, reported, employee_numbers)
    if reported in decision.candidates:
        return Verdict.CONFORMS
    at = decision.decided_at
    # The decided pool first: a number that moved to it from another one conforms.
    for pool in sorted(carousel.of_provider(provider).pools, key=lambda pool: pool.id != decision.pool_id):
        if not any(generation.has(reported) for generation in pool.conforming(at, window)):
            continue
        if pool.id == decision.pool_id:
            return Verdict.CONFORMS
        if set(pool.region_codes) & set(decision.region.codes):
            return Verdict.CONFORMS_AMBIGUOUS
        return Verdict.OTHER_POOL
    return Verdict.EMPLOYEE_NUMBER if reported in employee_numbers else Verdict.UNKNOWN_NUMBER


def _judge_requested(
    decision: CallerIdDecision, reported: PhoneNumber, employee_numbers: frozenset[PhoneNumber]
) -> Verdict:
    if reported == decision.requested:
        return Verdict.CONFORMS
    from_sim = decision.pool_id is None
    if not from_sim and reported in employee_numbers:
        return Verdict.EMPLOYEE_NUMBER
    return Verdict.OTHER_NUMBER
