"""The Call, in which initiations are saved, and its attempts.

Frozen values: a change makes a new value, and `version` lets the store notice that two changes met. What an attempt's
facts mean stands in `call_facts`; here stands what follows from it: what to ask the provider next, and what a Call is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from attrs import evolve, frozen

from telephony_core.call_facts import Fact, FactKind, LegName, LegState, Outcome, Reading, read
from telephony_core.caller_id import CallerIdDecision, Verdict
from telephony_core.device import Device, DeviceKind
from telephony_core.errors import CallClosed, CallOfAnotherEmployee, CallOfAnotherTarget
from telephony_core.party import Permission, Principal, Target, TargetCard, TargetKind
from telephony_core.phone import PhoneNumber


class MatchedBy(StrEnum):
    """How a provider's call was found to be this attempt."""

    REFERENCE = "reference"
    INFERENCE = "inference"


class CallState(StrEnum):
    """`planned`: no attempt yet. `in_progress`: one lives, an unknown one included. `completed`: all have ended, and in
    one of them somebody talked. `not_reached`: in none. `closed`: by hand or by age, and takes no further one (K6)."""

    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    NOT_REACHED = "not_reached"
    CLOSED = "closed"


@frozen
class UsedDevice:
    """The device as it was when the attempt was made; the directory's own may change or go."""

    id: str
    kind: DeviceKind
    label: str
    line: str

    @classmethod
    def of(cls, device: Device) -> UsedDevice:
        return cls(device.id, device.kind, device.label, device.line)


@frozen
class ShownNumber:
    """What the provider said that the client was shown, and our verdict on it (C10)."""

    number: PhoneNumber | None
    verdict: Verdict


# --- Commands: what is asked of a gateway ------------------------------------------------------------------------


@frozen
class Dial:
    """Dial one leg of an attempt; `leg` EMPLOYEE on a one-step provider dials both. Sent at most once in a life (K3).

    `line` is the provider's name of the employee's device, `shown` the number that the client shall see where we
    choose it, None where the provider does.
    """

    attempt_id: str
    leg: LegName
    provider: str
    line: str
    phone_number: PhoneNumber
    shown: PhoneNumber | None
    provider_reference: str | None = None


@frozen
class HangUp:
    """End one leg. Harmless if repeated, and if the leg is gone."""

    attempt_id: str
    leg: LegName
    provider: str
    line: str
    provider_reference: str | None


Command = Dial | HangUp


@frozen
class Attempt:
    """One initiation of a Call. `two_step`: the provider dials each leg on a request of its own.

    `employee_numbers`: the employee's own numbers when it was made, for the verdict on what was shown.
    `ended_at` is by our database's clock, when the ending became known. `look_up_at`: when the provider is to be asked
    about it next (None: nothing to ask), `look_ups`: how often it was.
    """

    id: str
    call_id: str
    employee_id: str
    client_id: str
    principal_id: str
    provider: str
    two_step: bool
    device: UsedDevice
    phone_number: PhoneNumber
    decision: CallerIdDecision
    started_at: datetime
    facts: frozenset[Fact]
    free_hand: bool = False
    quiet_hours_overridden: bool = False
    employee_numbers: frozenset[PhoneNumber] = frozenset()
    provider_reference: str | None = None
    matched_by: MatchedBy | None = None
    shown: ShownNumber | None = None
    record_url: str | None = None
    ended_at: datetime | None = None
    look_up_at: datetime | None = None
    look_ups: int = 0
    version: int = 0

    @cached_property
    def reading(self) -> Reading:
        return read(self.facts)

    @property
    def live(self) -> bool:
        return not self.reading.ended

    def dial(self, leg: LegName) -> Dial:
        return Dial(
            self.id,
            leg,
            self.provider,
            self.device.line,
            self.phone_number,
            self.decision.requested,
            self.provider_reference,
        )

    def learn(self, facts: Iterable[Fact], now: datetime) -> Attempt:
        """The attempt with these facts known too. Nothing new: the same value. `now` is the database's clock."""
        new = frozenset(evolve(fact, noted_at=fact.noted_at or now) for fact in facts) - self.facts
        if not new:
            return self
        known = self.facts | new
        ended_at = self.ended_at or (now if read(known).ended else None)
        return evolve(self, facts=known, ended_at=ended_at)

    def next_leg(self) -> LegName | None:
        """The leg that is due: the client's, once the employee answered, where the provider dials in two steps."""
        reading = self.reading
        due = (
            self.two_step
            and not reading.ended
            and reading.employee.answered_at is not None
            and reading.client.state is LegState.WAITING
        )
        return LegName.CLIENT if due else None

    def legs_to_hang_up(self) -> tuple[HangUp, ...]:
        """Where one leg is gone the other must not stay: on a provider of two steps that is ours to see to."""
        reading = self.reading
        if not (self.two_step and reading.ended):
            return ()
        return tuple(self.hang_up(leg.name) for leg in (reading.employee, reading.client) if leg.may_ring_or_talk)

    def hang_up(self, leg: LegName) -> HangUp:
        return HangUp(self.id, leg, self.provider, self.device.line, self.provider_reference)


