"""What meets in the middle: presses, reports and answers, rounds of two workers (K1, K3, K4, K5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, frozen
from tests.core.use_cases.office import Office, until

from telephony_core.call_facts import AttemptState, Cause, Fact, FactKind, LegName, Outcome
from telephony_core.carousel import ChosenBy
from telephony_core.dialling import DiallingRules
from telephony_core.errors import EmployeeBusy, ProviderRefused, TelephonyError
from telephony_core.ports import Accepted, ConcurrentChange, OutcomeUnknown, Reservation, ReservationKind
from telephony_core.testing.examples import NOW, a_principal, an_attempt, an_ip_phone
from telephony_core.testing.fake_gateways import Fate
from telephony_core.testing.fake_store import CommitFault
from telephony_core.use_cases import reconcile_calls
from telephony_core.use_cases.initiation import InitiateRequest, Press
from telephony_core.use_cases.make_way import make_way
from telephony_core.use_cases.rules import Rules


@pytest.fixture
def office() -> Office:
    return Office()


# --- Presses ------------------------------------------------------------------------------------------------------


async def _slow_and_quick(office: Office, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """What one press twice is told, of which one looked at the key before the other stored it, and gathered after."""
    real, go_on = office.directory.employee, asyncio.Event()
    asked: list[str] = []

    async def employee(employee_id: str) -> Any:
        asked.append(employee_id)
        if len(asked) == 1:
            await go_on.wait()
        return await real(employee_id)

    monkeypatch.setattr(office.directory, "employee", employee)
    slow = asyncio.create_task(office.press())
    await until(lambda: bool(asked))
    (quick,) = await asyncio.gather(office.press(), return_exceptions=True)
    go_on.set()
    return await slow, quick


async def test_a_press_that_was_slow_to_gather_finds_its_twin_s_call(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K4: the twin's reservations are in its way."""
    replayed, quick = await _slow_and_quick(office, monkeypatch)
    assert (replayed.call.id, replayed.replayed) == (quick.call.id, True)
    assert len(office.provider.requests) == 1


