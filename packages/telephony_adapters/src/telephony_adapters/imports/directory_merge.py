"""What files say, over what is stored: columns that a file lacks, contacts that it doesn't name, marks on numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol, TypeVar

from attrs import evolve, fields_dict, frozen

from telephony_adapters.imports.columns import PHONE_NUMBERS, Kind, Layout
from telephony_adapters.imports.directory_reading import Found
from telephony_adapters.imports.records import RecordRules
from telephony_core.device import CorporateSim, Device, Mobile
from telephony_core.party import Client, Employee, EnteredNumber, Interest
from telephony_core.phone import PhoneNumber

BATCH = 500
"""Things that are asked for at once."""

Thing = Employee | Device | Client | Interest
T = TypeVar("T")


class Counted(Protocol):
    """What a put did to things of one kind."""

    @property
    def added(self) -> int: ...
    @property
    def changed(self) -> int: ...
    @property
    def unchanged(self) -> int: ...
    @property
    def removed(self) -> int: ...


class DirectoryStock(Protocol):
    """What an import needs of a directory of our own: to read many things of one kind at once, and to put them."""

    async def stored(self, kind: Kind, ids: Iterable[str]) -> Mapping[str, Any]:
        """The things of this kind (employees, devices, clients, interests) that have these ids."""

    async def rivals(self, devices: Iterable[Device]) -> tuple[Device, ...]:
        """The stored devices that share an employee, a line or a SIM with one of these; these themselves, too."""

    async def marked(self, numbers: Iterable[PhoneNumber]) -> frozenset[PhoneNumber]:
        """Which of these numbers stand on the do-not-call list."""

    async def put(self, things: Mapping[Kind, tuple[Any, ...]]) -> Mapping[Kind, Counted]:
        """Put things of several kinds, whole or not at all: of the do-not-call list `Mark`s, which add or take away.

        Numbers come without ids and get those they had.
        """


@frozen
class Counts:
    """What an import did to things of one kind, or would do. Only marks of the do-not-call list are ever `removed`."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in lists of `BATCH`."""
    rest = iter(values)
    while batch := list(islice(rest, BATCH)):
        yield batch


_ATTRIBUTES: Mapping[Kind, Mapping[str, str]] = {
    # field of a column -> attribute of the thing, where the column may be left out
    Kind.EMPLOYEES: {"active": "active", "permissions": "permissions"},
    Kind.DEVICES: {
        "label": "label",
        "provider": "provider",
        "active": "active",
        "preferred": "preferred",
        "number": "number",
        "sim_number": "sim",
        "fmtn": "fmtn",
    },
    Kind.CLIENTS: {
        PHONE_NUMBERS: "numbers",
        "regions": "region_codes",
        "do_not_call": "do_not_call",
        "owner_id": "owner_id",
    },
    Kind.INTERESTS: {"title": "title", "owner_id": "owner_id"},
}


async def merged(found: Found, stock: DirectoryStock, rules: RecordRules) -> dict[Kind, tuple[Any, ...]]:
    things_by_kind: dict[Kind, tuple[Any, ...]] = {}
    interests = found.things[Kind.INTERESTS]
    for batch in batches(sorted(found.contacts.keys() - interests.keys())):
        interests.update(await stock.stored(Kind.INTERESTS, batch))
    for kind in _ATTRIBUTES:
        things = found.things[kind]
        for batch in batches(list(things)):
            stored = await stock.stored(kind, batch)
            for thing_id in batch:
                things[thing_id] = _over(found, kind, things[thing_id], stored.get(thing_id), rules)
        if things:
            things_by_kind[kind] = tuple(things.values())
    if found.marks:
        things_by_kind[Kind.DO_NOT_CALL] = tuple(mark for mark, _ in found.marks.values())
    return things_by_kind


