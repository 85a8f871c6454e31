"""Portal routes of subscribers: who they are, agent status, recording, and the call request itself.

`{pattern}` is a user id, a phone number in any form, or an extension. One subscriber is answered as an object and all
of them as a list, as the public client reads them.
"""

from __future__ import annotations

import json
from typing import Any

from litestar import MediaType, Response, delete, get, post, put
from litestar.params import FromPath

from telephony_adapters.beeline_simulator.door import DIALLED_CALL, REPORT_FAULTS
from telephony_adapters.beeline_simulator.history import abonent_body
from telephony_adapters.beeline_simulator.live_call import LiveCall
from telephony_adapters.beeline_simulator.portal_errors import method_not_allowed, operation_failed
from telephony_adapters.beeline_simulator.requests import AnyRequest, TheExchange, json_object


@get("/abonents")
async def list_abonents(exchange: TheExchange) -> list[dict[str, str]]:
    return [abonent_body(each) for each in exchange.account.subscribers]


@get("/abonents/{pattern:str}")
async def find_abonent(exchange: TheExchange, pattern: FromPath[str]) -> dict[str, str]:
    return abonent_body(exchange.account.find(pattern))


@get("/abonents/{pattern:str}/agent")
async def get_agent(exchange: TheExchange, pattern: FromPath[str]) -> Response[str]:
    """The status as a JSON string."""
    status = exchange.account.kept_agent_status(pattern)
    return Response(json.dumps(status.value), media_type=MediaType.JSON)


@put("/abonents/{pattern:str}/agent")
async def set_agent(exchange: TheExchange, request: AnyRequest, pattern: FromPath[str]) -> Response[str]:
    exchange.account.set_agent_status(pattern, str((await json_object(request)).get("status")))
    return empty()


@get("/abonents/{pattern:str}/recording")
async def get_recording(exchange: TheExchange, pattern: FromPath[str]) -> Response[str]:
    """`ON` or `OFF`, as a JSON string."""
    recorded = exchange.account.is_recorded(exchange.account.find(pattern))
    return Response(json.dumps("ON" if recorded else "OFF"), media_type=MediaType.JSON)


@put("/abonents/{pattern:str}/recording")
async def start_recording(exchange: TheExchange, pattern: FromPath[str]) -> Response[str]:
    exchange.account.set_recorded(exchange.account.find(pattern), recorded=True)
    return empty()


@delete("/abonents/{pattern:str}/recording", status_code=200)
async def stop_recording(exchange: TheExchange, pattern: FromPath[str]) -> Response[str]:
    exchange.account.set_recorded(exchange.account.find(pattern), recorded=False)
    return empty()


@post("/abonents/{pattern:str}/call", status_code=200)
async def call(exchange: TheExchange, request: AnyRequest, pattern: FromPath[str]) -> Response[str]:
    """The tracking id as bare text, not JSON."""
    return Response(_dial(exchange, request, pattern).tracking_id, media_type=MediaType.TEXT)


@delete("/abonents/{pattern:str}/call", status_code=200)
async def hang_up(exchange: TheExchange, request: AnyRequest, pattern: FromPath[str]) -> Response[str]:
    """Only while BA8 is off; the subscriber's call ends at whatever stage it is."""
    if exchange.config.assumes("BA8"):
        raise method_not_allowed()
    exchange.hang_up(pattern, _asked(request, "callId"))
    return empty()


@post("/v2/abonents/{pattern:str}/call", status_code=200)
async def call_v2(exchange: TheExchange, request: AnyRequest, pattern: FromPath[str]) -> dict[str, str]:
    dialled = _dial(exchange, request, pattern)
    return {"callId": dialled.call_id, "externalTrackingId": dialled.tracking_id}


@post("/abonents/{pattern:str}/callTransfer", status_code=200)
async def transfer(exchange: TheExchange, request: AnyRequest, pattern: FromPath[str]) -> Response[str]:
    exchange.transfer(pattern, _asked(request, "callId"), _asked(request, "phoneNumber"))
    return empty()


@post("/abonents/{pattern:str}/callTransferConsult", status_code=200)
async def transfer_consulted(exchange: TheExchange, request: AnyRequest, pattern: FromPath[str]) -> Response[str]:
    exchange.transfer_consulted(pattern, _asked(request, "callId"), _asked(request, "callIdConsult"))
    return empty()


def empty() -> Response[str]:
    """The portal's answer to what needs none: 200 without a body."""
    return Response("", media_type=MediaType.TEXT)


def _asked(request: AnyRequest, name: str) -> str:
    return str(request.query_params.get(name, ""))


def _dial(exchange: TheExchange, request: AnyRequest, pattern: str) -> LiveCall:
    state: dict[str, Any] = request.scope.setdefault("state", {})
    dialled = exchange.call(pattern, _asked(request, "phoneNumber"), state.get(REPORT_FAULTS, ()))
    state[DIALLED_CALL] = dialled
    if not exchange.config.assumes("BA10"):
        raise operation_failed()
    return dialled


ROUTES = (
    list_abonents,
    find_abonent,
    get_agent,
    set_agent,
    get_recording,
    start_recording,
    stop_recording,
    call,
    hang_up,
    call_v2,
    transfer,
    transfer_consulted,
)
