"""Asterisk's listener: events become reports, by one process at a time, and nothing is missed for good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from attrs import define, field
from tests.adapters.gateways.ari_stand_in import AriStandIn, ari_stand_in, now
from tests.adapters.gateways.asterisk_contract import PASSWORD, USER

from telephony_adapters.gateways.asterisk import AriClient, AsteriskListener
from telephony_adapters.gateways.asterisk.left_over import LEFT_OVER_AFTER
from telephony_adapters.gateways.asterisk.listener import LONGEST_PAUSE
from telephony_adapters.process import SystemClock
from telephony_core.call_facts import FactKind, LegName
from telephony_core.errors import StoreUnavailable
from telephony_core.ports import ProviderReport
from telephony_core.testing.fakes import FakeClock

A = "01M85PVHKQ0ET3DAPGGN4ZAFN5"


@define
class Follower:
    """`Following` that remembers; `store_is_away` so many times."""

    reports: list[ProviderReport] = field(factory=list)
    compared: list[tuple[str, tuple[tuple[str, LegName], ...]]] = field(factory=list)
    store_is_away: int = 0
    holds: asyncio.Event | None = None
    news: asyncio.Condition = field(factory=asyncio.Condition)

    async def apply(self, report: ProviderReport) -> bool:
        if self.store_is_away:
            self.store_is_away -= 1
            raise StoreUnavailable
        if self.holds is not None:
            await self.holds.wait()
        await self._note(self.reports, report)
        return True

    async def compare(self, provider: str, alive: Iterable[tuple[str, LegName]]) -> None:
        await self._note(self.compared, (provider, tuple(alive)))

    async def _note(self, where: list, what: object) -> None:
        async with self.news:
            where.append(what)
            self.news.notify_all()

    async def until(self, *, reports: int = 0, compared: int = 0) -> None:
        async with self.news:
            await self.news.wait_for(lambda: len(self.reports) >= reports and len(self.compared) >= compared)


@define
class OneLease:
    """A lease that is taken away and given by the test."""

    lasts: float | None = 1.0
    given_up: int = 0

    async def hold(self) -> float | None:
        return self.lasts

    async def give_up(self) -> None:
        self.given_up += 1


@pytest.fixture
async def asterisk() -> AsyncIterator[AriStandIn]:
    async with ari_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
async def listener(asterisk: AriStandIn) -> AsyncIterator[AsteriskListener]:
    async with AriClient(f"http://127.0.0.1:{asterisk.port}", USER, PASSWORD, "telephony", time_out=2.0) as client:
        yield AsteriskListener(client, OneLease(), SystemClock())


@asynccontextmanager
async def listening(listener: AsteriskListener, follower: Follower) -> AsyncIterator[asyncio.Event]:
    """The listener driven as the worker does, until the end of the block."""
    stop = asyncio.Event()

    async def drive() -> None:
        while not stop.is_set():
            await listener.listen(follower, stop)

    task = asyncio.create_task(drive())
    try:
        async with asyncio.timeout(20):
            yield stop
    finally:
        stop.set()
        await task


def a_channel(asterisk: AriStandIn, leg: str = "employee", **changes: str) -> str:
    name = f"{A}.{leg}"
    told = {"id": name, "state": "Down", "connected": {"number": "+79031230001"}, "protocol_id": "p"}
    asterisk.channels[name] = {**told, "creationtime": now(), **changes}
    return name


async def test_events_become_reports(asterisk: AriStandIn, listener: AsteriskListener) -> None:
    follower = Follower()
    async with listening(listener, follower):
        await follower.until(compared=1)
        name = a_channel(asterisk)
        for state in ("Ringing", "Up"):
            await asterisk.becomes(name, state)
        await asterisk.ends(name, 16)
        await follower.until(reports=3)
    assert {fact.kind for report in follower.reports for fact in report.facts} == {
        FactKind.RINGING,
        FactKind.ANSWERED,
        FactKind.RELEASED,
    }
    assert {report.attempt_id for report in follower.reports} == {A}


async def test_a_connection_begins_with_a_comparison(asterisk: AriStandIn, listener: AsteriskListener) -> None:
    """K7: what happened while nobody was connected is told to nobody; so is asked for, after each loss again."""
    a_channel(asterisk)
    asterisk.channels["1732398765.12"] = {"id": "1732398765.12"}
    follower = Follower()
    async with listening(listener, follower):
        await follower.until(compared=1)
        assert listener.condition() == "connected"
        await asterisk.drop_sockets()
        await follower.until(compared=2)
    assert follower.compared == [("asterisk", ((A, LegName.EMPLOYEE),))] * 2


async def test_a_report_is_held_until_it_is_stored(
    asterisk: AriStandIn, listener: AsteriskListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K7: Asterisk tells nothing twice."""
    monkeypatch.setattr("telephony_adapters.gateways.asterisk.listener.STORES_AGAIN_AFTER", 0.01)
    follower = Follower(store_is_away=3)
    async with listening(listener, follower):
        await follower.until(compared=1)
        await asterisk.becomes(a_channel(asterisk), "Up")
        await follower.until(reports=1)
    assert follower.store_is_away == 0


