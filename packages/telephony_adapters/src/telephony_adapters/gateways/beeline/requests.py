"""Beeline's HTTP API: the requests that the gateway makes, and how each of them can fail.

    BeelineError
    ├── NoConnection      surely not a byte of the request left: name, connection or TLS
    ├── AnswerLost        it may have arrived; its answer did not, or not whole, or too big to be one
    └── RequestRefused    answered, with a status over 204 or with a body that makes no sense

Nothing here repeats a request or follows a redirect. The call request, which must not be made twice and must not be
lost either, goes over a connection of its own that was opened for it: an idle one could have been closed behind our
back, and that would look like a lost answer. All others may repeat, and share the pool of the client given.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import quote

import httpx2
from attrs import field, frozen

from telephony_adapters.gateways.beeline.payloads import Tape
from telephony_adapters.gateways.beeline.phone_numbers import read_number
from telephony_adapters.gateways.privacy import scrub
from telephony_adapters.gateways.progress import Progress, in_words
from telephony_adapters.quiet_logs import quiet_http_logging
from telephony_core.phone import PhoneNumber

BASE_PATH = "/apis/portal"
TOKEN_HEADER = "X-MPBX-API-AUTH-TOKEN"  # noqa: S105 - the header's name
BIGGEST_ANSWER = 1024 * 1024
STATISTICS_PAGE = 100
LONGEST_URL = 2000

_NAME = re.compile(r"[A-Za-z0-9+_@-][A-Za-z0-9+_.@-]{0,99}")


class BeelineError(Exception):
    """A request to Beeline failed. The message holds no number of a client's and no token."""


class NoConnection(BeelineError):
    """No byte of the request can have arrived."""


class AnswerLost(BeelineError):
    """The request may have arrived; no whole answer did."""


class RequestRefused(BeelineError):
    """Answered, but not with what was asked for. `code` is Beeline's errorCode, None if it gave none."""

    def __init__(self, status: int, code: str | None, description: str = "") -> None:
        super().__init__(f"status {status}, {code or 'no errorCode'}{': ' if description else ''}{description}")
        self.status = status
        self.code = code


@frozen
class Answer:
    """What came back. `whole` is False where the answer had no length, so that a cut could not be seen."""

    status: int
    body: bytes = field(repr=False)
    whole: bool = True


@frozen
class CreatedSubscription:
    """`lasts` counts from the answer."""

    id: str
    lasts: timedelta


def _failed(progress: Progress, error: Exception) -> BeelineError:
    """What an error of a request means."""
    if progress.never_sent(error):
        return NoConnection(f"no connection: {in_words(error)}")
    return AnswerLost(f"the answer was lost: {in_words(error)}")


