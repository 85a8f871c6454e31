"""The simulator as a process of its own: uvicorn on loopback."""

from __future__ import annotations

import contextlib
import socket
import sys

import uvicorn

from telephony_adapters.beeline_simulator.app import create_app
from telephony_adapters.beeline_simulator.config import Regions, SimulatorConfig
from telephony_adapters.beeline_simulator.connections import Connections
from telephony_adapters.beeline_simulator.door import BASE
from telephony_adapters.beeline_simulator.population import COMPANY, Company
from telephony_adapters.beeline_simulator.regions import demo_regions

HOST = "127.0.0.1"
READY = "Beeline simulator (a demo, no telephone rings) at "


def serve(
    port: int,
    token: str,
    speed: float = 1.0,
    seed: int = 0,
    assume_off: frozenset[str] = frozenset(),
    *,
    company: Company = COMPANY,
    regions: Regions | None = None,
    statistics_delay: float = 0.0,
) -> None:
    """Serves until SIGINT or SIGTERM. Port 0 is any free one; the one line on standard output says which.

    `regions` is asked for the region of each called number (default: the project's small table).
    """
    config = SimulatorConfig(
        token=token,
        speed=speed,
        seed=seed,
        assume_off=assume_off,
        company=company,
        regions=regions or demo_regions(),
        statistics_delay=statistics_delay,
    )
    connections = Connections()
    # Bound before the server starts: the port is ours from here on, and known if it was 0.
    listener = _listener(port)
    server = _Server(
        uvicorn.Config(
            create_app(config, connections.end),
            # asyncio and h11: a reset needs their transports (see `connections`).
            loop="asyncio",
            http=connections.protocol(),
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            # Requests that hang on purpose must not hold up the end of the process.
            timeout_graceful_shutdown=1,
        ),
        f"{READY}http://{HOST}:{listener.getsockname()[1]}{BASE}/",
    )
    # uvicorn ends in order at the first Ctrl-C and then raises it again; there is nothing left to interrupt.
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


def _listener(port: int) -> socket.socket:
    # The protocol is named, which socket.create_server() does not do: asyncio switches Nagle's algorithm off only for
    # sockets that say TCP, and each answer would otherwise wait 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(512)
    return listener


class _Server(uvicorn.Server):
    """uvicorn's server that says one line when it answers."""

    def __init__(self, config: uvicorn.Config, ready: str) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"{self._ready}\n")
            sys.stdout.flush()
