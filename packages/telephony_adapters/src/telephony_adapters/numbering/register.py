"""The state's register of number ranges, as published, read from a file: `read_register` -> `RegisterImport`.

A file is CSV with a header, plain or packed (`.xz`, `.gz`, `.bz2`, `.zip`; told by its first bytes, not by its name),
in UTF-8 with or without BOM, UTF-16 with BOM, or Windows-1251, with `;`, `,` or tab between cells. The header may stand
below a few lines of title. Columns are found by name in any order: the code (`АВС/ DEF`), `От`, `До`, `Емкость`,
`Оператор`, and `Регион` or `Территория ГАР` or both; more columns (`ИНН`) are allowed. Where a line has both regions,
the territory counts, being the newer and cleaner column, and `Регион` where the territory is empty, `-` or not
understood.

Every line becomes a range or an error that names the line (1 is the header, as an editor counts). A file is taken whole
or not at all: with one error there is no plan. A region's name that the rules don't know is no error but is remarked on
and stays listed: its ranges count as the whole country. Only a file without a single name that is known is refused.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from attrs import field, frozen

from telephony_adapters.numbering.file_text import UnreadableError, text_of
from telephony_adapters.numbering.names import region_codes
from telephony_adapters.numbering.plan import NumberingPlan, RangeEntry
from telephony_adapters.numbering.wrong import LineError, Wrong
from telephony_core.region import WHOLE_COUNTRY

# What empty lines of spreadsheets consist of, and the mark of the end that old programs write.
_NOTHING: Final = " \t\r;,\x00\x1a"
_NO_NAME: Final = frozenset(("", "-", "\u2013", "\u2014"))
_PROGRESS_EVERY: Final = 500
_MOST_TITLE_LINES: Final = 10

_LOOK_ALIKES: Final = str.maketrans("abcehkmoptxyё", "авсенкмортхуе")
_NOT_A_LETTER: Final = re.compile(r"[\W\d_]+")
_LINE_END: Final = re.compile(r"\r\n|\n|\r")  # as editors count; str.splitlines knows more ends than they do
_DIGITS: Final = re.compile(r"[0-9]+\Z")


def _column_key(name: str) -> str:
    return _NOT_A_LETTER.sub("", name.casefold().translate(_LOOK_ALIKES))


_COLUMNS: Final[dict[str, str]] = {
    _column_key(name): column
    for column, names in {
        "code": ("АВС/ DEF", "ABC", "DEF", "Код", "Код ABC/DEF"),
        "first": ("От", "С", "Начало"),
        "last": ("До", "По", "Конец"),
        "capacity": ("Емкость",),
        "operator": ("Оператор", "Оператор связи"),
        "region": ("Регион",),
        "territory": ("Территория ГАР", "Территория"),
    }.items()
    for name in names
}
_NEEDED: Final = {"code": "АВС/ DEF", "first": "От", "last": "До", "capacity": "Емкость", "operator": "Оператор"}

Progress = Callable[[int, int], None]
"""Called with (lines done, lines in all), now and then and once at the end."""


@frozen
class RegisterImport:
    """What a file holds. `lines` counts data lines: with no errors it is the number of `ranges`.

    `names` are the distinct region names that were read, `not_understood` those of them that no rule knows,
    `remarks` where these stand. `capacity` is the sum of the ranges' own sizes, which equals the sum of `Емкость`.
    """

    lines: int = 0
    ranges: tuple[RangeEntry, ...] = field(factory=tuple, repr=False)
    names: tuple[str, ...] = field(factory=tuple, repr=False)
    not_understood: tuple[str, ...] = ()
    remarks: tuple[LineError, ...] = ()
    capacity: int = 0
    errors: tuple[LineError, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the file may be taken: a register without an error, and not an empty one."""
        return not self.errors

    @property
    def digest(self) -> str:
        """Says which ranges these are: the same for a file however it is packed, encoded or named. Twelve hex digits.

        Of what is stored, not of the file: where rules for names are mended, the same file is another edition.
        """
        rows = self.plan().to_rows()
        text = "".join(f"{first} {last} {codes} {operator}\n" for first, last, codes, operator, _ in rows)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def plan(self, edition: str = "") -> NumberingPlan:
        """The plan of the ranges. Raises ValueError where the file is not accepted."""
        if not self.accepted:
            raise ValueError(f"the register is not accepted: {len(self.errors)} errors, the first: {self.errors[0]}")
        return NumberingPlan(self.ranges, edition=edition)


