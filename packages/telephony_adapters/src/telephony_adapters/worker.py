"""What has to be done now and then, for as long as the process lives: `run_worker`.

Our HTTP service runs it beside its requests; who embeds core, store and gateway without our HTTP runs it as well, or
nothing would ever time out. Several workers may run at once: a step is safe beside another's (see `reconcile_calls`).

Each chore has a task of its own, so that a provider that doesn't answer holds up its own chore and no other. What a
step raises is logged, and the chore goes on after a pause that grows: a database that is away for a minute, or a bug in
one chore, must not end the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Protocol

from attrs import field, frozen, validators

from telephony_core.errors import Unavailable
from telephony_core.ports import Clock

log = logging.getLogger(__name__)

LONGEST_BACK_OFF = 30.0
"""Seconds; shorter than what it costs a client that a call of theirs is settled late."""


class Reconciling(Protocol):
    """`ReconcileCalls` of the core, or what stands for it in a test."""

    async def pass_time_outs(self) -> object: ...

    async def look_up_due(self) -> object: ...

    async def forget(self) -> object: ...


class Keeper(Protocol):
    """Keeps something at a provider alive, its subscription to reports for one."""

    async def keep(self, now: datetime) -> float:
        """Do what is due; the seconds after which it wants to be called again. Earlier costs nothing."""


class Refreshing(Protocol):
    """A cache that is filled from outside, that of the devices' statuses for one. May fail without harm to a call."""

    async def refresh(self) -> object: ...


Retention = Callable[[], Awaitable[object]]
"""`EraseOldNumbers` of the core (P3)."""

Wait = Callable[[asyncio.Event, float], Awaitable[None]]
"""Waits for the event, at most so many seconds."""


async def wait_for_stop(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass


@frozen
class Pace:
    """Seconds between the rounds of each chore; `keep` at the most, for what a keeper waits for may happen any time.

    `grace`: how long a step in hand may go on after the stop.
    """

    reconcile: float = field(default=1.0, validator=validators.gt(0))
    keep: float = field(default=2.0, validator=validators.gt(0))
    refresh: float = field(default=60.0, validator=validators.gt(0))
    forget: float = field(default=300.0, validator=validators.gt(0))
    erase: float = field(default=3600.0, validator=validators.gt(0))
    grace: float = field(default=10.0, validator=validators.ge(0))


@frozen
class _Chore:
    """`step` does one round; it returns the seconds until the next, or None for `every`, the most in any case."""

    name: str
    every: float
    step: Callable[[], Awaitable[float | None]]


async def run_worker(
    reconcile: Reconciling,
    *,
    stop: asyncio.Event,
    clock: Clock,
    keepers: Iterable[Keeper] = (),
    refreshers: Iterable[Refreshing] = (),
    retention: Retention | None = None,
    pace: Pace = Pace(),
    wait: Wait = wait_for_stop,
) -> None:
    """Runs all chores from now on until `stop` is set; returns when the steps in hand are done.

    Every chore begins with a round at once. A step that outlasts the grace is cancelled: the store rolls back, and what
    was asked of a provider is settled by the next worker as an unknown outcome, never asked again (K3).
    """
    chores = [
        _Chore("pass time-outs", pace.reconcile, _always(reconcile.pass_time_outs)),
        _Chore("look up", pace.reconcile, _always(reconcile.look_up_due)),
        _Chore("forget", pace.forget, _always(reconcile.forget)),
        *(_Chore(f"keep {type(keeper).__name__}", pace.keep, _keeping(keeper, clock)) for keeper in keepers),
        *(_Chore(f"refresh {type(each).__name__}", pace.refresh, _always(each.refresh)) for each in refreshers),
    ]
    if retention is not None:
        chores.append(_Chore("erase old numbers", pace.erase, _always(retention)))
    tasks = [asyncio.create_task(_run(chore, stop, wait), name=f"worker: {chore.name}") for chore in chores]
    try:
        await stop.wait()
        await asyncio.wait(tasks, timeout=pace.grace)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _always(step: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[float | None]]:
    async def once() -> float | None:
        await step()
        return None

    return once


def _keeping(keeper: Keeper, clock: Clock) -> Callable[[], Awaitable[float | None]]:
    async def once() -> float | None:
        return await keeper.keep(clock.now())

    return once


async def _run(chore: _Chore, stop: asyncio.Event, wait: Wait) -> None:
    failures = 0
    while not stop.is_set():
        try:
            asked = await chore.step()
            pause = chore.every if asked is None else min(max(asked, 0.0), chore.every)
        except Exception as error:  # noqa: BLE001  # a chore outlives whatever one round of it meets
            _tell(chore, error, failures)
            failures += 1
            pause = back_off(failures)
        else:
            if failures:
                log.info("worker: %s goes on after %d failures", chore.name, failures)
            failures = 0
        await wait(stop, pause)


def back_off(failures: int) -> float:
    """Seconds to wait after so many failures in a row: 1, 2, 4 … up to the longest, whatever the chore's interval."""
    return min(float(2 ** min(failures - 1, 10)), LONGEST_BACK_OFF)


def _tell(chore: _Chore, error: Exception, failures: int) -> None:
    # Something that is away is weather: one line, and the same line again only as it gets long. Anything else is a bug.
    if isinstance(error, Unavailable):
        if failures in {0, 3} or failures % 20 == 0:
            log.warning("worker: %s: %s", chore.name, error.code)
    else:
        log.error("worker: %s failed", chore.name, exc_info=error)
