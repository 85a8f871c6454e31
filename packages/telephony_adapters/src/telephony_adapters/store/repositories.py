"""The small repositories: reservations, Idempotency-Keys, reports, events. Each lives as long as its unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, exists, insert, or_, select, text, tuple_, update

from telephony_adapters.store.columns import Instant
from telephony_adapters.store.rows import report_of, report_row
from telephony_adapters.store.tables import attempts, events, idempotency_keys, provider_reports, reservations
from telephony_adapters.store.transaction import Transaction
from telephony_core.events import CallEvent
from telephony_core.phone import PhoneNumber
from telephony_core.ports import KeyRecord, KeyScope, ProviderReport, Reservation, ReservationKind
from telephony_core.serialization import event_to_stored

# --- Reservations -----------------------------------------------------------------------------------------------------

_pair = tuple_(reservations.c.kind, reservations.c.value)


@cache
def _holders(wanted: int) -> Select[Any]:
    """Of so many reservations, `kind0` and `value0` being the first: an attempt wants three, and they are few kinds of
    questions. A list in one parameter would be written into the statement anew at each execution."""
    each = (
        and_(reservations.c.kind == bindparam(f"kind{n}"), reservations.c.value == bindparam(f"value{n}"))
        for n in range(wanted)
    )
    return select(reservations).where(or_(*each))


_NAMES = ("kind", "value")
_TAKE = insert(reservations)
_GIVE_UP_ALL = delete(reservations).where(reservations.c.attempt_id == bindparam("attempt_id"))
_GIVE_UP = _GIVE_UP_ALL.where(_pair.in_(bindparam("which", expanding=True)))


def _pairs(wanted: Iterable[Reservation]) -> list[tuple[str, str]]:
    # In one order everywhere: two that want the same never wait for each other in a circle.
    return sorted({(each.kind.value, each.value) for each in wanted})


class SqlReservations:
    """`ports.Reservations`: the primary key is what excludes."""

    def __init__(self, work: Transaction) -> None:
        self._work = work

    async def holders(self, wanted: Iterable[Reservation]) -> Mapping[Reservation, str]:
        pairs = _pairs(wanted)
        if not pairs:
            return {}
        asked = {f"{name}{n}": word for n, pair in enumerate(pairs) for name, word in zip(_NAMES, pair, strict=True)}
        rows = await self._work.rows(_holders(len(pairs)), asked)
        return {Reservation(ReservationKind(row.kind), row.value): row.attempt_id for row in rows}

    async def take(self, attempt_id: str, wanted: Iterable[Reservation]) -> None:
        rows = [{"kind": kind, "value": value, "attempt_id": attempt_id} for kind, value in _pairs(wanted)]
        if rows:
            await self._work.write(_TAKE, rows)

    async def give_up(self, attempt_id: str, which: Iterable[Reservation] | None = None) -> int:
        if which is None:
            return await self._work.write(_GIVE_UP_ALL, {"attempt_id": attempt_id})
        pairs = _pairs(which)
        return await self._work.write(_GIVE_UP, {"attempt_id": attempt_id, "which": pairs}) if pairs else 0


# --- Idempotency-Keys -------------------------------------------------------------------------------------------------

_KEY = select(idempotency_keys).where(
    idempotency_keys.c.principal_id == bindparam("principal_id"),
    idempotency_keys.c.employee_id == bindparam("employee_id"),
    idempotency_keys.c.key == bindparam("key"),
)
_PUT_KEY = insert(idempotency_keys)
_FORGET_KEYS = delete(idempotency_keys).where(
    idempotency_keys.c.created_at < bindparam("instant", type_=Instant),
    ~exists().where(attempts.c.id == idempotency_keys.c.attempt_id, attempts.c.live),
)


class SqlIdempotencyKeys:
    """`ports.IdempotencyKeys`."""

    def __init__(self, work: Transaction) -> None:
        self._work = work

    async def get(self, scope: KeyScope) -> KeyRecord | None:
        asked = {"principal_id": scope.principal_id, "employee_id": scope.employee_id, "key": scope.key}
        row = await self._work.row(_KEY, asked)
        return KeyRecord(scope, row.fingerprint, row.call_id, row.attempt_id, row.created_at) if row else None

    async def put(self, record: KeyRecord) -> None:
        row = {
            "principal_id": record.scope.principal_id,
            "employee_id": record.scope.employee_id,
            "key": record.scope.key,
            "fingerprint": record.fingerprint,
            "call_id": record.call_id,
            "attempt_id": record.attempt_id,
            "created_at": record.created_at,
        }
        await self._work.write(_PUT_KEY, row)

    async def forget_before(self, instant: datetime) -> int:
        return await self._work.write(_FORGET_KEYS, {"instant": instant})


# --- Reports ----------------------------------------------------------------------------------------------------------

_report_id = (
    provider_reports.c.provider == bindparam("of_provider"),
    provider_reports.c.subscription_id == bindparam("of_subscription"),
    provider_reports.c.event_id == bindparam("of_event"),
)
_columns = [column.name for column in provider_reports.columns]
# `ON CONFLICT` is the same text on both databases, and a construct of each dialect's own in SQLAlchemy.
_ADD_REPORT = text(
    f"INSERT INTO provider_reports ({', '.join(_columns)}) VALUES ({', '.join(f':{name}' for name in _columns)})"  # noqa: S608 - names of ours
    " ON CONFLICT (provider, subscription_id, event_id) DO NOTHING"
).bindparams(*(bindparam(name, type_=provider_reports.c[name].type) for name in _columns))
_MARK_MATCHED = update(provider_reports).where(*_report_id)
_unmatched = select(provider_reports).where(provider_reports.c.matched_attempt_id.is_(None))
_in_order = (provider_reports.c.received_at, provider_reports.c.at, provider_reports.c.event_id)
_UNMATCHED_OF_REFERENCE = _unmatched.where(
    provider_reports.c.provider == bindparam("provider"), provider_reports.c.reference == bindparam("reference")
).order_by(*_in_order)
_UNMATCHED_OF_LINE = _unmatched.where(
    provider_reports.c.provider == bindparam("provider"),
    provider_reports.c.line == bindparam("line"),
    provider_reports.c.phone_number == bindparam("number"),
    provider_reports.c.placed_by_us,
    provider_reports.c.at >= bindparam("since", type_=Instant),
).order_by(*_in_order)
_HEARD = (
    select(provider_reports.c.event_id)
    .where(
        provider_reports.c.provider == bindparam("provider"),
        provider_reports.c.received_at >= bindparam("since", type_=Instant),
    )
    .limit(1)
)
_FORGET_REPORTS = delete(provider_reports).where(provider_reports.c.received_at < bindparam("instant", type_=Instant))


class SqlReportLog:
    """`ports.ReportLog`."""

    def __init__(self, work: Transaction) -> None:
        self._work = work

    async def add(self, report: ProviderReport, now: datetime, attempt_id: str | None = None) -> bool:
        row = {**report_row(report), "received_at": now, "matched_attempt_id": attempt_id}
        return await self._work.write(_ADD_REPORT, row) == 1

    async def mark_matched(self, report: ProviderReport, attempt_id: str) -> None:
        changed = {
            "of_provider": report.provider,
            "of_subscription": report.subscription_id,
            "of_event": report.event_id,
            "matched_attempt_id": attempt_id,
        }
        await self._work.write(_MARK_MATCHED, changed)

    async def unmatched_of_reference(self, provider: str, reference: str) -> tuple[ProviderReport, ...]:
        asked = {"provider": provider, "reference": reference}
        return tuple(map(report_of, await self._work.rows(_UNMATCHED_OF_REFERENCE, asked)))

    async def unmatched_of_line(
        self, provider: str, line: str, number: PhoneNumber, since: datetime
    ) -> tuple[ProviderReport, ...]:
        asked = {"provider": provider, "line": line, "number": number.e164, "since": since}
        return tuple(map(report_of, await self._work.rows(_UNMATCHED_OF_LINE, asked)))

    async def heard_since(self, provider: str, since: datetime) -> bool:
        return await self._work.row(_HEARD, {"provider": provider, "since": since}) is not None

    async def forget_before(self, instant: datetime) -> int:
        return await self._work.write(_FORGET_REPORTS, {"instant": instant})


# --- Events -----------------------------------------------------------------------------------------------------------

_ADD_EVENT = insert(events)


class SqlEventLog:
    """`ports.EventLog`: the outbox, which the relay reads. `written`: whether anything was."""

    def __init__(self, work: Transaction) -> None:
        self._work = work
        self.written = False

    async def add(self, event: CallEvent) -> None:
        row = {
            "id": event.id,
            "call_id": event.call_id,
            "at": event.at.astimezone(UTC),
            "body": event_to_stored(event),
        }
        await self._work.write(_ADD_EVENT, row)
        self.written = True
