"""No full number of a client's stands in a log, whoever writes it and at whatever level (P1)."""

from __future__ import annotations

import io
import json
import logging

import httpx2
import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from tests.http.office import ANNA, CLIENT_NUMBER, SECRET, Callers, Office
from tests.log_scan import everything_logged, lines_with_full_numbers

from telephony_core.phone import masked_in
from telephony_http.logs import configured
from telephony_http.readings import LogLevel


@pytest.mark.logs_numbers
async def test_with_every_logger_at_debug_no_line_shows_a_number() -> None:
    """The service's own requests, and planted lines of the HTTP client, SQLAlchemy, aiosqlite and the server."""
    stream = io.StringIO()
    with configured(LogLevel.DEBUG, stream):
        for name in ("uvicorn.error", "aiosqlite", "sqlalchemy.engine", "httpx2", "telephony_core.use_cases.dial_leg"):
            logging.getLogger(name).setLevel(logging.DEBUG)
            logging.getLogger(name).debug("dialling %s now", CLIENT_NUMBER)
            logging.getLogger(name).warning("%(number)s", {"number": CLIENT_NUMBER})
        try:
            raise ValueError(f"no such number {CLIENT_NUMBER}")
        except ValueError:
            logging.getLogger("somewhere").exception("it failed")
        structlog.stdlib.get_logger("x").info(
            "planted", number=CLIENT_NUMBER, digits=79139123456, parts=[CLIENT_NUMBER]
        )
        engine = create_async_engine("sqlite+aiosqlite://", echo="debug")
        async with engine.connect() as connection:
            await connection.execute(text("SELECT :number"), {"number": CLIENT_NUMBER})
        await engine.dispose()
        transport = httpx2.MockTransport(lambda _: httpx2.Response(200))
        async with httpx2.AsyncClient(transport=transport) as client:
            await client.post("https://provider.invalid/call", params={"phoneNumber": CLIENT_NUMBER[1:]})
        async with Office().open() as callers:
            await callers.place(phone_number=CLIENT_NUMBER)
            await callers.get(f"/api/v1/nothing/{CLIENT_NUMBER}")
            await callers.get(f"/clients/{CLIENT_NUMBER[1:]}/phone-numbers")
    written = stream.getvalue()
    assert lines_with_full_numbers(written.splitlines()) == []
    assert "7913*****56" in written
    for line in written.splitlines():
        assert not line.startswith("{") or json.loads(line)


@pytest.mark.logs_numbers
@pytest.mark.parametrize(
    "written",
    [CLIENT_NUMBER, CLIENT_NUMBER[1:], CLIENT_NUMBER[2:], "8 (913) 912-34-56", "73832123456", "+4915112345678"],
)
def test_the_scan_of_the_logs_finds_a_planted_number(written: str) -> None:
    """P1: what reads the logs of all tests and of the journeys' processes sees a number, however it is written."""
    with everything_logged() as log:
        logging.getLogger("deep.inside").debug("dialling")
        logging.getLogger("deep.inside").debug("dialling %s now", written)
    assert lines_with_full_numbers(log.getvalue().splitlines()) == [f"deep.inside dialling {written} now"]


async def test_one_line_for_a_request_with_its_route_and_never_its_path(office: Office) -> None:
    stream = io.StringIO()
    with configured(LogLevel.INFO, stream):
        async with office.open() as callers:
            await callers.get("/calls/01K-the-id", as_=ANNA, headers={"X-Request-Id": "mine-1"})
            await callers.client.post(f"/api/v1/provider-reports/beeline/{SECRET}", content=b"<nothing/>")
            await callers.get("/healthz", as_=None)
            await callers.get("/api/v1/secret-path")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    lines = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("GET", "/api/v1/calls/{call_id}", 404),
        ("POST", "/api/v1/provider-reports/{provider}/{secret}", 200),
        ("GET", "(none)", 404),
    ]
    assert lines[0]["request_id"] == "mine-1"
    assert lines[0]["ms"] >= 0
    assert SECRET not in stream.getvalue()
    assert "secret-path" not in stream.getvalue()
    assert ANNA not in stream.getvalue()


async def test_every_answer_names_its_request(callers: Callers) -> None:
    given = await callers.get("/calls", headers={"X-Request-Id": "crm-42"})
    assert given.headers["X-Request-Id"] == "crm-42"
    for bad in ("", "with blank", "x" * 65):
        made = (await callers.get("/calls", headers={"X-Request-Id": bad})).headers["X-Request-Id"]
        assert made
        assert made != bad
        assert masked_in(made) == made


def test_logging_is_afterwards_what_it_was() -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    with configured(LogLevel.DEBUG, io.StringIO()):
        assert len(root.handlers) == 1
    assert (list(root.handlers), root.level) == before


@pytest.mark.parametrize("level", [LogLevel.INFO, LogLevel.WARNING, LogLevel.ERROR])
def test_statements_are_logged_at_debug_only(level: LogLevel) -> None:
    """A service that writes a line for each statement is busy with its log."""
    stream = io.StringIO()
    with configured(level, stream):
        logging.getLogger("sqlalchemy.engine.Engine").info("SELECT 1")
        logging.getLogger("aiosqlite").info("executing")
    assert not stream.getvalue()
