"""What use cases do when others win, when the store is away, and when what was asked for isn't there (K3, K7)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from attrs import evolve
from tests.core.use_cases.office import ANY_HOUR, Office

from telephony_core.call_facts import AttemptState, Fact, FactKind, LegName
from telephony_core.carousel import Carousel
from telephony_core.errors import (
    CallHasLiveAttempt,
    CallNotFound,
    DeviceNotFound,
    EmployeeNotFound,
    InvalidRequest,
    NoPhoneNumbers,
    NotPermitted,
    NotSupportedByProvider,
    PhoneNumberNotCallable,
    PhoneNumberNotOfTarget,
    ProviderUnavailable,
    StoreUnavailable,
    TelephonyError,
)
from telephony_core.party import Permission, Principal, Target, TargetKind
from telephony_core.phone import DestinationClass
from telephony_core.ports import CallFilter, Found
from telephony_core.testing.examples import (
    a_client,
    a_mobile,
    a_principal,
    a_report,
    an_employee,
    an_entered_number,
    an_ip_phone,
)
from telephony_core.testing.fake_gateways import Fate
from telephony_core.testing.fake_store import CommitFault
from telephony_core.use_cases.compare_calls import CompareCalls
from telephony_core.use_cases.dial_leg import TRIES
from telephony_core.use_cases.edit_carousel import EditCarousel
from telephony_core.use_cases.erase_client import EraseClient
from telephony_core.use_cases.rules import Rules

MANAGER = a_principal(Permission.MANAGE_CAROUSEL, Permission.ADMINISTER)


@pytest.fixture
def office() -> Office:
    return Office()


def _loses(office: Office, times: int) -> None:
    for nth in range(1, times + 1):
        office.store.fail_commit(CommitFault.CONFLICT, nth)


# --- Others win ----------------------------------------------------------------------------------------------------


async def _report_once_more(office: Office) -> bool:
    return await office.apply(a_report(office.attempts[0]))


async def _rename_pools(office: Office) -> object:
    def renamed(carousel: Carousel, _: object) -> Carousel:
        return Carousel(tuple(evolve(pool, title=f"{pool.title}!") for pool in carousel.pools))

    return await EditCarousel(office.store)(MANAGER, renamed)


DEEDS: dict[str, Callable[[Office], Awaitable[object]]] = {
    "initiate": lambda office: office.press(1, 1, key="2"),
    "report": _report_once_more,
    "close": lambda office: office.close(office.principal(), office.calls[0].id, None),
    "erase": lambda office: EraseClient(office.store, None)(MANAGER, "C-0"),
    "edit": _rename_pools,
}


@pytest.mark.parametrize("deed", DEEDS)
async def test_who_loses_a_race_looks_again_and_gives_up_in_the_end(office: Office, deed: str) -> None:
    """K3, K7: a lost race is begun anew; so many in a row mean that the store can't do it."""
    placed = await office.press()
    await office.hang_up(office.principal(), placed.call.id)
    await office.deliver()
    _loses(office, TRIES)
    with pytest.raises(StoreUnavailable):
        await DEEDS[deed](office)
    _loses(office, 1)
    assert await DEEDS[deed](office)


