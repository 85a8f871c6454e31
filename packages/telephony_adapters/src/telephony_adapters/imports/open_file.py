"""Opens a file of tables; what it was saved by is told by its first bytes."""

from __future__ import annotations

from pathlib import Path

from telephony_adapters.imports.csv_tables import csv_table
from telephony_adapters.imports.problems import Code, Problem, about
from telephony_adapters.imports.tables import Table, UnreadableFile
from telephony_adapters.imports.xlsx_tables import xlsx_tables

LARGEST_FILE = 256 * 1024 * 1024

_MB = 1024 * 1024


def open_tables(path: Path) -> tuple[tuple[Table, ...], tuple[Problem, ...]]:
    """The tables of a file, empty ones left out, and what is wrong with the file as a whole."""
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
