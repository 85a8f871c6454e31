"""Where providers report what happens to calls (law 10).

A part of the address is a secret: whoever doesn't know it finds nothing here. A report is kept and applied in one
transaction, or refused so that it is sent again; what came before, or says nothing, is thanked for all the same.
"""

from __future__ import annotations

import hmac
from typing import Annotated

from litestar import Response, post
from litestar.openapi import ResponseSpec
from litestar.params import PathParameter

from telephony_core.errors import InvalidRequest, TelephonyError
from telephony_http.error_replies import NoSuchPlace
from telephony_http.openapi import PROVIDERS, both, refusals
from telephony_http.provide import AnyRequest, Applying, TheInFlight, TheMetrics, TheParts

BIGGEST_REPORT = 64 * 1024

ProviderName = Annotated[str, PathParameter(max_length=40, description="The provider: `beeline`")]
Secret = Annotated[str, PathParameter(max_length=200, description="The secret part of the address")]


@post(
    "/provider-reports/{provider:str}/{secret:str}",
    status_code=200,
    request_max_body_size=BIGGEST_REPORT,
    operation_id="receiveProviderReport",
    summary="A provider's report",
    description=both(
        "In the provider's own format (Beeline: XSI XML). 2xx also for repeats; 503 asks to send it again.",
        "В формате провайдера (Билайн: XSI XML). Повтор тоже получает 2xx; 503 просит прислать ещё раз.",
    ),
    tags=[PROVIDERS.name],
    responses={
        200: ResponseSpec(None, description="Taken"),
        **refusals(
            "invalid_request",
            "not_found",
            "request_too_large",
            "internal_error",
            "store_unavailable",
            everywhere=False,
        ),
    },
)
async def receive(
    provider: ProviderName,
    secret: Secret,
    request: AnyRequest,
    parts: TheParts,
    apply_report: Applying,
    metrics: TheMetrics,
    in_flight: TheInFlight,
) -> Response[None]:
    door = parts.doors.get(provider)
    expected = parts.report_secret or ""
    # Compared whatever the provider, so that the time taken tells nothing.
    known = hmac.compare_digest(secret.encode(), expected.encode()) and bool(expected)
    if door is None or not known:
        metrics.report("unknown" if door is None else provider, "of_nobody")
        raise NoSuchPlace
    try:
        report = await door.take(await request.body(), parts.clock.now())
    except InvalidRequest as malformed:
        metrics.report(provider, "malformed")
        raise InvalidRequest(malformed.detail) from None
    if report is None:
        metrics.report(provider, "without_news")
        return Response(None, status_code=200)
    try:
        applied = await in_flight.finish(apply_report(report))
    except TelephonyError:
        metrics.report(provider, "not_stored")
        raise
    metrics.report(provider, "applied" if applied else "repeated")
    return Response(None, status_code=200)