async def test_an_answer_that_can_not_be_stored_is_settled_later(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """K3: it was dialled; nothing is asked again."""
    for nth in range(2, 2 + TRIES):
        office.store.fail_commit(CommitFault.CONFLICT, nth)
    with caplog.at_level(logging.ERROR):
        placed = await office.press()
    assert "could not be stored" in caplog.text
    assert office.attempt(placed.attempt_id).reading.state is AttemptState.INITIATING
    assert len(office.provider.requests) == 1


async def test_reconciliation_leaves_what_others_settle(office: Office) -> None:
    """K1: who loses there does nothing; the next round sees what the other stored."""
    office.provider.fate(Fate.UNKNOWN_DIALLED)
    placed = await office.press()
    _loses(office, 1)
    assert await office.reconcile.look_up_due() == (0, 0)
    office.store.fail_commit(CommitFault.CONFLICT, 2)
    assert await office.reconcile.look_up_due() == (1, 0)
    office.clock.turn(timedelta(seconds=901))
    _loses(office, 1)
    assert await office.reconcile.pass_time_outs() == 0
    assert office.attempt(placed.attempt_id).live


# --- The store is away ---------------------------------------------------------------------------------------------


async def test_without_a_store_nothing_is_dialled_and_reconciliation_waits(office: Office) -> None:
    """K3: and after the dial the Call is answered as it was decided."""
    await office.press()
    office.clock.turn(timedelta(minutes=2))
    office.store.available = False
    for deed in (
        lambda: office.press(1, 1, key="2"),
        office.reconcile,
        office.reconcile.pass_time_outs,
        office.reconcile.forget,
    ):
        with pytest.raises(StoreUnavailable):
            await deed()
    assert len(office.provider.requests) == 1


async def test_a_store_that_goes_away_after_the_dial_hides_no_call(office: Office) -> None:
    """K3: the answer is what was decided; reconciliation settles the rest."""
    office.store.on_commit.append(lambda: setattr(office.store, "available", False))
    placed = await office.press()
    assert placed.attempt_id is not None
    assert len(office.provider.requests) == 1


async def test_a_look_up_that_meets_an_absent_store_asks_nobody(office: Office) -> None:
    """K3: what can't be put off first is not asked about; the next round does both."""
    office.provider.fate(Fate.UNKNOWN_DIALLED)
    await office.press()
    office.store.fail_commit(CommitFault.BEFORE)
    assert await office.reconcile.look_up_due() == (0, 0)
    assert await office.reconcile.look_up_due() == (1, 1)


async def test_a_time_out_that_meets_an_absent_store_ends_the_round(office: Office) -> None:
    """K2: the next round passes it."""
    office.provider.fate(Fate.UNKNOWN_NOT_DIALLED)
    await office.press()
    office.clock.turn(timedelta(seconds=901))
    office.store.fail_commit(CommitFault.BEFORE)
    with pytest.raises(StoreUnavailable):
        await office.reconcile.pass_time_outs()
    assert await office.reconcile.pass_time_outs() == 1


# --- Gateways with faults, and without ------------------------------------------------------------------------------


async def test_a_gateway_that_breaks_may_have_dialled(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """K3: its bug is logged, and its answer counts as lost."""

    async def start(command: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(office.provider, "start", start)
    placed = await office.press()
    assert office.attempt(placed.attempt_id).reading.state is AttemptState.OUTCOME_UNKNOWN
    assert "failed on attempt" in caplog.text


async def test_a_look_up_that_breaks_is_made_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """K2: it holds no other one up."""
    office.provider.fate(Fate.UNKNOWN_DIALLED)
    await office.press()

    async def look_up(attempt: object) -> Found:
        raise RuntimeError("a bug")

    with monkeypatch.context() as broken:
        broken.setattr(office.provider, "look_up", look_up)
        assert await office.reconcile.look_up_due() == (1, 0)
    assert "could not be looked up" in caplog.text
    office.clock.turn(timedelta(seconds=3))
    assert await office.reconcile.look_up_due() == (1, 1)


async def test_time_outs_that_break_hold_no_others_up(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """K2: the bug is logged with the attempt's id."""
    await office.press()
    office.clock.turn(timedelta(minutes=5))
    with monkeypatch.context() as broken:
        broken.setattr(type(office.reconcile), "_pass", None)
        assert await office.reconcile.pass_time_outs() == 0
    assert "could not be passed" in caplog.text
    assert await office.reconcile.pass_time_outs() == 1


async def test_a_provider_that_is_gone_can_tell_nothing(office: Office) -> None:
    """K2: of its attempts; they end at their horizon, and can't be hung up."""
    office.provider.fate(Fate.UNKNOWN_DIALLED)
    placed = await office.press()
    gone = evolve(office.reconcile, gateways={})
    assert await gone.look_up_due() == (1, 0)
    with pytest.raises(NotSupportedByProvider):
        await evolve(office.hang_up, gateways={})(office.principal(), placed.call.id)


async def test_who_is_not_heard_when_hanging_up_is_told_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """K1: what becomes of the call is told by the provider's reports, as ever."""
    placed = await office.press()

    async def hang_up(command: object) -> bool:
        return False

    monkeypatch.setattr(office.provider, "hang_up", hang_up)
    with pytest.raises(ProviderUnavailable):
        await office.hang_up(office.principal(), placed.call.id)


async def test_a_device_of_a_provider_without_a_gateway_is_refused(office: Office) -> None:
    """D3: nothing could dial from it."""
    office.directory.put(an_ip_phone(id="D-far", employee_id="E-0", provider="far"))
    with pytest.raises(NotSupportedByProvider):
        await office.press(device_id="D-far")


async def test_what_lives_at_a_provider_is_compared_with_what_we_think(caplog: pytest.LogCaptureFixture) -> None:
    """K1: what is over here is hung up there; what nobody here knows is left alone."""
    office = Office(two_step=True)
    talking, over = await office.press(), await office.press(1, 1, key="2")
    await office.hang_up(office.principal(1), over.call.id)
    await office.deliver()
    hung_up = len(office.provider.hang_ups)
    compare = CompareCalls(office.store, office.reconcile, office.reconcile.dialler)
    alive = [(str(talking.attempt_id), LegName.EMPLOYEE), (str(over.attempt_id), LegName.CLIENT)]
    await compare("beeline", [*alive, ("of-another-installation", LegName.CLIENT)])
    ended = office.provider.hang_ups[hung_up:]
    assert [(command.attempt_id, command.leg) for command in ended] == [(over.attempt_id, LegName.CLIENT)]
    assert "of-another-installation" in caplog.text
    assert office.attempt(talking.attempt_id).live


# --- What isn't there, and who isn't -------------------------------------------------------------------------------


async def test_who_may_not_and_what_is_not_there(office: Office) -> None:
    """K6, P4, D3: each is refused by name, and nothing is dialled."""
    office.directory.put(an_employee(id="E-gone", active=False))
    service = Principal("crm", None, frozenset(Permission))
    press = office.press
    refusals: list[tuple[type[TelephonyError], Callable[[], Awaitable[object]]]] = [
        (EmployeeNotFound, lambda: press(by=service, employee_id="E-nobody")),
        (NotPermitted, lambda: press(by=service, employee_id="E-gone")),
        (NotPermitted, lambda: press(by=service)),
        (DeviceNotFound, lambda: press(device_id="D-nowhere")),
        (PhoneNumberNotOfTarget, lambda: press(phone_number_id="n-nowhere")),
        (EmployeeNotFound, lambda: office.list_devices(service, "E-nobody")),
        (CallNotFound, lambda: office.read.one(office.principal(), "01K-nowhere")),
        (CallNotFound, lambda: office.close(office.principal(), "01K-nowhere", None)),
        (DeviceNotFound, lambda: office.preview(office.principal(), _client(0), device_id="D-nowhere")),
        (InvalidRequest, lambda: press(call_id="01K", external_id="task-1")),
    ]
    for refusal, deed in refusals:
        with pytest.raises(refusal):
            await deed()
    assert office.provider.requests == []


def _client(place: int) -> Target:
    return Target(TargetKind.CLIENT, f"C-{place}")


async def test_an_employee_without_a_device_has_nothing_to_call_from(office: Office) -> None:
    """D3: none is named, and none is there."""
    office.directory.put(an_employee(id="E-new"))
    with pytest.raises(DeviceNotFound):
        await office.press(by=office.principal(0, Permission.ACT_FOR_OTHERS), employee_id="E-new", device_id=None)


async def test_one_s_preferred_device_is_used_where_none_is_named(office: Office) -> None:
    """D3."""
    placed = await office.press(device_id=None)
    assert office.attempt(placed.attempt_id).device.id == "D-0"


async def test_a_call_with_a_live_attempt_is_not_closed(office: Office) -> None:
    """K6."""
    placed = await office.press()
    with pytest.raises(CallHasLiveAttempt):
        await office.close(office.principal(), placed.call.id, None)


async def test_calls_are_listed_for_those_who_may_see_them(office: Office) -> None:
    """P4: one's own; with the permission, everybody's."""
    await office.press()
    await office.press(1, 1, key="2")
    for principal, count in ((office.principal(), 1), (office.principal(0, Permission.ACT_FOR_OTHERS), 2)):
        seen = await office.read.page(principal, CallFilter(), cursor=None, limit=9)
        assert len(seen.page.items) == count
        assert seen.at == office.clock.now()


# --- Numbers ---------------------------------------------------------------------------------------------------------


async def test_two_entries_of_one_id_are_told_apart_by_their_numbers(office: Office) -> None:
    """N2: an id that means two numbers means none."""
    twins = (an_entered_number("+79139000001", id="n"), an_entered_number("+79139000002", id="n"))
    office.directory.put(a_client(id="C-twins", numbers=twins))
    with pytest.raises(InvalidRequest):
        await office.press(target=Target(TargetKind.CLIENT, "C-twins"), phone_number_id="n")


@pytest.mark.parametrize(("named", "refusal"), [(None, NoPhoneNumbers), ("n-112", PhoneNumberNotCallable)])
async def test_a_number_without_e164_is_listed_and_not_dialled(
    named: str | None, refusal: type[TelephonyError]
) -> None:
    """N1, N3: even where its class is switched on."""
    office = Office(rules=Rules(dialling=evolve(ANY_HOUR, destinations=frozenset(DestinationClass))))
    target = Target(TargetKind.CLIENT, "C-short")
    office.directory.put(a_client(id="C-short", numbers=(an_entered_number("112", id="n-112", primary=False),)))
    found = await office.find_numbers(office.principal(), target)
    assert [each.callable for each in found.numbers] == [False]
    with pytest.raises(refusal):
        await office.press(target=target, phone_number_id=named)


async def test_a_preview_says_why_there_is_none(office: Office) -> None:
    """D3, C5: for a mobile without a SIM, and where no number may be shown."""
    office.directory.put(a_mobile(id="M-bare", employee_id="E-0", sim=None))
    previews = await office.preview(office.principal(), _client(0))
    assert {each.device.id: each.decision is not None for each in previews} == {
        "D-0": True,
        "M-0": True,
        "M-bare": False,
    }
    assert [each.eligible for each in previews] == [True, True, False]
    exhausted = Office(declaration_required=True)
    (preview,) = await exhausted.preview(exhausted.principal(), _client(0), device_id="D-0")
    assert preview.decision is None
    assert preview.refusal is not None


async def test_what_would_be_seen_from_the_alternatives_is_told(office: Office) -> None:
    """D3: nothing, where the pool has no number to show."""
    exhausted = Office(declaration_required=True)
    exhausted.directory.put(an_ip_phone(id="D-off", employee_id="E-0", active=False))
    with pytest.raises(TelephonyError) as refusal:
        await exhausted.press(device_id="D-off")
    shown = {each["id"]: each["shown"] for each in refusal.value.reasons["alternatives"]}  # type: ignore[attr-defined]
    assert shown["D-0"] is None
    assert shown["M-0"] is not None


async def test_a_record_s_address_is_kept(office: Office) -> None:
    """K7: whenever the provider tells it."""
    placed = await office.press()
    report = office.provider.reports()[0]
    await office.apply(evolve(report, record_url="https://records.invalid/1"))
    assert office.attempt(placed.attempt_id).record_url == "https://records.invalid/1"


async def test_a_report_that_carries_our_own_id_needs_no_reference(office: Office) -> None:
    """K1: or is of nobody, if the id is."""
    placed = await office.press()
    at = office.clock.now()
    facts = frozenset({Fact(LegName.EMPLOYEE, FactKind.RINGING, at)})
    report = evolve(office.provider.reports()[0], event_id="own", reference=None, facts=facts)
    await office.apply(evolve(report, attempt_id="01K-nobody", event_id="nobody"))
    assert office.attempt(placed.attempt_id).reading.state is AttemptState.INITIATING
    await office.apply(evolve(report, attempt_id=placed.attempt_id))
    assert office.attempt(placed.attempt_id).reading.state is AttemptState.RINGING_EMPLOYEE
