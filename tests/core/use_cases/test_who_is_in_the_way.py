"""What an attempt holds, who meets it, and how an unknown one is settled, acknowledged or given up (K2, K3, K5)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from attrs import evolve
from tests.core.use_cases.office import Office, until

from telephony_core.call import MatchedBy
from telephony_core.call_facts import AttemptState, Fact, LegName, Outcome
from telephony_core.errors import (
    CallHasLiveAttempt,
    EmployeeBusy,
    NumberBeingCalled,
    PreviousOutcomeUnknown,
    ProviderUnavailable,
)
from telephony_core.ports import ProviderReport
from telephony_core.testing.fake_gateways import Fate
from telephony_core.testing.fake_world import World


@pytest.fixture
def office() -> Office:
    return Office()


async def test_one_attempt_holds_employee_call_and_number(office: Office) -> None:
    """K5: each is refused by its own name; what isn't one's own is not told (P4)."""
    placed = await office.press(0, 0, key="1")
    with pytest.raises(EmployeeBusy) as busy:
        await office.press(0, 1, key="2")
    assert busy.value.reasons["attempt_id"] == placed.attempt_id
    with pytest.raises(NumberBeingCalled) as called:
        await office.press(1, 0, key="3")
    assert called.value.reasons["attempt_id"] is None
    with pytest.raises(CallHasLiveAttempt):
        await office.press(0, 0, key="4", call_id=placed.call.id)
    await office.wait(70)
    await office.deliver()
    assert office.store.reservations == {}
    await office.press(0, 1, key="5")


async def test_races_for_one_employee_and_for_one_number() -> None:
    """K5: 200 different requests of one employee are one call; so are 20 employees that call one number."""
    office = Office(employees=20, clients=200)
    answers = await asyncio.gather(*(office.press(0, n, key=f"{n}") for n in range(200)), return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in answers) == 1
    await office.wait(70)
    await office.deliver()
    answers = await asyncio.gather(*(office.press(n, 7, key="same") for n in range(1, 20)), return_exceptions=True)
    assert sum(not isinstance(each, BaseException) for each in answers) == 1
    assert len(office.provider.requests) == 2


async def test_an_unknown_outcome_is_no_error_and_is_in_the_way() -> None:
    """K3: it keeps its reservations; who meets one is told so before any other code, with when to acknowledge."""
    office = Office(can_look_up=False)
    office.provider.fate(Fate.UNKNOWN_DIALLED)
    unknown = await office.press(0, 0, key="1")
    assert office.attempt(unknown.attempt_id).reading.state is AttemptState.OUTCOME_UNKNOWN
    for employee, client in ((0, 1), (1, 0)):
        with pytest.raises(PreviousOutcomeUnknown) as refusal:
            await office.press(employee, client, key="2")
        assert refusal.value.reasons["attempt_id"] == unknown.attempt_id
        assert refusal.value.retry_after == 60
        assert refusal.value.reasons["acknowledge_from"] == "2026-11-23T09:16:02Z"
    acknowledged = frozenset({str(unknown.attempt_id)})
    office.clock.turn(timedelta(seconds=59))
    with pytest.raises(PreviousOutcomeUnknown):
        await office.press(0, 0, key="2", acknowledge_unknown=acknowledged)
    office.clock.turn(timedelta(seconds=1))
    with pytest.raises(PreviousOutcomeUnknown):
        await office.press(0, 0, key="2")
    placed = await office.press(0, 0, key="2", acknowledge_unknown=acknowledged)
    assert office.attempt(unknown.attempt_id).reading.state is AttemptState.OUTCOME_UNKNOWN
    assert set(office.store.reservations.values()) >= {placed.attempt_id}
    late = [report for report in office.provider.reports() if report.reference == "beeline-1"]
    await office.deliver(*late)
    assert office.attempt(unknown.attempt_id).reading.outcome is Outcome.TALKED
    assert placed.attempt_id in office.store.reservations.values(), "a late fact takes nothing from the new attempt"


async def test_an_unknown_attempt_ends_unresolved_at_its_horizon() -> None:
    """K3: after 900 s it ends as unresolved and gives up what it holds; a late fact still corrects its outcome (K1)."""
    office = Office(can_look_up=False)
    office.provider.fate(Fate.UNKNOWN_DIALLED)
    unknown = await office.press()
    await office.wait(899)
    assert office.store.reservations
    await office.wait(1)
    assert office.attempt(unknown.attempt_id).reading.outcome is Outcome.UNRESOLVED
    assert office.store.reservations == {}
    await office.deliver()
    corrected = office.attempt(unknown.attempt_id)
    assert (corrected.reading.state, corrected.reading.outcome) == (AttemptState.ENDED, Outcome.TALKED)
    assert corrected.matched_by is MatchedBy.INFERENCE
    assert "outcome_corrected" in {event.name for event in office.store.events}


async def test_a_lost_answer_is_settled_by_reports_of_that_line_and_number() -> None:
    """K3: by inference, unless two calls could be meant; then neither."""
    office = Office(can_look_up=False)
    office.provider.fate(Fate.UNKNOWN_DIALLED)
    unknown = await office.press()
    reports = office.provider.reports()
    await office.deliver(*reports[:1])
    settled = office.attempt(unknown.attempt_id)
    assert (settled.reading.state, settled.matched_by) == (AttemptState.RINGING_EMPLOYEE, MatchedBy.INFERENCE)
    assert settled.provider_reference == reports[0].reference


async def test_missing_reports_free_nobody() -> None:
    """K2: accepted, never heard of again: not confirmed, in the way, may be acknowledged, unresolved after 4 h."""
    office = Office(can_look_up=False)
    placed = await office.press()
    office.provider.reports()  # lost
    await office.wait(15)
    leg = office.attempt(placed.attempt_id).reading.employee
    assert leg.state.value == "ringing_not_confirmed"
    await office.wait(3000)
    with pytest.raises(PreviousOutcomeUnknown) as refusal:
        await office.press(0, 1, key="2")
    await office.press(0, 1, key="2", acknowledge_unknown=[str(refusal.value.reasons["attempt_id"])])
    await office.wait(14400)
    assert office.attempt(placed.attempt_id).reading.outcome is Outcome.UNRESOLVED


async def test_did_not_ring_needs_a_channel_that_is_known_to_live() -> None:
    """K2: only if other reports of the provider arrived since."""
    office = Office(can_look_up=False)
    placed = await office.press(0, 0, key="1")
    office.provider.reports()  # lost
    await office.press(1, 1, key="2")
    await office.deliver(office.provider.reports()[0])
    await office.wait(15)
    assert office.attempt(placed.attempt_id).reading.employee.state.value == "did_not_ring"
    assert office.attempt(placed.attempt_id).live


async def test_a_provider_that_keeps_its_calls_settles_by_look_up() -> None:
    """K3: found is settled by its facts; absent was never dialled; neither asks for another dial."""
    office = Office()
    office.provider.fate(Fate.UNKNOWN_DIALLED)
    placed = await office.press(0, 0, key="1")
    await office.wait(70)
    assert office.attempt(placed.attempt_id).reading.outcome is Outcome.TALKED
    office.provider.fate(Fate.UNKNOWN_NOT_DIALLED)
    placed = await office.press(0, 0, key="2")
    await office.wait(1)
    assert office.attempt(placed.attempt_id).reading.outcome is Outcome.NOT_SENT
    assert office.store.reservations == {}
    assert len(office.provider.requests) == 2


async def test_a_later_attempt_s_report_is_not_credited_to_an_earlier_unknown_one() -> None:
    """K1, K3: a report overtakes the answer of a later attempt to the same number: it waits for that answer."""
    office = Office(can_look_up=False)
    office.provider.fate(Fate.UNKNOWN_NOT_DIALLED)
    lost = await office.press(key="1")
    await office.wait(901)
    assert office.attempt(lost.attempt_id).reading.outcome is Outcome.UNRESOLVED
    office.provider.fate(Fate.HANGS)
    press = asyncio.create_task(office.press(key="2"))
    await until(lambda: office.provider.ledger)
    await office.deliver(office.provider.reports()[0])
    assert office.attempt(lost.attempt_id).provider_reference is None
    office.provider.release()
    placed = await press
    assert office.attempt(placed.attempt_id).reading.state is AttemptState.RINGING_EMPLOYEE
    assert office.attempt(lost.attempt_id).reading.outcome is Outcome.UNRESOLVED


async def test_of_two_attempts_that_could_be_meant_neither_is() -> None:
    """K3: by a clock that runs behind, a new attempt's report falls into the time of the one acknowledged for it."""
    office = Office(can_look_up=False)
    office.provider.fate(Fate.UNKNOWN_NOT_DIALLED)
    lost = await office.press(key="1")
    office.clock.turn(timedelta(seconds=60))
    office.provider.fate(Fate.HANGS)
    press = asyncio.create_task(office.press(key="2", acknowledge_unknown=[str(lost.attempt_id)]))
    await until(lambda: office.provider.ledger)
    report = office.provider.reports()[0]
    await office.deliver(evolve(report, at=report.at - timedelta(seconds=5)))
    assert office.attempt(lost.attempt_id).provider_reference is None
    office.provider.release()
    assert office.attempt((await press).attempt_id).reading.state is AttemptState.RINGING_EMPLOYEE


