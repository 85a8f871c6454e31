"""The fakes keep the contracts of their ports, and break only on order."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import ClassVar

import pytest
from attrs import evolve

from telephony_core.call import Attempt
from telephony_core.call_facts import Cause, FactKind, LegName
from telephony_core.device import Device, DeviceStatus
from telephony_core.errors import StoreUnavailable
from telephony_core.party import Target, TargetKind
from telephony_core.phone import PhoneNumber
from telephony_core.ports import (
    Absent,
    Accepted,
    CannotTell,
    Clock,
    ConcurrentChange,
    DeviceStatuses,
    Directory,
    Found,
    IdSource,
    NotSent,
    PhoneNumberParser,
    ProviderGateway,
    RegionResolver,
    TimeZones,
)
from telephony_core.testing.contracts import (
    ClockContract,
    DeviceStatusesContract,
    DirectoryContract,
    GatewayContract,
    IdSourceContract,
    ParserContract,
    RegionResolverContract,
    TimeZonesContract,
)
from telephony_core.testing.contracts.directory import Thing
from telephony_core.testing.examples import CLIENT_NUMBER, NOW, a_call, a_client, a_number, an_attempt, an_event
from telephony_core.testing.fakes import (
    Behaviour,
    CommitFault,
    FakeClock,
    FakeDirectory,
    FakeIds,
    FakeParser,
    FakeRegions,
    FakeStatuses,
    FakeStore,
    FakeTimeZones,
    Fate,
    OneStepGateway,
    Ring,
    TwoStepGateway,
)


class TestFakeDirectory(DirectoryContract):
    async def make_directory(self, *things: Thing) -> Directory:
        return FakeDirectory(*things)

    async def mark_do_not_call(self, directory: Directory, number: PhoneNumber) -> None:
        assert isinstance(directory, FakeDirectory)
        directory.do_not_call.add(number)

    async def make_unavailable(self, directory: Directory) -> None:
        assert isinstance(directory, FakeDirectory)
        directory.available = False


class TestFakeTimeZones(TimeZonesContract):
    offsets: ClassVar = {"RU-KGD": 2, "RU-NVS": 7, "RU-KAM": 12}

    def make_zones(self) -> TimeZones:
        return FakeTimeZones(self.offsets)


class TestFakeStatuses(DeviceStatusesContract):
    async def make_statuses(self) -> DeviceStatuses:
        return FakeStatuses()

    async def say(self, statuses: DeviceStatuses, device: Device, status: DeviceStatus) -> None:
        assert isinstance(statuses, FakeStatuses)
        statuses.say(device.id, at=status.at, online=status.online, agent_away=status.agent_away)


class TestFakeClock(ClockContract):
    def make_clock(self) -> Clock:
        return FakeClock()


class TestFakeIds(IdSourceContract):
    def make_ids(self) -> IdSource:
        return FakeIds()


class TestFakeRegions(RegionResolverContract):
    known: ClassVar = {"+73832123456": ("RU-NVS",), "+79131234567": ("RU-NVS", "RU-TOM"), "+79139999999": ("RU-NVS",)}

    def make_resolver(self) -> RegionResolver:
        return FakeRegions({"+7383": ["RU-NVS"], "+7913": ["RU-TOM", "RU-NVS"], "+79139": {"RU-NVS"}})


class TestFakeParser(ParserContract):
    def make_parser(self) -> PhoneNumberParser:
        return FakeParser()


class _FakeGatewayContract(GatewayContract):
    async def arrange(self, gateway: ProviderGateway, fate: Fate) -> None:
        assert isinstance(gateway, OneStepGateway | TwoStepGateway)
        gateway.fate(fate)

    async def requests_seen(self, gateway: ProviderGateway) -> int:
        assert isinstance(gateway, OneStepGateway | TwoStepGateway)
        return len(gateway.requests)

    async def hang_ups_seen(self, gateway: ProviderGateway) -> int:
        assert isinstance(gateway, OneStepGateway | TwoStepGateway)
        return len(gateway.hang_ups)


class TestOneStepGateway(_FakeGatewayContract):
    async def make_gateway(self) -> ProviderGateway:
        return OneStepGateway(FakeClock())


class TestOneStepGatewayThatCanNothingElse(_FakeGatewayContract):
    async def make_gateway(self) -> ProviderGateway:
        return OneStepGateway(FakeClock(), can_hang_up=False, can_look_up=False)


class TestTwoStepGateway(_FakeGatewayContract):
    async def make_gateway(self) -> ProviderGateway:
        return TwoStepGateway(FakeClock())


class TestTwoStepGatewayThatForgets(_FakeGatewayContract):
    async def make_gateway(self) -> ProviderGateway:
        return TwoStepGateway(FakeClock(), remembers=False)


# --- The store's faults and its guard -------------------------------------------------------------------------------


@pytest.fixture
def store() -> FakeStore:
    return FakeStore(FakeClock())


async def _add(store: FakeStore) -> str:
    call = a_call()
    async with store.write() as uow:
        await uow.calls.add(call)
        await uow.commit()
    return call.id


@pytest.mark.parametrize(
    ("fault", "error", "took_effect"),
    [
        (CommitFault.BEFORE, StoreUnavailable, False),
        (CommitFault.AFTER, StoreUnavailable, True),
        (CommitFault.CONFLICT, ConcurrentChange, False),
    ],
)
async def test_a_commit_fails_by_script(
    store: FakeStore, fault: CommitFault, error: type[Exception], took_effect: bool
) -> None:
    store.fail_commit(fault, nth=2)
    await _add(store)
    with pytest.raises(error):
        await _add(store)
    await _add(store)
    assert len(store.world.calls) == (3 if took_effect else 2)


async def test_an_unavailable_store_answers_nothing(store: FakeStore) -> None:
    call_id = await _add(store)
    async with store.read() as uow:
        store.available = False
        with pytest.raises(StoreUnavailable):
            await uow.calls.get(call_id)
    with pytest.raises(StoreUnavailable):
        await _add(store)


async def test_the_wait_for_ones_turn_is_bounded() -> None:
    """Law 5: a bounded wait, then 503."""
    store = FakeStore(FakeClock(), patience=0.01)
    async with store.write():
        with pytest.raises(StoreUnavailable):
            await asyncio.create_task(_add(store))


async def test_nothing_that_leaves_the_process_is_awaited_inside_a_unit_of_work(store: FakeStore) -> None:
    """Law 4: the fakes of what leaves the process notice it, in the same task only."""
    directory = FakeDirectory(a_client(), guarding=store)
    gateways = [OneStepGateway(FakeClock(), guarding=store), TwoStepGateway(FakeClock(), guarding=store)]
    attempt = an_attempt()
    for unit in (store.read, store.write):
        async with unit():
            assert store.open_units == 1
            with pytest.raises(AssertionError, match="law 4"):
                await directory.target_card(Target(TargetKind.CLIENT, "C-17"))
            for gateway in gateways:
                with pytest.raises(AssertionError, match="law 4"):
                    await gateway.start(attempt.dial(LegName.EMPLOYEE))
                with pytest.raises(AssertionError, match="law 4"):
                    await gateway.hang_up(attempt.hang_up(LegName.EMPLOYEE))
                with pytest.raises(AssertionError, match="law 4"):
                    await gateway.look_up(attempt)
    assert store.open_units == 0
    assert await directory.target_card(Target(TargetKind.CLIENT, "C-17")) is not None
    assert not gateways[0].requests


async def test_another_tasks_unit_of_work_is_no_breach(store: FakeStore) -> None:
    directory = FakeDirectory(a_client(), guarding=store)
    entered, leave = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with store.write():
            entered.set()
            await leave.wait()

    task = asyncio.create_task(hold())
    await entered.wait()
    assert await directory.employee("E-5") is None
    leave.set()
    await task


async def test_misuse_of_a_unit_of_work_is_noticed(store: FakeStore) -> None:
    """One transaction, one `async with`; a reading one doesn't write; nothing after the commit."""
    async with store.read() as uow:
        with pytest.raises(AssertionError, match="only reads"):
            await uow.calls.add(a_call())
    async with store.write() as uow:
        await uow.commit()
        with pytest.raises(AssertionError, match="after its commit"):
            await uow.events.add(an_event())
    with pytest.raises(AssertionError, match="one `async with`"):
        async with uow:
            pass
    async with store.write():
        with pytest.raises(AssertionError, match="waits for itself"):
            await store.write().__aenter__()


