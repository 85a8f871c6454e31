"""The gateway of the two-step provider that runs as a process of its own (`two_step`), and the door for its reports.

What goes over the wire: facts in the form in which they are stored, and `/dial/{leg}/{digits}` for a request to dial.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

import httpx2

from telephony_core.call import Attempt, Dial, HangUp
from telephony_core.errors import InvalidRequest
from telephony_core.phone import PhoneNumber
from telephony_core.ports import (
    Absent,
    Accepted,
    CannotTell,
    Capabilities,
    DialAnswer,
    Found,
    LookUp,
    NotSent,
    OutcomeUnknown,
    ProviderReport,
    Refused,
)
from telephony_core.serialization import facts_from_stored, facts_to_stored

PROVIDER = "two-step"
_NEVER_LEFT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


def number(e164: str | None) -> PhoneNumber | None:
    return None if e164 is None else PhoneNumber(e164)


class TwoStepGateway:
    """`ports.ProviderGateway` over HTTP. Lives as long as its `async with`; `time_out` is in seconds."""

    name = PROVIDER
    capabilities = Capabilities(two_step=True, hang_up=True, look_up=True, reports_shown=True)

    def __init__(self, url: str, *, time_out: float) -> None:
        # As a request to dial must be: on a connection of its own.
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        self._http = httpx2.AsyncClient(base_url=url, timeout=time_out, trust_env=False, limits=limits)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def start(self, command: Dial) -> DialAnswer:
        body = {
            "attempt_id": command.attempt_id,
            "line": command.line,
            "phone_number": command.phone_number.e164,
            "shown": command.shown.e164 if command.shown else None,
            "reference": command.provider_reference,
        }
        try:
            answer = await self._http.post(f"dial/{command.leg.value}/{command.phone_number.e164[1:]}", json=body)
            told = answer.json()
        except _NEVER_LEFT as error:
            return NotSent(type(error).__name__)
        except (httpx2.TransportError, ValueError) as error:
            return OutcomeUnknown(type(error).__name__)
        if answer.status_code == 403:
            return Refused("403")
        return Accepted(told["reference"]) if answer.is_success else OutcomeUnknown(f"status {answer.status_code}")

    async def hang_up(self, command: HangUp) -> bool:
        try:
            return (await self._http.post(f"hang-up/{command.attempt_id}/{command.leg.value}")).is_success
        except httpx2.TransportError:
            return False

    async def look_up(self, attempt: Attempt) -> LookUp:
        try:
            answer = await self._http.get(f"calls/{attempt.id}")
            told = answer.json()
        except (httpx2.TransportError, ValueError) as error:
            return CannotTell(type(error).__name__)
        if answer.status_code == 404:
            return Absent()
        return Found(facts_from_stored(told["facts"]), told["reference"], number(told["shown"]))


class TwoStepDoor:
    """`container.ReportDoor` for its reports."""

    async def take(self, body: bytes, received_at: datetime) -> ProviderReport | None:
        try:
            return report_of(json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidRequest("The report is malformed.") from error


def report_body(report: ProviderReport) -> dict[str, Any]:
    return {
        "subscription_id": report.subscription_id,
        "event_id": report.event_id,
        "at": report.at.astimezone(UTC).isoformat(),
        "facts": facts_to_stored(report.facts),
        "attempt_id": report.attempt_id,
        "reference": report.reference,
        "shown": report.shown.e164 if report.shown else None,
    }


def report_of(told: Mapping[str, Any]) -> ProviderReport:
    return ProviderReport(
        provider=PROVIDER,
        subscription_id=told["subscription_id"],
        event_id=told["event_id"],
        at=datetime.fromisoformat(told["at"]),
        facts=facts_from_stored(told["facts"]),
        attempt_id=told["attempt_id"],
        reference=told["reference"],
        placed_by_us=True,
        shown=number(told["shown"]),
    )
