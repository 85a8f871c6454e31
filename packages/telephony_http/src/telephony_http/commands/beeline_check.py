"""`telephony beeline check`: which assumptions about Beeline hold on this company's account."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import httpx2
from attrs import frozen
from sqlalchemy import select

from telephony_adapters.gateways.beeline import PROVIDER, BeelineClient, NumberFormat
from telephony_adapters.gateways.beeline.check_receiver import Receiver, receiving
from telephony_adapters.gateways.beeline.checking import AccountCheck
from telephony_adapters.gateways.beeline.findings import Finding, Holds
from telephony_adapters.gateways.beeline.opening import number_format
from telephony_adapters.gateways.beeline.payloads import PayloadFolder, Tape
from telephony_adapters.gateways.beeline.requests import BeelineError
from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_adapters.store.driver_errors import StatementRefused
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.tables import devices
from telephony_adapters.store.transaction import Database
from telephony_core.errors import Unavailable
from telephony_core.phone import PhoneNumber
from telephony_http.commands.failing import CommandError
from telephony_http.commands.said import say, say_json
from telephony_http.settings import Settings

_ANSWERS_WITHIN = 10.0
_LINES = select(devices.c.line).where(devices.c.provider == PROVIDER, devices.c.active).distinct()


@frozen(kw_only=True)
class Asked:
    """The command's options. `call` and `line`: a number of one's own to ring, and the subscriber who calls it.

    `reports_at`: an address of this machine that Beeline can reach, `listen` its port. `save`: a folder for payloads.
    """

    call: str | None = None
    line: str | None = None
    reports_at: str | None = None
    listen: int | None = None
    save: Path | None = None
    as_json: bool = False


async def check(asked: Asked) -> None:
    """Says what was found; `CommandError` if something does not hold, or if there is nothing to ask."""
    settings = Settings.load()
    if settings.beeline_token is None:
        raise CommandError("TELEPHONY_BEELINE_TOKEN is not set: there is no account to check.")
    if (asked.call is None) != (asked.line is None):
        raise CommandError("--call NUMBER and --line SUBSCRIBER belong together.")
    if (asked.reports_at is None) != (asked.listen is None):
        raise CommandError("--reports-at URL and --listen PORT belong together.")
    number = _number(asked.call) if asked.call is not None else None
    try:
        async with _opened(settings, asked) as checking:
            found = await checking.without_a_call()
            if number is not None and asked.line is not None:
                found += await checking.with_a_call(asked.line, number)
    except BeelineError as error:
        raise CommandError(f"Beeline could not be asked: {error}") from None
    _tell(found, as_json=asked.as_json)
    failed = [each.assumption for each in found if each.holds is Holds.NO]
    if failed:
        raise CommandError(f"{', '.join(failed)}: see docs/beeline-assumptions.md for what follows and what to set.")


@contextlib.asynccontextmanager
async def _opened(settings: Settings, asked: Asked) -> AsyncIterator[AccountCheck]:
    assert settings.beeline_token is not None  # was asked before
    tape = PayloadFolder(asked.save) if asked.save is not None else _no_tape
    form = settings.of_providers().get("beeline_number_format")
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False))

        async def client(token: str, tape: Tape | None) -> BeelineClient:
            made = BeelineClient(settings.beeline_url, token, http, time_out=_ANSWERS_WITHIN, tape=tape)
            return await stack.enter_async_context(made)

        receiver: Receiver | None = None
        if asked.listen is not None:
            receiver = await stack.enter_async_context(receiving(asked.listen, tape))
        yield AccountCheck(
            await client(settings.beeline_token.get_secret_value(), tape),
            await client(secrets.token_hex(16), tape),
            report_url=f"{asked.reports_at.rstrip('/')}/check/{secrets.token_hex(8)}" if asked.reports_at else None,
            receiver=receiver,
            directory_lines=await _lines(settings),
            tell=say if not asked.as_json else _no_word,
            number_format=number_format(form) if form else NumberFormat.SEVEN,
        )


async def _lines(settings: Settings) -> list[str]:
    """The lines of Beeline's in the directory; none where there is no database yet."""
    engine = open_store(settings.database_url)
    try:
        async with Database(engine).reading() as work:
            return [row.line for row in await work.rows(_LINES)]
    except (Unavailable, StatementRefused):
        return []
    finally:
        await engine.dispose()


def _number(text: str) -> PhoneNumber:
    number = PhoneNumbers().parse(text).number
    if number is None:
        raise CommandError(f"'{text}' is no phone number.")
    return number


def _tell(found: list[Finding], *, as_json: bool) -> None:
    if as_json:
        say_json([attrs.asdict(each) for each in found])
        return
    for each in found:
        say(f"{each.assumption:<5} {each.holds:<15} {each.seen}")


def _no_tape(_asked: str, _status: int, _body: bytes) -> None:
    return


def _no_word(_text: str) -> None:
    return
