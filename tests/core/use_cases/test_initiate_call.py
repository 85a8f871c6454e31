"""What an initiation refuses, what it keeps, and what a repeated press gets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from attrs import evolve
from tests.core.use_cases.office import ANY_HOUR, Office

from telephony_core.call import MatchedBy
from telephony_core.call_facts import AttemptState, Fact, FactKind, LegName, Outcome
from telephony_core.caller_id import Verdict
from telephony_core.device import Mobile
from telephony_core.dialling import DiallingRules, QuietHours
from telephony_core.errors import (
    CallClosed,
    CallHasLiveAttempt,
    CallNotFound,
    CallOfAnotherEmployee,
    CallOfAnotherTarget,
    ClientNotFound,
    DestinationNotAllowed,
    DeviceNotEligible,
    DeviceNotFound,
    DirectoryUnavailable,
    EmployeeBusy,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidRequest,
    NoLiveAttempt,
    NoPhoneNumbers,
    NotPermitted,
    NumberBeingCalled,
    PhoneNumberNotCallable,
    PhoneNumberNotOfTarget,
    PreviousOutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    RequestInProgress,
    StoreUnavailable,
    TooManyRequests,
)
from telephony_core.party import Permission, Target, TargetKind
from telephony_core.ports import ProviderReport
from telephony_core.testing.examples import a_client, a_contact, a_mobile, a_sim, an_entered_number, an_interest
from telephony_core.testing.fake_gateways import Behaviour, Fate
from telephony_core.testing.fake_store import CommitFault
from telephony_core.testing.fake_world import World
from telephony_core.use_cases.rules import Rules

INTEREST = Target(TargetKind.INTEREST, "I-0")


@pytest.fixture
def office() -> Office:
    return Office()


async def until(true: Callable[[], object]) -> None:
    """Let the other tasks go on until it is so; a test that waits in vain is ended by its time limit."""
    while not true():  # noqa: ASYNC110  # what is waited for has no event of its own
        await asyncio.sleep(0)


# --- What is kept ---------------------------------------------------------------------------------------------------


async def test_the_attempt_keeps_what_was_asked_and_decided(office: Office) -> None:
    """K7: device, number, decision with its steps and both legs are stored before anything is dialled."""
    placed = await office.press(0, 1, key="k", note="about the flat")
    attempt = office.attempt(placed.attempt_id)
    assert placed.call.note == "about the flat"
    assert (attempt.device.id, attempt.phone_number) == ("D-0", office.numbers[1])
    assert [step.rule for step in attempt.decision.steps] == ["C4", "C3", "C7"]
    assert attempt.decision.region.codes == ("RU-NVS",)
    assert office.provider.ledger[1].shown == attempt.decision.requested
    assert {event.name for event in office.store.events} == {"attempt_started", "attempt_changed"}


@pytest.mark.parametrize("target", [Target(TargetKind.CLIENT, "C-0"), INTEREST], ids=["client", "interest"])
@pytest.mark.parametrize("device", ["D-0", "M-0"], ids=["ip_phone", "mobile"])
async def test_the_four_kinds_of_call(office: Office, target: Target, device: str) -> None:
    """C1, C2: from the mobile the client sees the SIM's number, from the IP phone one of the pool's."""
    office.directory.put(an_interest(id="I-0", client_id="C-0", contacts=()))
    placed = await office.press(target=target, device_id=device)
    await office.wait(70)
    await office.deliver()
    attempt = office.attempt(placed.attempt_id)
    seen = office.provider.ledger[1].shown
    pool = office.store.world.carousel.pools[0]
    if device == "M-0":
        assert seen == a_sim(number=attempt.decision.requested).number
        assert attempt.decision.pool_id is None
    else:
        generation = pool.active(attempt.started_at)
        assert generation is not None
        assert seen is not None
        assert generation.has(seen)
    assert attempt.reading.outcome is Outcome.TALKED
    assert attempt.shown is not None
    assert attempt.shown.verdict is Verdict.CONFORMS


async def test_an_interest_s_contact_is_called_first(office: Office) -> None:
    """N1: an interest's numbers are its contacts' and then its client's, each once."""
    contact = a_contact(numbers=(an_entered_number("8 913 700-00-01", id="n-k"),))
    office.directory.put(an_interest(id="I-0", client_id="C-0", contacts=(contact,)))
    found = await office.find_numbers(office.principal(), INTEREST)
    assert [(each.id, each.primary) for each in found.numbers] == [("n-k", True), ("n-0", False)]


