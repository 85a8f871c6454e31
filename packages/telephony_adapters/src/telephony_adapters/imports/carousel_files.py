"""Takes carousel files in: pools and their numbers, checked against C0 and the register, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from telephony_adapters.imports.carousel_conflicts import breach
from telephony_adapters.imports.carousel_merge import (
    CarouselDraft,
    Difference,
    PoolDraft,
    differences,
    of_drafts,
)
from telephony_adapters.imports.carousel_records import CarouselRules, NumberLine, of_another_region
from telephony_adapters.imports.columns import CAROUSEL_KINDS, COLUMNS, Kind, Layout
from telephony_adapters.imports.open_file import open_layouts
from telephony_adapters.imports.problems import THINGS, Code, Fault, Problem, about
from telephony_adapters.imports.tables import UnreadableFile
from telephony_core.carousel import Carousel
from telephony_core.errors import CarouselConflict
from telephony_core.party import Principal
from telephony_core.use_cases.ask_provider import AskProvider, wishes
from telephony_core.use_cases.edit_carousel import EditCarousel


@frozen
class ImportedCarousel:
    """The outcome: what differs from before, or the problems for which nothing was taken.

    `ask_provider`: what to ask of providers that choose by themselves; what we record there is only recorded (C11).
    """

    changes: tuple[Difference, ...]
    problems: tuple[Problem, ...]
    dry_run: bool
    ask_provider: tuple[AskProvider, ...] = ()

    @property
    def errors(self) -> int:
        return sum(not problem.warning for problem in self.problems)

    @property
    def taken(self) -> bool:
        return not self.errors and not self.dry_run


@define
class ReadCarousel:
    """What was read: the draft, where everything stands, and what is wrong.

    `named` and `references` are the pools of all lines, of wrong ones too.
    """

    pools: dict[str, PoolDraft] = field(factory=dict)
    lines: list[tuple[NumberLine, frozenset[str]]] = field(factory=list)
    places: dict[tuple[str, str], tuple[Layout, int]] = field(factory=dict)
    named: set[str] = field(factory=set)
    references: list[tuple[str, Layout, int]] = field(factory=list)
    problems: list[Problem] = field(factory=list)

    @property
    def draft(self) -> CarouselDraft:
        return CarouselDraft(tuple(self.pools.values()), of_drafts(self.lines))

    def note(self, layout: Layout, line: int, fault: Fault) -> None:
        self.problems.append(layout.table.problem(fault, line=line, column=layout.column_of(fault.field)))


async def import_carousel(
    paths: Iterable[Path],
    edit: EditCarousel,
    principal: Principal,
    rules: CarouselRules | None = None,
    *,
    dry_run: bool = False,
) -> ImportedCarousel:
    """Take these files in together; a dry run says what would change, which is also what differs from the files.

    Any error, a breach of C0 included, and nothing is changed. Errors of the store are raised.
    """
    rules = rules or CarouselRules()
    read = read_carousel_files(paths, rules)
    draft = read.draft

    def change(stored: Carousel, now: datetime) -> Carousel:
        found.clear()  # a transaction that is begun anew finds everything again
        found.extend(_references(read, stored))
        if any(not problem.warning for problem in (*read.problems, *found)):
            return stored
        after = draft.over(stored, now)
        found.extend(_against_register(read, stored, after, rules))
        return after

    found: list[Problem] = []
    try:
        edited = await edit(principal, change, dry_run=dry_run)
    except CarouselConflict as conflict:
        problems = [*read.problems, *found, *_conflicts(read, conflict)]
        return ImportedCarousel((), tuple(problems), dry_run)
    problems = [*read.problems, *found]
    asked = wishes(edited.before, edited.after, edited.at)
    return ImportedCarousel(differences(edited.before, edited.after), tuple(problems), dry_run, asked)


# --- Reading ----------------------------------------------------------------------------------------------------------


def read_carousel_files(paths: Iterable[Path], rules: CarouselRules) -> ReadCarousel:
    """The files' pools and numbers, each line checked by itself and against the others."""
    read = ReadCarousel()
    layouts: list[Layout] = []
    for path in paths:
        its, problems = open_layouts(path, CAROUSEL_KINDS)
        layouts += its
        read.problems += problems
    for layout in sorted(layouts, key=lambda layout: CAROUSEL_KINDS.index(layout.kind)):
        said = frozenset(column.field for column in COLUMNS[layout.kind] if layout.has(column.field))
        try:
            for row in layout.table.rows():
                if any(row.cells[len(layout.table.header.cells) :]):
                    read.note(layout, row.line, about(Code.TOO_MANY_CELLS))
                    continue
                record = layout.record(row)
                if layout.kind is Kind.POOLS:
                    read.named.add(str(record.get("id", "")))
                    _take_pool(read, layout, row.line, rules.pool(record), said)
                else:
                    checked = rules.number_line(record)
                    if all(fault.field != "pool_id" for fault in checked.errors):
                        read.references.append((str(record["pool_id"]), layout, row.line))
                    _take_number(read, layout, row.line, checked, said)
        except UnreadableFile as error:
            read.problems.append(layout.table.problem(error.fault, line=error.line))
    return read


