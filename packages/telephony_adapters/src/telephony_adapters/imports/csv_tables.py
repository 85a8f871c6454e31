"""CSV as programs save it: any usual separator, BOM or none, UTF-8, UTF-16 by its BOM, Windows-1251.

The encoding is tried in a fixed order, for guessing by statistics goes wrong on short Cyrillic. UTF-8 that breaks off
is no Windows-1251, though every byte means something there: names would be stored as nonsense. The separator is the one
by which a line among the first has the most columns that we know; `sep=;`, Excel's own first line, is believed.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from telephony_adapters.imports.columns import known_columns
from telephony_adapters.imports.headers import LOOKED_AT, table_of
from telephony_adapters.imports.problems import Both, Code, about
from telephony_adapters.imports.tables import MOST_COLUMNS, MOST_ROWS, Row, Table, UnreadableFile, stripped

_SEPARATORS = ";,\t|"
_CHUNK = 1024 * 1024
_LETTERS_OF_UTF_8 = 3
"""So many letters beyond ASCII in UTF-8 before the first that is none: no text of Windows-1251 begins like that."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_OR_LOCKED = Both(
    "it is an old .xls, or an .xlsx with a password; save it as .xlsx without a password, or as CSV (UTF-8)",
    "это старый .xls или .xlsx с паролем; сохраните его как .xlsx без пароля или как CSV (UTF-8)",
)
_NO_TEXT = Both(
    "it is neither .xlsx nor text in UTF-8, UTF-16 or Windows-1251; save it as CSV (UTF-8)",
    "это не .xlsx и не текст в UTF-8, UTF-16 или Windows-1251; сохраните его как CSV (UTF-8)",
)


def csv_table(path: Path, start: bytes) -> Table | None:
    """The one table of a CSV; None if no line holds anything. `start` is the file's first bytes."""
    if start.startswith(_OLE):
        raise UnreadableFile(about(Code.FILE_UNREADABLE, what=_OLD_OR_LOCKED))
    encoding, lines = _encoding(path, start)
    separator = _separator(path, encoding)
    return table_of(path.name, None, lambda: _rows(path, encoding, separator), lines)


def _encoding(path: Path, start: bytes) -> tuple[str, int]:
    """The first encoding in which the whole file can be read, and about how many lines it has."""
    tries = ("utf-16",) if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ("utf-8-sig", "cp1251")
    for encoding in tries:
        lines = _lines(path, encoding)
        if lines is not None:
            return encoding, lines
    raise UnreadableFile(about(Code.FILE_UNREADABLE, what=_NO_TEXT))


def _lines(path: Path, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, last, beyond_ascii = 0, "\n", 0
    with path.open("rb") as stream:
        try:
            while chunk := stream.read(_CHUNK):
                text = decoder.decode(chunk)
                if "\0" in text:
                    return None  # no text: bytes that happen to decode
                lines += text.count("\n") or text.count("\r")
                last = text[-1:] or last
                if beyond_ascii < _LETTERS_OF_UTF_8:
                    beyond_ascii += _beyond_ascii(text)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding, "ignore")
            if encoding == "utf-8-sig" and beyond_ascii + _beyond_ascii(before) >= _LETTERS_OF_UTF_8:
                lines += before.count("\n") or before.count("\r")
                raise UnreadableFile(about(Code.TEXT_BROKEN), line=lines + 1) from None
            return None
    return lines + (last not in "\r\n")


def _beyond_ascii(text: str) -> int:
    return 0 if text.isascii() else sum(letter > "\x7f" for letter in text)


def _separator(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, newline="") as stream:
        head = stream.read(65536).lstrip()
    first = head.split("\n", 1)[0].strip().lower()
    if first.startswith("sep=") and len(first) == 5:
        return first[4] if first[4] != "t" else "\t"

    def width(separator: str) -> tuple[int, int]:
        try:
            lines = list(islice(csv.reader(io.StringIO(head), delimiter=separator), LOOKED_AT))
        except csv.Error:
            return 0, 0
        return max(map(known_columns, lines), default=0), len(lines[0]) if lines else 0

    return max(_SEPARATORS, key=width)


def _rows(path: Path, encoding: str, separator: str) -> Iterator[Row]:
    """All lines that hold anything, the header first."""
    with path.open(encoding=encoding, newline="") as stream:
        reader = csv.reader(stream, delimiter=separator, strict=True)
        line, count = 1, 0
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                code = Code.TOO_LONG if "limit" in str(error) else Code.QUOTES_OPEN
                raise UnreadableFile(about(code, known=csv.field_size_limit()), line=line) from None
            if cells is None:
                return
            began, line = line, reader.line_num + 1
            if began == 1 and len("".join(cells)) <= 5 and "".join(cells).lower().startswith("sep="):
                continue
            found = stripped(cells)
            if not any(found):
                continue
            count += 1
            if count > MOST_ROWS or len(found) > MOST_COLUMNS:
                what = Both(
                    f"more than {MOST_ROWS} lines or {MOST_COLUMNS} columns",
                    f"больше {MOST_ROWS} строк или {MOST_COLUMNS} столбцов",
                )
                raise UnreadableFile(about(Code.FILE_TOO_LARGE, what=what), line=began)
            yield Row(began, found)
