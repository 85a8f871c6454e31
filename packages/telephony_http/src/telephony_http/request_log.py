"""One line in the log for each request, its id, and its count in the metrics; the outermost thing round the app.

The line names the route's template, never the path: paths hold ids, secrets and, in the carousel's, numbers (P1).
"""

from __future__ import annotations

import re
import secrets
import time
from typing import Any, Protocol

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.stdlib.get_logger("telephony_http.requests")

HEADER = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9._-]{1,64}\Z")
# Letters only: what looks like no phone number is masked by nobody.
_LETTERS = str.maketrans("0123456789", "ghijkmnpqr")
_SILENT = ("/healthz", "/readyz", "/metrics")
NO_ROUTE = "(none)"


class RequestCounts(Protocol):
    """What is counted of each request."""

    def request(self, method: str, route: str, status: int, seconds: float) -> None: ...


def new_request_id() -> str:
    return secrets.token_hex(10).translate(_LETTERS)


def request_id_of(scope: Scope) -> str:
    """The id of the request that this scope belongs to; a new one where the log doesn't see it."""
    return str(scope.get("state", {}).get("request_id") or new_request_id())


class RequestLog:
    """Wraps the whole app, so that requests that no route knows are seen, too."""

    def __init__(self, app: ASGIApp, counts: RequestCounts) -> None:
        self.app = app
        self.counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        request_id = _given_id(scope["headers"]) or new_request_id()
        scope["state"]["request_id"] = request_id
        began = time.perf_counter()
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER, request_id.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, noting)
            finally:
                self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        fields: dict[str, Any] = dict(scope)
        # A scope without the mark of a handler met no route: its path is the caller's own text and stays out.
        route = str(fields.get("path_template") or NO_ROUTE)
        method = str(fields["method"])
        if method not in _METHODS:
            method = "OTHER"
        self.counts.request(method, route, status, seconds)
        if route not in _SILENT:
            log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


_METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())


def _given_id(headers: Any) -> str | None:
    for name, value in headers:
        if name == HEADER and _SANE.match(value):
            return str(value.decode("ascii"))
    return None
