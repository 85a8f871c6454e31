"""Each fault, one at a time: what the caller gets, whether it was dialled, and that the ledger stays true."""

from __future__ import annotations

import time

import httpx2
import pytest
from tests.adapters.beeline_simulator.receiver import Receiver

from telephony_adapters.beeline_simulator import COMPANY, SimulatorHandle

CLIENT = "+79139123456"
CALL_EVENTS = ["CallOriginatedEvent", "CallUpdatedEvent", "CallAnsweredEvent", "CallReleasedEvent"]


def dial(simulator: SimulatorHandle, pattern: str = "1001", number: str = CLIENT, **options: object) -> httpx2.Response:
    return simulator.portal("POST", f"abonents/{pattern}/call", params={"phoneNumber": number}, **options)


def only_entry(simulator: SimulatorHandle) -> dict:
    simulator.wait_until_idle()
    (entry,) = simulator.ledger()
    return entry


@pytest.mark.parametrize(("kind", "dialled"), [("reset", False), ("reset_after", True)])
def test_reset(simulator: SimulatorHandle, kind: str, dialled: bool) -> None:
    simulator.fault(kind)
    with pytest.raises(httpx2.ReadError, match="reset"):
        dial(simulator)
    entry = only_entry(simulator)
    assert (entry["employee_rang_at"] is not None) is dialled
    assert (entry["tracking_id"] is not None) is dialled
    assert entry["answer_fault"] == kind
    assert dial(simulator).status_code == 200


@pytest.mark.parametrize("dials", [False, True])
def test_http_500(simulator: SimulatorHandle, dials: bool) -> None:
    """No errorCode: it may have been dialled, and its receiver can't know."""
    simulator.fault("http_500", dials=dials)
    answer = dial(simulator)
    assert answer.status_code == 500
    assert "errorCode" not in answer.text
    entry = only_entry(simulator)
    assert entry["outcome"] == ("talked" if dials else "not_dialled")


def test_http_429(simulator: SimulatorHandle) -> None:
    simulator.fault("http_429")
    answer = dial(simulator)
    assert (answer.status_code, answer.json()["errorCode"]) == (429, "TooManyRequests")
    assert answer.headers["Retry-After"] == "1"
    assert only_entry(simulator)["outcome"] == "not_dialled"


def test_error_code(simulator: SimulatorHandle) -> None:
    simulator.fault("error_code", status=403, error_code="CallsForbidden")
    answer = dial(simulator)
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "CallsForbidden")
    assert only_entry(simulator)["outcome"] == "not_dialled"


def test_hang_until_the_caller_leaves(simulator: SimulatorHandle) -> None:
    simulator.fault("hang")
    with pytest.raises(httpx2.ReadTimeout):
        dial(simulator, timeout=0.2)
    assert only_entry(simulator)["outcome"] == "talked"


def test_hang_for_a_while(simulator: SimulatorHandle) -> None:
    simulator.fault("hang", seconds=0.2, dials=False)
    with pytest.raises(httpx2.RemoteProtocolError):
        dial(simulator)
    assert only_entry(simulator)["outcome"] == "not_dialled"


def test_late(simulator: SimulatorHandle) -> None:
    """The answer is right, but comes after the caller's time-out; the call goes on meanwhile."""
    simulator.fault("late", seconds=0.5, count=2)
    started = time.monotonic()
    assert dial(simulator).status_code == 200
    assert time.monotonic() - started >= 0.5
    simulator.wait_until_idle()
    with pytest.raises(httpx2.ReadTimeout):
        dial(simulator, timeout=0.1)
    simulator.wait_until_idle()
    assert [entry["outcome"] for entry in simulator.ledger()] == ["talked", "talked"]


@pytest.mark.parametrize("path", ["abonents/1001/call", "v2/abonents/1001/call"])
def test_cut(simulator: SimulatorHandle, path: str) -> None:
    simulator.fault("cut")
    with pytest.raises(httpx2.RemoteProtocolError, match="complete message body"):
        simulator.portal("POST", path, params={"phoneNumber": CLIENT})
    assert only_entry(simulator)["outcome"] == "talked"


def test_a_fault_waits_for_its_number_or_path(simulator: SimulatorHandle) -> None:
    simulator.fault("http_500", phone_number="89139000001")
    simulator.fault("http_429", path="v2/statistics")
    assert dial(simulator, "1001").status_code == 200
    assert dial(simulator, "1002", "+79139000001").status_code == 500
    assert simulator.portal("GET", "abonents").status_code == 200
    assert simulator.portal("GET", "v2/statistics").status_code == 429
    assert simulator.portal("GET", "v2/statistics").status_code == 200
    assert simulator.control("GET", "faults")["pending"] == []


