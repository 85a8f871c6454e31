"""Whose call-back is this (B1)?"""

from __future__ import annotations

from litestar import post
from litestar.params import JSONBody

from telephony_core.phone import PhoneNumber
from telephony_core.ports import PhoneNumberParser
from telephony_http.bodies.callbacks import CallbackAsked, CallbackTold, callback_told
from telephony_http.bodies.shared import instant
from telephony_http.error_replies import invalid_field
from telephony_http.openapi import CALL_BACKS, both, refusals
from telephony_http.provide import Attributing, TheParts, WhoAsks
from telephony_http.strict_json import StrictJson


@post(
    "/callback-lookups",
    status_code=200,
    dto=StrictJson[CallbackAsked],
    return_dto=None,
    operation_id="lookUpCallback",
    summary="Whose call-back is this?",
    description=both(
        "The employee who will know the caller: the owner of the interest, else who talked last, else who tried last."
        " Nobody known: `employee_id` is null. Without `act_for_others`: among one's own attempts.",
        "Сотрудник, который знает звонящего: ответственный за интерес, иначе тот, кто последним говорил, иначе кто"
        " последним звонил. Никто не найден: `employee_id` равен null. Без `act_for_others` только свои попытки.",
    ),
    tags=[CALL_BACKS.name],
    responses=refusals("request_too_large", "unsupported_media_type", "directory_unavailable"),
)
async def look_up(
    data: JSONBody[CallbackAsked], principal: WhoAsks, attribute_callback: Attributing, parts: TheParts
) -> CallbackTold:
    shown = data.shown_number
    found = await attribute_callback(
        principal,
        _number(data.caller, "caller", parts.parser),
        shown_number=_number(shown, "shown_number", parts.parser) if shown is not None else None,
        at=instant(data.at, "at"),
    )
    return callback_told(found)


def _number(text: str, field: str, parser: PhoneNumberParser) -> PhoneNumber:
    parsed = parser.parse(text)
    if parsed.number is None:
        raise invalid_field(field, "Expected a phone number with its country code: +7 9XX XXX-XX-XX")
    return parsed.number
