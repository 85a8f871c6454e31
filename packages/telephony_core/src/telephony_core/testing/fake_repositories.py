"""The repositories of the fake store, and the world that they keep; reached through a unit of work of `FakeStore`.

`World` is all that is stored: dictionaries of frozen values, so that a shallow copy of it is a copy.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from attrs import define, evolve, field, fields, frozen

from telephony_core.call import Attempt, Call
from telephony_core.call_facts import FactKind, Outcome
from telephony_core.caller_id import EarlierTalk, Verdict
from telephony_core.carousel import Carousel, NumberUse
from telephony_core.errors import CarouselConflict, InvalidRequest
from telephony_core.events import CallEvent
from telephony_core.party import TargetKind
from telephony_core.phone import PhoneNumber
from telephony_core.ports import (
    CallFilter,
    CallPage,
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


class _Unit(Protocol):
    """What a repository needs of its unit of work."""

    @property
    def store(self) -> _Store: ...

    def world(self) -> World: ...

    def world_to_change(self) -> World: ...

    def lose(self) -> ConcurrentChange: ...


class FakeCalls:
    def __init__(self, unit: _Unit) -> None:
        self._unit = unit

    async def get(self, call_id: str) -> Call | None:
        return self._unit.world().calls.get(call_id)

    async def by_external_id(self, external_id: str) -> Call | None:
        calls = self._unit.world().calls.values()
        return next((call for call in calls if call.external_id == external_id), None)

    async def add(self, call: Call) -> None:
        world = self._unit.world_to_change()
        external_ids = {each.external_id for each in world.calls.values()} - {None}
        if call.id in world.calls or call.external_id in external_ids:
            raise self._unit.lose()
        world.calls[call.id] = call

    async def save(self, call: Call) -> None:
        world = self._unit.world_to_change()
        stored = world.calls.get(call.id)
        if stored is None or stored.version != call.version:
            raise self._unit.lose()
        known = {attempt.id for attempt in stored.attempts}
        attempts = (*stored.attempts, *(attempt for attempt in call.attempts if attempt.id not in known))
        world.calls[call.id] = evolve(call, attempts=attempts, version=stored.version + 1)

    async def attempt(self, attempt_id: str) -> Attempt | None:
        return self._unit.world().attempt(attempt_id)

    async def attempt_by_reference(self, provider: str, reference: str) -> Attempt | None:
        found = (
            attempt
            for attempt in self._unit.world().attempts()
            if attempt.provider == provider and attempt.provider_reference == reference
        )
        return next(found, None)

    async def save_attempt(self, attempt: Attempt) -> Attempt:
        world = self._unit.world_to_change()
        stored = world.attempt(attempt.id)
        if stored is None or stored.version != attempt.version:
            raise self._unit.lose()
        saved = evolve(attempt, version=attempt.version + 1)
        world.calls[stored.call_id] = world.calls[stored.call_id].with_attempt(saved)
        return saved

    async def unknown_attempts(self, provider: str, line: str, number: PhoneNumber) -> tuple[Attempt, ...]:
        return tuple(
            attempt
            for attempt in self._unit.world().attempts()
            if (attempt.provider, attempt.device.line, attempt.phone_number) == (provider, line, number)
            and attempt.provider_reference is None
            and any(fact.kind is FactKind.ANSWER_LOST for fact in attempt.facts)
            and attempt.reading.outcome in (None, Outcome.UNRESOLVED)
        )

    async def live_attempts(self, after_id: str, limit: int) -> tuple[Attempt, ...]:
        live = (attempt for attempt in self._unit.world().attempts() if attempt.live and attempt.id > after_id)
        return tuple(live)[:limit]

    async def due_for_look_up(self, now: datetime, limit: int) -> tuple[Attempt, ...]:
        due = [
            (attempt.look_up_at, attempt.id, attempt)
            for attempt in self._unit.world().attempts()
            if attempt.look_up_at is not None and attempt.look_up_at <= now
        ]
        return tuple(attempt for _, _, attempt in sorted(due, key=lambda each: each[:2]))[:limit]

    async def count_attempts(self, employee_id: str, since: datetime) -> int:
        attempts = self._unit.world().attempts()
        return sum(attempt.employee_id == employee_id and attempt.started_at >= since for attempt in attempts)

    async def earlier_talk(self, client_id: str, number: PhoneNumber) -> EarlierTalk | None:
        talks = [
            EarlierTalk(shown, attempt.started_at)
            for attempt in self._unit.world().attempts()
            if attempt.client_id == client_id
            and attempt.phone_number == number
            and attempt.reading.outcome is Outcome.TALKED
            and (shown := _carousel_number_shown(attempt)) is not None
        ]
        return max(talks, key=lambda talk: talk.at, default=None)

    async def last_attempts(self, client_id: str, numbers: Iterable[PhoneNumber]) -> Mapping[PhoneNumber, Attempt]:
        wanted = set(numbers)
        mine = [
            attempt
            for attempt in self._unit.world().attempts()
            if attempt.client_id == client_id and attempt.phone_number in wanted
        ]
        # The last of a comprehension's equal keys stays.
        return {attempt.phone_number: attempt for attempt in sorted(mine, key=lambda each: (each.started_at, each.id))}

    async def page(self, wanted: CallFilter, *, cursor: str | None, limit: int) -> CallPage:
        before = _place_of(cursor) if cursor is not None else None
        now, open_for = self._unit.store.clock.now(), self._unit.store.open_for
        calls = sorted(self._unit.world().calls.values(), key=_place, reverse=True)
        fitting = [
            call
            for call in calls
            if _fits(call, wanted)
            and (wanted.state is None or call.state(now, open_for) is wanted.state)
            and (before is None or _place(call) < before)
        ]
        more = len(fitting) > limit
        items = tuple(fitting[:limit])
        return CallPage(items, _cursor_of(items[-1]) if more and items else None)


_SEEN_FROM_THE_CAROUSEL = (Verdict.CONFORMS, Verdict.CONFORMS_AMBIGUOUS, Verdict.OTHER_POOL)


def _carousel_number_shown(attempt: Attempt) -> PhoneNumber | None:
    if attempt.decision.pool_id is None:
        return None  # a SIM's number is no carousel's
    if attempt.shown is not None and attempt.shown.number is not None:
        return attempt.shown.number if attempt.shown.verdict in _SEEN_FROM_THE_CAROUSEL else None
    return attempt.decision.requested


def _place(call: Call) -> tuple[str, str]:
    return call.created_at.isoformat(timespec="microseconds"), call.id


def _cursor_of(call: Call) -> str:
    return base64.urlsafe_b64encode(json.dumps(_place(call)).encode()).decode()


def _place_of(cursor: str) -> tuple[str, str]:
    try:
        instant, call_id = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        datetime.fromisoformat(instant)
    except (ValueError, TypeError, binascii.Error):
        raise InvalidRequest("The cursor is not one of ours.", field="cursor") from None
    return instant, call_id


def _fits(call: Call, wanted: CallFilter) -> bool:
    of_interest = wanted.interest_id is None or (
        call.target.kind is TargetKind.INTEREST and call.target.id == wanted.interest_id
    )
    return (
        of_interest
        and wanted.employee_id in (None, call.employee_id)
        and wanted.client_id in (None, call.client_id)
        and wanted.external_id in (None, call.external_id)
        and (wanted.since is None or call.created_at >= wanted.since)
        and (wanted.until is None or call.created_at < wanted.until)
    )


class FakeReservations:
    def __init__(self, unit: _Unit) -> None:
        self._unit = unit

    async def holders(self, wanted: Iterable[Reservation]) -> Mapping[Reservation, str]:
        held = self._unit.world().reservations
        return {each: held[each] for each in wanted if each in held}

    async def take(self, attempt_id: str, wanted: Iterable[Reservation]) -> None:
        held = self._unit.world_to_change().reservations
        for each in wanted:
            if each in held:
                raise self._unit.lose()
            held[each] = attempt_id

    async def give_up(self, attempt_id: str, which: Iterable[Reservation] | None = None) -> int:
        held = self._unit.world_to_change().reservations
        asked = set(held) if which is None else set(which)
        mine = [each for each, holder in held.items() if holder == attempt_id and each in asked]
        for each in mine:
            del held[each]
        return len(mine)


class FakeKeys:
    def __init__(self, unit: _Unit) -> None:
        self._unit = unit

    async def get(self, scope: KeyScope) -> KeyRecord | None:
        return self._unit.world().keys.get(scope)

    async def put(self, record: KeyRecord) -> None:
        keys = self._unit.world_to_change().keys
        if record.scope in keys:
            raise self._unit.lose()
        keys[record.scope] = record

    async def forget_before(self, instant: datetime) -> int:
        world = self._unit.world_to_change()
        live = {attempt.id for attempt in world.attempts() if attempt.live}
        old = [
            scope
            for scope, record in world.keys.items()
            if record.created_at < instant and record.attempt_id not in live
        ]
        for scope in old:
            del world.keys[scope]
        return len(old)


class FakeCarousel:
    def __init__(self, unit: _Unit) -> None:
        self._unit = unit

    async def load(self, *, choosing_for: str | None = None) -> Carousel:
        # Writing units run one after the other: their locks are held from the beginning.
        return self._unit.world_to_change().carousel if choosing_for is not None else self._unit.world().carousel

    async def uses(self, provider: str, day_began_at: datetime) -> Mapping[PhoneNumber, NumberUse]:
        world, now = self._unit.world(), self._unit.store.clock.now()
        found: dict[PhoneNumber, NumberUse] = {}
        for pool in world.carousel.of_provider(provider).pools:
            active = pool.active(now)
            for generation in pool.generations:
                for number in (each.number for each in generation.numbers):
                    if number in found and generation is not active:
                        continue  # of two pools that number a number theirs, the one where it is active counts
                    turn = world.turns.get(number)
                    shows = world.shows.get(number, ())
                    found[number] = NumberUse(
                        picks=turn.picks if turn else 0,
                        # A turn of another pool says nothing in this one: there the number is new.
                        turn=turn.turn if turn and turn.pool_id == pool.id else 0,
                        shows_today=sum(at >= day_began_at for at in shows),
                        last_shown_at=max(shows, default=None),
                    )
        return found

    async def take_turn(self, pool_id: str, number: PhoneNumber) -> None:
        world = self._unit.world_to_change()
        world.counts[pool_id] = world.counts.get(pool_id, 0) + 1
        before = world.turns.get(number)
        world.turns[number] = Turn(pool_id, world.counts[pool_id], (before.picks if before else 0) + 1)

    async def count_show(self, number: PhoneNumber, at: datetime) -> None:
        shows = self._unit.world_to_change().shows
        shows[number] = (*shows.get(number, ()), at)

    async def store(self, carousel: Carousel) -> None:
        world = self._unit.world_to_change()
        faults = carousel.faults()
        if faults:
            named = [{"pool": fault.pool_id, "fault": fault.fault, "about": fault.about} for fault in faults]
            raise CarouselConflict(faults=named)
        world.carousel = carousel


class FakeReports:
    def __init__(self, unit: _Unit) -> None:
        self._unit = unit

    async def add(self, report: ProviderReport, now: datetime) -> bool:
        reports = self._unit.world_to_change().reports
        if _key(report) in reports:
            return False
        reports[_key(report)] = KeptReport(report, now)
        return True

    async def mark_matched(self, report: ProviderReport, attempt_id: str) -> None:
        reports = self._unit.world_to_change().reports
        reports[_key(report)] = evolve(reports[_key(report)], attempt_id=attempt_id)

    async def unmatched_of_reference(self, provider: str, reference: str) -> tuple[ProviderReport, ...]:
        return tuple(
            report for report in self._unmatched() if (report.provider, report.reference) == (provider, reference)
        )

    async def unmatched_of_line(
        self, provider: str, line: str, number: PhoneNumber, since: datetime
    ) -> tuple[ProviderReport, ...]:
        return tuple(
            report
            for report in self._unmatched()
            if (report.provider, report.line, report.phone_number) == (provider, line, number)
            and report.placed_by_us
            and report.at >= since
        )

    def _unmatched(self) -> list[ProviderReport]:
        return [kept.report for kept in self._unit.world().reports.values() if kept.attempt_id is None]

    async def heard_since(self, provider: str, since: datetime) -> bool:
        kept = self._unit.world().reports.values()
        return any(each.report.provider == provider and each.received_at >= since for each in kept)

    async def forget_before(self, instant: datetime) -> int:
        reports = self._unit.world_to_change().reports
        old = [key for key, kept in reports.items() if kept.received_at < instant]
        for key in old:
            del reports[key]
        return len(old)


def _key(report: ProviderReport) -> ReportKey:
    return report.provider, report.subscription_id, report.event_id


class FakeEvents:
    def __init__(self, unit: _Unit) -> None:
        self._unit = unit

    async def add(self, event: CallEvent) -> None:
        self._unit.world_to_change().events.append(event)
