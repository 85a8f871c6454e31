"""What the store's contract says of taking clients' numbers out (P3)."""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve

from telephony_core.phone import ERASED_NUMBER
from telephony_core.ports import Erased, Store
from telephony_core.testing.contracts.store_base import (
    StoreContractBase,
    do,
    get_attempt,
    get_call,
    put_attempt,
    put_call,
    see,
)
from telephony_core.testing.examples import (
    CLIENT_NUMBER,
    NOW,
    PROVIDER,
    a_report,
    an_attempt_that,
    an_event,
    an_ip_phone,
)

_DAY = timedelta(days=1)
_LINE = an_ip_phone().line


class ErasingContract(StoreContractBase):
    """Every sentence of `ports.PersonalData`."""

    async def test_numbers_go_and_all_else_stays(self, store: Store) -> None:
        """P3: counts, outcomes and ids stay; the note and the address of the record go with the number."""
        told = an_attempt_that("talked", record_url="https://records.invalid/1", look_up_at=NOW)
        call = await put_call(store, told, an_attempt_that("busy"), note="ask for the owner, 8 903 123-45-67")
        erased = await do(store, lambda uow: uow.personal.erase_client("C-17"))
        assert (erased.attempts, erased.calls) == (2, 1)
        found = await get_call(store, call.id)
        assert found is not None
        assert found.note is None
        for before, after in zip(call.attempts, found.attempts, strict=True):
            assert after == evolve(
                before,
                phone_number=ERASED_NUMBER,
                record_url=None,
                look_up_at=None,
                version=before.version + 1,
            )

    async def test_another_clients_numbers_stay(self, store: Store) -> None:
        """P3: another clients numbers stay."""
        other = await put_attempt(store, an_attempt_that("talked", client_id="C-18"), client_id="C-18", note="x")
        await put_attempt(store, an_attempt_that("talked"))
        await do(store, lambda uow: uow.personal.erase_client("C-17"))
        assert await get_attempt(store, other.id) == other
        call = await get_call(store, other.call_id)
        assert call is not None
        assert call.note == "x"

    async def test_events_lose_their_number(self, store: Store) -> None:
        """P3: the masked one, too; nothing else of them changes, nor their order."""
        mine = await put_attempt(store, an_attempt_that("talked"))
        other = await put_attempt(store, an_attempt_that("busy", client_id="C-18"), client_id="C-18")
        events = [an_event(mine), an_event(other), an_event(mine)]
        for event in events:
            await do(store, lambda uow, event=event: uow.events.add(event))  # type: ignore[misc]
        erased = await do(store, lambda uow: uow.personal.erase_client("C-17"))
        assert erased.events == 2
        assert [*await self.stored_events(store)] == [
            evolve(events[0], phone_number=None),
            events[1],
            evolve(events[2], phone_number=None),
        ]

    async def test_reports_lose_their_number(self, store: Store) -> None:
        """P3: of the client's attempts, and unmatched ones of the same number."""
        attempt = await put_attempt(store, an_attempt_that("talked", provider_reference="ref-1"))
        matched, unmatched = a_report(attempt), a_report(attempt, reference=None)
        for report in (matched, unmatched):
            await do(store, lambda uow, report=report: uow.reports.add(report, NOW))  # type: ignore[misc]
        await do(store, lambda uow: uow.reports.mark_matched(matched, attempt.id))
        erased = await do(store, lambda uow: uow.personal.erase_client("C-17"))
        assert erased.reports == 2
        left = await see(store, lambda uow: uow.reports.unmatched_of_line(PROVIDER, _LINE, CLIENT_NUMBER, NOW - _DAY))
        assert left == ()

    async def test_what_is_erased_is_not_erased_again(self, store: Store) -> None:
        """P3: what is erased is not erased again."""
        attempt = await put_attempt(store, an_attempt_that("talked"), note="x")
        await do(store, lambda uow: uow.events.add(an_event(attempt)))
        assert await do(store, lambda uow: uow.personal.erase_client("C-17"))
        assert await do(store, lambda uow: uow.personal.erase_client("C-17")) == Erased()
        assert not await do(store, lambda uow: uow.personal.erase_before(NOW + _DAY, 9))

    async def test_a_live_attempt_is_left_alone(self, store: Store) -> None:
        """P3: its number is still needed: to hang up, to look up, to refuse another one."""
        attempt = await put_attempt(store, an_attempt_that("talking"))
        await do(store, lambda uow: uow.events.add(an_event(attempt)))
        assert await do(store, lambda uow: uow.personal.erase_client("C-17")) == Erased()
        assert await do(store, lambda uow: uow.personal.erase_before(NOW + _DAY, 9)) == Erased()
        assert await get_attempt(store, attempt.id) == attempt

    async def test_who_read_it_before_cannot_write_the_number_back(self, store: Store) -> None:
        """P3: an attempt's version moves on."""
        attempt = await put_attempt(store, an_attempt_that("talked"))
        await do(store, lambda uow: uow.personal.erase_client("C-17"))
        after = await get_attempt(store, attempt.id)
        assert after is not None
        assert after.version == attempt.version + 1

    async def test_what_was_before_an_instant_is_erased_in_portions(self, store: Store) -> None:
        """P3: retention. From the instant itself on everything stays."""
        old = [await put_attempt(store, an_attempt_that("busy", started_at=NOW - days * _DAY)) for days in (3, 2, 1)]
        new = await put_attempt(store, an_attempt_that("busy", started_at=NOW))
        for attempt in (*old, new):
            event = an_event(attempt)
            await do(store, lambda uow, event=event: uow.events.add(event))  # type: ignore[misc]
        portions = [await do(store, lambda uow: uow.personal.erase_before(NOW, 2)) for _ in range(3)]
        assert [(each.attempts, each.events) for each in portions] == [(2, 2), (1, 1), (0, 0)]
        for attempt in old:
            found = await get_attempt(store, attempt.id)
            assert found is not None
            assert found.phone_number == ERASED_NUMBER
        assert await get_attempt(store, new.id) == new
        assert [event.phone_number for event in await self.stored_events(store)][:3] == [None] * 3

    async def test_a_note_goes_once_all_of_its_call_is_old(self, store: Store) -> None:
        """P3: a Call that is due later, or was tried later, keeps its note."""
        long_ago = NOW - 9 * _DAY
        old = await put_call(store, created_at=long_ago, note="old")
        due = await put_call(store, created_at=long_ago, due_at=NOW + _DAY, note="due")
        tried = await put_call(store, an_attempt_that("busy", started_at=NOW), created_at=long_ago, note="tried")
        assert (await do(store, lambda uow: uow.personal.erase_before(NOW - _DAY, 9))).calls == 1
        notes = [call.note for call in [await get_call(store, each.id) for each in (old, due, tried)] if call]
        assert notes == [None, "due", "tried"]
