"""Asterisk's REST interface (ARI): requests, and how each of them can fail.

    AriError
    ├── NotReached        surely not a byte of the request left: name, connection or TLS
    ├── AnswerLost        it may have arrived; its answer did not
    └── Refused           answered, with a status that is none of success

Nothing here repeats a request. Each goes over a connection of its own: on one that is kept, a true 409 makes Asterisk
answer 409 to every later failure as well (docs/operate/asterisk.md), and one that is idle may have been closed behind
our back, which would look like a lost answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Self

import httpx2
from attrs import frozen
from httpx2.websockets import AsyncWebSocketSession

from telephony_adapters.gateways.privacy import scrub
from telephony_adapters.gateways.progress import Progress, in_words
from telephony_adapters.quiet_logs import quiet_http_logging

BIGGEST_ANSWER = 4 * 1024 * 1024
"""Bytes: a list of all endpoints of a large company."""
BIGGEST_EVENT = 1024 * 1024


class AriError(Exception):
    """A request failed. The message holds no number of a client's and no password."""


class NotReached(AriError):
    """No byte of the request can have arrived."""


class AnswerLost(AriError):
    """The request may have arrived; no readable answer did."""


class Refused(AriError):
    """Answered with an error. `word` is Asterisk's own message, scrubbed."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(f"status {status}: {word}" if word else f"status {status}")
        self.status = status
        self.word = word


@frozen
class Channel:
    """A channel as Asterisk tells it. `state`: Down, Ringing, Up, …; `shown`: the number that it shows to its far end;
    `protocol_id`: the SIP Call-ID, by which the operator finds the call."""

    id: str
    state: str
    shown: str
    protocol_id: str

    @classmethod
    def of(cls, told: Any) -> Channel:
        """`ValueError` if that is no channel."""
        match told:
            case {"id": str(name), "state": str(state), "connected": {"number": str(shown)}}:
                return cls(name, state, shown, str(told.get("protocol_id") or ""))
            case _:
                raise ValueError("no channel")


class AriClient:
    """ARI with an account's password. Lives as long as the gateway.

    `base_url` is Asterisk's HTTP server, with or without `/ari`. `time_out` (seconds) is for a whole request.
    """

    def __init__(self, base_url: str, user: str, password: str, application: str, *, time_out: float = 10.0) -> None:
        quiet_http_logging()
        self.application = application
        self.time_out = time_out
        self._base = base_url.rstrip("/").removesuffix("/ari")
        self._http = httpx2.AsyncClient(
            auth=httpx2.BasicAuth(user, password),
            headers={"User-Agent": "bms-telephony"},
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
            timeout=httpx2.Timeout(time_out, connect=time_out / 2),
            trust_env=False,
            follow_redirects=False,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make a request once; the answer's JSON, None where there is none. `AriError`."""
        progress = Progress()
        try:
            async with (
                asyncio.timeout(self.time_out),
                self._http.stream(
                    method,
                    f"{self._base}/ari/{path}",
                    params=params,
                    json=body,
                    headers={"Connection": "close"},
                    extensions={"trace": progress.note},
                ) as response,
            ):
                told = bytearray()
                async for part in response.aiter_bytes():
                    told += part
                    if len(told) > BIGGEST_ANSWER:
                        raise AnswerLost("the answer is too big to be one")
        except AriError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, only how far the request got counts
            if progress.never_sent(error):
                raise NotReached(f"no connection: {in_words(error)}") from None
            raise AnswerLost(f"the answer was lost: {in_words(error)}") from None
        return _read(response.status_code, bytes(told))

    def events(self) -> AbstractAsyncContextManager[AsyncWebSocketSession]:
        """The WebSocket of the application's events. Another one of the same application takes it over."""
        return self._http.websocket(
            f"{self._base.replace('http', 'ws', 1)}/ari/events",
            params={"app": self.application},
            max_message_size_bytes=BIGGEST_EVENT,
            keepalive_ping_interval_seconds=5.0,
            keepalive_ping_timeout_seconds=5.0,
        )


def _read(status: int, body: bytes) -> Any:
    try:
        told = json.loads(body) if body.strip() else None
    except (ValueError, RecursionError):
        told = None
        if 200 <= status < 300:
            raise AnswerLost("the answer is no JSON") from None
    if 200 <= status < 300:
        return told
    word = told.get("message") or told.get("error") if isinstance(told, dict) else None
    raise Refused(status, scrub(word, 80) if isinstance(word, str) else "")
