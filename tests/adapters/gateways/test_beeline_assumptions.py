"""Each assumption about Beeline switched off in the simulator: the gateway says less then, and nothing that is not so.

What the simulator does while one is off is tested in `tests/adapters/beeline_simulator/test_assumptions.py`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve, frozen
from tests.adapters.beeline_simulator.here import SimulatorHere, simulator_here
from tests.adapters.beeline_simulator.receiver import Receiver
from tests.adapters.gateways.beeline_kit import CLIENT, a_client, a_dial

from telephony_adapters.beeline_simulator import COMPANY
from telephony_adapters.beeline_simulator.assumptions import MOSCOW
from telephony_adapters.beeline_simulator.behaviours import Behaviour, BehaviourKind
from telephony_adapters.beeline_simulator.ledger import LedgerEntry
from telephony_adapters.gateways.beeline import (
    BeelineClient,
    BeelineGateway,
    BeelineStatuses,
    DurationUnit,
    NumberFormat,
    Subscriptions,
    parse_report,
    to_provider_report,
)
from telephony_core.call import Attempt, HangUp
from telephony_core.call_facts import AttemptState, Fact, FactKind, LegName, Outcome, Reading, read
from telephony_core.phone import PhoneNumber
from telephony_core.ports import (
    Accepted,
    CannotTell,
    DialAnswer,
    Found,
    LookUp,
    OutcomeUnknown,
    ProviderReport,
    Refused,
)
from telephony_core.testing.examples import an_attempt, an_ip_phone
from telephony_core.testing.fakes import FakeClock

LINE, MOBILE = (line.user_id for line in COMPANY.lines_of("E-1"))

REREAD_AFTER = 0.02
"""Enough for a row that grows in milliseconds."""


@frozen
class Office:
    """A gateway, a subscription and what it brought, at a provider for which an assumption is false."""

    simulator: SimulatorHere
    client: BeelineClient
    gateway: BeelineGateway
    receiver: Receiver

    def reports(self) -> list[ProviderReport]:
        found = (to_provider_report(parse_report(body), datetime.now(UTC)) for body in self.receiver.bodies)
        return [report for report in found if report is not None]

    def behaves(self, kind: BehaviourKind, talk_seconds: float | None = None) -> None:
        self.simulator.exchange.behaviours[CLIENT.e164] = Behaviour(kind, talk_seconds)


@frozen
class Played:
    """A call to its end, and the look-up after it."""

    attempt: Attempt
    answer: DialAnswer
    reports: list[ProviderReport]
    looked_up: LookUp
    entry: LedgerEntry

    def by_reports(self) -> Reading:
        return read(self.attempt.facts.union(*(report.facts for report in self.reports)))

    def by_all(self) -> Reading:
        assert isinstance(self.looked_up, Found)
        return read(self.attempt.facts.union(self.looked_up.facts, *(report.facts for report in self.reports)))


@contextlib.asynccontextmanager
async def office(assumption: str, **options: Any) -> AsyncIterator[Office]:
    async with simulator_here(assume_off=[assumption]) as simulator:
        with Receiver() as receiver:
            async with a_client(simulator.base_url, token=simulator.token) as client:
                await Subscriptions(client, receiver.url).keep(datetime.now(UTC))
                gateway = BeelineGateway(client, **{"reread_after": REREAD_AFTER, **options})
                yield Office(simulator, client, gateway, receiver)


def attempt_of(line: str = LINE) -> Attempt:
    return an_attempt(started_at=datetime.now(UTC), device=an_ip_phone(line=line), phone_number=CLIENT)


async def play(office: Office, line: str = LINE) -> Played:
    attempt = attempt_of(line)
    answer = await office.gateway.start(a_dial(line=line))
    await office.simulator.idle()
    looked_up = await office.gateway.look_up(attempt)
    (entry,) = office.simulator.ledger()
    return Played(attempt, answer, office.reports(), looked_up, entry)


async def call_without(assumption: str, line: str = LINE, **options: Any) -> Played:
    async with office(assumption, **options) as here:
        return await play(here, line)


async def test_without_ba1_reports_are_of_an_unknown_reference_and_statistics_settle() -> None:
    call = await call_without("BA1")
    assert isinstance(call.answer, Accepted)
    assert call.answer.reference not in {report.reference for report in call.reports}
    assert isinstance(call.looked_up, Found)
    accepted = call.attempt.facts | {Fact(LegName.EMPLOYEE, FactKind.ACCEPTED, call.attempt.started_at)}
    assert read(accepted | call.looked_up.facts).outcome is Outcome.TALKED


async def test_without_ba2_the_employees_own_line_is_told_as_it_is() -> None:
    """The verdict on it, `employee_number` for every call, is the core's."""
    call = await call_without("BA2")
    assert isinstance(call.looked_up, Found)
    assert call.looked_up.shown == PhoneNumber("+79067010101")
    assert call.looked_up.shown.e164 != call.entry.shown_number


