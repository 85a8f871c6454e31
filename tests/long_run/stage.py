"""All in one process: the provider (the Beeline simulator), the service as `telephony serve` runs it, its database.

Provider and service are servers on ports of their own and speak HTTP with each other; only the waiting is shorter than
in life, by `SPEED` for calls and by `LIMITS` for what the service waits for.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx2
import uvicorn
from attrs import evolve, frozen
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.adapters.beeline_simulator.here import SimulatorHere, served, simulator_here

from telephony_adapters.demo.loading import LoadedDemo
from telephony_adapters.store.engine import open_store
from telephony_core.call_facts import TimeLimits
from telephony_core.use_cases.rules import Rules
from telephony_http import logs
from telephony_http.app import create_app
from telephony_http.commands.demo_load import load_anew
from telephony_http.readings import LogLevel
from telephony_http.settings import Settings

SPEED = 100.0
SHOWN_WAIT = timedelta(seconds=20)
LIMITS = TimeLimits(
    provider_answer=1.0,
    grace=1.0,
    ringing_confirmed=2.0,
    ringing=4.0,
    talk_unheard=6.0,
    unknown_horizon=25.0,
    call=30.0,
)


@frozen(kw_only=True)
class QuickSettings(Settings):
    """The service's settings, with rules that wait for less than the variables allow."""

    shown_wait: timedelta

    def rules(self, *, demo: bool = False) -> Rules:
        return evolve(super().rules(demo=demo), limits=LIMITS, shown_wait=self.shown_wait)


@frozen
class Stage:
    """Lives for one campaign. `http` is who presses: it knows `service_url` and the tokens of `company`."""

    simulator: SimulatorHere
    service_url: str
    company: LoadedDemo
    engine: AsyncEngine
    http: httpx2.AsyncClient


@contextlib.asynccontextmanager
async def stage(folder: Path, *, seed: int, shown_wait: timedelta = SHOWN_WAIT) -> AsyncIterator[Stage]:
    """A stage on a fresh database in this folder. So long after its end a call's number may still be reported."""
    url = f"sqlite:///{folder / 'campaign.db'}"
    company = await load_anew(url)
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(listener.close)
        simulator = await stack.enter_async_context(simulator_here(speed=SPEED, seed=seed))
        stack.enter_context(logs.configured(LogLevel.WARNING))
        settings = QuickSettings(
            database_url=url,
            beeline_url=simulator.base_url,
            beeline_token=simulator.token,
            public_url=address,
            provider_timeout_seconds=LIMITS.provider_answer,
            worker_interval_seconds=0.5,
            shown_wait=shown_wait,
        )
        config = uvicorn.Config(create_app(settings), lifespan="on", log_level="warning", access_log=False)
        await stack.enter_async_context(served(config, listener))
        engine = open_store(url)
        stack.push_async_callback(engine.dispose)
        http = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False, timeout=30))
        on = Stage(simulator, address, company, engine, http)
        await until(lambda: _subscribed(on), 30.0, "the subscription to reports")
        yield on


async def _subscribed(on: Stage) -> bool:
    return bool(on.simulator.exchange.subscriptions.ids())


async def until(holds: Callable[[], Awaitable[bool]], within: float, what: str) -> None:
    """Returns when it holds; TimeoutError, with `what`, after so many seconds."""
    end = time.monotonic() + within
    while not await holds():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come to pass within {within:.0f} s")
        await asyncio.sleep(0.2)
