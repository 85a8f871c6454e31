"""Ending the connection of a request: ASGI has no word for it, so uvicorn's protocol tells us its transports."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from litestar.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

ConnectionEnder = Callable[[Scope, bool], None]
"""Ends the connection of a request: True resets it (RST), False sends what was written and then closes it."""


def cannot_end(_scope: Scope, _reset: bool) -> None:
    """For an app without our server, as in Litestar's test client."""
    raise RuntimeError("connections can be ended only in the simulator's own process; use serve() or SimulatorHandle")


class Connections:
    """The open connections of one server by the caller's address. Lives as long as the server."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def end(self, scope: Scope, reset: bool) -> None:
        client = scope["client"]
        transport = self._open.get((client[0], client[1])) if client else None
        if transport is None:
            return
        if reset:
            # Linger of zero seconds makes the kernel answer with RST instead of an orderly end.
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()

    def protocol(self) -> type[H11Protocol]:
        """uvicorn's HTTP protocol, which besides notes its connections here."""
        opened = self._open

        class NotingProtocol(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                super().connection_made(transport)
                if self.client is not None:
                    opened[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    opened.pop(self.client, None)
                super().connection_lost(exc)

        return NotingProtocol
