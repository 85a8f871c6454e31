"""Whether any worker works on a database: the relay's lease is renewed by one every few seconds, and shows it."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.events.relay import LEASE_SECONDS
from telephony_adapters.store.tables import event_relay
from telephony_adapters.store.transaction import Database

_TAKES_OVER = timedelta(seconds=LEASE_SECONDS)
"""A lease may lie free for as long as the next worker takes to come and look."""

_LEASE = select(event_relay.c.expires_at).where(event_relay.c.id == 1)


@frozen
class WorkerWatch:
    engine: AsyncEngine

    async def works(self) -> bool:
        """Whether some worker, in a service or by itself, has held the lease lately. Raises `StoreUnavailable`."""
        async with Database(self.engine).reading() as work:
            lease = await work.row(_LEASE)
            now = await work.now()
        return lease is not None and bool(lease.expires_at + _TAKES_OVER > now)
