"""The Litestar app: routes, refusals, document; its lifespan opens the parts and runs the worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from litestar import Litestar, Router
from litestar.middleware import DefineMiddleware

from telephony_adapters.worker import Pace, run_worker
from telephony_http import document, error_replies, openapi
from telephony_http.auth import TokenAuthentication
from telephony_http.container import Container, Parts, container_of
from telephony_http.in_flight import InFlight
from telephony_http.metrics import Metrics, VerdictsCounted
from telephony_http.opened import opened_parts
from telephony_http.provide import Manners, dependencies, put_into
from telephony_http.readings import WorkerMode
from telephony_http.request_log import RequestLog
from telephony_http.routes import (
    callbacks,
    calls,
    carousel,
    carousel_numbers,
    devices,
    directory,
    events,
    explanation,
    health,
    phone_numbers,
    previews,
    provider_reports,
)
from telephony_http.routes.options import options
from telephony_http.settings import Settings
from telephony_http.stopping import RefusesWhenStopping, Stopping, longest_stop, told_by_signals

BIGGEST_BODY = 64 * 1024
API = "/api/v1"

_FOR_TOKENS = [
    phone_numbers.of_client,
    phone_numbers.of_interest,
    devices.of_employee,
    previews.preview,
    calls.place,
    calls.page,
    calls.one,
    calls.hang_up,
    calls.close,
    explanation.explain,
    events.follow,
    callbacks.look_up,
    carousel.pools,
    carousel.pool,
    carousel.put_pool,
    carousel.schedule,
    carousel.cancel,
    carousel.conformance,
    carousel_numbers.quarantine,
    carousel_numbers.bring_back,
    carousel_numbers.declare,
    directory.put_employee,
    directory.put_device,
    directory.put_client,
    directory.put_interest,
]
_FOR_ALL = [health.alive, health.ready, health.metrics]


def create_app(settings: Settings, parts: Parts | None = None) -> Litestar:
    """An app of its own. With `parts`, tests' fakes for one, nothing is opened, and closing them is their owner's."""
    metrics = Metrics()
    app = Litestar(
        route_handlers=[
            Router(
                API,
                route_handlers=[*options(_FOR_TOKENS), *_FOR_TOKENS],
                middleware=[DefineMiddleware(RefusesWhenStopping), DefineMiddleware(TokenAuthentication)],
                security=[{openapi.BEARER: []}],
            ),
            Router(
                API,
                route_handlers=[provider_reports.receive],
                middleware=[DefineMiddleware(RefusesWhenStopping)],
            ),
            *_FOR_ALL,
        ],
        dependencies=dependencies(),
        exception_handlers=error_replies.HANDLERS,
        openapi_config=document.config(),
        request_max_body_size=BIGGEST_BODY,
        lifespan=[_lifespan(settings, parts)],
        logging_config=None,
        debug=False,
        pdb_on_exception=False,
    )
    app.state.metrics = metrics
    app.state.in_flight = InFlight()
    app.state.stopping = Stopping(longest_stop(settings.provider_timeout_seconds))
    app.asgi_handler = RequestLog(app.asgi_handler, metrics)
    return app


def _lifespan(settings: Settings, parts: Parts | None) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lives(app: Litestar) -> AsyncIterator[None]:
        opening = nullcontext(parts) if parts is not None else opened_parts(settings)
        async with opening as ready:
            refuse_to_show_the_demo(settings, ready)
            rules = settings.rules(demo=ready.demo)
            container = container_of(ready, rules)
            put_into(app, container, Manners(open_for=rules.call_open_for, language=settings.language))
            stopping: Stopping = app.state.stopping
            stopping.tell(ready.event_feed.end)
            async with _worker(settings, container, stopping, app.state.metrics):
                with told_by_signals(stopping.begin):
                    yield
                stopping.begin()
                await app.state.in_flight.ended(stopping.seconds_left)

    return lives


class NotForOthers(Exception):
    """The store holds the demo's data, whose tokens are shown to everybody: bind to 127.0.0.1, or use a fresh store."""


def refuse_to_show_the_demo(settings: Settings, parts: Parts) -> None:
    """Raise `NotForOthers` where other machines could reach the demo."""
    if parts.demo and not settings.on_loopback:
        raise NotForOthers(NotForOthers.__doc__)


@asynccontextmanager
async def _worker(
    settings: Settings, container: Container, stopping: Stopping, metrics: Metrics
) -> AsyncIterator[None]:
    """Beside the requests: caches, and what hangs on what this process dials and hears, are its own and always looked
    after here; all else is done here, or by `telephony worker`, as the settings say."""
    parts: Parts = container.parts()
    here = settings.worker is WorkerMode.EMBEDDED
    working = asyncio.create_task(
        run_worker(
            container.reconcile_calls() if here else None,
            stop=stopping.begun,
            clock=parts.clock,
            keepers=parts.keepers,
            listeners=(*parts.beside_doors, *(parts.listeners if here else ())),
            follow=container.hears(),
            refreshers=(*parts.refreshers, VerdictsCounted(parts.store, metrics)),
            retention=container.erase_old_numbers() if here else None,
            event_retention=parts.event_retention if here else None,
            attendants=(*parts.attendants, *(parts.relays if here else ())),
            pace=Pace(
                reconcile=settings.worker_interval_seconds, grace=longest_stop(settings.provider_timeout_seconds)
            ),
        )
    )
    try:
        yield
    finally:
        stopping.begin()
        await working