async def test_what_is_not_understood_is_listed_and_not_called(office: Office) -> None:
    """N1, N3: rubbish is listed as it was entered and can't be dialled."""
    office.directory.put(
        a_client(
            id="C-0", numbers=(an_entered_number("call the wife", id="n-r"), an_entered_number("89137000001", id="n-g"))
        )
    )
    found = await office.find_numbers(office.principal(), Target(TargetKind.CLIENT, "C-0"))
    assert [(each.parsed.as_entered, each.reasons, each.primary) for each in found.numbers] == [
        ("call the wife", ("not_understood",), False),
        ("89137000001", (), True),
    ]
    with pytest.raises(PhoneNumberNotCallable) as refusal:
        await office.press(phone_number_id="n-r")
    assert refusal.value.reasons["reasons"] == ["not_understood"]
    assert office.provider.requests == []


# --- Which number ---------------------------------------------------------------------------------------------------


async def test_a_number_of_somebody_else_is_refused(office: Office) -> None:
    """N2: the number belongs to the target; who may dial free-hand does so, and the attempt says so."""
    stranger = office.numbers[1].e164
    with pytest.raises(PhoneNumberNotOfTarget):
        await office.press(phone_number=stranger)
    with pytest.raises(PhoneNumberNotOfTarget):
        await office.press(phone_number_id="n-1", by=office.principal(0, Permission.CALL_FREE_HAND))
    placed = await office.press(phone_number=stranger, by=office.principal(0, Permission.CALL_FREE_HAND))
    assert office.attempt(placed.attempt_id).free_hand
    own = await office.press(1, 0, phone_number=f"8{office.numbers[0].digits[1:]}", key="own")
    assert not office.attempt(own.attempt_id).free_hand


async def test_refusals_about_numbers(office: Office) -> None:
    """N2: what can't be found or understood is refused by name, and nothing is dialled."""
    with pytest.raises(InvalidRequest):
        await office.press(phone_number="rubbish", by=office.principal(0, Permission.CALL_FREE_HAND))
    with pytest.raises(InvalidRequest):
        await office.press(phone_number="+79130000000", phone_number_id="n-0")
    with pytest.raises(ClientNotFound):
        await office.press(target=Target(TargetKind.CLIENT, "C-99"))
    office.directory.put(a_client(id="C-0", numbers=(an_entered_number("?"),)))
    with pytest.raises(NoPhoneNumbers):
        await office.press()
    assert office.provider.requests == []


async def test_do_not_call_can_not_be_overridden(office: Office) -> None:
    """N3: whether the client, the number or the list is marked, and whatever is permitted."""
    mighty = office.principal(0, *Permission)
    office.directory.do_not_call.add(office.numbers[0])
    with pytest.raises(PhoneNumberNotCallable) as refusal:
        await office.press(0, 0, override_quiet_hours=True, by=mighty)
    assert refusal.value.reasons["reasons"] == ["do_not_call"]
    office.directory.put(a_client(id="C-1", numbers=(an_entered_number("89130000001"),), do_not_call=True))
    with pytest.raises(PhoneNumberNotCallable):
        await office.press(0, 1, by=mighty)
    with pytest.raises(PhoneNumberNotCallable):
        await office.press(0, 1, phone_number="89137777777", by=mighty)
    marked = an_entered_number("89130000002", do_not_call=True)
    office.directory.put(a_client(id="C-2", numbers=(marked,)))
    with pytest.raises(PhoneNumberNotCallable):
        await office.press(0, 2, by=mighty)
    assert office.provider.requests == []


