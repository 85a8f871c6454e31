"""What an event of Asterisk's says of a leg. A function of the event alone, never of what came before (K1).

| event | says |
|---|---|
| ChannelStateChange to Ringing | it rings |
| Dial with PROGRESS | it rings: operators send 183 with a ringing tone in the place of 180 |
| ChannelStateChange to Up | it was answered |
| ChannelDestroyed | it was released, by the cause below |

That Asterisk began to dial says nothing of a phone. Causes are Q.850's, which Asterisk makes of the SIP status (seen
with 22.10.1):

| cause | of | of a leg that was answered | of one that was not |
|---|---|---|---|
| 16 | a hang-up | normal | called off: only we end it so |
| 17 | 486, 600 | normal | busy |
| 18, 19 | 480, 408; a time-out of ours | normal | no answer while it rang or by our time-out; else unreachable |
| 21 | 603, 403 | normal | rejected |
| any other | 404, 503, … | normal | unreachable |

A time-out of ours and the operator's 480 look the same. What tells them apart is that Asterisk asked for the hang-up,
which is an event before; where it was not heard, and no ringing either, a time-out is taken for a 480.

Events have no number of their own: type, channel, state and time make one what it is, so that one that came twice, by
two connections for a moment, is known again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from telephony_adapters.gateways.asterisk.ari import Channel
from telephony_adapters.gateways.asterisk.names import leg_of
from telephony_core.call_facts import Cause, Fact, FactKind, LegName
from telephony_core.phone import PhoneNumber
from telephony_core.ports import ProviderReport

WANTED = (
    "ApplicationReplaced",
    "ChannelDestroyed",
    "ChannelHangupRequest",
    "ChannelLeftBridge",
    "ChannelStateChange",
    "Dial",
)
"""The types that we ask for; Asterisk would send a dozen more of each call."""

_STATES = {"Ringing": FactKind.RINGING, "Up": FactKind.ANSWERED}
_CAUSES = {16: Cause.CANCELLED, 17: Cause.BUSY, 21: Cause.REJECTED}
_NO_ANSWER = (18, 19)


_ASKED_FOR = 32
"""The cause of a hang-up that Asterisk itself or a request of ours asked for, in the event that says so."""


def to_provider_report(event: Any, provider: str, *, ended_by_us: bool = False) -> ProviderReport | None:
    """The event as the core takes reports; None if it says nothing of a leg of ours, or can't be understood.

    `ended_by_us`: the channel's end was asked for on our side of Asterisk (`hang_up_asked_for` was of it).
    """
    match event:
        case {"type": "Dial", "dialstatus": "PROGRESS", "timestamp": str(time), "peer": told}:
            kind = "Dial"
        case {"type": "ChannelStateChange" | "ChannelDestroyed" as kind, "timestamp": str(time), "channel": told}:
            pass
        case _:
            return None
    try:
        channel, at = Channel.of(told), datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return None
    leg = leg_of(channel.id)
    if leg is None:
        return None
    attempt_id, name = leg
    if kind == "ChannelDestroyed":
        fact = Fact(name, FactKind.RELEASED, at, cause_of(event.get("cause"), channel.state, ended_by_us=ended_by_us))
    elif kind == "Dial":
        fact = Fact(name, FactKind.RINGING, at)
    elif channel.state in _STATES:
        fact = Fact(name, _STATES[channel.state], at)
    else:
        return None
    return ProviderReport(
        provider=provider,
        subscription_id=str(event.get("application") or "")[:80],
        event_id=f"{kind} {channel.id} {channel.state} {time}",
        at=at,
        facts=frozenset({fact}),
        attempt_id=attempt_id,
        reference=(channel.protocol_id or None) if name is LegName.CLIENT else None,
        shown=shown_by(name, channel),
    )


def cause_of(cause: object, state: str, *, ended_by_us: bool) -> Cause:
    """Why a channel was destroyed in this state; see the table."""
    if state == "Up":
        return Cause.NORMAL
    if cause in _NO_ANSWER:
        return Cause.NO_ANSWER if state == "Ringing" or ended_by_us else Cause.UNREACHABLE
    return _CAUSES.get(cause, Cause.UNREACHABLE) if isinstance(cause, int) else Cause.UNREACHABLE


def hang_up_asked_for(event: Any) -> str | None:
    """The channel that is about to end because our side of Asterisk wants it: a time-out, or a request of ours."""
    match event:
        case {"type": "ChannelHangupRequest", "cause": int(cause), "channel": {"id": str(channel)}}:
            return channel if cause == _ASKED_FOR else None
        case _:
            return None


def shown_by(leg: LegName, channel: Channel) -> PhoneNumber | None:
    """What the client is shown, by Asterisk's word; None for the employee's leg, and for no number in E.164."""
    if leg is not LegName.CLIENT:
        return None
    try:
        return PhoneNumber(channel.shown)
    except ValueError:
        return None


def client_has_sound(event: Any) -> str | None:
    """The attempt whose client's side sends sound of its own from now on, so that the ringing tone may stop."""
    match event:
        case {"type": "Dial", "dialstatus": "PROGRESS" | "ANSWER", "peer": {"id": str(channel)}}:
            leg = leg_of(channel)
            return leg[0] if leg is not None and leg[1] is LegName.CLIENT else None
        case _:
            return None


def emptied_bridge(event: Any) -> str | None:
    """The bridge that nobody is in any more."""
    match event:
        case {"type": "ChannelLeftBridge", "bridge": {"id": str(bridge), "channels": []}}:
            return bridge
        case _:
            return None
