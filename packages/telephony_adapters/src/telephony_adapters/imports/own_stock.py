"""Our own directory as an import needs it: many things at once, read and put. Implements `DirectoryStock`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.directories.rows import (
    client_of,
    contacts_of,
    device_of,
    employee_of,
    select_clients,
    select_contacts,
)
from telephony_adapters.imports.columns import Kind
from telephony_adapters.imports.directory_merge import Counted, batches
from telephony_adapters.imports.records import Mark
from telephony_adapters.store.tables import clients, contacts, devices, do_not_call, employees, interests
from telephony_adapters.store.transaction import Database, Transaction
from telephony_core.device import Device, Mobile
from telephony_core.errors import DirectoryUnavailable, StoreUnavailable
from telephony_core.party import Interest
from telephony_core.phone import PhoneNumber
from telephony_core.ports import ConcurrentChange


class OwnStock:
    """Lives as long as its engine, which it doesn't close."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = Database(engine)
        self._directory = OwnDirectory(engine)

    async def stored(self, kind: Kind, ids: Iterable[str]) -> Mapping[str, Any]:
        asked = sorted(set(ids))
        with _unavailable():
            async with self._database.reading() as work:
                match kind:
                    case Kind.EMPLOYEES:
                        rows = await work.rows(select(employees).where(employees.c.id.in_(asked)))
                        return {row.id: employee_of(row) for row in rows}
                    case Kind.DEVICES:
                        rows = await work.rows(select(devices).where(devices.c.id.in_(asked)))
                        return {row.id: device_of(row) for row in rows}
                    case Kind.CLIENTS:
                        rows = await work.rows(select_clients.where(clients.c.id.in_(asked)))
                        return {client_id: client_of(list(its)) for client_id, its in groupby(rows, lambda row: row.id)}
                    case Kind.INTERESTS:
                        return await _interests(work, asked)
        raise ValueError(f"things of kind '{kind}' have no ids")

    async def rivals(self, asked: Iterable[Device]) -> tuple[Device, ...]:
        found: dict[str, Device] = {}
        with _unavailable():
            async with self._database.reading() as work:
                for batch in batches(asked):
                    sims = [each.sim.number.e164 for each in batch if isinstance(each, Mobile) and each.sim is not None]
                    sharing = or_(
                        devices.c.employee_id.in_({each.employee_id for each in batch}),
                        devices.c.line.in_({each.line for each in batch}),
                        devices.c.sim_number.in_(sims),
                    )
                    rows = await work.rows(select(devices).where(sharing).order_by(devices.c.place, devices.c.id))
                    found.update((row.id, device_of(row)) for row in rows)
        return tuple(found.values())

    async def marked(self, numbers: Iterable[PhoneNumber]) -> frozenset[PhoneNumber]:
        asked = [number.e164 for number in numbers]
        with _unavailable():
            async with self._database.reading() as work:
                rows = await work.rows(select(do_not_call).where(do_not_call.c.number.in_(asked)))
        return frozenset(PhoneNumber(row.number) for row in rows)

    async def put(self, things: Mapping[Kind, tuple[Any, ...]]) -> Mapping[Kind, Counted]:
        marks: tuple[Mark, ...] = things.get(Kind.DO_NOT_CALL, ())
        done = await self._directory.put_all(
            employees=things.get(Kind.EMPLOYEES, ()),
            devices=things.get(Kind.DEVICES, ()),
            clients=things.get(Kind.CLIENTS, ()),
            interests=things.get(Kind.INTERESTS, ()),
            do_not_call=[mark.number for mark in marks if not mark.lifted],
            may_be_called=[mark.number for mark in marks if mark.lifted],
        )
        return {
            Kind.EMPLOYEES: done.employees,
            Kind.DEVICES: done.devices,
            Kind.CLIENTS: done.clients,
            Kind.INTERESTS: done.interests,
            Kind.DO_NOT_CALL: done.do_not_call,
        }


async def _interests(work: Transaction, ids: list[str]) -> dict[str, Interest]:
    people: dict[str, list[Any]] = defaultdict(list)
    for row in await work.rows(select_contacts.where(contacts.c.interest_id.in_(ids))):
        people[row.interest_id].append(row)
    rows = await work.rows(select(interests).where(interests.c.id.in_(ids)))
    return {
        row.id: Interest(row.id, row.client_id, row.title, contacts_of(people[row.id]), row.owner_id) for row in rows
    }


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (StoreUnavailable, ConcurrentChange):
        raise DirectoryUnavailable(retry_after=1) from None
