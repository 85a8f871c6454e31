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
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

from telephony_adapters.imports.headers import table_of
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
_LISTED = re.compile(r"<(?:\w+:)?(?:sheet|Relationship)\s[^>]*>")
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_HIDDEN = about(Code.SHEET_HIDDEN, warning=True)

_TOO_MUCH = Both(
    f"more than {LARGEST_UNPACKED // _CHUNK} MB unpacked", f"больше {LARGEST_UNPACKED // _CHUNK} МБ после распаковки"
)


def xlsx_tables(path: Path) -> tuple[Table, ...]:
    """The tables of a workbook, in its order, hidden sheets too."""
    try:
        import python_calamine as calamine  # noqa: PLC0415
    except ImportError:
        what = Both(
            "XLSX needs the package python-calamine: pip install python-calamine",
            "для XLSX нужен пакет python-calamine: pip install python-calamine",
        )
        raise UnreadableFile(about(Code.FILE_UNREADABLE, what=what)) from None
    _refuse_bombs(path)
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as workbook:
            sheets = [
                (each.name, workbook.get_sheet_by_name(each.name), each.visible != calamine.SheetVisibleEnum.Visible)
                for each in workbook.sheets_metadata
                if each.typ == calamine.SheetTypeEnum.WorkSheet
            ]
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise UnreadableFile(about(Code.FILE_UNREADABLE, what=_broken(error))) from None
    found = (
        table_of(path.name, name, partial(_rows, sheet), sheet.height, (_HIDDEN,) if hidden else ())
        for name, sheet, hidden in sheets
    )
    return tuple(table for table in found if table is not None)


def _broken(error: Exception) -> Both:
    """The libraries' own words are English; they help whoever knows the format."""
    said = quoted(error)
    return Both(
        f"the workbook is damaged or has a password ({said}); save it anew as .xlsx, or as CSV (UTF-8)",
        f"книга повреждена или с паролем ({said}); сохраните её заново как .xlsx или как CSV (UTF-8)",
    )


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
                sheet = _sheet_of(archive, part.filename)
                raise UnreadableFile(about(Code.CELL_IS_AN_ERROR, what=cell), line=int(error[2]), sheet=sheet)
            rest = text[-256:]
    if rows > MOST_ROWS or columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        what = Both(
            f"cells as far as line {rows}, column {columns}; {MOST_ROWS} lines and {MOST_COLUMNS} columns at the most",
            f"ячейки до строки {rows}, столбца {columns}; можно до {MOST_ROWS} строк и {MOST_COLUMNS} столбцов",
        )
        raise UnreadableFile(about(Code.FILE_TOO_LARGE, what=what))


def _sheet_of(archive: zipfile.ZipFile, part: str) -> str | None:
    """What people call the sheet that is this part of the archive; None where the book doesn't say."""
    try:
        texts = [archive.read(name).decode() for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")]
    except (KeyError, UnicodeDecodeError):
        return None
    sheets, parts = ([dict(_ATTRIBUTE.findall(tag)) for tag in _LISTED.findall(text)] for text in texts)
    ids = {each.get("Id") for each in parts if part.endswith(each.get("Target", "\0").lstrip("/"))}
    return next((unescape(each["name"]) for each in sheets if "name" in each and each.get("r:id") in ids), None)


def _column(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place
