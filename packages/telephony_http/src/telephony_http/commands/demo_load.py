"""`telephony demo load`: the demo's company into the database of the settings."""

from __future__ import annotations

import attrs

from telephony_adapters.demo.loading import HoldsOwnData, LoadedDemo, load_demo
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import upgrade
from telephony_http.commands.database import engine_of, shown
from telephony_http.commands.failing import CommandError
from telephony_http.commands.said import say, say_json
from telephony_http.settings import Settings


async def load_anew(database_url: str) -> LoadedDemo:
    """Makes the tables of a new database, and loads it."""
    await upgrade(database_url)
    engine = open_store(database_url)
    try:
        return await load_demo(engine)
    finally:
        await engine.dispose()


async def load_and_tell(*, as_json: bool) -> None:
    settings = Settings.load()
    async with engine_of(settings) as engine:
        try:
            loaded = await load_demo(engine)
        except HoldsOwnData as error:
            raise CommandError(f"{error} Give the demo another database (TELEPHONY_DATABASE_URL).") from None
    if as_json:
        say_json(attrs.asdict(loaded))
        return
    say(f"The demo's company is in {shown(settings.database_url)}. It serves on loopback only from now on.")
    say(f"{len(loaded.clients)} clients, {len(loaded.interests)} interests, {len(loaded.employees)} employees.")
    say("Tokens, shown this once:")
    for employee in loaded.employees:
        devices = ", ".join(f"{each.id}{'' if each.eligible else ' (not eligible)'}" for each in employee.devices)
        say(f"  {employee.id:<5} {employee.token}  {devices or 'no device'}")
    say(f"  all   {loaded.supervisor_token}  a supervisor's service, with every permission")
