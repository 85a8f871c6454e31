"""Cuts off the old end of the stream, so that the table of events doesn't grow for ever.

Only what was relayed goes, and what every publisher took; always from the beginning of the stream, so that what is left
is whole. A publisher that was given up holds the end back: take its row out of `event_publishers`.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.tables import event_publishers, events
from telephony_adapters.store.transaction import Database
from telephony_core.ports import Clock, ConcurrentChange

PORTION = 1000
"""Events that one transaction takes out."""

_OLDEST = (
    select(events.c.position, events.c.at)
    .where(events.c.position.is_not(None))
    .order_by(events.c.position)
    .limit(PORTION)
)
_TAKEN = select(func.min(event_publishers.c.position).label("least"))
_CUT = delete(events).where(events.c.position <= bindparam("until"))


class EventRetention:
    """A chore for the worker, enough once in some minutes. Several may run; made once, lives as long as its engine."""

    def __init__(self, engine: AsyncEngine, kept_for: timedelta, clock: Clock | None = None) -> None:
        self._database = Database(engine, clock)
        self._kept_for = kept_for

    async def __call__(self) -> int:
        """Forget the events that are older than they are kept; how many these were."""
        gone = 0
        while True:
            try:
                portion = await self._portion()
            except ConcurrentChange:
                return gone  # another worker is at it
            gone += portion
            if portion < PORTION:
                return gone

    async def _portion(self) -> int:
        async with self._database.writing() as work:
            instant = await work.now() - self._kept_for
            taken = await work.row(_TAKEN)
            until = None
            for row in await work.rows(_OLDEST):
                held_back = taken is not None and taken.least is not None and row.position > taken.least
                if row.at >= instant or held_back:
                    break
                until = row.position
            return await work.write(_CUT, {"until": until}) if until is not None else 0
