"""What Asterisk's events say of a leg: the table of `events`, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_adapters.gateways.asterisk.events import (
    client_has_sound,
    emptied_bridge,
    hang_up_asked_for,
    to_provider_report,
)
from telephony_adapters.gateways.asterisk.names import bridge_id, channel_id, leg_of
from telephony_core.call_facts import Cause, Fact, FactKind, LegName
from telephony_core.phone import PhoneNumber

AT = datetime(2026, 11, 24, 2, 20, 13, 963000, UTC)
TIME = "2026-11-24T02:20:13.963+0000"
ATTEMPT = "01M85PVHKQ0ET3DAPGGN4ZAFN5"


def channel(leg: str = "client", state: str = "Ringing", shown: str = "+79031230001") -> dict[str, Any]:
    return {
        "id": f"{ATTEMPT}.{leg}",
        "state": state,
        "protocol_id": "c8b94aed",
        "caller": {"name": "", "number": ""},
        "connected": {"name": "", "number": shown},
    }


def event(kind: str, told: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"type": kind, "timestamp": TIME, "application": "telephony", "channel": told or channel(), **more}


def fact_of(told: dict[str, Any], *, ended_by_us: bool = False) -> Fact | None:
    report = to_provider_report(told, "asterisk", ended_by_us=ended_by_us)
    if report is None:
        return None
    (fact,) = report.facts
    return fact


def test_a_report_is_of_the_attempt_in_the_channel_s_id() -> None:
    """C10: with the number that the channel shows, and the operator's name for the call."""
    report = to_provider_report(event("ChannelStateChange"), "asterisk")
    assert report is not None
    assert (report.provider, report.attempt_id, report.reference) == ("asterisk", ATTEMPT, "c8b94aed")
    assert report.shown == PhoneNumber("+79031230001")
    assert report.facts == {Fact(LegName.CLIENT, FactKind.RINGING, AT)}


def test_the_employee_s_leg_tells_no_shown_number() -> None:
    report = to_provider_report(event("ChannelStateChange", channel("employee", "Up")), "asterisk")
    assert report is not None
    assert (report.shown, report.reference) == (None, None)
    assert report.facts == {Fact(LegName.EMPLOYEE, FactKind.ANSWERED, AT)}


def test_an_operator_s_183_counts_as_ringing() -> None:
    progress = {"type": "Dial", "timestamp": TIME, "dialstatus": "PROGRESS", "peer": channel(state="Down")}
    assert fact_of(progress) == Fact(LegName.CLIENT, FactKind.RINGING, AT)


@pytest.mark.parametrize(
    ("cause", "state", "ended_by_us", "expected"),
    [
        (16, "Up", False, Cause.NORMAL),
        (16, "Up", True, Cause.NORMAL),
        (127, "Up", False, Cause.NORMAL),
        (16, "Ringing", True, Cause.CANCELLED),
        (16, "Down", True, Cause.CANCELLED),
        (17, "Down", False, Cause.BUSY),
        (17, "Ringing", False, Cause.BUSY),
        (19, "Ringing", True, Cause.NO_ANSWER),
        (19, "Ringing", False, Cause.NO_ANSWER),
        (19, "Down", True, Cause.NO_ANSWER),
        (19, "Down", False, Cause.UNREACHABLE),
        (18, "Down", False, Cause.UNREACHABLE),
        (21, "Down", False, Cause.REJECTED),
        (1, "Down", False, Cause.UNREACHABLE),
        (34, "Down", False, Cause.UNREACHABLE),
        (None, "Down", False, Cause.UNREACHABLE),
    ],
)
def test_why_a_leg_was_released(cause: int | None, state: str, ended_by_us: bool, expected: Cause) -> None:
    """K1: by the cause, the state in which it ended, and whether the end was asked for on our side."""
    told = event("ChannelDestroyed", channel(state=state), cause=cause)
    assert fact_of(told, ended_by_us=ended_by_us) == Fact(LegName.CLIENT, FactKind.RELEASED, AT, expected)


