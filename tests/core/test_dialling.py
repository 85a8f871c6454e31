"""Which numbers may be dialled now: reasons (N1, N3), classes and limits (N4)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from telephony_core.dialling import DiallingRules, NumberReason, QuietHours
from telephony_core.errors import TooManyRequests
from telephony_core.phone import DestinationClass, ParsedNumber
from telephony_core.region import LocalTime
from telephony_core.testing.examples import CLIENT_NUMBER, NOW

_NIGHT = QuietHours(time(21), time(9))
_NOON = QuietHours(time(12), time(13))
_MOBILE = ParsedNumber("8 913 912-34-56", CLIENT_NUMBER, destination=DestinationClass.RUSSIAN_MOBILE)


def _at(hour: int, minute: int = 0, microsecond: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, 0, microsecond, tzinfo=UTC)


def _local(earliest: int, latest: int | None = None) -> LocalTime:
    return LocalTime(_at(earliest), _at(earliest if latest is None else latest))


@pytest.mark.parametrize(
    ("hours", "at", "quiet"),
    [
        (_NIGHT, _at(20, 59), False),
        (_NIGHT, _at(21), True),
        (_NIGHT, _at(23, 59), True),
        (_NIGHT, _at(0), True),
        (_NIGHT, _at(8, 59), True),
        (_NIGHT, _at(9), False),
        (_NOON, _at(11, 59), False),
        (_NOON, _at(12), True),
        (_NOON, _at(12, 59), True),
        (_NOON, _at(13), False),
        (QuietHours(time(9), time(9)), _at(9), False),
    ],
)
def test_quiet_hours_begin_and_end_and_may_reach_over_midnight(hours: QuietHours, at: datetime, quiet: bool) -> None:
    """N3: from the first minute on, until the last."""
    assert hours.cover(at) is quiet


@given(since=st.times(), until=st.times(), at=st.times())
def test_quiet_hours_and_the_other_hours_make_a_day(since: time, until: time, at: time) -> None:
    """N3: whoever's two ends differ: what the one covers the turned one doesn't."""
    moment = datetime.combine(NOW.date(), at, tzinfo=UTC)
    if since != until:
        assert QuietHours(since, until).cover(moment) is not QuietHours(until, since).cover(moment)


@pytest.mark.parametrize(
    ("local", "quiet"),
    [(_local(12), False), (_local(22), True), (_local(8, 12), True), (_local(12, 21), True), (_local(10, 20), False)],
)
def test_a_region_is_quiet_if_it_is_quiet_at_either_end(local: LocalTime, quiet: bool) -> None:
    """N1: a range where the region has several zones."""
    reasons = DiallingRules().against(_MOBILE, do_not_call=False, local_time=local)
    assert reasons == ((NumberReason.QUIET_HOURS,) if quiet else ())


def test_quiet_hours_can_be_switched_off() -> None:
    """N3: and say nothing of a number whose local time can't be known."""
    assert DiallingRules(quiet_hours=None).against(_MOBILE, do_not_call=False, local_time=_local(3)) == ()
    assert DiallingRules().against(_MOBILE, do_not_call=False, local_time=None) == ()


def test_do_not_call_stands_whatever_else_is_said() -> None:
    """N3: first among the reasons; it can't be overridden."""
    reasons = DiallingRules().against(_MOBILE, do_not_call=True, local_time=_local(22))
    assert reasons == (NumberReason.DO_NOT_CALL, NumberReason.QUIET_HOURS)


@pytest.mark.parametrize("destination", DestinationClass)
def test_only_classes_that_are_switched_on_are_called(destination: DestinationClass) -> None:
    """N4: by default Russian mobile and geographic."""
    parsed = evolve(_MOBILE, destination=destination)
    allowed = destination in (DestinationClass.RUSSIAN_MOBILE, DestinationClass.RUSSIAN_GEOGRAPHIC)
    reasons = DiallingRules().against(parsed, do_not_call=False, local_time=None)
    assert reasons == (() if allowed else (NumberReason.DESTINATION_NOT_ALLOWED,))
    only_this = DiallingRules(destinations=frozenset({destination}))
    assert only_this.against(parsed, do_not_call=False, local_time=None) == ()


def test_what_is_not_understood_is_never_callable() -> None:
    """N1: rubbish is 'not understood'; a short number is not allowed, or has no form to be dialled in."""
    rules = DiallingRules()
    rubbish = ParsedNumber("нет телефона", None)
    short = ParsedNumber("112", None, destination=DestinationClass.SHORT)
    assert rules.against(rubbish, do_not_call=False, local_time=None) == (NumberReason.NOT_UNDERSTOOD,)
    assert rules.against(short, do_not_call=False, local_time=None) == (NumberReason.DESTINATION_NOT_ALLOWED,)
    everything = DiallingRules(destinations=frozenset(DestinationClass))
    assert everything.against(short, do_not_call=False, local_time=None) == (NumberReason.NOT_UNDERSTOOD,)
    assert everything.against(rubbish, do_not_call=False, local_time=None) == (NumberReason.NOT_UNDERSTOOD,)


def _check(rules: DiallingRules, past_hour: int, today: int) -> None:
    rules.check_limits(past_hour, today, now=NOW, day_ends_at=NOW + timedelta(hours=5))


@given(per_hour=st.integers(1, 5), per_day=st.integers(1, 9), past_hour=st.integers(0, 9), today=st.integers(0, 9))
def test_the_limit_is_the_last_attempt_that_is_allowed(per_hour: int, per_day: int, past_hour: int, today: int) -> None:
    """N4: per employee and hour, and per calendar day; who must wait is told until when."""
    rules = DiallingRules(per_hour=per_hour, per_day=per_day)
    if past_hour < per_hour and today < per_day:
        _check(rules, past_hour, today)
        return
    with pytest.raises(TooManyRequests) as refusal:
        _check(rules, past_hour, today)
    of_day = today >= per_day
    assert refusal.value.reasons["limit"] == ("day" if of_day else "hour")
    assert refusal.value.retry_after == (5 * 3600 if of_day else 300)


def test_a_limit_can_be_switched_off() -> None:
    """N4: None; a limit of nothing is a mistake, and the error names the field."""
    _check(DiallingRules(per_hour=None, per_day=None), 10**6, 10**6)
    with pytest.raises(ValueError, match="per_hour"):
        DiallingRules(per_hour=0)
    with pytest.raises(ValueError, match="per_day"):
        DiallingRules(per_day=0)


def test_who_must_wait_for_the_end_of_the_day_waits_at_least_a_second() -> None:
    """N4: a Retry-After of nothing would be an invitation."""
    with pytest.raises(TooManyRequests) as refusal:
        DiallingRules(per_day=1).check_limits(0, 1, now=NOW, day_ends_at=NOW)
    assert refusal.value.retry_after == 1
