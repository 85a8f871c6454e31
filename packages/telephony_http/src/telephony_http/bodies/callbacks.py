"""Call-backs as bodies (B1)."""

from __future__ import annotations

from typing import Annotated

from telephony_core.use_cases.attribute_callback import Attribution, Match, Why
from telephony_http.bodies.asked import Number
from telephony_http.bodies.shared import Asked, Instant, Moment, Told, one_of


class CallbackAsked(Asked):
    """Who calls, which number of ours they called if that is known, and when (left out: now)."""

    caller: Number
    shown_number: Number | None = None
    at: Instant | None = None


class CallbackTold(Told):
    """Whose call-back it is. `match`: `exact`, `candidate`, `caller_only`; `ties`: others of whom the same is true."""

    employee_id: str | None
    call_id: str | None
    attempt_id: str | None
    match: Annotated[str, one_of(Match)] | None
    why: Annotated[str, one_of(Why)]
    ties: list[str]
    since: Moment


def callback_told(found: Attribution) -> CallbackTold:
    return CallbackTold(
        employee_id=found.employee_id,
        call_id=found.call.id if found.call is not None else None,
        attempt_id=found.attempt.id if found.attempt is not None else None,
        match=str(found.match) if found.match is not None else None,
        why=str(found.why),
        ties=list(found.tied),
        since=found.since,
    )
