"""What the store says when the database is away, full, locked or lost: `StoreUnavailable`, in bounded time.

And what it never says: a phone number (P1).
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.driver_errors import StatementRefused, meaning_of
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import revisions
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.errors import StoreUnavailable
from telephony_core.ports import ConcurrentChange, Reservation, ReservationKind
from telephony_core.testing.examples import a_call, a_number, an_attempt, an_event

NUMBER = Reservation(ReservationKind.PHONE_NUMBER, "+79139123456")
OTHER = Reservation(ReservationKind.PHONE_NUMBER, "+79139123457")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def _only(engine: AsyncEngine, name: str) -> None:
    if engine.dialect.name != name:
        pytest.skip(f"a matter of {name}")


# --- SQLite -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def path(url: str, engine: AsyncEngine) -> str:
    _only(engine, "sqlite")
    return url.removeprefix("sqlite:///")


async def test_sqlite_is_opened_as_law_5_has_it(path: str, engine: AsyncEngine) -> None:
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    async with engine.connect() as connection:
        for pragma, value in pragmas.items():
            assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar() == value


async def test_a_database_that_another_process_locks_is_unavailable_after_a_bounded_wait(path: str) -> None:
    engine = open_store(f"sqlite:///{path}", wait_seconds=0.3)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with within(5), pytest.raises(StoreUnavailable) as refusal:
        async with SqlStore(engine).write():
            pytest.fail("it has the lock")
    assert refusal.value.retry_after == 1
    async with SqlStore(engine).read() as uow:
        assert await uow.calls.get("readers don't wait") is None
    other.rollback()
    async with SqlStore(engine).write() as uow:
        await uow.commit()
    other.close()
    await engine.dispose()


async def test_a_writer_waits_a_bounded_time_for_those_of_its_own_process(path: str) -> None:
    engine = open_store(f"sqlite:///{path}", wait_seconds=0.2)
    store = SqlStore(engine)
    async with store.write():
        with within(5), pytest.raises(StoreUnavailable):
            async with SqlStore(engine).write():
                pytest.fail("two writers at once")
    async with store.write() as uow:
        await uow.commit()
    await engine.dispose()


async def test_a_full_disk_is_said_and_leaves_nothing_half_written(path: str, engine: AsyncEngine) -> None:
    call = a_call(*(an_attempt() for _ in range(50)))
    async with engine.connect() as connection:
        await connection.execute(text("PRAGMA max_page_count = 10"))  # below what it has: nothing more fits

    async def add() -> None:
        async with SqlStore(engine).write() as uow:
            await uow.calls.add(call)
            await uow.commit()

    with pytest.raises(StoreUnavailable):
        await add()
    async with SqlStore(engine).read() as uow:
        assert await uow.calls.get(call.id) is None


@pytest.mark.parametrize("content", [None, b"this is not a database, whatever its name may say" * 100])
async def test_a_file_that_is_none_of_ours_is_unavailable(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / ("no folder/store.db" if content is None else "store.db")
    if content is not None:
        file.write_bytes(content)
    engine = open_store(f"sqlite:///{file}")
    with pytest.raises(StoreUnavailable):
        async with SqlStore(engine).read() as uow:
            await uow.calls.get("any")
    await engine.dispose()
    # The driver ends the thread of a connection that failed, and tells the loop, which must not be closed by then.
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 10)


async def test_a_database_without_tables_is_told_from_one_that_is_away(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(StatementRefused, match="no such table"):
        async with SqlStore(engine).read() as uow:
            await uow.calls.get("any")
    await engine.dispose()


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="mysql"):
        open_store("mysql://localhost/calls")


async def test_a_database_in_memory_is_one(tmp_path: Path) -> None:
    """Its one connection is kept, and taken in turns."""
    engine = open_store("sqlite://")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE things (id INTEGER)"))

    async def put(nth: int) -> None:
        async with engine.begin() as connection:
            await connection.execute(text("INSERT INTO things VALUES (:id)"), {"id": nth})

    await asyncio.gather(*map(put, range(20)))
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM things"))).scalar() == 20
    await engine.dispose()


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


async def test_a_commit_is_on_disk_when_it_is_answered_whatever_the_server_has_as_a_default(
    url: str, engine: AsyncEngine
) -> None:
    """K3: an intent that dies with the server would be dialled a second time."""
    _only(engine, "postgresql")
    async with engine.begin() as connection:
        name = make_url(url).database
        await connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    another = open_store(url)
    async with another.connect() as connection:
        assert (await connection.execute(text("SHOW synchronous_commit"))).scalar() == "on"
    await another.dispose()


async def test_a_server_that_is_not_there_is_unavailable(engine: AsyncEngine) -> None:
    _only(engine, "postgresql")
    nobody = open_store("postgresql://postgres@127.0.0.1:1/prepared")
    with within(10), pytest.raises(StoreUnavailable):
        async with SqlStore(nobody).read() as uow:
            await uow.now()
    await nobody.dispose()


async def test_what_the_driver_says_itself_of_a_lost_connection_is_that_the_database_is_away(
    engine: AsyncEngine,
) -> None:
    """The listener for events speaks to the driver without anything between."""
    _only(engine, "postgresql")
    lost = import_module("asyncpg").ConnectionDoesNotExistError("connection was closed in the middle of operation")
    lost.__cause__ = ConnectionResetError()
    assert isinstance(meaning_of(lost), StoreUnavailable)


@pytest.mark.parametrize(
    ("user", "database", "says"),
    [
        ("postgres", "nowhere", "has no database of this name"),
        ("nobody", "prepared", "refuses this user, or the password"),
    ],
)
async def test_a_server_that_lets_nobody_in_says_why(engine: AsyncEngine, user: str, database: str, says: str) -> None:
    """For who operates it: the refusal itself says to callers what it always says."""
    _only(engine, "postgresql")
    other = open_store(engine.url.set(username=user, database=database).render_as_string(hide_password=False))
    with pytest.raises(StoreUnavailable) as refused:
        await revisions.found(other)
    await other.dispose()
    assert says in " ".join(refused.value.__notes__)
    assert refused.value.detail == StoreUnavailable.title()


async def test_a_connection_that_the_server_ends_is_unavailable_and_the_next_is_well(engine: AsyncEngine) -> None:
    _only(engine, "postgresql")
    store, call = SqlStore(engine), a_call(an_attempt())
    end_others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )

    async def cut_off() -> None:
        async with store.write() as uow:
            await uow.calls.add(call)
            async with engine.connect() as other:
                await other.execute(text(end_others))
            await uow.commit()

    with pytest.raises(StoreUnavailable):
        await cut_off()
    async with store.write() as uow:
        assert await uow.calls.get(call.id) is None
        await uow.calls.add(call)
        await uow.commit()


async def test_a_row_that_somebody_holds_is_waited_for_a_bounded_time(url: str, engine: AsyncEngine) -> None:
    _only(engine, "postgresql")
    impatient = open_store(url, wait_seconds=0.3)
    call = a_call(an_attempt())
    async with SqlStore(engine).write() as uow:
        await uow.calls.add(call)
        await uow.commit()
    async with SqlStore(engine).write() as uow:
        await uow.calls.get(call.id)
        with within(5), pytest.raises(StoreUnavailable):
            async with SqlStore(impatient).write() as late:
                await late.calls.get(call.id)
        async with SqlStore(impatient).read() as reader:
            assert await reader.calls.get(call.id) == call
    await impatient.dispose()


async def test_who_waits_for_each_other_in_a_circle_are_told_to_begin_again(engine: AsyncEngine) -> None:
    """A deadlock is no error of anybody's: one of the two begins again."""
    _only(engine, "postgresql")
    store = SqlStore(engine)
    met = asyncio.Barrier(2)

    async def take(first: Reservation, second: Reservation) -> bool:
        try:
            async with store.write() as uow:
                await uow.reservations.take(first.value, [first])
                await met.wait()
                await uow.reservations.take(first.value, [second])
                await uow.commit()
        except ConcurrentChange:
            return False
        return True

    assert sorted(await asyncio.gather(take(NUMBER, OTHER), take(OTHER, NUMBER))) == [False, True]


