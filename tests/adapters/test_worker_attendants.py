"""Those of the worker's chores that wait for a bell: the relay of events for one. When they work, what they survive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from attrs import define, field

from telephony_adapters.events.bell import Bell
from telephony_adapters.worker import Attendant, Pace, run_worker

PATIENCE = 5.0
FOR_EVER = 3600.0


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


@define
class Attending:
    """Counts its rounds; asks for the next one in `asks` seconds. `failing`: what the next rounds raise."""

    bell: Bell = field(factory=Bell)
    asks: float = FOR_EVER
    failing: list[Exception] = field(factory=list)
    leaves_badly: bool = False
    rounds: int = 0
    left: int = 0
    _told: asyncio.Event = field(factory=asyncio.Event)

    async def attend(self) -> float:
        self.rounds += 1
        self._told.set()
        if self.failing:
            raise self.failing.pop(0)
        return self.asks

    async def leave(self) -> None:
        self.left += 1
        if self.leaves_badly:
            raise RuntimeError("a bug in leaving")

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._told.clear()
                await self._told.wait()


@asynccontextmanager
async def at_work(*attendants: Attendant, pace: float = FOR_EVER) -> AsyncIterator[None]:
    stop = asyncio.Event()
    working = asyncio.create_task(
        run_worker(None, stop=stop, clock=FixedClock(), attendants=attendants, pace=Pace(attend=pace))
    )
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(PATIENCE):
            await working


async def test_it_begins_at_once_and_comes_again_when_its_bell_rings() -> None:
    one, other = Attending(), Attending()
    async with at_work(one, other):
        await one.until(lambda: one.rounds == 1)
        one.bell.ring()
        await one.until(lambda: one.rounds == 2)
        assert other.rounds == 1


async def test_a_ring_during_its_round_is_not_lost() -> None:
    """What came up after it had looked is looked at in a further round."""
    attending = Attending()
    attending.bell.ring()
    async with at_work(attending):
        await attending.until(lambda: attending.rounds == 2)


@pytest.mark.parametrize(("asks", "pace"), [(0.001, FOR_EVER), (FOR_EVER, 0.001)])
async def test_without_a_ring_it_comes_when_it_asked_to_and_by_the_pace(asks: float, pace: float) -> None:
    attending = Attending(asks=asks)
    async with at_work(attending, pace=pace):
        await attending.until(lambda: attending.rounds >= 3)


async def test_what_it_raises_is_logged_and_it_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """After its pace at the longest, since whoever waits for events waits for it."""
    attending = Attending(failing=[RuntimeError("a bug"), RuntimeError("again")])
    with caplog.at_level(logging.INFO):
        async with at_work(attending, pace=0.001):
            await attending.until(lambda: attending.rounds >= 4)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR", "INFO"]


async def test_it_leaves_at_the_end_once_whatever_the_others_do() -> None:
    """The end doesn't wait for a bell that never rings."""
    bad, good = Attending(leaves_badly=True), Attending()
    async with at_work(bad, good):
        await bad.until(lambda: bad.rounds == 1)
        await good.until(lambda: good.rounds == 1)
    assert (bad.left, good.left) == (1, 1)


async def test_a_worker_with_nothing_to_do_waits_for_its_end() -> None:
    async with at_work():
        await asyncio.sleep(0)
