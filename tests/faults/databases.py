"""Databases for campaigns: the demo's data loaded once, copied for each scene."""

from __future__ import annotations

import asyncio
import json
import shutil
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import attrs
from tests.adapters.store.conftest import Postgres

from telephony_http.commands.demo_load import load_anew


class Databases(Protocol):
    """`company` is what `demo load --json` says, equal in all copies."""

    name: str
    company: dict[str, Any]

    async def open(self) -> None: ...

    async def fresh(self) -> str: ...

    async def close(self) -> None: ...


async def _load(url: str) -> dict[str, Any]:
    company: dict[str, Any] = json.loads(json.dumps(attrs.asdict(await load_anew(url))))
    return company


class SqliteFiles:
    def __init__(self, folder: Path) -> None:
        self.name = "sqlite"
        folder.mkdir()
        self._folder = folder
        self._numbers = count(1)

    async def open(self) -> None:
        self.company = await _load(f"sqlite:///{self._folder / 'prepared.db'}")

    async def fresh(self) -> str:
        file = self._folder / f"scene-{next(self._numbers)}.db"
        shutil.copy(self._folder / "prepared.db", file)
        return f"sqlite:///{file}"

    async def close(self) -> None:
        return


class PostgresServer:
    def __init__(self, folder: Path) -> None:
        self.name = "postgresql"
        folder.mkdir()
        self._folder = folder
        self._numbers = count(1)
        self._making = asyncio.Lock()

    async def open(self) -> None:
        self._server = await asyncio.to_thread(Postgres, self._folder)
        try:
            await self._server.execute("CREATE DATABASE prepared")
            self.company = await _load(self._server.url("prepared"))
        except BaseException:
            await self.close()
            raise

    async def fresh(self) -> str:
        name = f"scene_{next(self._numbers)}"
        async with self._making:  # its template may not be in use
            await self._server.execute(f"CREATE DATABASE {name} TEMPLATE prepared")
        return self._server.url(name)

    async def restart(self, away: float, *, killed: bool) -> None:
        """Stopped in order, or killed; away for so many seconds; started again."""
        await asyncio.to_thread(self._server.kill if killed else self._server.stop)
        await asyncio.sleep(away)
        await asyncio.to_thread(self._server.start)

    async def close(self) -> None:
        await asyncio.to_thread(self._server.stop)