async def test_a_reading_unit_takes_no_lock_and_sees_one_moment(engine: AsyncEngine) -> None:
    """Law 5: it neither waits for a writer nor makes one wait, and its two reads agree."""
    store, call = SqlStore(engine), a_call(an_attempt())
    async with store.write() as uow:
        await uow.calls.add(call)
        await uow.commit()
    async with store.read() as reader:
        before = await reader.calls.get(call.id)
        async with asyncio.timeout(3), store.write() as uow:
            stored = await uow.calls.get(call.id)
            assert stored is not None
            await uow.calls.save(stored.with_attempt(an_attempt(call_id=call.id)))
            await uow.commit()
        assert await reader.calls.get(call.id) == before


async def test_a_reading_unit_can_not_write(engine: AsyncEngine) -> None:
    with pytest.raises(RuntimeError, match="writes nothing"):
        async with SqlStore(engine).read() as uow:
            await uow.events.add(an_event())


# --- What is said -----------------------------------------------------------------------------------------------------


async def test_no_error_tells_a_number(engine: AsyncEngine, caplog: pytest.LogCaptureFixture) -> None:
    """P1: the databases name the values of a row that they refuse; none of it is passed on, nor chained."""
    store, told = SqlStore(engine), []
    call = a_call(an_attempt())

    async def again() -> None:
        for _ in range(2):
            async with store.write() as uow:
                await uow.reservations.take("a", [NUMBER])
                await uow.commit()

    async def without_its_call() -> None:
        async with store.write() as uow:
            await uow.calls.add(a_call())
            await uow.calls.add(call)
            await uow._work.execute(  # type: ignore[attr-defined]
                text("INSERT INTO attempts (id, phone_number) VALUES ('x', :number)"), {"number": NUMBER.value}
            )

    for work, kind in ((again, ConcurrentChange), (without_its_call, StatementRefused)):
        with pytest.raises(kind) as refusal:
            await work()
        told.append("".join(traceback.format_exception(refusal.value)))
    assert not any("9139123456" in each for each in [*told, caplog.text])
    assert "attempts" in told[1], "the table is told"


