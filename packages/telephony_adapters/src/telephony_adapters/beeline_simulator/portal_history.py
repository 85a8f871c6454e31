"""Portal routes of what was: statistics (v1 and v2) and records.

Statistics come newest first, a page at a time (`page` from 0, `pageSize` at most 100). Records come oldest first, 100
at most; the next ones are asked for with `id`, the last one's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Response, delete, get
from litestar.params import FromPath

from telephony_adapters.beeline_simulator.assumptions import MOSCOW
from telephony_adapters.beeline_simulator.history import STATISTICS_PAGE, Record
from telephony_adapters.beeline_simulator.portal_abonents import empty
from telephony_adapters.beeline_simulator.requests import AnyRequest, TheExchange, instant, whole


@get("/statistics")
async def statistics(exchange: TheExchange, request: AnyRequest) -> list[dict[str, Any]]:
    return _statistics(exchange, request, version=1)


@get("/v2/statistics")
async def statistics_v2(exchange: TheExchange, request: AnyRequest) -> list[dict[str, Any]]:
    return _statistics(exchange, request, version=2)


@get(["/records", "/v2/records"])
async def list_records(exchange: TheExchange, request: AnyRequest) -> list[dict[str, Any]]:
    query = request.query_params
    after_id = whole(query["id"], "id", 0, 0, 10**12) if "id" in query else None
    records = exchange.history.records(
        after_id,
        _user_ids(exchange, query.get("userId")),
        *_period(exchange, request),
    )
    return [_body(exchange, record) for record in records]


@get(["/records/{record_id:str}", "/v2/records/{record_id:str}"])
async def get_record(exchange: TheExchange, record_id: FromPath[str]) -> dict[str, Any]:
    return _body(exchange, exchange.history.record(record_id))


@get(["/records/{external_id:str}/{user_id:str}", "/v2/records/{external_id:str}/{user_id:str}"])
async def get_record_of(exchange: TheExchange, external_id: FromPath[str], user_id: FromPath[str]) -> dict[str, Any]:
    return _body(exchange, _record_of(exchange, external_id, user_id))


@get(["/records/{record_id:str}/download", "/v2/records/{record_id:str}/download"])
async def download(exchange: TheExchange, record_id: FromPath[str]) -> Response[bytes]:
    return sound(exchange.history.record(record_id))


@get(["/records/{external_id:str}/{user_id:str}/download", "/v2/records/{external_id:str}/{user_id:str}/download"])
async def download_of(exchange: TheExchange, external_id: FromPath[str], user_id: FromPath[str]) -> Response[bytes]:
    return sound(_record_of(exchange, external_id, user_id))


@get(["/records/{record_id:str}/reference", "/v2/records/{record_id:str}/reference"])
async def reference(exchange: TheExchange, request: AnyRequest, record_id: FromPath[str]) -> dict[str, str]:
    return _reference(request, exchange.history.record(record_id))


@get(["/records/{external_id:str}/{user_id:str}/reference", "/v2/records/{external_id:str}/{user_id:str}/reference"])
async def reference_of(
    exchange: TheExchange, request: AnyRequest, external_id: FromPath[str], user_id: FromPath[str]
) -> dict[str, str]:
    return _reference(request, _record_of(exchange, external_id, user_id))


@delete(["/records/{record_id:str}", "/v2/records/{record_id:str}"], status_code=200)
async def delete_record(exchange: TheExchange, record_id: FromPath[str]) -> Response[str]:
    exchange.history.delete_record(record_id)
    return empty()


def sound(record: Record) -> Response[bytes]:
    return Response(record.sound, media_type="audio/x-wav")


def _statistics(exchange: TheExchange, request: AnyRequest, *, version: int) -> list[dict[str, Any]]:
    query = request.query_params
    rows = exchange.history.rows(
        _user_ids(exchange, query.get("userId")),
        *_period(exchange, request),
        whole(query.get("page"), "page", 0, 0, 10**9),
        whole(query.get("pageSize"), "pageSize", STATISTICS_PAGE, 1, STATISTICS_PAGE),
    )
    return [row.body(version=version, in_milliseconds=exchange.config.assumes("BA7")) for row in rows]


def _period(exchange: TheExchange, request: AnyRequest) -> tuple[datetime | None, datetime | None]:
    since, until = (instant(request.query_params.get(name), name) for name in ("dateFrom", "dateTo"))
    if exchange.config.assumes("BA13"):
        return since, until
    return since and since - MOSCOW, until and until - MOSCOW


def _user_ids(exchange: TheExchange, pattern: str | None) -> frozenset[str] | None:
    return frozenset({exchange.account.find(pattern).user_id}) if pattern else None


def _record_of(exchange: TheExchange, external_id: str, pattern: str) -> Record:
    """One integration puts the phone number where others put the user id."""
    return exchange.history.record_of(external_id, exchange.account.find(pattern).user_id)


def _body(exchange: TheExchange, record: Record) -> dict[str, Any]:
    return record.body(in_milliseconds=exchange.config.assumes("BA7"))


def _reference(request: AnyRequest, record: Record) -> dict[str, str]:
    """A link that needs no token, as one public client reads it: `{"url"}`."""
    return {"url": f"{request.base_url}simulator/records/{record.key}.wav"}


ROUTES = (
    statistics,
    statistics_v2,
    list_records,
    get_record,
    get_record_of,
    download,
    download_of,
    reference,
    reference_of,
    delete_record,
)
