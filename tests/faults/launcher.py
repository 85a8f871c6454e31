"""The service as `telephony serve` runs it, armed with a point at which it kills itself (see `points`).

Run by the nursery. The settings are the service's own; beside them `FAULTS_POINT` and `FAULTS_DIGITS` arm it, and
`FAULTS_TWO_STEP` names the address of a two-step provider to dial by.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import uvicorn
from attrs import evolve
from tests.faults.points import Armed, Doorway, WatchedApp, WatchedStore, watched
from tests.faults.two_step_gateway import PROVIDER, TwoStepDoor, TwoStepGateway

from telephony_http import logs
from telephony_http.app import create_app
from telephony_http.container import Parts
from telephony_http.opened import opened_parts
from telephony_http.settings import Settings


def main() -> None:
    asyncio.run(_serve(Settings.load()))


async def _serve(settings: Settings) -> None:
    armed = Armed(os.environ.get("FAULTS_POINT", ""), os.environ.get("FAULTS_DIGITS", ""))
    two_step = os.environ.get("FAULTS_TWO_STEP")
    provider = urlsplit(two_step or settings.beeline_url)
    listener = socket.create_server((settings.host, settings.port), backlog=1024)
    address = f"http://{settings.host}:{listener.getsockname()[1]}"
    async with Doorway((str(provider.hostname), int(provider.port or 80)), armed) as doorway:
        by_doorway = urlunsplit(provider._replace(netloc=f"127.0.0.1:{doorway.port}"))
        settings = evolve(settings, public_url=address, beeline_url=settings.beeline_url if two_step else by_doorway)
        async with opened_parts(settings) as opened, _with_two_step(opened, settings, two_step and by_doorway) as all_:
            parts = evolve(all_, store=WatchedStore(all_.store, armed), gateways=watched(all_.gateways, armed))
            app = WatchedApp(create_app(settings, parts), armed)
            config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=5)
            with logs.configured(settings.log_level):
                await uvicorn.Server(config).serve(sockets=[listener])


@asynccontextmanager
async def _with_two_step(parts: Parts, settings: Settings, url: str | None) -> AsyncIterator[Parts]:
    if url is None:
        yield parts
        return
    async with TwoStepGateway(url, time_out=settings.provider_timeout_seconds) as gateway:
        yield evolve(
            parts,
            gateways={**parts.gateways, PROVIDER: gateway},
            doors={**parts.doors, PROVIDER: TwoStepDoor()},
            conditions={**parts.conditions, PROVIDER: lambda: "subscribed"},
        )