def _take_pool(read: ReadCarousel, layout: Layout, line: int, checked: Any, said: frozenset[str]) -> None:
    for fault in checked.faults:
        read.note(layout, line, fault)
    if checked.value is not None and _once(read, layout, line, ("pool", checked.value.id), Code.ID_TWICE, "id"):
        read.pools[checked.value.id] = PoolDraft(checked.value, said)


def _take_number(read: ReadCarousel, layout: Layout, line: int, checked: Any, said: frozenset[str]) -> None:
    for fault in checked.faults:
        read.note(layout, line, fault)
    number: NumberLine | None = checked.value
    if number is None:
        return
    key = (f"{number.pool_id}\0{number.generation_id}", number.number.number.e164)
    if not _once(read, layout, line, key, Code.NUMBER_TWICE, "number"):
        return
    first = next((each for each, _ in read.lines if _together(each, number) and each.activates_at), None)
    if first is not None and number.activates_at not in (None, first.activates_at):
        read.note(layout, line, about(Code.GENERATION_DISAGREES, "activates_at"))
    read.lines.append((number, said))


def _together(one: NumberLine, other: NumberLine) -> bool:
    return (one.pool_id, one.generation_id) == (other.pool_id, other.generation_id)


def _once(read: ReadCarousel, layout: Layout, line: int, key: tuple[str, str], code: Code, name: str) -> bool:
    first = read.places.setdefault(key, (layout, line))
    if first == (layout, line):
        return True
    read.note(layout, line, about(code, name, what=key[1], known=first[1], masked=False))
    return False


# --- Against the whole ------------------------------------------------------------------------------------------------


def _references(read: ReadCarousel, stored: Carousel) -> Iterable[Problem]:
    known = {pool.id for pool in stored.pools} | read.named
    for pool_id, layout, line in read.references:
        if pool_id not in known:
            fault = about(Code.REFERENCE_UNKNOWN, "pool_id", what=pool_id, known=THINGS["pool"])
            yield layout.table.problem(fault, line=line, column=layout.column_of("pool_id"))


def _against_register(read: ReadCarousel, stored: Carousel, after: Carousel, rules: CarouselRules) -> Iterable[Problem]:
    """The new numbers that the register puts elsewhere: one warning for those of one pool and the same regions.

    Of numbers that their pool has already it was said when they came.
    """
    had = {
        (pool.id, each.number)
        for pool in stored.pools
        for generation in pool.generations
        for each in generation.numbers
    }
    groups: dict[tuple[str, tuple[str, ...]], list[NumberLine]] = {}
    for line, _ in read.lines:
        pool, number = after.pool(line.pool_id), line.number.number
        if pool is not None and (pool.id, number) not in had and (codes := rules.elsewhere(number, pool)):
            groups.setdefault((pool.id, codes), []).append(line)
    for (pool_id, codes), lines in groups.items():
        layout, place = _place_of(read, lines[0])
        fault = of_another_region(pool_id, codes, [line.number.number for line in lines])
        yield layout.table.problem(fault, line=place, column=layout.column_of("number"))


def _place_of(read: ReadCarousel, line: NumberLine) -> tuple[Layout, int]:
    return read.places[f"{line.pool_id}\0{line.generation_id}", line.number.number.e164]


def _conflicts(read: ReadCarousel, conflict: CarouselConflict) -> Iterable[Problem]:
    """Each breach of C0, at the line of its number or pool where the files have one. Numbers here are our own."""
    faults: Any = conflict.reasons.get("faults", [])
    for each in faults:
        pool_id, detail = each["pool"], each["about"]
        fault = breach(each["fault"], pool_id, detail)
        of_pool = {key: place for key, place in read.places.items() if key[0].split("\0")[0] == pool_id}
        of_number = [place for key, place in of_pool.items() if key[1] == detail]
        places = [*of_number, *filter(None, [read.places.get(("pool", pool_id))]), *of_pool.values()]
        if places:
            layout, line = places[0]
            yield layout.table.problem(fault, line=line)
        else:
            yield Problem(next(iter(read.places.values()))[0].table.file, fault)