async def test_quiet_hours_are_the_client_s_and_can_be_overridden() -> None:
    """N3: it is 16:15 in Novosibirsk; quiet hours there can be overridden by permission, and the attempt keeps it."""
    quiet = DiallingRules(quiet_hours=QuietHours(time(16), time(17)), per_hour=None, per_day=None)
    office = Office(rules=Rules(dialling=quiet))
    with pytest.raises(PhoneNumberNotCallable):
        await office.press(key="q")
    with pytest.raises(NotPermitted):
        await office.press(key="q", override_quiet_hours=True)
    allowed = office.principal(0, Permission.OVERRIDE_QUIET_HOURS)
    with pytest.raises(PhoneNumberNotCallable) as refusal:
        await office.press(key="q", by=allowed)
    assert refusal.value.reasons["reasons"] == ["quiet_hours"]
    placed = await office.press(key="q", by=allowed, override_quiet_hours=True)
    assert office.attempt(placed.attempt_id).quiet_hours_overridden
    office.clock.turn(timedelta(hours=1))
    placed = await office.press(1, 1, key="later")
    assert not office.attempt(placed.attempt_id).quiet_hours_overridden


@pytest.mark.parametrize("number", ["+4915112345678", "112", "88091234567"], ids=["foreign", "short", "premium"])
async def test_only_destinations_that_are_switched_on(office: Office, number: str) -> None:
    """N4: foreign, short and premium numbers are off unless switched on."""
    office.directory.put(a_client(id="C-0", numbers=(an_entered_number(number, id="n-f"),)))
    with pytest.raises(DestinationNotAllowed):
        await office.press(phone_number_id="n-f")
    assert office.provider.requests == []


async def test_limits_by_hour_and_by_the_service_s_day() -> None:
    """N4: an employee's attempts in the past hour, and in the calendar day of the service's zone."""
    office = Office(rules=Rules(dialling=DiallingRules(quiet_hours=None, per_hour=2, per_day=3)))

    async def call(key: str) -> None:
        await office.press(key=key)
        await office.wait(70)
        await office.deliver()

    await call("1")
    await call("2")
    with pytest.raises(TooManyRequests) as refusal:
        await call("3")
    assert refusal.value.reasons["limit"] == "hour"
    office.clock.turn(timedelta(hours=1))
    await call("3")
    with pytest.raises(TooManyRequests) as refusal:
        await call("4")
    assert refusal.value.reasons["limit"] == "day"
    midnight_in_moscow = datetime(2026, 11, 23, 21, tzinfo=office.clock.now().tzinfo)
    office.clock.turn_to(midnight_in_moscow - timedelta(microseconds=1))
    with pytest.raises(TooManyRequests) as refusal:
        await call("4")
    assert refusal.value.retry_after == 1
    office.clock.turn_to(midnight_in_moscow)
    await call("4")


# --- Which device ---------------------------------------------------------------------------------------------------


async def test_an_ineligible_device_is_refused_with_alternatives(office: Office) -> None:
    """D3: with its reasons, what else could be used, and what the client would see from that; it is never changed."""
    office.directory.put(a_mobile(id="M-0", employee_id="E-0", fmtn=False))
    with pytest.raises(DeviceNotEligible) as refusal:
        await office.press(device_id="M-0")
    assert refusal.value.reasons["reasons"] == ["no_fmtn"]
    alternative = refusal.value.reasons["alternatives"]
    assert alternative == [
        {"id": "D-0", "kind": "ip_phone", "label": "Kabinet 3, 1017", "shown": {"requested": "+79030000000"}}
    ]
    office.statuses.say("D-0", at=office.clock.now(), online=False)
    with pytest.raises(DeviceNotEligible) as refusal:
        await office.press(device_id=None)
    assert refusal.value.reasons["reasons"] == ["phone_offline"]
    assert refusal.value.reasons["alternatives"] == []
    assert office.provider.requests == []


async def test_a_colleague_s_device_tells_nothing_of_itself(office: Office) -> None:
    """D1, D3: of another employee's device no other detail is told."""
    with pytest.raises(DeviceNotEligible) as refusal:
        await office.press(0, 0, device_id="M-1")
    assert refusal.value.reasons["reasons"] == ["of_another_employee"]
    assert refusal.value.reasons["kind"] is None
    with pytest.raises(DeviceNotFound):
        await office.press(0, 0, device_id="D-99")


