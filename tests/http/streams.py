"""A reader of event streams: asks the app itself, since a client that waits for an answer's end would wait for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from attrs import define, field
from litestar import Litestar

PATIENCE = 10.0


@define
class Stream:
    """`status` and `headers` as soon as there are any; then block by block what was said."""

    status: int = 0
    headers: dict[str, str] = field(factory=dict)
    takes: asyncio.Event = field(factory=asyncio.Event)
    """Cleared, the reader takes nothing more: the server waits in its `send`."""
    left: asyncio.Event = field(factory=asyncio.Event)
    over: bool = False
    _said: asyncio.Queue[bytes | None] = field(factory=asyncio.Queue)
    _rest: bytes = b""
    _asked: bool = False

    async def receive(self) -> Any:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        await self.takes.wait()
        self._said.put_nowait(message["body"])
        if not message.get("more_body"):
            self.over = True
            self._said.put_nowait(None)

    async def block(self) -> str | None:
        """The next lines up to an empty one; None at the end."""
        async with asyncio.timeout(PATIENCE):
            while b"\n\n" not in self._rest:
                more = await self._said.get()
                if more is None:
                    assert not self._rest, self._rest
                    return None
                self._rest += more
        found, self._rest = self._rest.split(b"\n\n", 1)
        return found.decode()

    async def event(self) -> dict[str, Any]:
        """The next event: `id`, `event` and the decoded `data`. What is none, is skipped."""
        while (block := await self.block()) is not None:
            fields = dict(line.split(": ", 1) for line in block.splitlines())
            if "data" in fields:
                return {**fields, "data": json.loads(fields["data"])}
        raise AssertionError("the stream has ended")

    async def events(self, count: int) -> list[dict[str, Any]]:
        return [await self.event() for _ in range(count)]


@asynccontextmanager
async def streaming(
    app: Litestar, query: str = "", *, token: str | None, last_event_id: str | None = None
) -> AsyncIterator[Stream]:
    """A stream that is open, from its first block on; the reader leaves at the end of the block."""
    stream = Stream()
    stream.takes.set()
    headers = [(b"host", b"telephony.test")]
    if token is not None:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    if last_event_id is not None:
        headers.append((b"last-event-id", last_event_id.encode()))
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/api/v1/events",
        "raw_path": b"/api/v1/events",
        "root_path": "",
        "query_string": query.encode(),
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("telephony.test", 80),
        "state": {},
    }
    asking = asyncio.create_task(app(scope, stream.receive, stream.send))
    try:
        yield stream
    finally:
        stream.left.set()
        async with asyncio.timeout(PATIENCE):
            await asking
