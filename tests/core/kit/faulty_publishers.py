"""Publishers of events that lose, change or reorder some (K7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import evolve

from telephony_core.events import RelayedEvent
from telephony_core.ports import EventPublisher
from telephony_core.testing.contracts import EventPublisherContract


class Publisher:
    """Keeps what it is given; a fault changes how."""

    def __init__(self) -> None:
        self.arrived: list[RelayedEvent] = []

    async def publish(self, events: Sequence[RelayedEvent]) -> None:
        self.arrived += events


FAULTS: dict[str, tuple[str, type[Publisher]]] = {}
"""By name: the rule that it breaks, and the class."""


def breaks(rule: str) -> Callable[[type[Publisher]], type[Publisher]]:
    def register(publisher: type[Publisher]) -> type[Publisher]:
        FAULTS[publisher.__name__] = (rule, publisher)
        return publisher

    return register


def contract_of(make: Callable[[], Publisher]) -> type[EventPublisherContract]:
    class Contract(EventPublisherContract):
        async def make_publisher(self) -> EventPublisher:
            return make()

        async def published(self, publisher: Any) -> Sequence[RelayedEvent]:
            arrived: Sequence[RelayedEvent] = publisher.arrived
            return arrived

    return Contract


@breaks("K7")
class TellsTheNewestFirst(Publisher):
    async def publish(self, events: Sequence[RelayedEvent]) -> None:
        self.arrived += reversed(events)


@breaks("K7")
class TellsTheLastOfEachRound(Publisher):
    async def publish(self, events: Sequence[RelayedEvent]) -> None:
        self.arrived += events[-1:]


@breaks("K7")
class LeavesOutARoundThatRepeats(Publisher):
    """With what is new in it."""

    async def publish(self, events: Sequence[RelayedEvent]) -> None:
        if not any(event in self.arrived for event in events):
            self.arrived += events


@breaks("K7")
class FailsWhereThereIsNothing(Publisher):
    async def publish(self, events: Sequence[RelayedEvent]) -> None:
        assert events[0].position
        self.arrived += events


@breaks("K7")
class ForgetsWhoseEventsTheyAre(Publisher):
    async def publish(self, events: Sequence[RelayedEvent]) -> None:
        self.arrived += [evolve(each, event=evolve(each.event, client_id="")) for each in events]
