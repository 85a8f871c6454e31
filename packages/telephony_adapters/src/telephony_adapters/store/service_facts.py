"""Facts about this installation, by name: `demo` is `true` where the demo's data were loaded."""

from __future__ import annotations

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.tables import service_facts
from telephony_adapters.store.transaction import Database

_GET = select(service_facts.c.value).where(service_facts.c.key == bindparam("key"))
_PUT = text(
    "INSERT INTO service_facts (key, value) VALUES (:key, :value)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
).bindparams(bindparam("key", type_=service_facts.c.key.type), bindparam("value", type_=service_facts.c.value.type))


class ServiceFacts:
    """Made once, lives as long as its engine. Every method may raise `StoreUnavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = Database(engine)

    async def get(self, key: str) -> str | None:
        async with self._database.reading() as work:
            row = await work.row(_GET, {"key": key})
        return row.value if row is not None else None

    async def put(self, key: str, value: str) -> None:
        async with self._database.writing() as work:
            await work.write(_PUT, {"key": key, "value": value})
