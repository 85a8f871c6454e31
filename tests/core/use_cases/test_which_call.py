"""Which Call takes an attempt, when it closes, and who sees it (K6, P4)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.core.use_cases.office import Office

from telephony_core.errors import (
    CallClosed,
    CallHasLiveAttempt,
    CallNotFound,
    CallOfAnotherEmployee,
    CallOfAnotherTarget,
    NotPermitted,
)
from telephony_core.party import Permission, Target, TargetKind
from telephony_core.testing.examples import a_contact, an_entered_number, an_interest

INTEREST = Target(TargetKind.INTEREST, "I-0")


@pytest.fixture
def office() -> Office:
    return Office()


async def test_an_existing_call_takes_the_attempt(office: Office) -> None:
    """K6: by our id, and by the CRM's; an unknown external_id makes a new Call that carries it."""
    first = await office.press(0, 0, key="1", external_id="task-77")
    assert first.call.external_id == "task-77"
    await office.wait(70)
    await office.deliver()
    second = await office.press(0, 0, key="2", external_id="task-77")
    assert (second.call.id, len(second.call.attempts)) == (first.call.id, 2)
    await office.wait(70)
    await office.deliver()
    third = await office.press(0, 0, key="3", call_id=first.call.id)
    assert len(third.call.attempts) == 3
    with pytest.raises(CallNotFound):
        await office.press(1, 1, key="4", call_id="01K-unknown")


async def test_which_call_takes_which_attempt(office: Office) -> None:
    """K6: same employee unless permitted, same target or the client of that interest at the client's own number."""
    contact = a_contact(numbers=(an_entered_number("89137000001", id="n-k"),))
    office.directory.put(an_interest(id="I-0", client_id="C-0", contacts=(contact,)))
    office.directory.put(an_interest(id="I-1", client_id="C-0", contacts=()))
    client, other_interest = Target(TargetKind.CLIENT, "C-0"), Target(TargetKind.INTEREST, "I-1")
    call_id = (await office.press(target=INTEREST, dial=False, key="plan")).call.id
    with pytest.raises(CallOfAnotherEmployee):
        await office.press(1, key="1", target=INTEREST, call_id=call_id)
    with pytest.raises(CallOfAnotherTarget):
        await office.press(0, 1, key="2", call_id=call_id)
    with pytest.raises(CallOfAnotherTarget):
        await office.press(key="3", target=other_interest, call_id=call_id)
    assert office.provider.requests == []
    placed = await office.press(key="4", target=client, call_id=call_id)
    assert placed.call.id == call_id
    chief = office.principal(1, Permission.ACT_FOR_OTHERS)
    await office.wait(70)
    await office.deliver()
    placed = await office.press(1, key="5", target=INTEREST, call_id=call_id, by=chief)
    assert placed.call.id == call_id
    of_client = (await office.press(2, 0, dial=False, key="plan", device_id=None)).call.id
    await office.wait(70)
    await office.deliver()
    with pytest.raises(CallOfAnotherTarget):
        await office.press(2, key="6", target=INTEREST, call_id=of_client, phone_number_id="n-k")
    await office.press(2, key="7", target=INTEREST, call_id=of_client, phone_number_id="n-0")


async def test_a_call_closes_by_hand_and_by_itself(office: Office) -> None:
    """K6: a closed Call takes no attempt; it closes by itself 30 days after its last one; never while one lives."""
    me = office.principal()
    placed = await office.press(key="1")
    with pytest.raises(CallHasLiveAttempt):
        await office.close(me, placed.call.id, None)
    await office.wait(70)
    await office.deliver()
    closed, _ = await office.close(me, placed.call.id, "sold")
    assert (closed.note, closed.closed_at) == ("sold", office.clock.now())
    assert (await office.close(me, placed.call.id, None))[0].closed_at == closed.closed_at
    with pytest.raises(CallClosed):
        await office.press(key="2", call_id=placed.call.id)
    other = await office.press(key="3")
    await office.wait(70)
    await office.deliver()
    office.clock.turn(timedelta(days=30))
    with pytest.raises(CallClosed):
        await office.press(key="4", call_id=other.call.id)
    with pytest.raises(CallNotFound):
        await office.close(office.principal(1), placed.call.id, None)


async def test_another_s_call_is_not_found(office: Office) -> None:
    """P4: without act_for_others one reads one's own; and does nothing in another's name."""
    placed = await office.press()
    with pytest.raises(CallNotFound):
        await office.read.one(office.principal(1), placed.call.id)
    with pytest.raises(CallNotFound):
        await office.hang_up(office.principal(1), placed.call.id)
    with pytest.raises(NotPermitted):
        await office.press(0, 1, key="2", employee_id="E-1")
    chief = office.principal(1, Permission.ACT_FOR_OTHERS)
    assert (await office.read.one(chief, placed.call.id))[0].id == placed.call.id
    acted = await office.press(2, 2, key="3", employee_id="E-2", by=chief)
    assert acted.call.employee_id == "E-2"


async def test_a_due_date_at_the_end_of_time_does_no_harm(office: Office) -> None:
    """K6: a planned Call waits for its due date, however far ahead."""
    planned = await office.press(dial=False, due_at=datetime.max.replace(tzinfo=office.clock.now().tzinfo))
    assert planned.call.state(planned.at, office.rules.call_open_for).value == "planned"
