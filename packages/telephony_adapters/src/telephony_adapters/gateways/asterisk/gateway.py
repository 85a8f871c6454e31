"""Asterisk as a provider: each leg is a channel of ours in the attempt's bridge, and we say which number is shown.

A leg takes three requests before the one that rings: the bridge, the channel (`create` sends nothing), its place in the
bridge. Only `dial` sends the INVITE. So whatever goes wrong before `dial` left has surely rung nobody, and of `dial` it
is known as of any request:

| what became of it | answer |
|---|---|
| anything before `dial` was answered with an error, 409 apart | `Refused`: nothing was dialled, and nothing will be |
| bridge or `create` was answered with 409 | unknown: our id lives already, or Asterisk says so wrongly |
| no answer to anything before `dial`, or no time left for it | `NotSent`: `dial` was never asked for |
| `dial`: 204 | `Accepted` |
| `dial`: 400, 403, 404 | `Refused`: there is no such channel, or it may not be dialled |
| `dial`: no connection | `NotSent` |
| `dial`: anything else; 409 says that the channel rings, by whomsoever | unknown |

Both channels are put into the bridge with `inhibitConnectedLineUpdates`: without it the client would be shown the
employee's identity in the place of our number.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from attrs import frozen

from telephony_adapters.gateways.asterisk import ari
from telephony_adapters.gateways.asterisk.ari import AriClient, AriError, Channel
from telephony_adapters.gateways.asterisk.events import shown_by
from telephony_adapters.gateways.asterisk.names import Endpoints, NoSuchLine, bridge_id, channel_id
from telephony_core.call import Attempt, Dial, HangUp
from telephony_core.call_facts import Fact, FactKind, Leg, LegName
from telephony_core.ports import (
    Accepted,
    CannotTell,
    Capabilities,
    Clock,
    DialAnswer,
    Found,
    LookUp,
    NotSent,
    OutcomeUnknown,
    Refused,
)

log = logging.getLogger(__name__)

PROVIDER = "asterisk"
NORMAL_CLEARING = "16"
"""Q.850's code of a hang-up. Of a channel that nobody had answered it comes back as a call called off (`events`)."""
_LIVES_ALREADY = OutcomeUnknown("409: what was to be made may live already, and then somebody dialled it")
_NOT_IN_APPLICATION = 422
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.2
"""Seconds; a channel needs some milliseconds to reach our application, more on a machine that is busy."""
_NOT_DIALLED = frozenset({400, 403, 404})


class _NotDialled(Exception):
    """The way to `dial` ended; `answer` is what that means."""

    def __init__(self, answer: DialAnswer) -> None:
        super().__init__()
        self.answer = answer


