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
from typing import Protocol

from attrs import field, frozen, validators

from telephony_adapters.gateways.provider import Following, Keeper, Listener, Refreshing
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


class Bell(Protocol):
    """Wakes the task that waits for news: `events.bell.Bell`."""

    def ring(self) -> None: ...

    async def heard(self, within: float) -> bool: ...


class Attendant(Protocol):
    """Does what has come up as soon as its bell rings: relays events, for one, or listens for them."""

    @property
    def bell(self) -> Bell: ...

    async def attend(self) -> float:
        """Do what has come up; the seconds after which it wants to be called again without a ring."""

    async def leave(self) -> None:
        """Give up what it holds: the worker ends."""


Retention = Callable[[], Awaitable[object]]
"""`EraseOldNumbers` of the core (P3), or `EventRetention`."""

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
    """Seconds between the rounds of each chore; `keep` and `refresh` at the most: they say themselves what they want.

    `listen`: from the loss of a connection to the next try.

    `attend`: the longest pause of an attendant whose bell is silent, or that failed. `grace`: how long a step in hand
    may go on after the stop.
    """

    reconcile: float = field(default=1.0, validator=validators.gt(0))
    keep: float = field(default=2.0, validator=validators.gt(0))
    listen: float = field(default=0.5, validator=validators.gt(0))
    refresh: float = field(default=60.0, validator=validators.gt(0))
    forget: float = field(default=300.0, validator=validators.gt(0))
    erase: float = field(default=3600.0, validator=validators.gt(0))
    attend: float = field(default=5.0, validator=validators.gt(0))
    grace: float = field(default=10.0, validator=validators.ge(0))


@frozen
class _Chore:
    """`step` does one round; it returns the seconds until the next, or None for `every`, the most in any case.

    `bell`: a ring begins the next round at once. `leave` is done when there will be no more.
    """

    name: str
    every: float
    step: Callable[[], Awaitable[float | None]]
    longest_back_off: float = LONGEST_BACK_OFF
    bell: Bell | None = None
    leave: Callable[[], Awaitable[None]] | None = None


async def run_worker(
    reconcile: Reconciling | None,
    *,
    stop: asyncio.Event,
    clock: Clock,
    keepers: Iterable[Keeper] = (),
    listeners: Iterable[Listener] = (),
    follow: Following | None = None,
    refreshers: Iterable[Refreshing] = (),
    retention: Retention | None = None,
    event_retention: Retention | None = None,
    attendants: Iterable[Attendant] = (),
    pace: Pace = Pace(),
    wait: Wait = wait_for_stop,
) -> None:
    """Runs all chores from now on until `stop` is set; returns when the steps in hand are done.

    `follow`: what listeners hear goes there; without it nobody listens.

    Every chore begins with a round at once. A step that outlasts the grace is cancelled: the store rolls back, and what
    was asked of a provider is settled by the next worker as an unknown outcome, never asked again (K3). `reconcile`
    None: another process does it.
    """
    chores = [
        *_reconciling(reconcile, pace),
        *(_Chore(f"keep {type(keeper).__name__}", pace.keep, _keeping(keeper, clock)) for keeper in keepers),
        *(_Chore(f"refresh {type(each).__name__}", pace.refresh, each.refresh) for each in refreshers),
        *(_attending(each, pace) for each in attendants),
    ]
    if follow is not None:
        chores += [
            _Chore(f"listen {type(each).__name__}", pace.listen, _listening(each, follow, stop)) for each in listeners
        ]
    if retention is not None:
        chores.append(_Chore("erase old numbers", pace.erase, _always(retention)))
    if event_retention is not None:
        chores.append(_Chore("forget events", pace.forget, _always(event_retention)))
    tasks = [asyncio.create_task(_run(chore, stop, wait), name=f"worker: {chore.name}") for chore in chores]
    try:
        await stop.wait()
        for chore in chores:
            if chore.bell is not None:
                chore.bell.ring()
        if tasks:
            await asyncio.wait(tasks, timeout=pace.grace)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _reconciling(reconcile: Reconciling | None, pace: Pace) -> list[_Chore]:
    if reconcile is None:
        return []
    return [
        _Chore("pass time-outs", pace.reconcile, _always(reconcile.pass_time_outs)),
        _Chore("look up", pace.reconcile, _always(reconcile.look_up_due)),
        _Chore("forget", pace.forget, _always(reconcile.forget)),
    ]


def _attending(attendant: Attendant, pace: Pace) -> _Chore:
    return _Chore(
        f"attend {type(attendant).__name__}",
        pace.attend,
        attendant.attend,
        longest_back_off=pace.attend,
        bell=attendant.bell,
        leave=attendant.leave,
    )


def _always(step: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[float | None]]:
    async def once() -> float | None:
        await step()
        return None

    return once


def _listening(listener: Listener, follow: Following, stop: asyncio.Event) -> Callable[[], Awaitable[float | None]]:
    async def once() -> float | None:
        await listener.listen(follow, stop)
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
            pause = min(back_off(failures), chore.longest_back_off)
        else:
            if failures:
                log.info("worker: %s goes on after %d failures", chore.name, failures)
            failures = 0
        await (wait(stop, pause) if chore.bell is None else chore.bell.heard(pause))
    if chore.leave is not None:
        try:
            await chore.leave()
        except Exception as error:  # noqa: BLE001  # the others leave all the same
            _tell(chore, error, failures)


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
