"""A file as tables of text: a header and rows, whatever it was saved by. What it is, is told by its first bytes.

A table can be gone through more than once, and going through one keeps no more than a row in memory (a sheet of XLSX
stays loaded; its size is limited before it is).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import field, frozen

from telephony_adapters.imports.problems import Code, Fault, Problem, about

LARGEST_FILE = 256 * 1024 * 1024
LARGEST_UNPACKED = 1024 * 1024 * 1024
MOST_ROWS = 1_048_576
MOST_COLUMNS = 200
MOST_CELLS = 20_000_000

_MB = 1024 * 1024


@frozen
class Row:
    """One record: the line on which it begins, counted from 1, and its cells, stripped."""

    line: int
    cells: tuple[str, ...]


class UnreadableFile(Exception):
    """A file that can't be read, or no further than to here; says why as a `Problem`. Never leaves this package."""

    def __init__(self, fault: Fault, *, line: int | None = None, sheet: str | None = None) -> None:
        self.fault = fault
        self.line = line
        self.sheet = sheet
        super().__init__(fault.code)


@frozen
class Table:
    """One sheet or one CSV. `header` is the first line that isn't empty; `rows` begins after it, as often as asked.

    `length`: about how many lines there are, for a progress bar.
    """

    file: str
    sheet: str | None
    header: Row
    length: int
    rows: Callable[[], Iterator[Row]] = field(eq=False)

    @property
    def name(self) -> str:
        """What the table is called: its sheet, or its file without the ending."""
        return self.sheet if self.sheet is not None else Path(self.file).stem

    def problem(self, fault: Fault, *, line: int | None = None, column: str | None = None) -> Problem:
        return Problem(self.file, fault, self.sheet, line, column)


def stripped(cells: list[str]) -> tuple[str, ...]:
    """Cells without the blanks round them, and without the apostrophe by which a spreadsheet marks text."""
    return tuple(_plain(cell) for cell in cells)


def _plain(cell: str) -> str:
    text = cell.strip().strip("\ufeff\u200b").strip()
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "+-=@0123456789" else text


def open_tables(path: Path) -> tuple[tuple[Table, ...], tuple[Problem, ...]]:
    """The tables of a file, empty ones left out, and what is wrong with the file as a whole."""
    # Imported here: each of the two needs the values above.
    from telephony_adapters.imports.csv_tables import csv_table  # noqa: PLC0415
    from telephony_adapters.imports.xlsx_tables import xlsx_tables  # noqa: PLC0415

    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise UnreadableFile(about(Code.FILE_TOO_LARGE, what=f"{size // _MB} MB, {LARGEST_FILE // _MB} MB"))
        with path.open("rb") as stream:
            start = stream.read(8)
        tables = xlsx_tables(path) if start.startswith(b"PK\x03\x04") else (csv_table(path, start),)
    except UnreadableFile as error:
        return (), (Problem(path.name, error.fault, error.sheet, error.line),)
    except OSError as error:
        return (), (Problem(path.name, about(Code.FILE_UNREADABLE, what=error.strerror or "?")),)
    found = tuple(table for table in tables if table is not None)
    return found, () if found else (Problem(path.name, about(Code.FILE_EMPTY)),)
