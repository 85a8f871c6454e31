"""What the tests of the Beeline gateway share: a client on any address, a command, a server made of bare sockets."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

import httpx2
from attrs import define, evolve, field
from tests.adapters.gateways.loopback import Serve, listening

from telephony_adapters.gateways.beeline import BeelineClient, BeelineGateway
from telephony_adapters.gateways.beeline.payloads import Tape
from telephony_core.call import Dial
from telephony_core.call_facts import LegName
from telephony_core.phone import PhoneNumber

LINE = "9067010101@ip.beeline.ru"
CLIENT = PhoneNumber("+79139123456")
TOKEN = "token-of-these-tests-1234567890"
PORTAL = "https://beeline.invalid/apis/portal/"

SPEED = 100.0
"""Of simulators: a call of 35 s takes a third of a second."""

_TLS = ssl.create_default_context()  # reading the machine's certificates once is enough


def a_dial(**changes: Any) -> Dial:
    return evolve(Dial("attempt-1", LegName.EMPLOYEE, "beeline", LINE, CLIENT, None), **changes)


@contextlib.asynccontextmanager
async def a_client(
    base_url: str = PORTAL, *, token: str = TOKEN, time_out: float = 5.0, tape: Tape | None = None
) -> AsyncIterator[BeelineClient]:
    async with (
        httpx2.AsyncClient(trust_env=False, verify=_TLS) as http,
        BeelineClient(base_url, token, http, time_out=time_out, verify=_TLS, tape=tape) as client,
    ):
        yield client


@contextlib.asynccontextmanager
async def a_gateway(base_url: str = PORTAL, *, time_out: float = 5.0, **options: Any) -> AsyncIterator[BeelineGateway]:
    async with a_client(base_url, time_out=time_out) as client:
        yield BeelineGateway(client, **{"reread_after": 0.0, **options})


@define
class RawServer:
    """Reads each request's head and then does what the test says. `requests` are the heads, `connections` a count."""

    url: str
    requests: list[str] = field(factory=list)
    connections: int = 0


@contextlib.asynccontextmanager
async def raw_server(behaviour: Serve, *, reads_request: bool = True, scheme: str = "http") -> AsyncIterator[RawServer]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        while not writer.is_closing():
            if reads_request:
                server.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await behaviour(reader, writer)
            if not reads_request:
                break

    async with listening(serve) as port:
        server = RawServer(f"{scheme}://127.0.0.1:{port}")
        yield server


def says(*parts: bytes, pause: float = 0.0, close: bool = True) -> Serve:
    """Writes these bytes, one part after the other, and closes."""

    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        if close:
            writer.close()

    return behave


def resets(*parts: bytes) -> Serve:
    """Writes these bytes and breaks the connection off (RST)."""

    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return behave


async def hangs(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)
