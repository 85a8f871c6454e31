"""The end of the service: what is in hand is finished, what is new is refused, streams end, in a bounded time."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from types import FrameType

import pytest
from tests.http.office import ANNA, BORIS, SECRET, Callers, Office
from tests.http.streams import PATIENCE, streaming

from telephony_core.testing.fakes import Fate
from telephony_http.stopping import Stopping, ends_within, longest_stop, told_by_signals


async def test_what_is_new_is_refused_and_stores_nothing(callers: Callers, office: Office) -> None:
    """K4: the key stays unused, so the same press is good elsewhere, or in a while."""
    callers.app.state.stopping.begin()
    for answer in (
        await callers.place(key="press"),
        await callers.get("/calls"),
        await callers.get("/events"),
        await callers.client.post(f"/api/v1/provider-reports/beeline/{SECRET}", content=b"<nothing/>"),
        await callers.get("/calls", as_=None),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "service_stopping")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert int(answer.headers["Retry-After"]) >= 1
    assert office.store.world.calls == {}
    assert office.store.world.keys == {}
    assert office.gateway.requests == []


async def test_it_is_alive_and_not_ready(callers: Callers) -> None:
    """A load balancer sends nobody here any more, and nobody kills what is finishing its work."""
    callers.app.state.stopping.begin()
    assert (await callers.get("/healthz", as_=None)).status_code == 200
    ready = await callers.get("/readyz", as_=None)
    assert (ready.status_code, ready.json()["status"]) == (503, "stopping")


async def test_streams_end_and_say_why(callers: Callers, office: Office) -> None:
    async with streaming(callers.app, token=ANNA) as one, streaming(callers.app, token=BORIS) as other:
        for stream in (one, other):
            await stream.block()
        callers.app.state.stopping.begin()
        for stream in (one, other):
            assert await stream.event() == {"event": "end", "data": {"reason": "stopping"}}
            assert await stream.block() is None
    assert office.feed.readers == 0


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """What a server's own handler of SIGTERM hears."""
    signals: list[int] = []

    def listener(number: int, frame: FrameType | None) -> None:
        signals.append(number)

    before = signal.signal(signal.SIGTERM, listener)
    yield signals
    signal.signal(signal.SIGTERM, before)


async def test_the_signal_is_heard_and_passed_on(heard: list[int]) -> None:
    stopping, server = Stopping(1), signal.getsignal(signal.SIGTERM)
    with told_by_signals(stopping.begin):
        signal.raise_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            await stopping.begun.wait()
    assert heard == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is server


async def test_a_signal_that_nobody_listens_to_is_left_alone() -> None:
    """It ends the process at once, as it always did."""
    before = signal.getsignal(signal.SIGTERM)
    assert not callable(before)
    with told_by_signals(Stopping(1).begin):
        assert signal.getsignal(signal.SIGTERM) is before


async def test_it_begins_once_and_its_time_runs_from_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now, told = 100.0, []
    monkeypatch.setattr(time, "monotonic", lambda: now)
    stopping = Stopping(15)
    stopping.tell(lambda: told.append(now))
    stopping.begin()
    now = 110.0
    stopping.begin()
    assert told == [100.0]
    assert stopping.seconds_left == 5
    now = 120.0
    assert stopping.seconds_left == 0


def test_who_kills_waits_longer_than_who_finishes() -> None:
    assert ends_within(10) > longest_stop(10) > 10


async def test_a_call_in_hand_is_waited_for_and_recorded() -> None:
    """K3: its request was made, so its outcome is stored before the store is closed."""
    office, loop = Office(), asyncio.get_running_loop()
    office.gateway.fate(Fate.HANGS)
    async with office.open() as callers:
        placing = asyncio.create_task(callers.place())
        await callers.until_dialled()
        placing.cancel()
        # The provider answers only once the service is told to end.
        callers.app.state.stopping.tell(lambda: loop.call_later(0.05, office.gateway.release))
    (call,) = office.store.world.calls.values()
    assert call.attempts[0].provider_reference is not None
