"""What one call shows of what is assumed of Beeline: pure judgements over its rows of statistics and its reports."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from attrs import define, field, frozen

from telephony_adapters.gateways.beeline.call_statistics import LookUpWindow, StatisticsRow
from telephony_adapters.gateways.beeline.check_receiver import Heard
from telephony_adapters.gateways.beeline.reports import CLOCKS_DIFFER
from telephony_adapters.gateways.beeline.xsi import EventType, Personality, XsiCall
from telephony_core.phone import PhoneNumber

WINDOW = LookUpWindow()


class Holds(StrEnum):
    """`COMPARE`: only a person can tell, who saw the phone."""

    YES = "holds"
    NO = "does not hold"
    UNSEEN = "not seen"
    COMPARE = "to be compared"

    @classmethod
    def if_(cls, good: bool) -> Holds:
        return cls.YES if good else cls.NO


@frozen
class Finding:
    """What was seen of one assumption."""

    assumption: str
    holds: Holds
    seen: str


@frozen
class SeenRow:
    """The call's row of statistics as it was at an instant of our clock; `duration` as it was written."""

    at: datetime
    row: StatisticsRow
    duration: Any


@define
class CheckedCall:
    """One call that was placed for the check.

    `rows` were found within the call's own minute; `stray` only when days were asked for.
    """

    line: str
    number: PhoneNumber
    asked_at: datetime
    reference: str | None = None
    rows: list[SeenRow] = field(factory=list)
    stray: list[SeenRow] = field(factory=list)
    heard: list[Heard] = field(factory=list)

    @property
    def over_at(self) -> datetime | None:
        """When the first report that it was over came, by our clock."""
        ends = (each for each in self.heard if each.report.type is EventType.RELEASED and each.report.call is not None)
        return min((each.at for each in ends), default=None)

    def told(self, *types: EventType) -> list[XsiCall]:
        """What reports of these types (none: of any) told of the call."""
        return [
            each.report.call
            for each in self.heard
            if each.report.call is not None and (not types or each.report.type in types)
        ]


def by_statistics(call: CheckedCall, looks_every: timedelta) -> list[Finding]:
    """BA2, BA3, BA7, BA9, BA12, BA13."""
    if not (rows := call.rows or call.stray):
        names = ("BA2", "BA3", "BA7", "BA9", "BA12", "BA13")
        return [Finding(name, Holds.UNSEEN, "the call has no row in the statistics (yet)") for name in names]
    last = rows[-1]
    shown = last.row.shown.e164 if last.row.shown is not None else "nothing"
    late = last.row.started_at - call.asked_at
    near = -WINDOW.before <= late <= WINDOW.after
    if call.rows:
        asked = Finding("BA13", Holds.YES, "found within its own minute")
    else:
        asked = Finding("BA13", Holds.NO if near else Holds.UNSEEN, "found only when days were asked for")
    return [
        Finding("BA2", Holds.COMPARE, f"phone_from says {shown}: is that what the phone showed?"),
        Finding("BA3", Holds.COMPARE, f"of line {call.line}: of a mobile it should be the SIM's number"),
        _duration(call, last),
        _settled(call, rows, looks_every),
        Finding("BA12", Holds.if_(near), f"startDate is {late.total_seconds():+.0f} s from our request"),
        asked,
    ]


def _duration(call: CheckedCall, last: SeenRow) -> Finding:
    told, as_read = f"duration says {last.duration}", last.row.talked.total_seconds()
    if not last.row.talked:
        return Finding("BA7", Holds.UNSEEN, f"{told}: nobody talked")
    for each in call.told(EventType.RELEASED):
        if each.answered_at is not None and each.released_at is not None:
            lasted = (each.released_at - each.answered_at).total_seconds()
            # The other unit would be off by a thousand.
            good = lasted / 3 <= as_read <= lasted * 3
            return Finding("BA7", Holds.if_(good), f"{told}, by the events {lasted:.1f} s")
    # A talk can't have lasted for longer than the check: read as seconds, milliseconds would have.
    if as_read * 1000 > (last.at - call.asked_at).total_seconds():
        return Finding("BA7", Holds.YES, f"{told}: more than seconds can be")
    return Finding("BA7", Holds.UNSEEN, f"{told}: seconds would fit as well")


def _settled(call: CheckedCall, rows: list[SeenRow], looks_every: timedelta) -> Finding:
    grew = len({each.row.talked for each in rows}) > 1
    over_at = _over_at(call)
    # A report may be later than the row. What came while the call went on came with half of the talk still ahead.
    ahead = max(looks_every, rows[-1].row.talked / 2)
    early = over_at is not None and rows[0].at < over_at - ahead
    if grew or early:
        return Finding("BA9", Holds.NO, "its row was there while the call went on")
    if over_at is None:
        return Finding("BA9", Holds.UNSEEN, "no report told of the end")
    return Finding("BA9", Holds.YES, "its row came after the end, and stayed as it was")


def _over_at(call: CheckedCall) -> datetime | None:
    """When the call was over by its report; where its clock is another, when the report came, which is later."""
    for each in call.told(EventType.RELEASED):
        at = each.released_at
        if at is not None and call.over_at is not None and abs(at - call.over_at) < CLOCKS_DIFFER:
            return at
    return call.over_at


def by_reports(call: CheckedCall) -> list[Finding]:
    """BA1, BA6, BA11, BA15, BA16."""
    told = call.told()
    if not told:
        names = ("BA1", "BA6", "BA11", "BA15", "BA16")
        return [Finding(name, Holds.UNSEEN, "no report of the call came") for name in names]
    ids = sorted({str(each.tracking_id) for each in told})
    persons = [each.personality for each in told]
    turned = persons[0] is Personality.CLICK_TO_DIAL and persons[-1] is not Personality.CLICK_TO_DIAL
    lines = sorted({str(each.report.line) for each in call.heard})
    return [
        Finding("BA1", Holds.if_(ids == [call.reference]), f"extTrackingId {', '.join(ids)}"),
        _causes(call),
        Finding("BA11", Holds.if_(turned), " → ".join(persons)),
        _clock(call),
        Finding("BA16", Holds.if_(lines == [call.line]), f"userId, targetId: {', '.join(lines)}"),
    ]


def _causes(call: CheckedCall) -> Finding:
    causes = [each.cause for each in call.told(EventType.RELEASED)]
    told = f"internalReleaseCause {', '.join(str(each) for each in causes) or 'never came'}"
    if any(each.answered_at is not None for each in call.told()):
        return Finding("BA6", Holds.UNSEEN, f"{told}; the call was answered: let one be busy")
    return Finding("BA6", Holds.if_(any(causes)), told)


def _clock(call: CheckedCall) -> Finding:
    ahead = [
        at - each.at
        for each in call.heard
        if (inner := each.report.call) is not None
        for at in (inner.started_at, inner.answered_at, inner.released_at)
        if at is not None
    ]
    most = max(ahead, default=timedelta())
    return Finding("BA15", Holds.if_(most <= CLOCKS_DIFFER), f"{most.total_seconds():+.0f} s from our clock")
