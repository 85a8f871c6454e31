"""What speaks against putting an edition of the register in the place of the one in force.

A register that is cut off at the end of a line reads well and turns most mobile numbers into numbers of the whole
country. So an edition that loses much of the mobile ranges, or is older by its name, is taken with a warning: whoever
goes back on purpose needs no more, and the edition before comes back by its own file. A file of landlines alone (the
state publishes four files) in the place of the mobile one is the commonest mistake, and nobody means it: it is refused
unless forced. Only mobile ranges are held against each other: landlines are known without a register.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from attrs import frozen

from telephony_adapters.numbering.demo import DEMO_EDITION
from telephony_adapters.numbering.plan import NumberingPlan, RangeEntry

MOST_LOST = 0.2
"""Part of the ranges, or of the numbers, that an edition may lack beside the one before."""

_MOBILE = range(79_000_000_000, 80_000_000_000)
_DATES = (
    re.compile(r"(?<!\d)(?P<year>20\d\d)[-._](?P<month>0[1-9]|1[0-2])(?:[-._](?P<day>0[1-9]|[12]\d|3[01]))?(?!\d)"),
    re.compile(r"(?<!\d)(?P<day>0[1-9]|[12]\d|3[01])[-._](?P<month>0[1-9]|1[0-2])[-._](?P<year>20\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<year>20\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)"),
)


class Against(StrEnum):
    """What speaks against an edition."""

    NO_MOBILE = "no_mobile"
    FEWER_RANGES = "fewer_ranges"
    FEWER_NUMBERS = "fewer_numbers"
    OLDER = "older"


@frozen
class Doubt:
    """One reason to think again; `before` and `after` are figures of mobile ranges, or names of editions."""

    against: Against
    before: int | str
    after: int | str

    @property
    def refuses(self) -> bool:
        """Whether the edition is taken only by force."""
        return self.against is Against.NO_MOBILE

    def say(self, language: str = "en") -> str:
        """What is wrong, without what to do."""
        return (_RU if language == "ru" else _EN)[self.against].format(before=self.before, after=self.after)


def doubts(stored: NumberingPlan, new: NumberingPlan) -> tuple[Doubt, ...]:
    """What speaks against putting `new` in the place of `stored`; nothing where that is empty or the demo's own."""
    if not len(stored) or stored.edition == DEMO_EDITION:
        return ()
    return tuple(_doubts(stored, new))


def _doubts(stored: NumberingPlan, new: NumberingPlan) -> Iterator[Doubt]:
    (ranges, numbers), (new_ranges, new_numbers) = _mobile(stored), _mobile(new)
    if ranges and not new_ranges:
        yield Doubt(Against.NO_MOBILE, ranges, new_ranges)
    else:
        if new_ranges < ranges * (1 - MOST_LOST):
            yield Doubt(Against.FEWER_RANGES, ranges, new_ranges)
        if new_numbers < numbers * (1 - MOST_LOST):
            yield Doubt(Against.FEWER_NUMBERS, numbers, new_numbers)
    was, is_now = _date_of(stored.edition), _date_of(new.edition)
    if was and is_now and is_now[: len(was)] < was[: len(is_now)]:
        yield Doubt(Against.OLDER, stored.edition, new.edition)


def _mobile(entries: Iterable[RangeEntry]) -> tuple[int, int]:
    mobile = [entry.capacity for entry in entries if entry.first in _MOBILE]
    return len(mobile), sum(mobile)


def _date_of(edition: str) -> tuple[int, ...]:
    """Year, month and perhaps day in the name of an edition (`DEF-9xx.2026-08`); empty without one."""
    for pattern in _DATES:
        if found := pattern.search(edition):
            return tuple(int(found[part]) for part in ("year", "month", "day") if found[part])
    return ()


_EN: Mapping[Against, str] = {
    Against.NO_MOBILE: (
        "it holds no mobile numbers (9xx), and those in force would be lost; landlines are known without a register"
    ),
    Against.FEWER_RANGES: "it has {after:,} mobile ranges, and the one in force has {before:,}",
    Against.FEWER_NUMBERS: "its ranges hold {after:,} mobile numbers, and those in force {before:,}",
    Against.OLDER: "by its name it is older ({after}) than the one in force ({before})",
}
_RU: Mapping[Against, str] = {
    Against.NO_MOBILE: (
        "в нём нет мобильных номеров (9xx), и действующие пропали бы; городские номера известны и без реестра"
    ),
    Against.FEWER_RANGES: "мобильных диапазонов в нём {after}, а в действующем {before}",
    Against.FEWER_NUMBERS: "мобильных номеров в его диапазонах {after}, а в действующем {before}",
    Against.OLDER: "судя по имени, он старее ({after}) действующего ({before})",
}
