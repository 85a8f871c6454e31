"""Writes the directory: what is put is added, or takes the place of what has its id; what isn't put stays.

Everything here happens in the transaction of the caller, who commits it: whole or not at all.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any, Protocol, TypeVar

from attrs import evolve, frozen
from sqlalchemy import ColumnElement, Table, bindparam, delete, func, insert, select, update

from telephony_adapters.directories.rows import (
    client_of,
    client_row,
    contacts_of,
    device_of,
    device_row,
    employee_of,
    employee_row,
    number_row,
    select_clients,
    select_contacts,
)
from telephony_adapters.store.tables import (
    client_numbers,
    clients,
    contact_numbers,
    contacts,
    devices,
    do_not_call,
    employees,
    interests,
)
from telephony_adapters.store.transaction import Transaction
from telephony_core.device import Device
from telephony_core.errors import InvalidRequest
from telephony_core.party import Client, Contact, Employee, EnteredNumber, Interest
from telephony_core.phone import PhoneNumber

BATCH = 500
"""Ids in one question: SQLite takes 32,766 parameters in a statement, older ones 999."""


@frozen
class PutCounts:
    """What a put did. Only marks of the do-not-call list are ever `removed`."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T")
V = TypeVar("V", bound=_HasId)


async def put_employees(work: Transaction, values: Sequence[Employee]) -> PutCounts:
    _each_once("employee", values)
    stored: dict[str, Employee] = {}
    for ids in _batches(each.id for each in values):
        rows = await work.rows(select(employees).where(employees.c.id.in_(ids)))
        stored.update((row.id, employee_of(row)) for row in rows)
    added, changed, counts = _sorted_out(values, stored)
    await _insert(work, employees, [employee_row(each) for each in added])
    await _update(work, employees, [employee_row(each) for each in changed])
    return counts


async def put_devices(work: Transaction, values: Sequence[Device]) -> PutCounts:
    _each_once("device", values)
    await _must_be_there(work, employees, "employee", {each.employee_id for each in values})
    stored: dict[str, Device] = {}
    for ids in _batches(each.id for each in values):
        rows = await work.rows(select(devices).where(devices.c.id.in_(ids)))
        stored.update((row.id, device_of(row)) for row in rows)
    added, changed, counts = _sorted_out(values, stored)
    last = await work.row(select(func.coalesce(func.max(devices.c.place), 0))) if added else None
    place = last[0] if last is not None else 0
    await _insert(work, devices, [{**device_row(each), "place": place + nth} for nth, each in enumerate(added, 1)])
    await _update(work, devices, [device_row(each) for each in changed])
    return counts


async def put_clients(work: Transaction, values: Sequence[Client]) -> PutCounts:
    _each_once("client", values)
    stored: dict[str, Client] = {}
    for ids in _batches(each.id for each in values):
        rows = await work.rows(select_clients.where(clients.c.id.in_(ids)))
        for client_id, its in groupby(rows, key=lambda row: row.id):
            stored[client_id] = client_of(list(its))
    named = [evolve(each, numbers=_with_ids(each.numbers, _numbers_of(stored.get(each.id)))) for each in values]
    added, changed, counts = _sorted_out(named, stored)
    await _insert(work, clients, [client_row(each) for each in added])
    await _update(work, clients, [client_row(each) for each in changed])
    await _delete(work, client_numbers, client_numbers.c.client_id, [each.id for each in changed])
    rows_of_numbers = [
        {**number_row(number, place), "client_id": client.id}
        for client in (*added, *changed)
        for place, number in enumerate(client.numbers)
    ]
    await _insert(work, client_numbers, rows_of_numbers)
    return counts


async def put_interests(work: Transaction, values: Sequence[Interest]) -> PutCounts:
    _each_once("interest", values)
    await _must_be_there(work, clients, "client", {each.client_id for each in values})
    stored: dict[str, Interest] = {}
    for ids in _batches(each.id for each in values):
        people = defaultdict(list)
        for row in await work.rows(select_contacts.where(contacts.c.interest_id.in_(ids))):
            people[row.interest_id].append(row)
        for row in await work.rows(select(interests).where(interests.c.id.in_(ids))):
            its = contacts_of(people[row.id])
            stored[row.id] = Interest(row.id, row.client_id, row.title, its, row.owner_id)
    named = [evolve(each, contacts=_contacts_with_ids(each, stored.get(each.id))) for each in values]
    added, changed, counts = _sorted_out(named, stored)
    await _insert(work, interests, [_interest_row(each) for each in added])
    await _update(work, interests, [_interest_row(each) for each in changed])
    for table in (contact_numbers, contacts):
        await _delete(work, table, table.c.interest_id, [each.id for each in changed])
    both = [
        (interest, place, contact) for interest in (*added, *changed) for place, contact in enumerate(interest.contacts)
    ]
    rows_of_contacts = [
        {"interest_id": interest.id, "id": contact.id, "place": place, "name": contact.name}
        for interest, place, contact in both
    ]
    rows_of_numbers = [
        {**number_row(number, place), "interest_id": interest.id, "contact_id": contact.id}
        for interest, _, contact in both
        for place, number in enumerate(contact.numbers)
    ]
    await _insert(work, contacts, rows_of_contacts)
    await _insert(work, contact_numbers, rows_of_numbers)
    return counts


