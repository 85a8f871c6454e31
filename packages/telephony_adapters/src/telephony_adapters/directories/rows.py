"""From the directory's values to rows and back, by hand, and the statements that read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, select

from telephony_adapters.store.tables import client_numbers, clients, contact_numbers, contacts
from telephony_core.device import CorporateSim, Device, DeviceKind, IpPhone, Mobile
from telephony_core.party import Client, Contact, Employee, EnteredNumber, Permission
from telephony_core.phone import PhoneNumber


def _number_columns(table: FromClause) -> list[ColumnElement[Any]]:
    names = ("id", "as_entered", "label", "is_primary", "do_not_call")
    return [table.c[name].label(f"number_{name}") for name in names]


clients_with_numbers = clients.outerjoin(client_numbers, client_numbers.c.client_id == clients.c.id)
select_clients = (
    # A row for each number of a client, and one for a client without any.
    select(clients, *_number_columns(client_numbers))
    .select_from(clients_with_numbers)
    .order_by(clients.c.id, client_numbers.c.place)
)
select_contacts = (
    select(contacts.c.interest_id, contacts.c.id, contacts.c.name, *_number_columns(contact_numbers))
    .select_from(
        contacts.outerjoin(
            contact_numbers,
            (contact_numbers.c.interest_id == contacts.c.interest_id) & (contact_numbers.c.contact_id == contacts.c.id),
        )
    )
    .order_by(contacts.c.interest_id, contacts.c.place, contact_numbers.c.place)
)


def employee_of(row: Row[Any]) -> Employee:
    return Employee(row.id, row.name, row.active, frozenset(map(Permission, row.permissions)))


def employee_row(employee: Employee) -> dict[str, Any]:
    return {
        "id": employee.id,
        "name": employee.name,
        "active": employee.active,
        "permissions": sorted(permission.value for permission in employee.permissions),
    }


def device_of(row: Row[Any]) -> Device:
    if row.kind == DeviceKind.IP_PHONE.value:
        number = PhoneNumber(row.number) if row.number is not None else None
        return IpPhone(row.id, row.employee_id, row.label, row.provider, row.line, number, row.active, row.preferred)
    sim = None
    if row.sim_number is not None:
        sim = CorporateSim(PhoneNumber(row.sim_number), row.sim_issued_at, row.sim_returned_at)
    return Mobile(row.id, row.employee_id, row.label, row.provider, row.line, sim, row.fmtn, row.active, row.preferred)


def device_row(device: Device) -> dict[str, Any]:
    """All but the device's place."""
    sim = device.sim if isinstance(device, Mobile) else None
    own = device.number if isinstance(device, IpPhone) else None
    return {
        "id": device.id,
        "employee_id": device.employee_id,
        "kind": device.kind.value,
        "label": device.label,
        "provider": device.provider,
        "line": device.line,
        "active": device.active,
        "preferred": device.preferred,
        "number": own.e164 if own else None,
        "sim_number": sim.number.e164 if sim else None,
        "sim_issued_at": sim.issued_at if sim else None,
        "sim_returned_at": sim.returned_at if sim else None,
        "fmtn": device.fmtn if isinstance(device, Mobile) else False,
    }


def client_of(rows: Sequence[Row[Any]]) -> Client:
    """A client from the rows of `select_clients`."""
    first = rows[0]
    return Client(first.id, first.name, _numbers_of(rows), tuple(first.region_codes), first.do_not_call, first.owner_id)


def client_row(client: Client) -> dict[str, Any]:
    return {
        "id": client.id,
        "name": client.name,
        "region_codes": list(client.region_codes),
        "do_not_call": client.do_not_call,
        "owner_id": client.owner_id,
    }


def contacts_of(rows: Iterable[Row[Any]]) -> tuple[Contact, ...]:
    """The contacts of one interest from the rows of `select_contacts`."""
    people = (list(its) for _, its in groupby(rows, key=lambda row: row.id))
    return tuple(Contact(its[0].id, its[0].name, _numbers_of(its)) for its in people)


def _numbers_of(rows: Iterable[Row[Any]]) -> tuple[EnteredNumber, ...]:
    return tuple(
        EnteredNumber(
            row.number_id, row.number_as_entered, row.number_label, row.number_is_primary, row.number_do_not_call
        )
        for row in rows
        if row.number_id is not None
    )


def number_row(number: EnteredNumber, place: int) -> dict[str, Any]:
    """All but whose number it is."""
    return {
        "id": number.id,
        "place": place,
        "as_entered": number.as_entered,
        "label": number.label,
        "is_primary": number.primary,
        "do_not_call": number.do_not_call,
    }
