"""Rows as a version of the code writes them, kept in `rows/<revision>.json` so that each upgrade meets real data.

Before a revision is added, whoever adds it runs, with the code as it is:

    python -m tests.adapters.store.rows_of_version

which writes the rows of the newest revision. The files of older ones are never changed: their code is gone.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, MetaData, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.store.access_tokens import Tokens
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import scripts, upgrade
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.party import Permission
from telephony_core.ports import KeyRecord, KeyScope, Reservation, ReservationKind
from telephony_core.testing.examples import (
    CLIENT_NUMBER,
    NOW,
    a_call,
    a_carousel,
    a_client,
    a_mobile,
    a_pool,
    a_report,
    an_attempt_that,
    an_employee,
    an_event,
    an_interest,
    an_ip_phone,
)

FOLDER = Path(__file__).parent / "rows"
_NOT_OURS = {"alembic_version", "service_facts"}

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def kept(revision: str) -> Rows:
    """The rows of a revision, by table."""
    rows: Rows = json.loads((FOLDER / f"{revision}.json").read_text())
    return rows


async def fill(engine: AsyncEngine) -> None:
    """A call that has ended and one that is alive, with all that hangs on them; a carousel; a directory; a token."""
    store = SqlStore(engine)
    ended, living = an_attempt_that("talked"), an_attempt_that("ringing_client")
    call = a_call(ended, living, external_id="task-77")
    report = a_report(living)
    async with store.write() as uow:
        await uow.calls.add(call)
        wanted = (Reservation(ReservationKind.EMPLOYEE, living.employee_id), Reservation(ReservationKind.CALL, call.id))
        await uow.reservations.take(living.id, wanted)
        await uow.keys.put(KeyRecord(KeyScope("E-5", "E-5", "key-1"), "print", call.id, living.id, NOW))
        await uow.reports.add(report, NOW)
        await uow.reports.mark_matched(report, living.id)
        await uow.events.add(an_event(living))
        pool = a_pool()
        await uow.carousel.store(a_carousel(pool))
        shown = pool.generations[0].numbers[0].number
        await uow.carousel.take_turn(pool.id, shown)
        await uow.carousel.count_show(shown, NOW)
        await uow.commit()
    await OwnDirectory(engine).put_all(
        employees=[an_employee()],
        devices=[an_ip_phone(), a_mobile()],
        clients=[a_client()],
        interests=[an_interest()],
        do_not_call=[CLIENT_NUMBER],
    )
    await Tokens(engine).issue("E-5", employee_id="E-5", permissions=[Permission.CALL])


def read_rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables that are there, as JSON has them."""
    found = MetaData()
    found.reflect(connection)
    return {
        table.name: [
            {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row._mapping.items()}
            for row in connection.execute(select(table))
        ]
        for table in found.sorted_tables
        if table.name not in _NOT_OURS
    }


def put_rows(connection: Connection, rows: Rows) -> None:
    """Rows that another version wrote, into the tables as they are now."""
    found = MetaData()
    found.reflect(connection)
    for table in reversed(found.sorted_tables):
        if rows.get(table.name):
            connection.execute(table.delete())
    for table in found.sorted_tables:
        instants = {column.name for column in table.columns if isinstance(column.type, DateTime)}
        values = [
            {
                name: datetime.fromisoformat(value) if name in instants and value else value
                for name, value in row.items()
            }
            for row in rows.get(table.name, ())
        ]
        if values:
            connection.execute(table.insert(), values)


async def _write() -> None:
    revision = scripts()[-1].revision
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/rows.db"
        await upgrade(url)
        engine = open_store(url)
        await fill(engine)
        async with engine.connect() as connection:
            rows = await connection.run_sync(read_rows)
        await engine.dispose()
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{revision}.json"
    file.write_text(f"{json.dumps(rows, indent=1, ensure_ascii=False, sort_keys=True)}\n")
    sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    asyncio.run(_write())