async def test_a_cancelled_statement_leaves_the_store_usable(engine: AsyncEngine) -> None:
    """Whoever goes away in the middle of a statement holds nothing afterwards."""
    store = SqlStore(engine)

    async def hurry(nth: int) -> None:
        async with asyncio.timeout(0.001 * (nth % 7)), store.write() as uow:
            await uow.calls.add(a_call(*(an_attempt() for _ in range(5))))
            await uow.reservations.take(str(nth), [NUMBER])
            await uow.events.add(an_event())

    await asyncio.gather(*(hurry(nth) for nth in range(60)), return_exceptions=True)
    async with asyncio.timeout(10), store.write() as uow:
        await uow.reservations.take("b", [NUMBER])
        await uow.commit()
    async with store.read() as uow:
        assert await uow.reservations.holders([NUMBER]) == {NUMBER: "b"}


async def test_a_copy_of_a_database_in_use_is_whole(path: str, engine: AsyncEngine, tmp_path: Path) -> None:
    """WAL: what is committed lies in the file and its log."""
    async with SqlStore(engine).write() as uow:
        await uow.calls.add(a_call(an_attempt(phone_number=a_number(7))))
        await uow.commit()
    for file in Path(path).parent.glob("store.db*"):
        shutil.copy(file, tmp_path / f"copy.db{file.name.removeprefix('store.db')}")
    copy = open_store(f"sqlite:///{tmp_path}/copy.db")
    async with copy.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM attempts"))).scalar() == 1
    await copy.dispose()
