"""The stream of events keeps its port's contracts, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.adapters.events.conftest import Process

from telephony_adapters.events.feed import LocalEventFeed
from telephony_adapters.store.tables import events
from telephony_core.events import EventFilter, RelayedEvent
from telephony_core.ports import EventFeed, EventPublisher, EventSubscription, Store
from telephony_core.testing.contracts import EventFeedContract, EventPublisherContract


class TestLocalEventFeed(EventFeedContract):
    @pytest.fixture
    async def stream(self, process: Process) -> tuple[Store, EventFeed]:
        self.engine = process.engine
        return process.store, process.feed

    async def forget_until(self, feed: EventFeed, position: int) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(delete(events).where(events.c.position <= position))


class TestLocalEventFeedAsPublisher(EventPublisherContract):
    """Its readers are the other side."""

    reader: EventSubscription

    @pytest.fixture
    async def publisher(self, engine: AsyncEngine) -> LocalEventFeed:
        feed = Process.on(engine).feed
        self.reader = await feed.subscribe(EventFilter(), None)
        return feed

    async def published(self, publisher: EventPublisher) -> Sequence[RelayedEvent]:
        return await self.reader.next(0.01)
