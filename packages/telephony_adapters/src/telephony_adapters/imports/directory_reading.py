"""Reads directory files: every table, every line by itself and against the others of its kind. Touches no store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from attrs import define, field

from telephony_adapters.imports.columns import DIRECTORY_KINDS, Kind, Layout, lay_out
from telephony_adapters.imports.open_file import open_tables
from telephony_adapters.imports.problems import Code, Fault, Problem, about
from telephony_adapters.imports.records import Checked, Record, RecordRules
from telephony_adapters.imports.tables import UnreadableFile
from telephony_core.party import Contact
from telephony_core.phone import PhoneNumber

MOST_PROBLEMS = 1000
"""Problems that are kept; of more only the count is told."""

Progress = Callable[[int, int], None]
"""How many lines are done, and of how many."""

T = TypeVar("T")


@define
class Found:
    """What was read so far: things by kind and id, where they stand, and what is wrong."""

    things: dict[Kind, dict[str, Any]] = field(factory=lambda: {kind: {} for kind in DIRECTORY_KINDS})
    places: dict[Kind, dict[str, tuple[Layout, int]]] = field(factory=lambda: {kind: {} for kind in DIRECTORY_KINDS})
    layouts: dict[Kind, list[Layout]] = field(factory=dict)
    contacts: dict[str, list[Contact]] = field(factory=dict)
    marks: dict[PhoneNumber, None] = field(factory=dict)
    preferred: dict[str, int] = field(factory=dict)
    problems: list[Problem] = field(factory=list)
    errors: int = 0
    warnings: int = 0
    lines: int = 0

    def note(self, problem: Problem) -> None:
        if problem.warning:
            self.warnings += 1
        else:
            self.errors += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)


def read_directory_files(paths: Iterable[Path], rules: RecordRules, progress: Progress) -> Found:
    """All tables of all files, each line checked by itself and against the others."""
    found = Found()
    layouts: list[Layout] = []
    for path in paths:
        tables, problems = open_tables(path)
        for problem in problems:
            found.note(problem)
        for table in tables:
            layout, faults = lay_out(table, DIRECTORY_KINDS)
            for fault in faults:
                found.note(table.problem(fault, line=table.header.line))
            if layout is not None:
                layouts.append(layout)
    layouts.sort(key=lambda layout: DIRECTORY_KINDS.index(layout.kind))
    total = sum(layout.table.length for layout in layouts)
    for layout in layouts:
        found.layouts.setdefault(layout.kind, []).append(layout)
        for record, line in _records(layout, found):
            found.lines += 1
            _take(found, layout, line, record, rules)
            if found.lines % 1000 == 0:
                progress(found.lines, max(total, found.lines))
    progress(found.lines, max(found.lines, 1))
    return found


def _records(layout: Layout, found: Found) -> Iterator[tuple[Record, int]]:
    """The records of a table and their lines, up to a line that can't be read."""
    width = len(layout.table.header.cells)
    try:
        for row in layout.table.rows():
            if any(row.cells[width:]):
                found.note(layout.table.problem(about(Code.TOO_MANY_CELLS), line=row.line))
                continue
            yield layout.record(row), row.line
    except UnreadableFile as error:
        found.note(layout.table.problem(error.fault, line=error.line))


def _take(found: Found, layout: Layout, line: int, record: Record, rules: RecordRules) -> None:
    match layout.kind:
        case Kind.EMPLOYEES:
            _keep(found, layout, line, rules.employee(record))
        case Kind.DEVICES:
            device = _keep(found, layout, line, rules.device(record))
            if device is not None and device.preferred:
                first = found.preferred.setdefault(device.employee_id, line)
                if first != line:
                    fault = about(Code.SECOND_PREFERRED, "preferred", known=first)
                    found.note(placed(layout, line, fault))
        case Kind.CLIENTS:
            _keep(found, layout, line, rules.client(record))
        case Kind.INTERESTS:
            _keep(found, layout, line, rules.interest(record))
        case Kind.CONTACTS:
            checked = rules.contact(record)
            _note_all(found, layout, line, checked)
            if checked.value is not None:
                interest_id, contact = checked.value
                key = f"{interest_id}\0{contact.id}"  # an id of a contact is its interest's own
                if _once(found, layout, line, key, contact.id):
                    found.contacts.setdefault(interest_id, []).append(contact)
        case _:
            marks = rules.do_not_call(record)
            _note_all(found, layout, line, marks)
            found.marks.update(dict.fromkeys(marks.value or ()))


def _keep(found: Found, layout: Layout, line: int, checked: Checked[T]) -> T | None:
    _note_all(found, layout, line, checked)
    thing: Any = checked.value
    if thing is None or not _once(found, layout, line, thing.id, thing.id):
        return None
    found.things[layout.kind][thing.id] = thing
    return checked.value


def _once(found: Found, layout: Layout, line: int, key: str, thing_id: str) -> bool:
    first = found.places[layout.kind].setdefault(key, (layout, line))
    if first == (layout, line):
        return True
    known = f"{first[1]}" if first[0] is layout else f"{first[1]} ({first[0].table.name})"
    found.note(placed(layout, line, about(Code.ID_TWICE, "id", what=thing_id, known=known)))
    return False


def _note_all(found: Found, layout: Layout, line: int, checked: Checked[T]) -> None:
    for fault in checked.faults:
        found.note(placed(layout, line, fault))


def placed(layout: Layout, line: int, fault: Fault) -> Problem:
    return layout.table.problem(fault, line=line, column=layout.column_of(fault.field))
