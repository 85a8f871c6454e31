"""Stores that break a promise each: the fake one but for one thing, as a store in earnest might get it wrong.

One long module: a list, a fault a piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve

from telephony_core.call import Attempt, Call
from telephony_core.caller_id import EarlierTalk
from telephony_core.carousel import Carousel, NumberUse
from telephony_core.events import CallEvent
from telephony_core.phone import PhoneNumber
from telephony_core.ports import CallFilter, CallPage, KeyRecord, KeyScope, ProviderReport, Reservation
from telephony_core.testing.contracts import StoreContract
from telephony_core.testing.fake_calls import FakeCalls
from telephony_core.testing.fake_personal_data import FakePersonalData
from telephony_core.testing.fake_repositories import FakeCarousel, FakeEvents, FakeKeys, FakeReports, FakeReservations
from telephony_core.testing.fake_store import FakeUnitOfWork
from telephony_core.testing.fake_world import KeptReport, Turn
from telephony_core.testing.fakes import FakeClock, FakeStore

_US = timedelta(microseconds=1)


class FaultyStore(FakeStore):
    """A fake store whose units of work are changed when they are made."""

    def __init__(self, change: Callable[[Any], None]) -> None:
        super().__init__(FakeClock())
        self._change = change

    def read(self) -> FakeUnitOfWork:
        return self._changed(super().read())

    def glance(self) -> FakeUnitOfWork:
        return self._changed(super().glance())

    def write(self) -> FakeUnitOfWork:
        return self._changed(super().write())

    def _changed(self, unit: FakeUnitOfWork) -> FakeUnitOfWork:
        self._change(unit)
        return unit


FAULTS: dict[str, tuple[str, Callable[[], FakeStore]]] = {}
"""By name: the rule that it breaks, and how it is made."""


def breaks(rule: str, part: str) -> Callable[[type[Any]], type[Any]]:
    """A class that takes the place of a unit's `part`."""

    def register(repository: type[Any]) -> type[Any]:
        def change(unit: Any) -> None:
            setattr(unit, part, repository(unit))

        FAULTS[repository.__name__] = (rule, lambda: FaultyStore(change))
        return repository

    return register


