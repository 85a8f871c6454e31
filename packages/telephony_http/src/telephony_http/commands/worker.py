"""`telephony worker`: the background's chores in a process of its own, for services with TELEPHONY_WORKER=off."""

from __future__ import annotations

import asyncio
import signal

from telephony_adapters.worker import Pace, run_worker
from telephony_http import logs
from telephony_http.commands.database import engine_of
from telephony_http.commands.said import say
from telephony_http.container import container_of
from telephony_http.opened import opened_parts
from telephony_http.settings import Settings
from telephony_http.stopping import longest_stop


async def work() -> None:
    """Works until SIGINT or SIGTERM; then finishes what is in hand, within `stopping.ends_within`."""
    settings = Settings.load()
    with logs.configured(settings.log_level):
        await _work(settings)


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with engine_of(settings):
        pass  # a database that isn't ready is said in a sentence
    async with opened_parts(settings) as parts:
        container = container_of(parts, settings.rules(demo=parts.demo))
        say("BMS Telephony's worker works.")
        await run_worker(
            container.reconcile_calls(),
            stop=stop,
            clock=parts.clock,
            keepers=parts.keepers,
            listeners=parts.listeners,
            follow=container.hears(),
            refreshers=parts.refreshers,
            retention=container.erase_old_numbers(),
            event_retention=parts.event_retention,
            attendants=(*parts.attendants, *parts.relays),
            pace=Pace(
                reconcile=settings.worker_interval_seconds, grace=longest_stop(settings.provider_timeout_seconds)
            ),
        )
