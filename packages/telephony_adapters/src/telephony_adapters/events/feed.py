"""The stream for the readers of this process: what is new is read once, and handed to each as far as it is wanted.

A reader that resumes is first given what is kept, page by page, up to where the feed is; meanwhile, and from then on,
new events wait for it in a queue of its own. The queue is bounded: a reader that doesn't take its events is ended, and
resumes by its position when it likes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from weakref import WeakSet

from telephony_adapters.events.bell import Bell
from telephony_adapters.events.history import EventHistory
from telephony_adapters.events.signals import Signals
from telephony_core.errors import EventsNotKept
from telephony_core.events import EventFilter, RelayedEvent
from telephony_core.ports import EventFeed, EventPublisher, EventSubscription, StreamEnd

PAGE = 200
"""Events read at once."""
STRETCH = 10_000
"""Events that are looked through at once for what a reader wants: some tens of milliseconds."""
CAPACITY = 1000
"""Events that may wait for one reader: some minutes of a large call centre."""


class LocalEventFeed:
    """`ports.EventFeed`, and the `EventPublisher` of this process; made once, lives as long as it.

    Reads nothing while nobody listens. A reader that nobody holds any more is forgotten.
    """

    def __init__(self, history: EventHistory, signals: Signals, *, capacity: int = CAPACITY) -> None:
        self.bell = Bell()
        signals.when_relayed.append(self.bell)
        self._history = history
        self._signals = signals
        self._capacity = capacity
        self._readers: WeakSet[LocalSubscription] = WeakSet()
        self._position = 0
        """All up to here was handed to the readers."""
        self._moving = asyncio.Lock()
        self._ended = False

    async def subscribe(self, wanted: EventFilter, after: int | None) -> LocalSubscription:
        async with self._moving:
            bounds = await self._history.bounds()
            if after is not None and not bounds.oldest <= after <= bounds.newest:
                raise EventsNotKept(oldest=bounds.oldest, newest=bounds.newest)
            if not self._readers:
                self._position = bounds.newest
            begins = bounds.newest if after is None else after
            reader = LocalSubscription(
                self._history,
                wanted,
                position=begins,
                joined=self._position,
                capacity=self._capacity,
                leave=self._readers.discard,
            )
            if self._ended:
                reader.end(StreamEnd.STOPPING)
            self._readers.add(reader)
        return reader

    async def publish(self, events: Sequence[RelayedEvent]) -> None:
        fresh = [each for each in events if each.position > self._position]
        if fresh:
            self._position = fresh[-1].position
            for reader in list(self._readers):
                reader.offer(fresh)

    def end(self) -> None:
        self._ended = True
        for reader in list(self._readers):
            reader.end(StreamEnd.STOPPING)

    async def attend(self) -> float:
        """Hand on what is new; the seconds after which to look again."""
        async with self._moving:
            while self._readers:
                events = await self._history.after(self._position, PAGE)
                await self.publish(events)
                if len(events) < PAGE:
                    break
        return self._signals.looks_every

    async def leave(self) -> None:
        self.end()


class LocalSubscription:
    """`ports.EventSubscription`. `joined`: where the feed was when it began, from where on events are offered."""

    def __init__(
        self,
        history: EventHistory,
        wanted: EventFilter,
        *,
        position: int,
        joined: int,
        capacity: int,
        leave: Callable[[LocalSubscription], None],
    ) -> None:
        self.position = position
        self.ended: StreamEnd | None = None
        self._history = history
        self._wanted = wanted
        self._joined = joined
        self._offered = joined
        self._capacity = capacity
        self._leave = leave
        self._queue: deque[RelayedEvent] = deque()
        self._news = asyncio.Event()
        self._over = asyncio.Event()

    async def next(self, within: float) -> Sequence[RelayedEvent]:
        if kept := await self._kept():
            return kept
        try:
            async with asyncio.timeout(within):
                await self._news.wait()
        except TimeoutError:
            pass
        if self.ended is not None:
            return ()
        events = tuple(self._queue)
        self._queue.clear()
        self._news.clear()
        self.position = max(self.position, self._offered)
        return events

    async def _kept(self) -> Sequence[RelayedEvent]:
        """The next of those that were there before it began; none when it has caught up with the feed."""
        while self.position < self._joined and self.ended is None:
            until = min(self.position + STRETCH, self._joined)
            kept = await self._history.kept_after(self.position, PAGE, self._wanted, until=until)
            self.position = kept[-1].position if len(kept) == PAGE else until
            if kept:
                return kept
        return ()

    async def over(self) -> StreamEnd:
        await self._over.wait()
        assert self.ended is not None  # it is set before `_over`
        return self.ended

    def close(self) -> None:
        self._leave(self)

    def offer(self, events: Sequence[RelayedEvent]) -> None:
        """Let these wait for the reader, as far as it wants them."""
        if self.ended is not None:
            return
        self._offered = events[-1].position
        wanted = [each for each in events if each.position > self.position and self._wanted.fits(each)]
        if len(self._queue) + len(wanted) > self._capacity:
            self.end(StreamEnd.TOO_SLOW)
        elif wanted:
            self._queue += wanted
            self._news.set()

    def end(self, why: StreamEnd) -> None:
        if self.ended is None:
            self.ended = why
            self._queue.clear()
            self._over.set()
            self._news.set()


def _keep_their_ports(
    feed: LocalEventFeed, reader: LocalSubscription
) -> tuple[EventFeed, EventPublisher, EventSubscription]:  # the type checker's proof
    return feed, feed, reader
