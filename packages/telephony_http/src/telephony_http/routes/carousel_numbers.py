"""Single numbers of the carousel over HTTP: on the bench, off it, declared to the operator (C3, C11)."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, put
from litestar.params import JSONBody, PathParameter

from telephony_core.phone import PhoneNumber
from telephony_http.bodies.carousel import NumberTold, number_told
from telephony_http.bodies.carousel_asked import DeclarationAsked, QuarantineAsked
from telephony_http.bodies.shared import instant
from telephony_http.limits import E164
from telephony_http.openapi import CAROUSEL, both, refusals
from telephony_http.provide import Running, WhoAsks
from telephony_http.strict_json import StrictJson

NumberInPath = Annotated[
    str, PathParameter(**E164.of_argument(), description="Its digits, such as `79031234567`; `+` is accepted")
]


def _number(text: str) -> PhoneNumber:
    return PhoneNumber(f"+{text.removeprefix('+')}")


@put(
    "/carousel/numbers/{number:str}/quarantine",
    dto=StrictJson[QuarantineAsked],
    return_dto=None,
    operation_id="quarantineNumber",
    summary="Put a number on the bench",
    description=both(
        "It is not shown until it is brought back. `effect` says whether the provider is to be asked for that.",
        "Номер не показывается, пока его не вернут. `effect` говорит, надо ли просить об этом провайдера.",
    ),
    tags=[CAROUSEL.name],
    responses=refusals("pool_not_found", "request_too_large", "unsupported_media_type"),
)
async def quarantine(
    number: NumberInPath, data: JSONBody[QuarantineAsked], principal: WhoAsks, run_carousel: Running
) -> NumberTold:
    return number_told(await run_carousel.quarantine(principal, _number(number), data.reason))


@delete(
    "/carousel/numbers/{number:str}/quarantine",
    status_code=200,
    operation_id="bringNumberBack",
    summary="Bring a number back from the bench",
    description=both("A number that isn't on it stays as it is.", "Номер, который не в карантине, остаётся как есть."),
    tags=[CAROUSEL.name],
    responses=refusals("pool_not_found"),
)
async def bring_back(number: NumberInPath, principal: WhoAsks, run_carousel: Running) -> NumberTold:
    return number_told(await run_carousel.bring_back(principal, _number(number)))


@put(
    "/carousel/numbers/{number:str}/declaration",
    dto=StrictJson[DeclarationAsked],
    return_dto=None,
    operation_id="declareNumber",
    summary="Record that the operator was told of a number",
    description=both(
        "The operator knows that we call from it. The body may be left out: from now on.",
        "Оператор знает, что мы звоним с этого номера. Тело можно не отправлять: с этого мгновения.",
    ),
    tags=[CAROUSEL.name],
    responses=refusals("pool_not_found", "request_too_large", "unsupported_media_type"),
)
async def declare(
    number: NumberInPath,
    principal: WhoAsks,
    run_carousel: Running,
    data: JSONBody[DeclarationAsked | None] = None,
) -> NumberTold:
    since = instant(data.declared_since, "declared_since") if data is not None else None
    return number_told(await run_carousel.declare(principal, _number(number), since))