async def put_do_not_call(
    work: Transaction, values: Iterable[PhoneNumber], may_be_called: Iterable[PhoneNumber] = ()
) -> PutCounts:
    """Marks on numbers that nobody may call; on those that may be called again the mark is taken away."""
    asked, lifted = sorted({each.e164 for each in values}), sorted({each.e164 for each in may_be_called})
    stored: set[str] = set()
    for numbers in _batches([*asked, *lifted]):
        rows = await work.rows(select(do_not_call).where(do_not_call.c.number.in_(numbers)))
        stored |= {row.number for row in rows}
    new, gone = [number for number in asked if number not in stored], [number for number in lifted if number in stored]
    await _insert(work, do_not_call, [{"number": number} for number in new])
    await _delete(work, do_not_call, do_not_call.c.number, gone)
    return PutCounts(added=len(new), unchanged=len(asked) - len(new) + len(lifted) - len(gone), removed=len(gone))


def _interest_row(interest: Interest) -> dict[str, Any]:
    return {
        "id": interest.id,
        "client_id": interest.client_id,
        "title": interest.title,
        "owner_id": interest.owner_id,
    }


# --- Ids of numbers ---------------------------------------------------------------------------------------------------


def _contacts_with_ids(interest: Interest, stored: Interest | None) -> tuple[Contact, ...]:
    known = {contact.id: contact.numbers for contact in stored.contacts} if stored is not None else {}
    return tuple(evolve(each, numbers=_with_ids(each.numbers, known.get(each.id, ()))) for each in interest.contacts)


def _with_ids(numbers: Iterable[EnteredNumber], stored: Iterable[EnteredNumber]) -> tuple[EnteredNumber, ...]:
    """The numbers, each with an id: its own, that of the same number as stored, or a new one that says nothing (P1)."""
    numbers = tuple(numbers)
    taken = {number.id for number in numbers}
    free: dict[str, list[str]] = defaultdict(list)
    for number in stored:
        if number.id not in taken:
            free[_digits(number.as_entered)].append(number.id)

    def id_of(number: EnteredNumber) -> str:
        same = free[_digits(number.as_entered)]
        return number.id or (same.pop(0) if same else f"n-{secrets.token_hex(8)}")

    return tuple(evolve(number, id=id_of(number)) for number in numbers)


def _digits(as_entered: str) -> str:
    """What makes two texts the same number however they are typed: the digits, a leading 8 for the country's 7."""
    digits = "".join(sign for sign in as_entered if sign.isdecimal())
    if len(digits) >= 11 and digits.startswith("8"):
        return "7" + digits[1:]
    return "7" + digits if len(digits) == 10 else digits or as_entered


def _numbers_of(client: Client | None) -> tuple[EnteredNumber, ...]:
    return client.numbers if client is not None else ()


# --- Rows -------------------------------------------------------------------------------------------------------------


def _each_once(what: str, values: Iterable[_HasId]) -> None:
    twice = sorted(value_id for value_id, times in Counter(each.id for each in values).items() if times > 1)
    if twice:
        raise InvalidRequest(f"Two of kind '{what}' have the same id.", field="id", ids=twice[:10])


async def _must_be_there(work: Transaction, table: Table, what: str, ids: Iterable[str]) -> None:
    missing = set(ids)
    for batch in _batches(sorted(missing)):
        missing -= {row.id for row in await work.rows(select(table.c.id).where(table.c.id.in_(batch)))}
    if missing:
        raise InvalidRequest(f"There is no {what} of this id.", field=f"{what}_id", ids=sorted(missing)[:10])


def _sorted_out(values: Iterable[V], stored: Mapping[str, V]) -> tuple[list[V], list[V], PutCounts]:
    added, changed, unchanged = [], [], 0
    for each in values:
        before = stored.get(each.id)
        if before is None:
            added.append(each)
        elif before != each:
            changed.append(each)
        else:
            unchanged += 1
    return added, changed, PutCounts(len(added), len(changed), unchanged)


async def _insert(work: Transaction, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        await work.write(insert(table), rows)


async def _update(work: Transaction, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        named = [{("which" if name == "id" else name): value for name, value in row.items()} for row in rows]
        await work.write(update(table).where(table.c.id == bindparam("which")), named)


async def _delete(work: Transaction, table: Table, column: ColumnElement[str], ids: list[str]) -> None:
    for batch in _batches(ids):
        await work.write(delete(table).where(column.in_(batch)))


def _batches(values: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, BATCH)):
        yield batch