def test_what_is_no_fault_is_refused(simulator: SimulatorHandle) -> None:
    for wrong in ({}, {"kind": "odd"}, {"kind": "late", "secnods": 3}, {"kind": "late", "share": 3}, 7):
        answer = simulator.client.post(f"{simulator.control_url}faults", json=wrong)
        assert answer.status_code == 400
        assert "errorCode" in answer.json()
    assert simulator.client.post(f"{simulator.control_url}random-faults", json={"odd": 1}).status_code == 400
    for path in ("faults", "random-faults"):
        for body in (b"{", b"[" * 100_000):
            assert simulator.client.post(f"{simulator.control_url}{path}", content=body).status_code == 400


def test_reports_before_the_answer(simulator: SimulatorHandle, listening: Receiver) -> None:
    simulator.fault(reports="before_answer")
    answer = dial(simulator)
    first = listening.events()[0]
    assert first.type == "CallOriginatedEvent"
    assert first.call["extTrackingId"] == answer.text


def test_reports_repeated(simulator: SimulatorHandle, listening: Receiver) -> None:
    simulator.fault(reports="repeated")
    dial(simulator)
    simulator.wait_until_idle()
    events = listening.events()
    assert [event.type for event in events] == [each for each in CALL_EVENTS for _ in range(2)]
    assert [event.event_id for event in events[::2]] == [event.event_id for event in events[1::2]]
    assert [event.sequence_number for event in events] == [1, 1, 3, 3, 4, 4, 5, 5]


def test_reports_reordered(simulator: SimulatorHandle, listening: Receiver) -> None:
    simulator.fault(reports="reordered")
    dial(simulator)
    simulator.wait_until_idle()
    events = listening.events()
    assert sorted(event.type for event in events) == sorted(CALL_EVENTS)
    assert [event.sequence_number for event in events] == [3, 1, 5, 4]


def test_reports_lost(simulator: SimulatorHandle, listening: Receiver) -> None:
    """Only the noise arrives, and its sequence numbers show that something is missing."""
    simulator.fault(reports="lost")
    dial(simulator)
    simulator.wait_until_idle()
    assert listening.events() == []
    assert [event.sequence_number for event in listening.events(hooks=True)] == [2, 6]
    assert only_entry(simulator)["outcome"] == "talked"


def test_a_part_of_the_reports_lost(simulator: SimulatorHandle, listening: Receiver) -> None:
    simulator.fault(reports="lost", reports_share=0.5, count=None)
    for n in range(10):
        dial(simulator, number=f"+7913900{n:04}")
        simulator.wait_until_idle()
    assert 8 < len(listening.events()) < 32


def test_reports_with_a_shifted_clock(simulator: SimulatorHandle, listening: Receiver) -> None:
    simulator.fault(reports="shifted_clock", shift_seconds=3600)
    dial(simulator)
    simulator.wait_until_idle()
    now = time.time() * 1000
    for event in listening.events():
        assert int(event.call["startTime"]) > now + 3_500_000


def test_reports_of_an_unknown_call(simulator: SimulatorHandle, listening: Receiver) -> None:
    simulator.fault(reports="unknown_call")
    answer = dial(simulator)
    simulator.wait_until_idle()
    ours = [event for event in listening.events() if event.call["extTrackingId"] == answer.text]
    others = [event for event in listening.events() if event not in ours]
    assert [event.type for event in ours] == CALL_EVENTS
    assert [event.type for event in others] == ["CallOriginatedEvent", "CallAnsweredEvent", "CallReleasedEvent"]
    assert {event.call["personality"] for event in others} == {"Click-to-Dial"}
    assert {event.call["remoteParty/address"] for event in others} == {"tel:+79139123457"}


def test_an_answer_and_reports_can_both_go_wrong(simulator: SimulatorHandle, listening: Receiver) -> None:
    simulator.fault("cut", reports="repeated")
    with pytest.raises(httpx2.RemoteProtocolError):
        dial(simulator)
    simulator.wait_until_idle()
    assert len(listening.events()) == 8


def test_random_faults_are_the_same_under_a_seed() -> None:
    """For each called number, in whatever order the requests come."""

    def faults(*, backwards: bool) -> dict[str, str | None]:
        with SimulatorHandle.start(speed=2000, seed=5) as simulator:
            simulator.random_faults({"http_500": 0.3, "http_429": 0.2, "error_code": 0.1})
            lines = [line.user_id for line in COMPANY.subscribers if line.agent_status == "ONLINE"]
            calls = list(zip(lines, [f"+7913911{n:04}" for n in range(23)], strict=True))
            for line, number in reversed(calls) if backwards else calls:
                dial(simulator, line, number)
            simulator.wait_until_idle()
            return {entry["phone_number"]: entry["answer_fault"] for entry in simulator.ledger()}

    first = faults(backwards=False)
    assert faults(backwards=True) == first
    assert {"http_500", "http_429", None} <= set(first.values())
