"""A directory in memory, which can be made unavailable and which may not be asked inside a unit of work (law 4)."""

from __future__ import annotations

from telephony_core.device import Device
from telephony_core.errors import DirectoryUnavailable
from telephony_core.party import Client, Employee, Interest, Target, TargetCard, TargetKind
from telephony_core.phone import PhoneNumber
from telephony_core.testing.fake_store import FakeStore


class FakeDirectory:
    """Clients, interests, employees and devices, as far as a test has put them in with `put`.

    `available` False: every question raises `DirectoryUnavailable`. `questions` counts what was asked. With `guarding`,
    a question while a unit of work of that store is open in the same task is an AssertionError.
    """

    def __init__(self, *things: Client | Interest | Employee | Device, guarding: FakeStore | None = None) -> None:
        self.available = True
        self.questions: int = 0
        self.do_not_call: set[PhoneNumber] = set()
        self._guarding = guarding
        self._clients: dict[str, Client] = {}
        self._interests: dict[str, Interest] = {}
        self._employees: dict[str, Employee] = {}
        self._devices: dict[str, Device] = {}
        self.put(*things)

    def put(self, *things: Client | Interest | Employee | Device) -> None:
        """Put these in, or in the place of what has their ids."""
        for thing in things:
            match thing:
                case Client():
                    self._clients[thing.id] = thing
                case Interest():
                    self._interests[thing.id] = thing
                case Employee():
                    self._employees[thing.id] = thing
                case _:
                    self._devices[thing.id] = thing

    async def target_card(self, target: Target) -> TargetCard | None:
        self._ask("target_card")
        if target.kind is TargetKind.CLIENT:
            client = self._clients.get(target.id)
            return TargetCard(client) if client else None
        interest = self._interests.get(target.id)
        client = self._clients.get(interest.client_id) if interest else None
        return TargetCard(client, interest) if client else None

    async def employee(self, employee_id: str) -> Employee | None:
        self._ask("employee")
        return self._employees.get(employee_id)

    async def devices(self, employee_id: str) -> tuple[Device, ...]:
        self._ask("devices")
        return tuple(device for device in self._devices.values() if device.employee_id == employee_id)

    async def device(self, device_id: str) -> Device | None:
        self._ask("device")
        return self._devices.get(device_id)

    async def marked_do_not_call(self, number: PhoneNumber) -> bool:
        self._ask("marked_do_not_call")
        return number in self.do_not_call

    def _ask(self, what: str) -> None:
        self.questions += 1
        if self._guarding is not None:
            self._guarding.assert_no_unit_open(f"the directory's {what}")
        if not self.available:
            raise DirectoryUnavailable