async def test_without_ba3_the_shown_number_is_told_as_it_is() -> None:
    call = await call_without("BA3", MOBILE)
    assert isinstance(call.looked_up, Found)
    assert call.looked_up.shown is not None
    assert call.looked_up.shown.e164 == call.entry.shown_number != f"+7{MOBILE}"


async def test_without_ba4_the_call_is_refused_until_the_setting_is_changed() -> None:
    refused = await call_without("BA4")
    assert isinstance(refused.answer, Refused)
    assert refused.answer.code == "InvalidPhoneNumber"
    assert refused.entry.employee_rang_at is None
    taken = await call_without("BA4", number_format=NumberFormat.EIGHT)
    assert isinstance(taken.answer, Accepted)


async def test_without_ba5_no_status_is_known() -> None:
    """D2: a missing status stands against nothing."""
    async with office("BA5") as here:
        statuses = BeelineStatuses(here.client, FakeClock())
        await statuses.refresh([an_ip_phone(line=LINE)])
    assert statuses.status(an_ip_phone(line=LINE)) is None


async def test_without_ba6_busy_looks_like_no_answer() -> None:
    async with office("BA6") as here:
        here.behaves(BehaviourKind.BUSY)
        call = await play(here)
    assert call.by_reports().outcome is Outcome.NO_ANSWER


async def test_without_ba7_a_talk_is_still_a_talk() -> None:
    """Only its length by statistics alone is wrong, until the setting is changed; where reports came theirs stays."""
    lengths = {}
    for unit in DurationUnit:
        async with office("BA7", duration_unit=unit) as here:
            here.behaves(BehaviourKind.ANSWERS, talk_seconds=1.2 * here.simulator.exchange.config.speed)
            call = await play(here)
            facts = call.attempt.facts.union(*(report.facts for report in call.reports))
            beside_reports = await here.gateway.look_up(evolve(call.attempt, facts=facts))
        assert isinstance(call.looked_up, Found)
        assert isinstance(beside_reports, Found)
        alone, both = read(call.attempt.facts | call.looked_up.facts), read(facts | beside_reports.facts)
        assert alone.outcome is both.outcome is Outcome.TALKED
        lengths[unit] = (alone.talk_seconds, both.talk_seconds)
    assert lengths == {DurationUnit.MILLISECONDS: (0, 1), DurationUnit.SECONDS: (1, 1)}


async def test_without_ba8_a_hang_up_is_not_offered() -> None:
    """As with it: the capability is absent, and who asks all the same is told that nothing was done."""
    async with office("BA8") as here:
        await here.gateway.start(a_dial(line=LINE))
        assert not here.gateway.capabilities.hang_up
        assert not await here.gateway.hang_up(HangUp("attempt-1", LegName.EMPLOYEE, "beeline", LINE, "1:1"))
        assert here.simulator.exchange.live_calls()
        await here.simulator.idle()


