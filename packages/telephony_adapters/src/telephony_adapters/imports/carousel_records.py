"""The rules of the carousel's records: what a line of a file says of a pool, or of a number in a generation.

A number of a pool is a Russian mobile number, or it is an error; where the register puts it into a region that its pool
doesn't serve, that is a warning: operators give numbers of one region to subscribers of another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from attrs import field, frozen

from telephony_adapters.imports import cells
from telephony_adapters.imports.cells import Bad
from telephony_adapters.imports.columns import COLUMNS, Kind
from telephony_adapters.imports.problems import Both, Code, Fault, about
from telephony_adapters.imports.records import Checked, Reader, Record, russian_mobile
from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_adapters.numbering.subjects import BY_CODE
from telephony_core.carousel import CarouselNumber, CarouselPool, ChosenBy, Quarantine, ShowLimits, WhenExhausted
from telephony_core.phone import PhoneNumber
from telephony_core.ports import PhoneNumberParser, RegionResolver
from telephony_core.region import WHOLE_COUNTRY

E = TypeVar("E", bound=StrEnum)

_CHOSEN_BY: Mapping[str, ChosenBy] = {
    "provider": ChosenBy.PROVIDER,
    "провайдер": ChosenBy.PROVIDER,
    "оператор": ChosenBy.PROVIDER,
    "us": ChosenBy.US,
    "мы": ChosenBy.US,
}
_WHEN_EXHAUSTED: Mapping[str, WhenExhausted] = {
    "widen": WhenExhausted.WIDEN,
    "расширить": WhenExhausted.WIDEN,
    "refuse": WhenExhausted.REFUSE,
    "отказать": WhenExhausted.REFUSE,
}
_NO_CODES: tuple[str, ...] = ()
_POOL_FIELDS = frozenset(column.field for column in COLUMNS[Kind.POOLS])
_NUMBER_FIELDS = frozenset(column.field for column in COLUMNS[Kind.NUMBERS])


@frozen
class NumberLine:
    """What a line of numbers says: a number in a generation of a pool. Empty: the file doesn't say."""

    pool_id: str
    generation_id: str
    number: CarouselNumber
    activates_at: datetime | None
    confirmed_at: datetime | None


@frozen
class CarouselRules:
    """What a record of the carousel needs to be understood. `regions` None: nothing is checked against the register."""

    parser: PhoneNumberParser = field(factory=PhoneNumbers)
    regions: RegionResolver | None = None
    zone: tzinfo = field(factory=lambda: ZoneInfo("Europe/Moscow"))
    default_provider: str = "beeline"

    def pool(self, record: Record) -> Checked[CarouselPool]:
        """A pool without its generations, which have lines of their own."""
        reader = Reader(record, _POOL_FIELDS, masked=False)
        pool = CarouselPool(
            id=reader.identity(),
            provider=reader.text("provider") or self.default_provider,
            chosen_by=reader.read("chosen_by", lambda value: _word(value, _CHOSEN_BY), ChosenBy.US, required=True),
            region_codes=reader.read("regions", cells.regions, _NO_CODES, required=not _default(record)),
            title=reader.text("title"),
            is_default=reader.read("default", cells.yes_or_no, False),
            order=reader.read("order", lambda value: cells.whole_number(value, 0), 0),
            chain=tuple(reader.read("chain", _ids, [])),
            when_exhausted=reader.read(
                "when_exhausted", lambda value: _word(value, _WHEN_EXHAUSTED), WhenExhausted.WIDEN
            ),
            limits=ShowLimits(
                per_day=reader.read("per_day", lambda value: cells.whole_number(value, 1), None),
                rest_seconds=reader.read("rest_seconds", lambda value: cells.whole_number(value, 0), 0),
                warm_up=tuple(reader.read("warm_up", _whole_numbers, [])),
            ),
            declaration_required=reader.read("declaration_required", cells.yes_or_no, False),
        )
        return reader.checked(pool)

    def number_line(self, record: Record) -> Checked[NumberLine]:
        reader = Reader(record, _NUMBER_FIELDS, masked=False)
        pool_id, generation_id = reader.identity("pool_id"), reader.identity("generation_id", required=False)
        number = reader.read("number", self.mobile, None, required=True)
        declared_since = self._instant(reader, "declared_since")
        since = self._instant(reader, "quarantined_since")
        reason, by = reader.text("quarantine_reason"), reader.text("quarantined_by")
        line = NumberLine(
            pool_id,
            generation_id,
            CarouselNumber(
                number or PhoneNumber("+70000000000"),
                # Without an instant the quarantine begins when it is taken in.
                Quarantine(reason, by or "import", since or NOT_SAID) if reason else None,
                declared_since,
            ),
            self._instant(reader, "activates_at"),
            self._instant(reader, "confirmed_at"),
        )
        return reader.checked(line)

    def _instant(self, reader: Reader, name: str) -> datetime | None:
        return reader.read(name, lambda value: cells.instant(value, self.zone), None)

    def mobile(self, value: object) -> PhoneNumber:
        """A Russian mobile number, or `Bad`."""
        return russian_mobile(self.parser, value, Code.NUMBER_NOT_MOBILE)

    def elsewhere(self, number: PhoneNumber, pool: CarouselPool) -> tuple[str, ...]:
        """The regions into which the register puts the number, where the pool serves none of them; else nothing."""
        codes = self.regions.resolve(number) if self.regions is not None else (WHOLE_COUNTRY,)
        return () if codes == (WHOLE_COUNTRY,) or set(codes) & set(pool.region_codes) else codes


def of_another_region(pool_id: str, codes: tuple[str, ...], numbers: Sequence[PhoneNumber]) -> Fault:
    """A warning about numbers of one pool whose regions by the register are others."""
    some = ", ".join(number.e164 for number in numbers[:_SOME]) + (", …" if len(numbers) > _SOME else "")
    if len(numbers) == 1:
        what = Both(f"number {some} of pool '{pool_id}'", f"номер {some} пула «{pool_id}»")
    else:
        what = Both(
            f"{len(numbers)} numbers of pool '{pool_id}' ({some})", f"номера пула «{pool_id}» ({len(numbers)}: {some})"
        )
    subjects = [BY_CODE.get(code) for code in codes]
    names = [f"{subject.short_ru} ({subject.code})" for subject in subjects if subject is not None]
    known = Both(", ".join(codes), ", ".join(names) or ", ".join(codes))
    return about(Code.NUMBER_OF_ANOTHER_REGION, "number", what=what, known=known, warning=True)


_SOME = 3
NOT_SAID = datetime.fromisoformat("0001-01-01T00:00:00+00:00")
"""Stands for 'now' in a quarantine that has no instant of its own yet."""


def _default(record: Record) -> bool:
    """A default pool may serve no region of its own."""
    try:
        return cells.yes_or_no(record.get("default") or "0")
    except Bad:
        return False


def _word(value: object, words: Mapping[str, E]) -> E:
    found = words.get(str(value).strip().casefold())
    if found is None:
        raise Bad(Code.NOT_ONE_OF, what=value, known=", ".join(words))
    return found


def word_of(value: E, language: str) -> str:
    """How a file says this value, in a language: the first such word by which it is read."""
    words: Mapping[str, StrEnum] = {**_CHOSEN_BY, **_WHEN_EXHAUSTED}
    written = [word for word, meant in words.items() if meant is value]
    return next((word for word in written if word.isascii() == (language != "ru")), written[0])


def _ids(value: object) -> list[str]:
    return [cells.an_id(item) for item in cells.items(value)]


def _whole_numbers(value: object) -> list[int]:
    return [cells.whole_number(item, 1) for item in cells.items(value)]
