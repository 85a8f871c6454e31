"""XLSX as Excel and its kin save it: a table for each sheet that holds anything.

Excel keeps a phone number that was typed without quotes as a float and a date as a day count: both come out as the text
that was meant. A sheet is loaded as a rectangle from its first cell to its last, so the last one is looked for in the
packed XML first: a stray cell at XFD1048576 would cost gigabytes.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from telephony_adapters.imports.problems import Both, Code, about, quoted
from telephony_adapters.imports.tables import (
    LARGEST_UNPACKED,
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_ROWS,
    Row,
    Table,
    UnreadableFile,
    stripped,
)

_CHUNK = 1024 * 1024
_REFERENCE = re.compile(rb"<(?:\w+:)?c\s[^>]{0,200}?\br=\"([A-Z]{1,3})([0-9]{1,7})\"")
_ERROR = re.compile(rb"<(?:\w+:)?c\s[^>]{0,200}?\br=\"([A-Z]{1,3})([0-9]{1,7})\"[^>]{0,200}?\bt=\"e\"")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml\Z")


_TOO_MUCH = Both(
    f"more than {LARGEST_UNPACKED // _CHUNK} MB unpacked", f"больше {LARGEST_UNPACKED // _CHUNK} МБ после распаковки"
)


def xlsx_tables(path: Path) -> tuple[Table, ...]:
    """The tables of a workbook, in its order, hidden sheets too."""
    try:
        import python_calamine as calamine  # noqa: PLC0415
    except ImportError:
        what = Both(
            "XLSX needs the package python-calamine: pip install telephony-adapters[files]",
            "для XLSX нужен пакет python-calamine: pip install telephony-adapters[files]",
        )
        raise UnreadableFile(about(Code.FILE_UNREADABLE, what=what)) from None
    _refuse_bombs(path)
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as workbook:
            sheets = [(name, workbook.get_sheet_by_name(name)) for name in _worksheets(workbook, calamine)]
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise UnreadableFile(about(Code.FILE_UNREADABLE, what=_broken(error))) from None
    return tuple(table for name, sheet in sheets if (table := _table(path, name, sheet)) is not None)


def _broken(error: Exception) -> Both:
    """The libraries' own words are English; they help whoever knows the format."""
    said = quoted(error)
    return Both(
        f"the workbook is damaged or has a password ({said}); save it anew as .xlsx, or as CSV (UTF-8)",
        f"книга повреждена или с паролем ({said}); сохраните её заново как .xlsx или как CSV (UTF-8)",
    )


def _worksheets(workbook: Any, calamine: Any) -> list[str]:
    worksheet = calamine.SheetTypeEnum.WorkSheet
    return [sheet.name for sheet in workbook.sheets_metadata if sheet.typ == worksheet]


def _table(path: Path, name: str, sheet: Any) -> Table | None:
    header = next(_rows(sheet), None)
    if header is None:
        return None

    def rows() -> Iterator[Row]:
        found = _rows(sheet)
        next(found, None)
        return found

    return Table(path.name, name, header, max(0, sheet.height - 1), rows)


def _rows(sheet: Any) -> Iterator[Row]:
    if sheet.start is None:
        return
    # iter_rows begins at the first row of the sheet, whether or not it holds anything.
    for line, cells in enumerate(sheet.iter_rows(), 1):
        found = stripped([text_of(cell) for cell in cells])
        if any(found):
            yield Row(line, found)


def text_of(cell: object) -> str:
    """What a person would have typed: `79161234567.0` is `79161234567`, a date is ISO, True is `1`."""
    match cell:
        case bool():
            return "1" if cell else "0"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case float():
            return repr(cell)
        case dt.datetime():
            midnight = cell.time() == dt.time(0)
            return cell.date().isoformat() if midnight else cell.isoformat(sep=" ", timespec="seconds")
        case dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell)


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise UnreadableFile(about(Code.FILE_TOO_LARGE, what=_TOO_MUCH))
            for part in parts:
                if _SHEET.match(part.filename):
                    _refuse_wide(archive, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise UnreadableFile(about(Code.FILE_UNREADABLE, what=_broken(error))) from None


def _refuse_wide(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    rows = columns = unpacked = 0
    rest = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            unpacked += len(chunk)
            if unpacked > LARGEST_UNPACKED:  # the sizes that an archive states need not be true
                raise UnreadableFile(about(Code.FILE_TOO_LARGE, what=_TOO_MUCH))
            text = rest + chunk
            for match in _REFERENCE.finditer(text):
                columns = max(columns, _column(match[1]))
                rows = max(rows, int(match[2]))
            if error := _ERROR.search(text):
                # calamine reads it as an empty cell, and what was meant would be lost without a word.
                cell = (error[1] + error[2]).decode()
                raise UnreadableFile(about(Code.CELL_IS_AN_ERROR, what=cell), line=int(error[2]))
            rest = text[-256:]
    if rows > MOST_ROWS or columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        what = Both(
            f"cells as far as line {rows}, column {columns}; {MOST_ROWS} lines and {MOST_COLUMNS} columns at the most",
            f"ячейки до строки {rows}, столбца {columns}; можно до {MOST_ROWS} строк и {MOST_COLUMNS} столбцов",
        )
        raise UnreadableFile(about(Code.FILE_TOO_LARGE, what=what))


def _column(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place
