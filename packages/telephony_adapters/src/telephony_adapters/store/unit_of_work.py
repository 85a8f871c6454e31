"""The store: units of work over SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.calls import SqlCalls
from telephony_adapters.store.carousel import CarouselMemory, SqlCarousel
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.personal_data import SqlPersonalData
from telephony_adapters.store.repositories import SqlEventLog, SqlIdempotencyKeys, SqlReportLog, SqlReservations
from telephony_adapters.store.transaction import Database, Transaction
from telephony_core.ports import (
    CallRepository,
    CarouselRepository,
    Clock,
    EventLog,
    IdempotencyKeys,
    PersonalData,
    ReportLog,
    Reservations,
    UnitOfWork,
)

__all__ = ["SqlStore", "SqlUnitOfWork", "open_store"]


class SqlUnitOfWork:
    """`ports.UnitOfWork`: one transaction; lives for one `async with`. Leaving without `commit` rolls back."""

    calls: CallRepository
    reservations: Reservations
    keys: IdempotencyKeys
    carousel: CarouselRepository
    reports: ReportLog
    events: EventLog
    personal: PersonalData

    def __init__(
        self, work: Transaction, memory: CarouselMemory, open_for: timedelta, on_events: Callable[[], None]
    ) -> None:
        self._work = work
        self._on_events = on_events
        self.calls = SqlCalls(work, open_for)
        self.reservations = SqlReservations(work)
        self.keys = SqlIdempotencyKeys(work)
        self.carousel = SqlCarousel(work, memory)
        self.reports = SqlReportLog(work)
        self.events = self._log = SqlEventLog(work)
        self.personal = SqlPersonalData(work)

    async def __aenter__(self) -> Self:
        await self._work.begin()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._work.end()

    async def now(self) -> datetime:
        return await self._work.now()

    async def commit(self) -> None:
        await self._work.commit()
        if self._log.written:
            self._on_events()


class SqlStore:
    """`ports.Store`; made once, lives as long as its engine (`open_store`), which it doesn't close.

    `clock` stands in for the process's clock on SQLite, whose clock that is; PostgreSQL has its own and ignores it.
    `call_open_days`: after so many days without a stir a Call counts as closed in lists (K6). `on_events` is called
    after each commit that wrote events: it wakes their relay, and must not wait.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock | None = None,
        *,
        call_open_days: float = 30,
        on_events: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = Database(engine, clock)
        self._memory = CarouselMemory()
        self._open_for = timedelta(days=call_open_days)
        self._on_events = on_events

    def read(self) -> UnitOfWork:
        return SqlUnitOfWork(self._database.transaction(writes=False), self._memory, self._open_for, self._on_events)

    def glance(self) -> UnitOfWork:
        return SqlUnitOfWork(self._database.without_transaction(), self._memory, self._open_for, self._on_events)

    def write(self) -> UnitOfWork:
        return SqlUnitOfWork(self._database.transaction(writes=True), self._memory, self._open_for, self._on_events)
