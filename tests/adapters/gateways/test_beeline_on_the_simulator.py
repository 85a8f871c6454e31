"""The gateway against the simulator, a process of its own: what it says is held against the ledger of what rang."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from tests.adapters.beeline_simulator.receiver import Receiver
from tests.adapters.gateways.beeline_kit import CLIENT, SPEED, a_client, a_dial

from telephony_adapters.beeline_simulator import COMPANY, SimulatorHandle
from telephony_adapters.gateways.beeline import (
    BeelineClient,
    BeelineGateway,
    BeelineStatuses,
    Subscriptions,
    parse_report,
    to_provider_report,
)
from telephony_core.call import Attempt, ShownNumber
from telephony_core.call_facts import Outcome, Reading, read
from telephony_core.caller_id import Verdict
from telephony_core.phone import PhoneNumber
from telephony_core.ports import (
    Accepted,
    CannotTell,
    DialAnswer,
    Found,
    NotSent,
    OutcomeUnknown,
    ProviderReport,
    Refused,
)
from telephony_core.testing.examples import an_attempt, an_ip_phone
from telephony_core.testing.fakes import FakeClock

pytestmark = pytest.mark.processes

LINE = COMPANY.lines_of("E-1")[0].user_id
MOBILE = COMPANY.lines_of("E-1")[1].user_id


@pytest.fixture
async def client(simulator: SimulatorHandle) -> AsyncIterator[BeelineClient]:
    async with a_client(simulator.base_url, token=simulator.token) as client:
        yield client


@pytest.fixture
def gateway(client: BeelineClient) -> BeelineGateway:
    return BeelineGateway(client, reread_after=0.0)


@pytest.fixture
async def told(client: BeelineClient) -> AsyncIterator[Receiver]:
    """A receiver to which the keeper has subscribed."""
    with Receiver() as receiver:
        keeper = Subscriptions(client, receiver.url)
        await keeper.keep(datetime.now(UTC))
        assert keeper.subscription_id is not None
        yield receiver
        await keeper.end()


async def idle(simulator: SimulatorHandle) -> None:
    await asyncio.to_thread(simulator.wait_until_idle)


def reports(receiver: Receiver) -> list[ProviderReport]:
    found = (to_provider_report(parse_report(body), datetime.now(UTC)) for body in receiver.bodies)
    return [report for report in found if report is not None]


def an_attempt_now(line: str = LINE, number: PhoneNumber = CLIENT) -> Attempt:
    return an_attempt(started_at=datetime.now(UTC), device=an_ip_phone(line=line), phone_number=number)


def meaning(attempt: Attempt, found: list[ProviderReport]) -> Reading:
    return read(attempt.facts.union(*(report.facts for report in found)))


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("answers", Outcome.TALKED),
        ("busy", Outcome.BUSY),
        ("no_answer", Outcome.NO_ANSWER),
        ("unreachable", Outcome.UNREACHABLE),
        ("drops", Outcome.TALKED),
        ("employee_no_answer", Outcome.EMPLOYEE_DID_NOT_ANSWER),
        ("employee_hangs_up", Outcome.CANCELLED),
    ],
)
async def test_every_end_of_a_call(
    simulator: SimulatorHandle, gateway: BeelineGateway, told: Receiver, kind: str, outcome: Outcome
) -> None:
    number = PhoneNumber(f"+791391200{len(kind):02}")
    simulator.behave(number.e164, kind)
    attempt = an_attempt_now(number=number)
    answer = await gateway.start(a_dial(line=LINE, phone_number=number))
    assert isinstance(answer, Accepted)
    await idle(simulator)
    (entry,) = simulator.ledger()
    found = reports(told)
    assert {report.reference for report in found} == {answer.reference} == {entry["tracking_id"]}
    assert {(report.line, report.phone_number) for report in found} == {(LINE, number)}
    reading = meaning(attempt, found)
    assert reading.outcome is outcome
    for ledgers, ours in (("answered_at", reading.client.answered_at), ("released_at", reading.employee.released_at)):
        theirs = entry[ledgers]
        assert (theirs is None) == (ours is None)
        assert ours is None or abs(ours - datetime.fromisoformat(theirs)) < timedelta(milliseconds=2)

    looked_up = await gateway.look_up(attempt)
    if kind == "employee_no_answer":
        assert isinstance(looked_up, CannotTell)
        return
    assert isinstance(looked_up, Found)
    assert (looked_up.shown.e164 if looked_up.shown else None) == entry["shown_number"]
    by_statistics = read(attempt.facts | looked_up.facts)
    assert by_statistics.outcome is (Outcome.TALKED if entry["answered_at"] else Outcome.NO_ANSWER)
    together = read(attempt.facts.union(looked_up.facts, *(report.facts for report in found)))
    assert together.outcome is outcome


async def test_a_mobile_shows_the_sims_number(simulator: SimulatorHandle, gateway: BeelineGateway) -> None:
    """BA3; the C1 case of the demo."""
    attempt = an_attempt_now(MOBILE)
    assert isinstance(await gateway.start(a_dial(line=MOBILE)), Accepted)
    await idle(simulator)
    found = await gateway.look_up(attempt)
    assert isinstance(found, Found)
    assert found.shown == PhoneNumber(f"+7{MOBILE}")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "reset"}, OutcomeUnknown),
        ({"kind": "reset_after"}, OutcomeUnknown),
        ({"kind": "http_500"}, OutcomeUnknown),
        ({"kind": "http_500", "dials": True}, OutcomeUnknown),
        ({"kind": "http_429"}, Refused),
        ({"kind": "error_code", "error_code": "CallsForbidden", "status": 403}, Refused),
        ({"kind": "error_code", "error_code": "CallsForbidden", "status": 500}, OutcomeUnknown),
        ({"kind": "hang", "seconds": 2}, OutcomeUnknown),
        ({"kind": "late", "seconds": 2}, OutcomeUnknown),
        ({"kind": "cut"}, OutcomeUnknown),
    ],
    ids=str,
)
async def test_faults_of_the_answer(
    simulator: SimulatorHandle, fault: dict[str, Any], expected: type[DialAnswer]
) -> None:
    """Whatever goes wrong: one request, and 'not done' is said only where the ledger says so, too."""
    simulator.fault(fault.pop("kind"), **fault)
    async with a_client(simulator.base_url, token=simulator.token, time_out=1.0) as client:
        answer = await BeelineGateway(client).start(a_dial(line=LINE))
    assert isinstance(answer, expected)
    await idle(simulator)
    (entry,) = simulator.ledger()
    if isinstance(answer, Refused):
        assert entry["employee_rang_at"] is None


async def test_a_lost_answer_is_settled_by_the_reports_and_by_statistics(
    simulator: SimulatorHandle, gateway: BeelineGateway, told: Receiver
) -> None:
    number = PhoneNumber("+79139120099")
    simulator.fault("reset_after")
    attempt = an_attempt_now(number=number)
    assert isinstance(await gateway.start(a_dial(line=LINE, phone_number=number)), OutcomeUnknown)
    await idle(simulator)
    first, *others = reports(told)
    assert first.placed_by_us
    assert (first.line, first.phone_number) == (LINE, number)
    assert not any(report.placed_by_us for report in others)
    assert {report.reference for report in others} == {first.reference}
    assert attempt.started_at - timedelta(seconds=1) <= first.at <= datetime.now(UTC)
    found = await gateway.look_up(attempt)
    assert isinstance(found, Found)
    assert read(attempt.facts | found.facts).outcome is Outcome.TALKED


async def test_a_stopped_provider_means_not_sent() -> None:
    with SimulatorHandle.start(speed=SPEED) as stopped:
        pass
    async with a_client(stopped.base_url, token=stopped.token) as client:
        assert isinstance(await BeelineGateway(client).start(a_dial(line=LINE)), NotSent)


@pytest.mark.parametrize(
    ("line", "token", "code"),
    [
        ("9999999999", None, "UserNotFound"),
        (LINE, "wrong-token", "Unauthorized"),
        (COMPANY.lines_of("E-19")[0].user_id, None, "AgentOnBreak"),
    ],
)
async def test_refusals(simulator: SimulatorHandle, line: str, token: str | None, code: str) -> None:
    async with a_client(simulator.base_url, token=token or simulator.token) as client:
        answer = await BeelineGateway(client).start(a_dial(line=line))
    assert isinstance(answer, Refused)
    assert answer.code == code
    assert all(entry["employee_rang_at"] is None for entry in simulator.ledger())


async def test_accepted_is_not_ringing(simulator: SimulatorHandle, gateway: BeelineGateway, told: Receiver) -> None:
    """K2: the phone that is offline. The request is taken, and nothing follows."""
    line = COMPANY.lines_of("E-18")[0].user_id
    attempt = an_attempt_now(line)
    assert isinstance(await gateway.start(a_dial(line=line)), Accepted)
    await idle(simulator)
    assert reports(told) == []
    assert isinstance(await gateway.look_up(attempt), CannotTell)


async def test_calls_of_others_are_nobodys(simulator: SimulatorHandle, told: Receiver) -> None:
    """Inbound: no report at all. Dialled by hand: never matched by inference."""
    for direction in ("inbound", "hand_dialled"):
        simulator.control(
            "POST", "foreign-calls", {"user": LINE, "phone_number": "+79139123499", "direction": direction}
        )
    await idle(simulator)
    found = reports(told)
    assert found
    assert not any(report.placed_by_us for report in found)


@pytest.mark.parametrize("fault", ["repeated", "reordered", "before_answer", "unknown_call"])
async def test_faults_of_the_reports_change_no_meaning(
    simulator: SimulatorHandle, gateway: BeelineGateway, told: Receiver, fault: str
) -> None:
    """K1."""
    simulator.fault(reports=fault)
    attempt = an_attempt_now()
    answer = await gateway.start(a_dial(line=LINE))
    assert isinstance(answer, Accepted)
    await idle(simulator)
    mine = [report for report in reports(told) if report.reference == answer.reference]
    assert meaning(attempt, mine).outcome is Outcome.TALKED
    assert len({(report.subscription_id, report.event_id) for report in mine}) == 4


async def test_a_subscription_that_ends_is_made_anew(simulator: SimulatorHandle, client: BeelineClient) -> None:
    with Receiver() as receiver:
        keeper = Subscriptions(client, receiver.url)
        await keeper.keep(datetime.now(UTC))
        first = keeper.subscription_id
        simulator.control("POST", "subscriptions/terminate", {"subscription_id": first})
        await idle(simulator)
        for body in receiver.bodies:
            keeper.heard(parse_report(body), datetime.now(UTC))
        assert keeper.subscription_id is None
        await keeper.keep(datetime.now(UTC))
        assert keeper.subscription_id not in (None, first)
        await keeper.end()
    assert simulator.control("GET", "state")["subscriptions"] == []


async def test_statuses_of_the_whole_staff(client: BeelineClient) -> None:
    phones = [
        an_ip_phone(id=line.user_id, line=line.user_id) for line in COMPANY.subscribers if line.kind.value == "ip_phone"
    ]
    statuses = BeelineStatuses(client, FakeClock())
    await statuses.refresh(phones)
    known = {phone.line: statuses.status(phone) for phone in phones}
    offline = {line for line, status in known.items() if status is not None and not status.online}
    away = {line for line, status in known.items() if status is not None and status.agent_away}
    assert None not in known.values()
    assert offline == {line.user_id for line in COMPANY.lines_of("E-18")}
    assert away == {line.user_id for line in COMPANY.lines_of("E-19")}


async def test_a_talk_has_its_records_address_once_there_is_one(
    simulator: SimulatorHandle, gateway: BeelineGateway, told: Receiver
) -> None:
    """The address needs no token: whoever may read the Call can hear the talk."""
    # A number of its own: another test's call a moment ago would be a second candidate, and two are no match.
    number = PhoneNumber("+79139129901")
    attempt = an_attempt_now(number=number)
    answer = await gateway.start(a_dial(line=LINE, phone_number=number))
    assert isinstance(answer, Accepted)
    await idle(simulator)
    facts = attempt.facts.union(*(report.facts for report in reports(told)))
    talked = evolve(attempt, facts=facts, provider_reference=answer.reference)
    found = await gateway.look_up(talked)
    assert isinstance(found, Found)
    assert found.shown is not None
    assert found.record_url is not None
    assert simulator.client.get(found.record_url).content[:4] == b"RIFF"
    known = evolve(talked, shown=ShownNumber(found.shown, Verdict.CONFORMS))
    assert await gateway.look_up(known) == Found(frozenset(), record_url=found.record_url)
    assert await gateway.look_up(evolve(known, record_url="x")) == Found(frozenset())
    assert await gateway.look_up(evolve(known, provider_reference="1:1")) == Found(frozenset())
    without = evolve(gateway, records=False)
    assert await without.look_up(known) == Found(frozenset())
