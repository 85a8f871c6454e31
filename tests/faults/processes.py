"""The processes of a campaign as its driver holds them: the nursery, and the services that it starts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx2
from attrs import define, field

Seen = TypeVar("Seen")

STARTS_WITHIN = 60.0
LOOKS_EVERY = 0.05
# Kept for less time than a server keeps them, or a request would now and then meet a connection that is being closed.
LIMITS = httpx2.Limits(max_connections=400, max_keepalive_connections=40, keepalive_expiry=1.0)
_BELOW_EPHEMERAL_PORTS = (20_000, 32_000)
_OFFERED: set[int] = set()


class Broken(Exception):
    """A campaign can't go on; the figures mean nothing."""


async def until(
    look: Callable[[], Awaitable[Seen]], holds: Callable[[Seen], object], within: float, what: str, every: float = 0.0
) -> Seen:
    """Looks until it holds, and gives what was seen then. `Broken` after the deadline."""
    end = time.monotonic() + within
    while not holds(seen := await look()):
        if time.monotonic() > end:
            raise Broken(f"{what} did not come to pass within {within:.0f} s; seen last: {seen}")
        await asyncio.sleep(every or LOOKS_EVERY)
    return seen


def free_port() -> int:
    """A port that nobody's outgoing connection can take while its owner is dead."""
    while True:
        port = random.SystemRandom().randrange(*_BELOW_EPHEMERAL_PORTS)
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.bind(("127.0.0.1", port))
            if port not in _OFFERED:
                _OFFERED.add(port)
                return port


class Nursery:
    """See `nursery`. Lives from `async with` to its end, and so does all that it starts."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.faults.nursery"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def start(
        self, arguments: list[str], settings: dict[str, str], log: Path, program: str = "telephony_http.cli"
    ) -> int:
        order = {"program": program, "start": arguments, "settings": settings, "log": str(log)}
        return int((await self._ask(order))["pid"])

    async def kill(self, pid: int) -> int:
        """SIGKILL, now. Gives the exit status: minus 9, if it was that."""
        os.kill(pid, signal.SIGKILL)
        return await self.reap(pid)

    async def reap(self, pid: int) -> int:
        """Waits for the end of a process; its exit status. While it waits no other order is done."""
        return int((await self._ask({"reap": pid}))["status"])

    async def has_ended(self, pid: int) -> bool:
        """Whether a process that was not reaped has ended."""
        return bool((await self._ask({"look": pid}))["ended"])

    async def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        # An order that was sent is answered: giving up in the middle would leave its answer to the next one.
        return await asyncio.shield(asyncio.ensure_future(self._asked(order)))

    async def _asked(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        async with self._lock:
            self._process.stdin.write(f"{json.dumps(order)}\n".encode())
            await self._process.stdin.drain()
            line = await self._process.stdout.readline()
        if not line:
            raise Broken("the nursery died")
        answer: dict[str, Any] = json.loads(line)
        return answer


@define
class Service:
    """One `telephony serve`, which may be killed and started again on the same port.

    `composed`: by `launcher`, which can be armed with a point at which it kills itself.
    """

    nursery: Nursery
    settings: dict[str, str]
    log: Path
    composed: bool = False
    port: int = field(factory=free_port)
    pid: int | None = None
    kills: int = 0
    up: asyncio.Event = field(factory=asyncio.Event)
    changing: asyncio.Lock = field(factory=asyncio.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, point: str = "", digits: str = "") -> None:
        if not self.composed:
            self.pid = await self.nursery.start(["serve", "--port", str(self.port)], self.settings, self.log)
            return
        armed = {"TELEPHONY_PORT": str(self.port), "FAULTS_POINT": point, "FAULTS_DIGITS": digits}
        self.pid = await self.nursery.start([], {**self.settings, **armed}, self.log, "tests.faults.launcher")

    async def listens(self, http: httpx2.AsyncClient) -> None:
        """Returns when it answers."""

        async def answers() -> bool:
            try:
                return (await http.get(f"{self.url}/healthz", timeout=30)).is_success
            except httpx2.TransportError:
                return False

        try:
            await until(answers, bool, STARTS_WITHIN, "the service's answer")
        except Broken as broken:
            last = self.log.read_text(errors="replace").splitlines()[-15:]
            raise Broken(f"{broken}\n" + "\n".join(last)) from None
        self.up.set()

    async def dies_by_itself(self, within: float) -> bool:
        """Waits until it has killed itself; if it doesn't, it is killed, and the answer is False."""
        if self.pid is None:
            return False
        self.up.clear()
        pid = self.pid
        try:
            await until(partial(self.nursery.has_ended, pid), bool, within, "its own death")
        except Broken:
            await self.kill()
            return False
        self.pid = None
        self._count(await self.nursery.reap(pid))
        return True

    async def kill(self) -> None:
        """SIGKILL; `Broken` if it had ended by itself."""
        if self.pid is None:
            return
        self.up.clear()
        pid, self.pid = self.pid, None
        self._count(await self.nursery.kill(pid))

    def _count(self, status: int) -> None:
        self.kills += 1
        if status != -signal.SIGKILL:
            last = self.log.read_text(errors="replace").splitlines()[-15:]
            raise Broken(f"a service ended by itself with {status}\n" + "\n".join(last))