@frozen
class AsteriskGateway:
    """`ProviderGateway` of Asterisk; lives as long as its client. `ring_seconds`: how long a phone rings at most."""

    client: AriClient
    endpoints: Endpoints
    clock: Clock
    ring_seconds: int = 45

    @property
    def name(self) -> str:
        return PROVIDER

    @property
    def capabilities(self) -> Capabilities:
        """It tells what it showed: what the operator makes of that is beyond its sight."""
        return Capabilities(two_step=True, hang_up=True, look_up=True, reports_shown=True)

    async def start(self, command: Dial) -> DialAnswer:
        """Dial one leg, once. Raises nothing; a cancelled task is cancelled."""
        deadline = asyncio.get_running_loop().time() + self.client.time_out
        try:
            async with asyncio.timeout_at(deadline):
                channel = await self._prepare(command)
        except _NotDialled as stopped:
            return stopped.answer
        except TimeoutError:
            return NotSent("Asterisk took too long before anything was dialled")
        except Exception as error:  # noqa: BLE001 - a fault of ours before `dial` has dialled nothing
            return NotSent(f"the gateway failed before it dialled: {type(error).__name__}")
        answer = await self._dial(command, channel, deadline)
        if isinstance(answer, Refused | NotSent):
            await self._drop(channel.id)
        return answer

    async def _prepare(self, command: Dial) -> Channel:
        """All that comes before `dial`. `_NotDialled` if it ends here."""
        try:
            endpoint, name = self.endpoints.of(command), channel_id(command.attempt_id, command.leg)
        except NoSuchLine as error:
            raise _NotDialled(Refused("no_such_line", str(error))) from None
        bridge = bridge_id(command.attempt_id)
        await self._heard()
        if command.leg is LegName.EMPLOYEE:
            await self._make_bridge(bridge)
        channel = await self._create(command, endpoint, name)
        try:
            await self._join(bridge, name)
            if command.leg is LegName.CLIENT:
                await self._ring_tone(channel_id(command.attempt_id, LegName.EMPLOYEE))
        except BaseException:
            await asyncio.shield(self._drop(name))
            raise
        return channel

    async def _heard(self) -> None:
        """Nothing is dialled whose events nobody could ever hear: Asterisk takes an unknown application, too."""
        try:
            await self.client.ask("GET", f"applications/{self.client.application}")
        except ari.Refused as error:
            if error.status == 404:
                raise _NotDialled(NotSent("no process of ours hears Asterisk at present")) from None
            raise _NotDialled(_refused(error)) from None
        except AriError as error:
            raise _NotDialled(NotSent(str(error))) from None

    async def _create(self, command: Dial, endpoint: str, name: str) -> Channel:
        shown = {"CONNECTEDLINE(num,i)": command.shown.e164} if command.shown is not None else {}
        try:
            told = await self.client.ask(
                "POST",
                "channels/create",
                {
                    "endpoint": endpoint,
                    "app": self.client.application,
                    "appArgs": str(command.leg),
                    "channelId": name,
                },
                {"variables": shown},
            )
        except ari.Refused as error:
            if error.status == 409:
                raise _NotDialled(_LIVES_ALREADY) from None
            raise _NotDialled(await self._why_not(endpoint, error)) from None
        except AriError as error:
            await asyncio.shield(self._drop(name))
            raise _NotDialled(NotSent(f"before anything was dialled: {error}")) from None
        try:
            return Channel.of(told)
        except ValueError:
            await asyncio.shield(self._drop(name))
            raise _NotDialled(NotSent("before anything was dialled: the answer is no channel")) from None

    async def _why_not(self, endpoint: str, error: ari.Refused) -> Refused:
        """An endpoint that is unknown, or whose phone is not registered, fails in the same words: it is asked for."""
        technology, _, resource = endpoint.partition("/")
        name = resource.rpartition("@")[2]
        try:
            told = await self.client.ask("GET", f"endpoints/{technology}/{name}")
        except ari.Refused as unknown:
            return Refused("endpoint_unknown", name) if unknown.status == 404 else _refused(error)
        except AriError:
            return _refused(error)
        offline = isinstance(told, dict) and told.get("state") == "offline"
        return Refused("endpoint_offline", name) if offline else _refused(error)

    async def _make_bridge(self, bridge: str) -> None:
        try:
            await self.client.ask("POST", "bridges", {"type": "mixing", "bridgeId": bridge})
        except ari.Refused as error:
            raise _NotDialled(_LIVES_ALREADY if error.status == 409 else _refused(error)) from None
        except AriError as error:
            raise _NotDialled(NotSent(f"before anything was dialled: {error}")) from None

    async def _join(self, bridge: str, name: str) -> None:
        """Put the channel into the bridge. `create` answers before the channel has reached our application, and until
        then it can't be put anywhere: that is asked for again, which rings nobody, until the time is over."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self.client.ask(
                    "POST", f"bridges/{bridge}/addChannel", {"channel": name, "inhibitConnectedLineUpdates": "true"}
                )
            except ari.Refused as error:
                if error.status != _NOT_IN_APPLICATION:
                    raise _NotDialled(_refused(error)) from None
            except AriError as error:
                raise _NotDialled(NotSent(f"before anything was dialled: {error}")) from None
            else:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _ring_tone(self, employee: str) -> None:
        """Let the employee hear that the client's phone rings, until its own side has a sound. Nobody to hear it: the
        client isn't dialled. That it can't be played is no reason not to dial."""
        try:
            await self.client.ask("POST", f"channels/{employee}/ring")
        except ari.Refused as error:
            if error.status == 404:
                raise _NotDialled(Refused("employee_gone")) from None
            log.info("no ringing tone for %s: %s", employee, error)
        except AriError as error:
            log.info("no ringing tone for %s: %s", employee, error)

    async def _dial(self, command: Dial, channel: Channel, deadline: float) -> DialAnswer:
        try:
            async with asyncio.timeout_at(deadline):
                await self.client.ask("POST", f"channels/{channel.id}/dial", {"timeout": str(self.ring_seconds)})
        except ari.NotReached as error:
            return NotSent(str(error))
        except ari.Refused as error:
            return _refused(error) if error.status in _NOT_DIALLED else OutcomeUnknown(f"dial: {error}")
        except TimeoutError:
            return OutcomeUnknown("no answer to dial in time")
        except Exception as error:  # noqa: BLE001 - whatever it is, it may have dialled
            return OutcomeUnknown(str(error) if isinstance(error, AriError) else f"dial: {type(error).__name__}")
        # The client's call is what the operator is asked about; the employee's stays inside the company.
        return Accepted(channel.protocol_id or None if command.leg is LegName.CLIENT else None)

    async def _drop(self, name: str) -> None:
        """A channel that was not dialled goes; if that fails, the listener sweeps it."""
        try:
            await self.client.ask("DELETE", f"channels/{name}")
        except AriError as error:
            log.info("channel %s could not be dropped: %s", name, error)

    async def hang_up(self, command: HangUp) -> bool:
        """End a leg. One that is gone already is ended, too."""
        try:
            await self.client.ask(
                "DELETE", f"channels/{channel_id(command.attempt_id, command.leg)}", {"reason_code": NORMAL_CLEARING}
            )
        except ari.Refused as error:
            return error.status == 404
        except (AriError, ValueError):
            return False
        return True

    async def look_up(self, attempt: Attempt) -> LookUp:
        """Asks after each leg that may be up. Never `Absent`: a channel that is not there may have rung and ended.

        Only of a leg that was known to Asterisk, a 404 says that it is over; of what, is lost.
        """
        found: set[Fact] = set()
        shown = None
        silent: list[str] = []
        for leg in (attempt.reading.employee, attempt.reading.client):
            if not leg.may_ring_or_talk:
                continue
            try:
                channel = Channel.of(await self.client.ask("GET", f"channels/{channel_id(attempt.id, leg.name)}"))
            except ari.Refused as error:
                if error.status == 404 and leg.heard_of:
                    found.add(Fact(leg.name, FactKind.RELEASED, self.clock.now()))
                else:
                    silent.append(f"{leg.name}: {error}")
            except (AriError, ValueError) as error:
                silent.append(f"{leg.name}: {error}")
            else:
                found |= _new_facts(leg, channel, self.clock.now())
                shown = shown or shown_by(leg.name, channel)
        news = shown if attempt.shown is None else None
        if not found and news is None:
            return CannotTell("; ".join(silent) or "nothing new")
        return Found(frozenset(found), shown=news)


def _new_facts(leg: Leg, channel: Channel, now: datetime) -> set[Fact]:
    """What a channel's state adds to what is known of its leg. Down: dialled or not, that can't be told."""
    if channel.state == "Up" and leg.answered_at is None:
        return {Fact(leg.name, FactKind.ANSWERED, now)}
    if channel.state == "Ringing" and leg.ringing_at is None:
        return {Fact(leg.name, FactKind.RINGING, now)}
    return set()


def _refused(error: ari.Refused) -> Refused:
    return Refused(str(error.status), error.word)
