"""Positions are given in the order in which events become visible, by one relay at a time, and everybody is woken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.adapters.events.conftest import Process
from tests.adapters.store.conftest import Postgres

from telephony_adapters.events.signals import PostgresSignals
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.tables import event_relay, events
from telephony_core.errors import StoreUnavailable
from telephony_core.events import CallEvent
from telephony_core.ports import EventSubscription
from telephony_core.testing.contracts.events import ALL, PATIENCE, events_of, read, write
from telephony_core.testing.examples import an_event

FOR_EVER = 3600.0


async def _table(engine: AsyncEngine) -> list[tuple[str, int | None]]:
    """Ids of events with their positions, in the order of the table's own counter."""
    async with engine.connect() as connection:
        rows = await connection.execute(select(events.c.id, events.c.position).order_by(events.c.seq))
        return [(row.id, row.position) for row in rows]


async def _lease(engine: AsyncEngine) -> Any:
    async with engine.connect() as connection:
        return (await connection.execute(select(event_relay))).one()


async def _until_it_relays(process: Process) -> None:
    async with asyncio.timeout(PATIENCE):
        while not process.signals.relay_is_here:  # noqa: ASYNC110  # asks for it itself
            await asyncio.sleep(min(await process.relay.attend(), 0.05))


@pytest.fixture
async def on_postgres(postgres: Postgres, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = open_store(await postgres.fresh(tmp_path))
    yield engine
    await engine.dispose()


# --- The order of visibility ------------------------------------------------------------------------------------------


@pytest.mark.postgres
async def test_what_becomes_visible_late_is_not_missed_by_who_resumes(on_postgres: AsyncEngine) -> None:
    """A transaction is held open while a later one commits: its event comes after, whatever its counter says."""
    late, quick = an_event(), an_event()
    async with Process.on(on_postgres).at_work() as process:
        reader = await process.feed.subscribe(ALL, 0)
        async with process.store.write() as open_transaction:
            await open_transaction.events.add(late)
            await write(process.store, quick)
            (seen,) = await read(reader, 1)
            resumed = await process.feed.subscribe(ALL, seen.position)
            await open_transaction.commit()
        assert seen.event == quick
        assert events_of(await read(resumed, 1)) == [late]
    # By the counter the late one is the first: who had resumed from that would never have seen it.
    assert await _table(on_postgres) == [(late.id, 2), (quick.id, 1)]


async def test_a_crowd_of_writers_and_two_relays_leave_no_gap_and_no_double(engine: AsyncEngine) -> None:
    """Both relays work on the same events as hard as they can, whoever holds the lease."""
    one, other = Process.on(engine, lease_seconds=0.01), Process.on(engine, lease_seconds=0.01)
    written: list[CallEvent] = []

    async def writer() -> None:
        for _ in range(10):
            written.extend(await write(one.store, an_event(), an_event()))

    async def relay(process: Process, writing: asyncio.Task[None]) -> None:
        while not writing.done():
            await process.relay.attend()
            await asyncio.sleep(0)

    async def all_write() -> None:
        await asyncio.gather(*(writer() for _ in range(4)))

    writing = asyncio.create_task(all_write())
    await asyncio.gather(writing, relay(one, writing), relay(other, writing))
    await _until_it_relays(one)
    await one.relay.attend()
    positions = dict(await _table(engine))
    assert positions.keys() == {event.id for event in written}
    assert sorted(positions.values(), key=lambda position: position or 0) == list(range(1, 81))
    assert (await _lease(engine)).last_position == 80


# --- The lease --------------------------------------------------------------------------------------------------------


async def test_one_relay_works_and_the_other_stands_by(engine: AsyncEngine) -> None:
    holder, standby = Process.on(engine), Process.on(engine)
    await holder.relay.attend()
    (event,) = await write(holder.store, an_event())
    assert 0 < await standby.relay.attend() <= 5
    assert await _table(engine) == [(event.id, None)]
    assert (holder.signals.relay_is_here, standby.signals.relay_is_here) == (True, False)
    await holder.relay.attend()
    assert await _table(engine) == [(event.id, 1)]


async def test_a_holder_that_slept_past_its_lease_gives_nothing(engine: AsyncEngine) -> None:
    """Fenced: it finds another's name and term under the lock, even if it looked before it fell asleep."""
    sleeper, successor = Process.on(engine, lease_seconds=0.05), Process.on(engine)
    await sleeper.relay.attend()
    before = await _lease(engine)
    await _until_it_relays(successor)
    (event,) = await write(successor.store, an_event())
    assert await sleeper.relay._relay() == 0
    assert not sleeper.signals.relay_is_here
    assert await _table(engine) == [(event.id, None)]
    await successor.relay.attend()
    assert await _table(engine) == [(event.id, 1)]
    after = await _lease(engine)
    assert (after.term, after.last_position) == (before.term + 1, 1)
    assert after.holder != before.holder


async def test_a_relay_that_ends_gives_its_lease_back(engine: AsyncEngine) -> None:
    """So the next one need not wait for the lease's end."""
    first, second = Process.on(engine, lease_seconds=FOR_EVER), Process.on(engine)
    await first.relay.attend()
    await first.relay.leave()
    await second.relay.attend()
    assert (first.signals.relay_is_here, second.signals.relay_is_here) == (False, True)


async def test_a_lease_is_kept_while_nothing_happens(engine: AsyncEngine) -> None:
    """It is renewed before half of it is over, so nobody else comes and takes it."""
    holder, standby = Process.on(engine, lease_seconds=0.4), Process.on(engine)
    await holder.relay.attend()
    until = (await _lease(engine)).expires_at
    async with asyncio.timeout(PATIENCE):
        while (await _lease(engine)).expires_at == until:
            await holder.relay.attend()
    assert (await _lease(engine)).term == 1
    await standby.relay.attend()
    assert not standby.signals.relay_is_here


async def test_a_dead_holders_successor_goes_on_where_it_was(engine: AsyncEngine) -> None:
    dead, successor = Process.on(engine, lease_seconds=0.05), Process.on(engine)
    await write(dead.store, an_event(), an_event())
    await dead.relay.attend()
    async with successor.at_work() as process:
        reader = await process.feed.subscribe(ALL, 1)
        await write(process.store, an_event())
        assert [each.position for each in await read(reader, 2)] == [2, 3]


# --- Signals ----------------------------------------------------------------------------------------------------------


async def _two_processes(stack: AsyncExitStack, url: str) -> tuple[Process, Process]:
    """The first holds the lease; neither looks without a signal."""
    processes = []
    for _ in range(2):
        engine = open_store(url)
        stack.push_async_callback(engine.dispose)
        process = Process.on(engine)
        process.signals.looks_every = FOR_EVER
        processes.append(await stack.enter_async_context(process.at_work()))
        await _until_it_listens(process)
        if len(processes) == 1:
            await _until_it_relays(process)
    return processes[0], processes[1]


async def _until_it_listens(process: Process) -> None:
    assert isinstance(process.signals, PostgresSignals)
    async with asyncio.timeout(PATIENCE):
        while not process.signals.listens:  # noqa: ASYNC110  # there is no event of it
            await asyncio.sleep(0.01)


@pytest.mark.postgres
async def test_processes_wake_each_other(postgres: Postgres, tmp_path: Path) -> None:
    """The relay by who writes elsewhere, the readers elsewhere by the relay; nobody looks by itself here."""
    async with AsyncExitStack() as stack:
        holder, other = await _two_processes(stack, await postgres.fresh(tmp_path))
        readers = [await process.feed.subscribe(ALL, 0) for process in (holder, other)]
        written = [*await write(other.store, an_event()), *await write(holder.store, an_event())]
        for reader in readers:
            assert {event.id for event in events_of(await read(reader, 2))} == {event.id for event in written}


@pytest.mark.postgres
async def test_a_signal_says_nothing_but_a_position(postgres: Postgres, tmp_path: Path) -> None:
    """P1: whoever may listen on the database learns no id and no number."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with AsyncExitStack() as stack:
        url = await postgres.fresh(tmp_path)
        _, other = await _two_processes(stack, url)
        engine = open_store(url)
        stack.push_async_callback(engine.dispose)
        async with engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            for channel in ("telephony_events", "telephony_events_written", "telephony_relay_free"):
                await driver.add_listener(channel, lambda *told: heard.put_nowait(told[-1]))
            reader = await other.feed.subscribe(ALL, 0)
            await write(other.store, an_event())
            await read(reader, 1)
            async with asyncio.timeout(PATIENCE):
                told = {await heard.get(), await heard.get()}
    assert told == {"", "1"}


@pytest.mark.postgres
async def test_a_lost_listener_comes_back_and_misses_nothing(postgres: Postgres, tmp_path: Path) -> None:
    """What was told while nobody listened is read from the last position on."""
    async with AsyncExitStack() as stack:
        holder, other = await _two_processes(stack, await postgres.fresh(tmp_path))
        assert isinstance(other.signals, PostgresSignals)
        reader = await other.feed.subscribe(ALL, 0)
        for _ in range(2):
            await postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = 'prepared' AND application_name = 'telephony: listens for events'"
            )
            (event,) = await write(holder.store, an_event())
            assert events_of(await read(reader, 1)) == [event]
            await _until_it_listens(other)
            await _until_it_listens(holder)


async def test_who_gets_no_signal_looks_now_and_then(engine: AsyncEngine) -> None:
    """The net beneath: a pooler in between carries no signals, and SQLite none to other processes."""
    writer, process = Process.on(engine), Process.on(engine)
    process.signals.looks_every = 0.02

    class Deaf:
        bell = process.signals.bell

        async def attend(self) -> float:
            return FOR_EVER

        async def leave(self) -> None: ...

    async with process.at_work(signals=Deaf()):
        reader: EventSubscription = await process.feed.subscribe(ALL, 0)
        written = await write(writer.store, an_event())
        assert events_of(await read(reader, 1)) == list(written)


@pytest.mark.postgres
async def test_without_a_database_it_says_so_and_tries_again(postgres: Postgres) -> None:
    engine = open_store("postgresql://postgres@127.0.0.1:9/none")
    signals = PostgresSignals(engine)
    with pytest.raises(StoreUnavailable):
        await signals.attend()
    assert not signals.listens
    await signals.leave()
    await engine.dispose()