async def test_an_acknowledged_attempt_does_not_go_on_to_ring_the_client() -> None:
    """K3, K5: its number is another attempt's now; its employee's late answer is hung up."""
    office = Office(two_step=True, can_look_up=False)
    office.provider.fate(Fate.UNKNOWN_DIALLED)
    unknown = await office.press(0, 0, key="1")
    late = office.provider.reports()
    office.clock.turn(timedelta(seconds=60))
    placed = await office.press(1, 0, key="2", acknowledge_unknown=[str(unknown.attempt_id)])
    await office.deliver()
    await office.deliver(*late)
    rung = [ring.attempt_id for ring in office.provider.ledger if ring.leg is LegName.CLIENT]
    assert rung == [placed.attempt_id]
    assert [command.attempt_id for command in office.provider.hang_ups] == [unknown.attempt_id]


async def test_a_client_who_may_still_be_rung_is_not_acknowledged_away() -> None:
    """K3: where the client's leg is asked for later, here after 50 s, the longest ringing time counts from then."""
    office = Office(two_step=True, can_look_up=False)
    unknown = await office.press(0, 0, key="1")
    office.clock.turn(timedelta(seconds=50))
    office.provider.fate(Fate.UNKNOWN_DIALLED)
    await office.deliver()
    assert office.attempt(unknown.attempt_id).reading.state is AttemptState.OUTCOME_UNKNOWN
    acknowledged = frozenset({str(unknown.attempt_id)})
    for waited, allowed in ((0, False), (59, False), (60, True)):
        office.clock.turn_to(unknown.at + timedelta(seconds=50 + waited))
        if allowed:
            await office.press(1, 0, key="2", acknowledge_unknown=acknowledged)
        else:
            with pytest.raises(PreviousOutcomeUnknown) as refusal:
                await office.press(1, 0, key="2", acknowledge_unknown=acknowledged)
            assert refusal.value.retry_after == 60 - waited


