"""After a time in which a provider could not be heard: what it says lives, against what we think lives."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.core.use_cases.office import Office

from telephony_core.call import Attempt
from telephony_core.call_facts import AttemptState, LegName
from telephony_core.errors import StoreUnavailable
from telephony_core.ports import LookUp, ReservationKind
from telephony_core.testing.fake_gateways import Behaviour
from telephony_core.use_cases.compare_calls import CompareCalls

EMPLOYEE, CLIENT = LegName.EMPLOYEE, LegName.CLIENT
PROVIDER = "beeline"


@pytest.fixture
def office() -> Office:
    """With a provider of two steps that forgets its ended calls."""
    return Office(two_step=True, remembers=False)


def comparing(office: Office) -> CompareCalls:
    return CompareCalls(office.store, office.reconcile, office.initiate.dialler)


async def test_an_employee_who_answered_unheard_gets_their_client_once(office: Office) -> None:
    """K3: however often and by how many processes it is compared."""
    placed = await office.press()
    office.clock.turn(timedelta(seconds=5))
    compare = comparing(office)
    for _ in range(3):
        await compare(PROVIDER, [(str(placed.attempt_id), EMPLOYEE)])
    assert [ring.leg for ring in office.provider.ledger] == [EMPLOYEE, CLIENT]
    assert office.attempt(placed.attempt_id).reading.state is AttemptState.RINGING_CLIENT


async def test_a_leg_of_a_call_that_is_over_is_hung_up(office: Office) -> None:
    """The process that should have done it died between the end and its request."""
    office.provider.behave(office.numbers[0], Behaviour.EMPLOYEE_NO_ANSWER)
    placed = await office.press()
    office.clock.turn(timedelta(seconds=60))
    await office.deliver()
    assert not office.attempt(placed.attempt_id).live
    office.provider.hang_ups.clear()
    await comparing(office)(PROVIDER, [(str(placed.attempt_id), CLIENT)])
    assert [(each.attempt_id, each.leg) for each in office.provider.hang_ups] == [(placed.attempt_id, CLIENT)]


async def test_legs_of_live_calls_and_of_nobody_s_are_left_alone(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """K2: nobody who may be talking is cut off; a leg that nobody here knows may be another installation's."""
    placed = await office.press()
    stranger = "of-another-installation"
    await comparing(office)(PROVIDER, [(str(placed.attempt_id), EMPLOYEE), (stranger, CLIENT)])
    assert office.provider.hang_ups == []
    assert stranger in caplog.text


async def test_a_provider_that_tells_nothing_frees_nobody(office: Office) -> None:
    """K2, law 9: what is not there may have rung and ended, or ring still."""
    office.provider.behave(office.numbers[0], Behaviour.EMPLOYEE_NO_ANSWER)
    placed = await office.press()
    office.clock.turn(timedelta(seconds=60))
    await comparing(office)(PROVIDER, [])
    assert office.attempt(placed.attempt_id).live
    held = {each.kind for each in office.store.world.reservations}
    assert held == set(ReservationKind)


async def test_a_call_that_can_not_be_asked_about_holds_up_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """K3: the others' clients are dialled all the same, and what is left over is hung up."""
    broken, other = await office.press(), await office.press(1, 1, key="2")
    over = await office.press(2, 2, key="3")
    await office.hang_up(office.principal(2), over.call.id)
    await office.deliver()
    office.clock.turn(timedelta(seconds=5))
    office.provider.hang_ups.clear()
    look_up = office.provider.look_up

    async def looked_up(attempt: Attempt) -> LookUp:
        if attempt.id == broken.attempt_id:
            raise RuntimeError("a bug")
        return await look_up(attempt)

    monkeypatch.setattr(office.provider, "look_up", looked_up)
    await comparing(office)(PROVIDER, [(str(over.attempt_id), CLIENT)])
    assert [(each.attempt_id, each.leg) for each in office.provider.hang_ups] == [(over.attempt_id, CLIENT)]
    assert office.attempt(other.attempt_id).reading.state is AttemptState.RINGING_CLIENT
    assert f"{broken.attempt_id} could not be looked up" in caplog.text


async def test_without_a_store_nothing_is_compared(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """K7: who compares is told, and does so again."""
    await office.press()
    office.clock.turn(timedelta(seconds=5))
    look_up = office.provider.look_up

    async def gone_meanwhile(attempt: Attempt) -> LookUp:
        answer = await look_up(attempt)
        office.store.available = False
        return answer

    monkeypatch.setattr(office.provider, "look_up", gone_meanwhile)
    with pytest.raises(StoreUnavailable):
        await comparing(office)(PROVIDER, [])


async def test_only_the_calls_of_that_provider_are_asked_about(office: Office) -> None:
    placed = await office.press()
    office.clock.turn(timedelta(seconds=5))
    before = office.attempt(placed.attempt_id)
    await comparing(office)("another", [])
    assert office.attempt(placed.attempt_id) == before
