"""Puts the demo's company into a database, and says what came of it.

Loading again changes nothing but the tokens: those of before are revoked, new ones are made.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import frozen
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.demo.carousel import carousel_pools
from telephony_adapters.demo.customers import Customers, customers
from telephony_adapters.demo.staff import devices, employees, status_at_provider
from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.numbering.demo import DEMO_EDITION, demo_plan
from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_adapters.store.access_tokens import Tokens
from telephony_adapters.store.number_ranges import NumberRanges
from telephony_adapters.store.service_facts import ServiceFacts
from telephony_adapters.store.tables import carousel_pools as carousel_pools_table
from telephony_adapters.store.tables import clients as clients_table
from telephony_adapters.store.tables import employees as employees_table
from telephony_adapters.store.transaction import Database
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.carousel import Carousel
from telephony_core.device import Device, ineligibility
from telephony_core.dialling import DiallingRules
from telephony_core.party import EMPLOYEE_PERMISSIONS, Client, EnteredNumber, Interest, Permission

FACT = "demo"
"""The name of the fact that a database holds this data."""
SUPERVISOR = "service:supervisor"
"""The service whose token may do everything."""


_OWN_DATA = tuple(select(table.c.id).limit(1) for table in (employees_table, clients_table, carousel_pools_table))


class HoldsOwnData(Exception):
    """The database holds a company's own data: the demo would mix with them, and switch quiet hours and limits off."""


@frozen
class DeviceTold:
    id: str
    kind: str
    eligible: bool


@frozen
class EmployeeTold:
    id: str
    token: str
    devices: tuple[DeviceTold, ...]


@frozen
class ClientTold:
    id: str
    phone_numbers: tuple[str, ...]


@frozen
class InterestTold:
    id: str
    client_id: str
    phone_numbers: tuple[str, ...]


@frozen
class LoadedDemo:
    """What there is to try with: ids, tokens, and the numbers (E.164) that may be called."""

    employees: tuple[EmployeeTold, ...]
    clients: tuple[ClientTold, ...]
    interests: tuple[InterestTold, ...]
    supervisor_token: str


async def load_demo(engine: AsyncEngine) -> LoadedDemo:
    """Loads everything into the tables of a database that is up to date. Raises `HoldsOwnData`, and changes nothing."""
    await _refuse_own_data(engine)
    # First of all the mark: whatever of the data is here, nobody may take it for a company's own.
    await ServiceFacts(engine).put(FACT, "true")
    ranges = NumberRanges(engine)
    if await ranges.edition() in (None, DEMO_EDITION):
        await ranges.replace(demo_plan().to_rows())
    company = customers()
    await OwnDirectory(engine).put_all(
        employees=employees(), devices=devices(), clients=company.clients, interests=company.interests
    )
    now = await _load_carousel(SqlStore(engine))
    issued = await _fresh_tokens(Tokens(engine))
    judge = _Judge(company)
    return LoadedDemo(
        employees=tuple(
            EmployeeTold(
                employee_id,
                token,
                tuple(_device_told(each, now) for each in devices() if each.employee_id == employee_id),
            )
            for employee_id, token in issued.items()
            if employee_id != SUPERVISOR
        ),
        clients=tuple(ClientTold(client.id, judge.callable_of_client(client)) for client in company.clients),
        interests=tuple(
            InterestTold(each.id, each.client_id, judge.callable_of_interest(each)) for each in company.interests
        ),
        supervisor_token=issued[SUPERVISOR],
    )


async def _refuse_own_data(engine: AsyncEngine) -> None:
    if await ServiceFacts(engine).get(FACT):
        return
    async with Database(engine).reading() as work:
        for anything in _OWN_DATA:
            if await work.row(anything) is not None:
                raise HoldsOwnData(HoldsOwnData.__doc__)


async def _load_carousel(store: SqlStore) -> datetime:
    """The pools that are not there yet; those that are stay as they became. Returns the database's now."""
    async with store.write() as uow:
        now = await uow.now()
        known = await uow.carousel.load()
        missing = [pool for pool in carousel_pools(now) if known.pool(pool.id) is None]
        if missing:
            await uow.carousel.store(Carousel((*known.pools, *missing)))
        await uow.commit()
    return now


async def _fresh_tokens(tokens: Tokens) -> dict[str, str]:
    """One for each employee and the supervisor, by whose it is; those of before are revoked."""
    wanted = {each.id: (each.id, EMPLOYEE_PERMISSIONS) for each in employees()}
    in_force = {each.principal_id for each in await tokens.list() if each.revoked_at is None}
    for principal_id in in_force & {*wanted, SUPERVISOR}:
        await tokens.revoke_all_of(principal_id)
    issued = {
        principal_id: await tokens.issue(principal_id, employee_id=employee_id, permissions=permissions)
        for principal_id, (employee_id, permissions) in wanted.items()
    }
    issued[SUPERVISOR] = await tokens.issue(SUPERVISOR, permissions=frozenset(Permission))
    return issued


def _device_told(device: Device, now: datetime) -> DeviceTold:
    reasons = ineligibility(device, device.employee_id, now, status_at_provider(device, now))
    return DeviceTold(device.id, str(device.kind), eligible=not reasons)


class _Judge:
    """Which numbers may be called at all; quiet hours are off in the demo."""

    def __init__(self, company: Customers) -> None:
        self._parser = PhoneNumbers()
        self._rules = DiallingRules(quiet_hours=None)
        self._clients = {client.id: client for client in company.clients}

    def callable_of_client(self, client: Client) -> tuple[str, ...]:
        return self._callable(client.numbers, client)

    def callable_of_interest(self, interest: Interest) -> tuple[str, ...]:
        """The contacts' numbers before the client's, as the service lists them; each once."""
        client = self._clients[interest.client_id]
        of_contacts = tuple(number for contact in interest.contacts for number in contact.numbers)
        return tuple(dict.fromkeys(self._callable((*of_contacts, *client.numbers), client)))

    def _callable(self, numbers: Iterable[EnteredNumber], client: Client) -> tuple[str, ...]:
        parsed = [(self._parser.parse(each.as_entered), each.do_not_call or client.do_not_call) for each in numbers]
        return tuple(
            each.number.e164
            for each, do_not_call in parsed
            if each.number is not None and not self._rules.against(each, do_not_call=do_not_call, local_time=None)
        )
