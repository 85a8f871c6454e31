"""One transaction on either database, with the drivers' errors turned into the ports' own.

Here, in `columns` and in `engine` stands all that differs between SQLite and PostgreSQL:

| | SQLite | PostgreSQL |
|---|---|---|
| a reading transaction | `BEGIN`, a snapshot from its first statement | `REPEATABLE READ, READ ONLY` |
| a writing one | `BEGIN IMMEDIATE`: one writer at a time | `READ COMMITTED`, rows locked by `FOR UPDATE` |
| writers of one process | queue here, in the order of coming | meet at rows only |
| the clock | the process's | `clock_timestamp()` |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from attrs import frozen
from sqlalchemy import CursorResult, Executable, Row, Select, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telephony_adapters.store.columns import Instant
from telephony_adapters.store.driver_errors import translated
from telephony_adapters.store.engine import BEGIN, WAIT, WAIT_SECONDS
from telephony_core.errors import StoreUnavailable
from telephony_core.ports import Clock

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]

_CLOCK = select(func.clock_timestamp(type_=Instant))
_READ_AT = "read_at"

# SQLite lets waiting connections poll, which is neither fair nor quick: writers of one process wait for each other here
# instead. By engine, since all that is opened on one engine writes to one file.
_queues: WeakKeyDictionary[Engine, asyncio.Lock] = WeakKeyDictionary()


@frozen
class Timed:
    """A statement in two forms: as it is, and one that brings PostgreSQL's clock along, which saves `now` a round trip.

    The clock is read when the rows have been found and, where they are locked, waited for: it stands outside of the
    statement, whose own output would be made before the wait. Made once, at import.
    """

    alone: Select[Any]
    with_clock: Select[Any]

    @classmethod
    def of(cls, statement: Select[Any]) -> Timed:
        inner = statement.subquery()
        return cls(statement, select(inner, func.clock_timestamp(type_=Instant).label(_READ_AT)))


@frozen
class Lockable:
    """A statement in two forms: as it is, and one that locks the rows it reads. Made once, at import."""

    plain: Select[Any] | Timed
    locking: Select[Any] | Timed

    @classmethod
    def of(cls, statement: Select[Any]) -> Lockable:
        return cls(statement, statement.with_for_update())

    @classmethod
    def timed(cls, statement: Select[Any]) -> Lockable:
        """For what `now` is often asked after."""
        return cls(Timed.of(statement), Timed.of(statement.with_for_update()))


class Database:
    """An engine with the ways in which its transactions begin; lives as long as the engine.

    `clock` stands in for the process's on SQLite; PostgreSQL has a clock of its own.
    """

    def __init__(self, engine: AsyncEngine, clock: Clock | None = None) -> None:
        self.sqlite = engine.dialect.name == "sqlite"
        self._clock = clock
        if self.sqlite:
            self._reading = engine.execution_options(**{BEGIN: "BEGIN"})
            self._writing = engine.execution_options(**{BEGIN: "BEGIN IMMEDIATE"})
            self._alone = engine.execution_options(**{BEGIN: None})
        else:
            self._alone = engine.execution_options(isolation_level="AUTOCOMMIT")
            self._reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._writing = engine
        self._queue = _queues.setdefault(engine.sync_engine, asyncio.Lock()) if self.sqlite else None

    def transaction(self, *, writes: bool) -> Transaction:
        """A transaction that is yet to begin."""
        if writes:
            return Transaction(self._writing, True, self.sqlite, self._clock, self._queue)
        return Transaction(self._reading, False, self.sqlite, self._clock, None)

    def without_transaction(self) -> Transaction:
        """In the place of a reading one, for a single statement: each is a transaction by itself."""
        return Transaction(self._alone, False, self.sqlite, self._clock, None)

    async def rows(self, statement: Select[Any], parameters: Parameters | None = None) -> Sequence[Row[Any]]:
        """What one statement finds: a transaction by itself, without round trips for its beginning and its end."""
        with translated():
            async with self._alone.connect() as connection:
                found: Sequence[Row[Any]] = (await connection.execute(statement, parameters)).all()
                return found

    async def row(self, statement: Select[Any], parameters: Parameters | None = None) -> Row[Any] | None:
        rows = await self.rows(statement, parameters)
        return rows[0] if rows else None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        """A reading transaction for one block."""
        work = self.transaction(writes=False)
        await work.begin()
        try:
            yield work
        finally:
            await work.end()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """A writing transaction that is committed if its block ends well."""
        work = self.transaction(writes=True)
        await work.begin()
        try:
            yield work
            await work.commit()
        finally:
            await work.end()


class Transaction:
    """One transaction; lives from `begin` to `end`. What isn't committed by then is rolled back."""

    def __init__(
        self, engine: AsyncEngine, writes: bool, sqlite: bool, clock: Clock | None, queue: asyncio.Lock | None
    ) -> None:
        self.writes = writes
        self.last_now: datetime | None = None
        """What the clock showed when it was last read in this transaction."""
        self._engine = engine
        self._sqlite = sqlite
        self._clock = clock
        self._queue = queue
        self._queued = False
        self._connection: AsyncConnection | None = None
        self._clock_read: datetime | None = None
        """What the last statement has brought of the clock."""

    async def begin(self) -> None:
        """Take a connection and begin; on SQLite a writer waits here for the one before it. `StoreUnavailable` if the
        wait is too long."""
        if self._queue is not None:
            try:
                async with asyncio.timeout(self._engine.get_execution_options().get(WAIT, WAIT_SECONDS)):
                    await self._queue.acquire()
            except TimeoutError:
                raise StoreUnavailable(retry_after=1) from None
            self._queued = True
        try:
            with translated():
                self._connection = await self._engine.connect()
                await self._connection.begin()
        except BaseException:
            await self.end()
            raise

    async def commit(self) -> None:
        """Raises `StoreUnavailable` where the answer is lost: then it may have taken effect or not."""
        with translated():
            await self._open.commit()

    async def end(self) -> None:
        """Roll back what isn't committed and give the connection back, even if the task is being cancelled."""
        await asyncio.shield(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        connection, self._connection = self._connection, None
        queued, self._queued = self._queued, False
        try:
            if connection is not None:
                with translated():
                    await connection.close()
        except StoreUnavailable:
            pass  # the database rolls back by itself what it lost the connection of
        finally:
            if queued and self._queue is not None:
                self._queue.release()

    @property
    def _open(self) -> AsyncConnection:
        if self._connection is None:
            raise RuntimeError("the unit of work is not open")
        return self._connection

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        self._clock_read = None
        with translated():
            return await self._open.execute(statement, parameters)

    async def write(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """Execute what changes rows and return how many."""
        if not self.writes:
            raise RuntimeError("a reading unit of work writes nothing")
        return (await self.execute(statement, parameters)).rowcount

    async def rows(
        self, statement: Lockable | Timed | Executable, parameters: Parameters | None = None
    ) -> Sequence[Row[Any]]:
        """All rows; a lockable statement locks them where this transaction writes."""
        if isinstance(statement, Lockable):
            statement = statement.locking if self.writes else statement.plain
        if not isinstance(statement, Timed):
            return (await self.execute(statement, parameters)).all()
        if self._sqlite:
            return (await self.execute(statement.alone, parameters)).all()
        rows = (await self.execute(statement.with_clock, parameters)).all()
        if rows:
            self._clock_read = getattr(rows[-1], _READ_AT)
        return rows

    async def row(
        self, statement: Lockable | Timed | Executable, parameters: Parameters | None = None
    ) -> Row[Any] | None:
        rows = await self.rows(statement, parameters)
        return rows[0] if rows else None

    async def now(self) -> datetime:
        """The database's clock, read now, or by the statement just before; SQLite's is the process's, or the one that
        was given in its place."""
        if self._sqlite:
            now = self._clock.now() if self._clock is not None else datetime.now(UTC)
        elif self._clock_read is not None:
            now, self._clock_read = self._clock_read, None
        else:
            row = await self.row(_CLOCK)
            assert row is not None  # a select without a table has one row
            now = row[0]
        self.last_now = now
        return now
