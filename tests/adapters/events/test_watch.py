"""Whether a worker works can be seen in the database, by the lease that it renews."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.adapters.events.conftest import Process

from telephony_adapters.events.relay import LEASE_SECONDS
from telephony_adapters.events.watch import WorkerWatch
from telephony_adapters.store.tables import event_relay


async def _time_passes(engine: AsyncEngine, leases: float) -> None:
    async with engine.begin() as connection:
        until = (await connection.execute(select(event_relay.c.expires_at))).scalar_one()
        earlier = until - timedelta(seconds=leases * LEASE_SECONDS)
        await connection.execute(update(event_relay).values(expires_at=earlier))


async def test_a_worker_at_work_is_seen_and_one_that_died_is_missed(engine: AsyncEngine) -> None:
    """It is missed only when another would have had the time to take over."""
    watch = WorkerWatch(engine)
    assert not await watch.works()
    await Process.on(engine).relay.attend()
    assert await watch.works()
    await _time_passes(engine, 1.5)
    assert await watch.works()
    await _time_passes(engine, 0.6)
    assert not await watch.works()