# --- The gateways' ledgers and reports ------------------------------------------------------------------------------


async def test_what_rang_stands_in_the_ledger_whatever_was_answered() -> None:
    """K3: the ledger is the truth that a lost answer hides."""
    gateway = OneStepGateway(FakeClock())
    gateway.fate(Fate.UNKNOWN_DIALLED, Fate.UNKNOWN_NOT_DIALLED, Fate.NOT_SENT, Fate.REFUSED)
    attempts = [an_attempt() for _ in range(5)]
    for attempt in attempts:
        await gateway.start(attempt.dial(LegName.EMPLOYEE))
    assert {ring.attempt_id for ring in gateway.ledger} == {attempts[0].id, attempts[4].id}
    assert gateway.double_dials() == []
    await gateway.start(attempts[0].dial(LegName.EMPLOYEE))
    assert gateway.double_dials() == [(attempts[0].id, LegName.CLIENT), (attempts[0].id, LegName.EMPLOYEE)]


async def test_the_client_sees_what_we_asked_for_or_what_the_provider_chose() -> None:
    """C11: a provider that chooses takes no orders."""
    attempt = an_attempt()
    ours, theirs = OneStepGateway(FakeClock()), OneStepGateway(FakeClock(), shows=[a_number(77)])
    await ours.start(attempt.dial(LegName.EMPLOYEE))
    await theirs.start(attempt.dial(LegName.EMPLOYEE))
    assert ours.ledger[-1] == Ring(attempt.id, LegName.CLIENT, CLIENT_NUMBER, attempt.decision.requested)
    assert theirs.ledger[-1].shown == a_number(77)
    assert {report.shown for report in theirs.reports()} == {None, a_number(77)}


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (Behaviour.ANSWERS, "talked"),
        (Behaviour.BUSY, "busy"),
        (Behaviour.NO_ANSWER, "no_answer"),
        (Behaviour.UNREACHABLE, "unreachable"),
        (Behaviour.EMPLOYEE_NO_ANSWER, "employee_did_not_answer"),
        (Behaviour.EMPLOYEE_HANGS_UP, "cancelled"),
    ],
)
async def test_reports_tell_what_the_people_did(behaviour: Behaviour, outcome: str) -> None:
    """K1: on both shapes, by the provider's reference or by ids of ours."""
    for gateway in (OneStepGateway(FakeClock()), TwoStepGateway(FakeClock())):
        gateway.behave(CLIENT_NUMBER, behaviour)
        attempt = an_attempt(two_step=gateway.capabilities.two_step, provider=gateway.name)
        answer = await gateway.start(attempt.dial(LegName.EMPLOYEE))
        assert isinstance(answer, Accepted)
        first = gateway.reports()
        attempt = _learn(attempt, first)
        if gateway.capabilities.two_step and attempt.next_leg() is not None:
            await gateway.start(attempt.dial(LegName.CLIENT))
        later = gateway.reports()
        attempt = _learn(attempt, later)
        assert str(attempt.reading.outcome) == outcome
        ids = {report.attempt_id for report in (*first, *later)}
        assert ids == ({attempt.id} if gateway.capabilities.two_step else {None})
        assert len({report.event_id for report in (*first, *later)}) == len((*first, *later))


