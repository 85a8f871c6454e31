"""Which line of a file or a sheet names the columns, and the table that follows from it.

It is the first line that holds anything, unless a later one of the first ten has more columns that we know: programs
write a title above, and people merge cells for one. What is left out for it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from telephony_adapters.imports.columns import known_columns
from telephony_adapters.imports.problems import Code, Fault, about
from telephony_adapters.imports.tables import Row, Table, UnreadableFile

LOOKED_AT = 10
_LEAST_KNOWN = 2  # a line of data may hold one word that is a column's name


def table_of(
    file: str, sheet: str | None, rows: Callable[[], Iterator[Row]], lines: int, notes: tuple[Fault, ...] = ()
) -> Table | None:
    """The table of these lines; None if none holds anything. `rows` gives all of them, as often as asked."""
    first = _first(rows())
    if not first:
        return None
    known = [known_columns(row.cells) for row in first]
    above = known.index(max(known)) if max(known) >= _LEAST_KNOWN else 0
    if above:
        notes = (*notes, about(Code.LINES_ABOVE, warning=True))
    return Table(file, sheet, first[above], max(0, lines - above - 1), lambda: islice(rows(), above + 1, None), notes)


def _first(rows: Iterator[Row]) -> list[Row]:
    found: list[Row] = []
    try:
        found.extend(islice(rows, LOOKED_AT))
    except UnreadableFile:
        if not found:
            raise
    return found
