"""`telephony db upgrade`, and what other commands ask of the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import Deploy, needed, revisions, upgrade_script
from telephony_adapters.store.migrations import upgrade as make_tables
from telephony_core.errors import StoreUnavailable
from telephony_http.commands.failing import CommandError, why_away
from telephony_http.commands.said import say
from telephony_http.settings import Settings

FACT = "demo"
"""The name of the service's fact that the database holds the demo's data."""


async def upgrade(*, sql: bool, deploy: Deploy | None) -> None:
    """`deploy`: what has to run before the new version of the service comes, or the rest after; None: all."""
    settings = Settings.load()
    revision = needed() if deploy is Deploy.BEFORE else "head"
    if sql:
        say(upgrade_script(settings.database_url, revision))
        return
    await make_tables(settings.database_url, revision)
    say(f"The tables of {shown(settings.database_url)} are up to date.")


def shown(url: str) -> str:
    """A database URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


@asynccontextmanager
async def engine_of(settings: Settings, *, checked: bool = True) -> AsyncIterator[AsyncEngine]:
    """The database of the settings, for the time of one command. `CommandError` if its tables aren't this version's."""
    engine = open_store(settings.database_url)
    try:
        if checked and (trouble := await trouble_of(engine, settings)):
            raise CommandError(f"The database {trouble}.")
        yield engine
    finally:
        await engine.dispose()


async def trouble_of(engine: AsyncEngine, settings: Settings) -> str | None:
    """What is wrong with the database, and what to do; None if it answers and has the tables of this version."""
    where = shown(settings.database_url)
    file = _file(settings.database_url)
    if file is not None and not file.exists():  # to look into it would make an empty one
        if not file.parent.exists():
            return f"{where} can't be made: the folder isn't there"
        return f"{where} isn't there yet; `telephony db upgrade` makes it"
    try:
        trouble = (await revisions.found(engine)).trouble()
    except StoreUnavailable as error:
        return f"{where} {why_away(error)}"
    return None if trouble is None else f"{where} {trouble}"


def _file(url: str) -> Path | None:
    """SQLite's; None for what is kept in memory, or by a server."""
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