def read_register(path: Path | str, *, progress: Progress | None = None) -> RegisterImport:
    """Reads a file of the register. Raises OSError where it can't be opened; all else is in the result's errors."""
    return parse_register(Path(path).read_bytes(), progress=progress)


def parse_register(content: bytes, *, progress: Progress | None = None) -> RegisterImport:
    """The same for a file's content, as it was uploaded."""
    try:
        text = text_of(content)
    except UnreadableError as error:
        return RegisterImport(errors=(LineError(0, error.wrong, error.about),))
    all_lines = _LINE_END.split(text)
    lines = [(number, line) for number, line in enumerate(all_lines, 1) if line.strip(_NOTHING)]
    if not lines:
        return RegisterImport(errors=(LineError(0, Wrong.EMPTY),))
    headers = [_header(line) for _, line in lines[:_MOST_TITLE_LINES]]
    best = max(range(len(headers)), key=lambda index: len(headers[index][1]))
    header_line, (separator, columns, width) = lines[best][0], headers[best]
    missing = [name for column, name in _NEEDED.items() if column not in columns]
    if "region" not in columns and "territory" not in columns:
        missing.append("Регион")
    if missing:
        return RegisterImport(errors=(LineError(header_line, Wrong.NO_HEADER, {"columns": ", ".join(missing)}),))
    reader = _Reader(separator, columns, width)
    total = len(lines) - best - 1
    if not total:
        return RegisterImport(errors=(LineError(0, Wrong.NO_RANGES),))
    for done, (number, line) in enumerate(lines[best + 1 :], 1):
        reader.read(number, line)
        if progress is not None and (done % _PROGRESS_EVERY == 0 or done == total):
            progress(done, total)
    if lines[-1][0] == len(all_lines):
        reader.breaks_off(lines[-1][0])
    return reader.result(total)


