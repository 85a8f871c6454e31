"""Beeline's reports: XSI events of BroadSoft's, parsed strictly (law 10).

Strict is the form: what is no event of the known shape is `MalformedReport` and nothing else is ever raised. Tolerant
is the content: an event, a personality or a state that we have no use for is read all the same.

Both spellings of the type attribute occur (`xsi1:type` of XMLSchema-instance, `xsi:type` of BroadSoft's namespace),
and both forms of times (milliseconds as text, ISO 8601; without a zone taken for UTC).
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar
from xml.etree.ElementTree import Element, ParseError

from attrs import frozen
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from telephony_adapters.gateways.beeline.phone_numbers import read_number
from telephony_core.errors import InvalidRequest
from telephony_core.phone import PhoneNumber

BIGGEST_REPORT = 64 * 1024
_LONGEST_TEXT = 250
_Words = TypeVar("_Words", bound=StrEnum)
_XSI = "http://schema.broadsoft.com/xsi"
_TYPES = ("{http://www.w3.org/2001/XMLSchema-instance}type", f"{{{_XSI}}}type")
_YEARS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


class MalformedReport(InvalidRequest):
    """The report is no XSI event that we know how to read."""


class EventType(StrEnum):
    """The events that we know; any other is `OTHER`, and noise."""

    ORIGINATED = "CallOriginatedEvent"
    RECEIVED = "CallReceivedEvent"
    UPDATED = "CallUpdatedEvent"
    ANSWERED = "CallAnsweredEvent"
    HELD = "CallHeldEvent"
    RETRIEVED = "CallRetrievedEvent"
    TRANSFERRED = "CallTransferredEvent"
    REDIRECTED = "CallRedirectedEvent"
    RELEASED = "CallReleasedEvent"
    HOOK = "HookStatusEvent"
    TERMINATED = "SubscriptionTerminatedEvent"
    OTHER = "other"

    @property
    def of_a_call(self) -> bool:
        return self not in (EventType.HOOK, EventType.TERMINATED, EventType.OTHER)


class Personality(StrEnum):
    """Whose half of a call an event is about."""

    ORIGINATOR = "Originator"
    TERMINATOR = "Terminator"
    CLICK_TO_DIAL = "Click-to-Dial"
    OTHER = "other"


class CallState(StrEnum):
    IDLE = "Idle"
    ALERTING = "Alerting"
    ACTIVE = "Active"
    HELD = "Held"
    REMOTE_HELD = "Remote Held"
    RELEASED = "Released"
    DETACHED = "Detached"
    CLIENT_ALERTING = "Client Alerting"
    OTHER = "other"


@frozen
class XsiCall:
    """`eventData/call`. Texts are the provider's, `remote` the other side where it is a phone number.

    `endpoint` is the employee's: the address of record without its scheme.
    """

    tracking_id: str | None
    personality: Personality
    state: CallState
    remote: PhoneNumber | None
    started_at: datetime | None
    answered_at: datetime | None
    released_at: datetime | None
    released_by: str | None
    cause: str | None
    endpoint: str | None = None


@frozen
class BeelineReport:
    """One event. (`subscription_id`, `event_id`) makes it one; `call` is None where the event is of no call.

    `sequence_number` counts per subscription: a gap or disorder shows from it.
    """

    event_id: str
    subscription_id: str
    sequence_number: int | None
    user_id: str | None
    type: EventType
    call: XsiCall | None = None
    target_id: str | None = None

    @property
    def line(self) -> str | None:
        """Whose event it is: of the two names that an event has, the one that its endpoint has, too (BA16).

        By BroadSoft's papers userId is who subscribed and targetId whom it is about; by the integrations that were
        read both are the subscriber's, also where the whole company is subscribed to.
        """
        if self.call is not None and self.call.endpoint is not None and self.call.endpoint == self.target_id:
            return self.target_id
        return self.user_id

    @property
    def subscription_terminated(self) -> bool:
        return self.type is EventType.TERMINATED


def parse_report(body: bytes) -> BeelineReport:
    """The event that a body holds. MalformedReport if it holds none; a message of that names no content."""
    if len(body) > BIGGEST_REPORT:
        raise MalformedReport(f"the report is bigger than {BIGGEST_REPORT} bytes")
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise MalformedReport("the report is no XML, or XML with a DTD") from None
    if root.tag != f"{{{_XSI}}}Event":
        raise MalformedReport("the root is no xsi:Event")
    data = _child(root, "eventData")
    if data is None:
        raise MalformedReport("eventData is missing")
    kind = _type_of(data)
    call = _child(data, "call")
    if kind.of_a_call and call is None:
        raise MalformedReport("an event of a call has no call")
    return BeelineReport(
        event_id=_required(root, "eventID"),
        subscription_id=_required(root, "subscriptionId"),
        sequence_number=_whole(_text(root, "sequenceNumber")),
        user_id=_text(root, "userId"),
        type=kind,
        call=_call(call) if kind.of_a_call and call is not None else None,
        target_id=_text(root, "targetId"),
    )


def _call(call: Element) -> XsiCall:
    remote = _child(call, "remoteParty")
    address = _text(remote, "address") if remote is not None else None
    endpoint = _child(call, "endpoint")
    record = _text(endpoint, "addressOfRecord") if endpoint is not None else None
    return XsiCall(
        tracking_id=_text(call, "extTrackingId"),
        personality=_known(Personality, _text(call, "personality"), Personality.OTHER),
        state=_known(CallState, _text(call, "state"), CallState.OTHER),
        remote=read_number(address) if address is not None else None,
        started_at=_time(_text(call, "startTime")),
        answered_at=_time(_text(call, "answerTime")),
        released_at=_time(_text(call, "releaseTime")),
        released_by=_text(call, "releasingParty"),
        cause=_text(call, "internalReleaseCause"),
        endpoint=record.removeprefix("sip:") if record is not None else None,
    )


def _type_of(data: Element) -> EventType:
    spelt = {data.attrib[name].rpartition(":")[2].strip() for name in _TYPES if name in data.attrib}
    if len(spelt) != 1 or not (name := spelt.pop()):
        raise MalformedReport("eventData has no one type")
    return _known(EventType, name, EventType.OTHER)


def _known(words: type[_Words], text: str | None, other: _Words) -> _Words:
    try:
        return words(text) if text is not None else other
    except ValueError:
        return other


def _child(parent: Element, name: str) -> Element | None:
    found = parent.findall(f"{{{_XSI}}}{name}")
    if len(found) > 1:
        raise MalformedReport(f"there is more than one {name}")
    return found[0] if found else None


def _text(parent: Element, name: str) -> str | None:
    """A child's text without blanks round it; None if there is no such child or nothing in it."""
    child = _child(parent, name)
    text = (child.text or "").strip() if child is not None else ""
    if len(text) > _LONGEST_TEXT:
        raise MalformedReport(f"{name} is longer than {_LONGEST_TEXT} characters")
    if not text.isprintable():
        raise MalformedReport(f"{name} holds what can't be printed")
    return text or None


def _required(parent: Element, name: str) -> str:
    text = _text(parent, name)
    if text is None:
        raise MalformedReport(f"{name} is missing")
    return text


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise MalformedReport("sequenceNumber is no whole number")
    return int(text)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if text.isascii() and text.isdigit():
            instant = datetime.fromtimestamp(int(text) / 1000, UTC)
        else:
            instant = datetime.fromisoformat(text)
            instant = instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        raise MalformedReport("a time is neither milliseconds nor ISO 8601") from None
    if not _YEARS[0] <= instant < _YEARS[1]:
        raise MalformedReport("a time is beyond reason")
    return instant
