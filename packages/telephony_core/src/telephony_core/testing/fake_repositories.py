"""The repositories of the fake store but that of Calls; reached through a unit of work of `FakeStore`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import evolve

from telephony_core.carousel import Carousel, NumberUse
from telephony_core.errors import CarouselConflict
from telephony_core.events import CallEvent
from telephony_core.phone import PhoneNumber
from telephony_core.ports import (
    KeyRecord,
    KeyScope,
    ProviderReport,
    Reservation,
)
from telephony_core.testing.fake_world import KeptReport, ReportKey, Turn, Unit


class FakeReservations:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def holders(self, wanted: Iterable[Reservation]) -> Mapping[Reservation, str]:
        held = self._unit.world().reservations
        return {each: held[each] for each in wanted if each in held}

    async def take(self, attempt_id: str, wanted: Iterable[Reservation]) -> None:
        held = self._unit.world_to_change().reservations
        for each in wanted:
            if each in held:
                raise self._unit.lose()
            held[each] = attempt_id

    async def give_up(self, attempt_id: str, which: Iterable[Reservation] | None = None) -> int:
        held = self._unit.world_to_change().reservations
        asked = set(held) if which is None else set(which)
        mine = [each for each, holder in held.items() if holder == attempt_id and each in asked]
        for each in mine:
            del held[each]
        return len(mine)


class FakeKeys:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def get(self, scope: KeyScope) -> KeyRecord | None:
        return self._unit.world().keys.get(scope)

    async def put(self, record: KeyRecord) -> None:
        keys = self._unit.world_to_change().keys
        if record.scope in keys:
            raise self._unit.lose()
        keys[record.scope] = record

    async def forget_before(self, instant: datetime) -> int:
        world = self._unit.world_to_change()
        live = {attempt.id for attempt in world.attempts() if attempt.live}
        old = [
            scope
            for scope, record in world.keys.items()
            if record.created_at < instant and record.attempt_id not in live
        ]
        for scope in old:
            del world.keys[scope]
        return len(old)


class FakeCarousel:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def load(self, *, choosing_for: str | None = None) -> Carousel:
        # Writing units run one after the other: their locks are held from the beginning.
        return self._unit.world_to_change().carousel if choosing_for is not None else self._unit.world().carousel

    async def uses(self, provider: str, day_began_at: datetime) -> Mapping[PhoneNumber, NumberUse]:
        world, now = self._unit.world(), self._unit.store.clock.now()
        found: dict[PhoneNumber, NumberUse] = {}
        for pool in world.carousel.of_provider(provider).pools:
            active = pool.active(now)
            for generation in pool.generations:
                for number in (each.number for each in generation.numbers):
                    if number in found and generation is not active:
                        continue  # of two pools that number a number theirs, the one where it is active counts
                    turn = world.turns.get(number)
                    shows = world.shows.get(number, ())
                    found[number] = NumberUse(
                        picks=turn.picks if turn else 0,
                        # A turn of another pool says nothing in this one: there the number is new.
                        turn=turn.turn if turn and turn.pool_id == pool.id else 0,
                        shows_today=sum(at >= day_began_at for at in shows),
                        last_shown_at=max(shows, default=None),
                    )
        return found

    async def take_turn(self, pool_id: str, number: PhoneNumber) -> None:
        world = self._unit.world_to_change()
        world.counts[pool_id] = world.counts.get(pool_id, 0) + 1
        before = world.turns.get(number)
        world.turns[number] = Turn(pool_id, world.counts[pool_id], (before.picks if before else 0) + 1)

    async def count_show(self, number: PhoneNumber, at: datetime) -> None:
        shows = self._unit.world_to_change().shows
        shows[number] = (*shows.get(number, ()), at)

    async def store(self, carousel: Carousel) -> None:
        world = self._unit.world_to_change()
        faults = carousel.faults()
        if faults:
            named = [{"pool": fault.pool_id, "fault": fault.fault, "about": fault.about} for fault in faults]
            raise CarouselConflict(faults=named)
        world.carousel = carousel


class FakeReports:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, report: ProviderReport, now: datetime, attempt_id: str | None = None) -> bool:
        reports = self._unit.world_to_change().reports
        if _key(report) in reports:
            return False
        reports[_key(report)] = KeptReport(report, now, attempt_id)
        return True

    async def mark_matched(self, report: ProviderReport, attempt_id: str) -> None:
        reports = self._unit.world_to_change().reports
        reports[_key(report)] = evolve(reports[_key(report)], attempt_id=attempt_id)

    async def unmatched_of_reference(self, provider: str, reference: str) -> tuple[ProviderReport, ...]:
        return tuple(
            report for report in self._unmatched() if (report.provider, report.reference) == (provider, reference)
        )

    async def unmatched_of_line(
        self, provider: str, line: str, number: PhoneNumber, since: datetime
    ) -> tuple[ProviderReport, ...]:
        return tuple(
            report
            for report in self._unmatched()
            if (report.provider, report.line, report.phone_number) == (provider, line, number)
            and report.placed_by_us
            and report.at >= since
        )

    def _unmatched(self) -> list[ProviderReport]:
        return [kept.report for kept in self._unit.world().reports.values() if kept.attempt_id is None]

    async def heard_since(self, provider: str, since: datetime) -> bool:
        kept = self._unit.world().reports.values()
        return any(each.report.provider == provider and each.received_at >= since for each in kept)

    async def forget_before(self, instant: datetime) -> int:
        reports = self._unit.world_to_change().reports
        old = [key for key, kept in reports.items() if kept.received_at < instant]
        for key in old:
            del reports[key]
        return len(old)


def _key(report: ProviderReport) -> ReportKey:
    return report.provider, report.subscription_id, report.event_id


class FakeEvents:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, event: CallEvent) -> None:
        self._unit.world_to_change().events.append(event)
