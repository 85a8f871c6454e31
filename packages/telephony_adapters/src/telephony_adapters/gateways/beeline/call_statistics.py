"""Beeline's statistics read: which row is an attempt's, and what it says of it.

Rows have no id, so a row is an attempt's only by inference: the same line (asked for), outbound, to the called number,
begun within a window round the attempt's own time, and the only such row. What can't be read can't be excluded either,
and makes the answer 'can't tell'.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from attrs import frozen

from telephony_adapters.gateways.beeline.phone_numbers import read_number
from telephony_core.call import Attempt
from telephony_core.call_facts import TABLE, Cause, Fact, FactKind, LegName, Source
from telephony_core.phone import PhoneNumber


class DurationUnit(StrEnum):
    """What `duration` counts (BA7)."""

    MILLISECONDS = "milliseconds"
    SECONDS = "seconds"


@frozen
class LookUpWindow:
    """How far a row's start may lie from the attempt's own, by clocks that differ.

    Narrow on purpose. `after` stays below the longest ringing (`within`; 55 s of 60): only after that may an unknown
    attempt be acknowledged and the number be called anew, and that call's row must not pass for this one's (K3). Where
    reports said when the call began and ended, by Beeline's own clock, its row lies between (`slack`: rows may be
    rounded).
    """

    before: timedelta = timedelta(seconds=15)
    after: timedelta = timedelta(seconds=55)
    slack: timedelta = timedelta(seconds=1)

    @classmethod
    def within(cls, longest_ringing: float) -> LookUpWindow:
        """The window where an unknown attempt may be acknowledged after so many seconds."""
        return cls(after=min(cls().after, timedelta(seconds=longest_ringing) * 11 / 12))

    def of(self, attempt: Attempt, others: Collection[datetime] = ()) -> tuple[datetime, datetime]:
        """The earliest and the latest start of the attempt's row. `others`: when the other attempts from its line to
        its number began. Where one of them may have a row nearby, neither clocks that differ nor rounding can be
        allowed for: its row would pass for this one's."""
        earliest, latest = attempt.started_at - self.before, attempt.started_at + self.after
        reach = earliest - self.after
        # Reported times that can't be this attempt's are of a shifted clock, and say nothing of statistics.
        told = attempt.reading.employee.ringing_at
        began = told if told is not None and earliest <= told <= latest else None
        if began is not None:
            earliest = began - self.slack
        first, last = sorted((attempt.started_at, began or attempt.started_at))
        if any(reach <= other < attempt.started_at for other in others):
            earliest = max(earliest, first)
        legs = (attempt.reading.employee, attempt.reading.client)
        ends = [leg.released_at for leg in legs if leg.released_at and leg.released_at >= attempt.started_at]
        return earliest, min([latest, *ends, *(other for other in others if other > last)])


class UnreadableStatistics(Exception):
    """A row is not in the form that is known."""


class NoOneRow(Exception):
    """None of the rows, or more than one, could be the attempt's."""


@frozen
class StatisticsRow:
    """An ended call. `talked` is zero where nobody answered; `called` None where the other side is no phone number."""

    started_at: datetime
    outbound: bool
    called: PhoneNumber | None
    shown: PhoneNumber | None
    talked: timedelta


def read_rows(rows: Iterable[Any], unit: DurationUnit) -> tuple[StatisticsRow, ...]:
    """The rows of `v2/statistics`. UnreadableStatistics if one can't be understood."""
    return tuple(_row(row, unit) for row in rows)


def candidates(
    rows: Iterable[StatisticsRow], attempt: Attempt, window: tuple[datetime, datetime]
) -> tuple[StatisticsRow, ...]:
    """The rows that could be the attempt's."""
    earliest, latest = window
    return tuple(
        row
        for row in rows
        if row.outbound and row.called == attempt.phone_number and earliest <= row.started_at <= latest
    )


def only(found: tuple[StatisticsRow, ...]) -> StatisticsRow:
    """The one row there is. NoOneRow otherwise."""
    if len(found) != 1:
        raise NoOneRow(f"{len(found)} calls of the statistics could be this one")
    return found[0]


def contradicts(row: StatisticsRow, attempt: Attempt) -> bool:
    """Whether a row without a talk stands against reports of one that is not known to be over (BA9)."""
    return attempt.live and not row.talked and attempt.reading.client.answered_at is not None


def facts_of(row: StatisticsRow, attempt: Attempt) -> frozenset[Fact]:
    """What a row adds to what the attempt knows: a fact that came as a report already is more exact, and stays alone.

    A row that stays as it is is of a call that is over (BA9); with a duration both talked, without one the client was
    not reached, and why is not said. Durations count from the client's answer; where that is not known the row's start
    stands for it.
    """
    if row.talked:
        answered = attempt.reading.client.answered_at or row.started_at
        ended = answered + row.talked
        found = {
            *(Fact(leg, FactKind.ANSWERED, answered) for leg in LegName),
            *(Fact(leg, FactKind.RELEASED, ended, Cause.NORMAL) for leg in LegName),
        }
    else:
        heard = [fact.at for fact in attempt.facts if TABLE[fact.kind].source is Source.PROVIDER]
        ended = max([row.started_at, *heard])
        found = {Fact(leg, FactKind.RELEASED, ended) for leg in LegName}
    known = {(fact.leg, fact.kind) for fact in attempt.facts}
    return frozenset(fact for fact in found if (fact.leg, fact.kind) not in known)


def _row(row: Any, unit: DurationUnit) -> StatisticsRow:
    match row:
        case {"startDate": start, "direction": str(direction), "status": str(status), "duration": duration}:
            outbound = direction.upper() == "OUTBOUND"
            called = row.get("phone_to")
            if outbound and not (isinstance(called, str) and called.strip()):
                raise UnreadableStatistics("an outbound row names no called number")
            placed = status.upper() == "PLACED"
            return StatisticsRow(
                datetime.fromtimestamp(_number(start, 4_000_000_000_000) / 1000, UTC),
                outbound,
                _phone(called),
                _phone(row.get("phone_from")),
                _duration(_number(duration, 1_000_000_000), unit) if placed else timedelta(),
            )
        case _:
            raise UnreadableStatistics("a row has not the known fields")


def _number(value: object, most: float) -> float:
    """A number that is not negative, also as text."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= most:
        raise UnreadableStatistics("a row has no proper time or duration")
    return number


def _duration(value: float, unit: DurationUnit) -> timedelta:
    return timedelta(milliseconds=value) if unit is DurationUnit.MILLISECONDS else timedelta(seconds=value)


def _phone(value: object) -> PhoneNumber | None:
    return read_number(value) if isinstance(value, str) else None
