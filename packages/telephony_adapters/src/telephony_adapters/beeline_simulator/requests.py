"""Reading what a request to the portal says: its JSON body, its dates, its numbers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency

from telephony_adapters.beeline_simulator.exchange import Exchange
from telephony_adapters.beeline_simulator.portal_errors import bad_request

TheExchange = NamedDependency[Exchange]

AnyRequest = Request[Any, Any, State]


async def json_object(request: AnyRequest) -> dict[str, Any]:
    """The body as an object; PortalError if it is none. The Content-Type is not looked at: some clients send none."""
    body = await json_body(request)
    if not isinstance(body, dict):
        raise bad_request("the body is a JSON object")
    return body


def as_list(body: Any) -> list[Any]:
    if not isinstance(body, list):
        raise bad_request("the body is a JSON list")
    return body


def instant(text: str | None, name: str) -> datetime | None:
    """ISO 8601 (without a zone: UTC) or milliseconds since 1970."""
    if text is None or not text:
        return None
    try:
        if text.isdigit():
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        # An unescaped '+' of the zone arrives as a space.
        found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except (ValueError, OverflowError, OSError):
        raise bad_request(f"{name} is a time like 2026-11-23T09:15:02Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def whole(text: str | None, name: str, default: int, least: int, most: int) -> int:
    if text is None:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise bad_request(f"{name} is a whole number, {least} to {most}")
    return int(text)


async def json_body(request: AnyRequest) -> Any:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        raise bad_request("the body is no JSON") from None