def _learn(attempt: Attempt, reports: tuple) -> Attempt:
    for report in reports:
        attempt = attempt.learn(report.facts, NOW)
    return attempt


async def test_a_request_that_hangs_is_answered_on_release() -> None:
    gateway = OneStepGateway(FakeClock())
    gateway.fate(Fate.HANGS, Fate.HANGS)
    tasks = [asyncio.create_task(gateway.start(an_attempt().dial(LegName.EMPLOYEE))) for _ in range(2)]
    await asyncio.sleep(0.01)
    assert not any(task.done() for task in tasks)
    assert len(gateway.ledger) == 4
    gateway.release()
    gateway.release(NotSent("too late to believe"))
    assert [type(answer) for answer in await asyncio.gather(*tasks)] == [Accepted, NotSent]


async def test_looking_up_tells_what_has_come_to_pass() -> None:
    clock = FakeClock()
    gateway, attempt = OneStepGateway(clock), an_attempt()
    assert isinstance(await gateway.look_up(attempt), Absent)
    await gateway.start(attempt.dial(LegName.EMPLOYEE))
    clock.turn(timedelta(seconds=10))
    found = await gateway.look_up(attempt)
    assert isinstance(found, Found)
    assert {fact.kind for fact in found.facts} == {FactKind.RINGING, FactKind.ANSWERED}
    assert (found.reference, found.shown) == ("beeline-1", attempt.decision.requested)