@pytest.mark.parametrize(
    "told",
    [
        event("ChannelStateChange", channel(state="Down")),
        event("ChannelHangupRequest", cause=32),
        event("ChannelLeftBridge", bridge={"id": "x", "channels": []}),
        {"type": "Dial", "timestamp": TIME, "dialstatus": "", "peer": channel()},
        {"type": "Dial", "timestamp": TIME, "dialstatus": "RINGING", "peer": channel()},
        event("ChannelStateChange", channel() | {"id": "1732398765.12"}),
        event("ChannelStateChange") | {"timestamp": "yesterday"},
        event("ChannelStateChange", {"id": f"{ATTEMPT}.client"}),
    ],
)
def test_what_says_nothing_of_a_leg_of_ours(told: dict[str, Any]) -> None:
    assert to_provider_report(told, "asterisk") is None


def test_an_event_that_came_twice_is_one_report() -> None:
    """Law 10: by two connections for a moment. Another state or another time is another one."""
    one, same = (to_provider_report(event("ChannelStateChange"), "asterisk") for _ in range(2))
    others = [
        to_provider_report(event("ChannelStateChange", channel(state="Up")), "asterisk"),
        to_provider_report(event("ChannelStateChange") | {"timestamp": "2026-11-24T02:20:13.964+0000"}, "asterisk"),
        to_provider_report(event("ChannelDestroyed", cause=16), "asterisk"),
    ]
    assert one is not None
    assert one == same
    assert one.event_id not in {each.event_id for each in others if each is not None}


def test_whose_hang_up_it_was() -> None:
    """A time-out of ours and a request of ours are asked for with 32, the far end's cause is its own (as observed)."""
    assert hang_up_asked_for(event("ChannelHangupRequest", cause=32, soft=True)) == f"{ATTEMPT}.client"
    assert hang_up_asked_for(event("ChannelHangupRequest", cause=19, tech_cause=480)) is None


@pytest.mark.parametrize(("status", "leg", "sound"), [("PROGRESS", "client", ATTEMPT), ("ANSWER", "client", ATTEMPT)])
def test_the_ringing_tone_ends_when_the_client_s_side_sounds(status: str, leg: str, sound: str) -> None:
    assert client_has_sound({"type": "Dial", "dialstatus": status, "peer": channel(leg)}) == sound
    assert client_has_sound({"type": "Dial", "dialstatus": status, "peer": channel("employee")}) is None
    assert client_has_sound({"type": "Dial", "dialstatus": "RINGING", "peer": channel(leg)}) is None


def test_a_bridge_is_empty_when_the_last_one_left() -> None:
    left = event("ChannelLeftBridge", bridge={"id": f"{ATTEMPT}.bridge", "channels": []})
    assert emptied_bridge(left) == f"{ATTEMPT}.bridge"
    assert emptied_bridge(left | {"bridge": {"id": f"{ATTEMPT}.bridge", "channels": ["x"]}}) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
_KEYS = ("type", "timestamp", "channel", "peer", "bridge", "cause", "dialstatus")


@given(st.dictionaries(st.sampled_from(_KEYS), _JSON | st.just(channel()) | st.just(TIME)) | _JSON, st.booleans())
def test_no_event_whatsoever_is_an_error(told: Any, ended_by_us: bool) -> None:
    """What can't be understood is passed over: one strange event must not end the hearing of all others."""
    kinds = [{**told, "type": kind} for kind in ("ChannelStateChange", "Dial")] if isinstance(told, dict) else []
    for each in [told, *kinds]:
        report = to_provider_report(each, "asterisk", ended_by_us=ended_by_us)
        assert report is None or report.attempt_id == ATTEMPT
        for reading in (client_has_sound, emptied_bridge, hang_up_asked_for):
            assert reading(each) is None or isinstance(reading(each), str)


@given(st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z"), st.sampled_from(LegName))
def test_an_id_tells_its_attempt_and_leg(attempt_id: str, leg: LegName) -> None:
    """Nothing has to be remembered; and nobody else's channel is taken for ours."""
    assert leg_of(channel_id(attempt_id, leg)) == (attempt_id, leg)
    assert leg_of(bridge_id(attempt_id)) is None


@pytest.mark.parametrize("attempt_id", ["", "a/b", "a b", "a.b", "a?b", "x" * 65, "..", "é"])
def test_an_id_that_would_lead_elsewhere_names_nothing(attempt_id: str) -> None:
    with pytest.raises(ValueError, match="no id of ours"):
        channel_id(attempt_id, LegName.CLIENT)
    assert leg_of(f"{attempt_id}.client") is None
