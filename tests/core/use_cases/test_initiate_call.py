"""What an initiation refuses, what it keeps, and what a repeated press gets."""

from __future__ import annotations

import asyncio
from datetime import datetime, time, timedelta

import pytest
from tests.core.use_cases.office import ANY_HOUR, Office, until

from telephony_core.call_facts import AttemptState, FactKind, Outcome
from telephony_core.caller_id import Verdict
from telephony_core.device import Mobile
from telephony_core.dialling import DiallingRules, QuietHours
from telephony_core.errors import (
    ClientNotFound,
    DestinationNotAllowed,
    DeviceNotEligible,
    DeviceNotFound,
    DirectoryUnavailable,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidRequest,
    NoPhoneNumbers,
    NotPermitted,
    PhoneNumberNotCallable,
    PhoneNumberNotOfTarget,
    ProviderRefused,
    ProviderUnavailable,
    RequestInProgress,
    StoreUnavailable,
    TooManyRequests,
)
from telephony_core.party import Permission, Target, TargetKind
from telephony_core.testing.examples import a_client, a_contact, a_mobile, a_sim, an_entered_number, an_interest
from telephony_core.testing.fake_gateways import Fate
from telephony_core.testing.fake_store import CommitFault
from telephony_core.use_cases.rules import Rules

INTEREST = Target(TargetKind.INTEREST, "I-0")


@pytest.fixture
def office() -> Office:
    return Office()


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


async def test_events_carry_ids_and_masked_numbers(office: Office) -> None:
    """P2: nothing that is told to others holds a client's full number."""
    await office.press(phone_number=office.numbers[1].e164, by=office.principal(0, Permission.CALL_FREE_HAND))
    await office.wait(70)
    await office.deliver()
    told = [repr(event) for event in office.store.events]
    assert [text for text in told if any(number.digits in text for number in office.numbers)] == []
    assert {event.phone_number for event in office.store.events} == {"+7913*****01"}


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


async def test_a_mark_on_one_entry_is_a_mark_on_the_number(office: Office) -> None:
    """N3: the same number stands twice on the card, and only one of the entries says do not call."""
    marked = an_entered_number("+7 913 000-00-00", id="n-2", do_not_call=True, primary=False)
    office.directory.put(a_client(id="C-0", numbers=(an_entered_number("89130000000", id="n-1"), marked)))
    with pytest.raises(PhoneNumberNotCallable):
        await office.press()


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


async def test_a_key_whose_life_is_over_places_a_new_call(office: Office) -> None:
    """K4: after 24 hours the same key is a new press, whether or not anybody has tidied up."""
    first = await office.press(key="k")
    await office.wait(70)
    await office.deliver()
    office.clock.turn(timedelta(hours=24))
    second = await office.press(0, 1, key="k")
    assert (second.replayed, second.call.id == first.call.id) == (False, False)


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
