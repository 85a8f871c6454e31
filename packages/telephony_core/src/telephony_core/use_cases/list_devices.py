"""An employee's devices, each with whether a call may be placed from it and what the client would see (D1-D3)."""

from __future__ import annotations

from attrs import frozen

from telephony_core.device import ineligibility
from telephony_core.errors import EmployeeNotFound
from telephony_core.party import Permission, Principal, Target
from telephony_core.ports import Clock, DeviceStatuses, Directory
from telephony_core.use_cases.preview_caller_id import Preview, PreviewCallerId, preferred_of


@frozen
class ListDevices:
    directory: Directory
    statuses: DeviceStatuses
    clock: Clock
    preview: PreviewCallerId

    async def __call__(
        self, principal: Principal, employee_id: str | None, target: Target | None = None
    ) -> tuple[Preview, ...]:
        """With a target: what the client of its primary number would see from each device."""
        principal.require(Permission.CALL)
        employee_id = principal.acting_employee(employee_id)
        if await self.directory.employee(employee_id) is None:
            raise EmployeeNotFound
        if target is not None:
            return await self.preview(principal, target, employee_id=employee_id)
        devices = await self.directory.devices(employee_id)
        preferred, now = preferred_of(devices), self.clock.now()
        return tuple(
            Preview(
                device,
                ineligibility(device, employee_id, now, self.statuses.status(device)),
                device is preferred,
                None,
            )
            for device in devices
        )
