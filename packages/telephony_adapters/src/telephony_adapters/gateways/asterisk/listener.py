"""Hears Asterisk's events over a WebSocket and hands them on as reports; one process at a time, by a lease.

Asterisk repeats nothing: what happens while nobody is connected is told to nobody. So each connection begins with a
comparison of what lives there with what we think lives, and some are made while it lasts. A second connection of the
same application takes it over from the first, which is told so by its last event; the lease keeps two processes of ours
from doing that to each other all the time.

A report that can't be stored is held until it can: meanwhile nothing more is read, and if that takes so long that the
connection breaks, the comparison finds what was missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any

import httpx2
from attrs import define, field
from httpx2.websockets import AsyncWebSocketSession, HTTPXWSException

from telephony_adapters.gateways.asterisk.ari import AriClient, AriError
from telephony_adapters.gateways.asterisk.events import (
    WANTED,
    client_has_sound,
    emptied_bridge,
    hang_up_asked_for,
    to_provider_report,
)
from telephony_adapters.gateways.asterisk.gateway import PROVIDER
from telephony_adapters.gateways.asterisk.left_over import sweep
from telephony_adapters.gateways.asterisk.names import attempt_of_bridge, channel_id, leg_of
from telephony_adapters.gateways.progress import in_words
from telephony_adapters.gateways.provider import Following, Lease
from telephony_core.call_facts import LegName
from telephony_core.errors import StoreUnavailable
from telephony_core.ports import Clock, ProviderReport

log = logging.getLogger(__name__)

LOOKS_FOR_THE_LEASE_EVERY = 1.0
"""Seconds, while another process listens."""
COMPARES_EVERY = 30.0
"""Seconds: whatever an event that never came has left behind is found so late."""
STORES_AGAIN_AFTER = 1.0
FINISHES_WITHIN = 20.0
"""Seconds for what is in hand when the connection ends: a request to dial, and its record."""
AT_ONCE = 16
"""Reports applied at the same time: facts are a set, so their order can't matter (K1)."""


FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
"""Seconds from the loss of a connection to the next try."""


class NotHeard(Exception):
    """The connection could not be made, or broke. It is made anew after a pause."""


class TakenOver(NotHeard):
    """Somebody else connected with our application's name."""