def breaks_as_unit(rule: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """A function that changes the unit itself."""

    def register(change: Callable[[Any], None]) -> Callable[[Any], None]:
        FAULTS[change.__name__] = (rule, lambda: FaultyStore(change))
        return change

    return register


def contract_of(make: Callable[[], FakeStore]) -> type[StoreContract]:
    class Contract(StoreContract):
        concurrency = 40

        async def make_store(self) -> FakeStore:
            return make()

        async def let_time_pass(self, store: Any) -> None:
            store.clock.turn(_US)

        async def stored_events(self, store: Any) -> Sequence[CallEvent]:
            events: Sequence[CallEvent] = store.events
            return events

    return Contract


# --- Units of work --------------------------------------------------------------------------------------------------


@breaks_as_unit("K7")
def a_commit_forgets_reservations(unit: Any) -> None:
    commit = unit.commit

    async def forgetful() -> None:
        if unit.writes:
            unit.world().reservations = dict(unit.store.world.reservations)
        await commit()

    unit.commit = forgetful


@breaks_as_unit("K7")
def a_rollback_keeps_a_row(unit: Any) -> None:
    leave = unit.__class__.__aexit__

    class Keeping(type(unit)):  # type: ignore[misc]
        async def __aexit__(self, *failure: object) -> None:
            own = self._own
            await leave(self, *failure)
            if own is not None and self._over != "after its commit":
                for call_id, call in own.calls.items():
                    self.store.world.calls.setdefault(call_id, call)

    unit.__class__ = Keeping


@breaks_as_unit("K7")
def an_error_is_swallowed(unit: Any) -> None:
    leave = unit.__class__.__aexit__

    class Swallowing(type(unit)):  # type: ignore[misc]
        async def __aexit__(self, *failure: object) -> bool:
            await leave(self, *failure)
            return True

    unit.__class__ = Swallowing


@breaks_as_unit("K7")
def others_see_what_is_not_committed(unit: Any) -> None:
    begin = unit.store.begin_writing

    async def in_place() -> Any:
        await begin()
        return unit.store.world

    if unit.writes:
        unit.store.begin_writing = in_place


@breaks_as_unit("C9")
def the_clock_stands_since_the_transaction_began(unit: Any) -> None:
    """PostgreSQL's `now()`, where `clock_timestamp()` is meant."""
    now, seen = unit.now, []

    async def began() -> datetime:
        seen.append(await now())
        return seen[0]

    unit.now = began


@breaks_as_unit("C9")
def the_clock_is_naive(unit: Any) -> None:
    now = unit.now

    async def naive() -> datetime:
        return (await now()).replace(tzinfo=None)

    unit.now = naive


# --- Calls ----------------------------------------------------------------------------------------------------------


@breaks("K7", "calls")
class AttemptsAreSavedWhateverTheirVersion(FakeCalls):
    async def save_attempt(self, attempt: Attempt) -> Attempt:
        stored = await self.attempt(attempt.id)
        return await super().save_attempt(evolve(attempt, version=stored.version if stored else 0))


@breaks("K7", "calls")
class CallsAreSavedWhateverTheirVersion(FakeCalls):
    async def save(self, call: Call) -> None:
        stored = await self.get(call.id)
        await super().save(evolve(call, version=stored.version if stored else 0))


@breaks("K1", "calls")
class ASavedCallBringsOldAttemptsBack(FakeCalls):
    async def save(self, call: Call) -> None:
        await super().save(call)
        world = self._unit.world_to_change()
        world.calls[call.id] = evolve(world.calls[call.id], attempts=call.attempts)


@breaks("K7", "calls")
class TheLatestFactReplacesTheOthers(FakeCalls):
    async def save_attempt(self, attempt: Attempt) -> Attempt:
        latest = max(attempt.facts, key=lambda fact: fact.at)
        return await super().save_attempt(evolve(attempt, facts=frozenset([latest])))


@breaks("K7", "calls")
class InstantsLoseTheirMicroseconds(FakeCalls):
    async def add(self, call: Call) -> None:
        await super().add(evolve(call, due_at=call.due_at.replace(microsecond=0) if call.due_at else None))


@breaks("K6", "calls")
class ExternalIdsAreGivenTwice(FakeCalls):
    async def add(self, call: Call) -> None:
        self._unit.world_to_change().calls[call.id] = call


@breaks("K7", "calls")
class PagesLoseARowAtEqualInstants(FakeCalls):
    async def page(self, wanted: CallFilter, *, cursor: str | None, limit: int) -> CallPage:
        page = await super().page(wanted, cursor=cursor, limit=limit)
        if cursor is None or not page.items:
            return page
        before = await super().page(wanted, cursor=None, limit=1000)
        place = next(place for place, call in enumerate(before.items) if call.id == page.items[0].id)
        last = before.items[place - 1].created_at
        return evolve(page, items=tuple(call for call in page.items if call.created_at != last))


@breaks("K7", "calls")
class PagesGoByOffset(FakeCalls):
    async def page(self, wanted: CallFilter, *, cursor: str | None, limit: int) -> CallPage:
        offset = int(cursor) if cursor and cursor.isdigit() else 0
        everything = (await super().page(wanted, cursor=None, limit=1000)).items
        more = offset + limit < len(everything)
        return CallPage(everything[offset : offset + limit], str(offset + limit) if more else None)


@breaks("K7", "calls")
class UntilIsIncluded(FakeCalls):
    async def page(self, wanted: CallFilter, *, cursor: str | None, limit: int) -> CallPage:
        until = wanted.until + _US if wanted.until else None
        return await super().page(evolve(wanted, until=until), cursor=cursor, limit=limit)


@breaks("K2", "calls")
class UnknownAttemptsAreNotLive(FakeCalls):
    async def live_attempts(self, after_id: str, limit: int) -> tuple[Attempt, ...]:
        found = await super().live_attempts(after_id, limit)
        return tuple(attempt for attempt in found if attempt.reading.state != "outcome_unknown")


@breaks("K2", "calls")
class TheNewestLookUpComesFirst(FakeCalls):
    async def due_for_look_up(self, now: datetime, limit: int) -> tuple[Attempt, ...]:
        return (await super().due_for_look_up(now, 1000))[::-1][:limit]


@breaks("K3", "calls")
class WhoWaitsForTheAnswerIsNotMatched(FakeCalls):
    async def unreferenced_attempts(
        self, provider: str, line: str, number: PhoneNumber, since: datetime
    ) -> tuple[Attempt, ...]:
        found = await super().unreferenced_attempts(provider, line, number, since)
        return tuple(attempt for attempt in found if attempt.reading.state == "outcome_unknown")


@breaks("K3", "calls")
class AReferenceIsClaimedTwice(FakeCalls):
    async def save_attempt(self, attempt: Attempt) -> Attempt:
        saved = await super().save_attempt(evolve(attempt, provider_reference=None))
        world = self._unit.world_to_change()
        claimed = evolve(saved, provider_reference=attempt.provider_reference)
        world.calls[saved.call_id] = world.calls[saved.call_id].with_attempt(claimed)
        return claimed


@breaks("K1", "calls")
class ReferencesAreOfAnyProvider(FakeCalls):
    async def attempt_by_reference(self, provider: str, reference: str) -> Attempt | None:
        found = (each for each in self._unit.world().attempts() if each.provider_reference == reference)
        return next(found, None)


@breaks("N4", "calls")
class OnlyTalksAreCounted(FakeCalls):
    async def count_attempts(self, employee_id: str, since: datetime, or_since: datetime) -> tuple[int, int]:
        attempts = [each for each in self._unit.world().attempts() if each.employee_id == employee_id]
        starts = [each.started_at for each in attempts if each.reading.outcome == "talked"]
        return sum(at >= since for at in starts), sum(at >= or_since for at in starts)


@breaks("N4", "calls")
class TheDayIsCountedForTheHour(FakeCalls):
    async def count_attempts(self, employee_id: str, since: datetime, or_since: datetime) -> tuple[int, int]:
        first = min(since, or_since)
        return await super().count_attempts(employee_id, first, first)


@breaks("C6", "calls")
class TheFirstTalkIsRemembered(FakeCalls):
    async def earlier_talk(self, client_id: str, number: PhoneNumber) -> EarlierTalk | None:
        talks = [each for each in self._unit.world().attempts() if each.reading.outcome == "talked"]
        mine = [each for each in talks if each.client_id == client_id and each.phone_number == number]
        first = min(mine, key=lambda each: each.started_at, default=None)
        requested = first.decision.requested if first else None
        return EarlierTalk(requested, first.started_at) if first and requested else None


@breaks("C6", "calls")
class AMissedCallCountsAsATalk(FakeCalls):
    async def earlier_talk(self, client_id: str, number: PhoneNumber) -> EarlierTalk | None:
        last = (await self.last_attempts(client_id, [number])).get(number)
        requested = last.decision.requested if last and last.decision.pool_id else None
        return EarlierTalk(requested, last.started_at) if last and requested else None


# --- Reservations and keys ------------------------------------------------------------------------------------------


@breaks("K5", "reservations")
class TheLastWhoTakesHasIt(FakeReservations):
    async def take(self, attempt_id: str, wanted: Iterable[Reservation]) -> None:
        self._unit.world_to_change().reservations.update(dict.fromkeys(wanted, attempt_id))


@breaks("K5", "reservations")
class TakesWhatIsLeft(FakeReservations):
    async def take(self, attempt_id: str, wanted: Iterable[Reservation]) -> None:
        held = self._unit.world_to_change().reservations
        for each in wanted:
            held.setdefault(each, attempt_id)


@breaks("K5", "reservations")
class GivesUpWhatAnotherHolds(FakeReservations):
    async def give_up(self, attempt_id: str, which: Iterable[Reservation] | None = None) -> int:
        held = self._unit.world_to_change().reservations
        asked = list(held) if which is None else [each for each in which if each in held]
        for each in asked:
            del held[each]
        return len(asked)


@breaks("K5", "reservations")
class AKindIsNoPartOfAReservation(FakeReservations):
    async def take(self, attempt_id: str, wanted: Iterable[Reservation]) -> None:
        held = self._unit.world_to_change().reservations
        for each in wanted:
            if any(other.value == each.value for other in held):
                raise self._unit.lose()
            held[each] = attempt_id


@breaks("K5", "reservations")
class SaysThatItGaveUpTwice(FakeReservations):
    async def give_up(self, attempt_id: str, which: Iterable[Reservation] | None = None) -> int:
        gone = await super().give_up(attempt_id, which)
        return gone or 3


class _KeysOf(FakeKeys):
    """Keys of a scope that is too wide."""

    def scope(self, scope: KeyScope) -> KeyScope:
        raise NotImplementedError

    async def get(self, scope: KeyScope) -> KeyRecord | None:
        record = await super().get(self.scope(scope))
        return evolve(record, scope=scope) if record else None

    async def put(self, record: KeyRecord) -> None:
        await super().put(evolve(record, scope=self.scope(record.scope)))


@breaks("K4", "keys")
class AnotherPrincipalCanReplayAKey(_KeysOf):
    def scope(self, scope: KeyScope) -> KeyScope:
        return evolve(scope, principal_id="anybody")


@breaks("K4", "keys")
class AKeyIsOfAllEmployees(_KeysOf):
    def scope(self, scope: KeyScope) -> KeyScope:
        return evolve(scope, employee_id="anybody")


@breaks("K4", "keys")
class KeysIgnoreCase(_KeysOf):
    def scope(self, scope: KeyScope) -> KeyScope:
        return evolve(scope, key=scope.key.lower())


@breaks("K4", "keys")
class AKeyIsPutAgain(FakeKeys):
    async def put(self, record: KeyRecord) -> None:
        self._unit.world_to_change().keys[record.scope] = record


@breaks("K4", "keys")
class KeysAreForgottenWhileTheirAttemptLives(FakeKeys):
    async def forget_before(self, instant: datetime) -> int:
        keys = self._unit.world_to_change().keys
        old = [scope for scope, record in keys.items() if record.created_at < instant]
        for scope in old:
            del keys[scope]
        return len(old)


# --- The carousel ---------------------------------------------------------------------------------------------------


@breaks("C0", "carousel")
class ACarouselOutOfOrderIsStored(FakeCarousel):
    async def store(self, carousel: Carousel) -> None:
        self._unit.world_to_change().carousel = carousel


@breaks("C3", "carousel")
class TheDayOfACapBeginsInUtc(FakeCarousel):
    """Forgets the cap at midnight in another time zone."""

    async def uses(self, provider: str, day_began_at: datetime) -> Mapping[PhoneNumber, NumberUse]:
        return await super().uses(provider, day_began_at.replace(hour=0, minute=0, second=0, microsecond=0))


@breaks("C3", "carousel")
class ADayIsTheLastTwentyFourHours(FakeCarousel):
    async def uses(self, provider: str, day_began_at: datetime) -> Mapping[PhoneNumber, NumberUse]:
        return await super().uses(provider, self._unit.store.clock.now() - timedelta(days=1))


@breaks("C7", "carousel")
class APickIsGivenBackUnlessItWasShown(FakeCarousel):
    async def uses(self, provider: str, day_began_at: datetime) -> Mapping[PhoneNumber, NumberUse]:
        found = await super().uses(provider, day_began_at)
        return {number: use if use.last_shown_at else NumberUse() for number, use in found.items()}


@breaks("C3", "carousel")
class AShowCountsAsAPick(FakeCarousel):
    async def count_show(self, number: PhoneNumber, at: datetime) -> None:
        await super().count_show(number, at)
        turns = self._unit.world_to_change().turns
        before = turns.get(number, Turn("siberia", 0, 0))
        turns[number] = evolve(before, picks=before.picks + 1)


@breaks("C7", "carousel")
class ATurnFollowsANumberIntoItsNextPool(FakeCarousel):
    async def uses(self, provider: str, day_began_at: datetime) -> Mapping[PhoneNumber, NumberUse]:
        turns = self._unit.world().turns
        found = await super().uses(provider, day_began_at)
        return {
            number: evolve(use, turn=turns[number].turn) if number in turns else use for number, use in found.items()
        }


@breaks("C7", "carousel")
class TwoPicksAtOnceTakeOneTurn(FakeCarousel):
    """Reads the pool's count without a lock."""

    async def take_turn(self, pool_id: str, number: PhoneNumber) -> None:
        world = self._unit.world_to_change()
        await super().take_turn(pool_id, number)
        world.turns[number] = evolve(world.turns[number], turn=1)


@breaks("P3", "carousel")
class UsesAreLostWithTheNextSetting(FakeCarousel):
    async def store(self, carousel: Carousel) -> None:
        await super().store(carousel)
        world = self._unit.world_to_change()
        world.turns, world.shows = {}, {}


@breaks("C8", "carousel")
class NumbersAreListedAnew(FakeCarousel):
    """The order of a generation's numbers is lost, which a stored decision's index relies on (C8)."""

    async def load(self, *, choosing_for: str | None = None) -> Carousel:
        carousel = await super().load(choosing_for=choosing_for)
        pools = []
        for pool in carousel.pools:
            generations = (
                evolve(each, numbers=tuple(sorted(each.numbers, key=lambda number: number.number)))
                for each in pool.generations
            )
            pools.append(evolve(pool, generations=tuple(generations)))
        return Carousel(tuple(pools))


# --- Reports, events, personal data ---------------------------------------------------------------------------------


@breaks("K7", "reports")
class AReportBeforeTheAnswerIsLost(FakeReports):
    """Loses a fact that comes before the answer: of a call that isn't known yet nothing is kept."""

    async def add(self, report: ProviderReport, now: datetime, attempt_id: str | None = None) -> bool:
        known = any(
            attempt.provider_reference == report.reference is not None for attempt in self._unit.world().attempts()
        )
        return await super().add(report, now, attempt_id) if known else True


@breaks("Law 10", "reports")
class AReportIsKnownByItsEventIdAlone(FakeReports):
    async def add(self, report: ProviderReport, now: datetime, attempt_id: str | None = None) -> bool:
        reports = self._unit.world_to_change().reports
        if any(key[2] == report.event_id for key in reports):
            return False
        return await super().add(report, now, attempt_id)


@breaks("Law 10", "reports")
class AReportIsTakenTwice(FakeReports):
    async def add(self, report: ProviderReport, now: datetime, attempt_id: str | None = None) -> bool:
        key = report.provider, report.subscription_id, report.event_id
        self._unit.world_to_change().reports[key] = KeptReport(report, now, attempt_id)
        return True


@breaks("K1", "reports")
class OnlyTheStrongestFactOfAReportIsKept(FakeReports):
    async def add(self, report: ProviderReport, now: datetime, attempt_id: str | None = None) -> bool:
        return await super().add(evolve(report, facts=frozenset(list(report.facts)[:1])), now, attempt_id)


@breaks("K3", "reports")
class CallsDialledByHandAreInferred(FakeReports):
    async def unmatched_of_line(
        self, provider: str, line: str, number: PhoneNumber, since: datetime
    ) -> tuple[ProviderReport, ...]:
        return tuple(
            report
            for report in self._unmatched()
            if (report.provider, report.line, report.phone_number) == (provider, line, number) and report.at >= since
        )


@breaks("K2", "reports")
class AnyProviderIsHeard(FakeReports):
    async def heard_since(self, provider: str, since: datetime) -> bool:
        return any(each.received_at >= since for each in self._unit.world().reports.values())


@breaks("K7", "events")
class EventsOutliveTheirTransaction(FakeEvents):
    async def add(self, event: CallEvent) -> None:
        self._unit.store.world.events.append(event)  # type: ignore[attr-defined]
        await super().add(event)


@breaks("P3", "personal")
class ALiveAttemptLosesItsNumber(FakePersonalData):
    async def erase_client(self, client_id: str) -> Any:
        world = self._unit.world_to_change()
        for attempt in world.attempts():
            if attempt.client_id == client_id and attempt.live:
                changed = evolve(attempt, record_url=None, phone_number=PhoneNumber("+70000000000"))
                world.calls[attempt.call_id] = world.calls[attempt.call_id].with_attempt(changed)
        return await super().erase_client(client_id)


@breaks("P3", "personal")
class NotesAreKept(FakePersonalData):
    async def erase_client(self, client_id: str) -> Any:
        world = self._unit.world_to_change()
        notes = {call.id: call.note for call in world.calls.values()}
        erased = await super().erase_client(client_id)
        for call_id, note in notes.items():
            world.calls[call_id] = evolve(world.calls[call_id], note=note)
        return erased


# --- At the edges ---------------------------------------------------------------------------------------------------


@breaks("C6", "calls")
class ALeakedNumberIsRemembered(FakeCalls):
    async def earlier_talk(self, client_id: str, number: PhoneNumber) -> EarlierTalk | None:
        attempts = self._unit.world().attempts()
        told = [each for each in attempts if each.client_id == client_id and each.shown and each.shown.number]
        seen = told[-1].shown.number if told and told[-1].shown else None
        return EarlierTalk(seen, told[-1].started_at) if seen else await super().earlier_talk(client_id, number)


@breaks("N4", "calls")
class WhatWasNotSentIsNotCounted(FakeCalls):
    """So the limit stops nobody who presses a thousand times while the provider is away."""

    async def count_attempts(self, employee_id: str, since: datetime, or_since: datetime) -> tuple[int, int]:
        attempts = [each for each in self._unit.world().attempts() if each.employee_id == employee_id]
        starts = [each.started_at for each in attempts if each.reading.outcome != "not_sent"]
        return sum(at >= since for at in starts), sum(at >= or_since for at in starts)


@breaks("N1", "calls")
class AnAttemptInProgressIsNotTheLast(FakeCalls):
    async def last_attempts(self, client_id: str, numbers: Iterable[PhoneNumber]) -> Mapping[PhoneNumber, Attempt]:
        found = await super().last_attempts(client_id, numbers)
        return {number: attempt for number, attempt in found.items() if not attempt.live}


@breaks("K1", "calls")
class ReferencesIgnoreCase(FakeCalls):
    async def attempt_by_reference(self, provider: str, reference: str) -> Attempt | None:
        attempts = [each for each in self._unit.world().attempts() if each.provider == provider]
        return next((each for each in attempts if (each.provider_reference or "").lower() == reference.lower()), None)


@breaks("K7", "calls")
class ExternalIdsIgnoreCase(FakeCalls):
    async def by_external_id(self, external_id: str) -> Call | None:
        calls = self._unit.world().calls.values()
        return next((call for call in calls if (call.external_id or "").lower() == external_id.lower()), None)


@breaks("K5", "reservations")
class GivesUpAllWhereNothingIsNamed(FakeReservations):
    """`if not which`, where `if which is None` is meant."""

    async def give_up(self, attempt_id: str, which: Iterable[Reservation] | None = None) -> int:
        return await super().give_up(attempt_id, list(which or ()) or None)


@breaks("K5", "reservations")
class TakesWhatItHasOnceMore(FakeReservations):
    async def take(self, attempt_id: str, wanted: Iterable[Reservation]) -> None:
        held = self._unit.world_to_change().reservations
        await super().take(attempt_id, [each for each in wanted if held.get(each) != attempt_id])


@breaks("K4", "keys")
class KeysAreCut(_KeysOf):
    """A column that is too short, in a database that says nothing."""

    def scope(self, scope: KeyScope) -> KeyScope:
        return evolve(scope, key=scope.key[:100])


@breaks("K4", "keys")
class KeysLoseTheirBlanks(_KeysOf):
    def scope(self, scope: KeyScope) -> KeyScope:
        return evolve(scope, key=scope.key.strip())


@breaks("K3", "reports")
class TheInstantItselfIsTooEarly(FakeReports):
    async def unmatched_of_line(
        self, provider: str, line: str, number: PhoneNumber, since: datetime
    ) -> tuple[ProviderReport, ...]:
        return await super().unmatched_of_line(provider, line, number, since + _US)


@breaks("K2", "reports")
class TheLastWordIsNotHeard(FakeReports):
    async def heard_since(self, provider: str, since: datetime) -> bool:
        return await super().heard_since(provider, since + _US)


@breaks("P3", "reports")
class ForgetsReportsOneMicrosecondEarly(FakeReports):
    async def forget_before(self, instant: datetime) -> int:
        return await super().forget_before(instant + _US)


@breaks("C3", "carousel")
class ShowsOfOneMinuteAreOne(FakeCarousel):
    async def count_show(self, number: PhoneNumber, at: datetime) -> None:
        shows = self._unit.world().shows.get(number, ())
        if all(abs(at - shown) >= timedelta(minutes=1) for shown in shows):
            await super().count_show(number, at)


@breaks("C3", "carousel")
class ShowsLoseTheirMicroseconds(FakeCarousel):
    async def count_show(self, number: PhoneNumber, at: datetime) -> None:
        await super().count_show(number, at.replace(microsecond=0))


@breaks("C8", "carousel")
class RefreshesLoseTheirMicroseconds(FakeCarousel):
    async def store(self, carousel: Carousel) -> None:
        pools = [
            evolve(
                pool,
                generations=tuple(
                    evolve(each, activates_at=each.activates_at.replace(microsecond=0)) for each in pool.generations
                ),
            )
            for pool in carousel.pools
        ]
        await super().store(Carousel(tuple(pools)))


@breaks("P3", "carousel")
class RetiredNumbersWereNeverUsed(FakeCarousel):
    async def uses(self, provider: str, day_began_at: datetime) -> Mapping[PhoneNumber, NumberUse]:
        found, now = await super().uses(provider, day_began_at), self._unit.store.clock.now()
        active = [pool.active(now) for pool in self._unit.world().carousel.pools]
        return {number: use for number, use in found.items() if any(each and each.has(number) for each in active)}
