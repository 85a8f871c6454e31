"""A file as tables of text: a header and rows, whatever it was saved by.

A table can be gone through more than once, and going through one keeps no more than a row in memory (a sheet of XLSX
stays loaded; its size is limited before it is).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import field, frozen

from telephony_adapters.imports.problems import Fault, Problem

LARGEST_UNPACKED = 1024 * 1024 * 1024
MOST_ROWS = 1_048_576
MOST_COLUMNS = 200
MOST_CELLS = 20_000_000


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
    """One sheet or one CSV. `header` is the line that names the columns; `rows` begins after it, as often as asked.

    `length`: about how many lines there are, for a progress bar. `notes`: what is to be said of the table as such.
    """

    file: str
    sheet: str | None
    header: Row
    length: int
    rows: Callable[[], Iterator[Row]] = field(eq=False)
    notes: tuple[Fault, ...] = ()

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
