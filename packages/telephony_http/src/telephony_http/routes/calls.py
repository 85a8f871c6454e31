"""Place a call, follow it, end it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from telephony_core.call import Call, CallState
from telephony_core.errors import TelephonyError
from telephony_core.party import Principal
from telephony_core.ports import CallFilter
from telephony_core.use_cases.initiate_call import Initiated
from telephony_http.bodies.asked import CloseAsked, PlaceCall
from telephony_http.bodies.calls import CallsTold, CallTold, call_told
from telephony_http.bodies.shared import instant
from telephony_http.mounted import place_of
from telephony_http.openapi import CALLS, both, refusals
from telephony_http.provide import (
    AnyRequest,
    Closing,
    HangingUp,
    Initiating,
    Manners,
    Reading,
    TheInFlight,
    TheManners,
    TheMetrics,
    WhoAsks,
)
from telephony_http.routes.arguments import (
    CallId,
    Cursor,
    IdempotencyKey,
    OptionalId,
    OptionalInstant,
    PageSize,
    WantedState,
    no_others,
)
from telephony_http.strict_json import StrictJson, fingerprint

PATH = "/api/v1/calls"
_FILTERS = frozenset("employee_id client_id interest_id external_id state since until cursor limit".split())


@post(
    "/calls",
    dto=StrictJson[PlaceCall],
    return_dto=None,
    operation_id="placeCall",
    summary="Place a call",
    description=both(
        "Decides what the client shall see, reserves, stores the intent, dials once, stores the outcome. An outcome"
        " that can't be known is no error: 201 with the attempt in `outcome_unknown`. `dial: false` plans a Call.",
        "Решает, что увидит клиент, бронирует, сохраняет намерение, звонит один раз, сохраняет исход. Неизвестный"
        " исход не ошибка: 201 и попытка в `outcome_unknown`. `dial: false` создаёт запланированный звонок.",
    ),
    tags=[CALLS.name],
    responses={
        201: ResponseSpec(CallTold, generate_examples=False, description="The Call, placed or planned"),
        200: ResponseSpec(CallTold, generate_examples=False, description="What the Idempotency-Key named before"),
        **refusals(
            "idempotency_key_missing",
            "call_of_another_employee",
            "client_not_found",
            "interest_not_found",
            "employee_not_found",
            "device_not_found",
            "call_not_found",
            "employee_busy",
            "number_being_called",
            "call_has_live_attempt",
            "request_in_progress",
            "previous_outcome_unknown",
            "request_too_large",
            "unsupported_media_type",
            "device_not_eligible",
            "phone_number_not_of_target",
            "phone_number_not_callable",
            "destination_not_allowed",
            "no_phone_numbers",
            "no_usable_number",
            "call_of_another_target",
            "call_closed",
            "idempotency_key_reused",
            "not_supported_by_provider",
            "too_many_requests",
            "provider_refused",
            "provider_unavailable",
            "directory_unavailable",
        ),
    },
)
async def place(
    data: JSONBody[PlaceCall],
    request: AnyRequest,
    principal: WhoAsks,
    initiate_call: Initiating,
    manners: TheManners,
    metrics: TheMetrics,
    in_flight: TheInFlight,
    idempotency_key: IdempotencyKey,
) -> Response[CallTold]:
    asked = data.to_request(fingerprint(await request.body()))
    try:
        initiated = await in_flight.finish(initiate_call(principal, asked, idempotency_key))
    except TelephonyError as refusal:
        metrics.initiation(refusal.code)
        raise
    metrics.initiation(_result(initiated))
    headers = {"Location": f"{place_of(request.scope)}{PATH}/{initiated.call.id}"}
    if initiated.replayed:
        headers["Idempotency-Replayed"] = "true"
    body = call_told(initiated.call, principal, at=initiated.at, open_for=manners.open_for)
    return Response(body, status_code=200 if initiated.replayed else 201, headers=headers)


def _result(initiated: Initiated) -> str:
    if initiated.replayed:
        return "replayed"
    return "placed" if initiated.attempt_id is not None else "planned"


@get(
    "/calls/{call_id:str}",
    operation_id="getCall",
    summary="One Call",
    description=both("The Call as it is now.", "Звонок в его нынешнем состоянии."),
    tags=[CALLS.name],
    responses=refusals("call_not_found"),
)
async def one(call_id: CallId, principal: WhoAsks, read_calls: Reading, manners: TheManners) -> CallTold:
    return _told(await read_calls.one(principal, call_id), principal, manners)


@get(
    "/calls",
    operation_id="listCalls",
    summary="Find Calls",
    description=both(
        "Newest first, page by page. `client_id` includes the client's interests. Without `act_for_others`: one's own.",
        "Сначала новые, постранично. `client_id` включает интересы клиента. Без `act_for_others` только свои.",
    ),
    tags=[CALLS.name],
    responses=refusals(),
)
async def page(
    request: AnyRequest,
    principal: WhoAsks,
    read_calls: Reading,
    manners: TheManners,
    employee_id: OptionalId = None,
    client_id: OptionalId = None,
    interest_id: OptionalId = None,
    external_id: OptionalId = None,
    call_state: WantedState = None,
    since: OptionalInstant = None,
    until: OptionalInstant = None,
    cursor: Cursor = None,
    limit: PageSize = 50,
) -> CallsTold:
    no_others(request.query_params, _FILTERS)
    wanted = CallFilter(
        employee_id=employee_id,
        client_id=client_id,
        interest_id=interest_id,
        external_id=external_id,
        state=CallState(call_state) if call_state is not None else None,
        since=instant(since, "since"),
        until=instant(until, "until"),
    )
    seen = await read_calls.page(principal, wanted, cursor=cursor, limit=limit)
    items = [call_told(call, principal, at=seen.at, open_for=manners.open_for) for call in seen.page.items]
    return CallsTold(items=items, next_cursor=seen.page.next_cursor)


@post(
    "/calls/{call_id:str}/hangup",
    status_code=200,
    operation_id="hangUpCall",
    summary="Hang up",
    description=both(
        "Asks the provider to end what rings or talks, where it can.",
        "Просит провайдера завершить вызов или разговор, если он это умеет.",
    ),
    tags=[CALLS.name],
    responses=refusals("call_not_found", "no_live_attempt", "not_supported_by_provider", "provider_unavailable"),
)
async def hang_up(call_id: CallId, principal: WhoAsks, hang_up_call: HangingUp, manners: TheManners) -> CallTold:
    return _told(await hang_up_call(principal, call_id), principal, manners)


@post(
    "/calls/{call_id:str}/close",
    status_code=200,
    dto=StrictJson[CloseAsked],
    return_dto=None,
    operation_id="closeCall",
    summary="Close a Call",
    description=both(
        "The matter is done, or a planned Call is cancelled. The body may be left out.",
        "Дело сделано, или запланированный звонок отменён. Тело можно не отправлять.",
    ),
    tags=[CALLS.name],
    responses=refusals("call_not_found", "call_has_live_attempt", "unsupported_media_type", "request_too_large"),
)
async def close(
    call_id: CallId,
    principal: WhoAsks,
    close_call: Closing,
    manners: TheManners,
    data: JSONBody[CloseAsked | None] = None,
) -> CallTold:
    return _told(await close_call(principal, call_id, data.note if data is not None else None), principal, manners)


def _told(seen: tuple[Call, Any], principal: Principal, manners: Manners) -> CallTold:
    call, at = seen
    return call_told(call, principal, at=at, open_for=manners.open_for)
