"""From what to call: an employee's devices (D1-D3)."""

from __future__ import annotations

from litestar import get

from telephony_core.party import Target, TargetKind
from telephony_http.bodies.devices import DevicesTold, device_told
from telephony_http.error_replies import invalid_field
from telephony_http.openapi import DEVICES, both, refusals
from telephony_http.provide import Listing, WhoAsks
from telephony_http.routes.arguments import EmployeeId, KindOfTarget, OptionalId

MYSELF = "me"


@get(
    "/employees/{employee_id:str}/devices",
    operation_id="listDevices",
    summary="Devices of an employee",
    description=both(
        "Each with whether a call may be placed from it, why not, and what the client would see (of the target's"
        " primary number, if one is given).",
        "Каждое устройство: можно ли с него звонить, почему нет и что увидит клиент (для основного номера цели).",
    ),
    tags=[DEVICES.name],
    responses=refusals(
        "employee_not_found", "client_not_found", "interest_not_found", "no_phone_numbers", "directory_unavailable"
    ),
)
async def of_employee(
    employee_id: EmployeeId,
    principal: WhoAsks,
    list_devices: Listing,
    target_kind: KindOfTarget = None,
    target_id: OptionalId = None,
) -> DevicesTold:
    if (target_kind is None) != (target_id is None):
        missing = "target_kind" if target_kind is None else "target_id"
        raise invalid_field(missing, "'target_kind' and 'target_id' go together")
    target = Target(TargetKind(target_kind), target_id) if target_kind and target_id else None
    asked = None if employee_id == MYSELF else employee_id
    devices = await list_devices(principal, asked, target)
    return DevicesTold(employee_id=asked or principal.employee_id, items=[device_told(each) for each in devices])
