"""Takes clients' numbers out of the fake store; reached through a unit of work of `FakeStore`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import evolve

from telephony_core.call import Attempt, Call
from telephony_core.events import CallEvent
from telephony_core.phone import ERASED_NUMBER
from telephony_core.ports import Erased
from telephony_core.testing.fake_world import Unit


class FakePersonalData:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def erase_client(self, client_id: str) -> Erased:
        return self._erase(
            lambda attempt: attempt.client_id == client_id,
            lambda call: call.client_id == client_id,
            lambda event: event.client_id == client_id,
        )

    async def erase_before(self, instant: datetime, limit: int) -> Erased:
        def is_old(call: Call) -> bool:
            stirs = [call.created_at, call.due_at, *(attempt.started_at for attempt in call.attempts)]
            return all(stir is None or stir < instant for stir in stirs)

        return self._erase(
            lambda attempt: attempt.started_at < instant, is_old, lambda event: event.at < instant, limit=limit
        )

    def _erase(
        self,
        attempt_fits: Callable[[Attempt], bool],
        call_fits: Callable[[Call], bool],
        event_fits: Callable[[CallEvent], bool],
        *,
        limit: int | None = None,
    ) -> Erased:
        world = self._unit.world_to_change()
        attempts = [
            attempt
            for attempt in world.attempts()
            if attempt_fits(attempt) and not attempt.live and attempt.phone_number != ERASED_NUMBER
        ][:limit]
        for attempt in attempts:
            bare = evolve(
                attempt,
                phone_number=ERASED_NUMBER,
                record_url=None,
                look_up_at=None,
                version=attempt.version + 1,
            )
            world.calls[attempt.call_id] = world.calls[attempt.call_id].with_attempt(bare)
        calls = [call for call in world.calls.values() if call_fits(call) and call.note is not None][:limit]
        for call in calls:
            world.calls[call.id] = evolve(call, note=None, version=call.version + 1)
        ids, numbers = {attempt.id for attempt in attempts}, {attempt.phone_number for attempt in attempts}
        reports = [
            key
            for key, kept in world.reports.items()
            if (kept.attempt_id in ids or kept.report.phone_number in numbers)
            and (kept.report.phone_number or kept.report.record_url)
        ]
        for key in reports:
            kept = world.reports[key]
            world.reports[key] = evolve(kept, report=evolve(kept.report, phone_number=None, record_url=None))
        places = [
            place
            for place, event in enumerate(world.events)
            if event_fits(event) and event.phone_number is not None and not _of_a_live_one(event, world.attempts())
        ][:limit]
        for place in places:
            world.events[place] = evolve(world.events[place], phone_number=None)
        return Erased(len(attempts), len(calls), len(reports), len(places))


def _of_a_live_one(event: CallEvent, attempts: list[Attempt]) -> bool:
    return any(attempt.id == event.attempt_id and attempt.live for attempt in attempts)
