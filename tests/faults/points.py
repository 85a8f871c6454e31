"""Named points in the way of a call, and a service that kills itself when it passes the one it was armed with.

Product code knows nothing of this: the points lie in its ports (the store's commits, the gateway's request), in a
doorway on the way to the provider that counts bytes, and around the app, where answers go out. A point is armed for
one called number, so that other calls, repeated presses for one, pass it unharmed. SIGKILL to oneself takes effect
before `kill` returns: nothing after the point is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any, Self, cast

from attrs import frozen

from telephony_core.call import Attempt, Call, Dial
from telephony_core.call_facts import FactKind, LegName
from telephony_core.ports import DialAnswer, ProviderGateway, ProviderReport, Store, UnitOfWork

BEFORE, AFTER = "before its commit", "after its commit"
_COMMITS = (BEFORE, AFTER)
_REQUEST = ("request: before it", "request: half sent", "request: sent")
_ANSWER = ("answer: on its way", "answer: half read", "answer: read")


def _dial(whose: str = "") -> tuple[str, ...]:
    """The points around one request to dial, from its intent to its recorded outcome."""
    steps = (*(f"intent: {each}" for each in _COMMITS), *_REQUEST, *_ANSWER, *(f"outcome: {each}" for each in _COMMITS))
    return tuple(f"{whose}{step}" for step in steps)


_REPORT = (*(f"report: {each}" for each in _COMMITS), "report: before its thanks")
_SETTLING = tuple(f"settling: {each}" for each in _COMMITS)
ONE_STEP = (*_dial(), "reply: before it", *_REPORT, *_SETTLING)
TWO_STEP = (*_dial("employee's "), "reply: before it", *_dial("client's "), *_REPORT, *_SETTLING)


@frozen
class Armed:
    """Which point kills, and the last ten digits of the called number that it is armed for."""

    point: str
    digits: str

    def passes(self, point: str, number: str | None) -> None:
        if point == self.point and number is not None and number.endswith(self.digits):
            os.kill(os.getpid(), signal.SIGKILL)


_answered: ContextVar[tuple[str, str] | None] = ContextVar("answered", default=None)
"""Of which attempt and leg this task has the gateway's answer: what it commits about that attempt is the outcome."""
_in_hand: ContextVar[list[str] | None] = ContextVar("in_hand", default=None)
"""The called numbers that this request turned out to be about; shared with the tasks that the request starts."""


def _whose(two_step: bool, leg: LegName) -> str:
    return f"{leg.value}'s " if two_step else ""


# --- The store --------------------------------------------------------------------------------------------------------


class WatchedStore:
    """`ports.Store`; its writing units tell what they commit."""

    def __init__(self, store: Store, armed: Armed) -> None:
        self._store = store
        self._armed = armed

    def read(self) -> UnitOfWork:
        return self._store.read()

    def glance(self) -> UnitOfWork:
        return self._store.glance()

    def write(self) -> UnitOfWork:
        return cast(UnitOfWork, _WatchedUnit(self._store.write(), self._armed))


class _Listening:
    """A repository that is listened to: `heard` gets the name and the first argument of each method called."""

    def __init__(self, repository: object, heard: Callable[[str, Any], None]) -> None:
        self._repository = repository
        self._heard = heard

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._repository, name)

        def called(*arguments: Any, **options: Any) -> Any:
            self._heard(name, arguments[0] if arguments else None)
            return method(*arguments, **options)

        return called


class _WatchedUnit:
    def __init__(self, unit: UnitOfWork, armed: Armed) -> None:
        self._unit = unit
        self._armed = armed
        self._what: str | None = None
        self._number: str | None = None
        self._reported = False
        self.calls = _Listening(unit.calls, self._heard)
        self.reports = _Listening(unit.reports, self._heard)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._unit, name)

    async def __aenter__(self) -> Self:
        await self._unit.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._unit.__aexit__(*error)

    def _heard(self, method: str, about: Any) -> None:
        if isinstance(about, Call) and method in {"add", "save"} and about.attempts:
            attempt = about.attempts[-1]
            self._about(attempt, f"{_whose(attempt.two_step, LegName.EMPLOYEE)}intent")
        elif isinstance(about, ProviderReport) and method == "add":
            self._reported = True
        elif isinstance(about, Attempt) and method == "save_attempt":
            self._about(about, self._of_change(about))

    def _of_change(self, after: Attempt) -> str:
        # An intent goes before all else that its transaction holds: it is what a death here is about.
        if after.two_step and after.reading.client.strongest is FactKind.REQUESTED:
            return f"{_whose(after.two_step, LegName.CLIENT)}intent"
        answered = _answered.get()
        if answered is not None and answered[0] == after.id:
            return f"{answered[1]}outcome"
        return "report" if self._reported else "settling"

    def _about(self, attempt: Attempt, what: str) -> None:
        if self._what is None or what.endswith("intent"):
            self._what = what
        self._number = attempt.phone_number.e164
        in_hand = _in_hand.get()
        if in_hand is not None:
            in_hand.append(self._number)

    async def commit(self) -> None:
        self._armed.passes(f"{self._what}: {BEFORE}", self._number)
        await self._unit.commit()
        self._armed.passes(f"{self._what}: {AFTER}", self._number)


