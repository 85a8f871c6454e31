"""Asks a gateway to dial or to hang up, and writes down its answer: the second of a dial's two commits.

The only place from which anything is dialled. Its caller has committed the intent; here the request is made once, and
whatever comes of it, a lost answer and a dead database included, is never a reason to make it again (K3).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from attrs import frozen

from telephony_core.call import Attempt, Command, Dial, HangUp, MatchedBy
from telephony_core.call_facts import Fact, FactKind, LegName
from telephony_core.errors import StoreUnavailable
from telephony_core.ports import (
    Accepted,
    Clock,
    ConcurrentChange,
    DialAnswer,
    NotSent,
    OutcomeUnknown,
    ProviderGateway,
    Refused,
    Store,
    UnitOfWork,
)
from telephony_core.use_cases.match_reports import ReportMatcher
from telephony_core.use_cases.note_facts import FactNotes

log: logging.Logger = logging.getLogger(__name__)

TRIES = 20
"""How often a transaction is begun again when others win: more than can happen, fewer than for ever."""


@frozen
class Recorded:
    """An attempt with the answer to its request, as it was stored at the instant `at`."""

    attempt: Attempt
    at: datetime


@frozen
class Dialled:
    """What the gateway answered; `recorded` None if that could not be stored."""

    answer: DialAnswer
    recorded: Recorded | None


@frozen
class LegDialler:
    """`clock` only tells how long ago an intent was decided, so that no process dials after others gave it up."""

    store: Store
    gateways: Mapping[str, ProviderGateway]
    notes: FactNotes
    matcher: ReportMatcher
    clock: Clock

    async def carry_out(self, commands: Iterable[Command], decided_at: datetime) -> None:
        """Do what is due at the gateway. Each command's own failure is written down or left to reconciliation."""
        for command in commands:
            if isinstance(command, HangUp):
                await self.hang_up(command)
            else:
                await self.dial(command, decided_at)

    async def hang_up(self, command: HangUp) -> bool:
        return await self.gateways[command.provider].hang_up(command)

    async def dial(self, command: Dial, decided_at: datetime) -> Dialled:
        """Make the request and record its answer. If the answer can't be recorded, reconciliation will find the intent
        without one and settle it as unknown.

        `decided_at` is what `clock` showed when the intent was decided. A process that was held up since for longer
        than the grace doesn't dial any more: with the time that an answer may take it would come after the intent was
        taken for lost, and a person who acknowledged that might be calling the same client.
        """
        try:
            answer: DialAnswer
            if self.clock.now() > decided_at + timedelta(seconds=self.notes.rules.limits.grace):
                answer = NotSent("the process was held up after the intent")
            else:
                answer = await self.gateways[command.provider].start(command)
        except Exception:  # a gateway's bug must not hide that it may have dialled
            log.exception("gateway %s failed on attempt %s", command.provider, command.attempt_id)
            answer = OutcomeUnknown("the gateway failed")
        try:
            return Dialled(answer, await self._record(command, answer))
        except StoreUnavailable:
            log.error("the answer for attempt %s could not be stored; it will be settled later", command.attempt_id)
            return Dialled(answer, None)

    async def _record(self, command: Dial, answer: DialAnswer) -> Recorded | None:
        for tried in range(TRIES):
            began_at = self.clock.now()
            try:
                async with self.store.write() as uow:
                    attempt = await uow.calls.attempt(command.attempt_id)
                    if attempt is None:
                        return None
                    now = await uow.now()
                    attempt, due = await self._note_answer(
                        uow, attempt, command.leg, answer, now, reference_may_be_held=tried > 0
                    )
                    await uow.commit()
            except ConcurrentChange:
                continue
            await self.carry_out(due, began_at)
            await self.catch_up(attempt)
            return Recorded(attempt, now)
        raise StoreUnavailable("Too many changes at once.")

    async def _note_answer(
        self,
        uow: UnitOfWork,
        attempt: Attempt,
        leg: LegName,
        answer: DialAnswer,
        now: datetime,
        *,
        reference_may_be_held: bool,
    ) -> tuple[Attempt, tuple[Command, ...]]:
        reference = answer.reference if isinstance(answer, Accepted) else None
        # Its index tells at the first try: a provider that names two calls alike is no everyday thing.
        if reference is not None and reference_may_be_held:
            holder = await uow.calls.attempt_by_reference(attempt.provider, reference)
            if holder is not None and holder.id != attempt.id:
                log.error("the reference of attempt %s is held by attempt %s", attempt.id, holder.id)
                reference = None
        attempt, due = await self.notes.note(
            uow,
            attempt,
            [_fact(leg, answer, now)],
            now,
            reference=reference,
            matched_by=MatchedBy.REFERENCE if reference else None,
        )
        # Reports may have overtaken the answer; they wait unmatched.
        attempt, more = await self.matcher.catch_up(uow, attempt, now)
        return attempt, (*due, *more)

    async def catch_up(self, attempt: Attempt) -> None:
        """Apply what waits for this attempt, which is as it was stored.

        A report and the answer that names its call may be stored side by side without seeing each other; so each side
        looks again when its own is stored, and the later one finds the other's.
        """
        async with self.store.glance() as uow:
            waits = await self.matcher.could_catch_up(uow, attempt)
        if not waits:
            return
        began_at = self.clock.now()
        try:
            async with self.store.write() as uow:
                stored = await uow.calls.attempt(attempt.id)
                assert stored is not None  # attempts are never deleted
                _, due = await self.matcher.catch_up(uow, stored, await uow.now())
                await uow.commit()
        except ConcurrentChange:
            return  # whoever won has looked, or the next round will
        await self.carry_out(due, began_at)


def _fact(leg: LegName, answer: DialAnswer, now: datetime) -> Fact:
    match answer:
        case Accepted():
            return Fact(leg, FactKind.ACCEPTED, now)
        case Refused(code=code):
            return Fact(leg, FactKind.REFUSED, now, detail=code[:80])
        case NotSent():
            return Fact(leg, FactKind.NOT_SENT, now)
        case _:  # OutcomeUnknown
            return Fact(leg, FactKind.ANSWER_LOST, now)