class BeelineClient:
    """Beeline's API with a token. Lives as long as the gateway; `http` is the caller's and stays open.

    `base_url` is the portal's address, with or without `/apis/portal/`. `time_out` (seconds) is for a whole request;
    TCP and TLS may take half of it each. `verify` is for the call request's own connections; `http` has its own.
    `tape` is given every answer as it came.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        http: httpx2.AsyncClient,
        *,
        time_out: float = 10.0,
        verify: ssl.SSLContext | bool = True,
        tape: Tape | None = None,
    ) -> None:
        address = httpx2.URL(base_url)
        if address.scheme not in {"http", "https"} or not address.host:
            raise ValueError("Beeline's base URL is an http or https address")
        if not token or not token.isascii() or not token.isprintable():
            raise ValueError("Beeline's token is printable ASCII")
        quiet_http_logging()
        self._base = f"{base_url.rstrip('/').removesuffix(BASE_PATH)}{BASE_PATH}/"
        # A cut of an encoded body looks like a broken one, and an encoded one can grow: plain bytes only.
        self._headers = {TOKEN_HEADER: token, "Accept-Encoding": "identity", "User-Agent": "bms-telephony"}
        self._http = http
        self._tape = tape
        self._time_out = time_out
        self._stages = httpx2.Timeout(time_out, connect=time_out / 2)
        # The transport without a client: nothing above it could repeat, redirect or log the request.
        self._dialling = httpx2.AsyncHTTPTransport(
            verify=verify,
            retries=0,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def aclose(self) -> None:
        await self._dialling.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()

    async def place_call(self, line: str, phone_number: str) -> Answer:
        """POST `abonents/{line}/call`, once. Returns any answer; `NoConnection` or `AnswerLost` if there is none."""
        progress = Progress()
        request = httpx2.Request(
            "POST",
            self._url(f"abonents/{name_in_path(line)}/call"),
            params={"phoneNumber": phone_number},
            headers=self._headers | {"Connection": "close"},
            extensions={"timeout": self._stages.as_dict(), "trace": progress.note},
        )
        try:
            async with asyncio.timeout(self._time_out):
                response = await self._dialling.handle_async_request(request)
                try:
                    answer = await _read(response)
                finally:
                    with contextlib.suppress(Exception):
                        await response.aclose()
        except BeelineError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, only how far the request got counts
            raise _failed(progress, error) from None
        self._note(f"POST abonents/{line}/call", answer)
        return answer

    async def abonents(self) -> list[Any]:
        """GET `abonents`: the account's subscribers, as they come."""
        found = _json(await self._ask("GET", "abonents"))
        if not isinstance(found, list):
            raise RequestRefused(200, None, "the answer is no list")
        return found

    async def agent_status(self, line: str) -> str:
        """GET `abonents/{line}/agent`: ONLINE, OFFLINE or BREAK, bare or as a JSON string."""
        body = await self._ask("GET", f"abonents/{name_in_path(line)}/agent")
        return body.decode("ascii", "replace").strip().strip('"')

    async def subscribe(
        self, url: str, expires: timedelta, *, pattern: str | None = None, kind: str = "ADVANCED_CALL"
    ) -> CreatedSubscription:
        """PUT `subscription`: events of one subscriber (`pattern`) or of the whole company are pushed to `url`."""
        wanted: dict[str, Any] = {"expires": round(expires.total_seconds()), "subscriptionType": kind, "url": url}
        if pattern is not None:
            wanted["pattern"] = pattern
        made = _json(await self._ask("PUT", "subscription", content=json.dumps(wanted).encode()))
        match made:
            case {"subscriptionId": str(name)} if name:
                return CreatedSubscription(name, _seconds(made.get("expires"), expires))
            case _:
                raise RequestRefused(200, None, "the answer names no subscription")

    async def subscription_lasts(self, subscription_id: str) -> timedelta:
        """GET `subscription`: how long it still lives. `RequestRefused` if there is none such."""
        found = _json(await self._ask("GET", "subscription", params={"subscriptionId": subscription_id}))
        match found:
            case {"subscriptionId": str(name)} if name == subscription_id:
                return _seconds(found.get("expires"), timedelta())
            case _:
                raise RequestRefused(200, None, "the answer is of no such subscription")

    async def unsubscribe(self, subscription_id: str) -> None:
        """DELETE `subscription`."""
        await self._ask("DELETE", "subscription", params={"subscriptionId": subscription_id})

    async def routes(self) -> dict[PhoneNumber, str]:
        """GET `icr/route`: the extension of each client's number; rules of what is no number are left out."""
        rules = _json(await self._ask("GET", "icr/route"))
        if not isinstance(rules, list):
            raise RequestRefused(200, None, "the answer is no list")
        found: dict[PhoneNumber, str] = {}
        for rule in rules:
            match rule:
                case {"inboundNumber": str(inbound), "extension": str(extension)} if number := read_number(inbound):
                    found[number] = extension
        return found

    async def put_routes(self, rules: Mapping[PhoneNumber, str]) -> list[str]:
        """PUT `icr/route`, which may be repeated. The error codes of rules that were not taken."""
        return await self._change_routes("PUT", rules)

    async def remove_routes(self, rules: Mapping[PhoneNumber, str]) -> list[str]:
        """DELETE `icr/route`, which may be repeated."""
        return await self._change_routes("DELETE", rules)

    async def _change_routes(self, method: str, rules: Mapping[PhoneNumber, str]) -> list[str]:
        body = [{"inboundNumber": number.digits, "extension": extension} for number, extension in rules.items()]
        results = _json(await self._ask(method, "icr/route", content=json.dumps(body).encode()))
        faults = []
        for result in results if isinstance(results, list) else []:
            match result:
                case {"status": "FAULT", "error": {"errorCode": code}}:
                    faults.append(scrub(str(code), 80))
                case {"status": "FAULT"}:
                    faults.append("no errorCode")
        return faults

    async def record_url(self, external_id: str, user_id: str) -> str:
        """GET `records/{externalId}/{userId}/reference`: where the record of a talk can be heard, for as long as
        Beeline says. `RequestRefused` if there is none (yet)."""
        path = f"records/{quote(external_id, safe='')}/{name_in_path(user_id)}/reference"
        found = _json(await self._ask("GET", path))
        match found:
            case {"url": str(url)} if url.startswith(("http://", "https://")) and len(url) <= LONGEST_URL:
                return url
            case _:
                raise RequestRefused(200, None, "the answer names no address")

    async def statistics(self, user_id: str, since: datetime, until: datetime, page: int = 0) -> list[Any]:
        """GET `v2/statistics`: a page of rows as they come, newest first; a full one may have successors."""
        rows = _json(
            await self._ask(
                "GET",
                "v2/statistics",
                params={
                    "userId": user_id,
                    "dateFrom": _second(since),
                    "dateTo": _second(until + timedelta(seconds=1)),
                    "page": str(page),
                    "pageSize": str(STATISTICS_PAGE),
                },
            )
        )
        if not isinstance(rows, list):
            raise RequestRefused(200, None, "the answer is no list")
        return rows

    async def _ask(
        self, method: str, path: str, *, params: dict[str, str] | None = None, content: bytes | None = None
    ) -> bytes:
        progress = Progress()
        headers = self._headers if content is None else self._headers | {"Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(self._time_out),
                self._http.stream(
                    method,
                    self._url(path),
                    params=params,
                    content=content,
                    headers=headers,
                    timeout=self._stages,
                    follow_redirects=False,
                    extensions={"trace": progress.note},
                ) as response,
            ):
                answer = await _read(response)
        except BeelineError:
            raise
        except Exception as error:  # noqa: BLE001 - see place_call
            raise _failed(progress, error) from None
        self._note(f"{method} {path}", answer)
        if not 200 <= answer.status <= 204:
            raise RequestRefused(answer.status, *error_of(answer.body))
        return answer.body

    def _note(self, asked: str, answer: Answer) -> None:
        if self._tape is not None:
            self._tape(asked, answer.status, answer.body)

    def _url(self, path: str) -> str:
        return self._base + path


