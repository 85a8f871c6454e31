"""The carousel over HTTP: pools, their generations, and whether providers keep to them (C0-C11)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from litestar import Response, delete, get, post, put
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, JSONBody, PathParameter, QueryParameter

from telephony_core.errors import InvalidRequest
from telephony_core.phone import DestinationClass, PhoneNumber
from telephony_core.ports import PhoneNumberParser
from telephony_http.bodies.carousel import (
    ConformanceTold,
    GenerationTold,
    PoolChangedTold,
    PoolsTold,
    PoolTold,
    conformance_told,
    generation_told,
    pool_changed_told,
    pool_told,
)
from telephony_http.bodies.carousel_asked import GenerationAsked, PoolAsked
from telephony_http.bodies.shared import instant
from telephony_http.error_replies import invalid_field
from telephony_http.limits import ETAG, POOL_ID, POOL_NUMBER, choice
from telephony_http.openapi import CAROUSEL, both, refusals
from telephony_http.provide import Running, TheParts, Viewing, WhoAsks
from telephony_http.routes.arguments import OptionalInstant
from telephony_http.strict_json import StrictJson

PERIOD = timedelta(days=30)
"""What conformance looks at where no `since` is given."""

PoolIdInPath = Annotated[str, PathParameter(**POOL_ID.of_argument(), description="The pool's id")]
GenerationId = Annotated[str, PathParameter(**POOL_ID.of_argument(), description="The generation's id")]
IfMatch = Annotated[
    str | None,
    HeaderParameter(name="If-Match", **ETAG.of_argument(), description="The ETag of the pool as you read it"),
]
IfNoneMatch = Annotated[
    str | None,
    HeaderParameter(name="If-None-Match", **choice("*").of_argument(), description="`*`: the pool is new"),
]
OnePool = Annotated[str | None, QueryParameter(name="pool", **POOL_ID.of_argument(), description="Of this pool only")]


@get(
    "/carousel/pools",
    operation_id="listPools",
    summary="All pools",
    description=both(
        "Usage, wear, regions, chain and caps of every pool, with its generations and numbers.",
        "Все пулы: использование, износ, регионы, цепочка, пределы, поколения и номера.",
    ),
    tags=[CAROUSEL.name],
    responses=refusals(),
)
async def pools(principal: WhoAsks, view_carousel: Viewing) -> PoolsTold:
    return PoolsTold(items=[pool_told(each) for each in await view_carousel.pools(principal)])


@get(
    "/carousel/pools/{pool_id:str}",
    operation_id="getPool",
    summary="One pool",
    description=both(
        "The ETag of the answer is what a change sends as `If-Match`.",
        "ETag ответа отправляют при изменении в `If-Match`.",
    ),
    tags=[CAROUSEL.name],
    responses=refusals("pool_not_found"),
)
async def pool(pool_id: PoolIdInPath, principal: WhoAsks, view_carousel: Viewing) -> Response[PoolTold]:
    view = await view_carousel.pool(principal, pool_id)
    return Response(pool_told(view), headers={"ETag": _etag(view.pool.version)})


@put(
    "/carousel/pools/{pool_id:str}",
    dto=StrictJson[PoolAsked],
    return_dto=None,
    operation_id="putPool",
    summary="Set a pool",
    description=both(
        "Title, provider, regions, chain and limits; the generations stay. Send `If-Match` with the ETag that you read,"
        " or `If-None-Match: *` for a pool that is new.",
        "Название, провайдер, регионы, цепочка и пределы; поколения остаются. Отправьте `If-Match` с прочитанным ETag"
        " или `If-None-Match: *` для нового пула.",
    ),
    tags=[CAROUSEL.name],
    responses={
        200: ResponseSpec(PoolChangedTold, generate_examples=False, description="The pool as it is now"),
        201: ResponseSpec(PoolChangedTold, generate_examples=False, description="The new pool"),
        **refusals(
            "pool_not_found", "carousel_conflict", "stale_version", "request_too_large", "unsupported_media_type"
        ),
    },
)
async def put_pool(
    pool_id: PoolIdInPath,
    data: JSONBody[PoolAsked],
    principal: WhoAsks,
    run_carousel: Running,
    view_carousel: Viewing,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response[PoolChangedTold]:
    expected = _expected_version(if_match, if_none_match)
    changed = await run_carousel.put_pool(principal, data.to_pool(pool_id), expected_version=expected)
    view = await view_carousel.pool(principal, pool_id)
    return Response(
        pool_changed_told(view, changed.ask_provider),
        status_code=201 if expected is None else 200,
        headers={"ETag": _etag(view.pool.version)},
    )


def _etag(version: int) -> str:
    return f'"{version}"'


def _expected_version(if_match: str | None, if_none_match: str | None) -> int | None:
    """The version that was read; None for a pool that is new."""
    if if_match is not None:
        return int(if_match.removeprefix("W/").strip('"'))
    if if_none_match is None:
        raise invalid_field(
            "If-Match", "Send the ETag of the pool as you read it, or 'If-None-Match: *' for a pool that is new"
        )
    return None


@post(
    "/carousel/pools/{pool_id:str}/generations",
    dto=StrictJson[GenerationAsked],
    return_dto=None,
    operation_id="scheduleGeneration",
    summary="Refresh a pool",
    description=both(
        "New numbers from `activates_at` on. `effect` says whether that is in force, or to be asked of the provider.",
        "Новые номера с `activates_at`. `effect` говорит, вступит ли это в силу само или об этом надо просить"
        " провайдера.",
    ),
    tags=[CAROUSEL.name],
    responses=refusals("pool_not_found", "carousel_conflict", "request_too_large", "unsupported_media_type"),
)
async def schedule(
    pool_id: PoolIdInPath,
    data: JSONBody[GenerationAsked],
    principal: WhoAsks,
    run_carousel: Running,
    parts: TheParts,
) -> GenerationTold:
    changed = await run_carousel.schedule(
        principal,
        pool_id,
        _mobile_numbers(data.numbers, parts.parser),
        instant(data.activates_at, "activates_at"),
        generation_id=data.id,
    )
    return generation_told(changed)


def _mobile_numbers(texts: Iterable[str], parser: PhoneNumberParser) -> list[PhoneNumber]:
    """The numbers, every one of them a Russian mobile one; all that are not are named."""
    found: list[PhoneNumber] = []
    errors: list[dict[str, str]] = []
    for place, text in enumerate(texts):
        parsed = parser.parse(text)
        mobile = parsed.destination is DestinationClass.RUSSIAN_MOBILE and not parsed.extension
        if parsed.number is None or not mobile or not POOL_NUMBER.fits(text):
            errors.append({"field": f"numbers[{place}]", "message": POOL_NUMBER.says})
        else:
            found.append(parsed.number)
    if errors:
        raise InvalidRequest("; ".join(f"{each['field']}: {each['message']}" for each in errors), errors=errors)
    return found


@delete(
    "/carousel/pools/{pool_id:str}/generations/{generation_id:str}",
    status_code=200,
    operation_id="cancelGeneration",
    summary="Call a refresh off",
    description=both(
        "Before its instant only: a generation that was in force is history.",
        "Только до её начала: поколение, которое уже действовало, остаётся в истории.",
    ),
    tags=[CAROUSEL.name],
    responses=refusals("pool_not_found", "carousel_conflict"),
)
async def cancel(
    pool_id: PoolIdInPath, generation_id: GenerationId, principal: WhoAsks, run_carousel: Running
) -> GenerationTold:
    return generation_told(await run_carousel.cancel(principal, pool_id, generation_id))


@get(
    "/carousel/conformance",
    operation_id="getConformance",
    summary="Does the provider substitute as agreed?",
    description=both(
        "Verdicts on the shown numbers, counted, and the latest cases that don't conform. Default: the last 30 days.",
        "Вердикты о показанных номерах, сосчитанные, и последние несоответствия. По умолчанию за 30 дней.",
    ),
    tags=[CAROUSEL.name],
    responses=refusals("pool_not_found"),
)
async def conformance(
    principal: WhoAsks,
    view_carousel: Viewing,
    parts: TheParts,
    since: OptionalInstant = None,
    until: OptionalInstant = None,
    one_pool: OnePool = None,
) -> ConformanceTold:
    last = instant(until, "until") or parts.clock.now()
    first = instant(since, "since") or last - PERIOD
    if first >= last:
        raise invalid_field("since", "Expected an instant before 'until'")
    found = await view_carousel.conformance(principal, since=first, until=last, pool_id=one_pool)
    return conformance_told(found)
