"""Subscriptions: who hears what and until when, and how pushes are repeated."""

from __future__ import annotations

import socket

import pytest
from tests.adapters.beeline_simulator.receiver import Receiver

from telephony_adapters.beeline_simulator import COMPANY, SimulatorHandle

CLIENT = "+79139123456"
WITHOUT_HOOKS = 4


def subscribe(simulator: SimulatorHandle, url: str, **more: object) -> str:
    body = {"expires": 3600, "subscriptionType": "ADVANCED_CALL", "url": url, **more}
    answer = simulator.portal("PUT", "subscription", json=body)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"subscriptionId", "expires"}
    return str(answer.json()["subscriptionId"])


def dial(simulator: SimulatorHandle, pattern: str = "1001", number: str = CLIENT) -> None:
    assert simulator.portal("POST", f"abonents/{pattern}/call", params={"phoneNumber": number}).status_code == 200
    simulator.wait_until_idle()


def test_a_subscription_is_read_and_removed(simulator: SimulatorHandle, receiver: Receiver) -> None:
    subscription_id = subscribe(simulator, receiver.url, pattern="1001")
    path = f"subscription?subscriptionId={subscription_id}"
    read = simulator.portal("GET", path).json()
    assert read == {
        "subscriptionId": subscription_id,
        "targetType": "ABONENT",
        "targetId": "9067010101@ip.beeline.ru",
        "subscriptionType": "ADVANCED_CALL",
        "expires": read["expires"],
        "url": receiver.url,
    }
    assert 3590 <= read["expires"] <= 3600
    assert simulator.portal("DELETE", path).status_code == 200
    for method in ("GET", "DELETE"):
        answer = simulator.portal(method, path)
        assert (answer.status_code, answer.json()["errorCode"]) == (404, "SubscriptionNotFound")
    dial(simulator)
    assert receiver.attempts == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"expires": 0},
        {"expires": 90_001},
        {"expires": "3600"},
        {"subscriptionType": "EVERYTHING"},
        {"url": "ftp://here"},
        {"url": None},
        {"url": "http://127.0.0.1:99999/"},
        {"pattern": "9999"},
    ],
)
def test_a_subscription_that_makes_no_sense_is_refused(simulator: SimulatorHandle, wrong: dict[str, object]) -> None:
    body = {"expires": 3600, "subscriptionType": "BASIC_CALL", "url": "http://127.0.0.1:9/", **wrong}
    answer = simulator.portal("PUT", "subscription", json=body)
    assert answer.status_code in {400, 404}
    assert "errorCode" in answer.json()


def test_a_pattern_hears_of_its_subscriber_only(simulator: SimulatorHandle, receiver: Receiver) -> None:
    subscribe(simulator, receiver.url, pattern="1002")
    dial(simulator, "1001")
    assert receiver.events() == []
    dial(simulator, "1002")
    assert len(receiver.events()) == WITHOUT_HOOKS
    assert {event.fields["targetId"] for event in receiver.events()} == {"9067010102@ip.beeline.ru"}


def test_each_subscription_counts_its_own_events(simulator: SimulatorHandle, receiver: Receiver) -> None:
    of_company = subscribe(simulator, receiver.url)
    dial(simulator)
    of_one = subscribe(simulator, receiver.url, pattern="1001")
    dial(simulator)
    numbers: dict[str, list[int]] = {of_company: [], of_one: []}
    for event in receiver.events(hooks=True):
        numbers[event.fields["subscriptionId"]].append(event.sequence_number)
    assert numbers == {of_company: list(range(1, 13)), of_one: list(range(1, 7))}
    ids = [event.event_id for event in receiver.events(hooks=True)]
    assert len(set(ids)) == len(ids)


def test_it_ends_at_its_time_and_says_so(simulator: SimulatorHandle, receiver: Receiver) -> None:
    subscription_id = subscribe(simulator, receiver.url, expires=1)
    while simulator.portal("GET", f"subscription?subscriptionId={subscription_id}").status_code == 200:
        pass
    simulator.wait_until_idle()
    (event,) = receiver.events()
    assert (event.type, event.fields["subscriptionId"]) == ("SubscriptionTerminatedEvent", subscription_id)
    assert event.fields["targetId"] == COMPANY.id
    dial(simulator)
    assert len(receiver.events(hooks=True)) == 1


def test_it_can_be_ended_by_the_provider(simulator: SimulatorHandle, receiver: Receiver) -> None:
    first, second = subscribe(simulator, receiver.url), subscribe(simulator, receiver.url)
    ended = simulator.control("POST", "subscriptions/terminate", {"subscription_id": first})
    assert ended == {"terminated": [first]}
    assert simulator.control("POST", "subscriptions/terminate") == {"terminated": [second]}
    simulator.wait_until_idle()
    assert [event.type for event in receiver.events()] == ["SubscriptionTerminatedEvent"] * 2


def test_a_push_is_repeated_while_the_address_fails_and_order_is_kept(
    simulator: SimulatorHandle, listening: Receiver
) -> None:
    listening.answers = [503, 500, 200, 502]
    dial(simulator)
    assert [event.sequence_number for event in listening.events(hooks=True)] == [1, 2, 3, 4, 5, 6]
    assert listening.attempts == 9


def test_a_push_that_is_not_wanted_is_not_repeated(simulator: SimulatorHandle, listening: Receiver) -> None:
    listening.answers = [404, 400]
    dial(simulator)
    assert listening.attempts == 6
    assert [event.sequence_number for event in listening.events(hooks=True)] == [3, 4, 5, 6]


def test_an_answer_that_can_t_be_read_ends_nothing(simulator: SimulatorHandle, listening: Receiver) -> None:
    listening.garbage = b"no gzip"
    assert simulator.portal("POST", "abonents/1001/call", params={"phoneNumber": CLIENT}).status_code == 200
    while not listening.attempts:
        pass
    listening.garbage = b""
    simulator.wait_until_idle()
    assert {event.sequence_number for event in listening.events(hooks=True)} == {1, 2, 3, 4, 5, 6}


def test_a_push_waits_for_an_address_that_comes_up(simulator: SimulatorHandle) -> None:
    """Connections are refused at first: the receiver is started again while the call goes on."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    subscribe(simulator, f"http://127.0.0.1:{port}/")
    assert simulator.portal("POST", "abonents/1001/call", params={"phoneNumber": CLIENT}).status_code == 200
    while not simulator.ledger()[0]["released_at"]:
        pass
    with Receiver(port) as receiver:
        simulator.wait_until_idle()
        assert [event.sequence_number for event in receiver.events(hooks=True)] == [1, 2, 3, 4, 5, 6]
