"""A directory in memory as an import needs it, and files as people save them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]
from attrs import evolve

from telephony_adapters.imports.columns import Kind
from telephony_adapters.imports.directory_merge import Counted, Counts
from telephony_core.device import Device, Mobile
from telephony_core.party import Client, EnteredNumber, Interest
from telephony_core.phone import PhoneNumber


def _share(one: Device, other: Device) -> bool:
    sims = {each.sim.number for each in (one, other) if isinstance(each, Mobile) and each.sim is not None}
    both = all(isinstance(each, Mobile) and each.sim is not None for each in (one, other))
    return one.employee_id == other.employee_id or one.line == other.line or (both and len(sims) == 1)


class Shelf:
    """`DirectoryStock` in dictionaries. A number without an id gets that of the same text before, else a new one."""

    def __init__(self, *things: tuple[Kind, Any]) -> None:
        self.things: dict[Kind, dict[str, Any]] = {kind: {} for kind in Kind}
        self.marks: set[PhoneNumber] = set()
        self.puts = 0
        self._ids = count(1)
        for kind, thing in things:
            self.things[kind][thing.id] = thing

    async def stored(self, kind: Kind, ids: Iterable[str]) -> Mapping[str, Any]:
        return {each: self.things[kind][each] for each in ids if each in self.things[kind]}

    async def rivals(self, devices: Iterable[Device]) -> tuple[Device, ...]:
        asked = list(devices)
        return tuple(stored for stored in self.things[Kind.DEVICES].values() if any(_share(stored, it) for it in asked))

    async def marked(self, numbers: Iterable[PhoneNumber]) -> frozenset[PhoneNumber]:
        return frozenset(numbers) & self.marks

    async def put(self, things: Mapping[Kind, tuple[Any, ...]]) -> Mapping[Kind, Counted]:
        self.puts += 1
        done: dict[Kind, Counted] = {}
        for kind, values in things.items():
            if kind is Kind.DO_NOT_CALL:
                new = {mark.number for mark in values if not mark.lifted} - self.marks
                gone = {mark.number for mark in values if mark.lifted} & self.marks
                self.marks = (self.marks | new) - gone
                unchanged = len(values) - len(new) - len(gone)
                done[kind] = Counts(added=len(new), unchanged=unchanged, removed=len(gone))
                continue
            counts = [self._put(kind, value) for value in values]
            done[kind] = Counts(counts.count("added"), counts.count("changed"), counts.count("unchanged"))
        return done

    def _put(self, kind: Kind, thing: Any) -> str:
        before = self.things[kind].get(thing.id)
        if isinstance(thing, Client):
            thing = evolve(thing, numbers=self._named(thing.numbers, before.numbers if before else ()))
        if isinstance(thing, Interest):
            known = {each.id: each.numbers for each in before.contacts} if before else {}
            contacts = (
                evolve(each, numbers=self._named(each.numbers, known.get(each.id, ()))) for each in thing.contacts
            )
            thing = evolve(thing, contacts=tuple(contacts))
        self.things[kind][thing.id] = thing
        if before is None:
            return "added"
        return "unchanged" if before == thing else "changed"

    def _named(
        self, numbers: tuple[EnteredNumber, ...], before: tuple[EnteredNumber, ...]
    ) -> tuple[EnteredNumber, ...]:
        known = {each.as_entered: each.id for each in before}
        return tuple(
            evolve(each, id=each.id or known.get(each.as_entered) or f"n-{next(self._ids)}") for each in numbers
        )


def csv_file(
    path: Path, table: Sequence[Sequence[str]], *, separator: str = ";", encoding: str = "utf-8", line_end: str = "\r\n"
) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=line_end).writerows(table)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def xlsx_file(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    """A workbook with these sheets; numbers, dates and booleans as Excel keeps them."""
    workbook = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "default_date_format": "dd.mm.yyyy"})
    for name, table in sheets.items():
        sheet = workbook.add_worksheet(name)
        for place, row in enumerate(table):
            sheet.write_row(place, 0, row)
    workbook.close()
    return path
