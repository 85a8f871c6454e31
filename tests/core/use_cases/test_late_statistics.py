"""What becomes known long after a call's end: the number that the client saw, and where the talk was recorded."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from attrs import define, evolve
from tests.core.use_cases.office import Office

from telephony_core.call import Attempt
from telephony_core.caller_id import Verdict
from telephony_core.ports import CannotTell, Capabilities, Found, LookUp
from telephony_core.testing.examples import a_number

RECORD = "https://records.example/1"


@define
class LateProvider:
    """Knows of a call's end only from its reports; its statistics and its record are there after so many seconds."""

    office: Office
    statistics_after: float
    record_after: float
    asked: int = 0
    ended_at: datetime | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(two_step=False, hang_up=False, look_up=True, reports_shown=True, records=True)

    async def look_up(self, attempt: Attempt) -> LookUp:
        self.asked += 1
        assert attempt.ended_at is not None
        age = (self.office.clock.now() - attempt.ended_at).total_seconds()
        shown = a_number(0) if age >= self.statistics_after else None
        record = RECORD if age >= self.record_after else None
        return Found(frozenset(), shown=shown, record_url=record) if shown or record else CannotTell("not yet")


async def talked(statistics_after: float, record_after: float) -> tuple[Office, LateProvider]:
    """A call that was talked and reported to its end; nothing has been asked for yet."""
    office = Office()
    late = LateProvider(office, statistics_after, record_after)
    gateway = office.reconcile.gateways["beeline"]
    setattr(gateway, "capabilities", late.capabilities)  # noqa: B010 - a fake of the office
    await office.press()
    office.clock.turn(timedelta(minutes=2))
    await office.deliver(*(evolve(report, shown=None) for report in office.provider.reports()))
    setattr(gateway, "look_up", late.look_up)  # noqa: B010 - a fake of the office
    return office, late


@pytest.mark.parametrize("late_by", [0, 60, 600, 840])
async def test_statistics_that_come_late_are_judged_all_the_same(late_by: float) -> None:
    """C10: ten minutes late and more; not_reported is said only after a quarter of an hour."""
    office, late = await talked(late_by, 0)
    for _ in range(14 * 60 + 90):
        shown = office.attempts[0].shown
        assert shown is None or shown.number == a_number(0)
        await office.wait(1)
    attempt = office.attempts[0]
    assert attempt.shown is not None
    assert (attempt.shown.number, attempt.shown.verdict) == (a_number(0), Verdict.CONFORMS)
    assert attempt.look_up_at is None
    assert late.asked <= 15


async def test_statistics_that_never_come_are_not_waited_for_for_ever() -> None:
    """C10: not_reported, after a quarter of an hour and a few questions."""
    office, late = await talked(1e9, 1e9)
    for _ in range(30):
        await office.wait(60)
    attempt = office.attempts[0]
    assert attempt.shown is not None
    assert (attempt.shown.number, attempt.shown.verdict) == (None, Verdict.NOT_REPORTED)
    assert (attempt.look_up_at, attempt.record_url) == (None, None)
    assert late.asked <= 15


async def test_a_record_is_asked_for_after_the_number_is_known() -> None:
    office, _ = await talked(0, 300)
    for _ in range(20):
        await office.wait(60)
    attempt = office.attempts[0]
    assert attempt.shown is not None
    assert attempt.shown.verdict is Verdict.CONFORMS
    assert (attempt.record_url, attempt.look_up_at) == (RECORD, None)


async def test_without_records_nothing_is_asked_for_once_the_number_is_known() -> None:
    office, late = await talked(0, 1e9)
    gateway = office.reconcile.gateways["beeline"]
    setattr(gateway, "capabilities", evolve(late.capabilities, records=False))  # noqa: B010 - a fake of the office
    await office.wait(5)
    assert office.attempts[0].look_up_at is None
    assert late.asked == 1
