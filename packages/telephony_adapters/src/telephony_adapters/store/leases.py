"""A lease: one process at a time does a thing, and another takes over when it dies. Kept in a row of `service_facts`.

No clock is compared with another. A holder changes the row again and again; who wants the lease watches the row, and
takes it when it has not changed for as long as a lease lasts, by the watcher's own monotonic clock. Each change is made
only if the row is still as it was read, so that of two takers one wins.

The relay of events has a lease of its own kind: there it is one row with the position that it guards, under one lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from attrs import define, field
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.tables import service_facts
from telephony_adapters.store.transaction import Database

LASTS = 6.0
"""Seconds: what a crash of the holder costs until another goes on, and more than a slow commit of a renewal."""

_READ = select(service_facts.c.value).where(service_facts.c.key == bindparam("name"))
_FIRST = text("INSERT INTO service_facts (key, value) VALUES (:name, :new) ON CONFLICT (key) DO NOTHING").bindparams(
    bindparam("name", type_=service_facts.c.key.type), bindparam("new", type_=service_facts.c.value.type)
)
_CHANGE = (
    update(service_facts)
    .where(service_facts.c.key == bindparam("name"), service_facts.c.value == bindparam("old"))
    .values(value=bindparam("new"))
)
_FREE = "free"


@define
class StoredLease:
    """One process's side of a lease; lives as long as the process. `holder` is a name that no other ever has.

    Every method may raise `StoreUnavailable`.
    """

    engine: AsyncEngine
    name: str
    holder: str
    lasts: float = LASTS
    monotonic: Callable[[], float] = time.monotonic
    _beat: int = field(default=0, init=False)
    _seen: tuple[str, float] | None = field(default=None, init=False)

    async def hold(self) -> float | None:
        """Take the lease or keep it: it is ours for so many seconds from now. None: it is another's."""
        asked_at = self.monotonic()
        async with Database(self.engine).reading() as work:
            row = await work.row(_READ, {"name": self.name})
        stored: str | None = row.value if row is not None else None
        if stored is not None and not self._may_change(stored, asked_at):
            return None
        self._beat += 1
        if not await self._change(stored, f"{self.holder} {self._beat}"):
            return None
        return self.lasts - (self.monotonic() - asked_at)

    async def give_up(self) -> None:
        """Let others have it at once. Harmless if it isn't held."""
        await self._change(f"{self.holder} {self._beat}", _FREE)

    def _may_change(self, stored: str, now: float) -> bool:
        if stored == _FREE or stored.startswith(f"{self.holder} "):
            return True
        if self._seen is None or self._seen[0] != stored:
            self._seen = (stored, now)
        return now - self._seen[1] >= self.lasts

    async def _change(self, old: str | None, new: str) -> bool:
        async with Database(self.engine).writing() as work:
            if old is None:
                return bool(await work.write(_FIRST, {"name": self.name, "new": new}))
            return bool(await work.write(_CHANGE, {"name": self.name, "old": old, "new": new}))
