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

CLOCK_SLACK = timedelta(seconds=60)
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
        unknown = await uow.calls.unknown_attempts(report.provider, report.line, report.phone_number)
        candidates = [attempt for attempt in unknown if self._in_its_time(attempt, report)]
        if len(candidates) != 1:
            return None
        rivals = await self._waiting(uow, candidates[0], report.at)
        if {each.reference for each in rivals} - {report.reference}:
            return None
        return candidates[0], MatchedBy.INFERENCE

    def _in_its_time(self, attempt: Attempt, report: ProviderReport) -> bool:
        longest = timedelta(seconds=self.notes.rules.limits.call)
        return attempt.started_at - CLOCK_SLACK <= report.at <= attempt.started_at + longest

    async def _waiting(self, uow: UnitOfWork, attempt: Attempt, until: datetime) -> list[ProviderReport]:
        reports = await uow.reports.unmatched_of_line(
            attempt.provider, attempt.device.line, attempt.phone_number, attempt.started_at - CLOCK_SLACK
        )
        return [report for report in reports if report.reference is not None and self._in_its_time(attempt, report)]

    async def apply(
        self, uow: UnitOfWork, attempt: Attempt, report: ProviderReport, matched_by: MatchedBy, now: datetime
    ) -> tuple[Attempt, tuple[Command, ...]]:
        """Write down what one matched report says."""
        await uow.reports.mark_matched(report, attempt.id)
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
        if reference is None and any(fact.kind is FactKind.ANSWER_LOST for fact in attempt.facts):
            reference, matched_by = await self._only_reference(uow, attempt, now), MatchedBy.INFERENCE
        if reference is None:
            return attempt, ()
        due: list[Command] = []
        for report in await uow.reports.unmatched_of_reference(attempt.provider, reference):
            attempt, more = await self.apply(uow, attempt, report, matched_by, now)
            due += more
        return attempt, tuple(due)

    async def _only_reference(self, uow: UnitOfWork, attempt: Attempt, now: datetime) -> str | None:
        waiting = await self._waiting(uow, attempt, now)
        rivals = await uow.calls.unknown_attempts(attempt.provider, attempt.device.line, attempt.phone_number)
        if any(rival.id != attempt.id and any(self._in_its_time(rival, each) for each in waiting) for rival in rivals):
            return None
        references = {report.reference for report in waiting}
        return references.pop() if len(references) == 1 else None
