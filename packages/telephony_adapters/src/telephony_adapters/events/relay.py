"""The relay: gives the stored events their positions in the stream, in the order in which they become visible.

The counter of the table (`seq`) is taken inside writing transactions, and on PostgreSQL a smaller one may become
visible later: who read past it would never see it. So positions are given afterwards, to what is visible, by one relay
at a time and one transaction after the other: each locks the row of `event_relay` until it has committed.

Which relay: the holder of the lease in that row, by the database's clock. The lease spares the others the work; what
keeps two from giving positions is the lock and the check under it. A holder that slept past its lease finds another's
name and term there and gives nothing. A term begins whenever the holder changes.

Within a Call events keep the order of their writing: whoever changes an attempt has seen the change before it, so its
`seq` is larger and it becomes visible later, or at once with it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, exists, func, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.events.signals import LEASE_FREE, RELAYED, Signals
from telephony_adapters.store.columns import Instant
from telephony_adapters.store.tables import event_relay, events
from telephony_adapters.store.transaction import Database, Transaction
from telephony_core.ports import Clock

log = logging.getLogger(__name__)

BATCH = 500
"""Events that get positions in one transaction: on SQLite it holds up everybody else's, for some milliseconds."""
LEASE_SECONDS = 5.0
"""So long nothing is relayed when the holder dies; one that ends gives the lease back."""

_waiting = exists().where(events.c.position.is_(None))
_LOOK = select(event_relay, select(_waiting).scalar_subquery().label("waiting")).where(event_relay.c.id == 1)
_LOCK = select(event_relay).where(event_relay.c.id == 1).with_for_update()
# A holder that freezes inside its transaction must not hold the others up for longer than its lease.
_LOCK_POSTGRES = (
    select(
        event_relay,
        func.set_config("idle_in_transaction_session_timeout", str(int(LEASE_SECONDS * 1000)), literal(True)),
    )
    .where(event_relay.c.id == 1)
    .with_for_update()
)
# `ON CONFLICT` is the same text on both databases, and a construct of each dialect's own in SQLAlchemy.
_FOUND = text(
    "INSERT INTO event_relay (id, holder, term, expires_at, last_position)"
    " SELECT 1, '', 0, :now, coalesce(max(position), 0) FROM events WHERE true ON CONFLICT (id) DO NOTHING"
).bindparams(bindparam("now", type_=Instant))
_next = (
    select(events.c.seq, func.row_number().over(order_by=events.c.seq).label("place"))
    .where(events.c.position.is_(None))
    .order_by(events.c.seq)
    .limit(BATCH)
    .subquery("next")
)
_GIVE = (
    update(events)
    .where(events.c.seq == _next.c.seq)
    .values(position=bindparam("last", type_=events.c.position.type) + _next.c.place)
)
_KEEP = (
    update(event_relay)
    .where(event_relay.c.id == 1)
    .values(
        holder=bindparam("by"),
        term=bindparam("in_term"),
        expires_at=bindparam("until", type_=Instant),
        last_position=bindparam("last"),
    )
)
_GIVE_BACK = (
    update(event_relay)
    .where(event_relay.c.holder == bindparam("by"), event_relay.c.term == bindparam("in_term"))
    .values(expires_at=bindparam("now", type_=Instant))
)
_NOTIFY = select(func.pg_notify(bindparam("channel"), bindparam("payload")))


class EventRelay:
    """One of perhaps many; lives as long as its process. `holder` is a name that no other relay has or had."""

    def __init__(
        self,
        engine: AsyncEngine,
        signals: Signals,
        holder: str,
        clock: Clock | None = None,
        *,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.bell = signals.to_relay
        self._database = Database(engine, clock)
        self._signals = signals
        self._holder = holder
        self._lease = timedelta(seconds=lease_seconds)
        self._term = 0

    async def attend(self) -> float:
        """Relay what waits, if the lease is this relay's or can be had; the seconds after which to look again."""
        while True:
            async with self._database.reading() as work:
                seen = await work.row(_LOOK)
                now = await work.now()
            if seen is not None and not self._is_mine(seen) and seen.expires_at > now:
                self._signals.relay_is_here = False
                free_in: timedelta = seen.expires_at - now
                return min(free_in, self._lease).total_seconds()
            # Renewed well before its end, so that the others don't come and look.
            if (
                seen is not None
                and self._is_mine(seen)
                and not seen.waiting
                and seen.expires_at - now > self._lease / 2
            ):
                return self._signals.looks_every
            if await self._relay() < BATCH:
                return self._signals.looks_every

    async def leave(self) -> None:
        """Give the lease back, so that another relay need not wait for its end."""
        if not self._signals.relay_is_here:
            return
        self._signals.relay_is_here = False
        async with self._database.writing() as work:
            await work.write(_GIVE_BACK, {"by": self._holder, "in_term": self._term, "now": await work.now()})
            await self._notify(work, LEASE_FREE, "")

    async def _relay(self) -> int:
        """Give positions to the next events; how many got one."""
        async with self._database.writing() as work:
            lease, now = await self._locked(work)
            if not self._is_mine(lease) and lease.expires_at > now:
                self._signals.relay_is_here = False
                return 0
            term = lease.term if self._is_mine(lease) else lease.term + 1
            given = await work.write(_GIVE, {"last": lease.last_position})
            last = lease.last_position + given
            until = now + self._lease
            await work.write(_KEEP, {"by": self._holder, "in_term": term, "until": until, "last": last})
            if given:
                await self._notify(work, RELAYED, str(last))
        if term != self._term:
            log.info("events are relayed here from now on, term %d", term)
        self._term, self._signals.relay_is_here = term, True
        if given:
            self._signals.relayed()
        return given

    async def _locked(self, work: Transaction) -> tuple[Row[Any], datetime]:
        """The lease, locked until the end of the transaction, and the time after that."""
        statement = _LOCK if self._database.sqlite else _LOCK_POSTGRES
        lease = await work.row(statement)
        if lease is None:
            await work.write(_FOUND, {"now": await work.now()})
            lease = await work.row(statement)
        assert lease is not None  # it was put there, by us or by another
        return lease, await work.now()

    def _is_mine(self, lease: Row[Any]) -> bool:
        return bool(lease.holder == self._holder and lease.term == self._term)

    async def _notify(self, work: Transaction, channel: str, payload: str) -> None:
        if not self._database.sqlite:
            await work.execute(_NOTIFY, {"channel": channel, "payload": payload})