# --- The gateway ------------------------------------------------------------------------------------------------------


class WatchedGateway:
    """`ports.ProviderGateway`, watched on both sides of a request to dial."""

    def __init__(self, gateway: ProviderGateway, armed: Armed) -> None:
        self._gateway = gateway
        self._armed = armed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    async def start(self, command: Dial) -> DialAnswer:
        leg, number = _whose(self._gateway.capabilities.two_step, command.leg), command.phone_number.e164
        self._armed.passes(f"{leg}request: before it", number)
        answer = await self._gateway.start(command)
        self._armed.passes(f"{leg}answer: read", number)
        _answered.set((command.attempt_id, leg))
        return answer


def watched(gateways: Mapping[str, ProviderGateway], armed: Armed) -> dict[str, ProviderGateway]:
    return {name: cast(ProviderGateway, WatchedGateway(each, armed)) for name, each in gateways.items()}


# --- The way to the provider ------------------------------------------------------------------------------------------

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_REQUESTS = {
    re.compile(r"POST \S*/abonents/[^/]+/call\?phoneNumber=\S*?(\d{10}) "): "",
    re.compile(r"POST /dial/employee/\d*?(\d{10}) "): "employee's ",
    re.compile(r"POST /dial/client/\d*?(\d{10}) "): "client's ",
}
"""The requests that dial: Beeline's, and those of the two-step provider."""


class Doorway:
    """Passes the provider's connections on, byte by byte where a request dials. Lives as long as its `async with`.

    It stands in the service's own process, so that a death at a byte is the service's.
    """

    def __init__(self, upstream: tuple[str, int], armed: Armed) -> None:
        self._upstream = upstream
        self._armed = armed

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            its_reader, its_writer = await asyncio.open_connection(*self._upstream)
            try:
                while (request := await _message(reader)) is not None:
                    whose, digits = _dials(request)
                    await self._send(its_writer, request, f"{whose}request: half sent", digits)
                    self._armed.passes(f"{whose}request: sent", digits)
                    answer = await _message(its_reader)
                    if answer is None:
                        break
                    self._armed.passes(f"{whose}answer: on its way", digits)
                    await self._send(writer, answer, f"{whose}answer: half read", digits)
            finally:
                its_writer.close()
        writer.close()

    async def _send(self, writer: asyncio.StreamWriter, message: bytes, point: str, digits: str | None) -> None:
        if point == self._armed.point and digits is not None:
            half = len(message) // 2
            writer.write(message[:half])
            await writer.drain()
            for _ in range(10):  # whoever reads it here has its turn
                await asyncio.sleep(0)
            self._armed.passes(point, digits)
            message = message[half:]
        writer.write(message)
        await writer.drain()


def _dials(request: bytes) -> tuple[str, str | None]:
    line = request.partition(b"\r\n")[0].decode("latin-1")
    for pattern, whose in _REQUESTS.items():
        if found := pattern.match(line):
            return whose, found[1]
    return "", None


async def _message(reader: asyncio.StreamReader) -> bytes | None:
    """One HTTP message with a length, or none; None at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    length = _LENGTH.search(head)
    return head + await reader.readexactly(int(length[1])) if length else head


# --- Around the app ---------------------------------------------------------------------------------------------------

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class WatchedApp:
    """An ASGI app that dies before the first byte of an answer about the armed number."""

    def __init__(self, app: Callable[[Any, Any, Any], Awaitable[None]], armed: Armed) -> None:
        self._app = app
        self._armed = armed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        numbers: list[str] = []
        _in_hand.set(numbers)

        async def watched_send(message: Any) -> None:
            if message["type"] == "http.response.start":
                point = "report: before its thanks" if "/provider-reports/" in path else "reply: before it"
                for number in numbers:
                    self._armed.passes(point, number)
            await send(message)

        await self._app(scope, receive, watched_send)
