"""Each assumption switched off: the simulator does what the table says; the ledger stays true."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from tests.adapters.beeline_simulator.conftest import SPEED
from tests.adapters.beeline_simulator.here import SimulatorHere, simulator_here
from tests.adapters.beeline_simulator.receiver import Event, Receiver

from telephony_adapters.beeline_simulator import COMPANY, SimulatorHandle
from telephony_adapters.beeline_simulator.assumptions import MOSCOW
from telephony_adapters.beeline_simulator.behaviours import Behaviour, Party
from telephony_adapters.beeline_simulator.ledger import LedgerEntry

Portal = Callable[..., Awaitable[Any]]

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


# --- In this process: what one switch does to one thing ------------------------------------------------------------


@contextlib.asynccontextmanager
async def without(assumption: str) -> AsyncIterator[tuple[SimulatorHere, Portal]]:
    async with simulator_here(speed=SPEED, assume_off=[assumption]) as simulator, httpx2.AsyncClient() as client:

        async def portal(method: str, path: str, **options: Any) -> Any:
            url, headers = f"{simulator.base_url}{path}", {"X-MPBX-API-AUTH-TOKEN": simulator.token}
            return await client.request(method, url, headers=headers, **options)

        yield simulator, portal


async def told_of_a_call(assumption: str) -> tuple[list[Event], LedgerEntry]:
    with Receiver() as receiver:
        async with without(assumption) as (simulator, portal):
            body = {"expires": 3600, "subscriptionType": "BASIC_CALL", "url": receiver.url}
            await portal("PUT", "subscription", json=body)
            await portal("POST", f"abonents/1001/call?phoneNumber={CLIENT}")
            await simulator.idle()
            return receiver.events(), simulator.ledger()[0]


async def test_ba9_off_a_row_is_there_while_the_call_lives_and_grows() -> None:
    async with without("BA9") as (simulator, portal):
        simulator.exchange.behaviours["+79139123456"] = Behaviour(talk_seconds=1e6)
        await portal("POST", f"abonents/1001/call?phoneNumber={CLIENT}")
        seen: list[int] = []
        while len(seen) < 3:
            rows = (await portal("GET", "v2/statistics?userId=1001")).json()
            seen += [row["duration"] for row in rows if row["duration"] not in seen]
        assert seen == sorted(seen)
        (call,) = simulator.exchange.live_calls()
        call.end(Party.CLIENT)
        await simulator.idle()
        (row,) = (await portal("GET", "v2/statistics?userId=1001")).json()
        (entry,) = simulator.ledger()
        assert entry.answered_at is not None
        assert entry.released_at is not None
        assert row["duration"] == round((entry.released_at - entry.answered_at).total_seconds() * 1000)


async def test_ba8_off_a_request_ends_a_call() -> None:
    async with without("BA8") as (simulator, portal):
        simulator.exchange.behaviours["+79139123456"] = Behaviour(talk_seconds=1e6)
        tracking_id = (await portal("POST", f"abonents/1001/call?phoneNumber={CLIENT}")).text
        for path, status in (("1002/call?callId=" + tracking_id, 404), ("1001/call?callId=x", 404)):
            assert (await portal("DELETE", f"abonents/{path}")).status_code == status
        assert (await portal("DELETE", f"abonents/1001/call?callId={tracking_id}")).status_code == 200
        await simulator.idle()
        assert simulator.exchange.live_calls() == []


async def test_ba8_on_nothing_does() -> None:
    async with without("BA1") as (simulator, portal):
        tracking_id = (await portal("POST", f"abonents/1001/call?phoneNumber={CLIENT}")).text
        answer = await portal("DELETE", f"abonents/1001/call?callId={tracking_id}")
        assert (answer.status_code, answer.json()["errorCode"]) == (405, "MethodNotAllowed")
        await simulator.idle()
        assert simulator.ledger()[0].outcome == "talked"


async def test_ba10_off_a_call_is_dialled_and_answered_with_an_error() -> None:
    async with without("BA10") as (simulator, portal):
        answer = await portal("POST", f"abonents/1001/call?phoneNumber={CLIENT}")
        assert (answer.status_code, answer.json()["errorCode"]) == (409, "OperationFailed")
        await simulator.idle()
        assert simulator.ledger()[0].outcome == "talked"


async def test_ba11_off_every_event_says_click_to_dial() -> None:
    events, _ = await told_of_a_call("BA11")
    assert {event.call["personality"] for event in events} == {"Click-to-Dial"}
    assert [event.call["state"] for event in events] == ["Alerting", "Alerting", "Active", "Released"]


async def test_ba12_off_rows_begin_three_hours_late() -> None:
    async with without("BA12") as (simulator, portal):
        await portal("POST", f"abonents/1001/call?phoneNumber={CLIENT}")
        await simulator.idle()
        (row,) = (await portal("GET", "v2/statistics?userId=1001")).json()
        began = simulator.ledger()[0].employee_rang_at
        assert began is not None
        assert row["startDate"] == round((began + MOSCOW).timestamp() * 1000)


async def test_ba13_off_dates_are_read_by_moscows_wall_clock() -> None:
    async with without("BA13") as (simulator, portal):
        now = datetime.now(UTC)
        await portal("POST", f"abonents/1001/call?phoneNumber={CLIENT}")
        await simulator.idle()
        for shift, rows in ((timedelta(), 0), (MOSCOW, 1)):
            until = (now + timedelta(minutes=1) + shift).strftime("%Y-%m-%dT%H:%M:%SZ")
            assert len((await portal("GET", f"v2/statistics?dateTo={until}")).json()) == rows


async def test_ba14_off_a_subscription_is_renewed_in_place() -> None:
    async with without("BA14") as (simulator, portal):
        body = {"expires": 60, "subscriptionType": "BASIC_CALL", "url": "http://127.0.0.1:9/"}
        first = (await portal("PUT", "subscription", json=body)).json()
        second = (await portal("PUT", "subscription", json=body | {"expires": 3600})).json()
        other = (await portal("PUT", "subscription", json=body | {"pattern": "1001"})).json()
        assert second == {"subscriptionId": first["subscriptionId"], "expires": 3600}
        assert simulator.exchange.subscriptions.ids() == [first["subscriptionId"], other["subscriptionId"]]


async def test_ba15_off_times_are_a_wall_clocks_without_a_zone() -> None:
    events, entry = await told_of_a_call("BA15")
    assert entry.answered_at is not None
    naive = (entry.answered_at + MOSCOW).replace(tzinfo=None)
    assert events[-1].call["answerTime"] == naive.strftime("%Y-%m-%dT%H:%M:%S.%f")


async def test_ba16_off_nothing_names_the_subscriber() -> None:
    events, entry = await told_of_a_call("BA16")
    for event in events:
        assert event.fields["userId"] == event.fields["targetId"] == COMPANY.id
        assert entry.user_id not in "".join(event.fields.values())


async def test_ba17_off_only_own_numbers_are_routed() -> None:
    async with without("BA17") as (_, portal):
        rules = [{"inboundNumber": number, "extension": "1001"} for number in ("79139123456", "79031000101")]
        answers = (await portal("PUT", "icr/route", json=rules)).json()
        assert [each["status"] for each in answers] == ["FAULT", "SUCCESS"]