def _over(found: Found, kind: Kind, thing: Any, stored: Any, rules: RecordRules) -> Any:
    """The thing as read, over what is stored of it."""
    place = found.places[kind].get(thing.id)
    if stored is not None and place is not None and type(stored) is type(thing):
        has = fields_dict(type(thing))
        kept = {
            attribute: getattr(stored, attribute)
            for name, attribute in _ATTRIBUTES[kind].items()
            if not place[0].has(name) and attribute in has and not _by_number(name, place[0], thing)
        }
        if kind is Kind.DEVICES and stored.employee_id != thing.employee_id:
            kept.pop("preferred", None)  # it was so for its former employee
        thing = evolve(thing, **kept) if kept else thing
        if isinstance(thing, Mobile) and isinstance(stored, Mobile):
            thing = evolve(thing, sim=_with_dates(thing.sim, stored.sim, place[0]))
    if isinstance(thing, Client) and stored is not None:
        return evolve(thing, numbers=_keeping_marks(thing.numbers, stored.numbers, rules))
    if isinstance(thing, Interest):
        contacts = tuple(found.contacts.get(thing.id, ())) or (stored.contacts if stored is not None else ())
        return evolve(thing, contacts=contacts)
    return thing


def _by_number(name: str, layout: Layout, thing: Any) -> bool:
    """A mobile's SIM may have come from the column `number`."""
    return name == "sim_number" and layout.has("number") and getattr(thing, "sim", None) is not None


def _with_dates(sim: CorporateSim | None, stored: CorporateSim | None, layout: Layout) -> CorporateSim | None:
    """The SIM with the dates that are stored of it, where the table has no columns of them."""
    if sim is None or stored is None or sim.number != stored.number:
        return sim
    return evolve(
        sim,
        issued_at=sim.issued_at if layout.has("sim_issued") else stored.issued_at,
        returned_at=sim.returned_at if layout.has("sim_returned") else stored.returned_at,
    )


def _keeping_marks(
    numbers: tuple[EnteredNumber, ...], stored: tuple[EnteredNumber, ...], rules: RecordRules
) -> tuple[EnteredNumber, ...]:
    """A file can't say 'primary' or 'do not call' of one number, so what is said of it stays."""
    marked = {_same(each, rules): each for each in stored if each.primary or each.do_not_call}
    if not marked:
        return numbers
    return tuple(
        evolve(each, primary=each.primary or known.primary, do_not_call=each.do_not_call or known.do_not_call)
        if (known := marked.get(_same(each, rules))) is not None
        else each
        for each in numbers
    )


def _same(number: EnteredNumber, rules: RecordRules) -> object:
    parsed = rules.parser.parse(number.as_entered)
    return (parsed.number, parsed.extension) if parsed.number is not None else number.as_entered


async def would_do(kind: Kind, values: tuple[Any, ...], stock: DirectoryStock) -> Counts:
    added = changed = removed = 0
    for batch in batches(values):
        if kind is Kind.DO_NOT_CALL:
            marked = await stock.marked([mark.number for mark in batch])
            added += sum(not mark.lifted and mark.number not in marked for mark in batch)
            removed += sum(mark.lifted and mark.number in marked for mark in batch)
            continue
        stored = await stock.stored(kind, [each.id for each in batch])
        added += sum(each.id not in stored for each in batch)
        changed += sum(each.id in stored and _bare(stored[each.id]) != _bare(each) for each in batch)
    return Counts(added, changed, len(values) - added - changed - removed, removed)


def _bare(thing: Thing) -> Thing:
    """The thing without the ids of its numbers, which a file doesn't have."""
    if isinstance(thing, Client):
        return evolve(thing, numbers=_without_ids(thing.numbers))
    if isinstance(thing, Interest):
        return evolve(
            thing, contacts=tuple(evolve(each, numbers=_without_ids(each.numbers)) for each in thing.contacts)
        )
    return thing


def _without_ids(numbers: tuple[EnteredNumber, ...]) -> tuple[EnteredNumber, ...]:
    return tuple(evolve(each, id="") for each in numbers)
