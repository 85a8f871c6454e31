"""`telephony erase-client`: takes one client's numbers out of all that is kept (P3)."""

from __future__ import annotations

from attrs import asdict

from telephony_adapters.directories.forgetting import OwnForgetting
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.use_cases.erase_client import EraseClient
from telephony_http.commands.database import engine_of
from telephony_http.commands.file_problems import AT_THE_KEYBOARD
from telephony_http.commands.said import say, say_json
from telephony_http.settings import Settings


async def erase(client_id: str, *, as_json: bool) -> None:
    async with engine_of(Settings.load()) as engine:
        done = await EraseClient(SqlStore(engine), OwnForgetting(engine))(AT_THE_KEYBOARD, client_id)
    if as_json:
        say_json({"client_id": client_id, "in_directory": done.in_directory, **asdict(done.erased)})
        return
    erased = done.erased
    say(
        f"Erased: numbers of {erased.attempts} attempts, notes of {erased.calls} Calls, {erased.reports} reports, "
        f"{erased.events} events{', and the client in the directory' if done.in_directory else ''}."
    )
    say("Counts and outcomes stay. Where a CRM sends its clients here, erase the client there, too.")
