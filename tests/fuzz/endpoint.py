"""The report endpoint of a service with a store of its own, called in process; and what must hold of the store then."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError, fromstring

from attrs import define, field, frozen
from litestar import Litestar
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.fuzz.inputs import Input

from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import upgrade
from telephony_adapters.store.tables import attempts, metadata, provider_reports
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.call import Attempt
from telephony_core.testing.examples import a_call, an_attempt_that, an_id, an_ip_phone
from telephony_http import logs
from telephony_http.app import create_app
from telephony_http.readings import LogLevel, WorkerMode
from telephony_http.settings import Settings

SECRET = "secret-of-a-fuzzed-endpoint"
PATH = f"/api/v1/provider-reports/beeline/{SECRET}"
_XSI = "{http://schema.broadsoft.com/xsi}"
_MAY_GROW = {"provider_reports", "events", "carousel_shows"}
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")

KNOWN, UNTOUCHED = "1732398765432:1", "1732300000000:7"
"""The references of two calls that live: of the first inputs speak, of the second none does."""
LINE, OTHER_LINE = "9067010101@ip.beeline.ru", "9067010199@ip.beeline.ru"


@frozen
class Snapshot:
    """Rows by table, and the attempt that no input speaks of."""

    rows: dict[str, int]
    untouched: tuple[Any, ...]


@define
class Endpoint:
    """Lives for one run. `answers` counts statuses; `named` are the events taken, as another parser reads them."""

    app: Litestar
    engine: AsyncEngine
    answers: Counter[int] = field(factory=Counter)
    named: set[tuple[str, str]] = field(factory=set)
    wrong: list[str] = field(factory=list)

    async def throw(self, thrown: Input) -> int:
        """The status of the answer. What the app raises is raised."""
        status = await self._post(thrown)
        self.answers[status] += 1
        if status not in {200, 400, 413}:
            self.wrong.append(f"{status} for {thrown.kind}: {thrown.body[:200]!r}")
        if status == 200:
            self.named.add(_named(thrown.body))
        return status

    async def _post(self, thrown: Input) -> int:
        length = str(len(thrown.body)).encode()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": PATH,
            "raw_path": PATH.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"fuzz"), (b"content-length", length), (b"content-type", thrown.content_type)],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "state": {},
            "extensions": {},
        }
        parts = [{"type": "http.request", "body": thrown.body, "more_body": False}]
        statuses: list[int] = []

        async def receive() -> Any:
            return parts.pop() if parts else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await self.app(scope, receive, send)  # type: ignore[arg-type]
        (status,) = statuses
        return status

    async def look(self) -> Snapshot:
        async with self.engine.connect() as connection:
            rows = {
                table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
                for table in metadata.sorted_tables
            }
            untouched = await connection.execute(select(attempts).where(attempts.c.provider_reference == UNTOUCHED))
            return Snapshot(rows, tuple(untouched.one()))

    async def what_should_not_be(self, before: Snapshot) -> list[str]:
        """What is stored that no input can have meant, in words."""
        after = await self.look()
        found = [
            f"{name} has {after.rows[name]} rows, not {rows}"
            for name, rows in before.rows.items()
            if name not in _MAY_GROW and after.rows[name] != rows
        ]
        if after.untouched != before.untouched:
            found.append("an attempt changed that no input speaks of")
        async with self.engine.connect() as connection:
            async for row in await connection.stream(select(provider_reports)):
                found += _wrong_with(row._mapping, self.named)
        return found


def _wrong_with(row: Any, named: set[tuple[str, str]]) -> list[str]:
    texts = [row[name] for name in ("subscription_id", "event_id", "reference", "line") if row[name] is not None]
    wrong = []
    if (row["subscription_id"], row["event_id"]) not in named:
        wrong.append(f"a report is stored that no input was: {row['event_id']!r}")
    if not all(0 < len(text) <= 250 and text.isprintable() for text in texts):
        wrong.append(f"a text is empty, too long or not printable: {texts!r}")
    if row["phone_number"] is not None and not _E164.fullmatch(row["phone_number"]):
        wrong.append(f"no number: {row['phone_number']!r}")
    if not datetime(2000, 1, 1, tzinfo=UTC) <= row["at"] < datetime(2100, 1, 1, tzinfo=UTC):
        wrong.append(f"no time: {row['at']}")
    return wrong


def _named(body: bytes) -> tuple[str, str]:
    """Subscription and event as the standard library's parser reads them, which takes entities as well."""
    try:
        root = fromstring(body)  # noqa: S314 - the body was taken, so it has no DTD, or the test fails
    except (ParseError, ValueError, LookupError):
        return "unreadable", "unreadable"
    return tuple((root.findtext(f"{_XSI}{name}") or "").strip() for name in ("subscriptionId", "eventID"))  # type: ignore[return-value]


@contextlib.asynccontextmanager
async def endpoint(folder: Path) -> AsyncIterator[Endpoint]:
    """A service on a fresh database in this folder, with two calls that live."""
    url = f"sqlite:///{folder / 'fuzz.db'}"
    await upgrade(url)
    engine = open_store(url)
    settings = Settings(
        database_url=url,
        beeline_url="http://127.0.0.1:9/apis/portal/",
        beeline_token="token-of-nobody",
        public_url="http://127.0.0.1:9",
        report_secret=SECRET,
        worker=WorkerMode.OFF,
    )
    try:
        await _store(engine, _living(KNOWN, LINE), _living(UNTOUCHED, OTHER_LINE))
        app = create_app(settings)
        with logs.configured(LogLevel.ERROR):
            async with app.lifespan():
                yield Endpoint(app, engine)
    finally:
        await engine.dispose()


def _living(reference: str, line: str) -> Attempt:
    place = 1 if reference == KNOWN else 2
    return an_attempt_that(
        "accepted",
        id=an_id(place),
        call_id=an_id(100 + place),
        provider_reference=reference,
        device=an_ip_phone(id=f"D-{place}", line=line),
        started_at=datetime.now(UTC),
    )


async def _store(engine: AsyncEngine, *living: Attempt) -> None:
    async with SqlStore(engine).write() as uow:
        for attempt in living:
            await uow.calls.add(a_call(attempt, id=attempt.call_id))
        await uow.commit()
