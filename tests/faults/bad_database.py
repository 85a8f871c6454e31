"""Campaigns against the database: restarted, cut off in mid-commit, held so that the pool runs dry, without space.

What each must end with: clear refusals meanwhile (`store_unavailable` with Retry-After, never a 500), nothing lost,
dialled twice or left over after.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from random import Random
from typing import Self

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import make_url
from tests.faults.campaigns import BEHAVIOURS, together, verdict, work
from tests.faults.databases import PostgresServer
from tests.faults.judge import Figures
from tests.faults.processes import Service, until
from tests.faults.scene import CALLERS, Scene

SPACE_LEFT = 12 * 1024
"""Bytes that a file may be long once the disk is full: an initiation writes more, so that none is stored whole."""
UNCLEAR = "no answer said that the store is unavailable: the fault was not felt"
_COMMIT = b"Q\x00\x00\x00\x0cCOMMIT;\x00"
"""What the driver sends to commit: a simple query, alone in its packet."""


class CommitCutter:
    """A way to PostgreSQL that now and then cuts a connection at a COMMIT: before it was passed on, or after it took
    effect and before its answer is. Lives as long as its `async with`."""

    def __init__(self, port: int, random: Random, share: float) -> None:
        self._upstream = port
        self._random = random
        self._share = share
        self.cut_before = self.cut_after = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def stop_cutting(self) -> None:
        self._share = 0.0

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        its_reader, its_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        answering = asyncio.create_task(_copy(its_reader, writer))
        try:
            while data := await reader.read(1 << 16):
                if data == _COMMIT and self._random.random() < self._share:
                    answering.cancel()
                    await asyncio.wait([answering])
                    if self._random.random() < 0.5:
                        self.cut_before += 1
                    else:
                        self.cut_after += 1
                        its_writer.write(data)
                        await its_reader.read(1 << 16)  # it is committed
                    break
                its_writer.write(data)
                await its_writer.drain()
        except OSError:
            pass
        finally:
            answering.cancel()
            writer.transport.abort()
            its_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


async def commits_cut(scene: Scene, seconds: float) -> Figures:
    """A full office, while one in eight COMMITs is cut off; whose answer was lost is read back before it is dialled."""
    await scene.simulator.control("PUT", "random-behaviours", BEHAVIOURS)
    url = make_url(scene.url)
    async with CommitCutter(int(url.port or 0), scene.random, 1 / 8) as cutter:
        for service in scene.services:
            service.settings["TELEPHONY_DATABASE_URL"] = url.set(port=cutter.port).render_as_string(False)
            await service.kill()
            await service.start()
            await scene.revive(service)
        await _office(scene, seconds)
        cutter.stop_cutting()
        figures = await verdict(scene)
        figures.notes.append(f"COMMITs cut before they arrived: {cutter.cut_before}, after: {cutter.cut_after}")
        if not (cutter.cut_before and cutter.cut_after):
            figures.faults_unfelt += 1
        for service in scene.services:
            await service.kill()
    return figures


async def restarts(scene: Scene, times: int) -> Figures:
    """A full office, while PostgreSQL is stopped in order or killed, and started again."""
    await scene.simulator.control("PUT", "random-behaviours", BEHAVIOURS)
    server, ending = scene.databases, asyncio.Event()
    assert isinstance(server, PostgresServer)

    async def restart() -> None:
        for nth in range(times):
            await asyncio.sleep(scene.random.uniform(0.5, 1.5))
            await server.restart(scene.random.uniform(0.2, 1.0), killed=nth % 2 == 1)
        await asyncio.sleep(1)
        ending.set()

    await together(restart(), *(work(scene, employee, lambda: not ending.is_set()) for employee in CALLERS))
    return _felt(scene, await verdict(scene))


async def held(scene: Scene, presses: int, seconds: float) -> Figures:
    """Somebody holds the database for longer than a statement waits, and more come than there are connections."""
    await scene.simulator.control("PUT", "random-behaviours", BEHAVIOURS)
    pressed = [scene.a_press(CALLERS[place % len(CALLERS)]) for place in range(presses)]
    async with _holding(scene.url):
        pressing = [asyncio.create_task(scene.press(press)) for press in pressed]
        await asyncio.sleep(seconds)
    await asyncio.gather(*pressing)
    return _felt(scene, await verdict(scene))


async def disk_full(scene: Scene, seconds: float) -> Figures:
    """No file of the service may grow, as on a full disk; then there is space again, and the service was not restarted.

    The service's own limit on the size of files (RLIMIT_FSIZE) is lowered to less than one initiation needs, wherever
    in its log the database writes by now. One employee has not called yet: whoever talks at that moment stays busy,
    for no report can be stored either, and is told just that.
    """
    await scene.simulator.control("PUT", "random-behaviours", BEHAVIOURS)
    await _office(scene, seconds, CALLERS[1:])
    ending = asyncio.Event()
    with _no_space(scene.services[0]):
        refused = [asyncio.create_task(work(scene, employee, lambda: not ending.is_set())) for employee in CALLERS]
        await until(scene.refusals_of_store, bool, 60.0, "a refusal for want of space")
        await asyncio.sleep(seconds)
    ending.set()
    await asyncio.gather(*refused)
    await _office(scene, seconds)
    return _felt(scene, await verdict(scene))


async def _office(scene: Scene, seconds: float, employees: Sequence[str] = CALLERS) -> None:
    end = time.monotonic() + seconds
    await together(*(work(scene, employee, lambda: time.monotonic() < end) for employee in employees))


def _felt(scene: Scene, figures: Figures) -> Figures:
    refused = {said: times for said, times in scene.answers.items() if said.startswith("503")}
    figures.notes.append(f"answers meanwhile: {refused}")
    if not refused:
        figures.faults_unfelt += 1
        figures.examples.append(f"{scene.name}: {UNCLEAR}")
    return figures


@asynccontextmanager
async def _holding(url: str) -> AsyncIterator[None]:
    """The database held by somebody else: its writer on SQLite, a table of the dial path on PostgreSQL."""
    where = make_url(url)
    if where.get_backend_name() == "sqlite":
        other = sqlite3.connect(str(where.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.rollback()
            other.close()
        return
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE idempotency_keys IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


@contextmanager
def _no_space(service: Service) -> Iterator[None]:
    assert service.pid is not None
    _, hard = resource.prlimit(service.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (SPACE_LEFT, hard))
    try:
        yield
    finally:
        resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (hard, hard))
