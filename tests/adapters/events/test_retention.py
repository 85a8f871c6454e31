"""The stream's old end is cut off: only what was relayed and taken, and what is left is whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.adapters.events.conftest import Process

from telephony_adapters.events import feed, retention
from telephony_adapters.events.history import Bounds
from telephony_adapters.events.retention import EventRetention
from telephony_adapters.store.tables import event_publishers, events
from telephony_core.errors import EventsNotKept
from telephony_core.events import CallEvent, EventFilter
from telephony_core.testing.contracts.events import write
from telephony_core.testing.contracts.store_base import now_of
from telephony_core.testing.examples import an_event

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


async def _of_days(process: Process, *days: int) -> tuple[CallEvent, ...]:
    """An event of each so many days ago."""
    now = await now_of(process.store)
    return await write(process.store, *(evolve(an_event(), at=now - each * DAY) for each in days))


async def _left(engine: AsyncEngine) -> list[int | None]:
    async with engine.connect() as connection:
        return list((await connection.execute(select(events.c.position).order_by(events.c.seq))).scalars())


async def test_what_is_older_than_it_is_kept_goes(engine: AsyncEngine) -> None:
    process = Process.on(engine)
    await _of_days(process, 9, 8, 6, 1)
    await process.relay.attend()
    assert await EventRetention(engine, WEEK)() == 2
    assert await _left(engine) == [3, 4]
    assert await process.history.bounds() == Bounds(2, 4)
    assert await EventRetention(engine, WEEK)() == 0


async def test_what_was_not_relayed_stays(engine: AsyncEngine) -> None:
    """K7: however old it is by the time that a relay comes back."""
    process = Process.on(engine)
    await _of_days(process, 9)
    assert await EventRetention(engine, WEEK)() == 0
    await process.relay.attend()
    assert await EventRetention(engine, WEEK)() == 1


async def test_only_the_beginning_goes(engine: AsyncEngine) -> None:
    """An old event behind a young one waits for it: who resumes finds all that came after a position, or nothing."""
    process = Process.on(engine)
    await _of_days(process, 8, 1, 8)
    await process.relay.attend()
    assert await EventRetention(engine, WEEK)() == 1
    assert await _left(engine) == [2, 3]


async def test_a_publisher_that_is_behind_holds_the_end_back(engine: AsyncEngine) -> None:
    process = Process.on(engine)
    await _of_days(process, 9, 9, 9)
    await process.relay.attend()
    async with engine.begin() as connection:
        taken = [{"name": "crm", "position": 1}, {"name": "statistics", "position": 3}]
        await connection.execute(insert(event_publishers), taken)
    assert await EventRetention(engine, WEEK)() == 1
    assert await _left(engine) == [2, 3]


async def test_much_goes_in_portions(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PORTION", 2)
    monkeypatch.setattr(retention, "_OLDEST", retention._OLDEST.limit(2))
    process = Process.on(engine)
    await _of_days(process, 9, 9, 9, 9, 9, 1)
    await process.relay.attend()
    assert await EventRetention(engine, WEEK)() == 5
    assert await _left(engine) == [6]
    assert await process.history.bounds() == Bounds(5, 6)


async def test_an_empty_stream_is_resumed_from_its_end_only(engine: AsyncEngine) -> None:
    """Positions go on counting where they were, though every event is gone."""
    process = Process.on(engine)
    await _of_days(process, 9, 9)
    await process.relay.attend()
    await EventRetention(engine, WEEK)()
    assert await process.history.bounds() == Bounds(2, 2)
    await _of_days(process, 0)
    await process.relay.attend()
    assert await _left(engine) == [3]


@pytest.mark.parametrize("wanted", [EventFilter(), EventFilter(employee_id="E-5")], ids=["all", "an employee's"])
async def test_who_reads_too_slowly_is_told_that_the_next_events_are_gone(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, wanted: EventFilter
) -> None:
    """No event is left out in silence: the stream ends instead."""
    monkeypatch.setattr(feed, "PAGE", 2)
    process = Process.on(engine)
    await _of_days(process, 9, 9, 9, 9, 1)
    await process.relay.attend()
    reader = await process.feed.subscribe(wanted, 0)
    assert [each.position for each in await reader.next(0)] == [1, 2]
    assert await EventRetention(engine, WEEK)() == 4
    with pytest.raises(EventsNotKept) as refusal:
        await reader.next(0)
    assert refusal.value.reasons == {"oldest": 4, "newest": 5}
    resumed = await process.feed.subscribe(wanted, 4)
    assert [each.position for each in await resumed.next(0)] == [5]
