"""Beeline as a provider of telephony: one request dials both legs, and Beeline picks the number that is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from attrs import evolve, field, frozen

from telephony_adapters.gateways.beeline.answers import NOT_DONE, judge
from telephony_adapters.gateways.beeline.call_statistics import (
    DurationUnit,
    LookUpWindow,
    NoOneRow,
    StatisticsRow,
    UnreadableStatistics,
    candidates,
    contradicts,
    facts_of,
    only,
    read_rows,
)
from telephony_adapters.gateways.beeline.phone_numbers import NumberFormat, write_number
from telephony_adapters.gateways.beeline.requests import (
    STATISTICS_PAGE,
    AnswerLost,
    BeelineClient,
    BeelineError,
    NoConnection,
    name_in_path,
)
from telephony_adapters.gateways.provider import CallsTo
from telephony_core.call import Attempt, Dial, HangUp
from telephony_core.call_facts import LegName, Outcome
from telephony_core.ports import Accepted, CannotTell, Capabilities, DialAnswer, Found, LookUp, NotSent, OutcomeUnknown

PROVIDER = "beeline"


@frozen
class BeelineGateway:
    """`ProviderGateway` of Beeline; lives as long as its client. What is assumed of Beeline is set here (BAn: see
    docs/beeline-assumptions.md): `number_format` BA4, `duration_unit` BA7, `reread_after` (seconds) BA9, `not_done` and
    `listed_only` BA10. `records`: whether talks are recorded, so that their records are asked for. `after_accepted` are
    told of each request that Beeline took; they raise nothing and wait for nothing. `calls_to` tells of our attempts to
    a number: without it a redial within seconds may get the row of the call before it."""

    client: BeelineClient
    number_format: NumberFormat = NumberFormat.SEVEN
    duration_unit: DurationUnit = DurationUnit.MILLISECONDS
    window: LookUpWindow = field(factory=LookUpWindow)
    reread_after: float = 1.1
    not_done: frozenset[str] = NOT_DONE
    listed_only: bool = False
    records: bool = True
    after_accepted: tuple[Callable[[Dial], None], ...] = ()
    calls_to: CallsTo | None = None

    @property
    def name(self) -> str:
        return PROVIDER

    @property
    def capabilities(self) -> Capabilities:
        """No request of Beeline's that ends a call is known (BA8)."""
        return Capabilities(two_step=False, hang_up=False, look_up=True, reports_shown=True, records=self.records)

    async def start(self, command: Dial) -> DialAnswer:
        """One request for both legs, never repeated. Raises nothing; a cancelled task is cancelled."""
        if command.leg is not LegName.EMPLOYEE:
            return NotSent("Beeline dials both legs on the request for the employee's")
        try:
            name_in_path(command.line)
        except ValueError as error:
            return NotSent(str(error))
        try:
            answer = await self.client.place_call(command.line, write_number(command.phone_number, self.number_format))
            meaning = judge(answer, self.not_done, listed_only=self.listed_only)
        except NoConnection as error:
            return NotSent(str(error))
        except AnswerLost as error:
            return OutcomeUnknown(str(error))
        except Exception as error:  # noqa: BLE001 - a fault of ours must not hide that it may have dialled
            return OutcomeUnknown(f"the gateway failed: {type(error).__name__}")
        if isinstance(meaning, Accepted):
            for tell in self.after_accepted:
                tell(command)
        return meaning

    async def hang_up(self, command: HangUp) -> bool:
        """Beeline can't (BA8)."""
        return False

    async def look_up(self, attempt: Attempt) -> LookUp:
        """Asks the statistics, and after a talk for its record. Never `Absent`: a row may come ten minutes late, and a
        call that rang unanswered at the employee's leaves none. Raises what `calls_to` raises: `StoreUnavailable`."""
        told = Found(frozenset())
        if attempt.live or attempt.shown is None:
            answer = await self._by_statistics(attempt)
            if not isinstance(answer, Found):
                return await self._with_record(attempt, told) or answer
            told = answer
        return await self._with_record(attempt, told) or told

    async def _with_record(self, attempt: Attempt, told: Found) -> Found | None:
        """What was told and the record's address with it; None while there is none to be had."""
        talked = attempt.reading.outcome is Outcome.TALKED
        if not (self.records and talked and attempt.record_url is None and attempt.provider_reference):
            return None
        try:
            url = await self.client.record_url(attempt.provider_reference, attempt.device.line)
        except (BeelineError, ValueError):
            return None
        return evolve(told, record_url=url)

    async def _by_statistics(self, attempt: Attempt) -> LookUp:
        try:
            row = await self._only_row(attempt)
            if attempt.live:
                # What the row says would free an employee: it must not be of a call that goes on (BA9).
                await asyncio.sleep(self.reread_after)
                if await self._only_row(attempt) != row:
                    return CannotTell("the call's row still changes")
        except (BeelineError, UnreadableStatistics, NoOneRow) as error:
            return CannotTell(str(error))
        if contradicts(row, attempt):
            return CannotTell("the statistics know of no talk, and the reports do")
        return Found(facts_of(row, attempt), reference=None, shown=row.shown)

    async def _others(self, attempt: Attempt) -> list[datetime]:
        """When the other attempts from the same line to the same number began that could have a row nearby."""
        if self.calls_to is None:
            return []
        since = attempt.started_at - self.window.before - self.window.after
        found = await self.calls_to(attempt.phone_number, since)
        return [each.at for each in found if each.line == attempt.device.line and each.at != attempt.started_at]

    async def _only_row(self, attempt: Attempt) -> StatisticsRow:
        rows = await self.client.statistics(attempt.device.line, *self.window.of(attempt))
        if len(rows) >= STATISTICS_PAGE:
            raise NoOneRow("more calls than one page within the attempt's time")
        # Asked after the rows: the attempt of each of them is among these.
        window = self.window.of(attempt, await self._others(attempt))
        return only(candidates(read_rows(rows, self.duration_unit), attempt, window))
