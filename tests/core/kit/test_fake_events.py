"""The fakes of the stream of events keep its contracts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from telephony_core.events import RelayedEvent
from telephony_core.ports import EventFeed, EventPublisher, Store
from telephony_core.testing.contracts import EventFeedContract, EventPublisherContract
from telephony_core.testing.examples import an_event
from telephony_core.testing.fakes import FakeClock, FakeEventFeed, FakePublisher, FakeStore


class TestFakeEventFeed(EventFeedContract):
    async def make(self) -> tuple[Store, EventFeed]:
        store = FakeStore(FakeClock())
        return store, FakeEventFeed(store, capacity=self.capacity)

    async def forget_until(self, feed: EventFeed, position: int) -> None:
        assert isinstance(feed, FakeEventFeed)
        feed.forget_until(position)


class TestFakePublisher(EventPublisherContract):
    async def make_publisher(self) -> EventPublisher:
        return FakePublisher()

    async def published(self, publisher: EventPublisher) -> Sequence[RelayedEvent]:
        assert isinstance(publisher, FakePublisher)
        return publisher.taken


async def test_a_publisher_refuses_on_order() -> None:
    publisher, events = FakePublisher(), [RelayedEvent(1, an_event())]
    publisher.fail_next()
    with pytest.raises(ConnectionError):
        await publisher.publish(events)
    assert publisher.taken == []
    await publisher.publish(events)
    assert publisher.taken == events