@define
class AsteriskListener:
    """`Listener` of Asterisk; lives as long as its client. `connected` is for /readyz, and `_why_not` the word there
    otherwise; None before the first try."""

    client: AriClient
    lease: Lease
    clock: Clock
    compares_every: float = COMPARES_EVERY
    connected: bool = field(default=False, init=False)
    _why_not: str | None = field(default=None, init=False)
    _failures: int = field(default=0, init=False)

    async def listen(self, follow: Following, stop: asyncio.Event) -> None:
        """Hear until `stop`, or until the connection breaks; then a pause, which grows while it can't be made anew."""
        lasts = await self.lease.hold()
        if lasts is None:
            self._why_not = "heard_by_another"
            await _until(stop, LOOKS_FOR_THE_LEASE_EVERY)
            return
        why_not, pause = "not_connected", 0.0
        try:
            await self._hear(follow, stop, lasts)
        except TakenOver as lost:
            # To take it back at once would make us and the other deaf in turns, many times a minute.
            why_not, pause = "taken_over", LONGEST_PAUSE
            log.error("%s", lost)
        except NotHeard as lost:
            self._failures += 1
            pause = min(FIRST_PAUSE * 2 ** min(self._failures - 1, 10), LONGEST_PAUSE)
            log.warning("%s", lost)
        finally:
            self.connected, self._why_not = False, why_not
            with contextlib.suppress(StoreUnavailable):
                await self.lease.give_up()
        if pause:
            await _until(stop, pause)

    def condition(self) -> str | None:
        """One word for /readyz; None before the first try."""
        return "connected" if self.connected else self._why_not

    async def _hear(self, follow: Following, stop: asyncio.Event, lasts: float) -> None:
        in_hand: set[asyncio.Task[None]] = set()
        try:
            async with self.client.events() as socket:
                ending = asyncio.create_task(stop.wait())
                work = [
                    asyncio.create_task(self._keep_lease(lasts)),
                    asyncio.create_task(self._read(socket, follow, in_hand)),
                    asyncio.create_task(self._compare(follow)),
                ]
                try:
                    await asyncio.wait([ending, *work], return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in (ending, *work):
                        task.cancel()
                    results = await asyncio.gather(*work, return_exceptions=True)
        except (httpx2.HTTPError, HTTPXWSException, OSError) as error:
            raise NotHeard(f"Asterisk can't be heard: {in_words(error)}") from None
        finally:
            await _finished(in_hand)
        for result in results:
            if isinstance(result, Exception):
                raise result

    # --- one of us at a time ------------------------------------------------------------------------------------------

    async def _keep_lease(self, lasts: float) -> None:
        """Renews the lease for as long as it can be; ends, and with it the connection, when it is lost."""
        loop = asyncio.get_running_loop()
        until = loop.time() + lasts
        while loop.time() < until:
            await asyncio.sleep(lasts / 4)
            try:
                held = await self.lease.hold()
            except StoreUnavailable:
                continue
            if held is None:
                break
            until = loop.time() + held
        raise NotHeard("the lease was lost: another process listens from now on")

    # --- events -------------------------------------------------------------------------------------------------------

    async def _read(self, socket: AsyncWebSocketSession, follow: Following, in_hand: set[asyncio.Task[None]]) -> None:
        """Reads events and hands them on, for ever; `in_hand` is what is being done with them."""
        await self._ask("PUT", f"applications/{self.client.application}/eventFilter", body=_filter())
        ended_by_us: set[str] = set()
        turn = asyncio.Semaphore(AT_ONCE)
        while True:
            event = await self._event(socket)
            asked_for = hang_up_asked_for(event)
            if asked_for is not None:
                ended_by_us.add(asked_for)
            channel = _channel_of(event)
            report = to_provider_report(event, PROVIDER, ended_by_us=channel in ended_by_us)
            if event.get("type") == "ChannelDestroyed":
                ended_by_us.discard(channel or "")
            await turn.acquire()
            task = asyncio.create_task(self._follow(event, report, follow))
            in_hand.add(task)
            task.add_done_callback(in_hand.discard)
            task.add_done_callback(lambda _done: turn.release())

    async def _event(self, socket: AsyncWebSocketSession) -> dict[str, Any]:
        try:
            event = json.loads(await socket.receive_text())
        except ValueError:
            event = None
        except HTTPXWSException as broken:
            raise NotHeard(f"the connection to Asterisk broke: {type(broken).__name__}") from None
        if not isinstance(event, dict):
            log.warning("an event of Asterisk's can't be read")
            return {}
        if event.get("type") == "ApplicationReplaced":
            raise TakenOver("somebody else connected as our application: each installation needs a name of its own")
        return event

    async def _follow(self, event: dict[str, Any], report: ProviderReport | None, follow: Following) -> None:
        try:
            attempt_id = client_has_sound(event)
            if attempt_id is not None:
                await self._ask("DELETE", f"channels/{channel_id(attempt_id, LegName.EMPLOYEE)}/ring")
            bridge = emptied_bridge(event)
            if bridge is not None and attempt_of_bridge(bridge) is not None:
                await self._ask("DELETE", f"bridges/{bridge}")
            while report is not None:
                try:
                    await follow.apply(report)
                    return
                except StoreUnavailable:
                    await asyncio.sleep(STORES_AGAIN_AFTER)
        except Exception:  # a fault with one event must not end the hearing of all others
            log.exception("an event of type %s could not be followed", event.get("type"))

    # --- what no event told -------------------------------------------------------------------------------------------

    async def _compare(self, follow: Following) -> None:
        """Compares at once and then again and again."""
        while True:
            try:
                await self._compare_once(follow)
                self.connected, self._failures = True, 0
            except (AriError, StoreUnavailable, LookupError, TypeError) as error:
                log.warning("what lives at Asterisk could not be compared: %s", error)
            await asyncio.sleep(self.compares_every)

    async def _compare_once(self, follow: Following) -> None:
        known = await self.client.ask("GET", f"applications/{self.client.application}")
        channels = {str(each) for each in known["channel_ids"]}
        await sweep(self.client, channels, {str(each) for each in known["bridge_ids"]}, self.clock.now())
        await follow.compare(PROVIDER, [leg for channel in sorted(channels) if (leg := leg_of(channel)) is not None])

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        """What is worth trying and harmless if it fails."""
        try:
            await self.client.ask(method, path, body=body)
        except AriError as error:
            log.debug("%s %s: %s", method, path, error)


async def _finished(in_hand: set[asyncio.Task[None]]) -> None:
    """What is being done with an event is done to its end: it may be a dial, whose answer would be lost."""
    try:
        if in_hand:
            await asyncio.wait(in_hand, timeout=FINISHES_WITHIN)
    finally:
        for task in in_hand:
            task.cancel()


async def _until(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def _filter() -> dict[str, Any]:
    return {"allowed": [{"type": kind} for kind in WANTED]}


def _channel_of(event: dict[str, Any]) -> str | None:
    match event:
        case {"channel": {"id": str(channel)}}:
            return channel
        case _:
            return None
