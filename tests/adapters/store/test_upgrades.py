"""Upgrades of databases with rows in them, from every version, in two steps around a deployment.

What runs before the deployment leaves the version in service at work: it only adds, and asks nothing of its inserts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.adapters.store.conftest import Postgres, Sqlite
from tests.adapters.store.rows_of_version import kept, put_rows, read_rows

from telephony_adapters.store import migrations
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import Deploy, needed, revisions, scripts, served_from, upgrade
from telephony_adapters.store.tables import service_facts
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.call_facts import Outcome
from telephony_core.ports import CallFilter, KeyScope, Reservation, ReservationKind

REVISIONS = [script.revision for script in scripts()]
EARLIER = REVISIONS[:-1]


@pytest.fixture
async def empty_url(server: Sqlite | Postgres, tmp_path: Path) -> AsyncIterator[str]:
    """A database without a table."""
    if isinstance(server, Sqlite):
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    await server.execute("CREATE DATABASE empty")
    yield server.url("empty")
    await server.execute("DROP DATABASE empty WITH (FORCE)")


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_store(empty_url)
    yield engine
    await engine.dispose()


def test_rows_are_kept_of_every_version_but_the_newest() -> None:
    """`python -m tests.adapters.store.rows_of_version`, before a revision is added."""
    for revision in EARLIER:
        assert {"calls", "attempts", "reservations", "carousel_pools", "events"} <= set(kept(revision))


@pytest.mark.parametrize("version", EARLIER)
async def test_rows_of_an_earlier_version_are_there_after_the_upgrade(
    empty_url: str, empty: AsyncEngine, version: str
) -> None:
    """K7: nothing that was stored is lost by an upgrade, and the store reads it."""
    await upgrade(empty_url, version)
    async with empty.begin() as connection:
        await connection.run_sync(put_rows, kept(version))
        before = await connection.run_sync(read_rows)
    await upgrade(empty_url)
    async with empty.connect() as connection:
        after = await connection.run_sync(read_rows)
    for table, rows in before.items():
        assert len(after[table]) == len(rows), table
        for was, now in zip(rows, after[table], strict=True):
            assert now.items() >= was.items(), table
    await _is_read(empty)


@pytest.mark.parametrize("version", EARLIER)
async def test_the_version_in_service_writes_on_after_the_step_before_the_deployment(
    empty_url: str, empty: AsyncEngine, version: str
) -> None:
    await upgrade(empty_url, needed())
    async with empty.begin() as connection:
        await connection.run_sync(put_rows, kept(version))
    await _is_read(empty)


async def _is_read(engine: AsyncEngine) -> None:
    """The store makes its values of the rows that `rows_of_version.fill` has put."""
    store = SqlStore(engine)
    async with store.read() as uow:
        (call,) = (await uow.calls.page(CallFilter(external_id="task-77"), cursor=None, limit=5)).items
        assert [attempt.reading.outcome for attempt in call.attempts] == [Outcome.TALKED, None]
        record = await uow.keys.get(KeyScope("E-5", "E-5", "key-1"))
        assert record is not None
        assert record.call_id == call.id
        held = Reservation(ReservationKind.CALL, call.id)
        assert await uow.reservations.holders([held]) == {held: call.attempts[1].id}
        assert (await uow.carousel.load()).faults() == ()


async def _columns(engine: AsyncEngine) -> dict[tuple[str, str], dict[str, Any]]:
    def read(connection: Connection) -> dict[tuple[str, str], dict[str, Any]]:
        found = inspect(connection)
        return {
            (table, column["name"]): dict(column)
            for table in found.get_table_names()
            for column in found.get_columns(table)
        }

    async with engine.connect() as connection:
        return await connection.run_sync(read)


@pytest.mark.parametrize(
    "revision", [script.revision for script in scripts()[1:] if migrations.deploy_of(script) is Deploy.BEFORE]
)
async def test_what_runs_before_the_deployment_only_adds(empty_url: str, empty: AsyncEngine, revision: str) -> None:
    await upgrade(empty_url, REVISIONS[REVISIONS.index(revision) - 1])
    before = await _columns(empty)
    await empty.dispose()
    await upgrade(empty_url, revision)
    after = await _columns(empty)
    for place, column in before.items():
        assert str(after[place]["type"]) == str(column["type"]), place
        assert after[place]["nullable"] >= column["nullable"], place
    old_tables = {table for table, _ in before}
    for (table, name), column in after.items():
        if table in old_tables and (table, name) not in before:
            assert column["nullable"] or column["default"] is not None, (
                f"{table}.{name} breaks the old version's inserts"
            )


def test_every_revision_says_when_it_runs_and_its_number_sorts() -> None:
    for place, script in enumerate(scripts(), start=1):
        assert migrations.deploy_of(script) in Deploy
        assert script.revision == f"{place:04d}"


# --- Which version of the code the tables serve -----------------------------------------------------------------------


@pytest.fixture
def a_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """0001 and 0002 came before deployments, 0003 took away after that of 0002, 0004 came before the next."""
    history = [
        SimpleNamespace(revision=f"{place:04d}", module=SimpleNamespace(deploy=deploy))
        for place, deploy in enumerate(("before", "before", "after", "before"), start=1)
    ]
    monkeypatch.setattr(migrations, "scripts", lambda: history)
    monkeypatch.setattr(revisions, "scripts", lambda: history)


@pytest.mark.usefixtures("a_history")
def test_tables_serve_older_versions_until_something_is_taken_away() -> None:
    assert [served_from(f"{place:04d}") for place in range(1, 5)] == ["0001", "0001", "0002", "0002"]
    assert needed() == "0004"


@pytest.mark.usefixtures("a_history")
@pytest.mark.parametrize(
    ("revision", "serve_from", "serves"),
    [
        (None, None, False),
        ("0003", "0002", False),  # what it needs is not there yet
        ("0004", "0002", True),
        ("0005", "0004", True),  # a newer version's, which has not taken away yet
        ("0006", "0005", False),  # and has
        ("0005", None, False),
    ],
)
def test_a_version_serves_on_tables_that_have_what_it_needs(
    revision: str | None, serve_from: str | None, serves: bool
) -> None:
    assert (revisions.Tables(revision, serve_from).trouble() is None) is serves


async def test_the_tables_tell_whom_they_serve(url: str, engine: AsyncEngine) -> None:
    """An older version can't know what a newer one's revisions did; so it is written down."""
    await upgrade(url)
    async with engine.connect() as connection:
        told = (await connection.execute(select(service_facts.c.value))).scalars().all()
    assert told == [served_from(REVISIONS[-1])]
    assert await revisions.found(engine) == revisions.Tables(REVISIONS[-1], served_from(REVISIONS[-1]))


async def test_an_older_version_leaves_a_newer_ones_tables_alone(url: str, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        await upgrade(url)
        assert (await revisions.found(engine)).revision == "9999"
    finally:
        async with engine.begin() as connection:
            await connection.execute(text(f"UPDATE alembic_version SET version_num = '{REVISIONS[-1]}'"))  # noqa: S608
