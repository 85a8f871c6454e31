"""Calls with their attempts: the port's `CallRepository`, and what it asks of the database.

Two statements read a Call: the row, and its attempts. On PostgreSQL they can't be one where rows are locked: who waited
for a Call's lock must see the attempts that were added meanwhile, which takes a statement that begins after the wait.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve
from sqlalchemy import Integer, Row, and_, bindparam, func, insert, select, update

from telephony_adapters.store.call_lists import page_statement
from telephony_adapters.store.call_tallies import OTHERWISE, SEEN, TO_NUMBER, VERDICTS
from telephony_adapters.store.columns import Instant
from telephony_adapters.store.rows import attempt_of, attempt_row, call_of, call_row, changing_row
from telephony_adapters.store.tables import attempts, calls
from telephony_adapters.store.transaction import Lockable, Transaction
from telephony_core.call import Attempt, Call
from telephony_core.call_facts import Outcome
from telephony_core.caller_id import EarlierTalk, Verdict
from telephony_core.errors import InvalidRequest
from telephony_core.phone import PhoneNumber
from telephony_core.ports import CallFilter, CallPage, ConcurrentChange, NumberSeen

_CALL = Lockable.of(select(calls).where(calls.c.id == bindparam("id")))
_CALL_BY_EXTERNAL_ID = Lockable.of(select(calls).where(calls.c.external_id == bindparam("external_id")))
_ATTEMPTS_OF_CALL = Lockable.timed(
    select(attempts).where(attempts.c.call_id == bindparam("call_id")).order_by(attempts.c.place)
)
_ATTEMPTS_OF_CALLS = (
    select(attempts)
    .where(attempts.c.call_id.in_(bindparam("call_ids", expanding=True)))
    .order_by(attempts.c.call_id, attempts.c.place)
)
_IDS_OF_CALL = select(attempts.c.id).where(attempts.c.call_id == bindparam("call_id"))
_ATTEMPT = Lockable.timed(select(attempts).where(attempts.c.id == bindparam("id")))
_ATTEMPT_BY_REFERENCE = Lockable.timed(
    select(attempts).where(
        attempts.c.provider == bindparam("provider"), attempts.c.provider_reference == bindparam("reference")
    )
)
_UNREFERENCED = Lockable.of(
    select(attempts)
    .where(
        attempts.c.provider == bindparam("provider"),
        attempts.c.line == bindparam("line"),
        attempts.c.phone_number == bindparam("number"),
        attempts.c.provider_reference.is_(None),
        attempts.c.started_at >= bindparam("since"),
        attempts.c.outcome.is_(None)
        | attempts.c.outcome.not_in([Outcome.NOT_SENT.value, Outcome.REFUSED_BY_PROVIDER.value]),
    )
    .order_by(attempts.c.id)
)
_LIVE = Lockable.of(
    select(attempts)
    .where(attempts.c.live, attempts.c.id > bindparam("after_id"))
    .order_by(attempts.c.id)
    .limit(bindparam("limit", type_=Integer))
)
_DUE = Lockable.of(
    select(attempts)
    .where(attempts.c.look_up_at <= bindparam("now", type_=Instant))
    .order_by(attempts.c.look_up_at, attempts.c.id)
    .limit(bindparam("limit", type_=Integer))
)
_started = attempts.c.started_at
_COUNT = select(
    func.count().filter(_started >= bindparam("since", type_=Instant)).label("counted"),
    func.count().filter(_started >= bindparam("or_since", type_=Instant)).label("or_counted"),
).where(attempts.c.employee_id == bindparam("employee_id"), _started >= bindparam("first", type_=Instant))
_EARLIER_TALK = (
    select(attempts.c.carousel_number, attempts.c.started_at)
    .where(
        attempts.c.client_id == bindparam("client_id"),
        attempts.c.phone_number == bindparam("number"),
        attempts.c.outcome == Outcome.TALKED.value,
        attempts.c.carousel_number.is_not(None),
    )
    .order_by(attempts.c.started_at.desc(), attempts.c.id.desc())
    .limit(1)
)
_ranked = (
    select(
        attempts.c.id,
        func.row_number()
        .over(partition_by=attempts.c.phone_number, order_by=(attempts.c.started_at.desc(), attempts.c.id.desc()))
        .label("age"),
    )
    .where(
        attempts.c.client_id == bindparam("client_id"),
        attempts.c.phone_number.in_(bindparam("numbers", expanding=True)),
    )
    .subquery()
)
_LAST = select(attempts).join(_ranked, and_(_ranked.c.id == attempts.c.id, _ranked.c.age == 1))

_ADD_CALL = insert(calls)
_ADD_ATTEMPTS = insert(attempts)
# Which columns are set, follows from the parameters. The primary key stands alone beside the version, so that no plan
# takes another index: a partial one was once chosen and read from end to end.
_SAVE_CALL = update(calls).where(calls.c.id == bindparam("which"), calls.c.version == bindparam("seen"))
_SAVE_ATTEMPT = update(attempts).where(attempts.c.id == bindparam("which"), attempts.c.version == bindparam("seen"))


class SqlCalls:
    """`ports.CallRepository`; lives as long as its unit of work."""

    def __init__(self, work: Transaction, open_for: timedelta) -> None:
        self._work = work
        self._open_for = open_for
        self._stored: dict[str, set[str]] = {}
        """Of Calls that this unit has read or written: which attempts are stored."""

    async def get(self, call_id: str) -> Call | None:
        return await self._call(await self._work.row(_CALL, {"id": call_id}))

    async def by_external_id(self, external_id: str) -> Call | None:
        return await self._call(await self._work.row(_CALL_BY_EXTERNAL_ID, {"external_id": external_id}))

    async def _call(self, row: Row[Any] | None) -> Call | None:
        if row is None:
            return None
        rows = await self._work.rows(_ATTEMPTS_OF_CALL, {"call_id": row.id})
        call = call_of(row, map(attempt_of, rows))
        self._stored[call.id] = {attempt.id for attempt in call.attempts}
        return call

    async def add(self, call: Call) -> None:
        await self._work.write(_ADD_CALL, call_row(call))
        self._stored[call.id] = set()
        await self._add_new_attempts(call)

    async def save(self, call: Call) -> None:
        changed = {
            "which": call.id,
            "seen": call.version,
            "closed_at": call.closed_at,
            "due_at": call.due_at,
            "note": call.note,
            "external_id": call.external_id,
            "version": call.version + 1,
        }
        if await self._work.write(_SAVE_CALL, changed) == 0:
            raise ConcurrentChange(f"call {call.id}")
        await self._add_new_attempts(call)

    async def _add_new_attempts(self, call: Call) -> None:
        stored = self._stored.get(call.id)
        if stored is None:
            stored = {row.id for row in await self._work.rows(_IDS_OF_CALL, {"call_id": call.id})}
            self._stored[call.id] = stored
        rows = [attempt_row(each, place) for place, each in enumerate(call.attempts) if each.id not in stored]
        if rows:
            await self._work.write(_ADD_ATTEMPTS, rows if len(rows) > 1 else rows[0])
            stored.update(row["id"] for row in rows)

    async def attempt(self, attempt_id: str) -> Attempt | None:
        row = await self._work.row(_ATTEMPT, {"id": attempt_id})
        return attempt_of(row) if row is not None else None

    async def attempt_by_reference(self, provider: str, reference: str) -> Attempt | None:
        row = await self._work.row(_ATTEMPT_BY_REFERENCE, {"provider": provider, "reference": reference})
        return attempt_of(row) if row is not None else None

    async def save_attempt(self, attempt: Attempt) -> Attempt:
        stored = evolve(attempt, version=attempt.version + 1)
        changed = {**changing_row(stored), "which": attempt.id, "seen": attempt.version, "version": stored.version}
        if await self._work.write(_SAVE_ATTEMPT, changed) == 0:
            raise ConcurrentChange(f"attempt {attempt.id}")
        return stored

    async def unreferenced_attempts(
        self, provider: str, line: str, number: PhoneNumber, since: datetime
    ) -> tuple[Attempt, ...]:
        about = {"provider": provider, "line": line, "number": number.e164, "since": since}
        rows = await self._work.rows(_UNREFERENCED, about)
        return tuple(map(attempt_of, rows))

    async def live_attempts(self, after_id: str, limit: int) -> tuple[Attempt, ...]:
        return tuple(map(attempt_of, await self._work.rows(_LIVE, {"after_id": after_id, "limit": limit})))

    async def due_for_look_up(self, now: datetime, limit: int) -> tuple[Attempt, ...]:
        return tuple(map(attempt_of, await self._work.rows(_DUE, {"now": now, "limit": limit})))

    async def count_attempts(self, employee_id: str, since: datetime, or_since: datetime) -> tuple[int, int]:
        first = min(since, or_since)
        asked = {"employee_id": employee_id, "since": since, "or_since": or_since, "first": first}
        row = await self._work.row(_COUNT, asked)
        assert row is not None  # counts have one row
        return row.counted, row.or_counted

    async def earlier_talk(self, client_id: str, number: PhoneNumber) -> EarlierTalk | None:
        row = await self._work.row(_EARLIER_TALK, {"client_id": client_id, "number": number.e164})
        return EarlierTalk(PhoneNumber(row.carousel_number), row.started_at) if row is not None else None

    async def last_attempts(self, client_id: str, numbers: Iterable[PhoneNumber]) -> Mapping[PhoneNumber, Attempt]:
        asked = sorted({number.e164 for number in numbers})
        if not asked:
            return {}
        rows = await self._work.rows(_LAST, {"client_id": client_id, "numbers": asked})
        return {attempt.phone_number: attempt for attempt in map(attempt_of, rows)}

    async def attempts_to(self, number: PhoneNumber, since: datetime, until: datetime) -> tuple[Attempt, ...]:
        asked = {"number": number.e164, "since": since, "until": until}
        return tuple(map(attempt_of, await self._work.rows(TO_NUMBER, asked)))

    async def numbers_seen(self, since: datetime) -> Mapping[PhoneNumber, NumberSeen]:
        rows = await self._work.rows(SEEN, {"since": since})
        return {PhoneNumber(row.shown_number): NumberSeen(row.times, row.first_at, row.last_at) for row in rows}

    async def verdict_counts(
        self, since: datetime, until: datetime, pool_id: str | None
    ) -> Mapping[Verdict | None, int]:
        rows = await self._work.rows(VERDICTS, {"since": since, "until": until, "pool_id": pool_id})
        return {Verdict(row.verdict) if row.verdict else None: row.times for row in rows}

    async def judged_otherwise(
        self, since: datetime, until: datetime, pool_id: str | None, limit: int
    ) -> tuple[Attempt, ...]:
        asked = {"since": since, "until": until, "pool_id": pool_id, "limit": limit}
        return tuple(map(attempt_of, await self._work.rows(OTHERWISE, asked)))

    async def page(self, wanted: CallFilter, *, cursor: str | None, limit: int) -> CallPage:
        statement, parameters = page_statement(wanted, after=_from_cursor(cursor) if cursor is not None else None)
        if wanted.state is not None:
            parameters["stirred_before"] = await self._work.now() - self._open_for
        # One more than asked for tells whether there is a next page.
        rows = await self._work.rows(statement, {**parameters, "limit": limit + 1})
        more, rows = len(rows) > limit, rows[:limit]
        of_call: dict[str, list[Attempt]] = {row.id: [] for row in rows}
        if rows:
            for attempt in map(attempt_of, await self._work.rows(_ATTEMPTS_OF_CALLS, {"call_ids": list(of_call)})):
                of_call[attempt.call_id].append(attempt)
        items = tuple(call_of(row, of_call[row.id]) for row in rows)
        return CallPage(items, _cursor(items[-1]) if more else None)


def _cursor(call: Call) -> str:
    place = json.dumps([call.created_at.astimezone(UTC).isoformat(), call.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _from_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        place = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        instant, call_id = place
        created_at = datetime.fromisoformat(instant)
        if created_at.tzinfo is None or not isinstance(call_id, str) or "\0" in call_id:
            raise ValueError(cursor)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise InvalidRequest("The cursor is not one that was given out.", field="cursor") from None
    return created_at, call_id