async def test_what_is_in_hand_is_finished_before_the_end(asterisk: AriStandIn, listener: AsteriskListener) -> None:
    """K3: it may be a dial, whose answer would be lost."""
    follower = Follower(holds=asyncio.Event())
    async with listening(listener, follower) as stop:
        await follower.until(compared=1)
        asterisk.bridges[f"{A}.bridge"] = {"id": f"{A}.bridge", "channels": [f"{A}.employee"]}
        # The bridge is dropped by the same hand that then hangs in the store.
        await asterisk.becomes(a_channel(asterisk), "Up")
        await asterisk.ends(f"{A}.employee", 16)
        while f"{A}.bridge" in asterisk.bridges:  # noqa: ASYNC110 - the stand-in is no place for our events
            await asyncio.sleep(0.005)
        stop.set()
        assert follower.holds is not None
        follower.holds.set()
    assert len(follower.reports) == 2


async def test_one_process_listens_at_a_time(asterisk: AriStandIn, listener: AsteriskListener) -> None:
    listener.lease = OneLease(lasts=None)
    stop = asyncio.Event()
    stop.set()
    await listener.listen(Follower(), stop)
    assert asterisk.sockets == []
    assert listener.condition() == "heard_by_another"


async def test_who_loses_the_lease_stops_listening(
    asterisk: AriStandIn, listener: AsteriskListener, caplog: pytest.LogCaptureFixture
) -> None:
    listener.lease = lease = OneLease(lasts=0.2)
    follower = Follower()
    async with listening(listener, follower):
        await follower.until(compared=1)
        lease.lasts = None
        while asterisk.sockets:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)
    assert "another process listens" in caplog.text


async def test_a_lease_is_kept_while_the_store_is_away(asterisk: AriStandIn, listener: AsteriskListener) -> None:
    """For as long as it lasts, and no longer: then another may have it."""

    @define
    class Away(OneLease):
        times: int = 0

        async def hold(self) -> float | None:
            self.times += 1
            if self.times > 1:
                raise StoreUnavailable
            return 0.3

    listener.lease = Away()
    began = asyncio.get_running_loop().time()
    await listener.listen(Follower(), asyncio.Event())
    assert asyncio.get_running_loop().time() - began >= 0.3


async def test_a_clean_end_gives_the_lease_back(asterisk: AriStandIn, listener: AsteriskListener) -> None:
    lease, follower = listener.lease, Follower()
    assert isinstance(lease, OneLease)
    async with listening(listener, follower):
        await follower.until(compared=1)
    assert lease.given_up == 1
    assert listener.condition() == "not_connected"


