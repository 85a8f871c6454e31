"""Wakes: the relay when something was written, the readers when something was relayed; here, and in other processes.

A signal says only that it is worth looking. One that is lost costs time, never an event: everybody looks now and then
without one, and resumes from a position.

PostgreSQL carries signals by NOTIFY: the relay's carry the last position and nothing else (P1), those of writers say
nothing. They are sent apart from the transaction that wrote: a NOTIFY inside would let such transactions commit only
one after the other, in all of the database. One connection of this process listens, and is supervised: when it is
lost, it is opened again with growing pauses, and then everybody looks. It is not one of the pool's. A pooler between
us and PostgreSQL that hands out connections by transaction carries no signals; then the looks now and then are all.

SQLite carries none: processes look four times a second.
"""

from __future__ import annotations

import contextlib
import logging
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telephony_adapters.events.bell import Bell
from telephony_adapters.store.driver_errors import translated

log = logging.getLogger(__name__)

RELAYED = "telephony_events"
"""The channel on which the relay tells the last position that it gave."""
WRITTEN = "telephony_events_written"
"""The channel on which others ask the relay to look."""
LEASE_FREE = "telephony_relay_free"
"""The channel on which a relay that ends asks for the next one."""

APART = 0.02
"""Seconds between two rounds of the relay, at least, and between two requests for one: a busy process relays fifty
times a second and not after each of its commits."""

BEATS_EVERY = 15.0
"""Seconds between two questions whether a silent connection still leads anywhere."""
BEATS_WITHIN = 5.0


class Signals(Protocol):
    """`to_relay` wakes the relay in this process, `when_relayed` those here who read what it relays.

    `relay_is_here`: the relay here holds the lease, as far as it knows. `looks_every`: seconds after which everybody
    looks without a signal. `bell` and the two coroutines are for the worker.
    """

    to_relay: Bell
    when_relayed: list[Bell]
    relay_is_here: bool
    looks_every: float
    bell: Bell

    def written(self) -> None:
        """Events were committed in this process. Never waits."""

    def relayed(self) -> None:
        """Events were relayed, here or elsewhere."""

    async def attend(self) -> float: ...

    async def leave(self) -> None: ...


class LocalSignals:
    """Signals inside this process; lives as long as it."""

    def __init__(self, looks_every: float = 0.25) -> None:
        self.to_relay = Bell(APART)
        self.when_relayed: list[Bell] = []
        self.relay_is_here = False
        self.looks_every = looks_every
        self.bell = Bell(APART)

    def written(self) -> None:
        self.to_relay.ring()

    def relayed(self, *_: object) -> None:
        for bell in self.when_relayed:
            bell.ring()

    async def attend(self) -> float:
        return BEATS_EVERY

    async def leave(self) -> None: ...


class PostgresSignals(LocalSignals):
    """Signals by NOTIFY as well; lives as long as the process. `engine` says how connections are opened."""

    def __init__(self, engine: AsyncEngine, looks_every: float = 2.0) -> None:
        super().__init__(looks_every)
        self._engine = engine
        self._held: AsyncConnection | None = None
        self._driver: Any = None  # asyncpg's connection, which comes without types
        self._to_forward = False

    @property
    def listens(self) -> bool:
        return self._driver is not None and not self._driver.is_closed()

    def written(self) -> None:
        if self.relay_is_here:
            self.to_relay.ring()
        else:
            self._to_forward = True
            self.bell.ring()

    async def attend(self) -> float:
        """Listen, and keep listening; pass on what the relay elsewhere should know. Raises `StoreUnavailable`."""
        try:
            with translated():
                if self._held is None:
                    await self._listen()
                if self._to_forward:
                    self._to_forward = False
                    await self._driver.execute("SELECT pg_notify($1, '')", WRITTEN, timeout=BEATS_WITHIN)
                else:
                    await self._driver.execute("SELECT 1", timeout=BEATS_WITHIN)
        except BaseException:
            await self.leave()
            raise
        return BEATS_EVERY

    async def leave(self) -> None:
        held, driver = self._held, self._driver
        self._held = self._driver = None
        if driver is not None:
            driver.terminate()
        if held is not None:
            with contextlib.suppress(Exception):  # it is gone in any case
                await held.close()

    async def _listen(self) -> None:
        self._held = await self._engine.connect()
        raw = await self._held.get_raw_connection()
        driver: Any = raw.driver_connection
        raw.detach()  # the pool has as many connections as before
        driver.add_termination_listener(self._lost)
        await driver.execute("SET application_name = 'telephony: listens for events'")
        for channel, told in ((RELAYED, self.relayed), (WRITTEN, self._asked), (LEASE_FREE, self._free)):
            await driver.add_listener(channel, told)
        self._driver = driver
        # What was told while nobody listened: everybody looks.
        self.to_relay.ring()
        self.relayed()

    def _asked(self, *_: object) -> None:
        if self.relay_is_here:
            self.to_relay.ring()

    def _free(self, *_: object) -> None:
        self.to_relay.ring()

    def _lost(self, driver: object) -> None:
        if driver is self._driver:
            log.warning("the connection that listens for events was lost")
            self.bell.ring()


def signals_on(engine: AsyncEngine) -> Signals:
    """The signals that the database of this engine can carry."""
    return LocalSignals() if engine.dialect.name == "sqlite" else PostgresSignals(engine)
