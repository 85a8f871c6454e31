"""The store keeps its port's contract, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.tables import events
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.events import CallEvent
from telephony_core.ports import Store
from telephony_core.serialization import event_from_stored
from telephony_core.testing.contracts import StoreContract


class TestSqlStore(StoreContract):
    @pytest.fixture
    async def store(self, engine: AsyncEngine) -> Store:
        self.engine = engine
        return SqlStore(engine)

    async def stored_events(self, store: Store) -> Sequence[CallEvent]:
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(events.c.body).order_by(events.c.seq))
            return [event_from_stored(row.body) for row in rows]