async def test_devices_are_listed_with_what_the_client_would_see(office: Office) -> None:
    """D3: with a target each device says what its client would see, without reserving anything."""
    listed = await office.list_devices(office.principal(), None, Target(TargetKind.CLIENT, "C-0"))
    shown = {
        each.device.id: each.decision.requested.e164 for each in listed if each.decision and each.decision.requested
    }
    assert shown == {"D-0": "+79030000000", "M-0": "+79050000000"}
    again = await office.list_devices(office.principal(), "E-0", Target(TargetKind.CLIENT, "C-0"))
    assert [each.decision for each in again] == [each.decision for each in listed]
    assert [isinstance(each.device, Mobile) for each in await office.list_devices(office.principal(), None)] == [
        False,
        True,
    ]


# --- Repeated presses -----------------------------------------------------------------------------------------------


async def test_the_same_press_is_the_same_call(office: Office) -> None:
    """K4: same key and request: the present Call, marked as a replay; another request: refused; no key: refused."""
    first = await office.press(key="k")
    await office.wait(70)
    await office.deliver()
    again = await office.press(key="k")
    assert (again.call.id, again.attempt_id, again.replayed) == (first.call.id, first.attempt_id, True)
    assert again.call.attempts[0].reading.outcome is Outcome.TALKED
    with pytest.raises(IdempotencyKeyReused):
        await office.press(0, 1, key="k")
    with pytest.raises(IdempotencyKeyMissing):
        await office.press(key="")
    assert len(office.provider.requests) == 1
    another = await office.press(1, 1, key="k")
    assert another.call.id != first.call.id, "a key is of its principal and employee"


async def test_a_refusal_leaves_the_key_unused(office: Office) -> None:
    """K4: what was refused before the intent stores nothing; the same key then places the call."""
    office.directory.available = False
    with pytest.raises(DirectoryUnavailable):
        await office.press(key="k")
    office.directory.available = True
    office.store.fail_commit(CommitFault.BEFORE)
    with pytest.raises(StoreUnavailable):
        await office.press(key="k")
    with pytest.raises(DeviceNotFound):
        await office.press(key="k", device_id="D-99")
    assert (office.calls, office.store.reservations, office.provider.requests) == ((), {}, [])
    placed = await office.press(key="k")
    assert not placed.replayed


async def test_while_the_first_waits_the_second_is_told_to(office: Office) -> None:
    """K4: request_in_progress with Retry-After only while the first can still be waiting: time-out plus 5 s."""
    office.provider.fate(Fate.HANGS)
    first = asyncio.create_task(office.press(key="k"))
    await until(lambda: office.provider.requests)
    with pytest.raises(RequestInProgress) as refusal:
        await office.press(key="k")
    assert refusal.value.retry_after == 15
    office.clock.turn(timedelta(seconds=15))
    late = await office.press(key="k")
    assert (late.replayed, late.call.attempts[0].reading.state) == (True, AttemptState.INITIATING)
    office.provider.release()
    assert (await first).call.attempts[0].reading.employee.strongest is FactKind.ACCEPTED
    assert len(office.provider.requests) == 1


@pytest.mark.parametrize(
    ("fate", "error", "outcome"),
    [
        (Fate.REFUSED, ProviderRefused, Outcome.REFUSED_BY_PROVIDER),
        (Fate.NOT_SENT, ProviderUnavailable, Outcome.NOT_SENT),
    ],
)
async def test_what_the_provider_did_not_do_is_said_and_frees_all(
    office: Office, fate: Fate, error: type[ProviderRefused], outcome: Outcome
) -> None:
    """K4, K5: refused or not sent: an error that names Call and attempt, no reservation left, and a replay with 200."""
    office.provider.fate(fate)
    with pytest.raises(error) as refusal:
        await office.press(key="k")
    attempt = office.attempt(str(refusal.value.reasons["attempt_id"]))
    assert attempt.call_id == refusal.value.reasons["call_id"]
    assert attempt.reading.outcome is outcome
    assert office.store.reservations == {}
    again = await office.press(key="k")
    assert again.replayed
    assert len(office.provider.requests) == 1
    assert office.provider.ledger == []


