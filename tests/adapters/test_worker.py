"""The runner of the reconcile loop: what it does how often, what it survives, how it ends. No real waiting here."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from attrs import define, field

from telephony_adapters.worker import LONGEST_BACK_OFF, Pace, back_off, run_worker, wait_for_stop
from telephony_core.errors import StoreUnavailable

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)


class FixedClock:
    def now(self) -> datetime:
        return NOW


async def _nothing() -> None:
    return None


@define
class Chores:
    """All that a worker looks after, counting; `failing` says what the next rounds of reconciliation raise."""

    done: Counter[str] = field(factory=Counter)
    failing: list[Exception] = field(factory=list)
    forget_failing: bool = False
    keep_asks: float = 1700.0
    refresh_asks: float | None = None
    kept_at: list[datetime] = field(factory=list)
    in_hand: Callable[[], Awaitable[None]] = _nothing

    async def look_up_due(self) -> None:
        self.done["look up"] += 1

    async def pass_time_outs(self) -> None:
        self.done["pass time-outs"] += 1
        await self.in_hand()
        if self.failing:
            raise self.failing.pop(0)

    async def forget(self) -> int:
        self.done["forget"] += 1
        if self.forget_failing:
            raise RuntimeError("a bug in forgetting")
        return 0

    async def keep(self, now: datetime) -> float:
        self.done["keep"] += 1
        self.kept_at.append(now)
        return self.keep_asks

    async def refresh(self) -> float | None:
        self.done["refresh"] += 1
        return self.refresh_asks


@define
class Waits:
    """Waits in no time, `rounds` times in all for each chore; then as long as it takes. `seconds` is what was asked."""

    rounds: int
    stop: asyncio.Event
    seconds: dict[str, list[float]] = field(factory=dict)

    async def __call__(self, stop: asyncio.Event, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        asked = self.seconds.setdefault(task.get_name(), [])
        asked.append(seconds)
        if len(asked) < self.rounds:
            await asyncio.sleep(0)
            return
        if len(self.seconds) == 5 and all(len(each) >= self.rounds for each in self.seconds.values()):
            self.stop.set()
        await stop.wait()


async def run(chores: Chores, rounds: int) -> Waits:
    stop = asyncio.Event()
    waits = Waits(rounds, stop)
    async with asyncio.timeout(5):
        await run_worker(
            chores, stop=stop, clock=FixedClock(), keepers=[chores], refreshers=[chores], pace=Pace(), wait=waits
        )
    return waits


async def test_each_chore_begins_at_once_and_comes_again_at_its_own_interval() -> None:
    """Statuses are refreshed at the start; a keeper that wants no look for long is looked at by the pace."""
    chores = Chores()
    waits = await run(chores, rounds=3)
    assert chores.done == {"pass time-outs": 3, "look up": 3, "forget": 3, "keep": 3, "refresh": 3}
    assert waits.seconds == {
        "worker: pass time-outs": [1.0] * 3,
        "worker: look up": [1.0] * 3,
        "worker: forget": [300.0] * 3,
        "worker: keep Chores": [2.0] * 3,
        "worker: refresh Chores": [60.0] * 3,
    }
    assert set(chores.kept_at) == {NOW}
    waits = await run(Chores(keep_asks=0.5), rounds=2)
    assert waits.seconds["worker: keep Chores"] == [0.5, 0.5]


async def test_a_cache_that_wants_to_be_refreshed_earlier_is() -> None:
    waits = await run(Chores(refresh_asks=5.0), rounds=2)
    assert waits.seconds["worker: refresh Chores"] == [5.0, 5.0]


async def test_a_database_that_is_away_is_waited_for_longer_and_longer(caplog: pytest.LogCaptureFixture) -> None:
    """It is told in one line, without a traceback, and the chore takes up its pace when the database is back."""
    chores = Chores(failing=[StoreUnavailable() for _ in range(3)])
    with caplog.at_level(logging.INFO):
        waits = await run(chores, rounds=5)
    assert waits.seconds["worker: pass time-outs"] == [1.0, 2.0, 4.0, 1.0, 1.0]
    assert [record.getMessage() for record in caplog.records] == [
        "worker: pass time-outs: store_unavailable",
        "worker: pass time-outs goes on after 3 failures",
    ]
    assert all(record.exc_info is None for record in caplog.records)


async def test_a_bug_in_one_chore_ends_neither_it_nor_the_others(caplog: pytest.LogCaptureFixture) -> None:
    chores = Chores(failing=[RuntimeError("a bug")], forget_failing=True)
    await run(chores, rounds=4)
    assert chores.done == {"pass time-outs": 4, "look up": 4, "forget": 4, "keep": 4, "refresh": 4}
    assert any(record.exc_info for record in caplog.records)


def test_the_pause_after_failures_has_an_end() -> None:
    assert [back_off(failures) for failures in (1, 2, 3, 4, 5, 6, 1000)] == [1, 2, 4, 8, 16, 30, LONGEST_BACK_OFF]


async def test_a_stop_lets_the_step_in_hand_finish() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def in_hand() -> None:
        begun.set()
        await go_on.wait()
        chores.done["finished"] += 1

    chores, stop = Chores(in_hand=in_hand), asyncio.Event()
    async with asyncio.timeout(5):
        worker = asyncio.create_task(run_worker(chores, stop=stop, clock=FixedClock()))
        await begun.wait()
        stop.set()
        await asyncio.sleep(0)
        assert not worker.done()
        go_on.set()
        await worker
    assert chores.done["finished"] == 1
    assert chores.done["pass time-outs"] == 1


async def test_a_step_that_outlasts_the_grace_is_cancelled() -> None:
    cancelled = asyncio.Event()
    begun = asyncio.Event()

    async def in_hand() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    stop = asyncio.Event()
    async with asyncio.timeout(5):
        worker = asyncio.create_task(
            run_worker(Chores(in_hand=in_hand), stop=stop, clock=FixedClock(), pace=Pace(grace=0.0))
        )
        await begun.wait()
        stop.set()
        await worker
    assert cancelled.is_set()


async def test_who_cancels_the_worker_cancels_its_chores() -> None:
    chores = Chores()
    worker = asyncio.create_task(run_worker(chores, stop=asyncio.Event(), clock=FixedClock()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("worker:")]


async def test_waiting_ends_with_the_stop_or_with_the_time() -> None:
    """The pause itself: a stop ends it at once, however long it was to be."""
    stop = asyncio.Event()
    await wait_for_stop(stop, 0.001)
    waiting = asyncio.create_task(wait_for_stop(stop, 3600.0))
    stop.set()
    async with asyncio.timeout(5):
        await waiting


def test_a_pace_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="reconcile"):
        Pace(reconcile=0.0)
