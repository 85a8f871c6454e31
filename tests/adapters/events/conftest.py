"""The stream of events on both databases, with a relay at work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Self

import pytest
from attrs import define
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.adapters.store.conftest import engine, postgres, server, sqlite, url

from telephony_adapters.events.feed import LocalEventFeed
from telephony_adapters.events.history import EventHistory
from telephony_adapters.events.relay import EventRelay
from telephony_adapters.events.signals import Signals, signals_on
from telephony_adapters.process import SystemClock
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_adapters.worker import Attendant, run_worker
from telephony_core.ports import Clock

__all__ = ["engine", "postgres", "server", "sqlite", "url"]

_names = count(1)


@define
class Process:
    """What one process has of it: its store, its signals, its relay, its feed."""

    engine: AsyncEngine
    store: SqlStore
    signals: Signals
    relay: EventRelay
    history: EventHistory
    feed: LocalEventFeed

    @classmethod
    def on(cls, engine: AsyncEngine, clock: Clock | None = None, **options: float) -> Self:
        signals = signals_on(engine)
        history = EventHistory(engine)
        return cls(
            engine,
            SqlStore(engine, clock, on_events=signals.written),
            signals,
            EventRelay(engine, signals, f"relay-{next(_names)}", clock, **options),
            history,
            LocalEventFeed(history, signals, capacity=20),
        )

    @asynccontextmanager
    async def at_work(self, *others: Attendant, signals: Attendant | None = None) -> AsyncIterator[Self]:
        attendants: list[Attendant] = [signals or self.signals, self.feed, self.relay, *others]
        stop = asyncio.Event()
        working = asyncio.create_task(run_worker(None, stop=stop, clock=SystemClock(), attendants=attendants))
        try:
            yield self
        finally:
            stop.set()
            await working


@pytest.fixture
async def process(engine: AsyncEngine) -> AsyncIterator[Process]:
    """A process at work, relay and all."""
    async with Process.on(engine).at_work() as process:
        yield process
