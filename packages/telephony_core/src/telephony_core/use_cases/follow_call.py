"""Follows a Call: applies a provider's report once, and reads Calls for those who may (K1, P4)."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve, frozen

from telephony_core.call import Call, Command
from telephony_core.errors import CallNotFound, StoreUnavailable
from telephony_core.party import Permission, Principal
from telephony_core.ports import CallFilter, CallPage, ConcurrentChange, ProviderReport, Store
from telephony_core.use_cases.dial_leg import TRIES, LegDialler
from telephony_core.use_cases.match_reports import ReportMatcher


@frozen
class ApplyReport:
    store: Store
    matcher: ReportMatcher
    dialler: LegDialler

    async def __call__(self, report: ProviderReport) -> bool:
        """Keep the report and apply it to its attempt, in one transaction; then do what follows from it.

        A report that was here before changes nothing (False). One of a call that we don't know, or not yet, is kept for
        a while. Raises `StoreUnavailable`: the provider shall send it again.
        """
        for _ in range(TRIES):
            began_at = self.dialler.clock.now()
            try:
                applied, matched, due = await self._apply(report)
            except ConcurrentChange:
                continue
            await self.dialler.carry_out(due, began_at)
            if applied and not matched:
                await self._look_again(report)
            return applied
        raise StoreUnavailable("Too many changes at once.")

    async def _look_again(self, report: ProviderReport) -> None:
        """The answer that tells whose call this is may have been stored at the same time."""
        if report.reference is None:
            return
        async with self.store.glance() as uow:
            attempt = await uow.calls.attempt_by_reference(report.provider, report.reference)
        if attempt is not None:
            await self.dialler.catch_up(attempt)

    async def _apply(self, report: ProviderReport) -> tuple[bool, bool, tuple[Command, ...]]:
        async with self.store.write() as uow:
            match = await self.matcher.attempt_of(uow, report)
            now = await uow.now()
            if not await uow.reports.add(report, now, match[0].id if match is not None else None):
                return False, False, ()
            due: tuple[Command, ...] = ()
            if match is not None:
                attempt, due = await self.matcher.note(uow, match[0], report, match[1], now)
                # If it was this report that told the reference, others may have waited for it.
                _, more = await self.matcher.catch_up(uow, attempt, now)
                due = (*due, *more)
            await uow.commit()
            return True, match is not None, due


@frozen
class SeenCalls:
    """Calls and the instant at which they were read: what a Call's state is reckoned at."""

    page: CallPage
    at: datetime


@frozen
class ReadCalls:
    store: Store

    async def one(self, principal: Principal, call_id: str) -> tuple[Call, datetime]:
        """A Call as it is now. Another employee's, without `act_for_others`, is not found (P4)."""
        async with self.store.read() as uow:
            call, now = await uow.calls.get(call_id), await uow.now()
        if call is None or not principal.may_see(call.employee_id):
            raise CallNotFound
        return call, now

    async def page(self, principal: Principal, wanted: CallFilter, *, cursor: str | None, limit: int) -> SeenCalls:
        """A page of Calls, newest first; one's own unless one may act for others (P4)."""
        if not principal.may(Permission.ACT_FOR_OTHERS):
            own = principal.acting_employee(wanted.employee_id)
            wanted = evolve(wanted, employee_id=own)
        async with self.store.read() as uow:
            now = await uow.now()
            return SeenCalls(await uow.calls.page(wanted, cursor=cursor, limit=limit), now)
