"""Brings the tables up to date, by Alembic. The revisions lie in `versions`, the oldest first by number.

`await upgrade(url)` is what `telephony db upgrade` does; `upgrade_script(url)` is the same as SQL, for who may not let
a program change tables. Each revision says when it runs (`deploy`): `before` the new version of the code comes, which
only adds and lets the old version go on, or `after` the last process of the old version has gone, which may take away.
`docs/operate/migrations.md` tells how to add one.
"""

from __future__ import annotations

import io
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, text

from telephony_adapters.store.driver_errors import translated
from telephony_adapters.store.engine import BEGIN, open_store

_HERE = Path(__file__).parent
_ONE_AT_A_TIME = 0x7E1E_0001
"""Any number that nobody else locks: services that start together upgrade one after the other."""


SERVED_FROM = "tables_serve_from"
"""The service's fact that names the oldest revision whose code the tables still serve."""


class Deploy(StrEnum):
    """When a revision runs, seen from the deployment of the version of the code that it belongs to."""

    BEFORE = "before"
    AFTER = "after"


def configuration(**attributes: Any) -> Config:
    """Alembic's configuration, without a file."""
    config = Config(output_buffer=attributes.pop("output", None))
    config.set_main_option("script_location", str(_HERE))
    config.attributes.update(attributes)
    return config


@cache
def scripts() -> tuple[Script, ...]:
    """All revisions, the oldest first. They are one line (a test sees to it)."""
    return tuple(reversed(list(ScriptDirectory.from_config(configuration()).walk_revisions())))


def deploy_of(script: Script) -> Deploy:
    return Deploy(script.module.deploy)


def served_from(revision: str) -> str:
    """The oldest version of the code that works with the tables of `revision`, named by the revision that it needs."""
    oldest = latest_before = scripts()[0].revision
    for script in scripts():
        if deploy_of(script) is Deploy.AFTER:
            oldest = latest_before
        else:
            latest_before = script.revision
        if script.revision == revision:
            break
    return oldest


def needed() -> str:
    """The revision that this version of the code needs, to which the tables are brought before it is deployed."""
    return [script.revision for script in scripts() if deploy_of(script) is Deploy.BEFORE][-1]


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
    current = MigrationContext.configure(connection).get_current_revision()
    order = [script.revision for script in scripts()]
    target = _target(revision)
    if current is not None and (current not in order or order.index(current) > order.index(target)):
        return  # a newer version of the code was here
    command.upgrade(configuration(connection=connection, serve_from=served_from(target)), target)


def _target(revision: str) -> str:
    return scripts()[-1].revision if revision == "head" else revision


def upgrade_script(url: str, revision: str = "head") -> str:
    """The SQL of an upgrade from nothing to `revision` for the kind of database that `url` names."""
    output, target = io.StringIO(), _target(revision)
    dialect = open_store(url).dialect.name
    command.upgrade(configuration(dialect=dialect, output=output, serve_from=served_from(target)), target, sql=True)
    return output.getvalue()
