"""What the fake store keeps: `World`, dictionaries of frozen values, so that a shallow copy of it is a copy."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from attrs import define, field, fields, frozen

from telephony_core.call import Attempt, Call
from telephony_core.carousel import Carousel
from telephony_core.events import CallEvent
from telephony_core.phone import PhoneNumber
from telephony_core.ports import (
    Clock,
    ConcurrentChange,
    KeyRecord,
    KeyScope,
    ProviderReport,
    Reservation,
)

ReportKey = tuple[str, str, str]


@frozen
class KeptReport:
    """A report, when it arrived, and the attempt that it was found to be about."""

    report: ProviderReport
    received_at: datetime
    attempt_id: str | None = None


@frozen
class Turn:
    """A number's last fair pick: of which pool, and that pool's running count then."""

    pool_id: str
    turn: int
    picks: int


@define
class World:
    """All that a store keeps."""

    carousel: Carousel = Carousel()
    calls: dict[str, Call] = field(factory=dict)
    reservations: dict[Reservation, str] = field(factory=dict)
    keys: dict[KeyScope, KeyRecord] = field(factory=dict)
    reports: dict[ReportKey, KeptReport] = field(factory=dict)
    events: list[CallEvent] = field(factory=list)
    counts: dict[str, int] = field(factory=dict)
    turns: dict[PhoneNumber, Turn] = field(factory=dict)
    shows: dict[PhoneNumber, tuple[datetime, ...]] = field(factory=dict)

    def copy(self) -> World:
        values: dict[str, Any] = {}
        for each in fields(World):
            value = getattr(self, each.name)
            values[each.name] = value if isinstance(value, Carousel) else value.copy()
        return World(**values)

    def attempts(self) -> list[Attempt]:
        """All attempts, by id."""
        found = (attempt for call in self.calls.values() for attempt in call.attempts)
        return sorted(found, key=lambda attempt: attempt.id)

    def attempt(self, attempt_id: str) -> Attempt | None:
        return next((attempt for attempt in self.attempts() if attempt.id == attempt_id), None)


class _Store(Protocol):
    @property
    def clock(self) -> Clock: ...

    @property
    def open_for(self) -> timedelta: ...


class Unit(Protocol):
    """What a repository needs of its unit of work."""

    @property
    def store(self) -> _Store: ...

    def world(self) -> World: ...

    def world_to_change(self) -> World: ...

    def lose(self) -> ConcurrentChange: ...