async def test_a_commit_whose_answer_is_lost_is_read_back_before_dialling(office: Office) -> None:
    """K3: the intent took effect though its answer was lost: it is found, and dialled once."""
    office.store.fail_commit(CommitFault.AFTER)
    placed = await office.press(key="k")
    assert not placed.replayed
    assert len(office.provider.requests) == 1
    assert office.attempt(placed.attempt_id).reading.employee.strongest is FactKind.ACCEPTED


async def test_who_goes_away_does_not_take_the_call_along(office: Office) -> None:
    """K3, K7: a caller that disconnects after the intent leaves an attempt whose answer is recorded."""
    office.provider.fate(Fate.HANGS)
    press = asyncio.create_task(office.press(key="k"))
    await until(lambda: office.provider.requests)
    press.cancel()
    with pytest.raises(asyncio.CancelledError):
        await press
    office.provider.release()
    await until(lambda: office.attempts[0].provider_reference)
    assert office.attempts[0].reading.employee.strongest is FactKind.ACCEPTED


async def test_two_hundred_presses_at_once_are_one_call(office: Office) -> None:
    """K4: identical concurrent requests: one call, the others replays or told to wait."""
    answers = await asyncio.gather(*(office.press(key="k") for _ in range(200)), return_exceptions=True)
    assert len(office.provider.requests) == 1
    placed = [each for each in answers if not isinstance(each, BaseException)]
    assert [each.replayed for each in placed].count(False) == 1
    assert {type(each) for each in answers if isinstance(each, BaseException)} <= {RequestInProgress}


# --- Who is in the way ----------------------------------------------------------------------------------------------


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


async def test_a_key_whose_life_is_over_places_a_new_call(office: Office) -> None:
    """K4: after 24 hours the same key is a new press, whether or not anybody has tidied up."""
    first = await office.press(key="k")
    await office.wait(70)
    await office.deliver()
    office.clock.turn(timedelta(hours=24))
    second = await office.press(0, 1, key="k")
    assert (second.replayed, second.call.id == first.call.id) == (False, False)


async def test_a_mark_on_one_entry_is_a_mark_on_the_number(office: Office) -> None:
    """N3: the same number stands twice on the card, and only one of the entries says do not call."""
    marked = an_entered_number("+7 913 000-00-00", id="n-2", do_not_call=True, primary=False)
    office.directory.put(a_client(id="C-0", numbers=(an_entered_number("89130000000", id="n-1"), marked)))
    with pytest.raises(PhoneNumberNotCallable):
        await office.press()


async def test_a_due_date_at_the_end_of_time_does_no_harm(office: Office) -> None:
    """K6: a planned Call waits for its due date, however far ahead."""
    planned = await office.press(dial=False, due_at=datetime.max.replace(tzinfo=office.clock.now().tzinfo))
    assert planned.call.state(planned.at, office.rules.call_open_for).value == "planned"


# --- Which Call -----------------------------------------------------------------------------------------------------


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


async def test_events_carry_ids_and_masked_numbers(office: Office) -> None:
    """P2: nothing that is told to others holds a client's full number."""
    await office.press(phone_number=office.numbers[1].e164, by=office.principal(0, Permission.CALL_FREE_HAND))
    await office.wait(70)
    await office.deliver()
    told = [repr(event) for event in office.store.events]
    assert [text for text in told if any(number.digits in text for number in office.numbers)] == []
    assert {event.phone_number for event in office.store.events} == {"+7913*****01"}


# --- Two steps ------------------------------------------------------------------------------------------------------


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


async def test_fair_picks_under_concurrency() -> None:
    """C7: 100 concurrent initiations over a pool of 10 of ours: picks differ by at most one."""
    office = Office(employees=100, clients=100)
    await asyncio.gather(*(office.press(n, n, key="k") for n in range(100)))
    shown = [attempt.decision.requested for attempt in office.attempts]
    assert sorted(shown.count(number) for number in set(shown)) == [10] * 10


def test_the_rules_of_these_tests_have_no_hours_of_their_own() -> None:
    """N4: what the other tests here switch off is on by default: quiet from 21 to 9, 60 an hour, 300 a day."""
    assert ANY_HOUR.quiet_hours is None
    rules = DiallingRules()
    assert (rules.quiet_hours, rules.per_hour, rules.per_day) == (QuietHours(time(21), time(9)), 60, 300)
