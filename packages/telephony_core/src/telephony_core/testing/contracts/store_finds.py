"""The part of the store's contract about finding Calls and attempts again: lists, counts, memories, what is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from attrs import evolve

from telephony_core.call import Attempt, Call, CallState, ShownNumber
from telephony_core.caller_id import Verdict
from telephony_core.errors import InvalidRequest
from telephony_core.party import Target, TargetKind
from telephony_core.ports import CallFilter, CallPage, ConcurrentChange, Store
from telephony_core.testing.contracts.store_base import (
    StoreContractBase,
    now_of,
    once,
    put_attempt,
    put_call,
    see,
)
from telephony_core.testing.examples import (
    CLIENT_NUMBER,
    NOW,
    PROVIDER,
    SIM_NUMBER,
    a_decision,
    a_mobile,
    a_number,
    an_attempt,
    an_attempt_that,
    an_ip_phone,
)

ANY = CallFilter()
_LINE = an_ip_phone().line
_MINUTE = timedelta(minutes=1)


async def _page(store: Store, wanted: CallFilter, cursor: str | None, limit: int) -> CallPage:
    return await see(store, lambda uow: uow.calls.page(wanted, cursor=cursor, limit=limit))


async def _listed(store: Store, wanted: CallFilter = ANY, *, limit: int = 100) -> list[str]:
    """The ids of all pages of a list."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = await _page(store, wanted, cursor, limit)
        assert len(page.items) <= limit
        found += [call.id for call in page.items]
        if page.next_cursor is None:
            return found
        assert page.items, "an empty page with a next one"
        cursor = page.next_cursor


