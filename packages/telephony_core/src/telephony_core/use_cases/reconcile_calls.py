"""Settles what nobody waits for any more: stage time-outs, unknown outcomes, intents left by a dead process.

One round at a time, driven by a runner; many may run, for every step is a transaction on one attempt's version, and a
look-up is claimed before it is made.
"""

from __future__ import annotations

import logging
from asyncio import gather
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import evolve, frozen

from telephony_core.call import Attempt, Command, ShownNumber
from telephony_core.call_facts import Fact, FactKind, LegName, time_outs
from telephony_core.caller_id import Verdict
from telephony_core.errors import StoreUnavailable
from telephony_core.ports import Absent, CannotTell, ConcurrentChange, Found, LookUp, ProviderGateway, Store, UnitOfWork
from telephony_core.use_cases.dial_leg import LegDialler
from telephony_core.use_cases.match_reports import ReportMatcher
from telephony_core.use_cases.note_facts import FactNotes
from telephony_core.use_cases.rules import Rules

log: logging.Logger = logging.getLogger(__name__)

BATCH = 200
"""Attempts read in one go: more than a call centre of some hundred employees has alive."""

AT_ONCE = 8
"""Look-ups under way at once: a provider that answers slowly delays the eighth part, and is not run over."""

LOOK_UP_PAUSES = tuple(timedelta(seconds=pause) for pause in (3, 5, 10, 20, 40, 60, 120))
"""How long to wait for the next look-up after each in vain; the last one repeats."""

REPORTS_KEPT = timedelta(days=2)
"""A report proves for this long that it was here before, far beyond any provider's own repeats."""


@frozen
class Reconciled:
    """What a round did, for the worker's log and metrics."""

    timed_out: int = 0
    looked_up: int = 0
    settled: int = 0


