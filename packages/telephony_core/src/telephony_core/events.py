"""What happened to Calls: frozen, in the past tense, with ids and masked numbers only (P2).

Each is written in the transaction that made it true (K7) and carries the version of its form, since others store it.
"""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from telephony_core.call import Attempt, Call
from telephony_core.call_facts import AttemptState, Outcome


@frozen
class CallEvent:
    """One event of a Call. `id` is unique and sorts by time of making; `name` says what happened.

    `call_planned`, `attempt_started`, `attempt_changed`, `attempt_ended`, `outcome_corrected`, `number_reported`,
    `call_closed`; `state` and `outcome` are the attempt's, None for events of the Call alone.
    """

    id: str
    name: str
    at: datetime
    call_id: str
    employee_id: str
    client_id: str
    attempt_id: str | None = None
    state: AttemptState | None = None
    outcome: Outcome | None = None
    phone_number: str | None = None
    form: int = 1


@frozen
class RelayedEvent:
    """An event and its place in the stream of all events.

    `position` counts from 1 without gaps, in the order in which events became visible: who has read up to a position
    has missed nothing before it. `interest_id` is the Call's target, None where that is a client.
    """

    position: int
    event: CallEvent
    interest_id: str | None = None


@frozen
class EventFilter:
    """Which events a reader wants; None: any. `client_id` includes the client's interests."""

    call_id: str | None = None
    client_id: str | None = None
    interest_id: str | None = None
    employee_id: str | None = None

    def fits(self, relayed: RelayedEvent) -> bool:
        """Whether it is wanted: of everything that is named here."""
        event = relayed.event
        return (
            self.call_id in {None, event.call_id}
            and self.client_id in {None, event.client_id}
            and self.interest_id in {None, relayed.interest_id}
            and self.employee_id in {None, event.employee_id}
        )


def of_call(event_id: str, name: str, call: Call, at: datetime) -> CallEvent:
    """What happened to a Call as such."""
    return CallEvent(event_id, name, at, call.id, call.employee_id, call.client_id)


def of_attempt(event_id: str, name: str, attempt: Attempt, at: datetime) -> CallEvent:
    """What happened to an attempt, with its state by now and its number masked (P2)."""
    reading = attempt.reading
    return CallEvent(
        event_id,
        name,
        at,
        attempt.call_id,
        attempt.employee_id,
        attempt.client_id,
        attempt.id,
        reading.state,
        reading.outcome,
        attempt.phone_number.masked,
    )


def name_of_change(before: Attempt, after: Attempt) -> str | None:
    """What to call the step from one value of an attempt to the next; None where nothing that shows has changed."""
    was, is_now = before.reading, after.reading
    if not was.ended and is_now.ended:
        return "attempt_ended"
    if was.outcome is not is_now.outcome:
        return "outcome_corrected"
    if (was.state, was.employee, was.client) != (is_now.state, is_now.employee, is_now.client):
        return "attempt_changed"
    if before.shown != after.shown or before.record_url != after.record_url:
        return "number_reported"
    return None
