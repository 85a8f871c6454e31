"""Takes directory files in: all of them checked, then all or nothing of them stored, in one transaction.

A column that a table doesn't have leaves what is stored as it is: a file without 'do not call' takes no mark away. A
table of contacts says all contacts of each interest that it names; other interests keep theirs. Numbers that a client
keeps keep their own marks, however they are typed now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from telephony_adapters.imports import devices_together
from telephony_adapters.imports.columns import DIRECTORY_KINDS, Kind
from telephony_adapters.imports.devices_together import TogetherFault
from telephony_adapters.imports.directory_merge import Counts, DirectoryStock, batches, merged, would_do
from telephony_adapters.imports.directory_reading import Found, Progress, Reference, placed, read_directory_files
from telephony_adapters.imports.problems import THINGS, Both, Code, Problem, about
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
        return not self.errors and not any(
            count.added or count.changed or count.removed for count in self.counts.values()
        )


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
    things = await merged(found, stock, rules or RecordRules())
    await _check_devices(found, things, stock)
    if found.errors:
        return _outcome(found, {}, dry_run)
    if dry_run:
        counts = {kind: await would_do(kind, values, stock) for kind, values in things.items()}
    else:
        done = await stock.put(things)
        counts = {kind: Counts(each.added, each.changed, each.unchanged, each.removed) for kind, each in done.items()}
    return _outcome(found, {kind: counts[kind] for kind in DIRECTORY_KINDS if kind in things}, dry_run)


def _outcome(found: Found, counts: Mapping[Kind, Counts], dry_run: bool) -> Imported:
    return Imported(counts, tuple(found.problems), found.errors, found.warnings, found.lines, dry_run)


# --- Against each other, and what is stored ---------------------------------------------------------------------------

_NAMES_OF_THINGS = {Kind.EMPLOYEES: "employee", Kind.CLIENTS: "client", Kind.INTERESTS: "interest"}


async def _check_references(found: Found, stock: DirectoryStock) -> None:
    """What lines refer to is in these files or was stored before. An owner who isn't is a warning, once for each."""
    for kind, name in _NAMES_OF_THINGS.items():
        missing = {each.thing_id for each in found.references if each.kind is kind} - found.named[kind]
        for batch in batches(sorted(missing)):
            missing -= (await stock.stored(kind, batch)).keys()
        owners: dict[str, list[Reference]] = {}
        for each in found.references:
            if each.kind is not kind or each.thing_id not in missing:
                continue
            if each.field == "owner_id":
                owners.setdefault(each.thing_id, []).append(each)
                continue
            fault = about(Code.REFERENCE_UNKNOWN, each.field, what=each.thing_id, known=THINGS[name])
            found.note(placed(each.layout, each.line, fault))
        for owner, its in owners.items():
            fault = about(Code.REFERENCE_UNKNOWN, "owner_id", what=owner, known=THINGS[name], warning=True)
            more = Both(f" ({len(its)} lines name it)", f" (строк с ним: {len(its)})")
            fault = evolve(fault, about={**fault.about, "more": more}) if len(its) > 1 else fault
            found.note(placed(its[0].layout, its[0].line, fault))


async def _check_devices(found: Found, things: dict[Kind, tuple[Any, ...]], stock: DirectoryStock) -> None:
    """Devices against each other and those that are stored; who loses the mark 'preferred' to one is put as well."""
    devices = {each.id: each for each in things.get(Kind.DEVICES, ())}
    stored = [each for each in await stock.rivals(devices.values()) if each.id not in devices]
    claims = {employee_id: device_id for employee_id, (device_id, _, _) in found.preferred.items()}
    unsaid = [each for each in devices.values() if not found.places[Kind.DEVICES][each.id][0].has("preferred")]
    losing, warnings = devices_together.one_preferred(claims, [*unsaid, *stored])
    noticed = [TogetherFault(each.id, fault) for each in devices.values() for fault in devices_together.noticed(each)]
    for each in (*devices_together.shared(devices, stored), *warnings, *noticed):
        layout, line = found.places[Kind.DEVICES][each.device_id]
        found.note(placed(layout, line, each.fault))
    if losing:
        things[Kind.DEVICES] = tuple({**devices, **{each.id: each for each in losing}}.values())
