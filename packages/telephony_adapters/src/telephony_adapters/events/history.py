"""The stream of events as it is stored: what has a position, by position.

Who sees a position sees all before it: positions are given one transaction after the other (see `relay`).
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from sqlalchemy import ColumnElement, Select, bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.tables import calls, event_relay, events
from telephony_adapters.store.transaction import Database, Transaction
from telephony_core.errors import EventsNotKept
from telephony_core.events import EventFilter, RelayedEvent
from telephony_core.party import TargetKind
from telephony_core.serialization import event_from_stored

# A Call's target never changes, so that an event's interest is the same whenever it is read.
_interest_id = case((calls.c.target_kind == str(TargetKind.INTEREST), calls.c.target_id))
_STREAM = (
    select(events.c.position, events.c.body, _interest_id.label("interest_id"))
    .select_from(events.outerjoin(calls, calls.c.id == events.c.call_id))
    .where(events.c.position > bindparam("after"), events.c.position <= bindparam("until"))
    .order_by(events.c.position)
    .limit(bindparam("limit"))
)
_BOUNDS = select(
    select(func.min(events.c.position)).scalar_subquery().label("first"),
    select(event_relay.c.last_position).where(event_relay.c.id == 1).scalar_subquery().label("last"),
)
_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "call_id": events.c.call_id == bindparam("call_id"),
    "client_id": events.c.body["client_id"].as_string() == bindparam("client_id"),
    "interest_id": _interest_id == bindparam("interest_id"),
    "employee_id": events.c.body["employee_id"].as_string() == bindparam("employee_id"),
}

ALL = EventFilter()
FOR_EVER = 2**62
"""Later than any position."""


@frozen
class Bounds:
    """The stream can be read on from any position from `oldest`, with which all that is kept comes, to `newest`."""

    oldest: int
    newest: int


class EventHistory:
    """Made once, lives as long as its engine. Every method may raise `StoreUnavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = Database(engine)

    async def bounds(self) -> Bounds:
        async with self._database.reading() as work:
            return await self._bounds(work)

    async def after(
        self, position: int, limit: int, wanted: EventFilter = ALL, *, until: int = FOR_EVER
    ) -> Sequence[RelayedEvent]:
        """The next events after a position and up to another that fit, at most so many, by position."""
        async with self._database.reading() as work:
            return await self._after(work, position, limit, wanted, until)

    async def kept_after(self, position: int, limit: int, wanted: EventFilter, *, until: int) -> Sequence[RelayedEvent]:
        """The same, and nothing between is missing. `EventsNotKept` where some of it was cut off meanwhile."""
        async with self._database.reading() as work:
            bounds = await self._bounds(work)
            if position < bounds.oldest:
                raise EventsNotKept(oldest=bounds.oldest, newest=bounds.newest)
            return await self._after(work, position, limit, wanted, until)

    async def _bounds(self, work: Transaction) -> Bounds:
        row = await work.row(_BOUNDS)
        assert row is not None  # a select without a table has one row
        newest = row.last or 0
        return Bounds(newest if row.first is None else row.first - 1, newest)

    async def _after(
        self, work: Transaction, position: int, limit: int, wanted: EventFilter, until: int
    ) -> Sequence[RelayedEvent]:
        asked = {name: value for name in _CONDITIONS if (value := getattr(wanted, name)) is not None}
        statement: Select[tuple[int, object, str | None]] = _STREAM
        for name in asked:
            statement = statement.where(_CONDITIONS[name])
        rows = await work.rows(statement, {**asked, "after": position, "until": until, "limit": limit})
        return [RelayedEvent(row.position, event_from_stored(row.body), row.interest_id) for row in rows]
