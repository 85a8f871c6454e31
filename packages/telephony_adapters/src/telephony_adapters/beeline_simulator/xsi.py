"""XSI events as the provider pushes them: XML of BroadSoft's namespace.

Which event says what about a click-to-dial call is an assumption of ours (BA11), made from public integrations. That
userId and targetId both name the subscriber, in events of a company-wide subscription as well, is another (BA16).

| event | personality, state | what happened |
|---|---|---|
| `HookStatusEvent` | - | the employee's phone was picked up or put down: noise |
| `CallOriginatedEvent` | `Click-to-Dial`, `Alerting` | the employee's phone rings |
| `CallUpdatedEvent` | `Originator`, `Alerting` | the employee answered and the client's phone rings |
| `CallAnsweredEvent` | `Originator`, `Active`, with `answerTime` | the client answered |
| `CallTransferredEvent` | `Originator`, `Active` | the employee handed the call on |
| `CallReleasedEvent` | `Click-to-Dial` if the employee never answered, else `Originator`; `Released` | it is over |

A released event has `answerTime` only if the client answered, `releasingParty` (`localRelease`: the employee's side),
and `internalReleaseCause` only if the call failed for a reason (BA6). Times are milliseconds since 1970 as text.
The shown number stands in no event: it can be learnt from `v2/statistics` only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from attrs import frozen

from telephony_adapters.beeline_simulator.assumptions import MOSCOW

XSI = "http://schema.broadsoft.com/xsi"
XML_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
CONTENT_TYPE = "application/xml; charset=UTF-8"
APPLICATION_ID = "cloudpbx"

# The prefixes are the provider's: some receivers look for `xsi1:type` as text.
register_namespace("xsi", XSI)
register_namespace("xsi1", XML_SCHEMA_INSTANCE)


class EventType(StrEnum):
    """The events that the simulator sends."""

    ORIGINATED = "CallOriginatedEvent"
    RECEIVED = "CallReceivedEvent"
    UPDATED = "CallUpdatedEvent"
    ANSWERED = "CallAnsweredEvent"
    TRANSFERRED = "CallTransferredEvent"
    RELEASED = "CallReleasedEvent"
    HOOK = "HookStatusEvent"
    SUBSCRIPTION_TERMINATED = "SubscriptionTerminatedEvent"


class Personality(StrEnum):
    CLICK_TO_DIAL = "Click-to-Dial"
    ORIGINATOR = "Originator"
    TERMINATOR = "Terminator"


class CallState(StrEnum):
    ALERTING = "Alerting"
    ACTIVE = "Active"
    RELEASED = "Released"


@frozen
class CallFacts:
    """`eventData/call` of one event. `remote_number` is the other side in E.164; times are instants."""

    call_id: str
    ext_tracking_id: str
    network_call_id: str
    personality: Personality
    state: CallState
    remote_number: str
    address_of_record: str
    start_time: datetime
    answer_time: datetime | None = None
    release_time: datetime | None = None
    releasing_party: str | None = None
    release_cause: str | None = None
    cdr_termination_cause: str | None = None
    recorded: bool = False


@frozen
class Report:
    """One event before it is addressed to a subscription: of which subscriber, and what.

    `call` is None for hook and subscription events. `clock_shift` is added to each of its times. `named_as` stands in
    place of the user id (BA16 off); `wall_clock` writes times in ISO 8601 by Moscow's clock, without a zone (BA15 off).
    """

    type: EventType
    user_id: str
    call: CallFacts | None = None
    off_hook: bool = False
    clock_shift: timedelta = timedelta()
    named_as: str | None = None
    wall_clock: bool = False

    @property
    def subscriber(self) -> str:
        return self.named_as or self.user_id

    def time(self, instant: datetime) -> str:
        shifted = instant + self.clock_shift
        return f"{(shifted + MOSCOW):%Y-%m-%dT%H:%M:%S.%f}" if self.wall_clock else milliseconds(shifted)


@frozen
class Address:
    """To which subscription an event goes: one envelope of the XML. `sequence_number` counts from 1 in it."""

    event_id: str
    sequence_number: int
    subscription_id: str
    url: str


def milliseconds(instant: datetime) -> str:
    return str(round(instant.timestamp() * 1000))


def write_event(report: Report, address: Address) -> bytes:
    """The event as UTF-8 with an XML declaration; every text is escaped by the writer."""
    event = Element(_xsi("Event"), {_type(): "xsi:SubscriptionEvent"})
    _text(event, "eventID", address.event_id)
    _text(event, "sequenceNumber", str(address.sequence_number))
    _text(event, "userId", report.subscriber)
    _text(event, "externalApplicationId", APPLICATION_ID)
    _text(event, "subscriptionId", address.subscription_id)
    _text(SubElement(event, _xsi("httpContact")), "uri", address.url)
    _text(event, "targetId", report.subscriber)
    data = SubElement(event, _xsi("eventData"), {_type(): f"xsi:{report.type.value}"})
    if report.type is EventType.HOOK:
        _text(data, "hookStatus", "Off-Hook" if report.off_hook else "On-Hook")
    if report.call is not None:
        _call(data, report.call, report)
    written: bytes = tostring(event, encoding="UTF-8", xml_declaration=True)
    return written


def _call(data: Element, facts: CallFacts, report: Report) -> None:
    call = SubElement(data, _xsi("call"))
    _text(call, "callId", facts.call_id)
    _text(call, "extTrackingId", facts.ext_tracking_id)
    _text(call, "networkCallId", facts.network_call_id)
    _text(call, "personality", facts.personality.value)
    _text(call, "state", facts.state.value)
    _optional(call, "releasingParty", facts.releasing_party)
    _optional(call, "internalReleaseCause", facts.release_cause)
    _optional(call, "cdrTerminationCause", facts.cdr_termination_cause)
    remote = SubElement(call, _xsi("remoteParty"))
    _text(remote, "address", f"tel:{facts.remote_number}")
    _text(remote, "callType", "Network")
    _text(SubElement(call, _xsi("endpoint")), "addressOfRecord", facts.address_of_record)
    _text(call, "appearance", "1")
    _text(call, "startTime", report.time(facts.start_time))
    for name, instant in (("answerTime", facts.answer_time), ("releaseTime", facts.release_time)):
        if instant is not None:
            _text(call, name, report.time(instant))
    if facts.recorded:
        _text(call, "recorded", "true")


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, _xsi(name)).text = text


def _optional(parent: Element, name: str, text: str | None) -> None:
    if text is not None:
        _text(parent, name, text)


def _xsi(name: str) -> str:
    return f"{{{XSI}}}{name}"


def _type() -> str:
    return f"{{{XML_SCHEMA_INSTANCE}}}type"
