"""Takes directory files in: all of them checked, then all or nothing of them stored, in one transaction.

A column that a table doesn't have leaves what is stored as it is: a file without 'do not call' takes no mark away. A
table of contacts says all contacts of each interest that it names; other interests keep theirs. Numbers that a client
keeps keep their own marks, however they are typed now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from attrs import frozen

from telephony_adapters.imports.columns import DIRECTORY_KINDS, Kind
from telephony_adapters.imports.directory_merge import Counts, DirectoryStock, batches, merged, would_do
from telephony_adapters.imports.directory_reading import Found, Progress, placed, read_directory_files
from telephony_adapters.imports.problems import Code, Problem, about
from telephony_adapters.imports.records import RecordRules


@frozen
class Imported:
    """The outcome: what became of each kind, or the problems for which nothing was taken.

    `problems`: errors and warnings in the order of files and lines, `MOST_PROBLEMS` at the most; `errors` and
    `warnings` count all of them.
    """

    counts: Mapping[Kind, Counts]
    problems: tuple[Problem, ...]
    errors: int
    warnings: int
    lines: int
    dry_run: bool

    @property
    def taken(self) -> bool:
        return not self.errors and not self.dry_run

    @property
    def nothing_changed(self) -> bool:
        return not self.errors and not any(count.added or count.changed for count in self.counts.values())


async def import_directory(
    paths: Iterable[Path],
    stock: DirectoryStock,
    rules: RecordRules | None = None,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Take these files in together. With any error in any of them nothing is stored; a dry run only says what would be.

    Errors of the directory itself (`DirectoryUnavailable`) are raised.
    """
    found = read_directory_files(paths, rules or RecordRules(), progress or (lambda _done, _of: None))
    await _check_references(found, stock)
    if found.errors:
        return _outcome(found, {}, dry_run)
    things = await merged(found, stock, rules or RecordRules())
    if dry_run:
        counts = {kind: await would_do(kind, values, stock) for kind, values in things.items()}
    else:
        done = await stock.put(things)
        counts = {kind: Counts(each.added, each.changed, each.unchanged) for kind, each in done.items()}
    return _outcome(found, {kind: counts[kind] for kind in DIRECTORY_KINDS if kind in things}, dry_run)


def _outcome(found: Found, counts: Mapping[Kind, Counts], dry_run: bool) -> Imported:
    return Imported(counts, tuple(found.problems), found.errors, found.warnings, found.lines, dry_run)


# --- References -------------------------------------------------------------------------------------------------------


async def _check_references(found: Found, stock: DirectoryStock) -> None:
    """Devices name employees, interests name clients, contacts name interests: of these files, or stored before."""
    for kind, attribute, of_kind, known in (
        (Kind.DEVICES, "employee_id", Kind.EMPLOYEES, "employee"),
        (Kind.INTERESTS, "client_id", Kind.CLIENTS, "client"),
    ):
        named = {getattr(thing, attribute) for thing in found.things[kind].values()}
        missing = await _missing(named, of_kind, found, stock)
        for thing in found.things[kind].values():
            referred = getattr(thing, attribute)
            if referred in missing:
                layout, line = found.places[kind][thing.id]
                fault = about(Code.REFERENCE_UNKNOWN, attribute, what=referred, known=known)
                found.note(placed(layout, line, fault))
    missing = await _missing(set(found.contacts), Kind.INTERESTS, found, stock)
    for key, (layout, line) in found.places[Kind.CONTACTS].items():
        interest_id = key.partition("\0")[0]
        if interest_id in missing:
            fault = about(Code.REFERENCE_UNKNOWN, "interest_id", what=interest_id, known="interest")
            found.note(placed(layout, line, fault))


async def _missing(ids: set[str], kind: Kind, found: Found, stock: DirectoryStock) -> set[str]:
    missing = ids - found.things[kind].keys()
    for batch in batches(sorted(missing)):
        missing = missing - (await stock.stored(kind, batch)).keys()
    return missing
