"""What every directory must keep: it answers for the one asked about, and says when it can't.

class TestMyDirectory(DirectoryContract):
    async def make_directory(self, *things) -> Directory: ...                 # that holds these
    async def mark_do_not_call(self, directory, number) -> None: ...
    async def make_unavailable(self, directory) -> None: ...
"""

from __future__ import annotations

import pytest

from telephony_core.device import Device
from telephony_core.errors import DirectoryUnavailable
from telephony_core.party import Client, Employee, Interest, Permission, Target, TargetCard, TargetKind
from telephony_core.phone import PhoneNumber
from telephony_core.ports import Directory
from telephony_core.testing.contracts.promises import Contract
from telephony_core.testing.examples import (
    CLIENT_NUMBER,
    a_client,
    a_mobile,
    a_number,
    a_sim,
    an_employee,
    an_entered_number,
    an_interest,
    an_ip_phone,
)

Thing = Client | Interest | Employee | Device

_CLIENT = a_client(
    numbers=(
        an_entered_number(),
        an_entered_number("+7 495 123-45-67", primary=False, label="дом", do_not_call=True),
        an_entered_number("спросить у мужа", primary=False),
    ),
    do_not_call=True,
)


class DirectoryContract(Contract):
    """Every sentence of `ports.Directory`."""

    async def make_directory(self, *things: Thing) -> Directory:
        """A directory that holds these."""
        raise NotImplementedError

    async def mark_do_not_call(self, directory: Directory, number: PhoneNumber) -> None:
        """Put the number on the company's do-not-call list."""
        raise NotImplementedError

    async def make_unavailable(self, directory: Directory) -> None:
        """Let it not answer any more."""
        raise NotImplementedError

    async def test_a_client_is_a_card_of_its_own(self) -> None:
        """N1, N3: with all that was entered, understood or not, and its marks."""
        directory = await self.make_directory(_CLIENT, a_client(id="C-18"), an_interest())
        assert await directory.target_card(Target(TargetKind.CLIENT, "C-17")) == TargetCard(_CLIENT)

    async def test_an_interest_comes_with_its_client(self) -> None:
        """N1: read at once, with its contacts."""
        interest = an_interest()
        directory = await self.make_directory(a_client(id="C-18"), _CLIENT, interest)
        assert await directory.target_card(Target(TargetKind.INTEREST, "I-204")) == TargetCard(_CLIENT, interest)

    async def test_a_target_that_is_not_there_is_none(self) -> None:
        """N2: a client's id is no interest's."""
        directory = await self.make_directory(_CLIENT, an_interest())
        assert await directory.target_card(Target(TargetKind.CLIENT, "C-99")) is None
        assert await directory.target_card(Target(TargetKind.INTEREST, "C-17")) is None
        assert await directory.target_card(Target(TargetKind.CLIENT, "I-204")) is None

    async def test_an_employee_comes_with_permissions(self) -> None:
        """P4: those that they have, no more and no fewer; and whether they are still active."""
        employee = an_employee(permissions=frozenset({Permission.CALL, Permission.OVERRIDE_QUIET_HOURS}), active=False)
        directory = await self.make_directory(employee, an_employee(id="E-6"))
        assert await directory.employee("E-5") == employee
        assert await directory.employee("E-7") is None
        assert await directory.employee("e-5") is None, "an id is what it is, to the letter"

    async def test_devices_are_the_employees_own_in_their_order(self) -> None:
        """D1: whatever their state; whether one may be used is not the directory's to judge."""
        mine: list[Device] = [
            an_ip_phone(),
            a_mobile(),
            a_mobile(id="D-11", line="2@pbx", sim=None, fmtn=False, active=False),
            a_mobile(id="D-12", line="3@pbx", sim=a_sim(number=a_number(9), issued_at=None)),
        ]
        others = an_ip_phone(id="D-20", employee_id="E-6", line="1020@pbx")
        directory = await self.make_directory(an_employee(), an_employee(id="E-6"), *mine, others)
        assert list(await directory.devices("E-5")) == mine
        assert await directory.devices("E-7") == ()

    async def test_a_device_is_found_whoever_has_it(self) -> None:
        """D1: and whatever its state, for a device that may not be used is refused with its reasons (D3)."""
        phone = an_ip_phone(employee_id="E-6", active=False)
        directory = await self.make_directory(an_employee(id="E-6"), phone)
        assert await directory.device("D-9") == phone
        assert await directory.device("D-99") is None

    async def test_a_number_is_marked_whoever_has_it(self) -> None:
        """N3: the company's do-not-call list is of numbers."""
        directory = await self.make_directory(a_client())
        assert await directory.marked_do_not_call(CLIENT_NUMBER) is False
        await self.mark_do_not_call(directory, CLIENT_NUMBER)
        assert await directory.marked_do_not_call(CLIENT_NUMBER) is True
        assert await directory.marked_do_not_call(a_number(1)) is False

    async def test_a_directory_that_does_not_answer_says_so(self) -> None:
        """Every method: `DirectoryUnavailable`, which is not 'there is no such client'."""
        directory = await self.make_directory(_CLIENT, an_employee(), an_ip_phone())
        await self.make_unavailable(directory)
        with pytest.raises(DirectoryUnavailable):
            await directory.target_card(Target(TargetKind.CLIENT, "C-17"))
        with pytest.raises(DirectoryUnavailable):
            await directory.employee("E-5")
        with pytest.raises(DirectoryUnavailable):
            await directory.devices("E-5")
        with pytest.raises(DirectoryUnavailable):
            await directory.device("D-9")
        with pytest.raises(DirectoryUnavailable):
            await directory.marked_do_not_call(CLIENT_NUMBER)
