"""The repository of Calls of the fake store; reached through a unit of work of `FakeStore`."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import evolve

from telephony_core.call import Attempt, Call
from telephony_core.call_facts import Outcome
from telephony_core.caller_id import EarlierTalk, Verdict
from telephony_core.errors import InvalidRequest
from telephony_core.party import TargetKind
from telephony_core.phone import PhoneNumber
from telephony_core.ports import (
    CallFilter,
    CallPage,
    NumberSeen,
)
from telephony_core.testing.fake_world import Unit

_NEVER_RANG = (Outcome.NOT_SENT, Outcome.REFUSED_BY_PROVIDER)
_OTHERWISE = (Verdict.OTHER_POOL, Verdict.UNKNOWN_NUMBER, Verdict.EMPLOYEE_NUMBER, Verdict.OTHER_NUMBER)


def _age(attempt: Attempt) -> tuple[datetime, str]:
    return attempt.started_at, attempt.id


class FakeCalls:
    def __init__(self, unit: Unit) -> None:
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
        if attempt.provider_reference is not None:
            holder = await self.attempt_by_reference(attempt.provider, attempt.provider_reference)
            if holder is not None and holder.id != attempt.id:
                raise self._unit.lose()
        saved = evolve(attempt, version=attempt.version + 1)
        world.calls[stored.call_id] = world.calls[stored.call_id].with_attempt(saved)
        return saved

    async def unreferenced_attempts(
        self, provider: str, line: str, number: PhoneNumber, since: datetime
    ) -> tuple[Attempt, ...]:
        found = (
            attempt
            for attempt in self._unit.world().attempts()
            if (attempt.provider, attempt.device.line, attempt.phone_number) == (provider, line, number)
            and attempt.provider_reference is None
            and attempt.started_at >= since
            and attempt.reading.outcome not in (Outcome.NOT_SENT, Outcome.REFUSED_BY_PROVIDER)
        )
        return tuple(sorted(found, key=lambda attempt: attempt.id))

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

    async def count_attempts(self, employee_id: str, since: datetime, or_since: datetime) -> tuple[int, int]:
        starts = [each.started_at for each in self._unit.world().attempts() if each.employee_id == employee_id]
        return sum(at >= since for at in starts), sum(at >= or_since for at in starts)

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

    async def attempts_to(self, number: PhoneNumber, since: datetime, until: datetime) -> tuple[Attempt, ...]:
        found = [
            attempt
            for attempt in self._unit.world().attempts()
            if attempt.phone_number == number and since <= attempt.started_at <= until
        ]
        return tuple(sorted(found, key=_age, reverse=True))

    async def numbers_seen(self, since: datetime) -> Mapping[PhoneNumber, NumberSeen]:
        starts: dict[PhoneNumber, list[datetime]] = {}
        for attempt in self._unit.world().attempts():
            if attempt.started_at >= since and attempt.shown is not None and attempt.shown.number is not None:
                starts.setdefault(attempt.shown.number, []).append(attempt.started_at)
        return {number: NumberSeen(len(times), min(times), max(times)) for number, times in starts.items()}

    async def verdict_counts(
        self, since: datetime, until: datetime, pool_id: str | None
    ) -> Mapping[Verdict | None, int]:
        judged = [
            attempt.shown.verdict if attempt.shown else None
            for attempt in self._decided(since, until, pool_id)
            if attempt.shown or attempt.reading.outcome not in _NEVER_RANG
        ]
        return Counter(judged)

    async def judged_otherwise(
        self, since: datetime, until: datetime, pool_id: str | None, limit: int
    ) -> tuple[Attempt, ...]:
        found = [
            attempt
            for attempt in self._decided(since, until, pool_id)
            if attempt.shown and attempt.shown.verdict in _OTHERWISE
        ]
        return tuple(sorted(found, key=_age, reverse=True)[:limit])

    def _decided(self, since: datetime, until: datetime, pool_id: str | None) -> list[Attempt]:
        return [
            attempt
            for attempt in self._unit.world().attempts()
            if since <= attempt.started_at < until and pool_id in (None, attempt.decision.pool_id)
        ]

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