def name_in_path(line: str) -> str:
    """A subscriber's name for a path. ValueError for what would lead elsewhere; our directory holds no such line."""
    if not _NAME.fullmatch(line):
        raise ValueError("the line is no name of a subscriber")
    return quote(line, safe="@")


def error_of(body: bytes) -> tuple[str | None, str]:
    """Beeline's errorCode (None: the body is no error of its) and description, both scrubbed."""
    try:
        error = json.loads(body)
    except (ValueError, RecursionError):
        return None, ""
    match error:
        case {"errorCode": str() | int() as code} if str(code).strip() and not isinstance(code, bool):
            return scrub(str(code).strip(), 80), scrub(str(error.get("description") or ""))
        case _:
            return None, ""


async def _read(response: httpx2.Response) -> Answer:
    headers = response.headers
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise AnswerLost("the answer is encoded, which was not asked for")
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > BIGGEST_ANSWER:
            raise AnswerLost("the answer is too big to be one")
    whole = "Content-Length" in headers or "Transfer-Encoding" in headers
    return Answer(response.status_code, bytes(body), whole)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise RequestRefused(200, None, "the answer is no JSON") from None


def _seconds(value: object, default: timedelta) -> timedelta:
    """A number of seconds, also as text; the default for anything else or beyond reason."""
    try:
        seconds = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except ValueError:
        return default
    return timedelta(seconds=seconds) if 0 <= seconds <= 10_000_000 else default


def _second(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
