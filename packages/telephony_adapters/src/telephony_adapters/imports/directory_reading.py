"""Reads directory files: every table, every line by itself and against the others of its kind. Touches no store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from attrs import define, field, frozen

from telephony_adapters.imports import cells
from telephony_adapters.imports.cells import Bad
from telephony_adapters.imports.columns import DIRECTORY_KINDS, Kind, Layout
from telephony_adapters.imports.open_file import open_layouts
from telephony_adapters.imports.problems import Code, Fault, Problem, about
from telephony_adapters.imports.records import Checked, Mark, Record, RecordRules
from telephony_adapters.imports.tables import UnreadableFile
from telephony_core.party import Contact
from telephony_core.phone import PhoneNumber

MOST_PROBLEMS = 1000
"""Errors that are kept, and as many warnings; of more only the count is told."""

Progress = Callable[[int, int], None]
"""How many lines are done, and of how many."""

T = TypeVar("T")

_REFERENCES: Mapping[Kind, Mapping[str, Kind]] = {
    # what a field of a kind refers to
    Kind.DEVICES: {"employee_id": Kind.EMPLOYEES},
    Kind.CLIENTS: {"owner_id": Kind.EMPLOYEES},
    Kind.INTERESTS: {"client_id": Kind.CLIENTS, "owner_id": Kind.EMPLOYEES},
    Kind.CONTACTS: {"interest_id": Kind.INTERESTS},
}


@frozen
class Reference:
    """A line that names a thing of another kind."""

    field: str
    kind: Kind
    thing_id: str
    layout: Layout
    line: int


@define
class Found:
    """What was read so far: things by kind and id, where they stand, and what is wrong.

    `named` and `references` are those of all lines, of wrong ones too: what hangs together is told at once with what
    is wrong in the cells.
    """

    things: dict[Kind, dict[str, Any]] = field(factory=lambda: {kind: {} for kind in DIRECTORY_KINDS})
    places: dict[Kind, dict[str, tuple[Layout, int]]] = field(factory=lambda: {kind: {} for kind in DIRECTORY_KINDS})
    layouts: dict[Kind, list[Layout]] = field(factory=dict)
    contacts: dict[str, list[Contact]] = field(factory=dict)
    marks: dict[PhoneNumber, tuple[Mark, int]] = field(factory=dict)
    preferred: dict[str, tuple[str, Layout, int]] = field(factory=dict)
    named: dict[Kind, set[str]] = field(factory=lambda: {kind: set() for kind in DIRECTORY_KINDS})
    references: list[Reference] = field(factory=list)
    problems: list[Problem] = field(factory=list)
    errors: int = 0
    warnings: int = 0
    lines: int = 0

    def note(self, problem: Problem) -> None:
        if problem.warning:
            self.warnings += 1
        else:
            self.errors += 1
        if (self.warnings if problem.warning else self.errors) <= MOST_PROBLEMS:
            self.problems.append(problem)


def read_directory_files(paths: Iterable[Path], rules: RecordRules, progress: Progress) -> Found:
    """All tables of all files, each line checked by itself and against the others."""
    found = Found()
    layouts: list[Layout] = []
    for path in paths:
        its, problems = open_layouts(path, DIRECTORY_KINDS)
        layouts += its
        for problem in problems:
            found.note(problem)
    layouts.sort(key=lambda layout: DIRECTORY_KINDS.index(layout.kind))
    total = sum(layout.table.length for layout in layouts)
    for layout in layouts:
        found.layouts.setdefault(layout.kind, []).append(layout)
        for record, line in _records(layout, found):
            found.lines += 1
            _take(found, layout, line, record, rules)
            if found.lines % 1000 == 0:
                progress(found.lines, max(total, found.lines))
    if not found.lines and not found.errors:  # an empty sheet beside others is usual
        for layout in layouts:
            found.note(layout.table.problem(about(Code.NO_LINES, warning=True), line=layout.table.header.line))
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
            faults = _keep(found, layout, line, rules.employee(record))
        case Kind.DEVICES:
            faults = _keep(found, layout, line, rules.device(record))
            _claim(found, layout, line, record)
        case Kind.CLIENTS:
            faults = _keep(found, layout, line, rules.client(record))
        case Kind.INTERESTS:
            faults = _keep(found, layout, line, rules.interest(record))
        case Kind.CONTACTS:
            checked = rules.contact(record)
            faults = checked.faults
            _note_all(found, layout, line, faults)
            if checked.value is not None:
                interest_id, contact = checked.value
                key = f"{interest_id}\0{contact.id}"  # an id of a contact is its interest's own
                if _once(found, layout, line, key, contact.id):
                    found.contacts.setdefault(interest_id, []).append(contact)
        case _:
            marks = rules.do_not_call(record)
            faults = marks.faults
            _note_all(found, layout, line, faults)
            for mark in marks.value or ():
                first, first_line = found.marks.setdefault(mark.number, (mark, line))
                if first != mark:
                    found.note(placed(layout, line, about(Code.MARK_CONTRADICTED, "lifted", known=first_line)))
    _refer(found, layout, line, record, {fault.field for fault in faults if not fault.warning})


def _refer(found: Found, layout: Layout, line: int, record: Record, wrong: set[str]) -> None:
    found.named[layout.kind].add(str(record.get("id", "")))
    for name, kind in _REFERENCES.get(layout.kind, {}).items():
        if name in record and name not in wrong:
            found.references.append(Reference(name, kind, str(record[name]), layout, line))


def _claim(found: Found, layout: Layout, line: int, record: Record) -> None:
    """A device that says that it is its employee's preferred one: the only one, or an error."""
    try:
        preferred = cells.yes_or_no(record.get("preferred", "no"))
    except Bad:  # told with the other cells of the line
        return
    employee_id, device_id = str(record.get("employee_id", "")), str(record.get("id", ""))
    if not preferred or not employee_id:
        return
    claimed = (device_id, layout, line)
    first = found.preferred.setdefault(employee_id, claimed)
    if first != claimed:
        known = _line_of(first[1], first[2], layout)
        found.note(placed(layout, line, about(Code.SECOND_PREFERRED, "preferred", known=known)))


def _keep(found: Found, layout: Layout, line: int, checked: Checked[T]) -> tuple[Fault, ...]:
    _note_all(found, layout, line, checked.faults)
    thing: Any = checked.value
    if thing is not None and _once(found, layout, line, thing.id, thing.id):
        found.things[layout.kind][thing.id] = thing
    return checked.faults


def _once(found: Found, layout: Layout, line: int, key: str, thing_id: str) -> bool:
    first = found.places[layout.kind].setdefault(key, (layout, line))
    if first == (layout, line):
        return True
    known = _line_of(*first, layout)
    found.note(placed(layout, line, about(Code.ID_TWICE, "id", what=thing_id, known=known)))
    return False


def _line_of(layout: Layout, line: int, seen_from: Layout) -> str:
    return f"{line}" if layout is seen_from else f"{line} ({layout.table.name})"


def _note_all(found: Found, layout: Layout, line: int, faults: Iterable[Fault]) -> None:
    for fault in faults:
        found.note(placed(layout, line, fault))


def placed(layout: Layout, line: int, fault: Fault) -> Problem:
    return layout.table.problem(fault, line=line, column=layout.column_of(fault.field))