@pytest.mark.parametrize("per_hour", [1, 2])
async def test_a_press_that_was_slow_to_gather_is_its_twin_when_that_has_ended(
    per_hour: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K4: nothing is reserved any more; whether the limit is in the way or the key itself, nothing is dialled again."""
    office = Office(rules=Rules(dialling=DiallingRules(quiet_hours=None, per_hour=per_hour, per_day=None)))
    office.provider.fate(Fate.REFUSED)
    replayed, refused = await _slow_and_quick(office, monkeypatch)
    assert isinstance(refused, ProviderRefused)
    assert (replayed.call.id, replayed.replayed) == (refused.reasons["call_id"], True)
    assert len(office.provider.requests) == len(office.attempts) == 1


async def test_a_planned_call_that_was_slow_to_gather_is_its_twin_s(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K4: nothing but the key is in the way."""
    press = office.press
    monkeypatch.setattr(office, "press", lambda: press(dial=False))
    replayed, quick = await _slow_and_quick(office, monkeypatch)
    assert (replayed.call.id, replayed.replayed) == (quick.call.id, True)
    assert len(office.store.world.calls) == 1


async def test_a_conflict_of_another_key_is_one(office: Office) -> None:
    """K4, K5: only the very same press is told what is stored."""
    await office.press()
    with pytest.raises(EmployeeBusy):
        await office.press(key="another")


async def test_who_meets_an_attempt_that_has_just_ended_looks_again() -> None:
    """K5: it has given up what it held by then."""
    reservation = Reservation(ReservationKind.EMPLOYEE, "E-5")

    @frozen
    class Repositories:
        async def holders(self, wanted: object) -> dict[Reservation, str]:
            return {reservation: "01K"}

        async def attempt(self, attempt_id: str) -> None:
            return None

    class Uow:
        calls = reservations = Repositories()

    press: Any = Press(a_principal(), InitiateRequest(target=None, fingerprint=""), scope=None)  # type: ignore[arg-type]
    with pytest.raises(ConcurrentChange):
        await make_way(Uow(), press, (reservation,), NOW, timedelta(seconds=60))  # type: ignore[arg-type]  # what it needs


async def test_what_the_provider_chooses_is_told_by_its_pool() -> None:
    """D3, C11: of an alternative."""
    theirs = Office(chosen_by=ChosenBy.PROVIDER)
    theirs.directory.put(an_ip_phone(id="D-off", employee_id="E-0", active=False))
    with pytest.raises(TelephonyError) as refusal:
        await theirs.press(device_id="D-off")
    shown = {each["id"]: each["shown"] for each in refusal.value.reasons["alternatives"]}  # type: ignore[attr-defined]
    assert shown["D-0"] == {"pool_id": "siberia"}


# --- Answers and reports ------------------------------------------------------------------------------------------


async def test_one_reference_is_one_attempt_s(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """K1: a provider that names two calls alike is not believed the second time."""

    async def start(command: object) -> Accepted:
        return Accepted("the same")

    monkeypatch.setattr(office.provider, "start", start)
    first, second = await office.press(), await office.press(1, 1, key="2")
    assert office.attempt(first.attempt_id).provider_reference == "the same"
    assert office.attempt(second.attempt_id).provider_reference is None
    assert "is held by attempt" in caplog.text


async def test_the_answer_of_an_attempt_that_nobody_stored_is_let_go(office: Office) -> None:
    """K3: there is nothing to write it to."""
    stranger = an_attempt()
    dialled = await office.reconcile.dialler.dial(stranger.dial(LegName.EMPLOYEE), office.clock.now())
    assert isinstance(dialled.answer, Accepted)
    assert dialled.recorded is None
    assert office.attempts == ()
    assert await office.reconcile.ask(stranger) == 0


@pytest.mark.parametrize("loses", [False, True])
async def test_a_report_stored_beside_the_answer_is_caught_up_with(office: Office, loses: bool) -> None:
    """K7: each side looks again when its own is stored; who loses there leaves it to the winner."""
    placed = await office.press()
    report = office.provider.reports()[0]
    async with office.store.write() as uow:
        await uow.reports.add(report, office.clock.now())
        await uow.commit()
    if loses:
        office.store.fail_commit(CommitFault.CONFLICT)
    await office.reconcile.dialler.catch_up(office.attempt(placed.attempt_id))
    state = AttemptState.INITIATING if loses else AttemptState.RINGING_EMPLOYEE
    assert office.attempt(placed.attempt_id).reading.state is state


async def test_a_report_whose_call_is_named_while_it_is_stored_is_applied(office: Office) -> None:
    """K7: the answer came between its transaction and its second look."""
    office.provider.fate(Fate.HANGS)
    press = asyncio.create_task(office.press())
    await until(lambda: bool(office.provider.ledger))
    report = office.provider.reports()[0]
    store = office.apply.store

    class AnsweredMeanwhile:
        write = store.write

        @asynccontextmanager
        async def glance(self) -> AsyncIterator[Any]:
            office.provider.release()
            await press
            async with store.glance() as uow:
                yield uow

    meanwhile: Any = AnsweredMeanwhile()
    assert await evolve(office.apply, store=meanwhile)(report)
    assert office.attempt((await press).attempt_id).reading.state is AttemptState.RINGING_EMPLOYEE


async def _lost_with_two_calls_waiting() -> tuple[Office, Any, Any]:
    office = Office(can_look_up=False)
    office.provider.fate(Fate.HANGS)
    press = asyncio.create_task(office.press())
    await until(lambda: bool(office.provider.ledger))
    report = office.provider.reports()[0]
    other = evolve(report, event_id="other", reference="ref-other")
    await office.deliver(report, other)
    office.provider.release(OutcomeUnknown("lost"))
    return office, office.attempt((await press).attempt_id), report


async def test_of_two_calls_that_wait_neither_is_taken(office: Office) -> None:
    """K3: nor when one of them is told again."""
    office, attempt, report = await _lost_with_two_calls_waiting()
    assert attempt.provider_reference is None
    await office.deliver(evolve(report, event_id="again"))
    assert office.attempt(attempt.id).provider_reference is None


async def test_a_report_without_any_reference_may_be_inferred(office: Office) -> None:
    """K3: by line, number and time."""
    office = Office(can_look_up=False)
    office.provider.fate(Fate.UNKNOWN_DIALLED)
    placed = await office.press()
    await office.deliver(evolve(office.provider.reports()[0], reference=None))
    assert office.attempt(placed.attempt_id).reading.state is AttemptState.RINGING_EMPLOYEE


async def test_a_call_that_two_attempts_could_have_made_is_nobody_s() -> None:
    """K3: the one that was acknowledged, and the one placed for it whose answer is lost as well."""
    office = Office(can_look_up=False)
    office.provider.fate(Fate.UNKNOWN_NOT_DIALLED, Fate.HANGS)
    lost = await office.press(key="1")
    office.clock.turn(timedelta(seconds=60))
    press = asyncio.create_task(office.press(key="2", acknowledge_unknown=[str(lost.attempt_id)]))
    await until(lambda: bool(office.provider.ledger))
    report = office.provider.reports()[0]
    await office.deliver(evolve(report, at=report.at - timedelta(seconds=5)))
    office.provider.release(OutcomeUnknown("lost"))
    second = await press
    for attempt_id in (lost.attempt_id, second.attempt_id):
        assert office.attempt(attempt_id).provider_reference is None


async def test_a_hang_up_that_overtakes_the_dial_of_the_client_is_said_again() -> None:
    """K1: the request to hang up came to a provider that had no client's leg yet; once its dial is answered for, that
    leg is hung up, too."""
    office = Office(two_step=True)
    placed = await office.press()
    office.provider.fate(Fate.HANGS)
    dialling = asyncio.create_task(office.deliver())
    await until(lambda: len(office.provider.ledger) == 2)
    await office.hang_up(office.principal(), placed.call.id)
    ended = Fact(LegName.EMPLOYEE, FactKind.RELEASED, office.clock.now(), Cause.NORMAL)
    told = evolve(office.provider.reports()[-1], event_id="employee-gone", facts=frozenset({ended}))
    await office.deliver(told)
    assert not office.attempt(placed.attempt_id).live
    asked = len(office.provider.hang_ups)
    office.provider.release()
    await dialling
    assert [command.leg for command in office.provider.hang_ups[asked:]] == [LegName.CLIENT]


# --- Two workers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fate", "seconds", "outcome"), [(Fate.UNKNOWN_NOT_DIALLED, 901, Outcome.UNRESOLVED), (Fate.ACCEPTED, 20, None)]
)
async def test_two_rounds_at_once_pass_a_time_out_once(fate: Fate, seconds: float, outcome: Outcome | None) -> None:
    """K2: whoever comes second finds it passed."""
    office = Office(can_look_up=False)
    office.provider.fate(fate)
    placed = await office.press()
    office.clock.turn(timedelta(seconds=seconds))
    rounds: list[Callable[[], Awaitable[int]]] = [office.reconcile.pass_time_outs] * 2
    assert sum(await asyncio.gather(*(each() for each in rounds))) == 1
    assert office.attempt(placed.attempt_id).reading.outcome is outcome


async def test_two_rounds_at_once_ask_the_provider_once() -> None:
    """K2: a look-up is claimed before it is made."""
    office = Office()
    office.provider.fate(Fate.UNKNOWN_DIALLED)
    await office.press()
    asked = await asyncio.gather(office.reconcile.look_up_due(), office.reconcile.look_up_due())
    assert sorted(looked_up for looked_up, _ in asked) == [0, 1]


async def test_more_attempts_than_are_read_in_one_go_all_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """K2: batch after batch."""
    monkeypatch.setattr(reconcile_calls, "BATCH", 1)
    office = Office(can_look_up=False)
    office.provider.fate(Fate.UNKNOWN_NOT_DIALLED, Fate.UNKNOWN_NOT_DIALLED)
    await office.press()
    await office.press(1, 1, key="2")
    office.clock.turn(timedelta(seconds=901))
    assert await office.reconcile.pass_time_outs() == 2
