"""The feed of a process under any order of steps: whoever reads, is cut off and resumes gets each event that is wanted
once and in order, and its position never passes an event that it was not given."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from telephony_adapters.events import feed as feed_module
from telephony_adapters.events.feed import LocalEventFeed
from telephony_adapters.events.history import ALL, FOR_EVER, Bounds
from telephony_adapters.events.signals import LocalSignals
from telephony_core.events import EventFilter, RelayedEvent
from telephony_core.ports import StreamEnd
from telephony_core.testing.examples import an_event

CALLS = ("call-1", "call-2", "call-3")
_EVENTS = {call_id: an_event(call_id=call_id) for call_id in CALLS}


@define
class Table:
    """The history, as the relay left it."""

    rows: list[RelayedEvent] = field(factory=list)

    async def bounds(self) -> Bounds:
        return Bounds(0, len(self.rows))

    async def after(
        self,
        position: int,
        limit: int,
        wanted: EventFilter = ALL,
        *,
        until: int = FOR_EVER,
    ) -> Sequence[RelayedEvent]:
        await asyncio.sleep(0)  # as a database would, lets others come in between
        found = [row for row in self.rows if position < row.position <= until and wanted.fits(row)]
        return found[:limit]

    kept_after = after

    def add(self, call_id: str) -> None:
        self.rows.append(RelayedEvent(len(self.rows) + 1, _EVENTS[call_id]))


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("relayed"), st.lists(st.sampled_from(CALLS), min_size=1, max_size=6)),
        st.tuples(st.just("fed"), st.none()),
        st.tuples(st.just("read"), st.none()),
        st.tuples(st.just("cut"), st.none()),
    ),
    max_size=30,
)


@given(
    before=st.lists(st.sampled_from(CALLS), max_size=5),
    begins=st.sampled_from([None, 0]),
    steps=_STEPS,
    wanted=st.sampled_from([EventFilter(), *(EventFilter(call_id=each) for each in CALLS)]),
)
def test_each_wanted_event_comes_once_and_in_order(
    before: list[str], begins: int | None, steps: list[tuple[str, Any]], wanted: EventFilter
) -> None:
    """K7, with pages of two, stretches and queues of three, to meet every bound; the feed may lag behind the table."""
    asyncio.run(_play(before, begins, steps, wanted))


async def _play(before: list[str], begins: int | None, steps: list[tuple[str, Any]], wanted: EventFilter) -> None:
    table = Table()
    feed = LocalEventFeed(table, LocalSignals(), capacity=3)  # type: ignore[arg-type]  # answers as the history does
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed_module, "PAGE", 2)
        patch.setattr(feed_module, "STRETCH", 3)
        another = await feed.subscribe(EventFilter(), None)  # for whom the feed goes on where it was
        for call_id in before:
            table.add(call_id)
        reader = await feed.subscribe(wanted, begins)
        first = reader.position
        seen: list[RelayedEvent] = []
        # In the end somebody reads in peace: as often as there are events at the most.
        for step, calls in [*steps, ("fed", None), *[("read", None)] * (len(before) + 6 * len(steps) + 2)]:
            if step == "relayed":
                for call_id in calls:
                    table.add(call_id)
            elif step == "fed":
                await feed.attend()
            elif step == "read":
                seen += await reader.next(0)
            if step == "cut" or reader.ended is StreamEnd.TOO_SLOW:
                reader.close()
                reader = await feed.subscribe(wanted, reader.position)
                await feed.attend()
            fitting = [row for row in table.rows[first:] if wanted.fits(row)]
            assert seen == fitting[: len(seen)]
            assert [row for row in fitting if row.position <= reader.position] == seen
        assert seen == [row for row in table.rows[first:] if wanted.fits(row)]
        another.close()
