"""Which numbers may be dialled now: classes of destinations, quiet hours, do-not-call marks and limits (N1, N3, N4)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from telephony_core.errors import TooManyRequests
from telephony_core.phone import DestinationClass, ParsedNumber
from telephony_core.region import LocalTime


class NumberReason(StrEnum):
    """Why a number may not be called now."""

    NOT_UNDERSTOOD = "not_understood"
    DO_NOT_CALL = "do_not_call"
    QUIET_HOURS = "quiet_hours"
    DESTINATION_NOT_ALLOWED = "destination_not_allowed"


@frozen
class QuietHours:
    """The part of a day, by the clock on the client's wall, in which nobody is called; it may reach over midnight."""

    since: time
    until: time

    def cover(self, local: datetime) -> bool:
        """Whether it is quiet at this time of the client's wall; `since` is, `until` is not any more."""
        clock = local.time()
        if self.since <= self.until:
            return self.since <= clock < self.until
        return clock >= self.since or clock < self.until


def _positive_or_off(_instance: object, attribute: Any, value: int | None) -> None:
    if value is not None and value < 1:
        raise ValueError(f"{attribute.name} is at least 1; None switches the limit off")


@frozen
class DiallingRules:
    """What the company allows. `quiet_hours` None and the limits None mean: switched off.

    Limits count an employee's attempts in the past hour, and in the calendar day of the service's time zone (N4).
    """

    quiet_hours: QuietHours | None = QuietHours(time(21), time(9))
    destinations: frozenset[DestinationClass] = frozenset(
        {DestinationClass.RUSSIAN_MOBILE, DestinationClass.RUSSIAN_GEOGRAPHIC}
    )
    per_hour: int | None = field(default=60, validator=_positive_or_off)
    per_day: int | None = field(default=300, validator=_positive_or_off)

    def against(
        self, parsed: ParsedNumber, *, do_not_call: bool, local_time: LocalTime | None
    ) -> tuple[NumberReason, ...]:
        """Why this number may not be called now; empty if it may. Quiet at either end of the range is quiet (N1)."""
        reasons: list[NumberReason] = []
        if do_not_call:
            reasons.append(NumberReason.DO_NOT_CALL)
        if parsed.destination not in self.destinations and (
            parsed.understood or parsed.destination is not DestinationClass.OTHER
        ):
            reasons.append(NumberReason.DESTINATION_NOT_ALLOWED)
        elif not parsed.understood:
            reasons.append(NumberReason.NOT_UNDERSTOOD)
        if self.quiet_hours is not None and local_time is not None:
            ends = (local_time.earliest, local_time.latest)
            if any(self.quiet_hours.cover(end) for end in ends):
                reasons.append(NumberReason.QUIET_HOURS)
        return tuple(reasons)

    def check_limits(self, past_hour: int, today: int, *, now: datetime, day_ends_at: datetime) -> None:
        """Refuse an attempt that would be one too many (N4)."""
        if self.per_day is not None and today >= self.per_day:
            wait = max(1, round((day_ends_at - now).total_seconds()))
            raise TooManyRequests(
                f"The limit of {self.per_day} attempts a day is reached.",
                retry_after=wait,
                limit="day",
                of=self.per_day,
            )
        if self.per_hour is not None and past_hour >= self.per_hour:
            # The oldest attempts leave the hour one by one; a few minutes free some of it.
            wait = round(timedelta(minutes=5).total_seconds())
            raise TooManyRequests(
                f"The limit of {self.per_hour} attempts an hour is reached.",
                retry_after=wait,
                limit="hour",
                of=self.per_hour,
            )
