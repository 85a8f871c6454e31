"""The directory in tables of our own, beside the store: for who has no CRM to ask, and for imports and demos.

Read in few round trips, since every call waits for it; written whole or not at all (`put`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import frozen
from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.directories import put
from telephony_adapters.directories.put import PutCounts
from telephony_adapters.directories.rows import (
    client_of,
    clients_with_numbers,
    contacts_of,
    device_of,
    employee_of,
    select_clients,
    select_contacts,
)
from telephony_adapters.store.tables import clients, contacts, devices, do_not_call, employees, interests
from telephony_adapters.store.transaction import Database
from telephony_core.device import Device
from telephony_core.errors import DirectoryUnavailable, StoreUnavailable
from telephony_core.party import Client, Employee, Interest, Target, TargetCard, TargetKind
from telephony_core.phone import PhoneNumber
from telephony_core.ports import ConcurrentChange

_CLIENT = select_clients.where(clients.c.id == bindparam("id"))
_CLIENT_OF_INTEREST = (
    select_clients.add_columns(
        interests.c.id.label("interest_id"),
        interests.c.title.label("interest_title"),
        interests.c.owner_id.label("interest_owner_id"),
    )
    .select_from(interests.join(clients_with_numbers, interests.c.client_id == clients.c.id))
    .where(interests.c.id == bindparam("id"))
)
_CONTACTS = select_contacts.where(contacts.c.interest_id == bindparam("id"))
_EMPLOYEE = select(employees).where(employees.c.id == bindparam("id"))
_DEVICES = select(devices).where(devices.c.employee_id == bindparam("id")).order_by(devices.c.place, devices.c.id)
_DEVICE = select(devices).where(devices.c.id == bindparam("id"))
_MARKED = select(do_not_call).where(do_not_call.c.number == bindparam("id"))


@frozen
class Put:
    """What a put of several kinds did to each."""

    employees: PutCounts
    devices: PutCounts
    clients: PutCounts
    interests: PutCounts
    do_not_call: PutCounts


class OwnDirectory:
    """`ports.Directory`, and how it is filled; made once, lives as long as its engine, which it doesn't close."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = Database(engine)

    async def target_card(self, target: Target) -> TargetCard | None:
        if target.kind is TargetKind.CLIENT:
            rows = await self._rows(_CLIENT, target.id)
            return TargetCard(client_of(rows)) if rows else None
        with _unavailable():
            async with self._database.reading() as work:
                rows = await work.rows(_CLIENT_OF_INTEREST, {"id": target.id})
                if not rows:
                    return None
                people = contacts_of(await work.rows(_CONTACTS, {"id": target.id}))
        client, its = client_of(rows), rows[0]
        return TargetCard(
            client, Interest(its.interest_id, client.id, its.interest_title, people, its.interest_owner_id)
        )

    async def employee(self, employee_id: str) -> Employee | None:
        rows = await self._rows(_EMPLOYEE, employee_id)
        return employee_of(rows[0]) if rows else None

    async def devices(self, employee_id: str) -> tuple[Device, ...]:
        return tuple(map(device_of, await self._rows(_DEVICES, employee_id)))

    async def device(self, device_id: str) -> Device | None:
        rows = await self._rows(_DEVICE, device_id)
        return device_of(rows[0]) if rows else None

    async def marked_do_not_call(self, number: PhoneNumber) -> bool:
        return bool(await self._rows(_MARKED, number.e164))

    # --- How it is filled -----------------------------------------------------------------------------------------

    async def put_employees(self, values: Iterable[Employee]) -> PutCounts:
        """Add these employees, or put them in the place of those with their ids. All puts: in one transaction, whole or
        not at all; `InvalidRequest` for an id that comes twice, or that refers to nothing."""
        return (await self.put_all(employees=values)).employees

    async def put_devices(self, values: Iterable[Device]) -> PutCounts:
        return (await self.put_all(devices=values)).devices

    async def put_clients(self, values: Iterable[Client]) -> PutCounts:
        """A number whose id is empty gets one: that of the same number of the same client, else a new one."""
        return (await self.put_all(clients=values)).clients

    async def put_interests(self, values: Iterable[Interest]) -> PutCounts:
        """The interests with their contacts; ids of numbers as in `put_clients`."""
        return (await self.put_all(interests=values)).interests

    async def put_do_not_call(self, values: Iterable[PhoneNumber]) -> PutCounts:
        return (await self.put_all(do_not_call=values)).do_not_call

    async def put_all(
        self,
        *,
        employees: Iterable[Employee] = (),
        devices: Iterable[Device] = (),
        clients: Iterable[Client] = (),
        interests: Iterable[Interest] = (),
        do_not_call: Iterable[PhoneNumber] = (),
        may_be_called: Iterable[PhoneNumber] = (),
    ) -> Put:
        """Things of several kinds in one transaction. `may_be_called`: numbers whose do-not-call mark is taken away."""
        with _unavailable():
            async with self._database.writing() as work:
                return Put(
                    await put.put_employees(work, tuple(employees)),
                    await put.put_devices(work, tuple(devices)),
                    await put.put_clients(work, tuple(clients)),
                    await put.put_interests(work, tuple(interests)),
                    await put.put_do_not_call(work, do_not_call, may_be_called),
                )

    async def _rows(self, statement: Select[Any], wanted: str) -> Sequence[Row[Any]]:
        with _unavailable():
            return await self._database.rows(statement, {"id": wanted})


@contextmanager
def _unavailable() -> Iterator[None]:
    """The store that is away is a directory that is away; who lost against another writer may come again."""
    try:
        yield
    except (StoreUnavailable, ConcurrentChange):
        raise DirectoryUnavailable(retry_after=1) from None
