"""The simulator in the test's own event loop, on a real port: as quick as an app in process, with real connections."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable
from typing import Any

import uvicorn
from attrs import frozen

from telephony_adapters.beeline_simulator import SimulatorConfig
from telephony_adapters.beeline_simulator.app import create_app_of
from telephony_adapters.beeline_simulator.connections import Connections
from telephony_adapters.beeline_simulator.door import BASE
from telephony_adapters.beeline_simulator.exchange import Exchange
from telephony_adapters.beeline_simulator.ledger import LedgerEntry
from telephony_adapters.beeline_simulator.regions import demo_regions

TOKEN = "token-of-a-simulator-here"


@frozen
class SimulatorHere:
    """`exchange` is the whole provider: what the control plane would do is done on it directly."""

    exchange: Exchange
    base_url: str
    token: str = TOKEN

    async def idle(self, within: float = 20.0) -> None:
        """Returns when no call lives and no report waits."""
        if not await self.exchange.activity.wait_idle(within):
            raise TimeoutError(f"the simulator is busy: {self.exchange.activity.under_way} things are under way")

    def ledger(self) -> list[LedgerEntry]:
        return self.exchange.ledger.entries()


class _Server(uvicorn.Server):
    """uvicorn's server that says when it answers, and leaves signals to the test runner."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        return contextlib.nullcontext()


@contextlib.asynccontextmanager
async def served(config: uvicorn.Config, listener: socket.socket) -> AsyncIterator[None]:
    """A server in this event loop, for the time of the block."""
    server = _Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        await server.answers.wait()
        yield
    finally:
        server.should_exit = True
        await serving


@contextlib.asynccontextmanager
async def simulator_here(
    *, speed: float = 100.0, assume_off: Iterable[str] = (), **options: Any
) -> AsyncIterator[SimulatorHere]:
    config = SimulatorConfig(
        token=TOKEN, speed=speed, assume_off=frozenset(assume_off), regions=demo_regions(), **options
    )
    exchange, connections = Exchange(config), Connections()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        server = uvicorn.Config(
            create_app_of(exchange, connections.end),
            loop="asyncio",
            http=connections.protocol(),
            ws="none",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        async with served(server, listener):
            yield SimulatorHere(exchange, f"http://127.0.0.1:{listener.getsockname()[1]}{BASE}/")