async def test_a_process_that_was_held_up_does_not_dial_any_more(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K3: by then others may have taken the intent for lost, acknowledged it and called."""
    real = office.store.commit

    def held_up(world: World) -> None:
        real(world)
        office.clock.turn(timedelta(seconds=6))
        monkeypatch.undo()

    monkeypatch.setattr(office.store, "commit", held_up)
    with pytest.raises(ProviderUnavailable):
        await office.press()
    assert office.provider.requests == []
    assert office.attempts[0].reading.outcome is Outcome.NOT_SENT
    assert office.store.reservations == {}


async def test_time_outs_are_measured_by_our_own_clock() -> None:
    """K2: a provider's clock that is hours off neither doubts a talk that has just begun nor trusts an endless ring."""
    office = Office(can_look_up=False)
    placed = await office.press()
    shifted = [evolve(report, facts=_shifted(report, hours=-3)) for report in office.provider.reports()[:4]]
    await office.deliver(*shifted)
    await office.wait(1)
    assert not office.attempt(placed.attempt_id).reading.doubtful
    ahead = Office(can_look_up=False)
    placed = await ahead.press()
    await ahead.deliver(*(evolve(each, facts=_shifted(each, hours=3)) for each in ahead.provider.reports()[:1]))
    await ahead.wait(60)
    assert ahead.attempt(placed.attempt_id).reading.doubtful


def _shifted(report: ProviderReport, hours: float) -> frozenset[Fact]:
    return frozenset(evolve(fact, at=fact.at + timedelta(hours=hours)) for fact in report.facts)
