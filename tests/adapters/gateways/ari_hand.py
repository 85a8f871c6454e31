"""A hand between the gateway and Asterisk, real or a stand-in: passes requests on, unless it was told to spoil one."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Coroutine
from enum import StrEnum
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

from attrs import define, field
from tests.adapters.gateways.loopback import listening


class Spoil(StrEnum):
    """What is done to a request."""

    KEPT = "kept"
    """It is not passed on, and the connection stays open: as when a process is held up."""
    RESET_BEFORE = "reset before"
    """It is not passed on, and the connection is reset."""
    RESET_AFTER = "reset after"
    """It is passed on, and its answer is not."""
    STATUS_503 = "503"
    """It is not passed on, and answered by somebody in between."""
    CUT = "cut"
    """Of its answer only the first bytes come."""


@define
class Hand:
    """`seen`: every request (`POST channels/x/dial`), in order, spoiled ones included."""

    upstream: int
    port: int = 0
    seen: list[str] = field(factory=list)
    _news: asyncio.Condition = field(factory=asyncio.Condition)
    _spoils: list[tuple[str, Spoil]] = field(factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def spoil(self, request: str, how: Spoil) -> None:
        """The next request whose method and path contain this."""
        self._spoils.append((request, how))

    def count(self, request: str) -> int:
        return sum(request in each for each in self.seen)

    async def until(self, request: str) -> None:
        """Waits for a request that contains this."""
        async with self._news:
            await self._news.wait_for(lambda: self.count(request))

    def _spoil_of(self, request: str) -> Spoil | None:
        for each in self._spoils:
            if each[0] in request:
                self._spoils.remove(each)
                return each[1]
        return None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.decode("latin-1").split(" ", 2)
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        request = f"{method} {path.removeprefix('/ari/').partition('?')[0]}"
        async with self._news:
            self.seen.append(request)
            self._news.notify_all()
        body = await reader.readexactly(length)
        match self._spoil_of(request):
            case Spoil.KEPT:
                await reader.read()
                return
            case Spoil.RESET_BEFORE:
                _reset(writer)
                return
            case Spoil.STATUS_503:
                writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
                return
            case spoil:
                pass
        there, out = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            out.write(head + body)
            await out.drain()
            if spoil is Spoil.RESET_AFTER:
                await there.readline()
                _reset(writer)
            elif spoil is Spoil.CUT:
                writer.write((await there.readuntil(b"\r\n\r\n")) + b"[")
                await writer.drain()
                _reset(writer)
            else:
                await _until_one_ends(_pass_on(reader, out), _pass_on(there, writer))
        finally:
            out.close()


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()


async def _until_one_ends(*ways: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextlib.asynccontextmanager
async def hand_before(upstream: int) -> AsyncIterator[Hand]:
    """A hand on a port of its own, before that one of this machine."""
    hand = Hand(upstream)
    async with listening(hand.serve) as hand.port:
        yield hand
