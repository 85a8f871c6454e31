"""Is the service alive, is it ready, and what has it counted."""

from __future__ import annotations

import asyncio

from litestar import Response, get
from litestar.openapi import ResponseSpec

from telephony_core.errors import TelephonyError
from telephony_http.bodies.shared import Told
from telephony_http.metrics import CONTENT_TYPE
from telephony_http.openapi import SERVICE, both
from telephony_http.provide import TheMetrics, TheParts, TheStopping

STORE_ANSWERS_WITHIN = 3.0
"""Seconds: shorter than what a load balancer waits."""

STARTING = "starting"
"""The condition of a provider that was not asked yet; until then the service is not ready."""


class AliveTold(Told):
    status: str


class ReadyTold(Told):
    """`status`: `ready`, `not_ready` or `stopping`. `providers`: how each is, in a word. `worker`: `works`, `missing`
    (none has been seen lately: nothing times out, no event is relayed) or `unknown`.

    A provider or a worker that is away is told and makes nothing unready: reports, and whatever else needs only us,
    must still get through.
    """

    status: str
    store: str
    worker: str
    providers: dict[str, str]


@get(
    "/healthz",
    operation_id="isAlive",
    summary="Alive?",
    description=both("200 as long as the process answers.", "200, пока процесс отвечает."),
    tags=[SERVICE.name],
)
async def alive() -> AliveTold:
    return AliveTold(status="alive")


@get(
    "/readyz",
    operation_id="isReady",
    summary="Ready?",
    description=both(
        "503 while the store doesn't answer, a provider was not asked yet, or the service is stopping.",
        "503, пока хранилище не отвечает, провайдер ещё не опрошен или сервис завершается.",
    ),
    tags=[SERVICE.name],
    responses={503: ResponseSpec(ReadyTold, generate_examples=False, description="Not ready")},
)
async def ready(parts: TheParts, stopping: TheStopping) -> Response[ReadyTold]:
    store, worker = "available", "unknown"
    try:
        async with asyncio.timeout(STORE_ANSWERS_WITHIN):
            async with parts.store.read() as uow:
                await uow.now()
            if parts.worker_works is not None:
                worker = "works" if await parts.worker_works() else "missing"
    except (TelephonyError, TimeoutError):
        store = "unavailable"
    providers = {name: condition() for name, condition in parts.conditions.items()}
    status = "ready" if store == "available" and STARTING not in providers.values() else "not_ready"
    if stopping.begun.is_set():
        status = "stopping"
    body = ReadyTold(status=status, store=store, worker=worker, providers=providers)
    return Response(body, status_code=200 if status == "ready" else 503)


@get(
    "/metrics",
    operation_id="getMetrics",
    summary="Metrics",
    description=both("Prometheus' text format.", "В текстовом формате Prometheus."),
    tags=[SERVICE.name],
    media_type=CONTENT_TYPE,
)
async def metrics(metrics: TheMetrics) -> Response[bytes]:
    return Response(metrics.text(), media_type=CONTENT_TYPE)
