"""From values to rows and back, by hand: Calls, attempts, reports (law 5).

The words that stand in columns (states, outcomes, kinds) are those of the API, which are as stable as stored data.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from sqlalchemy import Row

from telephony_core.call import Attempt, Call, MatchedBy, ShownNumber, UsedDevice
from telephony_core.caller_id import Verdict
from telephony_core.device import DeviceKind
from telephony_core.party import Target
from telephony_core.phone import PhoneNumber
from telephony_core.ports import ProviderReport
from telephony_core.serialization import (
    decision_from_stored,
    decision_to_stored,
    facts_from_stored,
    facts_to_stored,
)

AttemptRow = dict[str, Any]


def number(e164: str | None) -> PhoneNumber | None:
    return None if e164 is None else PhoneNumber(e164)


def e164(value: PhoneNumber | None) -> str | None:
    return None if value is None else value.e164


# --- Calls ------------------------------------------------------------------------------------------------------------


def call_row(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "target_kind": call.target.kind.value,
        "target_id": call.target.id,
        "client_id": call.client_id,
        "employee_id": call.employee_id,
        "created_at": call.created_at,
        "external_id": call.external_id,
        "closed_at": call.closed_at,
        "due_at": call.due_at,
        "note": call.note,
        "version": call.version,
    }


def call_of(row: Row[Any], attempts: Iterable[Attempt]) -> Call:
    return Call(
        id=row.id,
        target=Target(row.target_kind, row.target_id),
        client_id=row.client_id,
        employee_id=row.employee_id,
        created_at=row.created_at,
        attempts=tuple(attempts),
        external_id=row.external_id,
        closed_at=row.closed_at,
        due_at=row.due_at,
        note=row.note,
        version=row.version,
    )


# --- Attempts ---------------------------------------------------------------------------------------------------------


def attempt_row(attempt: Attempt, place: int) -> AttemptRow:
    """A new attempt's row, `place` being its place in the Call."""
    return {
        "id": attempt.id,
        "call_id": attempt.call_id,
        "place": place,
        "employee_id": attempt.employee_id,
        "client_id": attempt.client_id,
        "principal_id": attempt.principal_id,
        "provider": attempt.provider,
        "two_step": attempt.two_step,
        "device_id": attempt.device.id,
        "device_kind": attempt.device.kind.value,
        "device_label": attempt.device.label,
        "line": attempt.device.line,
        "phone_number": attempt.phone_number.e164,
        "decision": decision_to_stored(attempt.decision),
        "started_at": attempt.started_at,
        "free_hand": attempt.free_hand,
        "quiet_hours_overridden": attempt.quiet_hours_overridden,
        "employee_numbers": sorted(each.e164 for each in attempt.employee_numbers),
        "version": attempt.version,
        **changing_row(attempt),
    }


def changing_row(attempt: Attempt) -> AttemptRow:
    """The part of an attempt's row that its life changes; the rest is written once."""
    reading = attempt.reading
    return {
        "facts": facts_to_stored(attempt.facts),
        "provider_reference": attempt.provider_reference,
        "matched_by": attempt.matched_by.value if attempt.matched_by else None,
        "shown_number": e164(attempt.shown.number) if attempt.shown else None,
        "verdict": attempt.shown.verdict.value if attempt.shown else None,
        "record_url": attempt.record_url,
        "ended_at": attempt.ended_at,
        "look_up_at": attempt.look_up_at,
        "look_ups": attempt.look_ups,
        "state": reading.state.value,
        "outcome": reading.outcome.value if reading.outcome else None,
        "live": not reading.ended,
        "carousel_number": e164(_carousel_number(attempt)),
    }


_OF_THE_CAROUSEL = (Verdict.CONFORMS, Verdict.CONFORMS_AMBIGUOUS, Verdict.OTHER_POOL)


def _carousel_number(attempt: Attempt) -> PhoneNumber | None:
    """What the client saw of the carousel: what was reported if it is one of the carousel's, and what was requested as
    long as nothing was reported. A SIM's number is not of the carousel."""
    if attempt.decision.pool_id is None:
        return None
    if attempt.shown is not None and attempt.shown.number is not None:
        return attempt.shown.number if attempt.shown.verdict in _OF_THE_CAROUSEL else None
    return attempt.decision.requested


def attempt_of(row: Row[Any]) -> Attempt:
    return Attempt(
        id=row.id,
        call_id=row.call_id,
        employee_id=row.employee_id,
        client_id=row.client_id,
        principal_id=row.principal_id,
        provider=row.provider,
        two_step=row.two_step,
        device=UsedDevice(row.device_id, DeviceKind(row.device_kind), row.device_label, row.line),
        phone_number=PhoneNumber(row.phone_number),
        decision=decision_from_stored(row.decision),
        started_at=row.started_at,
        facts=facts_from_stored(row.facts),
        free_hand=row.free_hand,
        quiet_hours_overridden=row.quiet_hours_overridden,
        employee_numbers=frozenset(map(PhoneNumber, row.employee_numbers)),
        provider_reference=row.provider_reference,
        matched_by=MatchedBy(row.matched_by) if row.matched_by else None,
        shown=ShownNumber(number(row.shown_number), Verdict(row.verdict)) if row.verdict else None,
        record_url=row.record_url,
        ended_at=row.ended_at,
        look_up_at=row.look_up_at,
        look_ups=row.look_ups,
        version=row.version,
    )


# --- Reports ----------------------------------------------------------------------------------------------------------


def report_row(report: ProviderReport) -> dict[str, Any]:
    return {
        "provider": report.provider,
        "subscription_id": report.subscription_id,
        "event_id": report.event_id,
        "at": report.at.astimezone(UTC),
        "facts": facts_to_stored(report.facts),
        "attempt_id": report.attempt_id,
        "reference": report.reference,
        "line": report.line,
        "phone_number": e164(report.phone_number),
        "placed_by_us": report.placed_by_us,
        "shown": e164(report.shown),
        "record_url": report.record_url,
    }


def report_of(row: Row[Any]) -> ProviderReport:
    return ProviderReport(
        provider=row.provider,
        subscription_id=row.subscription_id,
        event_id=row.event_id,
        at=row.at,
        facts=facts_from_stored(row.facts),
        attempt_id=row.attempt_id,
        reference=row.reference,
        line=row.line,
        phone_number=number(row.phone_number),
        placed_by_us=row.placed_by_us,
        shown=number(row.shown),
        record_url=row.record_url,
    )
