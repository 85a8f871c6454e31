"""What an event of Beeline's says of an attempt's legs. A function of the event alone, never of what came before (K1).

| personality | event or state | employee's leg | client's leg |
|---|---|---|---|
| Click-to-Dial | Alerting | ringing | |
| Click-to-Dial | answered, Active, held | answered | |
| Click-to-Dial | Released | released, with its cause; answered before, if there is an answerTime | |
| Originator | Alerting | answered | ringing |
| Originator | answered, Active, held, retrieved | answered | answered |
| Originator | Released with answerTime | answered, released | answered, released |
| Originator | Released without | answered, released | released, with its cause |
| Originator | Idle, Detached, Client Alerting | | |
| Terminator, unknown | any | | |

That the employee's phone is meant while the personality is Click-to-Dial, and the client's from Originator on, is an
assumption (BA11). A talk is claimed only by an event that states it of the client.

Times are the event's own where it has them (`answerTime`, `releaseTime`; for the employee's ringing `startTime`), else
that of receipt; an event's times that lie ahead of us are moved back together (BA15). What an event implies about an
earlier stage is dated by the event: it was so by then at the latest.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import evolve

from telephony_adapters.gateways.beeline.gateway import PROVIDER
from telephony_adapters.gateways.beeline.xsi import BeelineReport, CallState, EventType, Personality, XsiCall
from telephony_core.call_facts import Cause, Fact, FactKind, LegName
from telephony_core.ports import ProviderReport

# Busy, Temporarily Unavailable and Forbidden were seen; any other of BroadSoft's means that it didn't get through.
_CAUSES = {"busy": Cause.BUSY, "forbidden": Cause.REJECTED}
_LOCAL = "localrelease"

CLOCKS_DIFFER = timedelta(minutes=15)
"""More than any two clocks that are looked after differ by, and less than any two zones of Russia."""

_CONNECTED_STATES = (CallState.ACTIVE, CallState.HELD, CallState.REMOTE_HELD)
_CONNECTED_EVENTS = (EventType.ANSWERED, EventType.HELD, EventType.RETRIEVED)


def to_provider_report(event: BeelineReport, received_at: datetime) -> ProviderReport | None:
    """The event as the core takes reports. None for noise: hooks, the subscription's own end, an inbound half, a call
    that nothing names.

    Only a Click-to-Dial event may be matched by inference: from Originator on, a call of ours looks like one dialled by
    hand. `at` is the call's begin where it is known, so that an old event which comes late is of no new call.
    """
    call = event.call
    if call is None or call.personality in (Personality.TERMINATOR, Personality.OTHER):
        return None
    if call.tracking_id is None and call.personality is not Personality.CLICK_TO_DIAL:
        return None
    call = _in_our_time(call, received_at)
    return ProviderReport(
        provider=PROVIDER,
        subscription_id=event.subscription_id,
        event_id=event.event_id,
        at=call.started_at or received_at,
        facts=facts_of_event(evolve(event, call=call), received_at),
        reference=call.tracking_id,
        line=event.line,
        phone_number=call.remote,
        placed_by_us=call.personality is Personality.CLICK_TO_DIAL,
    )


def facts_of_event(event: BeelineReport, received_at: datetime) -> frozenset[Fact]:
    """What one event states. Times without an event's own word are `received_at`."""
    call = event.call
    if call is None:
        return frozenset()
    over = event.type is EventType.RELEASED or call.state is CallState.RELEASED
    match call.personality:
        case Personality.CLICK_TO_DIAL:
            return frozenset(_employee_released(call, received_at) if over else _employee(event, call, received_at))
        case Personality.ORIGINATOR:
            return frozenset(_both_released(call, received_at) if over else _both(event, call, received_at))
        case _:
            return frozenset()


def _in_our_time(call: XsiCall, received_at: datetime) -> XsiCall:
    """The call with its times moved back so that the last of them is now, if that lies in the future by more than
    clocks differ: then they were written by another zone's wall clock (BA15). How far apart they are stays."""
    last = max((at for at in (call.started_at, call.answered_at, call.released_at) if at is not None), default=None)
    if last is None or last <= received_at + CLOCKS_DIFFER:
        return call
    ahead = last - received_at
    return evolve(
        call,
        started_at=call.started_at and call.started_at - ahead,
        answered_at=call.answered_at and call.answered_at - ahead,
        released_at=call.released_at and call.released_at - ahead,
    )


def _employee(event: BeelineReport, call: XsiCall, received_at: datetime) -> list[Fact]:
    if _connected(event, call):
        return [Fact(LegName.EMPLOYEE, FactKind.ANSWERED, call.answered_at or received_at)]
    if call.state is CallState.ALERTING:
        return [Fact(LegName.EMPLOYEE, FactKind.RINGING, call.started_at or received_at)]
    return []


def _both(event: BeelineReport, call: XsiCall, received_at: datetime) -> list[Fact]:
    if _connected(event, call):
        at = call.answered_at or received_at
        return [Fact(leg, FactKind.ANSWERED, at) for leg in LegName]
    if call.state is CallState.ALERTING:
        return [
            Fact(LegName.EMPLOYEE, FactKind.ANSWERED, received_at),
            Fact(LegName.CLIENT, FactKind.RINGING, received_at),
        ]
    return []


def _employee_released(call: XsiCall, received_at: datetime) -> list[Fact]:
    # Whoever let go: while it rang at the employee's, nobody had taken it.
    cause = _cause_of(call) or Cause.NO_ANSWER
    released = call.released_at or received_at
    if call.answered_at is None:
        return [Fact(LegName.EMPLOYEE, FactKind.RELEASED, released, cause)]
    return [
        Fact(LegName.EMPLOYEE, FactKind.ANSWERED, call.answered_at),
        Fact(LegName.EMPLOYEE, FactKind.RELEASED, released, _cause_of(call) or Cause.NORMAL),
    ]


def _both_released(call: XsiCall, received_at: datetime) -> list[Fact]:
    released = call.released_at or received_at
    if call.answered_at is not None:
        cause = _cause_of(call) or Cause.NORMAL
        return [
            *(Fact(leg, FactKind.ANSWERED, call.answered_at) for leg in LegName),
            Fact(LegName.CLIENT, FactKind.RELEASED, released, cause),
            Fact(LegName.EMPLOYEE, FactKind.RELEASED, released, Cause.NORMAL),
        ]
    by_employee = (call.released_by or "").casefold() == _LOCAL
    cause = _cause_of(call) or (Cause.CANCELLED if by_employee else Cause.NO_ANSWER)
    return [
        Fact(LegName.EMPLOYEE, FactKind.ANSWERED, released),
        Fact(LegName.CLIENT, FactKind.RELEASED, released, cause),
        Fact(LegName.EMPLOYEE, FactKind.RELEASED, released, Cause.NORMAL),
    ]


def _connected(event: BeelineReport, call: XsiCall) -> bool:
    return event.type in _CONNECTED_EVENTS or call.state in _CONNECTED_STATES


def _cause_of(call: XsiCall) -> Cause | None:
    if call.cause is None:
        return None
    return _CAUSES.get(call.cause.casefold(), Cause.UNREACHABLE)
