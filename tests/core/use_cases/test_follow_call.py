"""What a provider reports of a call that goes its own ways: held, handed over, sent elsewhere, or none that we know."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from tests.core.use_cases.office import Office

from telephony_core.call import Attempt
from telephony_core.call_facts import AttemptState, Cause, Fact, FactKind, LegName, LegState, Outcome
from telephony_core.testing.examples import an_id
from telephony_core.use_cases.initiate_call import Initiated
from telephony_core.use_cases.reconcile_calls import REPORTS_KEPT

EMPLOYEE, CLIENT = LegName.EMPLOYEE, LegName.CLIENT


class Talk:
    """A call whose reports are told one by one; nothing but what `says` tells is heard of it."""

    def __init__(self, office: Office, placed: Initiated) -> None:
        self.office, self._id = office, placed.attempt_id
        self._first = office.provider.reports()[0]
        self._seconds = 0

    async def says(self, *facts: tuple[LegName, FactKind], cause: Cause | None = None) -> bool:
        """A report of these facts, two seconds after the one before; `cause` of their releases."""
        self._seconds += 2
        at = self._first.at + timedelta(seconds=self._seconds)
        told = frozenset(Fact(leg, kind, at, cause) for leg, kind in facts)
        return await self.office.apply(evolve(self._first, event_id=an_id(), at=at, facts=told))

    @property
    def attempt(self) -> Attempt:
        return self.office.attempt(self._id)


async def _talking(*, two_step: bool = False) -> Talk:
    office = Office(two_step=two_step)
    talk = Talk(office, await office.press())
    await talk.says((EMPLOYEE, FactKind.RINGING))
    await talk.says((EMPLOYEE, FactKind.ANSWERED))
    await talk.says((CLIENT, FactKind.RINGING))
    await talk.says((CLIENT, FactKind.ANSWERED))
    assert talk.attempt.reading.state is AttemptState.TALKING
    return talk


@pytest.mark.parametrize("two_step", [False, True])
async def test_a_held_call_is_a_talk(two_step: bool) -> None:
    """K1: hold and retrieve tell nothing, or once more that both answered; neither changes the attempt."""
    talk = await _talking(two_step=two_step)
    before = talk.attempt
    for _ in range(2):
        assert await talk.says()
        await talk.says((EMPLOYEE, FactKind.ANSWERED), (CLIENT, FactKind.ANSWERED))
    assert (talk.attempt.reading.state, talk.attempt.reading.outcome) == (AttemptState.TALKING, None)
    assert talk.attempt.reading.client.answered_at == before.reading.client.answered_at
    assert talk.office.provider.hang_ups == []


async def test_who_hands_the_client_over_has_talked_and_is_free() -> None:
    """K1, K5: the employee's half ends with the transfer; that the client talks on elsewhere holds nobody up."""
    talk = await _talking()
    await talk.says((EMPLOYEE, FactKind.RELEASED), cause=Cause.NORMAL)
    assert talk.attempt.reading.outcome is Outcome.TALKED
    assert talk.office.provider.hang_ups == []
    again = await talk.office.press(client=1, key="2")
    assert talk.office.attempt(again.attempt_id).live
    seconds = talk.attempt.reading.talk_seconds
    await talk.says((CLIENT, FactKind.RELEASED), cause=Cause.BUSY)
    assert (talk.attempt.reading.outcome, talk.attempt.reading.talk_seconds) == (Outcome.TALKED, seconds)


async def test_a_leg_handed_over_at_a_provider_of_two_steps_goes_on_until_it_is_released() -> None:
    """K1: that is what `ProviderReport` asks of a gateway; a release there ends the other leg too."""
    talk = await _talking(two_step=True)
    await talk.says((EMPLOYEE, FactKind.ANSWERED))
    assert talk.attempt.live
    assert talk.office.provider.hang_ups == []
    await talk.says((EMPLOYEE, FactKind.RELEASED), cause=Cause.NORMAL)
    assert [command.leg for command in talk.office.provider.hang_ups] == [CLIENT]


@pytest.mark.parametrize("two_step", [False, True])
async def test_a_call_sent_on_by_the_clients_phone_rings_again_and_is_answered(two_step: bool) -> None:
    """K1: a redirect is more ringing of the same leg, answered by whoever answers."""
    office = Office(two_step=two_step)
    talk = Talk(office, await office.press())
    await talk.says((EMPLOYEE, FactKind.ANSWERED))
    await talk.says((CLIENT, FactKind.RINGING))
    first = talk.attempt.reading.client.ringing_at
    await talk.says((CLIENT, FactKind.RINGING))
    assert (talk.attempt.reading.client.state, talk.attempt.reading.client.ringing_at) == (LegState.RINGING, first)
    await talk.says((CLIENT, FactKind.ANSWERED))
    assert talk.attempt.reading.state is AttemptState.TALKING
    await talk.says((CLIENT, FactKind.RELEASED), (EMPLOYEE, FactKind.RELEASED), cause=Cause.NORMAL)
    assert talk.attempt.reading.outcome is Outcome.TALKED


async def test_a_report_of_a_call_that_nobody_knows_changes_nothing_and_is_kept_a_while() -> None:
    """K7: it may be of an attempt whose answer is still on its way; after that nobody needs it."""
    office = Office()
    placed = await office.press()
    before = office.attempt(placed.attempt_id)
    report = office.provider.reports()[0]
    stranger = evolve(report, event_id="stranger", reference="ref-of-nobody", placed_by_us=False)
    assert await office.apply(stranger)
    assert not await office.apply(stranger)
    assert office.attempt(placed.attempt_id) == before
    async with office.store.read() as uow:
        assert await uow.reports.unmatched_of_reference("beeline", "ref-of-nobody") == (stranger,)
    office.clock.turn(REPORTS_KEPT + timedelta(seconds=1))
    assert await office.reconcile.forget() >= 1
    async with office.store.read() as uow:
        assert await uow.reports.unmatched_of_reference("beeline", "ref-of-nobody") == ()
