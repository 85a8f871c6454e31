"""A small HTTP server that takes Beeline's reports for the time of a check."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from attrs import field, frozen

from telephony_adapters.gateways.beeline.payloads import Tape
from telephony_adapters.gateways.beeline.xsi import BIGGEST_REPORT, BeelineReport, MalformedReport, parse_report

_THANKS = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@frozen
class Heard:
    """A report, and when it came by our clock."""

    report: BeelineReport
    at: datetime


@frozen
class Receiver:
    """What was heard so far, and how many reports could not be read."""

    heard: list[Heard] = field(factory=list)
    unreadable: list[str] = field(factory=list)


@contextlib.asynccontextmanager
async def receiving(port: int, tape: Tape) -> AsyncIterator[Receiver]:
    """Listens on all addresses, for Beeline comes from outside, and takes whatever is posted; ends with the block."""
    receiver = Receiver()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(30):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = next((line[15:] for line in head.splitlines() if line.startswith("content-length:")), "0")
                body = await reader.readexactly(min(int(length), BIGGEST_REPORT))
                tape("report", 0, body)
                try:
                    receiver.heard.append(Heard(parse_report(body), datetime.now(UTC)))
                except MalformedReport as error:
                    receiver.unreadable.append(error.detail)
                writer.write(_THANKS)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, port=port)
    async with server:
        yield receiver
