"""What would the client see? Decided as an initiation would, and nothing reserved."""

from __future__ import annotations

from litestar import post
from litestar.params import JSONBody

from telephony_http.bodies.asked import PreviewCall
from telephony_http.bodies.devices import PreviewsTold, preview_told
from telephony_http.openapi import CALLER_ID, both, refusals
from telephony_http.provide import Previewing, WhoAsks
from telephony_http.strict_json import StrictJson


@post(
    "/caller-id-previews",
    status_code=200,
    dto=StrictJson[PreviewCall],
    return_dto=None,
    operation_id="previewCallerId",
    summary="Preview the shown number",
    description=both(
        "Which number the client would see, by device, with the decision's steps. Nothing is reserved.",
        "Какой номер увидит клиент при звонке с каждого устройства, с шагами решения. Ничего не бронируется.",
    ),
    tags=[CALLER_ID.name],
    responses=refusals(
        "client_not_found",
        "interest_not_found",
        "device_not_found",
        "phone_number_not_of_target",
        "no_phone_numbers",
        "unsupported_media_type",
        "request_too_large",
        "directory_unavailable",
    ),
)
async def preview(data: JSONBody[PreviewCall], principal: WhoAsks, preview_caller_id: Previewing) -> PreviewsTold:
    previews = await preview_caller_id(
        principal,
        data.target.to_target(),
        phone_number=data.phone_number,
        phone_number_id=data.phone_number_id,
        device_id=data.device_id,
        employee_id=data.employee_id,
    )
    return PreviewsTold(items=[preview_told(each) for each in previews])
