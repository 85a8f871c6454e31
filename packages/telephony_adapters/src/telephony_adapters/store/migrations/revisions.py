"""Whether the tables of a database serve this version of the code."""

from __future__ import annotations

from alembic.runtime.migration import MigrationContext
from attrs import frozen
from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.driver_errors import translated
from telephony_adapters.store.migrations import SERVED_FROM, needed, scripts
from telephony_adapters.store.tables import service_facts

_SERVED_FROM = select(service_facts.c.value).where(service_facts.c.key == SERVED_FROM)


@frozen
class Tables:
    """A database's revision, None without tables of ours, and the oldest revision whose code they serve, if told."""

    revision: str | None
    serve_from: str | None

    def trouble(self) -> str | None:
        """Why they don't serve this version of the code and what to do, as the end of a sentence; None if they do."""
        if self.revision is None:
            return "has no tables yet; `telephony db upgrade` makes them"
        known = [script.revision for script in scripts()]
        if self.revision in known:
            enough = known.index(self.revision) >= known.index(needed())
            behind = (
                f"is at revision {self.revision}, and this version needs {needed()}; `telephony db upgrade` makes them"
            )
            return None if enough else behind
        # A newer version's. Revisions are numbers of one length, so that they compare as texts.
        if self.serve_from is not None and self.serve_from <= needed():
            return None
        return f"is at revision {self.revision}, which this version is too old for; use the newer one"


async def found(engine: AsyncEngine) -> Tables:
    """What the database has. `StoreUnavailable` if it doesn't answer."""
    with translated():
        async with engine.connect() as connection:
            revision = await connection.run_sync(_revision)
            if revision is None:
                return Tables(None, None)
            return Tables(revision, (await connection.execute(_SERVED_FROM)).scalar())


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
