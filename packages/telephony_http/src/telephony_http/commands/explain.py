"""`telephony explain CALL`: why each attempt of a Call showed the number that it showed, from what is stored."""

from __future__ import annotations

from typing import Any

from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.call import Attempt
from telephony_http.bodies.explanation import explained
from telephony_http.commands.database import engine_of
from telephony_http.commands.failing import CommandError
from telephony_http.commands.said import in_utc, say, say_json
from telephony_http.settings import Settings


async def explain(call_id: str, *, as_json: bool) -> None:
    settings = Settings.load()
    async with engine_of(settings) as engine, SqlStore(engine).read() as uow:
        call = await uow.calls.get(call_id)
    if call is None:
        raise CommandError(f"There is no Call {call_id!r}.")
    language = str(settings.language)
    told = [_told(attempt, language) for attempt in call.attempts]
    if as_json:
        say_json({"call_id": call.id, "attempts": told})
        return
    if not told:
        say("Nothing was dialled in this Call yet.")
    for each in told:
        say(f"{each['id']}  {each['started_at']}  {each['phone_number']}  {each['device']}")
        say("\n".join(f"  {line}" for line in [*each["steps"], each["choice"], each["verdict"]]))


def _told(attempt: Attempt, language: str) -> dict[str, Any]:
    why = explained(attempt, language)
    return {
        "id": attempt.id,
        "started_at": in_utc(attempt.started_at),
        # Whoever has the database's password may see more; a terminal's scrollback needn't (P1).
        "phone_number": attempt.phone_number.masked,
        "device": f"{attempt.device.id} ({attempt.device.label})",
        "steps": [step.text for step in why.steps],
        "choice": why.text,
        "reported": why.verdict.reported,
        "verdict": why.verdict.text,
    }
