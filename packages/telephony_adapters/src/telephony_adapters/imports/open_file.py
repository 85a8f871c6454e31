"""Opens a file of tables; what it was saved by is told by its first bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from telephony_adapters.imports.columns import Kind, Layout, lay_out
from telephony_adapters.imports.csv_tables import csv_table
from telephony_adapters.imports.problems import Both, Code, Problem, about
from telephony_adapters.imports.tables import Table, UnreadableFile
from telephony_adapters.imports.xlsx_tables import xlsx_tables

LARGEST_FILE = 256 * 1024 * 1024

_MB = 1024 * 1024
_USUAL: Mapping[type[OSError], str] = {
    FileNotFoundError: "такой папки или файла нет",
    PermissionError: "нет прав на это",
    IsADirectoryError: "это папка",
    NotADirectoryError: "это не папка",
}


def open_tables(path: Path) -> tuple[tuple[Table, ...], tuple[Problem, ...]]:
    """The tables of a file, empty ones left out, and what is wrong with the file as a whole."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            sizes = (size // _MB, LARGEST_FILE // _MB)
            what = Both("{} MB, {} MB at the most".format(*sizes), "{} МБ, а можно до {} МБ".format(*sizes))
            raise UnreadableFile(about(Code.FILE_TOO_LARGE, what=what))
        with path.open("rb") as stream:
            start = stream.read(8)
        tables = xlsx_tables(path) if start.startswith(b"PK\x03\x04") else (csv_table(path, start),)
    except UnreadableFile as error:
        return (), (Problem(path.name, error.fault, error.sheet, error.line),)
    except FileNotFoundError:
        return (), (Problem(path.name, about(Code.FILE_MISSING)),)
    except OSError as error:
        return (), (Problem(path.name, about(Code.FILE_UNREADABLE, what=why(error))),)
    found = tuple(table for table in tables if table is not None)
    return found, () if found else (Problem(path.name, about(Code.FILE_EMPTY)),)


def open_layouts(path: Path, kinds: Iterable[Kind]) -> tuple[tuple[Layout, ...], tuple[Problem, ...]]:
    """The tables of a file that are of these kinds, and what is wrong with its headers.

    A sheet of no such kind beside others that are is left out with a warning: workbooks have sheets with totals, and
    one workbook may hold a directory and a carousel.
    """
    asked = tuple(kinds)
    tables, opened = open_tables(path)
    laid_out = [(table, lay_out(table, asked)) for table in tables]
    layouts = tuple(read[0] for _, read in laid_out if read[0] is not None)
    problems = list(opened)
    for table, (layout, faults) in laid_out:
        for fault in faults:
            if layouts and layout is None and fault.code in (Code.KIND_UNKNOWN, Code.KIND_OF_ANOTHER_COMMAND):
                why_so = Both(fault.say("en"), fault.say("ru"))
                problems.append(table.problem(about(Code.SHEET_LEFT_OUT, what=why_so, warning=True)))
            else:
                problems.append(table.problem(fault, line=table.header.line))
    return layouts, tuple(problems)


def why(error: OSError) -> Both:
    """What the operating system says of a file, in both languages where it is usual."""
    said = error.strerror or type(error).__name__
    return Both(said, next((words for kind, words in _USUAL.items() if isinstance(error, kind)), said))
