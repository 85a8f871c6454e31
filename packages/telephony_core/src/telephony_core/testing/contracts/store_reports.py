"""The part of the store's contract about the provider's reports and our own events."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from attrs import evolve

from telephony_core.call_facts import Cause, Fact, FactKind, LegName
from telephony_core.events import CallEvent
from telephony_core.ports import ProviderReport, Store, UnitOfWork
from telephony_core.testing.contracts.store_base import StoreContractBase, at_once, do, put_attempt, see, try_to
from telephony_core.testing.examples import (
    CLIENT_NUMBER,
    NOW,
    PROVIDER,
    a_number,
    a_report,
    an_attempt,
    an_event,
    an_id,
    an_ip_phone,
)

_LINE = an_ip_phone().line
_MINUTE = timedelta(minutes=1)


async def _keep(store: Store, report: ProviderReport, received: datetime = NOW) -> bool:
    return await do(store, lambda uow: uow.reports.add(report, received))


async def _write(store: Store, event: CallEvent) -> None:
    await do(store, lambda uow: uow.events.add(event))


class ReportsContract(StoreContractBase):
    """Every sentence of `ports.ReportLog`."""

    async def test_a_report_is_kept_once(self, store: Store) -> None:
        """Law 10: by provider, subscription and event id, whatever else it says the second time."""
        report = a_report()
        assert await _keep(store, report) is True
        again = evolve(report, at=NOW + _MINUTE, facts=frozenset())
        assert await _keep(store, again, NOW + _MINUTE) is False
        for other in (
            evolve(report, provider="asterisk"),
            evolve(report, subscription_id="subscription-2"),
            evolve(report, event_id=an_id()),
        ):
            assert await _keep(store, other) is True
        kept = await see(store, lambda uow: uow.reports.unmatched_of_reference(PROVIDER, "ref-1"))
        assert kept[0] == report
        assert len(kept) == 3

    async def test_a_repeated_report_does_no_harm_to_its_unit_of_work(self, store: Store) -> None:
        """K7: false, and what else the unit does is stored: no error of the database is left behind."""
        report, event = a_report(), an_event()
        await _keep(store, report)

        async def work(uow: UnitOfWork) -> None:
            assert not await uow.reports.add(report, NOW)
            await uow.events.add(event)

        await do(store, work)
        assert list(await self.stored_events(store)) == [event]

    async def test_a_report_that_is_kept_as_matched_waits_for_nobody(self, store: Store) -> None:
        """K7: matched with its attempt from the first; the second time it is not even that."""
        attempt, report = await put_attempt(store, an_attempt()), a_report()
        assert await do(store, lambda uow: uow.reports.add(report, NOW, attempt.id)) is True
        assert await see(store, lambda uow: uow.reports.unmatched_of_reference(PROVIDER, "ref-1")) == ()
        waiting = evolve(report, event_id=an_id())
        await _keep(store, waiting)
        assert await do(store, lambda uow: uow.reports.add(waiting, NOW, attempt.id)) is False
        assert await see(store, lambda uow: uow.reports.unmatched_of_reference(PROVIDER, "ref-1")) == (waiting,)

    async def test_of_many_who_bring_a_report_one_keeps_it(self, store: Store) -> None:
        """Law 10 under concurrency: one is told True; who gave way to another begins again and is told False."""
        report = a_report()
        told = await at_once(_keep(store, report) for _ in range(10))
        assert sum(told) == 1

    @pytest.mark.parametrize("full", [True, False])
    async def test_an_unmatched_report_is_read_as_it_was_kept(self, store: Store, full: bool) -> None:
        """K1: with all its facts, for the attempt that it will be found to be about."""
        at = NOW + timedelta(microseconds=77)
        facts = frozenset(
            {
                Fact(LegName.CLIENT, FactKind.RELEASED, at, Cause.BUSY, "486 Busy Here"),
                Fact(LegName.EMPLOYEE, FactKind.RELEASED, at, Cause.NORMAL),
            }
        )
        more = {"shown": a_number(3), "record_url": "https://records.invalid/1"} if full else {"phone_number": None}
        report = a_report(at=at, facts=facts, placed_by_us=full, **more)
        await _keep(store, report)
        assert await see(store, lambda uow: uow.reports.unmatched_of_reference(PROVIDER, "ref-1")) == (report,)

    async def test_a_matched_report_waits_no_more(self, store: Store) -> None:
        """K1: a matched report waits no more."""
        attempt = await put_attempt(store, an_attempt(provider_reference="ref-1"))
        matched, waiting = a_report(attempt), a_report(attempt)
        for report in (matched, waiting):
            await _keep(store, report)
        await do(store, lambda uow: uow.reports.mark_matched(matched, attempt.id))
        assert await see(store, lambda uow: uow.reports.unmatched_of_reference(PROVIDER, "ref-1")) == (waiting,)
        of_line = await see(store, lambda uow: uow.reports.unmatched_of_line(PROVIDER, _LINE, CLIENT_NUMBER, NOW))
        assert of_line == (waiting,)
        assert not await _keep(store, matched), "matched, it is still known"

    async def test_reports_wait_under_their_reference(self, store: Store) -> None:
        """K7: reports wait under their reference."""
        mine = a_report()
        for report in (mine, a_report(reference="ref-2"), a_report(provider="asterisk"), a_report(reference=None)):
            await _keep(store, report)
        assert await see(store, lambda uow: uow.reports.unmatched_of_reference(PROVIDER, "ref-1")) == (mine,)

    async def test_reports_wait_under_their_line_and_number(self, store: Store) -> None:
        """K3: for inference; only of calls placed by us, and not of old ones."""
        mine, without_reference = a_report(), a_report(reference=None, at=NOW)
        others = [
            a_report(placed_by_us=False),
            a_report(line="1018@pbx"),
            a_report(line=None),
            a_report(phone_number=a_number(5)),
            a_report(phone_number=None),
            a_report(provider="asterisk"),
            a_report(at=NOW - timedelta(microseconds=1)),
        ]
        for report in (mine, without_reference, *others):
            received = report.at + timedelta(seconds=1)
            await _keep(store, report, received)
        found = await see(store, lambda uow: uow.reports.unmatched_of_line(PROVIDER, _LINE, CLIENT_NUMBER, NOW))
        assert {report.event_id for report in found} == {mine.event_id, without_reference.event_id}

    async def test_whether_a_provider_was_heard(self, store: Store) -> None:
        """K2: any report of it that arrived since then, matched or not, says that the channel lives."""
        attempt = await put_attempt(store, an_attempt())
        report = a_report(attempt, at=NOW - timedelta(hours=1))

        async def heard(provider: str, minutes: int) -> bool:
            return await see(store, lambda uow: uow.reports.heard_since(provider, NOW + minutes * _MINUTE))

        assert not await heard(PROVIDER, -60)
        await _keep(store, report)
        assert await heard(PROVIDER, -1)
        assert await heard(PROVIDER, 0), "at the instant itself"
        assert not await heard(PROVIDER, 1)
        assert not await heard("asterisk", -1)
        await do(store, lambda uow: uow.reports.mark_matched(report, attempt.id))
        assert await heard(PROVIDER, -1)

    async def test_old_reports_are_forgotten(self, store: Store) -> None:
        """P3: by when they were received; what isn't old stays."""
        old, young = a_report(), a_report()
        await _keep(store, old, NOW - _MINUTE - timedelta(microseconds=1))
        await _keep(store, young, NOW - _MINUTE)
        assert await do(store, lambda uow: uow.reports.forget_before(NOW - _MINUTE)) == 1
        assert await see(store, lambda uow: uow.reports.unmatched_of_reference(PROVIDER, "ref-1")) == (young,)


class EventsContract(StoreContractBase):
    """Every sentence of `ports.EventLog`."""

    async def test_events_are_kept_as_they_were_written_in_their_order(self, store: Store) -> None:
        """K7: of an attempt, and of a Call alone."""
        attempt = await put_attempt(store, an_attempt())
        of_call = evolve(an_event(attempt), name="call_planned", attempt_id=None, state=None, phone_number=None)
        events = [an_event(attempt), an_event(attempt, name="attempt_changed"), of_call]
        for event in events:
            await _write(store, event)
        assert list(await self.stored_events(store)) == events

    async def test_an_event_goes_with_what_made_it_true(self, store: Store) -> None:
        """K7: where the change isn't stored, its event isn't either."""
        attempt = await put_attempt(store, an_attempt())
        await do(store, lambda uow: uow.calls.save_attempt(evolve(attempt, record_url="https://records.invalid/1")))

        async def too_late(uow: UnitOfWork) -> None:
            await uow.events.add(an_event(attempt))
            await uow.calls.save_attempt(evolve(attempt, record_url="https://records.invalid/2"))

        assert not await try_to(store, too_late)
        assert list(await self.stored_events(store)) == []