async def test_a_provider_that_forgets_ended_calls_cannot_tell_of_them() -> None:
    """Law 9: ARI's 404 is `CannotTell`, for the channel may have rung and ended."""
    clock = FakeClock()
    gateway, attempt = TwoStepGateway(clock, remembers=False), an_attempt(two_step=True)
    await gateway.start(attempt.dial(LegName.EMPLOYEE))
    assert isinstance(await gateway.look_up(attempt), Found)
    await gateway.hang_up(attempt.hang_up(LegName.EMPLOYEE))
    assert isinstance(await gateway.look_up(attempt), CannotTell)


async def test_hanging_up_ends_what_has_not_ended() -> None:
    clock = FakeClock()
    gateway, attempt = OneStepGateway(clock), an_attempt()
    await gateway.start(attempt.dial(LegName.EMPLOYEE))
    clock.turn(timedelta(seconds=20))
    assert await gateway.hang_up(attempt.hang_up(LegName.EMPLOYEE))
    told = _learn(attempt, gateway.reports())
    assert told.reading.talk_seconds == 8


async def test_a_leg_that_was_dialled_after_the_end_is_hung_up_like_any_other() -> None:
    """K1: a request to dial that came after the one to hang up has rung a phone."""
    gateway, attempt = TwoStepGateway(FakeClock()), an_attempt(two_step=True)
    await gateway.start(attempt.dial(LegName.EMPLOYEE))
    await gateway.hang_up(attempt.hang_up(LegName.EMPLOYEE))
    gateway.reports()
    await gateway.start(attempt.dial(LegName.CLIENT))
    assert await gateway.hang_up(attempt.hang_up(LegName.CLIENT))
    told = [fact for report in gateway.reports() for fact in report.facts]
    assert [(fact.leg, fact.kind, fact.cause) for fact in told] == [
        (LegName.CLIENT, FactKind.RELEASED, Cause.CANCELLED)
    ]


# --- Clock, ids, zones ----------------------------------------------------------------------------------------------


def test_ids_sort_by_the_time_of_making() -> None:
    ids = FakeIds()
    made = [ids.new_id() for _ in range(11)]
    assert made == sorted(set(made))


def test_local_time_is_a_range_over_all_zones() -> None:
    """N1: both ends, and the service's own zone for who knows no more."""
    zones = FakeTimeZones({"RU-NVS": 7, "RU-KGD": 2})
    local = zones.local_time(("RU-KGD", "RU-NVS"), NOW)
    assert (local.earliest.hour, local.latest.hour) == (11, 16)
    assert zones.local_time(("RU",), NOW).earliest.hour == 12


def test_a_day_is_the_services_own() -> None:
    """N4: the calendar day in `TELEPHONY_TIME_ZONE`."""
    began, ends = FakeTimeZones().day(NOW)
    assert began.isoformat() == "2026-11-22T21:00:00+00:00"
    assert ends - began == timedelta(days=1)
    assert FakeTimeZones().day(began) == (began, ends)
    assert FakeTimeZones().day(began - timedelta(microseconds=1))[1] == began


def test_a_clock_stands_until_it_is_turned() -> None:
    clock = FakeClock()
    assert clock.now() == NOW
    assert clock.turn(timedelta(hours=1)) == clock.now() == NOW + timedelta(hours=1)
    assert evolve(a_call(), created_at=clock.turn_to(NOW)).created_at == NOW