class _Reader:
    """Reads line after line into ranges and errors. Lives for one file."""

    def __init__(self, separator: str, columns: dict[str, int], width: int) -> None:
        self._separator = separator
        self._columns = columns
        self._width = width
        self._ranges: list[tuple[int, RangeEntry]] = []
        self._names: dict[str, tuple[str, ...] | None] = {}
        self._unknown: dict[str, list[int]] = {}
        self._errors: list[LineError] = []

    def read(self, number: int, line: str) -> None:
        cells = self._cells(line)
        if len(cells) != self._width:
            self._errors.append(LineError(number, Wrong.CELLS, {"cells": len(cells), "width": self._width}))
            return
        at = self._columns
        code, first, last = cells[at["code"]], cells[at["first"]], cells[at["last"]]
        error = _wrong_numbers(number, code, first, last, cells[at["capacity"]])
        if error is not None:
            self._errors.append(error)
            return
        name, codes = self._region(cells)
        if codes is None:
            self._unknown.setdefault(name, []).append(number)
            codes = (WHOLE_COUNTRY,)
        base = int(code) * 10_000_000 + 70_000_000_000
        self._ranges.append((number, RangeEntry(codes, cells[at["operator"]], base + int(first), base + int(last))))

    def breaks_off(self, number: int) -> None:
        """The last line has no end: a name there that isn't understood is half of one, and the file's rest is lost."""
        if self._width - 1 not in (self._columns.get("region"), self._columns.get("territory")):
            return
        for name, numbers in self._unknown.items():
            if number in numbers:
                self._errors.append(LineError(number, Wrong.CUT_OFF, {"name": name}))

    def result(self, lines: int) -> RegisterImport:
        errors = self._errors + self._overlaps()
        if self._ranges and len(self._unknown) == len(self._names):
            errors.append(LineError(0, Wrong.NO_NAMES))
        ranges = tuple(entry for _, entry in self._ranges)
        return RegisterImport(
            lines=lines,
            ranges=ranges,
            names=tuple(sorted(self._names)),
            not_understood=tuple(sorted(self._unknown)),
            remarks=tuple(
                LineError(numbers[0], Wrong.NAME, {"name": name, "lines": len(numbers)})
                for name, numbers in self._unknown.items()
            ),
            capacity=sum(entry.capacity for entry in ranges),
            errors=tuple(sorted(errors, key=lambda error: error.line)),
        )

    def _cells(self, line: str) -> list[str]:
        separator, width = self._separator, self._width
        cells = line.split(separator)
        if '"' in line and (len(cells) != width or line[0] == '"' or f'{separator}"' in line):
            # The state's own files have bare quotes inside cells (ООО "Т2 Мобайл"), which is no CSV; a file that went
            # through a spreadsheet has true CSV quoting. The number of cells tells the two apart.
            quoted = _csv_cells(line, separator)
            if len(quoted) == width:
                cells = quoted
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        surplus = len(cells) - width
        if surplus > 0 and separator == ";" and "region" in self._columns and "territory" not in self._columns:
            # Old editions have names such as `Московская область; Москва`, unquoted, between semicolons.
            region = self._columns["region"]
            cells[region : region + surplus + 1] = ["; ".join(cells[region : region + surplus + 1])]
        return [cell.strip() for cell in cells]

    def _region(self, cells: list[str]) -> tuple[str, tuple[str, ...] | None]:
        """The name that counts and its codes; the codes None where no column is understood."""
        candidates = []
        for column in ("territory", "region"):
            name = cells[self._columns[column]] if column in self._columns else ""
            if name in _NO_NAME:
                continue
            codes = self._names.get(name) or region_codes(name)
            if codes is not None:
                self._names[name] = codes
                return name, codes
            candidates.append(name)
        name = candidates[0] if candidates else "-"
        self._names[name] = None
        return name, None

    def _overlaps(self) -> list[LineError]:
        found: list[LineError] = []
        ordered = sorted(self._ranges, key=lambda item: (item[1].first, item[0]))
        reach, owner = -1, 0
        for number, entry in ordered:
            if entry.first <= reach:
                later, earlier = max(number, owner), min(number, owner)
                found.append(LineError(later, Wrong.OVERLAP, {"other": earlier}))
            if entry.last > reach:
                reach, owner = entry.last, number
        return found


def _wrong_numbers(line: int, code: str, first: str, last: str, capacity: str) -> LineError | None:
    """What is wrong with a line's figures."""
    if len(code) != 3 or not code.isdecimal() or not code.isascii() or code[0] not in "3489":
        return LineError(line, Wrong.CODE, {"code": code})
    for name, digits in (("От", first), ("До", last)):
        # Spreadsheets drop leading zeros; more than seven digits would lie outside the code.
        if not _DIGITS.match(digits) or len(digits) > 7:
            return LineError(line, Wrong.DIGITS, {"column": name, "digits": digits})
    if int(last) < int(first):
        return LineError(line, Wrong.BACKWARDS, {"first": first, "last": last})
    size = capacity if _DIGITS.match(capacity) else "".join(capacity.split())
    if not _DIGITS.match(size) or len(size) > 9:
        return LineError(line, Wrong.CAPACITY, {"capacity": capacity})
    numbers = int(last) - int(first) + 1
    if int(size) != numbers:
        about = {"capacity": size, "first": first, "last": last, "numbers": numbers}
        return LineError(line, Wrong.CAPACITY_DIFFERS, about)
    return None


def _csv_cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:  # a cell of more than 128 KB
        return line.split(separator)


def _header(line: str) -> tuple[str, dict[str, int], int]:
    """The separator that makes the most of the header, the columns that it finds, and the number of cells."""
    best: tuple[str, dict[str, int], int] = (";", {}, 0)
    for separator in (";", "\t", ","):
        cells = _csv_cells(line, separator)
        while cells and not cells[-1].strip():
            cells.pop()
        columns: dict[str, int] = {}
        for index, cell in enumerate(cells):
            column = _COLUMNS.get(_column_key(cell))
            if column is not None:
                columns.setdefault(column, index)
        if len(columns) > len(best[1]):
            best = (separator, columns, len(cells))
    return best
