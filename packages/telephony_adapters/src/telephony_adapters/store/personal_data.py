"""Takes clients' numbers out of what is stored: the port's `PersonalData` (P3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from attrs import evolve
from sqlalchemy import ColumnElement, Row, bindparam, exists, func, or_, select, update

from telephony_adapters.store.tables import attempts, calls, events, provider_reports
from telephony_adapters.store.transaction import Transaction
from telephony_core.phone import ERASED_NUMBER
from telephony_core.ports import Erased
from telephony_core.serialization import event_from_stored, event_to_stored

_BATCH = 500

_ERASE_ATTEMPTS = update(attempts).values(
    phone_number=ERASED_NUMBER.e164, record_url=None, look_up_at=None, version=attempts.c.version + 1
)
_ERASE_NOTES = update(calls).values(note=None, version=calls.c.version + 1)
_ERASE_REPORTS = update(provider_reports).values(phone_number=None, record_url=None)
_ERASE_EVENT = update(events).where(events.c.seq == bindparam("which")).values(body=bindparam("bare"))
_tells_a_number = events.c.body["phone_number"].as_string().is_not(None)
_of_a_live_attempt = exists().where(
    attempts.c.call_id == events.c.call_id, attempts.c.live, attempts.c.id == events.c.body["attempt_id"].as_string()
)


class SqlPersonalData:
    """Lives as long as its unit of work."""

    def __init__(self, work: Transaction) -> None:
        self._work = work

    async def erase_client(self, client_id: str) -> Erased:
        ended = select(attempts.c.id, attempts.c.phone_number).where(attempts.c.client_id == client_id)
        of_client = select(calls.c.id).where(calls.c.client_id == client_id)
        notes = of_client.where(calls.c.note.is_not(None))
        told = select(events.c.seq, events.c.body).where(events.c.call_id.in_(of_client))
        return await self._erase(ended, notes, told, None)

    async def erase_before(self, instant: datetime, limit: int) -> Erased:
        ended = select(attempts.c.id, attempts.c.phone_number).where(attempts.c.started_at < instant)
        later = exists().where(attempts.c.call_id == calls.c.id, attempts.c.started_at >= instant)
        notes = select(calls.c.id).where(
            calls.c.note.is_not(None),
            calls.c.created_at < instant,
            func.coalesce(calls.c.due_at, calls.c.created_at) < instant,
            ~later,
        )
        told = select(events.c.seq, events.c.body).where(events.c.at < instant)
        return await self._erase(ended, notes, told, limit)

    async def _erase(self, ended: Any, notes: Any, told: Any, limit: int | None) -> Erased:
        not_yet = ended.where(~attempts.c.live, attempts.c.phone_number != ERASED_NUMBER.e164)
        found = await self._work.rows(not_yet.order_by(attempts.c.started_at, attempts.c.id).limit(limit))
        reports = 0
        for batch in _batches(found):
            ids = [row.id for row in batch]
            await self._work.write(_ERASE_ATTEMPTS.where(attempts.c.id.in_(ids)))
            reports += await self._erase_reports(ids, {row.phone_number for row in batch})
        noted = await self._work.rows(notes.order_by(calls.c.created_at).limit(limit))
        for batch in _batches(noted):
            await self._work.write(_ERASE_NOTES.where(calls.c.id.in_([row.id for row in batch])))
        rows = await self._work.rows(
            told.where(_tells_a_number, ~_of_a_live_attempt).order_by(events.c.seq).limit(limit)
        )
        if rows:
            await self._work.write(_ERASE_EVENT, [{"which": row.seq, "bare": _bare(row.body)} for row in rows])
        return Erased(len(found), len(noted), reports, len(rows))

    async def _erase_reports(self, ids: list[str], numbers: Iterable[str]) -> int:
        about: ColumnElement[bool] = or_(
            provider_reports.c.matched_attempt_id.in_(ids), provider_reports.c.phone_number.in_(sorted(numbers))
        )
        tells = or_(provider_reports.c.phone_number.is_not(None), provider_reports.c.record_url.is_not(None))
        return await self._work.write(_ERASE_REPORTS.where(about, tells))


def _bare(body: dict[str, Any]) -> dict[str, Any]:
    return event_to_stored(evolve(event_from_stored(body), phone_number=None))


def _batches(rows: Sequence[Row[Any]]) -> Iterator[Sequence[Row[Any]]]:
    return (rows[at : at + _BATCH] for at in range(0, len(rows), _BATCH))
