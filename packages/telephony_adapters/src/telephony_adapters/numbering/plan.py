"""The numbering plan in memory: ranges of numbers -> regions and the ranges' first owners.

A `NumberingPlan` is immutable and lives until the next edition takes its place; a `NumberingPlanHolder` is the one
long-lived object that everybody asks and that changes plans without a stop.

Units: ends of ranges are whole E.164 numbers as integers without `+` (79031000000), both ends included. Ranges of one
plan don't overlap, so one bisection answers. 17,000 ranges take about a third of a megabyte.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

import phonenumbers
from attrs import frozen

from telephony_adapters.numbering.area_codes import area_codes_of
from telephony_core.phone import PhoneNumber
from telephony_core.region import WHOLE_COUNTRY, normal_codes

PlanRow = tuple[int, int, str, str, str]
"""A stored range: first, last, codes joined by a space, operator, edition."""

_WHOLE: Final = (WHOLE_COUNTRY,)


@frozen
class RangeEntry:
    """One range: `first` and `last` (E.164 as integers, both included), its regions, its first owner.

    With number portability the number may be served by another operator today.
    """

    codes: tuple[str, ...]
    operator: str
    first: int
    last: int

    @property
    def capacity(self) -> int:
        """How many numbers the range holds."""
        return self.last - self.first + 1


class NumberingPlan:
    """An immutable set of ranges that don't overlap; a look-up is one bisection over an array of integers."""

    __slots__ = ("_code_of", "_codes", "_firsts", "_lasts", "_operator_of", "_operators", "capacity", "edition")

    def __init__(self, entries: Iterable[RangeEntry] = (), *, edition: str = "") -> None:
        """Raises ValueError for a range that ends before it begins, and for two ranges that share a number."""
        ordered = sorted(entries, key=lambda entry: entry.first)
        previous = -1
        for entry in ordered:
            if entry.last < entry.first:
                raise ValueError(f"a range ends before it begins: {entry.first}-{entry.last}")
            if entry.first <= previous:
                raise ValueError(f"two ranges share the number {entry.first}")
            previous = entry.last
        # Thousands of ranges have some hundred different regions and operators: each is kept once and pointed at.
        codes: dict[tuple[str, ...], int] = {}
        operators: dict[str, int] = {}
        self._firsts: Final = array("q", [entry.first for entry in ordered])
        self._lasts: Final = array("q", [entry.last for entry in ordered])
        self._code_of: Final = array("H", [codes.setdefault(entry.codes, len(codes)) for entry in ordered])
        self._operator_of: Final = array("H", [operators.setdefault(e.operator, len(operators)) for e in ordered])
        self._codes: Final = tuple(codes)
        self._operators: Final = tuple(operators)
        self.edition: Final = edition
        self.capacity: Final = sum(entry.capacity for entry in ordered)

    def __len__(self) -> int:
        return len(self._firsts)

    def __iter__(self) -> Iterator[RangeEntry]:
        return (self._entry(index) for index in range(len(self._firsts)))

    def _entry(self, index: int) -> RangeEntry:
        return RangeEntry(
            self._codes[self._code_of[index]],
            self._operators[self._operator_of[index]],
            self._firsts[index],
            self._lasts[index],
        )

    def lookup(self, number: PhoneNumber) -> RangeEntry | None:
        """The range that the number belongs to, or None."""
        digits = int(number.e164)
        index = bisect_right(self._firsts, digits) - 1
        if index < 0 or self._lasts[index] < digits:
            return None
        return self._entry(index)

    def resolve(self, number: PhoneNumber) -> tuple[str, ...]:
        """The regions of a number, never empty.

        The plan's range if there is one; else, for landlines, the table of area codes; else `RU`, the whole country:
        toll-free numbers and what the plan doesn't know. A foreign number resolves to its country's ISO 3166-1 code
        (`KZ`), which no pool of regions serves, so that it falls to the default pool; a number of no country
        (satellites) to `RU`, for no more is known of it.
        """
        entry = self.lookup(number)
        if entry is not None:
            return entry.codes
        e164 = number.e164
        # +7 6 and +7 7 are Kazakhstan's; the rest of +7 is Russia's.
        if e164.startswith("+7") and e164[2:3] not in ("6", "7"):
            return area_codes_of(e164[2:]) or _WHOLE
        return _country_of(e164)

    def to_rows(self) -> Iterator[PlanRow]:
        """The plan as rows for a store's table, in order of numbers."""
        edition = self.edition
        return ((entry.first, entry.last, " ".join(entry.codes), entry.operator, edition) for entry in self)

    @classmethod
    def from_rows(cls, rows: Iterable[PlanRow]) -> NumberingPlan:
        """The plan of stored rows, in any order; its edition is that of the rows ('a, b' where they differ).

        Raises ValueError as the constructor does.
        """
        entries = []
        editions: set[str] = set()
        known: dict[str, tuple[str, ...]] = {}
        for first, last, text, operator, edition in rows:
            codes = known.get(text)
            if codes is None:
                codes = known[text] = normal_codes(text.split()) or _WHOLE
            entries.append(RangeEntry(codes, operator, first, last))
            editions.add(edition)
        return cls(entries, edition=", ".join(sorted(editions)))


def _country_of(e164: str) -> tuple[str, ...]:
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        return _WHOLE
    # '001' is the library's mark for numbers of no country.
    if region is None or not region.isalpha():
        return _WHOLE
    return (str(region),)


class NumberingPlanHolder:
    """What everybody asks for regions: implements the core's `RegionResolver`. Lives as long as the process.

    `replace` puts a new plan in the old one's place by one assignment: a look-up sees the old plan or the new one,
    never a mixture, and nobody waits.
    """

    __slots__ = ("_plan",)

    def __init__(self, plan: NumberingPlan | None = None) -> None:
        self._plan = plan if plan is not None else NumberingPlan()

    @property
    def plan(self) -> NumberingPlan:
        """The plan in force. Ask once where two answers must come from one edition."""
        return self._plan

    @property
    def loaded(self) -> bool:
        """Whether there is any range: without one every mobile number is 'the whole country'."""
        return len(self._plan) > 0

    def replace(self, plan: NumberingPlan) -> NumberingPlan:
        """Puts `plan` in force; gives back the one that it replaced."""
        old, self._plan = self._plan, plan
        return old

    def lookup(self, number: PhoneNumber) -> RangeEntry | None:
        """The range of the number in the plan in force, or None."""
        return self._plan.lookup(number)

    def resolve(self, number: PhoneNumber) -> tuple[str, ...]:
        """The regions of the number by the plan in force; see `NumberingPlan.resolve`."""
        return self._plan.resolve(number)
