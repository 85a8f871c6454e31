"""A store in memory that keeps every promise of the port, breaks on order, and notices breaches of law 4.

Writing units of work run one after the other, each on a copy of the world that `commit` puts in its place. Reading
units see what is committed at each question, the weakest that a database may give. Faults are a script:

    store.fail_commit(CommitFault.AFTER)    the next commit takes effect and its answer is lost
    store.available = False                 every question raises StoreUnavailable
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from telephony_core.carousel import Carousel
from telephony_core.errors import StoreUnavailable
from telephony_core.events import CallEvent
from telephony_core.ports import (
    CallRepository,
    CarouselRepository,
    Clock,
    ConcurrentChange,
    EventLog,
    IdempotencyKeys,
    PersonalData,
    ReportLog,
    Reservation,
    Reservations,
    UnitOfWork,
)
from telephony_core.testing.fake_calls import FakeCalls
from telephony_core.testing.fake_personal_data import FakePersonalData
from telephony_core.testing.fake_repositories import (
    FakeCarousel,
    FakeEvents,
    FakeKeys,
    FakeReports,
    FakeReservations,
)
from telephony_core.testing.fake_world import World

_open: ContextVar[tuple[FakeUnitOfWork, ...]] = ContextVar("open units of work of this task", default=())


class CommitFault(StrEnum):
    """What happens to a commit by script."""

    BEFORE = "before"
    """It fails before it took effect: `StoreUnavailable`, nothing is stored."""
    AFTER = "after"
    """It took effect and its answer is lost: `StoreUnavailable`, all is stored."""
    CONFLICT = "conflict"
    """Another transaction won: `ConcurrentChange`, nothing is stored."""


class FakeStore:
    """Calls, reservations, keys, carousel, reports and events in memory; lives as long as the test.

    `open_for`: how long a Call stays open by itself (K6), which its state in a list depends on. `patience`: seconds
    that a writing unit waits for its turn before `StoreUnavailable`.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        carousel: Carousel | None = None,
        open_for: timedelta = timedelta(days=30),
        patience: float = 5.0,
    ) -> None:
        self.clock = clock
        self.open_for = open_for
        self.patience = patience
        self.available = True
        self.commits: int = 0
        """How many commits of writing units were asked for."""
        self.on_commit: list[Callable[[], None]] = []
        """Called after each commit that took effect."""
        self._world = World(carousel=carousel or Carousel())
        self._faults: dict[int, CommitFault] = {}
        self._turn = asyncio.Lock()

    def read(self) -> FakeUnitOfWork:
        return FakeUnitOfWork(self, writes=False)

    def glance(self) -> FakeUnitOfWork:
        return FakeUnitOfWork(self, writes=False)

    def write(self) -> FakeUnitOfWork:
        return FakeUnitOfWork(self, writes=True)

    # --- What a test scripts and asks ---------------------------------------------------------------------------

    def fail_commit(self, fault: CommitFault, nth: int = 1) -> None:
        """Let the `nth` commit from now on (1: the next) fail in this way."""
        self._faults[self.commits + nth] = fault

    @property
    def open_units(self) -> int:
        """How many units of work are open in the present task, or were in the one that began it."""
        return sum(unit.is_open and unit.store is self for unit in _open.get())

    def assert_no_unit_open(self, what: str) -> None:
        """Fail if a unit of work is open in the present task; fakes of what leaves the process ask it (law 4)."""
        assert not self.open_units, f"{what} was awaited inside a unit of work: gather first, or commit first (law 4)"

    @property
    def world(self) -> World:
        """What is committed: to look at, not to change."""
        return self._world

    @property
    def events(self) -> tuple[CallEvent, ...]:
        return tuple(self._world.events)

    @property
    def reservations(self) -> dict[Reservation, str]:
        """What is reserved, and by which attempt."""
        return dict(self._world.reservations)

    # --- For its units of work ----------------------------------------------------------------------------------

    def check_available(self) -> None:
        if not self.available:
            raise StoreUnavailable

    async def begin_writing(self) -> World:
        try:
            async with asyncio.timeout(self.patience):
                await self._turn.acquire()
        except TimeoutError:
            raise StoreUnavailable("Other transactions took too long.") from None
        return self._world.copy()

    def end_writing(self) -> None:
        self._turn.release()

    def commit(self, world: World) -> None:
        self.commits += 1
        fault = self._faults.pop(self.commits, None)
        if fault is CommitFault.CONFLICT:
            raise ConcurrentChange
        if fault is CommitFault.BEFORE:
            raise StoreUnavailable("The connection was lost before the commit.")
        self._world = world
        for told in self.on_commit:
            told()
        if fault is CommitFault.AFTER:
            raise StoreUnavailable("The answer to the commit was lost.")


class FakeUnitOfWork:
    """One transaction; lives for one `async with`. After its commit, or a change that lost, it can do nothing more."""

    calls: CallRepository
    reservations: Reservations
    keys: IdempotencyKeys
    carousel: CarouselRepository
    reports: ReportLog
    events: EventLog
    personal: PersonalData

    def __init__(self, store: FakeStore, *, writes: bool) -> None:
        self.store = store
        self.writes = writes
        self.is_open: bool = False
        self.task: asyncio.Task[object] | None = None
        self._own: World | None = None
        self._over: str | None = "before it was entered"
        self.calls = FakeCalls(self)
        self.reservations = FakeReservations(self)
        self.keys = FakeKeys(self)
        self.carousel = FakeCarousel(self)
        self.reports = FakeReports(self)
        self.events = FakeEvents(self)
        self.personal = FakePersonalData(self)

    async def __aenter__(self) -> Self:
        assert self._over == "before it was entered", "a unit of work lives for one `async with`"
        await asyncio.sleep(0)  # as a database would, let others come in between
        self.store.check_available()
        if self.writes:
            rivals = (unit for unit in _open.get() if unit.writes and unit.is_open and unit.store is self.store)
            # A task begun inside a unit of work inherits its context, and may well wait for the unit's end.
            assert not any(unit.task is asyncio.current_task() for unit in rivals), (
                "a writing unit of work inside another one waits for itself"
            )
            self._own = await self.store.begin_writing()
        self._over = None
        self.is_open = True
        self.task = asyncio.current_task()
        _open.set((*(unit for unit in _open.get() if unit.is_open), self))
        return self

    async def __aexit__(self, *failure: object) -> None:
        self.is_open = False
        _open.set(tuple(unit for unit in _open.get() if unit.is_open))
        if self._own is not None:
            self._own = None
            self.store.end_writing()
        self._over = "after its end"

    async def now(self) -> datetime:
        self.world()
        return self.store.clock.now()

    async def commit(self) -> None:
        self.world()
        await asyncio.sleep(0)
        self.store.check_available()
        self._over = "after its commit"
        if self._own is not None:
            self.store.commit(self._own)

    # --- For its repositories -----------------------------------------------------------------------------------

    def world(self) -> World:
        """The world as this unit sees it."""
        assert self._over is None, f"a unit of work was used {self._over}"
        self.store.check_available()
        return self._own if self._own is not None else self.store.world

    def world_to_change(self) -> World:
        assert self.writes, "a unit of work that only reads was asked to write"
        return self.world()

    def lose(self) -> ConcurrentChange:
        """Another transaction won. As on PostgreSQL, this one is of no use any more."""
        self._over = "after another one won (ConcurrentChange)"
        return ConcurrentChange()


def _keeps_its_port(store: FakeStore) -> UnitOfWork:  # the type checker's proof
    return store.write()
