"""Events are handed to a publisher in order, each at least once, by one process at a time."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.adapters.events.conftest import Process

from telephony_adapters.events import handover
from telephony_adapters.events.handover import Handover
from telephony_core.testing.contracts.events import PATIENCE, events_of, write
from telephony_core.testing.examples import an_event
from telephony_core.testing.fakes import FakePublisher


def _to(publisher: FakePublisher, process: Process, name: str = "broker") -> Handover:
    return Handover(process.engine, process.history, process.signals, publisher, name=name)


async def test_a_publisher_gets_all_events_in_their_order(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept ones as well: it begins at the beginning of the stream."""
    monkeypatch.setattr(handover, "PAGE", 2)
    process, publisher = Process.on(engine), FakePublisher()
    written = await write(process.store, *(an_event() for _ in range(5)))
    await process.relay.attend()
    await _to(publisher, process).attend()
    assert events_of(publisher.taken) == list(written)
    assert [each.position for each in publisher.taken] == [1, 2, 3, 4, 5]


async def test_what_was_refused_comes_again_before_anything_else(engine: AsyncEngine) -> None:
    process, publisher = Process.on(engine), FakePublisher()
    handing = _to(publisher, process)
    first = await write(process.store, an_event())
    await process.relay.attend()
    publisher.fail_next()
    with pytest.raises(ConnectionError):
        await handing.attend()
    second = await write(process.store, an_event())
    await process.relay.attend()
    await handing.attend()
    assert events_of(publisher.taken) == [*first, *second]


async def test_another_process_goes_on_where_the_last_one_was(engine: AsyncEngine) -> None:
    one, other, publisher = Process.on(engine), Process.on(engine), FakePublisher()
    first = await write(one.store, an_event())
    await one.relay.attend()
    await _to(publisher, one).attend()
    await one.relay.leave()
    await _to(publisher, one).attend()
    second = await write(other.store, an_event())
    await other.relay.attend()
    await _to(publisher, other).attend()
    assert events_of(publisher.taken) == [*first, *second]


async def test_only_the_process_that_relays_hands_over(engine: AsyncEngine) -> None:
    holder, standby, publisher = Process.on(engine), Process.on(engine), FakePublisher()
    await write(holder.store, an_event())
    await holder.relay.attend()
    await standby.relay.attend()
    await _to(publisher, standby).attend()
    assert publisher.taken == []


async def test_each_publisher_has_a_place_of_its_own(engine: AsyncEngine) -> None:
    process, early, late = Process.on(engine), FakePublisher(), FakePublisher()
    await write(process.store, an_event())
    await process.relay.attend()
    await _to(early, process, "early").attend()
    await write(process.store, an_event())
    await process.relay.attend()
    for publisher, name in ((early, "early"), (late, "late")):
        await _to(publisher, process, name).attend()
    assert [each.position for each in early.taken] == [each.position for each in late.taken] == [1, 2]


async def test_a_publisher_is_woken_by_the_relay(engine: AsyncEngine) -> None:
    """It need not wait for its next look."""
    process, publisher = Process.on(engine), FakePublisher()
    process.signals.looks_every = 3600
    async with process.at_work(_to(publisher, process)):
        written = await write(process.store, an_event())
        async with asyncio.timeout(PATIENCE):
            while not publisher.taken:  # noqa: ASYNC110  # the fake has no event of it
                await asyncio.sleep(0.01)
    assert events_of(publisher.taken) == list(written)
