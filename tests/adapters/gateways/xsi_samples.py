"""XSI events as text, in every spelling that was seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape

BEGAN = datetime(2026, 11, 23, 9, 15, 3, tzinfo=UTC)
ANSWERED = BEGAN + timedelta(seconds=6)
RELEASED = BEGAN + timedelta(seconds=66)
RECEIVED = BEGAN + timedelta(seconds=70)

EVENT_NAMES = (
    "CallOriginatedEvent",
    "CallReceivedEvent",
    "CallUpdatedEvent",
    "CallAnsweredEvent",
    "CallHeldEvent",
    "CallRetrievedEvent",
    "CallTransferredEvent",
    "CallRedirectedEvent",
    "CallReleasedEvent",
)
PERSONALITIES = ("Originator", "Terminator", "Click-to-Dial")
STATES = ("Idle", "Alerting", "Active", "Held", "Remote Held", "Released", "Detached", "Client Alerting")


def ms(instant: datetime) -> str:
    return str(round(instant.timestamp() * 1000))


def elements(**texts: str | None) -> str:
    return "".join(f"<xsi:{name}>{escape(text)}</xsi:{name}>" for name, text in texts.items() if text is not None)


def a_call(
    personality: str | None = "Originator",
    state: str | None = "Active",
    *,
    answered: datetime | None = None,
    released: datetime | None = None,
    by: str | None = None,
    cause: str | None = None,
    tracking_id: str | None = "1732398765432:1",
    began: datetime | None = BEGAN,
    address: str | None = "tel:+79139123456",
    iso: bool = False,
) -> str:
    def time(instant: datetime | None) -> str | None:
        if instant is None:
            return None
        return instant.isoformat() if iso else ms(instant)

    return (
        "<xsi:call>"
        + elements(
            callId="callhalf-1234:0",
            extTrackingId=tracking_id,
            networkCallId="BW1215030232311",
            personality=personality,
            state=state,
            releasingParty=by,
            internalReleaseCause=cause,
        )
        + f"<xsi:remoteParty>{elements(name='Клиент', address=address, callType='Network')}</xsi:remoteParty>"
        + f"<xsi:endpoint>{elements(addressOfRecord='sip:9067010101@ip.beeline.ru')}</xsi:endpoint>"
        + elements(
            appearance="1",
            startTime=time(began),
            answerTime=time(answered),
            releaseTime=time(released),
            recorded="true",
        )
        + "</xsi:call>"
    )


def an_event(
    name: str = "CallAnsweredEvent",
    inner: str | None = None,
    *,
    event_id: str | None = "event-1",
    subscription_id: str | None = "subscription-1",
    sequence: str | None = "7",
    attribute: str = "xsi1:type",
) -> bytes:
    inner = a_call() if inner is None else inner
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<xsi:Event xmlns:xsi="http://schema.broadsoft.com/xsi" '
        f'xmlns:xsi1="http://www.w3.org/2001/XMLSchema-instance" {attribute}="xsi:SubscriptionEvent">'
        + elements(
            eventID=event_id,
            sequenceNumber=sequence,
            userId="9067010101@ip.beeline.ru",
            externalApplicationId="cloudpbx",
            subscriptionId=subscription_id,
        )
        + f"<xsi:httpContact>{elements(uri='https://bms.example/reports?a=1&b=2')}</xsi:httpContact>"
        + elements(targetId="company")
        + f'<xsi:eventData {attribute}="xsi:{name}">{inner}</xsi:eventData></xsi:Event>'
    ).encode()
