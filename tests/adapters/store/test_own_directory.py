"""The directory of our own tables: the port's contract, and what a put promises."""

from __future__ import annotations

import pytest
from attrs import evolve
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.directories.put import PutCounts
from telephony_adapters.store.engine import open_store
from telephony_core.device import Device, IpPhone, Mobile
from telephony_core.errors import InvalidRequest
from telephony_core.party import Client, Contact, Employee, EnteredNumber, Interest, Target, TargetKind
from telephony_core.phone import PhoneNumber
from telephony_core.ports import Directory
from telephony_core.testing.contracts.directory import DirectoryContract
from telephony_core.testing.examples import a_client, a_mobile, an_employee, an_interest, an_ip_phone

Thing = Client | Interest | Employee | Device


class TestOwnDirectory(DirectoryContract):
    @pytest.fixture(autouse=True)
    def _on(self, engine: AsyncEngine) -> None:
        self.engine = engine

    async def make_directory(self, *things: Thing) -> Directory:
        directory = OwnDirectory(self.engine)
        await directory.put_all(
            employees=[each for each in things if isinstance(each, Employee)],
            devices=[each for each in things if isinstance(each, IpPhone | Mobile)],
            clients=[each for each in things if isinstance(each, Client)],
            interests=[each for each in things if isinstance(each, Interest)],
        )
        return directory

    async def mark_do_not_call(self, directory: Directory, number: PhoneNumber) -> None:
        assert isinstance(directory, OwnDirectory)
        assert await directory.put_do_not_call([number]) == PutCounts(added=1)

    async def make_unavailable(self, directory: Directory) -> None:
        assert isinstance(directory, OwnDirectory)
        directory.__init__(open_store("sqlite:////nowhere/at/all.db"))  # type: ignore[misc]


def _typed(*texts: str) -> tuple[EnteredNumber, ...]:
    return tuple(EnteredNumber("", text) for text in texts)


async def _numbers(directory: OwnDirectory, client_id: str = "C-17") -> dict[str, str]:
    card = await directory.target_card(Target(TargetKind.CLIENT, client_id))
    assert card is not None
    return {number.as_entered: number.id for number in card.client.numbers}


@pytest.fixture
def directory(engine: AsyncEngine) -> OwnDirectory:
    return OwnDirectory(engine)


async def test_a_put_counts_what_it_added_changed_and_left(directory: OwnDirectory) -> None:
    people = [an_employee(), an_employee(id="E-6"), an_employee(id="E-7")]
    assert await directory.put_employees(people[:2]) == PutCounts(added=2)
    people[1] = evolve(people[1], active=False)
    assert await directory.put_employees(people) == PutCounts(added=1, changed=1, unchanged=1)
    assert await directory.employee("E-6") == people[1]


async def test_the_same_things_put_again_change_nothing(directory: OwnDirectory) -> None:
    things = {
        "employees": [an_employee()],
        "devices": [an_ip_phone(), a_mobile()],
        "clients": [a_client(numbers=_typed("8 (913) 912-34-56", "7"))],
        "interests": [an_interest(contacts=(Contact("K-1", "Contact 1", _typed("+7 383 212-34-56 доб. 12")),))],
        "do_not_call": [PhoneNumber("+79991112233")],
    }
    await directory.put_all(**things)  # type: ignore[arg-type]
    again = await directory.put_all(**things)  # type: ignore[arg-type]
    assert (again.employees, again.devices) == (PutCounts(unchanged=1), PutCounts(unchanged=2))
    assert (again.clients, again.interests, again.do_not_call) == (PutCounts(unchanged=1),) * 3


async def test_a_number_keeps_its_id_however_it_is_typed(directory: OwnDirectory) -> None:
    """N1: opaque, stable when the same number is put again."""
    await directory.put_clients([a_client(numbers=_typed("8 (913) 912-34-56", "+7 495 123-45-67"))])
    before = await _numbers(directory)
    await directory.put_clients([a_client(numbers=_typed("+74951234567", "+7 913 912 34 56", "2-12-85-06"))])
    after = await _numbers(directory)
    assert after["+7 913 912 34 56"] == before["8 (913) 912-34-56"]
    assert after["+74951234567"] == before["+7 495 123-45-67"]
    assert len(set(after.values())) == 3


async def test_an_id_of_a_number_says_nothing_of_the_digits(directory: OwnDirectory) -> None:
    """P1: two clients with one number have two ids, and neither is made of the digits."""
    await directory.put_clients([a_client(id=client_id, numbers=_typed("8 913 912-34-56")) for client_id in ("A", "B")])
    ids = [*(await _numbers(directory, "A")).values(), *(await _numbers(directory, "B")).values()]
    assert ids[0] != ids[1]
    assert not any("9123456" in each for each in ids)


async def test_a_put_is_whole_or_not_at_all(directory: OwnDirectory) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        await directory.put_all(employees=[an_employee()], devices=[an_ip_phone(), a_mobile(employee_id="E-99")])
    assert refusal.value.reasons == {"field": "employee_id", "ids": ["E-99"]}
    assert await directory.employee("E-5") is None
    with pytest.raises(InvalidRequest):
        await directory.put_interests([an_interest(client_id="C-99")])
    with pytest.raises(InvalidRequest):
        await directory.put_clients([a_client(), a_client()])
    assert await directory.target_card(Target(TargetKind.CLIENT, "C-17")) is None


async def test_many_are_put_at_once(directory: OwnDirectory) -> None:
    many = [a_client(id=f"C-{nth}", numbers=_typed(f"+7913{nth:07d}", f"+7495{nth:07d}")) for nth in range(1200)]
    assert await directory.put_clients(many) == PutCounts(added=1200)
    assert await directory.put_clients(many) == PutCounts(unchanged=1200)


async def test_a_card_takes_at_most_two_statements(directory: OwnDirectory, engine: AsyncEngine) -> None:
    """Every call waits for it."""
    await directory.put_all(employees=[an_employee()], clients=[a_client()], interests=[an_interest()])
    statements: list[str] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    for kind, target_id, most in ((TargetKind.CLIENT, "C-17", 1), (TargetKind.INTEREST, "I-204", 2)):
        statements.clear()
        await directory.target_card(Target(kind, target_id))
        assert sum(statement.startswith("SELECT") for statement in statements) == most