class FindsContract(StoreContractBase):
    """Every sentence of `ports.CallRepository` about finding."""

    # --- what may still happen ----------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("story", "found"),
        [("unknown", True), ("unresolved", True), ("requested", True), ("refused", False), ("not_sent", False)],
    )
    async def test_attempts_without_a_reference_are_those_that_a_report_could_be_about(
        self, store: Store, story: str, found: bool
    ) -> None:
        """K3: those whose answer was lost and those that wait for it, not those that were surely not dialled."""
        attempt = await put_attempt(store, an_attempt_that(story))
        seen = await see(store, lambda uow: uow.calls.unreferenced_attempts(PROVIDER, _LINE, CLIENT_NUMBER, NOW))
        assert seen == ((attempt,) if found else ())

    async def test_an_attempt_without_a_reference_is_of_its_provider_line_number_and_time(self, store: Store) -> None:
        """K3: an attempt without a reference is of its provider line number and time."""
        await put_attempt(store, an_attempt_that("unknown"))
        await put_attempt(store, an_attempt_that("unknown", provider_reference="ref-1"))

        async def count(provider: str, line: str, place: int | None = None, since: datetime = NOW) -> int:
            number = CLIENT_NUMBER if place is None else a_number(place)
            return len(await see(store, lambda uow: uow.calls.unreferenced_attempts(provider, line, number, since)))

        assert await count(PROVIDER, _LINE) == 1
        assert await count("asterisk", _LINE) == 0
        assert await count(PROVIDER, "1018@pbx") == 0
        assert await count(PROVIDER, _LINE, 5) == 0
        assert await count(PROVIDER, _LINE, since=NOW + timedelta(microseconds=1)) == 0

    async def test_a_reference_is_one_attempt_s(self, store: Store) -> None:
        """K3: two attempts never claim the same call of the provider."""
        await put_attempt(store, an_attempt_that("accepted", provider_reference="ref-1"))
        other = await put_attempt(store, an_attempt_that("requested", started_at=NOW + timedelta(minutes=5)))

        with pytest.raises(ConcurrentChange):
            await once(store, lambda uow: uow.calls.save_attempt(evolve(other, provider_reference="ref-1")))

    async def test_live_attempts_come_by_id_in_portions(self, store: Store) -> None:
        """K2: whoever reconciles sees each live attempt once, and no ended one."""
        stories = ["requested", "busy", "talking", "unknown", "not_sent", "ringing_client", "unresolved"]
        attempts = [await put_attempt(store, an_attempt_that(story)) for story in stories]
        live = sorted(attempt.id for attempt in attempts if attempt.live)
        first = await see(store, lambda uow: uow.calls.live_attempts("", 3))
        rest = await see(store, lambda uow: uow.calls.live_attempts(first[-1].id, 3))
        assert [attempt.id for attempt in (*first, *rest)] == live
        assert first[0] == next(attempt for attempt in attempts if attempt.id == live[0])

    async def test_an_attempt_that_ends_is_live_no_more(self, store: Store) -> None:
        """K1: an attempt that ends is live no more."""
        attempt = await put_attempt(store, an_attempt())
        ended = attempt.learn(an_attempt_that("no_answer").facts, NOW)
        await once(store, lambda uow: uow.calls.save_attempt(ended))
        assert await see(store, lambda uow: uow.calls.live_attempts("", 9)) == ()

    async def test_look_ups_come_when_they_are_due_the_longest_due_first(self, store: Store) -> None:
        """K2: not later than `now`, whether live or ended; without a time there is nothing to ask."""
        late = await put_attempt(store, an_attempt_that("busy", look_up_at=NOW))
        later = await put_attempt(store, an_attempt(look_up_at=NOW - _MINUTE))
        await put_attempt(store, an_attempt(look_up_at=NOW + timedelta(microseconds=1)))
        await put_attempt(store, an_attempt(look_up_at=None))
        assert await see(store, lambda uow: uow.calls.due_for_look_up(NOW, 9)) == (later, late)
        assert await see(store, lambda uow: uow.calls.due_for_look_up(NOW, 1)) == (later,)
        await once(store, lambda uow: uow.calls.save_attempt(evolve(later, look_up_at=None)))
        assert await see(store, lambda uow: uow.calls.due_for_look_up(NOW, 9)) == (late,)

    # --- what was ---------------------------------------------------------------------------------------------

    async def test_attempts_are_counted_by_employee_since_an_instant(self, store: Store) -> None:
        """N4: ended ones too, whatever became of them, from the instant itself on."""
        stories = ["busy", "talking", "not_sent", "refused", "unresolved", "busy"]
        for ago, story in enumerate(stories):
            await put_attempt(store, an_attempt_that(story, started_at=NOW - ago * _MINUTE))
        await put_attempt(store, an_attempt(employee_id="E-6"), employee_id="E-6")
        for ago, or_ago in ((4, 1), (0, 5), (2, 2)):
            since, or_since = NOW - ago * _MINUTE, NOW - or_ago * _MINUTE
            async with store.read() as uow:
                assert await uow.calls.count_attempts("E-5", since, or_since) == (ago + 1, or_ago + 1)
        nobodys = await see(store, lambda uow: uow.calls.count_attempts("E-7", NOW - 2 * _MINUTE, NOW - 9 * _MINUTE))
        assert nobodys == (0, 0)

    async def test_the_earlier_talk_is_the_latest_of_this_client_at_this_number(self, store: Store) -> None:
        """C6: it remembers which number the client was shown when we talked."""
        for days, place in ((5, 5), (2, 2), (9, 9)):
            at = NOW - timedelta(days=days)
            shown = a_decision(decided_at=at, requested=a_number(place))
            await put_attempt(store, an_attempt_that("talked", started_at=at, decision=shown))
        await put_attempt(store, an_attempt_that("no_answer", started_at=NOW - timedelta(days=1)))
        talk = await see(store, lambda uow: uow.calls.earlier_talk("C-17", CLIENT_NUMBER))
        assert talk is not None
        assert talk.shown == a_number(2)
        assert timedelta(0) <= talk.at - (NOW - timedelta(days=2)) <= timedelta(minutes=2)
        assert await see(store, lambda uow: uow.calls.earlier_talk("C-18", CLIENT_NUMBER)) is None
        assert await see(store, lambda uow: uow.calls.earlier_talk("C-17", a_number(1))) is None

    async def test_the_earlier_talk_remembers_what_the_client_really_saw(self, store: Store) -> None:
        """C6: where the provider told which number of the carousel it showed, that one; a leaked one of the employee's
        is no number to be known by."""
        leaked = ShownNumber(SIM_NUMBER, Verdict.EMPLOYEE_NUMBER)
        await put_attempt(store, an_attempt_that("talked", shown=leaked, started_at=NOW + _MINUTE))
        assert await see(store, lambda uow: uow.calls.earlier_talk("C-17", CLIENT_NUMBER)) is None
        shown = ShownNumber(a_number(4), Verdict.OTHER_POOL)
        await put_attempt(store, an_attempt_that("talked", shown=shown))
        talk = await see(store, lambda uow: uow.calls.earlier_talk("C-17", CLIENT_NUMBER))
        assert talk is not None
        assert talk.shown == a_number(4)

    async def test_a_talk_from_a_mobile_leaves_no_number_of_the_carousel(self, store: Store) -> None:
        """C6: a SIM's number is never shown from an IP phone; an older talk from the carousel still counts."""
        await put_attempt(store, an_attempt_that("talked", device=a_mobile()))
        assert await see(store, lambda uow: uow.calls.earlier_talk("C-17", CLIENT_NUMBER)) is None
        await put_attempt(store, an_attempt_that("talked", started_at=NOW - timedelta(days=1)))
        talk = await see(store, lambda uow: uow.calls.earlier_talk("C-17", CLIENT_NUMBER))
        assert talk is not None
        assert talk.shown == a_number(0)

    async def test_last_attempts_are_the_latest_to_each_number_for_this_client(self, store: Store) -> None:
        """N1: of this client, the asked numbers only; live ones, too."""

        async def put(place: int, minutes: int, client_id: str = "C-17") -> Attempt:
            at = NOW + minutes * _MINUTE
            story = "talking" if minutes == 3 else "busy"
            attempt = an_attempt_that(story, started_at=at, phone_number=a_number(place), client_id=client_id)
            return await put_attempt(store, attempt, target=Target(TargetKind.CLIENT, client_id))

        await put(1, 1)
        second = await put(2, 2)
        latest = await put(1, 3)
        await put(1, 4, "C-18")
        await put(3, 5)
        wanted = [a_number(1), a_number(2), a_number(4)]
        found = await see(store, lambda uow: uow.calls.last_attempts("C-17", wanted))
        assert dict(found) == {a_number(1): latest, a_number(2): second}
        assert dict(await see(store, lambda uow: uow.calls.last_attempts("C-17", []))) == {}

    # --- lists ------------------------------------------------------------------------------------------------

    async def test_pages_bring_every_call_once_newest_first(self, store: Store) -> None:
        """K7: whatever the size of a page; Calls made at one instant too."""
        calls = [await put_call(store, created_at=NOW + (place // 2) * _MINUTE) for place in range(7)]
        newest_first = [call.id for call in sorted(calls, key=lambda call: (call.created_at, call.id), reverse=True)]
        for limit in (1, 2, 3, 7, 100):
            assert await _listed(store, limit=limit) == newest_first

    async def test_a_page_holds_whole_calls(self, store: Store) -> None:
        """K7: a page holds whole calls."""
        call = await put_call(store, an_attempt_that("busy"), an_attempt())
        page = await _page(store, ANY, None, 5)
        assert page.items == (call,)
        assert page.next_cursor is None

    async def test_a_cursor_survives_new_calls(self, store: Store) -> None:
        """K7: a keyset, no offset: what is new comes in front, and nothing is seen twice or left out."""
        calls = [await put_call(store, created_at=NOW + place * _MINUTE) for place in range(4)]
        first = await _page(store, ANY, None, 2)
        await put_call(store, created_at=NOW + 9 * _MINUTE)
        second = await _page(store, CallFilter(), first.next_cursor, 2)
        assert [call.id for call in (*first.items, *second.items)] == [call.id for call in reversed(calls)]
        assert second.next_cursor is None

    @pytest.mark.parametrize("cursor", ["", "nonsense", "0", "eyJhIjoxfQ==", "%00", "я"])
    async def test_a_cursor_that_is_not_ours_is_refused(self, store: Store, cursor: str) -> None:
        with pytest.raises(InvalidRequest):
            await _page(store, CallFilter(), cursor, 5)

    @pytest.mark.parametrize(
        ("wanted", "fits"),
        [
            (ANY, lambda _: True),
            (CallFilter(employee_id="E-6"), lambda call: call.employee_id == "E-6"),
            (CallFilter(client_id="C-17"), lambda call: call.client_id == "C-17"),
            (CallFilter(interest_id="I-1"), lambda call: call.target == Target(TargetKind.INTEREST, "I-1")),
            (CallFilter(external_id="task-3"), lambda call: call.external_id == "task-3"),
            (CallFilter(since=NOW + 2 * _MINUTE), lambda call: call.created_at >= NOW + 2 * _MINUTE),
            (CallFilter(until=NOW + 2 * _MINUTE), lambda call: call.created_at < NOW + 2 * _MINUTE),
            (
                CallFilter(employee_id="E-5", client_id="C-17", since=NOW + _MINUTE),
                lambda call: (
                    call.employee_id == "E-5" and call.client_id == "C-17" and call.created_at >= NOW + _MINUTE
                ),
            ),
            (CallFilter(external_id="task-99"), lambda _: False),
        ],
        ids=["any", "employee", "client", "interest", "external_id", "since", "until", "together", "none"],
    )
    async def test_a_list_shows_what_its_filter_asks_for(
        self, store: Store, wanted: CallFilter, fits: Callable[[Call], bool]
    ) -> None:
        """K7: each condition, and all of them together; `since` is in, `until` is out; page by page the same."""
        targets = [
            (Target(TargetKind.CLIENT, "C-17"), "C-17"),
            (Target(TargetKind.INTEREST, "I-1"), "C-17"),
            (Target(TargetKind.INTEREST, "I-2"), "C-18"),
            (Target(TargetKind.CLIENT, "I-1"), "I-1"),
        ]
        calls = [
            await put_call(
                store,
                target=targets[place % 4][0],
                client_id=targets[place % 4][1],
                employee_id=f"E-{5 + place % 2}",
                external_id=f"task-{place}",
                created_at=NOW + place * _MINUTE,
            )
            for place in range(8)
        ]
        expected = [call.id for call in reversed(calls) if fits(call)]
        assert await _listed(store, wanted) == expected
        assert await _listed(store, wanted, limit=1) == expected

    async def test_a_list_of_a_state_shows_the_calls_that_are_in_it_now(self, store: Store) -> None:
        """K6: the state is derived from the attempts and the age (K6); page by page the same."""
        now = await now_of(store)
        calls: dict[CallState, list[str]] = {state: [] for state in CallState}

        async def put(state: CallState, *stories: str, ago: timedelta = _MINUTE, **changes: datetime) -> None:
            attempts = [an_attempt_that(story, started_at=now - ago) for story in stories]
            call = await put_call(store, *attempts, created_at=now - ago, **changes)
            calls[state].append(call.id)

        long_ago = timedelta(days=31)
        await put(CallState.PLANNED)
        await put(CallState.PLANNED, ago=long_ago, due_at=now + timedelta(days=1))
        await put(CallState.CLOSED, ago=long_ago)
        await put(CallState.CLOSED, closed_at=now)
        await put(CallState.IN_PROGRESS, "talking")
        await put(CallState.IN_PROGRESS, "busy", "unknown")
        await put(CallState.COMPLETED, "no_answer", "talked", "busy")
        await put(CallState.NOT_REACHED, "busy")
        await put(CallState.CLOSED, "talked", ago=long_ago)
        await put(CallState.CLOSED, "talked", closed_at=now)
        await put(CallState.IN_PROGRESS, "talking", ago=long_ago)
        for state, expected in calls.items():
            for limit in (1, 100):
                assert sorted(await _listed(store, CallFilter(state=state), limit=limit)) == sorted(expected), state
