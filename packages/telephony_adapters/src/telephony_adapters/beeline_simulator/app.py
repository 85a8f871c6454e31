"""The Litestar app of the simulator: the portal below `/apis/portal`, the control plane below `/simulator`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ControllerRouterHandler

from telephony_adapters.beeline_simulator import control, portal_abonents, portal_account, portal_history
from telephony_adapters.beeline_simulator.config import SimulatorConfig
from telephony_adapters.beeline_simulator.connections import ConnectionEnder, cannot_end
from telephony_adapters.beeline_simulator.door import BASE, door
from telephony_adapters.beeline_simulator.exchange import Exchange
from telephony_adapters.beeline_simulator.portal_errors import PortalError
from telephony_adapters.beeline_simulator.requests import AnyRequest


def create_app(config: SimulatorConfig, end_connection: ConnectionEnder = cannot_end) -> Litestar:
    """An app with an exchange of its own. Faults that break connections need `end_connection` of a real server."""
    return create_app_of(Exchange(config), end_connection)


def create_app_of(exchange: Exchange, end_connection: ConnectionEnder) -> Litestar:
    """The app of this exchange, which ends with it."""

    @asynccontextmanager
    async def exchange_lives(_app: Litestar) -> AsyncIterator[None]:
        yield
        await exchange.close()

    portal_routes: list[ControllerRouterHandler] = [
        *portal_abonents.ROUTES,
        *portal_history.ROUTES,
        *portal_account.ROUTES,
    ]
    return Litestar(
        route_handlers=[Router(BASE, route_handlers=portal_routes), *control.ROUTES],
        dependencies={"exchange": Provide(lambda: exchange, sync_to_thread=False)},
        middleware=[door(exchange, end_connection)],
        exception_handlers={PortalError: _refused, HTTPException: _http_error},
        lifespan=[exchange_lives],
        openapi_config=None,
        # Litestar's default would turn on httpx2's log of every push, and its URLs hold the receiver's secret.
        logging_config=None,
    )


def _refused(_request: AnyRequest, error: PortalError) -> Response[str]:
    return _error(error.status, error.error_code, error.description)


def _http_error(_request: AnyRequest, error: HTTPException) -> Response[str]:
    """Unknown paths, wrong methods: in the portal's own form, so that clients find an errorCode in every error."""
    code = {404: "NotFound", 405: "MethodNotAllowed"}.get(error.status_code, "BadRequest")
    return _error(error.status_code, code, error.detail)


def _error(status: int, code: str, description: str) -> Response[str]:
    return Response(
        json.dumps({"errorCode": code, "description": description}, ensure_ascii=False, separators=(",", ":")),
        status_code=status,
        media_type="application/json",
    )
