"""Keeps a directory of our own in step with the CRM: the import's columns as JSON, one thing at a time.

Where the directory is somebody else's nothing is put into it: `not_permitted`, for no permission of ours would help.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, cast

from litestar import Response, put
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter

from telephony_core.errors import NotPermitted
from telephony_core.party import Permission, Principal
from telephony_http.bodies.directory import (
    ClientAsked,
    ClientStored,
    DeviceAsked,
    DeviceStored,
    EmployeeAsked,
    EmployeeStored,
    InterestAsked,
    InterestStored,
    Stored,
    stored_told,
)
from telephony_http.container import Parts
from telephony_http.limits import NEW_EMPLOYEE_ID, NEW_ID
from telephony_http.openapi import DIRECTORY, both, refusals
from telephony_http.provide import TheParts, WhoAsks
from telephony_http.strict_json import Fields, FieldsOfJson

EmployeeId = Annotated[str, PathParameter(**NEW_EMPLOYEE_ID.of_argument(), description="The employee's id")]
DeviceId = Annotated[str, PathParameter(**NEW_ID.of_argument(), description="The device's id")]
ClientId = Annotated[str, PathParameter(**NEW_ID.of_argument(), description="The client's id in the CRM")]
InterestId = Annotated[str, PathParameter(**NEW_ID.of_argument(), description="The interest's id in the CRM")]

_REFUSALS = ("request_too_large", "unsupported_media_type", "directory_unavailable")


def _answers(kind: type[Stored], *more: str) -> dict[int, ResponseSpec]:
    return {
        200: ResponseSpec(kind, generate_examples=False, description="As it is stored now"),
        201: ResponseSpec(kind, generate_examples=False, description="Added"),
        **refusals(*_REFUSALS, *more),
    }


@put(
    "/employees/{employee_id:str}",
    dto=FieldsOfJson[EmployeeAsked],
    return_dto=None,
    operation_id="putEmployee",
    summary="Put an employee",
    description=both(
        "Added, or changed in the fields that are sent. Every wrong field is named, and then nothing is stored.",
        "Добавляется или меняется в присланных полях. Все неверные поля названы, и тогда ничего не сохраняется.",
    ),
    tags=[DIRECTORY.name],
    responses=_answers(EmployeeStored),
)
async def put_employee(
    employee_id: EmployeeId, data: JSONBody[EmployeeAsked], principal: WhoAsks, parts: TheParts
) -> Response[EmployeeStored]:
    return await _put(parts, principal, "employees", data, EmployeeStored, id=employee_id)


@put(
    "/employees/{employee_id:str}/devices/{device_id:str}",
    dto=FieldsOfJson[DeviceAsked],
    return_dto=None,
    operation_id="putDevice",
    summary="Put a device of an employee",
    description=both(
        "Added, or changed in the fields that are sent; a device of another employee passes to this one.",
        "Добавляется или меняется в присланных полях; устройство другого сотрудника переходит к этому.",
    ),
    tags=[DIRECTORY.name],
    responses=_answers(DeviceStored, "employee_not_found"),
)
async def put_device(
    employee_id: EmployeeId,
    device_id: DeviceId,
    data: JSONBody[DeviceAsked],
    principal: WhoAsks,
    parts: TheParts,
) -> Response[DeviceStored]:
    return await _put(parts, principal, "devices", data, DeviceStored, id=device_id, employee_id=employee_id)


@put(
    "/clients/{client_id:str}",
    dto=FieldsOfJson[ClientAsked],
    return_dto=None,
    operation_id="putClient",
    summary="Put a client",
    description=both(
        "Added, or changed in the fields that are sent. A number that can't be understood is kept as typed.",
        "Добавляется или меняется в присланных полях. Непонятный номер сохраняется как введён, с предупреждением.",
    ),
    tags=[DIRECTORY.name],
    responses=_answers(ClientStored),
)
async def put_client(
    client_id: ClientId, data: JSONBody[ClientAsked], principal: WhoAsks, parts: TheParts
) -> Response[ClientStored]:
    return await _put(parts, principal, "clients", data, ClientStored, id=client_id)


@put(
    "/interests/{interest_id:str}",
    dto=FieldsOfJson[InterestAsked],
    return_dto=None,
    operation_id="putInterest",
    summary="Put an interest",
    description=both(
        "Added, or changed in the fields that are sent; with its contacts. Its client must be there.",
        "Добавляется или меняется в присланных полях, вместе с контактами. Клиент уже должен быть в справочнике.",
    ),
    tags=[DIRECTORY.name],
    responses=_answers(InterestStored),
)
async def put_interest(
    interest_id: InterestId, data: JSONBody[InterestAsked], principal: WhoAsks, parts: TheParts
) -> Response[InterestStored]:
    return await _put(parts, principal, "interests", data, InterestStored, id=interest_id)


async def _put(
    parts: Parts, principal: Principal, kind: str, data: object, stored: type[Stored], **ids: str
) -> Response[Stored]:
    principal.require(Permission.ADMINISTER)
    if parts.directory_writer is None:
        raise NotPermitted("The directory is not kept by this service; change it where it is kept, in the CRM.")
    fields: Fields = cast(Fields, data)  # what `FieldsOfJson` reads; the annotation is for the document
    wrong = (*fields.errors, *_twice(fields.found.get("contacts")))
    written = await parts.directory_writer(principal, kind, {**fields.found, **ids}, wrong)
    body = stored_told(written.record, written.warnings, stored, principal)
    return Response(body, status_code=201 if written.added else 200)


def _twice(contacts: Sequence[Mapping[str, object]] | None) -> Iterator[dict[str, str]]:
    """What is wrong with contacts that have the id of one before them; in files each has a line of its own."""
    seen: set[object] = set()
    for place, contact in enumerate(contacts or ()):
        if contact["id"] in seen:
            yield {"field": f"contacts[{place}].id", "message": "Another contact of this interest has this id"}
        seen.add(contact["id"])
