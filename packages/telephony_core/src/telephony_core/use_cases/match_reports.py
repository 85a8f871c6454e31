"""Finds the attempt that a provider's report is about, and the reports that an attempt was waiting for.

By the provider's reference where we have it. Where the answer that would have told it was lost, by inference: the same
line, the same number, a call that was placed by us, in the attempt's time, and nothing else that it could be. Two
candidates are no match: a wrong match would be worse than none.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from telephony_core.call import Attempt, Command, MatchedBy
from telephony_core.call_facts import FactKind
from telephony_core.ports import ProviderReport, UnitOfWork
from telephony_core.use_cases.note_facts import FactNotes

CLOCK_SLACK = timedelta(seconds=15)
"""By how much a provider's clock may be behind ours before its reports seem older than the attempt."""


@frozen
class ReportMatcher:
    notes: FactNotes

    async def attempt_of(self, uow: UnitOfWork, report: ProviderReport) -> tuple[Attempt, MatchedBy] | None:
        """The attempt that the report is about, as far as can be known by now."""
        if report.attempt_id is not None:
            found = await uow.calls.attempt(report.attempt_id)
            return (found, MatchedBy.REFERENCE) if found is not None else None
        if report.reference is not None:
            found = await uow.calls.attempt_by_reference(report.provider, report.reference)
            if found is not None:
                return found, found.matched_by or MatchedBy.REFERENCE
        return await self._inferred(uow, report)

    async def _inferred(self, uow: UnitOfWork, report: ProviderReport) -> tuple[Attempt, MatchedBy] | None:
        if not report.placed_by_us or report.line is None or report.phone_number is None:
            return None
        attempts = await uow.calls.unreferenced_attempts(
            report.provider, report.line, report.phone_number, report.at - self._longest_ringing
        )
        candidates = [attempt for attempt in attempts if self._in_its_time(attempt, report)]
        # An attempt that still waits for its answer will be told by it; until then it is a rival of the lost ones.
        if len(candidates) != 1 or not _answer_lost(candidates[0]):
            return None
        rivals = await self._waiting(uow, candidates[0])
        if {each.reference for each in rivals} - {report.reference}:
            return None
        return candidates[0], MatchedBy.INFERENCE

    @property
    def _longest_ringing(self) -> timedelta:
        # From then on an unknown attempt may be acknowledged and the number called again, so that a call which began
        # later may be another attempt's.
        return timedelta(seconds=self.notes.rules.limits.ringing)

    def _in_its_time(self, attempt: Attempt, report: ProviderReport) -> bool:
        return attempt.started_at - CLOCK_SLACK <= report.at <= attempt.started_at + self._longest_ringing

    async def _waiting(self, uow: UnitOfWork, attempt: Attempt) -> list[ProviderReport]:
        reports = await uow.reports.unmatched_of_line(
            attempt.provider, attempt.device.line, attempt.phone_number, attempt.started_at - CLOCK_SLACK
        )
        return [report for report in reports if report.reference is not None and self._in_its_time(attempt, report)]

    async def could_catch_up(self, uow: UnitOfWork, attempt: Attempt) -> bool:
        """Whether reports wait that may be about this attempt; to be asked in a unit of work that only reads."""
        if attempt.provider_reference is not None:
            return bool(await uow.reports.unmatched_of_reference(attempt.provider, attempt.provider_reference))
        return _answer_lost(attempt) and bool(await self._waiting(uow, attempt))

    async def apply(
        self, uow: UnitOfWork, attempt: Attempt, report: ProviderReport, matched_by: MatchedBy, now: datetime
    ) -> tuple[Attempt, tuple[Command, ...]]:
        """Match a report that waited, and write down what it says."""
        await uow.reports.mark_matched(report, attempt.id)
        return await self.note(uow, attempt, report, matched_by, now)

    async def note(
        self, uow: UnitOfWork, attempt: Attempt, report: ProviderReport, matched_by: MatchedBy, now: datetime
    ) -> tuple[Attempt, tuple[Command, ...]]:
        """Write down what one matched report says."""
        return await self.notes.note(
            uow,
            attempt,
            report.facts,
            now,
            reference=report.reference,
            matched_by=matched_by,
            shown=report.shown,
            record_url=report.record_url,
        )

    async def catch_up(self, uow: UnitOfWork, attempt: Attempt, now: datetime) -> tuple[Attempt, tuple[Command, ...]]:
        """Apply the unmatched reports that are now known, or can be inferred, to be about this attempt."""
        matched_by = attempt.matched_by or MatchedBy.REFERENCE
        reference = attempt.provider_reference
        if reference is None and _answer_lost(attempt):
            reference, matched_by = await self._only_reference(uow, attempt), MatchedBy.INFERENCE
        if reference is None:
            return attempt, ()
        due: list[Command] = []
        for report in await uow.reports.unmatched_of_reference(attempt.provider, reference):
            attempt, more = await self.apply(uow, attempt, report, matched_by, now)
            due += more
        return attempt, tuple(due)

    async def _only_reference(self, uow: UnitOfWork, attempt: Attempt) -> str | None:
        waiting = await self._waiting(uow, attempt)
        references = {report.reference for report in waiting}
        if len(references) != 1:
            return None
        rivals = await uow.calls.unreferenced_attempts(
            attempt.provider, attempt.device.line, attempt.phone_number, attempt.started_at - self._longest_ringing
        )
        for rival in rivals:
            if rival.id != attempt.id and any(self._in_its_time(rival, report) for report in waiting):
                return None
        return references.pop()


def _answer_lost(attempt: Attempt) -> bool:
    return any(fact.kind is FactKind.ANSWER_LOST for fact in attempt.facts)
