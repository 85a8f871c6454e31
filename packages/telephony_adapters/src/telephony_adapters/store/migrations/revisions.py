"""Which revision a database is at, and which one this version of the code needs."""

from __future__ import annotations

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.driver_errors import translated
from telephony_adapters.store.migrations import configuration


def needed() -> str | None:
    """The revision of this version of the code."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


async def found(engine: AsyncEngine) -> str | None:
    """The revision of the database; None if it has no tables of ours. `StoreUnavailable` if it doesn't answer."""
    with translated():
        async with engine.connect() as connection:
            return await connection.run_sync(_revision)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
