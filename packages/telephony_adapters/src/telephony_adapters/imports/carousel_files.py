"""Takes carousel files in: pools and their numbers, checked against C0 and the register, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from telephony_adapters.imports.carousel_merge import (
    CarouselDraft,
    Difference,
    PoolDraft,
    differences,
    of_drafts,
)
from telephony_adapters.imports.carousel_records import CarouselRules, NumberLine
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
    """What was read: the draft, where everything stands, and what is wrong."""

    pools: dict[str, PoolDraft] = field(factory=dict)
    lines: list[tuple[NumberLine, frozenset[str]]] = field(factory=list)
    places: dict[tuple[str, str], tuple[Layout, int]] = field(factory=dict)
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
    if any(not problem.warning for problem in read.problems):
        return ImportedCarousel((), tuple(read.problems), dry_run)
    draft = read.draft

    def change(stored: Carousel, now: datetime) -> Carousel:
        found.clear()  # a transaction that is begun anew finds everything again
        after = draft.over(stored, now)
        found.extend(_references(read, after))
        if any(not problem.warning for problem in found):
            return stored
        found.extend(_against_register(read, after, rules))
        return after

    found: list[Problem] = []
    try:
        edited = await edit(principal, change, dry_run=dry_run)
    except CarouselConflict as conflict:
        problems = [*read.problems, *_conflicts(read, conflict)]
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
                elif layout.kind is Kind.POOLS:
                    _take_pool(read, layout, row.line, rules.pool(layout.record(row)), said)
                else:
                    _take_number(read, layout, row.line, rules.number_line(layout.record(row)), said)
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


def _references(read: ReadCarousel, after: Carousel) -> Iterable[Problem]:
    for line, _ in read.lines:
        if after.pool(line.pool_id) is None:
            layout, place = _place_of(read, line)
            fault = about(Code.REFERENCE_UNKNOWN, "pool_id", what=line.pool_id, known=THINGS["pool"])
            yield layout.table.problem(fault, line=place, column=layout.column_of("pool_id"))


def _against_register(read: ReadCarousel, after: Carousel, rules: CarouselRules) -> Iterable[Problem]:
    for line, _ in read.lines:
        pool = after.pool(line.pool_id)
        fault = rules.against_register(line.number.number, pool) if pool is not None else None
        if fault is not None:
            layout, place = _place_of(read, line)
            yield layout.table.problem(fault, line=place, column=layout.column_of("number"))


def _place_of(read: ReadCarousel, line: NumberLine) -> tuple[Layout, int]:
    return read.places[f"{line.pool_id}\0{line.generation_id}", line.number.number.e164]


def _conflicts(read: ReadCarousel, conflict: CarouselConflict) -> Iterable[Problem]:
    """Each breach of C0, at the line of its number or pool where the files have one. Numbers here are our own."""
    faults: Any = conflict.reasons.get("faults", [])
    for each in faults:
        pool_id, detail = each["pool"], each["about"]
        what = CONFLICTS[each["fault"]].format(pool=pool_id, about=detail)
        fault = Fault("", Code.CAROUSEL_CONFLICT, {"what": what})
        of_pool = {key: place for key, place in read.places.items() if key[0].split("\0")[0] == pool_id}
        of_number = [place for key, place in of_pool.items() if key[1] == detail]
        places = [*of_number, *filter(None, [read.places.get(("pool", pool_id))]), *of_pool.values()]
        if places:
            layout, line = places[0]
            yield layout.table.problem(fault, line=line)
        else:
            yield Problem(next(iter(read.places.values()))[0].table.file, fault)


CONFLICTS: dict[str, str] = {
    "pool_id_repeated": "pool '{pool}' stands twice",
    "no_default_pool": "provider '{about}' has no default pool; mark one of its pools",
    "second_default_pool": "pool '{pool}' is a second default beside '{about}'",
    "region_served_twice": "pool '{pool}' serves {about}, too; leave the region to one of them",
    "chain_repeats_a_pool": "the chain of pool '{pool}' names a pool twice",
    "chain_to_unknown_pool": "the chain of pool '{pool}' names '{about}', which is no pool",
    "chain_leaves_the_provider": "the chain of pool '{pool}' leads to '{about}', which another provider carries",
    "chain_has_a_cycle": "the chain of pool '{pool}' comes back to it",
    "number_active_twice": "number {about} of pool '{pool}' is in force elsewhere at the same time",
    "generations_at_one_instant": "generation '{about}' of pool '{pool}' begins with another one",
    "generation_id_repeated": "two generations of pool '{pool}' have one id",
    "generation_size": "generation {about} of pool '{pool}': 1 to 30 numbers are possible",
    "decision_too_large": (
        "a decision about pool '{pool}' could take {about} bytes, 1024 at the most; "
        "shorten its chain, its pools' ids, or generations"
    ),
    "number_repeated": "generation '{about}' of pool '{pool}' has a number twice",
    "history_deleted": "generation '{about}' of pool '{pool}' began in the past and stays",
    "history_changed": "generation '{about}' of pool '{pool}' began in the past; schedule another one",
    "generation_began": "generation '{about}' of pool '{pool}' began in the past",
}
