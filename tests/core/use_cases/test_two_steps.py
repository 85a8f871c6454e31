"""A provider that dials each leg by a request of its own; and hanging up (K1, K3)."""

from __future__ import annotations

import pytest
from tests.core.use_cases.office import Office

from telephony_core.call_facts import LegName, Outcome
from telephony_core.errors import CallNotFound, NoLiveAttempt
from telephony_core.testing.fake_gateways import Behaviour


@pytest.fixture
def office() -> Office:
    return Office()


async def test_the_client_is_dialled_when_the_employee_answered_and_once() -> None:
    """K3: where each leg is dialled by itself, the client's intent is stored with the report that made it due."""
    office = Office(two_step=True)
    placed = await office.press()
    assert [request.leg for request in office.provider.requests] == [LegName.EMPLOYEE]
    reports = office.provider.reports()
    for _ in range(3):
        await office.deliver(*reversed(reports))
    assert [request.leg for request in office.provider.requests] == [LegName.EMPLOYEE, LegName.CLIENT]
    attempt = office.attempt(placed.attempt_id)
    assert attempt.reading.client.requested_at is not None
    assert office.provider.ledger[1].shown == attempt.decision.requested


@pytest.mark.parametrize("behaviour", [Behaviour.BUSY, Behaviour.EMPLOYEE_NO_ANSWER, Behaviour.NO_ANSWER])
async def test_when_one_leg_is_gone_the_other_is_cancelled(behaviour: Behaviour) -> None:
    """K1: on a provider of two steps the other leg's end is ours to see to."""
    office = Office(two_step=True)
    office.provider.behave(office.numbers[0], behaviour)
    placed = await office.press()
    await office.deliver()
    reports = [report for report in office.provider.reports() if LegName.CLIENT in {f.leg for f in report.facts}]
    await office.deliver(*reports)
    attempt = office.attempt(placed.attempt_id)
    assert attempt.reading.outcome is Outcome(
        {"busy": "busy", "no_answer": "no_answer", "employee_no_answer": "employee_did_not_answer"}[behaviour.value]
    )
    hung_up = [command.leg for command in office.provider.hang_ups]
    assert (LegName.EMPLOYEE in hung_up) is (behaviour is not Behaviour.EMPLOYEE_NO_ANSWER)


async def test_hanging_up_asks_for_each_leg_that_may_be_up(office: Office) -> None:
    """K1: what becomes of it is told by the provider's reports."""
    with pytest.raises(CallNotFound):
        await office.hang_up(office.principal(), "01K-unknown")
    placed = await office.press()
    await office.hang_up(office.principal(), placed.call.id)
    await office.deliver()
    attempt = office.attempt(placed.attempt_id)
    assert attempt.reading.outcome is Outcome.CANCELLED
    with pytest.raises(NoLiveAttempt):
        await office.hang_up(office.principal(), placed.call.id)
