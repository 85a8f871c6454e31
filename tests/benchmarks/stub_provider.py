"""A provider that takes every call at once and knows nothing: Beeline's addresses, as cheap as can be. For benchmarks.

python -m tests.benchmarks.stub_provider PORT
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count

_NUMBERS = count(1)


def _answer(method: str, path: str) -> str:
    match method, path.rpartition("/")[2].partition("?")[0]:
        case "POST", "call":
            return f"17{next(_NUMBERS):08}:1"
        case "GET", "agent":
            return "ONLINE"
        case _, "subscription":
            return '{"subscriptionId": "bench", "expires": 3600}'
        case _:
            return "[]"


class _Connection(asyncio.Protocol):
    """One connection; requests come one after the other, each in its bytes of head and body."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, rest = self._received.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").lower().split("\r\n")
            length = next((int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")), 0)
            if len(rest) < length:
                return
            self._received = rest[length:]
            method, path, _ = head.decode("latin-1").split(" ", 2)
            body = _answer(method, path)
            closes = "connection: close" in lines
            ending = "close" if closes else "keep-alive"
            answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: {ending}\r\n\r\n{body}"
            self._transport.write(answer.encode())
            if closes:
                self._transport.close()


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