async def test_whom_another_has_replaced_says_why_and_waits_longest(
    asterisk: AriStandIn, listener: AsteriskListener, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two installations under one application's name take it from each other; that is an error of set-up. To take it
    back at once would only make both of them deaf."""
    pauses: list[float] = []

    async def note(_stop: asyncio.Event, seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("telephony_adapters.gateways.asterisk.listener._until", note)
    follower = Follower()
    async with listening(listener, follower):
        for times in (1, 2, 3):
            await follower.until(compared=times)
            await asterisk.tell({"type": "ApplicationReplaced"})
            while len(pauses) < times:  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.005)
    assert pauses == [LONGEST_PAUSE] * 3
    assert [record.levelno for record in caplog.records if "name of its own" in record.message] == [logging.ERROR] * 3


async def test_who_was_replaced_says_so_until_it_is_connected_again(
    asterisk: AriStandIn, listener: AsteriskListener
) -> None:
    stop, follower = asyncio.Event(), Follower()
    hearing = asyncio.create_task(listener.listen(follower, stop))
    await follower.until(compared=1)
    await asterisk.tell({"type": "ApplicationReplaced"})
    while listener.connected:  # noqa: ASYNC110 - see above
        await asyncio.sleep(0.005)
    assert listener.condition() == "taken_over"
    stop.set()
    await hearing
    async with listening(listener, follower):
        await follower.until(compared=2)
        assert listener.condition() == "connected"


async def test_the_ringing_tone_and_the_bridge_end_in_time(asterisk: AriStandIn, listener: AsteriskListener) -> None:
    follower = Follower()
    async with listening(listener, follower):
        await follower.until(compared=1)
        employee, client = a_channel(asterisk), a_channel(asterisk, "client")
        asterisk.ringing_tones.append(employee)
        asterisk.bridges[f"{A}.bridge"] = {"id": f"{A}.bridge", "channels": [employee]}
        await asterisk.tell({"type": "Dial", "dialstatus": "ANSWER", "peer": asterisk.channels[client]})
        while asterisk.ringing_tones:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)
        await asterisk.ends(employee, 16)
        while asterisk.bridges:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)
    assert asterisk.hung_up == []


async def test_what_was_made_and_never_dialled_is_swept(asterisk: AriStandIn, listener: AsteriskListener) -> None:
    """A process died between two requests. What rings, talks or is young stays, and so does what isn't ours."""
    clock = FakeClock()
    listener.clock = clock
    old = (clock.now() - timedelta(seconds=LEFT_OVER_AFTER + 1)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    young = clock.now().strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    told = {"connected": {"number": ""}, "protocol_id": ""}
    for name, state, made_at in [
        ("old.employee", "Down", old),
        ("young.employee", "Down", young),
        ("rings.client", "Ringing", old),
        ("talks.client", "Up", old),
        ("1732398765.12", "Down", old),
    ]:
        asterisk.channels[name] = {"id": name, "state": state, "creationtime": made_at, **told}
    for name, made_at in [("gone.bridge", old), ("talks.bridge", old), ("new.bridge", young)]:
        asterisk.bridges[name] = {"id": name, "creationtime": made_at, "channels": []}
    follower = Follower()
    async with listening(listener, follower):
        await follower.until(compared=1)
    assert set(asterisk.channels) == {"young.employee", "rings.client", "talks.client", "1732398765.12"}
    assert set(asterisk.bridges) == {"talks.bridge", "new.bridge"}


async def test_an_asterisk_that_is_away_is_tried_again(
    listener: AsteriskListener, asterisk: AriStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """With a pause that a stop ends at once; said in one line, without a traceback."""
    listener.client._base = "http://127.0.0.1:9"
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(5):
        await listener.listen(Follower(), stop)
    assert [record.exc_info for record in caplog.records if "can't be heard" in record.message] == [None]
    assert listener.condition() == "not_connected"
