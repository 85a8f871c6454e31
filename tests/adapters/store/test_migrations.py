"""Migrations make the tables that the store works with, on both databases, online and as a script."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import configuration, upgrade, upgrade_script
from telephony_adapters.store.tables import metadata


async def _differences(engine: AsyncEngine) -> list[Any]:
    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))

    async with engine.connect() as connection:
        return await connection.run_sync(compare)


async def test_the_migrations_make_the_tables_of_the_model(engine: AsyncEngine) -> None:
    """Who changes `tables` adds a migration."""
    assert await _differences(engine) == []


async def test_partial_indexes_are_made_with_their_condition(engine: AsyncEngine) -> None:
    """What Alembic doesn't compare."""
    partial = {
        (index.name, str(index.dialect_options[engine.dialect.name]["where"]))
        for table in metadata.tables.values()
        for index in table.indexes
        if index.dialect_options[engine.dialect.name]["where"] is not None
    }
    assert len(partial) >= 6
    if engine.dialect.name == "sqlite":
        statement = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
    else:
        statement = "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '% WHERE %'"
    async with engine.connect() as connection:
        found = {row[0]: row[1] for row in await connection.execute(text(statement))}
    for name, condition in partial:
        made = found[name].partition(" WHERE ")[2]
        assert made.translate({ord(sign): None for sign in '()"'}) == condition


async def test_an_upgrade_again_changes_nothing(url: str, engine: AsyncEngine) -> None:
    await upgrade(url)
    await upgrade(url)
    assert await _differences(engine) == []


async def test_services_that_start_together_upgrade_one_after_the_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    await asyncio.gather(*(upgrade(url) for _ in range(4)))
    engine = open_store(url)
    assert await _differences(engine) == []
    await engine.dispose()


@pytest.mark.parametrize("url", ["sqlite:///none.db", "postgresql://nobody@nowhere.invalid/none"])
def test_the_upgrade_can_be_had_as_a_script(url: str) -> None:
    """For who may not let a program change tables; no database is asked."""
    script = upgrade_script(url)
    for table in metadata.tables:
        assert f"CREATE TABLE {table} (" in script
    assert "INSERT INTO carousel_revision" in script


async def test_the_script_makes_the_same_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/by_script.db"
    engine = open_store(url)
    async with engine.begin() as connection:
        for statement in upgrade_script(url).split(";\n"):
            if statement.strip() not in ("", "BEGIN", "COMMIT"):
                await connection.execute(text(statement))
    assert await _differences(engine) == []
    async with engine.connect() as connection:
        assert "alembic_version" in await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    await engine.dispose()


def test_the_revisions_are_one_line() -> None:
    """Two heads would be an upgrade that depends on luck."""
    assert len(ScriptDirectory.from_config(configuration()).get_heads()) == 1
