"""Law 10: reports are parsed strictly. What is no event is malformed and nothing worse; what is one is read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.adapters.gateways.xsi_samples import (
    ANSWERED,
    BEGAN,
    EVENT_NAMES,
    PERSONALITIES,
    RECEIVED,
    RELEASED,
    STATES,
    a_call,
    an_event,
    elements,
    ms,
)

from telephony_adapters.gateways.beeline import MalformedReport, parse_report, to_provider_report
from telephony_adapters.gateways.beeline.xsi import BIGGEST_REPORT, BeelineReport, CallState, EventType, Personality
from telephony_core.phone import PhoneNumber

EVENT = an_event()


def test_every_field_is_read() -> None:
    body = an_event(
        "CallReleasedEvent",
        a_call("Originator", "Released", answered=ANSWERED, released=RELEASED, by="remoteRelease", cause="Busy"),
    )
    report = parse_report(body)
    assert (report.event_id, report.subscription_id, report.sequence_number) == ("event-1", "subscription-1", 7)
    assert (report.user_id, report.type) == ("9067010101@ip.beeline.ru", EventType.RELEASED)
    assert not report.subscription_terminated
    call = report.call
    assert call is not None
    assert (call.tracking_id, call.personality, call.state) == (
        "1732398765432:1",
        Personality.ORIGINATOR,
        CallState.RELEASED,
    )
    assert call.remote == PhoneNumber("+79139123456")
    assert (call.started_at, call.answered_at, call.released_at) == (BEGAN, ANSWERED, RELEASED)
    assert (call.released_by, call.cause) == ("remoteRelease", "Busy")


@pytest.mark.parametrize("attribute", ["xsi1:type", "xsi:type"])
@pytest.mark.parametrize("iso", [False, True])
@pytest.mark.parametrize("name", EVENT_NAMES)
def test_both_spellings_and_both_forms_of_times(name: str, iso: bool, attribute: str) -> None:
    report = parse_report(an_event(name, a_call(answered=ANSWERED, iso=iso), attribute=attribute))
    assert report.type.value == name
    assert report.call is not None
    assert report.call.answered_at == ANSWERED


def test_other_prefixes_mean_the_same() -> None:
    body = EVENT.replace(b"xsi1:", b"i:").replace(b"xmlns:xsi1", b"xmlns:i").replace(b"xsi:", b"b:")
    body = body.replace(b"xmlns:xsi=", b"xmlns:b=").replace(b'"b:Call', b'"Call')
    assert parse_report(body) == parse_report(EVENT)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        (ms(BEGAN), BEGAN),
        ("2026-11-23T09:15:03Z", BEGAN),
        ("2026-11-23T12:15:03+03:00", BEGAN),
        ("2026-11-23T12:15:03.250+0300", BEGAN.replace(microsecond=250_000)),
        ("2026-11-23T09:15:03", BEGAN),
        ("1795425303250", datetime(2026, 11, 23, 9, 15, 3, 250_000, tzinfo=UTC)),
    ],
)
def test_times(text: str, instant: datetime) -> None:
    body = an_event(inner=a_call(began=None).replace("</xsi:call>", f"{elements(startTime=text)}</xsi:call>"))
    call = parse_report(body).call
    assert call is not None
    assert call.started_at == instant


@pytest.mark.parametrize("text", ["soon", "-5", "0", "1732398765", "9" * 30, "0001-01-01T00:00:00+23:59", "1e12", "٣"])
def test_a_time_that_is_none_is_malformed(text: str) -> None:
    body = an_event(inner=a_call(began=None).replace("</xsi:call>", f"{elements(startTime=text)}</xsi:call>"))
    with pytest.raises(MalformedReport):
        parse_report(body)


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("tel:+79139123456", "+79139123456"),
        ("tel:89139123456", "+79139123456"),
        ("+7 913 912-34-56", "+79139123456"),
        ("tel:+79139123456;ext=5", "+79139123456"),
        ("tel:1002", None),
        ("sip:9067010102@ip.beeline.ru", None),
        (None, None),
    ],
)
def test_the_remote_party(address: str | None, number: str | None) -> None:
    call = parse_report(an_event(inner=a_call(address=address))).call
    assert call is not None
    assert call.remote == (PhoneNumber(number) if number else None)


@pytest.mark.parametrize(
    ("personality", "state"), [("Click-to-Talk", "Wondering"), ("originator", "active"), ("", " "), (None, None)]
)
def test_words_that_are_new_are_read_past(personality: str | None, state: str | None) -> None:
    call = parse_report(an_event(inner=a_call(personality, state))).call
    assert call is not None
    assert (call.personality, call.state) == (Personality.OTHER, CallState.OTHER)


def test_a_report_in_an_encoding_of_its_own_is_read() -> None:
    body = EVENT.decode().replace("UTF-8", "windows-1251").encode("windows-1251")
    assert parse_report(body) == parse_report(EVENT)


def test_events_without_a_call() -> None:
    hook = parse_report(an_event("HookStatusEvent", elements(hookStatus="Off-Hook")))
    ended = parse_report(an_event("SubscriptionTerminatedEvent", ""))
    new = parse_report(an_event("AgentStateEvent", elements(state="Sign-Out")))
    assert [each.type for each in (hook, ended, new)] == [EventType.HOOK, EventType.TERMINATED, EventType.OTHER]
    assert [each.subscription_terminated for each in (hook, ended, new)] == [False, True, False]
    assert all(to_provider_report(each, RECEIVED) is None for each in (hook, ended, new))


BOMB = b"""<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>"""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{}",
        b"\x00",
        b"<a/>",
        EVENT[:-5],
        EVENT + b"<b/>",
        EVENT.replace(b"http://schema.broadsoft.com/xsi", b"http://schema.example/xsi"),
        EVENT.replace(b"xsi:Event ", b"xsi:Incident ").replace(b"/xsi:Event>", b"/xsi:Incident>"),
        EVENT.replace(b"UTF-8", b"UTF-7"),
        EVENT.replace(b"UTF-8", b"idna"),
        EVENT.replace(b"UTF-8", b"big5"),
        EVENT.decode().encode("utf-16"),
        EVENT.replace(b"<xsi:Event", BOMB + b"<xsi:Event").replace(b"event-1", b"&b;"),
        EVENT.replace(b"<xsi:Event", b"<!DOCTYPE a SYSTEM 'file:///etc/hostname'><xsi:Event"),
        EVENT.replace(b"<xsi:Event", b"<!DOCTYPE a><xsi:Event"),
        an_event(event_id=None),
        an_event(event_id="  "),
        an_event(subscription_id=None),
        an_event(event_id="x" * 251),
        an_event(event_id="event\u202e1"),
        an_event(event_id="event\n1"),
        an_event(sequence="seven"),
        an_event(sequence="-1"),
        an_event(sequence="9" * 40),
        an_event(inner=""),
        an_event(inner=a_call() + a_call()),
        an_event(name=""),
        EVENT.replace(b'eventData xsi1:type="xsi:CallAnsweredEvent"', b"eventData"),
        EVENT.replace(b"eventData xsi1:type", b'eventData xsi:type="xsi:CallHeldEvent" xsi1:type'),
        EVENT.replace(b"<xsi:targetId>", b"<xsi:eventID>event-2</xsi:eventID><xsi:targetId>"),
        EVENT.replace(b"<xsi:targetId>", b"<xsi:eventData/><xsi:targetId>"),
        EVENT.replace(b"<xsi:state>", b"<xsi:state>Active</xsi:state><xsi:state>"),
        EVENT + b" " * BIGGEST_REPORT,
        b"<a>" * 20_000,
        b"<a>" * 9_000 + b"</a>" * 9_000,
    ],
)
def test_what_is_no_event_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedReport) as error:
        parse_report(body)
    assert "913" not in str(error.value)


def read_or_malformed(body: bytes) -> BeelineReport | None:
    try:
        report = parse_report(body)
    except MalformedReport:
        return None
    assert report.event_id
    assert report.subscription_id
    found = to_provider_report(report, RECEIVED)
    assert found is None or all(fact.at.tzinfo is not None for fact in found.facts)
    return report


@given(st.binary(max_size=400))
@example(b"<?xml version='1.0' encoding='x'?><a/>")
@example(b"\xef\xbb\xbf<a/>")
def test_any_bytes_are_read_or_malformed(body: bytes) -> None:
    assert read_or_malformed(body) is None


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
times = st.one_of(
    texts,
    st.integers().map(str),
    st.datetimes().map(datetime.isoformat),
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
)
words = st.one_of(texts, st.sampled_from([*EVENT_NAMES, *PERSONALITIES, *STATES, "localRelease", "Busy"]), times)


@given(st.data())
def test_mutated_events_are_read_or_malformed(data: st.DataObject) -> None:
    """Pieces of a real event are cut, doubled, moved and overwritten."""
    body = an_event("CallReleasedEvent", a_call("Originator", "Released", answered=ANSWERED, released=RELEASED))
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(begin, min(len(body), begin + 60)))
        piece = data.draw(
            st.one_of(st.just(b""), st.binary(max_size=8), st.just(body[begin:end] * 2), words.map(str.encode))
        )
        body = body[:begin] + piece + body[end:]
    read_or_malformed(body)


@given(st.data())
def test_events_with_any_content_are_read_or_malformed(data: st.DataObject) -> None:
    """The grammar is kept and every text is anything: names, states, times, ids."""
    fields = ("extTrackingId", "personality", "state", "releasingParty", "internalReleaseCause")
    inner = elements(**{name: data.draw(st.none() | words) for name in fields})
    inner += elements(**{name: data.draw(st.none() | times) for name in ("startTime", "answerTime", "releaseTime")})
    remote = elements(address=data.draw(st.none() | texts | st.integers(0).map(lambda digits: f"tel:+{digits}")))
    body = an_event(
        data.draw(st.sampled_from(EVENT_NAMES)),
        f"<xsi:call>{inner}<xsi:remoteParty>{remote}</xsi:remoteParty></xsi:call>",
        event_id=data.draw(st.none() | texts),
        sequence=data.draw(st.none() | words),
    )
    read_or_malformed(body)


@pytest.mark.thorough
@given(st.binary(max_size=2000))
def test_any_bytes_after_the_head_of_an_event(tail: bytes) -> None:
    read_or_malformed(EVENT[: EVENT.index(b"<xsi:eventID>")] + tail)
