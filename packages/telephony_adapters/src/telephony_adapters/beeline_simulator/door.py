"""The portal's door: checks the token, and plays the faults of answers.

A middleware around all portal routes, so that routes know nothing of faults. A fault that dials lets the request
through, keeps the answer, and then loses, cuts or delays it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, unquote

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from telephony_adapters.beeline_simulator.connections import ConnectionEnder
from telephony_adapters.beeline_simulator.dialled_numbers import e164_of
from telephony_adapters.beeline_simulator.exchange import Exchange
from telephony_adapters.beeline_simulator.faults import Fault, FaultKind, ReportFault
from telephony_adapters.beeline_simulator.live_call import LiveCall
from telephony_adapters.beeline_simulator.portal_errors import PortalError, unauthorized

BASE = "/apis/portal"
TOKEN_HEADER = b"x-mpbx-api-auth-token"
REPORT_FAULTS = "report_faults"
DIALLED_CALL = "dialled_call"

_CALL_PATH = re.compile(rf"{BASE}/+(?:v2/)?abonents/([^/]+)/call/?")
_FIRST_REPORT_AT_MOST = 10.0

Answer = list[Message]


def door(exchange: Exchange, end: ConnectionEnder) -> Callable[[ASGIApp], ASGIApp]:
    """The middleware for one exchange; `end` closes or resets the connection of a request."""

    def around(app: ASGIApp) -> ASGIApp:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP or not scope["path"].startswith(f"{BASE}/"):
                await app(scope, receive, send)
                return
            if not _has_token(scope, exchange.config.token):
                await _send(send, _error(unauthorized()))
                return
            await _Request(exchange, end, app, scope, receive, send).answer()

        return guarded

    return around


class _Request:
    """One request on its way through the door."""

    def __init__(
        self, exchange: Exchange, end: ConnectionEnder, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._exchange = exchange
        self._end = end
        self._app = app
        self._scope = scope
        self._receive = receive
        self._send = send
        match = _CALL_PATH.fullmatch(scope["path"]) if scope.get("method") == "POST" else None
        self._pattern = unquote(match[1]) if match else None
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        self._phone = query.get("phoneNumber", [""])[0]

    async def answer(self) -> None:
        is_call = self._pattern is not None
        hits = self._exchange.faults.take(self._scope["path"], e164_of(self._phone), is_call=is_call)
        fault = hits.answer
        if fault is None and not hits.reports:
            await self._app(self._scope, self._receive, self._send)
            return
        state = self._scope.setdefault("state", {})
        state[REPORT_FAULTS] = hits.reports
        if fault is not None and not fault.dialled:
            if self._pattern is not None:
                self._exchange.note_not_dialled(self._pattern, self._phone, fault)
            await self._play(fault, [])
            return
        answer = await self._kept_answer()
        call = state.get(DIALLED_CALL)
        if isinstance(call, LiveCall):
            await self._wait_for_reports(call, hits.reports)
            if fault is not None and fault.kind is not None:
                call.entry.answer_fault = fault.kind.value
        if fault is None:
            await _send(self._send, answer)
        else:
            await self._play(fault, answer)

    async def _kept_answer(self) -> Answer:
        answer: Answer = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self._app(self._scope, self._receive, keep)
        return answer

    async def _wait_for_reports(self, call: LiveCall, faults: tuple[Fault, ...]) -> None:
        if any(fault.reports is ReportFault.BEFORE_ANSWER for fault in faults):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_REPORT_AT_MOST):
                    await call.first_report.wait()

    async def _play(self, fault: Fault, answer: Answer) -> None:
        match fault.kind:
            case FaultKind.RESET | FaultKind.RESET_AFTER:
                await self._break(reset=True)
            case FaultKind.HTTP_500:
                page = b"<html><body><h1>500 Internal Server Error</h1></body></html>"
                await _send(self._send, _answer(max(fault.status, 500), b"text/html", page))
            case FaultKind.HTTP_429:
                error = PortalError(429, "TooManyRequests", "Too many requests")
                await _send(self._send, _error(error, (b"retry-after", b"1")))
            case FaultKind.ERROR_CODE:
                error = PortalError(fault.status, fault.error_code, "The operation failed")
                await _send(self._send, _error(error))
            case FaultKind.HANG:
                await self._wait_unless_left(fault.waits)
                await self._break(reset=False)
            case FaultKind.LATE:
                if not await self._wait_unless_left(fault.waits):
                    await _send(self._send, answer)
            case FaultKind.CUT:
                await self._cut(answer)
            case None:
                await _send(self._send, answer)

    async def _cut(self, answer: Answer) -> None:
        for message in answer:
            if message["type"] == "http.response.start":
                await self._send(message)
            elif message["type"] == "http.response.body":
                body = message["body"]
                await self._send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
                break
        await self._break(reset=False)

    async def _break(self, *, reset: bool) -> None:
        """Ends the connection and waits until the server has seen it: else it would still write a 500."""
        self._end(self._scope, reset)
        await self._wait_unless_left(_FIRST_REPORT_AT_MOST)

    async def _wait_unless_left(self, seconds: float) -> bool:
        """Waits; True as soon as the caller is gone (its time-out may be shorter than ours)."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (await self._receive())["type"] != "http.disconnect":
                    pass
                return True
        return False


def _has_token(scope: Scope, token: str) -> bool:
    sent = next((value for name, value in scope["headers"] if name.lower() == TOKEN_HEADER), b"")
    return secrets.compare_digest(sent, token.encode())


def _error(error: PortalError, *headers: tuple[bytes, bytes]) -> Answer:
    return _answer(error.status, b"application/json", json.dumps(error.body()).encode(), *headers)


def _answer(status: int, content_type: bytes, body: bytes, *headers: tuple[bytes, bytes]) -> Answer:
    lines = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), *headers]
    return [
        {"type": "http.response.start", "status": status, "headers": lines},
        {"type": "http.response.body", "body": body, "more_body": False},
    ]


async def _send(send: Callable[[Message], Awaitable[None]], answer: Answer) -> None:
    for message in answer:
        await send(message)
