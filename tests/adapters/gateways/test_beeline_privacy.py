"""P1: a client's full number stands in no log and no message, however loud the logs are set."""

from __future__ import annotations

import contextlib
import logging
import logging.config
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest
from tests.adapters.gateways.beeline_kit import CLIENT, LINE, TOKEN, a_client, a_dial, a_gateway, raw_server, says

from telephony_adapters.gateways.beeline.requests import RequestRefused
from telephony_adapters.gateways.privacy import scrub
from telephony_adapters.quiet_logs import HTTP_LOGGERS, quiet_http_logging
from telephony_core.ports import OutcomeUnknown, Refused
from telephony_core.testing.examples import NOW

SUBSCRIBER = CLIENT.digits[1:]


@pytest.fixture
def loud(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Every logger of the process at DEBUG, and nobody tells the gateway."""
    names = ["", *logging.root.manager.loggerDict]
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    caplog.handler.setLevel(logging.DEBUG)
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n1732398765432:1",
        b"HTTP/1.1 302 Found\r\nLocation: /elsewhere?phoneNumber=79139123456\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Echo: +79139123456\r\nContent-Le",
    ],
)
async def test_no_log_holds_a_number_with_all_loggers_at_debug(
    loud: None, caplog: pytest.LogCaptureFixture, answer: bytes
) -> None:
    async with raw_server(says(answer)) as server, a_gateway(server.url) as gateway:
        logging.getLogger("httpcore2.http11").setLevel(logging.DEBUG)
        await gateway.start(a_dial())
        with contextlib.suppress(httpx2.TransportError):
            await gateway.client._http.post(f"{server.url}/x?phoneNumber={CLIENT.digits}")
    assert any(record.name.startswith("httpcore2") for record in caplog.records)
    assert SUBSCRIBER not in caplog.text
    assert TOKEN not in caplog.text


async def test_a_line_that_the_client_logs_is_masked_and_kept(loud: None, caplog: pytest.LogCaptureFixture) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"
    async with raw_server(says(answer)) as server, a_client(server.url) as client:
        await client.statistics("9139123456", NOW, NOW + timedelta(minutes=1))
    assert SUBSCRIBER not in caplog.text
    assert "v2/statistics?userId=9139****56" in caplog.text


def test_every_logger_of_the_client_is_known() -> None:
    """A new release of httpx2 that logs under a new name fails here."""
    found: set[str] = set()
    for family in ("httpx2", "httpcore2"):
        spec = find_spec(family)
        assert spec is not None
        assert spec.submodule_search_locations
        for folder in spec.submodule_search_locations:
            for path in Path(folder).rglob("*.py"):
                found.update(re.findall(r"getLogger\(\"([^\"]+)\"\)", path.read_text(encoding="utf-8")))
                assert "getLogger(__name__)" not in path.read_text(encoding="utf-8"), path
    assert found
    assert found <= set(HTTP_LOGGERS)


def test_a_configuration_loaded_later_does_not_bring_the_numbers_back(capsys: pytest.CaptureFixture[str]) -> None:
    quiet_http_logging()
    quiet_http_logging()
    logger = logging.getLogger("httpx2")
    before = (logger.level, logger.propagate, logger.handlers[:])
    try:
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}},
                "loggers": {"httpx2": {"level": "DEBUG", "handlers": ["out"], "propagate": False}},
            }
        )
        logger.info('HTTP Request: %s %s "%s"', "POST", f"https://x.invalid/call?phoneNumber={CLIENT.digits}", "200 OK")
    finally:
        logger.setLevel(before[0])
        logger.propagate = before[1]
        logger.handlers[:] = before[2]
    said = capsys.readouterr().out
    assert said == 'HTTP Request: POST https://x.invalid/call?phoneNumber=7913*****56 "200 OK"\n'


async def test_a_description_that_repeats_the_number_is_scrubbed() -> None:
    body = '{"errorCode": "InvalidPhoneNumber", "description": "+7 (913) 912-34-56 and 89139123456\\u0000 are wrong"}'
    answer = f"HTTP/1.1 400 Bad\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    async with raw_server(says(answer)) as server, a_gateway(server.url) as gateway:
        found = await gateway.start(a_dial())
        with pytest.raises(RequestRefused) as error:
            await gateway.client.agent_status(LINE)
    assert found == Refused("InvalidPhoneNumber", "+7913*****56 and 8913*****56  are wrong")
    assert SUBSCRIBER not in str(error.value)


async def test_what_is_unknown_says_why_without_the_number() -> None:
    echo = says(b"HTTP/1.1 500 79139123456\r\nContent-Length: 11\r\n\r\n79139123456")
    async with raw_server(echo) as server, a_gateway(server.url) as gateway:
        found = await gateway.start(a_dial())
    assert isinstance(found, OutcomeUnknown)
    assert SUBSCRIBER not in repr(found)


def test_scrubbed_texts_are_short() -> None:
    assert len(scrub("x" * 5000)) == 200
    assert scrub("Abonent 1007 is busy since 12:30") == "Abonent 1007 is busy since 12:30"
