"""`telephony serve`: the HTTP API on a port, by uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import math
import os
import socket
from urllib.parse import urlsplit

import uvicorn
from attrs import evolve

from telephony_adapters.gateways.registry import installed
from telephony_adapters.store.service_facts import ServiceFacts
from telephony_http import logs
from telephony_http.app import create_app
from telephony_http.commands.database import FACT, engine_of
from telephony_http.commands.failing import CommandError
from telephony_http.commands.said import complain, say
from telephony_http.opened import opened_parts
from telephony_http.readings import LogLevel
from telephony_http.settings import Settings, unknown_variables
from telephony_http.stopping import longest_stop


def serve(host: str | None, port: int | None) -> None:
    """Serves until SIGINT or SIGTERM. Says its address when it answers."""
    settings = Settings.load()
    for name in unknown_variables(list(os.environ), installed()):
        complain(f"{name} is no setting of this service; is it misspelt?")
    settings = evolve(
        settings,
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
    )
    asyncio.run(check(settings))
    listener = _bound(settings)
    address = _address(settings.host, listener.getsockname()[1])
    if settings.public_url is None and settings.on_loopback:
        # Who is on the same machine, a simulator for one, can send its reports there.
        settings = evolve(settings, public_url=address)
    server = _Server(
        uvicorn.Config(
            create_app(settings),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            # A call that is being placed gets its answer; streams don't wait for this (`stopping`).
            timeout_graceful_shutdown=math.ceil(longest_stop(settings.provider_timeout_seconds)),
        ),
        f"BMS Telephony at {address}",
    )
    with logs.configured(settings.log_level), contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


async def check(settings: Settings) -> None:
    """Refuses what would fail later or do harm: a database without tables, a provider that can't be opened, the demo's
    data for others to reach, and the demo's numbers, which look like real ones, at a provider that may dial them."""
    async with engine_of(settings) as engine:
        demo = await ServiceFacts(engine).get(FACT)
    # Opened once before it is opened to last: what is wrong is said here in a sentence, and in uvicorn by a traceback.
    with logs.configured(LogLevel.ERROR):
        async with opened_parts(settings):
            pass
    if not demo:
        return
    if not settings.on_loopback:
        raise CommandError(
            "The database holds the demo's data, whose tokens anybody may have seen: "
            "serve it on 127.0.0.1, or use another database."
        )
    if not is_loopback(urlsplit(settings.beeline_url).hostname or ""):
        raise CommandError(
            "The database holds the demo's data, whose numbers may be those of real people: "
            "it is served with a simulated provider only (TELEPHONY_BEELINE_URL on this machine)."
        )


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Server(uvicorn.Server):
    """uvicorn's server that says one line when it answers."""

    def __init__(self, config: uvicorn.Config, ready: str) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # What is here by now stays: looking through it again and again was nearly a third of a list of Calls.
            gc.collect()
            gc.freeze()
            say(self._ready)


def _bound(settings: Settings) -> socket.socket:
    """A listening socket: ours from here on, whatever happens meanwhile."""
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server((settings.host, settings.port), family=family, backlog=1024)
    except OSError as error:
        where = _address(settings.host, settings.port)
        raise CommandError(f"{where} can't be listened at: {error.strerror or error}. Another --port?") from None


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
