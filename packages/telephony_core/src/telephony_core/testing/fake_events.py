"""The stream of events over the fake store, and a publisher that keeps what it was given.

feed = FakeEventFeed(store)       follows the store's commits
feed.forget_until(3)              events up to position 3 are kept no more
publisher.fail_next()             the next hand-over is refused
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol
from weakref import WeakSet

from telephony_core.errors import EventsNotKept
from telephony_core.events import EventFilter, RelayedEvent
from telephony_core.party import TargetKind
from telephony_core.ports import EventFeed, EventPublisher, EventSubscription, StreamEnd
from telephony_core.testing.fake_world import World


class _Store(Protocol):
    on_commit: list[Callable[[], None]]

    @property
    def world(self) -> World: ...


class FakeEventFeed:
    """What is committed is told at once; an event's position is its place among all that were written.

    Lives as long as its store. `capacity`: how many events may wait for one reader.
    """

    def __init__(self, store: _Store, *, capacity: int = 1000) -> None:
        self.capacity = capacity
        self.ended: bool = False
        self._store = store
        self._forgotten = 0
        self._readers: WeakSet[FakeSubscription] = WeakSet()
        store.on_commit.append(self._told)

    async def subscribe(self, wanted: EventFilter, after: int | None) -> FakeSubscription:
        first, last = self._forgotten, len(self._store.world.events)
        if after is not None and not first <= after <= last:
            raise EventsNotKept(oldest=first, newest=last)
        reader = FakeSubscription(self, wanted, last if after is None else after)
        if self.ended:
            reader.end(StreamEnd.STOPPING)
        self._readers.add(reader)
        return reader

    def end(self) -> None:
        self.ended = True
        for reader in list(self._readers):
            reader.end(StreamEnd.STOPPING)

    @property
    def readers(self) -> int:
        return len(self._readers)

    def forget_until(self, position: int) -> None:
        self._forgotten = position

    def after(self, position: int) -> list[RelayedEvent]:
        world = self._store.world
        found = []
        for place, event in enumerate(world.events[position:], start=position + 1):
            call = world.calls.get(event.call_id)
            of_interest = call is not None and call.target.kind is TargetKind.INTEREST
            found.append(RelayedEvent(place, event, call.target.id if call is not None and of_interest else None))
        return found

    def leave(self, reader: FakeSubscription) -> None:
        self._readers.discard(reader)

    def _told(self) -> None:
        for reader in list(self._readers):
            reader.told()


class FakeSubscription:
    """See `ports.EventSubscription`."""

    def __init__(self, feed: FakeEventFeed, wanted: EventFilter, position: int) -> None:
        self.position: int = position
        self.ended: StreamEnd | None = None
        self._feed = feed
        self._wanted = wanted
        self._news = asyncio.Event()
        self._over = asyncio.Event()

    async def next(self, within: float) -> Sequence[RelayedEvent]:
        try:
            async with asyncio.timeout(within):
                while self.ended is None:
                    self._news.clear()
                    everything = self._feed.after(self.position)
                    if everything:
                        self.position = everything[-1].position
                    if found := [each for each in everything if self._wanted.fits(each)]:
                        return found
                    await self._news.wait()
        except TimeoutError:
            pass
        return ()

    async def over(self) -> StreamEnd:
        await self._over.wait()
        assert self.ended is not None  # it is set before `_over`
        return self.ended

    def close(self) -> None:
        self._feed.leave(self)

    def told(self) -> None:
        if sum(map(self._wanted.fits, self._feed.after(self.position))) > self._feed.capacity:
            self.end(StreamEnd.TOO_SLOW)
        self._news.set()

    def end(self, why: StreamEnd) -> None:
        if self.ended is None:
            self.ended = why
            self._over.set()
            self._news.set()


class FakePublisher:
    """Keeps what it was given, in the order of coming; lives as long as the test."""

    def __init__(self) -> None:
        self.taken: list[RelayedEvent] = []
        self._failing = 0

    async def publish(self, events: Sequence[RelayedEvent]) -> None:
        if self._failing:
            self._failing -= 1
            raise ConnectionError("the broker is away")
        self.taken += events

    def fail_next(self, times: int = 1) -> None:
        self._failing = times


def _keep_their_ports(
    feed: FakeEventFeed, publisher: FakePublisher, reader: FakeSubscription
) -> tuple[EventFeed, EventPublisher, EventSubscription]:  # the type checker's proof
    return feed, publisher, reader
