"""What every stream of events must keep, and every publisher, as classes of tests to subclass:

class TestMyFeed(EventFeedContract):
    async def make(self) -> tuple[Store, EventFeed]:
        return my_store, MyFeed(...)

    async def forget_until(self, feed: EventFeed, position: int) -> None:
        ...
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

import pytest
from attrs import evolve

from telephony_core.call import Call
from telephony_core.errors import EventsNotKept
from telephony_core.events import CallEvent, EventFilter, RelayedEvent
from telephony_core.party import Target, TargetKind
from telephony_core.ports import EventFeed, EventPublisher, EventSubscription, Store, StreamEnd, UnitOfWork
from telephony_core.testing.contracts.promises import Contract
from telephony_core.testing.contracts.store_base import do, put_call
from telephony_core.testing.examples import an_attempt, an_event, an_id

PATIENCE = 20.0
"""Seconds in which an event that was committed comes to a reader, even on a machine with much else to do."""

ALL = EventFilter()


async def write(store: Store, *events: CallEvent) -> tuple[CallEvent, ...]:
    """These events, committed together."""

    async def work(uow: UnitOfWork) -> None:
        for event in events:
            await uow.events.add(event)

    await do(store, work)
    return events


def an_event_of(call: Call, name: str = "attempt_started") -> CallEvent:
    attempt = an_attempt(call_id=call.id, employee_id=call.employee_id, client_id=call.client_id)
    return an_event(attempt, name=name)


async def read(reader: EventSubscription, count: int) -> list[RelayedEvent]:
    """The next `count` events, and no more than these."""
    found: list[RelayedEvent] = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < count:
            found += await reader.next(PATIENCE)
            assert reader.ended is None, f"the subscription ended: {reader.ended}"
    assert len(found) == count
    return found


def events_of(relayed: Sequence[RelayedEvent]) -> list[CallEvent]:
    return [each.event for each in relayed]


class EventFeedContract(Contract):
    """Every sentence of `ports.EventFeed` and `ports.EventSubscription`."""

    capacity: int = 20
    """How many events may wait for one reader in the feed that `make` gives."""

    async def make(self) -> tuple[Store, EventFeed]:
        """A fresh store and the stream of its events. What must be closed after: override the fixture instead."""
        raise NotImplementedError

    async def forget_until(self, feed: EventFeed, position: int) -> None:
        """Let the events up to this position be kept no more."""
        raise NotImplementedError

    @pytest.fixture
    def stream(self) -> Awaitable[tuple[Store, EventFeed]]:
        return self.make()

    async def test_who_asks_for_no_position_reads_from_now_on(self, stream: tuple[Store, EventFeed]) -> None:
        """K7: what is kept belongs to who resumes."""
        store, feed = stream
        await self._settled(feed, await write(store, an_event()))
        reader = await feed.subscribe(ALL, None)
        fresh = await write(store, an_event())
        assert events_of(await read(reader, 1)) == list(fresh)

    async def test_who_resumes_misses_nothing_and_gets_nothing_twice(self, stream: tuple[Store, EventFeed]) -> None:
        """K7: from the position of any event on come all later ones, kept ones first, and each once."""
        store, feed = stream
        early = await write(store, an_event(), an_event(), an_event())
        whole = await feed.subscribe(ALL, 0)
        first = await read(whole, 3)
        reader = await feed.subscribe(ALL, first[0].position)
        late = await write(store, an_event(), an_event())
        assert events_of(await read(reader, 4)) == [*early[1:], *late]
        assert events_of(await read(whole, 2)) == list(late)

    async def test_positions_count_without_gaps(self, stream: tuple[Store, EventFeed]) -> None:
        """K7: so a reader of all events can tell that none is missing."""
        store, feed = stream
        reader = await feed.subscribe(ALL, 0)
        for _ in range(3):
            await write(store, an_event(), an_event())
        assert [each.position for each in await read(reader, 6)] == [1, 2, 3, 4, 5, 6]

    async def test_events_of_a_call_come_in_the_order_of_their_writing(self, stream: tuple[Store, EventFeed]) -> None:
        """K7: in one transaction and over several, whoever writes beside them."""
        store, feed = stream
        reader = await feed.subscribe(ALL, 0)
        call_ids = [an_id() for _ in range(3)]

        async def one_call(call_id: str) -> list[str]:
            names = [f"step_{place}" for place in range(6)]
            for pair in (names[:2], names[2:4], names[4:]):
                await write(store, *(evolve(an_event(), call_id=call_id, name=name) for name in pair))
            return names

        written = await asyncio.gather(*map(one_call, call_ids))
        found = events_of(await read(reader, 18))
        for call_id, names in zip(call_ids, written, strict=True):
            assert [event.name for event in found if event.call_id == call_id] == names

    async def test_what_is_rolled_back_is_never_told(self, stream: tuple[Store, EventFeed]) -> None:
        """K7: an event goes with what made it true."""
        store, feed = stream
        reader = await feed.subscribe(ALL, 0)
        async with store.write() as uow:
            await uow.events.add(an_event())
        told = await write(store, an_event())
        assert events_of(await read(reader, 1)) == list(told)

    @pytest.mark.parametrize("kept", [True, False])
    async def test_a_reader_gets_what_it_asked_for(self, stream: tuple[Store, EventFeed], kept: bool) -> None:
        """By Call, employee, client (interests included) and interest; kept events and new ones alike."""
        store, feed = stream
        calls = {
            "of client": await put_call(store, target=Target(TargetKind.CLIENT, "C-1"), client_id="C-1"),
            "of interest": await put_call(store, target=Target(TargetKind.INTEREST, "I-1"), client_id="C-1"),
            "of other": await put_call(
                store, target=Target(TargetKind.INTEREST, "I-2"), client_id="C-2", employee_id="E-6"
            ),
        }
        wanted = {
            EventFilter(call_id=calls["of client"].id): ["of client"],
            EventFilter(client_id="C-1"): ["of client", "of interest"],
            EventFilter(interest_id="I-1"): ["of interest"],
            EventFilter(employee_id="E-6"): ["of other"],
            EventFilter(client_id="C-1", employee_id="E-6"): [],
            ALL: list(calls),
        }
        last = an_event_of(await put_call(store), "last")

        async def tell() -> None:
            await write(store, *(an_event_of(call, name) for name, call in calls.items()))

        if kept:
            await tell()
        readers = {each: await feed.subscribe(each, 0) for each in wanted}
        if not kept:
            await tell()
        for each, names in wanted.items():
            assert [event.event.name for event in await read(readers[each], len(names))] == names
        # Nothing else was on its way to any of them.
        await write(store, last)
        assert events_of(await read(readers[ALL], 1)) == [last]
        for each in set(wanted) - {ALL}:
            assert list(await readers[each].next(0.01)) == []

    async def test_the_interest_is_told(self, stream: tuple[Store, EventFeed]) -> None:
        store, feed = stream
        of_interest = await put_call(store, target=Target(TargetKind.INTEREST, "I-1"))
        of_client = await put_call(store)
        reader = await feed.subscribe(ALL, 0)
        await write(store, an_event_of(of_interest), an_event_of(of_client))
        assert [each.interest_id for each in await read(reader, 2)] == ["I-1", None]

    async def test_the_position_moves_on_over_what_was_not_wanted(self, stream: tuple[Store, EventFeed]) -> None:
        """K7: else who wants little could not resume after the rest is forgotten."""
        store, feed = stream
        everything, nothing = await feed.subscribe(ALL, 0), await feed.subscribe(EventFilter(call_id="none"), 0)
        await write(store, an_event(), an_event())
        await read(everything, 2)
        async with asyncio.timeout(PATIENCE):
            while nothing.position < 2:
                assert list(await nothing.next(0.01)) == []
        assert (everything.position, nothing.position) == (2, 2)

    async def test_a_position_that_is_kept_no_more_is_refused(self, stream: tuple[Store, EventFeed]) -> None:
        """K7: whoever was away too long is told so, instead of silently missing events."""
        store, feed = stream
        await self._settled(feed, await write(store, *(an_event() for _ in range(4))))
        await self.forget_until(feed, 2)
        assert [each.position for each in await read(await feed.subscribe(ALL, 2), 2)] == [3, 4]
        for position in (0, 1, 5):
            with pytest.raises(EventsNotKept) as refusal:
                await feed.subscribe(ALL, position)
            assert refusal.value.reasons == {"oldest": 2, "newest": 4}
        await self.forget_until(feed, 4)
        assert (await feed.subscribe(ALL, 4)).position == 4
        with pytest.raises(EventsNotKept):
            await feed.subscribe(ALL, 3)

    async def test_a_reader_that_takes_nothing_is_ended_and_resumes(self, stream: tuple[Store, EventFeed]) -> None:
        """K7: bounded; what waits for one reader doesn't grow for ever, and no event is lost by it."""
        store, feed = stream
        slow, quick = await feed.subscribe(ALL, 0), await feed.subscribe(ALL, 0)
        count = 2 * self.capacity + 2
        written: list[CallEvent] = []
        for _ in range(count // 2):
            written += await write(store, an_event(), an_event())
            await read(quick, 2)
        async with asyncio.timeout(PATIENCE):
            assert await slow.over() is StreamEnd.TOO_SLOW
        assert slow.ended is StreamEnd.TOO_SLOW
        assert list(await slow.next(0)) == []
        assert quick.ended is None
        again = await feed.subscribe(ALL, slow.position)
        found: list[RelayedEvent] = []
        async with asyncio.timeout(PATIENCE):
            while len(found) < count - slow.position:
                found += await again.next(PATIENCE)
        assert events_of(found) == written[slow.position :]

    async def test_the_end_of_the_feed_ends_every_subscription(self, stream: tuple[Store, EventFeed]) -> None:
        _, feed = stream
        readers = [await feed.subscribe(ALL, None) for _ in range(3)]
        waiting = [asyncio.create_task(reader.next(PATIENCE)) for reader in readers]
        await asyncio.sleep(0)
        feed.end()
        async with asyncio.timeout(PATIENCE):
            assert [list(found) for found in await asyncio.gather(*waiting)] == [[], [], []]
            assert {await reader.over() for reader in readers} == {StreamEnd.STOPPING}
        assert (await feed.subscribe(ALL, None)).ended is StreamEnd.STOPPING

    async def _settled(self, feed: EventFeed, written: Sequence[CallEvent]) -> None:
        """Returns when a reader has seen all of these."""
        reader = await feed.subscribe(ALL, 0)
        assert events_of(await read(reader, len(written))) == list(written)
        reader.close()


class EventPublisherContract(Contract):
    """Every sentence of `ports.EventPublisher`."""

    async def make_publisher(self) -> EventPublisher:
        """One to which nothing was published yet."""
        raise NotImplementedError

    async def published(self, publisher: EventPublisher) -> Sequence[RelayedEvent]:
        """All that has arrived at the publisher's other side so far, in the order of coming."""
        raise NotImplementedError

    @pytest.fixture
    def publisher(self) -> Awaitable[EventPublisher]:
        return self.make_publisher()

    async def test_events_arrive_as_they_are_in_their_order(self, publisher: EventPublisher) -> None:
        """K7: each of them, unchanged, over several calls."""
        events = _some(1, 5)
        await publisher.publish(events[:2])
        await publisher.publish(events[2:])
        assert list(await self.published(publisher)) == events

    async def test_nothing_to_publish_is_no_error(self, publisher: EventPublisher) -> None:
        """K7: an empty round of the relay stops nothing."""
        await publisher.publish([])
        assert list(await self.published(publisher)) == []

    async def test_what_comes_again_does_no_harm(self, publisher: EventPublisher) -> None:
        """K7: at least once; repeats are passed on or left out, nothing after them is lost or comes too early."""
        events = _some(1, 4)
        await publisher.publish(events[:3])
        await publisher.publish(events[1:])
        arrived = list(await self.published(publisher))
        firsts = list({each.position: each for each in arrived}.values())
        assert firsts == events


def _some(first: int, last: int) -> list[RelayedEvent]:
    return [RelayedEvent(position, an_event()) for position in range(first, last + 1)]