async def test_without_ba9_a_call_that_goes_on_is_not_ended_by_its_row() -> None:
    async with office("BA9") as here:
        here.behaves(BehaviourKind.ANSWERS, talk_seconds=1000)
        attempt = attempt_of()
        await here.gateway.start(a_dial(line=LINE))
        while not (entry := here.simulator.ledger()[0]).answered_at:
            looked_up = await here.gateway.look_up(attempt)
            assert isinstance(looked_up, CannotTell)
        assert isinstance(await here.gateway.look_up(attempt), CannotTell)
        (call,) = here.simulator.exchange.live_calls()
        call.end(call.plan.released_by)
        await here.simulator.idle()
        over = await here.gateway.look_up(attempt)
        assert isinstance(over, Found)
        assert (over.shown.e164 if over.shown else None) == entry.shown_number
        assert read(attempt.facts | over.facts).outcome is Outcome.TALKED


async def test_without_ba10_a_refusal_is_believed_until_the_setting_is_changed() -> None:
    """The dangerous one: by default a phone rings whose call was 'refused'. `beeline check` finds it out."""
    believed = await call_without("BA10")
    assert isinstance(believed.answer, Refused)
    assert believed.entry.employee_rang_at is not None
    doubted = await call_without("BA10", listed_only=True)
    assert isinstance(doubted.answer, OutcomeUnknown)
    assert doubted.by_all().outcome is Outcome.TALKED


async def test_without_ba11_no_report_claims_a_talk_and_statistics_do() -> None:
    call = await call_without("BA11")
    by_reports = call.by_reports()
    assert by_reports.client.answered_at is None
    assert by_reports.outcome is not Outcome.TALKED
    assert call.by_all().outcome is Outcome.TALKED


async def test_without_ba12_look_ups_can_not_tell() -> None:
    """The shown number stays `not_reported`, an unknown attempt ends `unresolved`; the reports say what they say."""
    call = await call_without("BA12")
    assert isinstance(call.looked_up, CannotTell)
    assert call.by_reports().outcome is Outcome.TALKED


async def test_without_ba13_look_ups_can_not_tell() -> None:
    call = await call_without("BA13")
    assert isinstance(call.looked_up, CannotTell)
    assert call.by_reports().outcome is Outcome.TALKED


async def test_without_ba14_a_renewal_gives_nothing_up() -> None:
    async with office("BA14") as here:
        keeper = Subscriptions(here.client, here.receiver.url)
        now = datetime.now(UTC)
        await keeper.keep(now)
        first = keeper.subscription_id
        for minutes in range(0, 70, 2):
            await keeper.keep(now + timedelta(minutes=minutes))
            assert here.simulator.exchange.subscriptions.ids() == [first] == [keeper.subscription_id]


async def test_without_ba15_times_are_those_of_receipt_and_lengths_stay() -> None:
    async with office("BA15") as here:
        here.behaves(BehaviourKind.ANSWERS, talk_seconds=150)
        before = datetime.now(UTC)
        call = await play(here)
    reading = call.by_reports()
    assert b"Z</xsi:startTime>" not in here.receiver.bodies[0]
    assert reading.outcome is Outcome.TALKED
    assert reading.client.answered_at is not None
    assert call.entry.answered_at is not None
    assert abs(reading.client.answered_at - call.entry.answered_at) < timedelta(seconds=2) < MOSCOW
    assert all(before - timedelta(seconds=2) <= report.at <= datetime.now(UTC) for report in call.reports)
    released = call.reports[-1]
    alone = read(call.attempt.facts | released.facts)
    assert (alone.outcome, alone.talk_seconds) == (Outcome.TALKED, reading.talk_seconds)


async def test_without_ba16_a_lost_answer_is_not_matched_by_inference_and_statistics_settle() -> None:
    call = await call_without("BA16")
    assert call.reports
    assert LINE not in {report.line for report in call.reports}
    unknown = evolve(
        call.attempt, facts=call.attempt.facts | {Fact(LegName.EMPLOYEE, FactKind.ANSWER_LOST, call.attempt.started_at)}
    )
    assert unknown.reading.state is AttemptState.OUTCOME_UNKNOWN
    assert isinstance(call.looked_up, Found)
    assert read(unknown.facts | call.looked_up.facts).outcome is Outcome.TALKED