@frozen
class ReconcileCalls:
    store: Store
    gateways: Mapping[str, ProviderGateway]
    notes: FactNotes
    matcher: ReportMatcher
    dialler: LegDialler
    rules: Rules

    async def __call__(self) -> Reconciled:
        """One round over all that is alive or to be asked about. After a `StoreUnavailable` the next one does it."""
        timed_out = await self.pass_time_outs()
        looked_up, settled = await self.look_up_due()
        return Reconciled(timed_out, looked_up, settled)

    async def forget(self) -> int:
        """Drop used keys and reports that have served. Cheap, and enough once in a few minutes."""
        async with self.store.write() as uow:
            now = await uow.now()
            gone = await uow.keys.forget_before(now - self.rules.key_lifetime)
            gone += await uow.reports.forget_before(now - REPORTS_KEPT)
            await uow.commit()
        return gone

    # --- time-outs -------------------------------------------------------------------------------------------------

    async def pass_time_outs(self) -> int:
        """Pass the stages that are overdue and apply what waits for unknown attempts. Asks no provider, so that no
        provider holds it up; returns how many attempts changed."""
        after_id, changed = "", 0
        while True:
            async with self.store.read() as uow:
                now = await uow.now()
                batch = await uow.calls.live_attempts(after_id, BATCH)
                # Only what there is something to write about gets a transaction, which then looks anew.
                due = [
                    attempt.id
                    for attempt in batch
                    if self._overdue(attempt, now, reports_heard=True)
                    or (attempt.reading.doubtful and await self.matcher.could_catch_up(uow, attempt))
                ]
            for attempt_id in due:
                try:
                    changed += await self._pass(attempt_id)
                except StoreUnavailable:
                    raise
                except Exception:
                    log.exception("time-outs of attempt %s could not be passed", attempt_id)
            if len(batch) < BATCH:
                return changed
            after_id = batch[-1].id

    def _overdue(self, attempt: Attempt, now: datetime, *, reports_heard: bool) -> frozenset[Fact]:
        return time_outs(
            attempt.facts,
            started_at=attempt.started_at,
            now=now,
            limits=self.rules.limits,
            reports_heard=reports_heard,
        )

    async def _pass(self, attempt_id: str) -> int:
        began_at = self.dialler.clock.now()
        try:
            async with self.store.write() as uow:
                attempt = await uow.calls.attempt(attempt_id)
                if attempt is None or not attempt.live:
                    return 0
                now = await uow.now()
                heard = await uow.reports.heard_since(attempt.provider, attempt.started_at)
                after, due = await self.notes.note(uow, attempt, self._overdue(attempt, now, reports_heard=heard), now)
                after, more = await self.matcher.catch_up(uow, after, now)
                if after == attempt:
                    return 0
                await uow.commit()
        except ConcurrentChange:
            return 0  # somebody learnt something at this moment; the next round sees it
        await self.dialler.carry_out((*due, *more), began_at)
        return 1

    # --- look-ups --------------------------------------------------------------------------------------------------

    async def look_up_due(self) -> tuple[int, int]:
        """Ask the providers about what is due, some at a time; returns how many were asked about and settled."""
        async with self.store.read() as uow:
            due = await uow.calls.due_for_look_up(await uow.now(), BATCH)
        answers = [answer async for answer in _asked_about(due, self._look_up)]
        made = [answer for answer in answers if isinstance(answer, int)]
        return len(made), sum(made)

    async def _look_up(self, attempt: Attempt) -> int | None:
        """1 if that settled something, 0 if not, None if another worker asks about it."""
        claimed = await self._claim(attempt.id)
        return await self.ask(claimed) if claimed is not None else None

    async def ask_all(self, attempts: Sequence[Attempt]) -> None:
        """Ask about each of them, claimed or not, some at a time. May raise `StoreUnavailable`."""
        async for answer in _asked_about(attempts, self.ask):
            if isinstance(answer, StoreUnavailable):
                raise answer

    async def ask(self, attempt: Attempt) -> int:
        """Ask the provider about an attempt and write down what it says: 1 if that changed something, else 0.

        `attempt` as it is known now: what the provider says is judged by it. May raise `StoreUnavailable`.
        """
        gateway = self.gateways.get(attempt.provider)
        answer = await gateway.look_up(attempt) if gateway is not None else CannotTell("no such gateway any more")
        return await self._settle(attempt.id, answer)

    async def _claim(self, attempt_id: str) -> Attempt | None:
        """Put the next look-up off before this one is made, so that no other worker makes it too."""
        try:
            async with self.store.write() as uow:
                attempt, now = await uow.calls.attempt(attempt_id), await uow.now()
                if attempt is None or attempt.look_up_at is None or attempt.look_up_at > now:
                    return None
                pause = LOOK_UP_PAUSES[min(attempt.look_ups, len(LOOK_UP_PAUSES) - 1)]
                claimed = evolve(attempt, look_up_at=now + pause, look_ups=attempt.look_ups + 1)
                claimed = await uow.calls.save_attempt(claimed)
                await uow.commit()
        except ConcurrentChange:
            return None
        return claimed

    async def _settle(self, attempt_id: str, answer: LookUp) -> int:
        due: tuple[Command, ...] = ()
        began_at = self.dialler.clock.now()
        try:
            async with self.store.write() as uow:
                attempt, now = await uow.calls.attempt(attempt_id), await uow.now()
                if attempt is None:
                    return 0
                after, due = await self._learn(uow, attempt, answer, now)
                after = await self._stop_waiting(uow, after, now)
                if after == attempt:
                    return 0
                await uow.commit()
        except ConcurrentChange:
            return 0
        await self.dialler.carry_out(due, began_at)
        return 1

    async def _learn(
        self, uow: UnitOfWork, attempt: Attempt, answer: LookUp, now: datetime
    ) -> tuple[Attempt, tuple[Command, ...]]:
        match answer:
            case Found():
                return await self.notes.note(
                    uow,
                    attempt,
                    answer.facts,
                    now,
                    reference=answer.reference,
                    shown=answer.shown,
                    record_url=answer.record_url,
                )
            case Absent() if attempt.live:
                # The provider keeps its calls and has none such: the request never arrived.
                return await self.notes.note(uow, attempt, [Fact(LegName.EMPLOYEE, FactKind.NOT_SENT, now)], now)
            case _:
                return attempt, ()

    async def _stop_waiting(self, uow: UnitOfWork, attempt: Attempt, now: datetime) -> Attempt:
        """A shown number not reported long after the end counts as not reported (C10); no record is waited for."""
        waited = attempt.ended_at is not None and now >= attempt.ended_at + self.rules.shown_wait
        if attempt.look_up_at is None or not waited:
            return attempt
        shown = attempt.shown or ShownNumber(None, Verdict.NOT_REPORTED)
        given_up = evolve(attempt, shown=shown, look_up_at=None)
        return await uow.calls.save_attempt(given_up)


_Ask = Callable[[Attempt], Awaitable[int | None]]


async def _asked_about(attempts: Sequence[Attempt], ask: _Ask) -> AsyncIterator[int | StoreUnavailable | None]:
    """What asking came to, for each attempt, some at a time: a failure with one holds up no other."""
    for place in range(0, len(attempts), AT_ONCE):
        for answer in await gather(*(_tried(ask, attempt) for attempt in attempts[place : place + AT_ONCE])):
            yield answer


async def _tried(ask: _Ask, attempt: Attempt) -> int | StoreUnavailable | None:
    try:
        return await ask(attempt)
    except StoreUnavailable as away:
        return away
    except Exception:
        log.exception("attempt %s could not be looked up", attempt.id)
        return 0
