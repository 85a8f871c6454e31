"""All in one process: the provider (the Beeline simulator), the service as `telephony serve` runs it, its store.

The store is SQLite, or the core's own in memory, which keeps the same contract and takes a tenth of the time.

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
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.adapters.beeline_simulator.here import SimulatorHere, served, simulator_here

from telephony_adapters.demo.loading import LoadedDemo
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.rows import attempt_of
from telephony_adapters.store.tables import attempts, reservations
from telephony_core.call import Attempt
from telephony_core.call_facts import TimeLimits
from telephony_core.testing.fake_store import FakeStore
from telephony_core.use_cases.rules import Rules
from telephony_http import logs
from telephony_http.app import create_app
from telephony_http.commands.demo_load import load_anew
from telephony_http.opened import opened_parts
from telephony_http.readings import LogLevel
from telephony_http.settings import Settings

SPEED = 100.0
# Kept for less time than a server keeps them, or a request would now and then meet a connection that is being closed.
LIMITS_OF_HTTP = httpx2.Limits(keepalive_expiry=1.0)
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
    store: FakeStore | AsyncEngine
    http: httpx2.AsyncClient

    async def attempts(self) -> list[Attempt]:
        if isinstance(self.store, FakeStore):
            return self.store.world.attempts()
        async with self.store.connect() as connection:
            return [attempt_of(row) for row in await connection.execute(select(attempts))]

    async def reservations(self) -> int:
        """How many are held."""
        if isinstance(self.store, FakeStore):
            return len(self.store.world.reservations)
        async with self.store.connect() as connection:
            return (await connection.execute(select(func.count()).select_from(reservations))).scalar_one()


@contextlib.asynccontextmanager
async def stage(
    folder: Path, *, seed: int, shown_wait: timedelta = SHOWN_WAIT, in_memory: bool = False
) -> AsyncIterator[Stage]:
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
        parts = await stack.enter_async_context(opened_parts(settings))
        store: FakeStore | AsyncEngine
        if in_memory:
            async with parts.store.read() as uow:
                store = FakeStore(parts.clock, carousel=await uow.carousel.load(), patience=60.0)
            parts = evolve(parts, store=store, attendants=(), relays=())
        else:
            store = open_store(url)
            stack.push_async_callback(store.dispose)
        config = uvicorn.Config(create_app(settings, parts), lifespan="on", log_level="warning", access_log=False)
        await stack.enter_async_context(served(config, listener))
        http = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False, timeout=60, limits=LIMITS_OF_HTTP))
        on = Stage(simulator, address, company, store, http)
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
