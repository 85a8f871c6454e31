"""A Call and its attempts as bodies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from telephony_core.call import Attempt, Call, CallState, MatchedBy
from telephony_core.call_facts import AttemptState, Cause, FactKind, Leg, LegState, Outcome
from telephony_core.device import DeviceKind
from telephony_core.party import Principal, TargetKind
from telephony_http.bodies.decisions import DecisionTold, decision_told
from telephony_http.bodies.shared import Moment, Told, one_of, seen_by


class TargetTold(Told):
    kind: Annotated[str, one_of(TargetKind)]
    id: str


class UsedDeviceTold(Told):
    """The device as it was when the attempt was made."""

    id: str
    kind: Annotated[str, one_of(DeviceKind)]
    label: str


class LegTold(Told):
    """One leg: the employee's or the client's. Times are the provider's; null: not reported."""

    state: Annotated[str, one_of(LegState)]
    requested_at: Moment | None
    ringing_at: Moment | None
    answered_at: Moment | None
    released_at: Moment | None
    cause: Annotated[str, one_of(Cause)] | None


class LegsTold(Told):
    employee: LegTold
    client: LegTold


class AttemptTold(Told):
    """One initiation of a Call. `phone_number`: `+70000000000` once it is erased; `provider_code`: the provider's own
    word for a refusal."""

    id: str
    state: Annotated[str, one_of(AttemptState)]
    outcome: Annotated[str, one_of(Outcome)] | None
    provider: str
    provider_reference: str | None
    device: UsedDeviceTold
    phone_number: str | None
    free_hand: bool
    quiet_hours_overridden: bool
    matched_by: Annotated[str, one_of(MatchedBy)] | None
    decision: DecisionTold
    legs: LegsTold
    started_at: Moment
    ended_at: Moment | None
    talk_seconds: int | None
    record_url: str | None
    provider_code: str | None


class CallTold(Told):
    """The record in which initiations are saved. Without the permission `see_full_numbers` its numbers are masked."""

    id: str
    external_id: str | None
    state: Annotated[str, one_of(CallState)]
    target: TargetTold
    client_id: str
    employee_id: str
    created_at: Moment
    closed_at: Moment | None
    due_at: Moment | None
    note: str | None
    attempts: list[AttemptTold]


class CallsTold(Told):
    """A page of Calls, newest first. `next_cursor` fetches the next page; null on the last."""

    items: list[CallTold]
    next_cursor: str | None


def _leg_told(leg: Leg) -> LegTold:
    return LegTold(
        state=str(leg.state),
        requested_at=leg.requested_at,
        ringing_at=leg.ringing_at,
        answered_at=leg.answered_at,
        released_at=leg.released_at,
        cause=str(leg.cause) if leg.cause is not None else None,
    )


def attempt_told(attempt: Attempt, principal: Principal) -> AttemptTold:
    reading = attempt.reading
    codes = [fact.detail for fact in attempt.facts if fact.kind is FactKind.REFUSED and fact.detail]
    return AttemptTold(
        id=attempt.id,
        state=str(reading.state),
        outcome=str(reading.outcome) if reading.outcome is not None else None,
        provider=attempt.provider,
        provider_reference=attempt.provider_reference,
        device=UsedDeviceTold(id=attempt.device.id, kind=str(attempt.device.kind), label=attempt.device.label),
        phone_number=seen_by(principal, attempt.phone_number),
        free_hand=attempt.free_hand,
        quiet_hours_overridden=attempt.quiet_hours_overridden,
        matched_by=str(attempt.matched_by) if attempt.matched_by is not None else None,
        decision=decision_told(attempt.decision, attempt.shown),
        legs=LegsTold(employee=_leg_told(reading.employee), client=_leg_told(reading.client)),
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        talk_seconds=reading.talk_seconds,
        record_url=attempt.record_url,
        provider_code=min(codes, default=None),
    )


def call_told(call: Call, principal: Principal, *, at: datetime, open_for: timedelta) -> CallTold:
    """The Call as it is at the instant `at`. `open_for`: how long a Call stays open by itself (K6)."""
    return CallTold(
        id=call.id,
        external_id=call.external_id,
        state=str(call.state(at, open_for)),
        target=TargetTold(kind=str(call.target.kind), id=call.target.id),
        client_id=call.client_id,
        employee_id=call.employee_id,
        created_at=call.created_at,
        closed_at=call.closed_at,
        due_at=call.due_at,
        note=call.note,
        attempts=[attempt_told(attempt, principal) for attempt in call.attempts],
    )
