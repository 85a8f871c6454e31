"""Hands all events to a publisher: a broker, a webhook, whatever somebody who embeds us writes.

In order, each at least once, and by the process that holds the relay's lease. How far a publisher has come is stored
under its name, after it took the events: what it took before a crash comes again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.events.bell import Bell
from telephony_adapters.events.history import EventHistory
from telephony_adapters.events.signals import Signals
from telephony_adapters.store.tables import event_publishers
from telephony_adapters.store.transaction import Database
from telephony_core.events import RelayedEvent
from telephony_core.ports import EventPublisher

log = logging.getLogger(__name__)

PAGE = 200
"""Events handed over in one go."""

_FAR = select(event_publishers.c.position).where(event_publishers.c.name == bindparam("of"))
_NEW = text("INSERT INTO event_publishers (name, position) VALUES (:of, :position) ON CONFLICT (name) DO NOTHING")
_MOVE = (
    update(event_publishers)
    .where(event_publishers.c.name == bindparam("of"), event_publishers.c.position == bindparam("before"))
    .values(position=bindparam("after"))
)


class Handover:
    """One publisher's; made once, lives as long as its process. A publisher of a new name begins with what is kept."""

    def __init__(
        self, engine: AsyncEngine, history: EventHistory, signals: Signals, publisher: EventPublisher, *, name: str
    ) -> None:
        self.bell = Bell()
        signals.when_relayed.append(self.bell)
        self._database = Database(engine)
        self._history = history
        self._signals = signals
        self._publisher = publisher
        self._name = name

    async def attend(self) -> float:
        """Hand over what is new. Raises whatever the publisher raises: then the same comes again."""
        while self._signals.relay_is_here:
            before = await self._position()
            events = await self._history.after(before, PAGE)
            if events:
                await self._publisher.publish(events)
                await self._move(before, events)
            if len(events) < PAGE:
                break
        return self._signals.looks_every

    async def leave(self) -> None: ...

    async def _position(self) -> int:
        async with self._database.reading() as work:
            row = await work.row(_FAR, {"of": self._name})
        if row is not None:
            return int(row.position)
        oldest = (await self._history.bounds()).oldest
        async with self._database.writing() as work:
            await work.write(_NEW, {"of": self._name, "position": oldest})
        return oldest

    async def _move(self, before: int, events: Sequence[RelayedEvent]) -> None:
        # Another process that took the lease meanwhile may be further: its place stays.
        async with self._database.writing() as work:
            moved = {"of": self._name, "before": before, "after": events[-1].position}
            if not await work.write(_MOVE, moved):
                log.info("another process hands events to %s", self._name)