def first_facts(now: datetime, *, two_step: bool) -> frozenset[Fact]:
    """What is known when the intent is committed: a one-step provider is asked for both legs at once."""
    legs = [LegName.EMPLOYEE] if two_step else [LegName.EMPLOYEE, LegName.CLIENT]
    return frozenset(Fact(leg, FactKind.REQUESTED, now) for leg in legs)


@frozen
class Call:
    """What an employee does about one matter with one client: attempts to reach them, and how they went.

    `target` is the card it was made from, `client_id` the client behind it. `due_at` belongs to a planned Call.
    """

    id: str
    target: Target
    client_id: str
    employee_id: str
    created_at: datetime
    attempts: tuple[Attempt, ...] = ()
    external_id: str | None = None
    closed_at: datetime | None = None
    due_at: datetime | None = None
    note: str | None = None
    version: int = 0

    def state(self, now: datetime, open_for: timedelta) -> CallState:
        """Derived from the attempts (an unknown one is live). `open_for`: how long a Call stays open by itself (K6)."""
        if any(attempt.live for attempt in self.attempts):
            return CallState.IN_PROGRESS
        if self.closed_at is not None or now - open_for >= self._last_stir:
            return CallState.CLOSED
        if not self.attempts:
            return CallState.PLANNED
        talked = any(attempt.reading.outcome is Outcome.TALKED for attempt in self.attempts)
        return CallState.COMPLETED if talked else CallState.NOT_REACHED

    @property
    def _last_stir(self) -> datetime:
        # A planned Call waits for its due date, however far ahead that is.
        stirs = [self.created_at, self.due_at, *(attempt.ended_at or attempt.started_at for attempt in self.attempts)]
        return max(stir for stir in stirs if stir is not None)

    @property
    def live_attempt(self) -> Attempt | None:
        """The latest that is live: an earlier one may be too, if it is unknown and was acknowledged."""
        return next((attempt for attempt in reversed(self.attempts) if attempt.live), None)

    def admit(
        self,
        *,
        principal: Principal,
        employee_id: str,
        card: TargetCard,
        number_of_client: bool,
        now: datetime,
        open_for: timedelta,
    ) -> None:
        """Refuse an attempt that doesn't belong here (K6); a live one in the way is its reservation's business (K5).
        `number_of_client`: the called number is the client's."""
        if self.employee_id != employee_id and not principal.may(Permission.ACT_FOR_OTHERS):
            raise CallOfAnotherEmployee
        same_target = self.target == card.target
        # A client and one of their interests may share a Call; two interests of one client may not.
        one_is_the_client = TargetKind.CLIENT in (self.target.kind, card.target.kind)
        client_of_interest = one_is_the_client and number_of_client and self.client_id == card.client.id
        if not (same_target or client_of_interest):
            raise CallOfAnotherTarget(call_id=self.id)
        if self.state(now, open_for) is CallState.CLOSED:
            raise CallClosed(call_id=self.id)

    def with_attempt(self, attempt: Attempt) -> Call:
        """The Call with this attempt added, or put in the place of its earlier value."""
        if any(each.id == attempt.id for each in self.attempts):
            attempts = tuple(attempt if each.id == attempt.id else each for each in self.attempts)
        else:
            attempts = (*self.attempts, attempt)
        return evolve(self, attempts=attempts)
