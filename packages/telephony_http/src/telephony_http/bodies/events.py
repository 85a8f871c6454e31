"""An event as the stream tells it: the lines of `text/event-stream` (html.spec.whatwg.org, server-sent events)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from telephony_core.call_facts import AttemptState, Outcome
from telephony_core.events import RelayedEvent
from telephony_http.bodies.shared import Moment, Told, one_of


class EventTold(Told):
    """What happened to a Call, with ids and a masked number (P2). `id` is unique, the stream's own `id:` is the
    position; `state` and `outcome` are the attempt's, null for an event of the Call alone."""

    id: str
    name: str
    at: Moment
    call_id: str
    attempt_id: str | None
    employee_id: str
    client_id: str
    interest_id: str | None
    state: Annotated[str, one_of(AttemptState)] | None
    outcome: Annotated[str, one_of(Outcome)] | None
    phone_number: str | None


class EndTold(Told):
    """Why the service ended the stream: `stopping`, `too_slow`, `not_authenticated`, or the code of a refusal."""

    reason: str


def event_told(relayed: RelayedEvent) -> EventTold:
    event = relayed.event
    return EventTold(
        id=event.id,
        name=event.name,
        at=event.at,
        call_id=event.call_id,
        attempt_id=event.attempt_id,
        employee_id=event.employee_id,
        client_id=event.client_id,
        interest_id=relayed.interest_id,
        state=str(event.state) if event.state is not None else None,
        outcome=str(event.outcome) if event.outcome is not None else None,
        phone_number=event.phone_number,
    )


def event_lines(relayed: RelayedEvent) -> bytes:
    """One event of the stream: its position, its name, and its body in one line."""
    body = msgspec.json.encode(event_told(relayed))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (relayed.position, relayed.event.name.encode(), body)


def opening_lines(position: int, retry_seconds: float) -> bytes:
    """What a stream begins with: who is cut off before the first event resumes from here."""
    return b"retry: %d\nid: %d\n\n" % (round(retry_seconds * 1000), position)


def beat_lines(position: int) -> bytes:
    """What a silent stream sends: something, so that nobody on the way takes it for dead, and the position, which moves
    on over events that were not wanted. By the specification this is no event, and does set the last event id."""
    return b": nothing new\nid: %d\n\n" % position


def end_lines(reason: str) -> bytes:
    """The last words of a stream; no `id:`, so that the reader resumes after what it was given."""
    return b"event: end\ndata: %s\n\n" % msgspec.json.encode(EndTold(reason=reason))
