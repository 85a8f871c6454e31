"""What a cell says, or a value of JSON in its place: yes or no, instants, numbers, regions, permissions.

Each function gives the value, or raises `Bad` with the reason. Text comes stripped and never empty: what is empty
is not there at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo

import phonenumbers
from attrs import frozen

from telephony_adapters.imports.problems import Code
from telephony_adapters.numbering.names import region_codes
from telephony_adapters.numbering.subjects import BY_CODE
from telephony_core.party import Permission
from telephony_core.region import WHOLE_COUNTRY, normal_codes

_YES = frozenset("1 true yes y да д истина + on вкл x х v".split())
_NO = frozenset("0 false no n нет н ложь - off выкл".split())
_NOTHING = frozenset("- — нет none no ничего".split())

_ID = re.compile(r"[^\s/?#%\x00-\x1f\x7f]{1,64}\Z")
_NUMBER_AS_ID = re.compile(r"\+?[78]?9\d{9}\Z")
_ROUNDED = re.compile(r"\d[.,]?\d*[eEеЕ]\+?\d{1,2}\Z")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T,]+(\d{1,2}:\d{2}(?::\d{2})?))?\Z")
# A comma before an extension, or the comma of a pause (`,,12`), doesn't begin another number.
_BETWEEN_NUMBERS = re.compile(r",(?!\s*(?:доб|вн|ext|x|х|#|,))(?<!,,)", re.IGNORECASE)
_LABELLED = re.compile(r"([^\d+()]{1,40}?)\s*:\s*(?=[+(\d])")
_PARSER_LABELS = frozenset("тел tel phone т".split())


class Bad(Exception):  # a reason, caught by its reader two lines on
    """A cell that says nothing of its kind."""

    def __init__(self, code: Code, *, what: object = "", known: object = "") -> None:
        self.code = code
        self.what = what
        self.known = known
        super().__init__(code)


def an_id(value: object) -> str:
    text = str(value).strip()
    if isinstance(value, bool) or not _ID.match(text):
        raise Bad(Code.NOT_AN_ID, what=text)
    return text


def looks_like_a_number(text: str) -> bool:
    """Whether an id is written as a Russian mobile number: then it would stand in logs (P1)."""
    return _NUMBER_AS_ID.match(text) is not None


def rounded_by_excel(text: str) -> bool:
    """`7,90312E+10`: a number that Excel showed in short and then saved as shown."""
    return _ROUNDED.match(text) is not None


def yes_or_no(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().casefold()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise Bad(Code.NOT_YES_OR_NO, what=value)


def instant(value: object, zone: tzinfo) -> datetime:
    """`2026-11-23`, `23.11.2026`, either with a time, or RFC 3339; without an offset by the clock of `zone`."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=zone).astimezone(UTC)
    text = str(value).strip()
    day_first = _DAY_FIRST.match(text)
    if day_first:
        day, month, year, clock = day_first.groups()
        text = f"{year}-{int(month):02}-{int(day):02}"
        if clock:
            text += f" {clock}" if clock.index(":") == 2 else f" 0{clock}"
    try:
        read = datetime.fromisoformat(text)
        aware = read if read.tzinfo else read.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Bad(Code.NOT_A_DATE, what=value) from None


def written_instant(value: datetime, zone: tzinfo, language: str) -> str:
    """An instant as people write it by the clock of `zone`, so that `instant` reads the same one again.

    With an offset where the plain form would not: parts of a second, the hour that a clock goes through twice.
    """
    local = value.astimezone(zone)
    day = "%d.%m.%Y" if language == "ru" else "%Y-%m-%d"
    for form in (day, f"{day} %H:%M", f"{day} %H:%M:%S"):
        text = local.strftime(form)
        try:
            if instant(text, zone) == value:
                return text
        except Bad:
            continue
    return local.isoformat()


def whole_number(value: object, least: int) -> int:
    try:
        number = int(str(value).strip())
    except ValueError:
        number = least - 1
    if isinstance(value, bool) or number < least:
        raise Bad(Code.NOT_A_WHOLE_NUMBER, what=value, known=least)
    return number


def items(value: object) -> list[str]:
    """A list written in one cell, with `;`, `,` or line breaks between; or a list of JSON."""
    parts: Iterable[object] = value if isinstance(value, list | tuple) else re.split(r"[;,\n]", str(value))
    return [text for part in parts if (text := str(part).strip())]


def permissions(value: object) -> frozenset[Permission]:
    """Names of permissions; `-` or `нет` for none at all."""
    names = [name for item in items(value) for name in item.split()]
    if len(names) == 1 and names[0].casefold() in _NOTHING:
        return frozenset()
    known = {str(permission): permission for permission in Permission}
    for name in names:
        if name.casefold() not in known:
            raise Bad(Code.NOT_ONE_OF, what=name, known=", ".join(known))
    return frozenset(known[name.casefold()] for name in names)


def regions(value: object) -> tuple[str, ...]:
    """ISO 3166-2 codes, or names as the state's register writes them, several with `;` or `,` between."""
    if isinstance(value, str):
        whole = _region(value.strip())
        if whole is not None:
            return whole
    found: list[str] = []
    for item in items(value):
        codes = _region(item)
        if codes is None:
            raise Bad(Code.REGION_NOT_UNDERSTOOD, what=item)
        found += codes
    return normal_codes(found)


def _region(text: str) -> tuple[str, ...] | None:
    code = text.upper()
    if code in BY_CODE or code == WHOLE_COUNTRY or code in phonenumbers.SUPPORTED_REGIONS:
        return (code,)
    return region_codes(text)


@frozen
class Written:
    """A number as it is written, and the label that stands with it."""

    text: str
    label: str | None = None


def numbers(value: str) -> Iterator[Written]:
    """The numbers of one cell: `;`, `,` or line breaks between, a label with a colon before (`рабочий: +7 383 …`)."""
    for part in re.split(r"[;\n]", value):
        # A rounded number has a comma of its own: whoever reads it must see it whole to refuse it.
        for text in [part] if rounded_by_excel(part.strip()) else _BETWEEN_NUMBERS.split(part):
            found = text.strip()
            labelled = _LABELLED.match(found)
            if labelled and labelled[1].strip().rstrip(".").casefold() not in _PARSER_LABELS:
                yield Written(found[labelled.end() :].strip(), labelled[1].strip())
            elif found:
                yield Written(found)
