"""Missing reports show by their numbers; the calls that live are asked after then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.gateways.xsi_samples import an_event

from telephony_adapters.gateways.beeline import parse_report
from telephony_adapters.gateways.beeline.sequences import ASKED_AFTER, LATE, GapsFilled, Sequences
from telephony_core.call_facts import LegName
from telephony_core.errors import StoreUnavailable
from telephony_core.ports import ProviderReport
from telephony_core.testing.examples import NOW
from telephony_core.testing.fakes import FakeClock


def hear(sequences: Sequences, *numbers: int | None, of: str = "subscription-1") -> None:
    for number in numbers:
        event = an_event(sequence=None if number is None else str(number), subscription_id=of)
        sequences.note(parse_report(event), NOW)


def lost(sequences: Sequences) -> int:
    return sequences.take_lost(NOW + LATE)


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [
        ((1, 2, 3), 0),
        ((1, 3), 1),
        ((1, 3, 2), 0),
        ((1, 5, 2), 2),
        ((7, 8, 9), 0),
        ((9, 8, 10), 0),
        ((1, 1, 2, 2), 0),
        ((1, None, 2), 0),
        ((5, 1_000_000, 1_000_001), 0),
    ],
)
def test_what_is_missing(numbers: tuple[int | None, ...], missing: int) -> None:
    """A count begins with the first that was heard, and anew after a leap that can be no gap."""
    sequences = Sequences()
    hear(sequences, *numbers)
    assert lost(sequences) == missing
    assert lost(sequences) == 0


def test_subscriptions_count_for_themselves() -> None:
    sequences = Sequences()
    hear(sequences, 1, 2)
    hear(sequences, 7, of="subscription-2")
    hear(sequences, 3)
    assert lost(sequences) == 0


def test_what_is_remembered_does_not_grow() -> None:
    """Neither with subscriptions that came and went, nor with numbers that leap."""
    sequences = Sequences()
    for n in range(200):
        hear(sequences, 1, 900, of=f"subscription-{n}")
    assert (len(sequences.last), len(sequences.missing)) == (20, 1000)
    assert lost(sequences) == 1000
    hear(sequences, 903, of="subscription-199")
    assert lost(sequences) == 2


def test_what_was_overtaken_is_not_lost_yet() -> None:
    sequences = Sequences()
    hear(sequences, 1, 3)
    assert sequences.take_lost(NOW + LATE / 2) == 0
    hear(sequences, 2)
    assert lost(sequences) == 0


@given(st.permutations(range(1, 12)), st.sets(st.integers(2, 10)))
def test_in_any_order_just_what_never_came_is_lost(order: list[int], dropped: set[int]) -> None:
    sequences = Sequences()
    hear(sequences, 1, *(number for number in order if number != 1 and number not in dropped), 12)
    assert lost(sequences) == len(dropped)


@define
class Followed:
    """The core's use cases: counts what it is asked."""

    away: bool = False
    compared: int = 0
    asked: asyncio.Event = field(factory=asyncio.Event)

    async def apply(self, report: ProviderReport) -> bool:
        raise AssertionError(report)

    async def compare(self, provider: str, alive: Iterable[tuple[str, LegName]]) -> None:
        assert (provider, list(alive)) == ("beeline", [])
        if self.away:
            raise StoreUnavailable
        self.compared += 1
        self.asked.set()


async def test_a_gap_has_the_live_calls_asked_after_until_statistics_can_be_no_later() -> None:
    sequences, clock, followed = Sequences(), FakeClock(NOW), Followed()
    filled = GapsFilled(sequences, clock)
    await filled.look(followed)
    assert followed.compared == 0
    hear(sequences, 1, 3)
    began = clock.turn(LATE)
    while clock.now() <= began + ASKED_AFTER[-1]:
        await filled.look(followed)
        clock.turn(timedelta(seconds=1))
    assert followed.compared == len(ASKED_AFTER)
    assert ASKED_AFTER[-1] > timedelta(minutes=10)


async def test_however_many_gaps_there_are_it_asks_now_and_then() -> None:
    """Where processes share an address, each hears a part of the numbers, and every report seems to leave a gap."""
    sequences, clock, followed = Sequences(), FakeClock(NOW), Followed()
    filled = GapsFilled(sequences, clock)
    for second in range(100):
        sequences.note(parse_report(an_event(sequence=str(2 * second))), clock.now())
        await filled.look(followed)
        clock.turn(timedelta(seconds=1))
    assert followed.compared == 10


async def test_what_could_not_be_asked_is_asked_again() -> None:
    sequences, clock, followed = Sequences(), FakeClock(NOW), Followed(away=True)
    filled = GapsFilled(sequences, clock)
    hear(sequences, 1, 3)
    clock.turn(LATE)
    with pytest.raises(StoreUnavailable):
        await filled.look(followed)
    followed.away = False
    await filled.look(followed)
    assert followed.compared == 1


async def test_it_asks_once_when_it_begins_and_ends_when_it_is_told() -> None:
    """What happened while nobody listened shows in no number."""
    followed, stop = Followed(), asyncio.Event()
    filled = GapsFilled(Sequences(), FakeClock(NOW), looks_every=0.001)
    listening = asyncio.create_task(filled.listen(followed, stop))
    await followed.asked.wait()
    stop.set()
    await listening
    assert followed.compared == 1
