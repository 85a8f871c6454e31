"""Each assumption switched off: the simulator does what the table says; the ledger stays true."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.adapters.beeline_simulator.conftest import SPEED
from tests.adapters.beeline_simulator.receiver import Receiver

from telephony_adapters.beeline_simulator import COMPANY, SimulatorHandle
from telephony_adapters.beeline_simulator.assumptions import ASSUMPTIONS

CLIENT = "89139123456"

# A process for each assumption would take long; those of one group don't touch each other's facts.
FIRST, SECOND = frozenset({"BA1", "BA3", "BA6"}), frozenset({"BA2", "BA4", "BA5", "BA7"})


@pytest.fixture(scope="module")
def first() -> Iterator[SimulatorHandle]:
    with SimulatorHandle.start(speed=SPEED, assume_off=FIRST) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def second() -> Iterator[SimulatorHandle]:
    with SimulatorHandle.start(speed=SPEED, assume_off=SECOND) as simulator:
        yield simulator


def dial(simulator: SimulatorHandle, pattern: str, number: str = CLIENT) -> dict:
    """One call to its end; its ledger entry."""
    answer = simulator.portal("POST", f"abonents/{pattern}/call", params={"phoneNumber": number})
    assert answer.status_code == 200, answer.text
    simulator.wait_until_idle()
    return next(entry for entry in simulator.ledger() if entry["tracking_id"] == answer.text)


def listen(simulator: SimulatorHandle, receiver: Receiver) -> None:
    body = {"expires": 3600, "subscriptionType": "BASIC_CALL", "url": receiver.url, "pattern": "1001"}
    simulator.portal("PUT", "subscription", json=body)


def test_it_is_told_which_are_off(first: SimulatorHandle, second: SimulatorHandle) -> None:
    assert {each.id for each in ASSUMPTIONS} == FIRST | SECOND
    for simulator, off in ((first, FIRST), (second, SECOND)):
        assert {each["id"] for each in simulator.control("GET", "assumptions") if not each["on"]} == off
        assert set(simulator.control("GET", "state")["assume_off"]) == off


def test_ba1_off_the_tracking_id_is_another(first: SimulatorHandle, receiver: Receiver) -> None:
    listen(first, receiver)
    entry = dial(first, "1001")
    told = {event.call["extTrackingId"] for event in receiver.events()}
    assert told == {record["externalId"] for record in first.portal("GET", "records?userId=1001").json()}
    assert len(told) == 1
    assert entry["tracking_id"] not in told


def test_ba2_off_statistics_tell_the_employees_line(second: SimulatorHandle) -> None:
    entry = dial(second, "1002")
    (row,) = second.portal("GET", "v2/statistics?userId=1002").json()
    assert row["phone_from"] == "79067010102"
    assert entry["shown_number"] in COMPANY.pool_for(("RU-NVS",)).numbers


def test_ba3_off_a_mobile_shows_a_number_of_the_carousel(first: SimulatorHandle) -> None:
    assert dial(first, "9037020201")["shown_number"] in COMPANY.pool_for(("RU-NVS",)).numbers


def test_ba4_off_only_the_eight_is_dialled(second: SimulatorHandle) -> None:
    for number in ("79139123456", "+79139123456", "9139123456"):
        answer = second.portal("POST", "abonents/1003/call", params={"phoneNumber": number})
        assert answer.json()["errorCode"] == "InvalidPhoneNumber"
    assert dial(second, "1003", "89139123456")["outcome"] == "talked"


def test_ba5_off_agents_have_no_status(second: SimulatorHandle) -> None:
    for method in ("GET", "PUT"):
        answer = second.portal(method, "abonents/1001/agent", json={"status": "ONLINE"})
        assert (answer.status_code, answer.json()["errorCode"]) == (404, "AgentNotFound")
    assert dial(second, "1019")["outcome"] == "talked"


def test_ba6_off_releases_have_no_cause(first: SimulatorHandle, receiver: Receiver) -> None:
    listen(first, receiver)
    first.behave("+79139000001", "busy")
    entry = dial(first, "1001", "+79139000001")
    released = receiver.events()[-1]
    assert released.type == "CallReleasedEvent"
    assert not {"internalReleaseCause", "cdrTerminationCause"} & set(released.call)
    assert entry["outcome"] == "busy"


def test_ba7_off_durations_are_in_seconds(second: SimulatorHandle) -> None:
    second.behave("+79139000002", "answers", talk_seconds=1.2 * SPEED)
    dial(second, "1004", "89139000002")
    (row,) = second.portal("GET", "v2/statistics?userId=1004").json()
    assert row["duration"] in {1, 2}
