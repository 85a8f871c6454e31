"""Brings the tables up to date, by Alembic. The revisions lie in `versions`, the oldest first by number.

`await upgrade(url)` is what `telephony db upgrade` does; `upgrade_script(url)` is the same as SQL, for who may not let
a program change tables.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from telephony_adapters.store.driver_errors import translated
from telephony_adapters.store.engine import BEGIN, open_store

_HERE = Path(__file__).parent
_ONE_AT_A_TIME = 0x7E1E_0001
"""Any number that nobody else locks: services that start together upgrade one after the other."""


def configuration(**attributes: Any) -> Config:
    """Alembic's configuration, without a file."""
    config = Config(output_buffer=attributes.pop("output", None))
    config.set_main_option("script_location", str(_HERE))
    config.attributes.update(attributes)
    return config


async def upgrade(url: str, revision: str = "head") -> None:
    """Make the tables at `url`, or change them to what this version needs: all of it, or nothing."""
    # Others may be upgrading, and a table may be large: longer waits than in service, and statements take their time.
    engine = open_store(url, wait_seconds=60, statement_seconds=None)
    try:
        with translated():
            async with engine.execution_options(**{BEGIN: "BEGIN IMMEDIATE"}).begin() as connection:
                await connection.run_sync(_upgrade, revision)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))
    command.upgrade(configuration(connection=connection), revision)


def upgrade_script(url: str, revision: str = "head") -> str:
    """The SQL of an upgrade from nothing to `revision` for the kind of database that `url` names."""
    output = io.StringIO()
    dialect = open_store(url).dialect.name
    command.upgrade(configuration(dialect=dialect, output=output), revision, sql=True)
    return output.getvalue()
