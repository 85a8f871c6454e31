"""For all tests: Hypothesis' profiles, and a network that ends at this machine."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from tests.log_scan import everything_logged, lines_with_full_numbers

# No deadlines: the machines that run this are shared, and a slow example is no wrong one. The same examples each time:
# what passes here passes there, and a mutant which survived survives again. `make explore` draws new ones.
settings.register_profile("dev", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("quick", max_examples=20, deadline=None, derandomize=True, database=None)
settings.register_profile("ci", max_examples=200, deadline=None, print_blob=True, derandomize=True)
settings.register_profile("explore", max_examples=500, deadline=None, print_blob=True)
settings.register_profile(
    "thorough", max_examples=5_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
settings.load_profile(PROFILE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if PROFILE == "thorough":
        return
    for item in items:
        if item.get_closest_marker("thorough"):
            item.add_marker(pytest.mark.skip(reason="HYPOTHESIS_PROFILE=thorough runs it"))


def _is_here(host: object) -> bool:
    if not isinstance(host, str):
        return host is None
    if host in {"", "localhost"} or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Iterator[None]:
    """A request that no mock caught fails the test by name; it neither leaves nor passes for a provider's failure.

    Names below `.invalid` (RFC 6761) don't resolve, without anybody being asked.
    """
    real_getaddrinfo = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(host, bytes):  # anyio has it encoded already
            host = host.decode()
        if isinstance(host, str) and host.rstrip(".").endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not _is_here(host) and host not in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
            pytest.fail(f"a test asked for the address of {host!r}: is a mock missing?")
        return real_getaddrinfo(host, *args, **kwargs)

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def connect(self: socket.socket, address: Any) -> Any:
            if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_here(address[0]):
                pytest.fail(f"a test connects to {address[0]!r}: is a mock missing?")
            return real(self, address)

        return connect

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        patch.setattr(socket.socket, "connect", guarded("connect"))
        patch.setattr(socket.socket, "connect_ex", guarded("connect_ex"))
        yield


@pytest.fixture(scope="session", autouse=True)
def loops_hear_the_driver_out() -> Iterator[None]:
    """SQLite's driver closes a connection of a cancelled task in a thread, which then answers to the task's loop.

    A loop that is closed before that answer leaves an exception in the thread, and the next test would be blamed.
    """
    real_close = asyncio.SelectorEventLoop.close

    def close(self: asyncio.SelectorEventLoop) -> None:
        for thread in threading.enumerate():
            if thread.name.endswith("(_connection_worker_thread)"):
                thread.join(1.0)
        real_close(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio.SelectorEventLoop, "close", close)
        yield


@pytest.fixture(autouse=True)
def loggers_speak() -> None:
    """Each test begins with loggers that are heard: what one before it, or a tool, switched off is on again.

    A test that looks into the log would otherwise pass or fail by what happened to run before it in its process.
    """
    logging.disable(logging.NOTSET)
    logging.root.setLevel(logging.WARNING)
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False
            logger.propagate = True


@pytest.fixture(autouse=True)
def no_log_shows_a_number(request: pytest.FixtureRequest, loggers_speak: None) -> Iterator[None]:
    """P1, in every test: with every logger at DEBUG, and nobody who masks afterwards, no line shows a number.

    Only the carousel's may be named by those who look after it. What processes log is read where they are started:
    `tests/journeys/stage.py`.
    """
    with everything_logged() as written:
        yield
    if request.node.get_closest_marker("logs_numbers") is None:
        assert lines_with_full_numbers(written.getvalue().splitlines(), but="+79030") == []
