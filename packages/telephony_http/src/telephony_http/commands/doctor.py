"""`telephony doctor`: one line for each thing that a service needs, and what to do where it is not well."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from enum import StrEnum
from pathlib import Path

import attrs
import httpx2
from attrs import frozen
from sqlalchemy import func, make_url, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.events.watch import WorkerWatch
from telephony_adapters.gateways.asterisk import PROVIDER as ASTERISK
from telephony_adapters.gateways.asterisk import examine as examine_asterisk
from telephony_adapters.gateways.beeline import PROVIDER as BEELINE
from telephony_adapters.gateways.beeline import BeelineClient
from telephony_adapters.gateways.beeline.requests import BeelineError, NoConnection, RequestRefused
from telephony_adapters.gateways.registry import installed, settings_of
from telephony_adapters.store.number_ranges import NumberRanges
from telephony_adapters.store.service_facts import ServiceFacts
from telephony_adapters.store.tables import access_tokens, clients, devices, employees
from telephony_adapters.store.transaction import Database
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_http.commands.database import FACT, engine_of, shown, trouble_of
from telephony_http.commands.failing import CommandError
from telephony_http.commands.said import say, say_json
from telephony_http.settings import Settings, unknown_variables

NOBODY = "doctor-asks"
"""A subscription of this name exists nowhere: asking for it tells whether provider and token are right, and changes
nothing."""

_ANSWERS_WITHIN = 5.0
_FEW_RANGES = 1000
_SUBSCRIBED = "subscribed"
"""As /readyz puts it."""


class Health(StrEnum):
    WELL = "ok"
    WORTH_A_LOOK = "look"
    BROKEN = "BROKEN"


@frozen
class Finding:
    """What was looked at, how it is, and what there is to do or to know."""

    what: str
    health: Health
    says: str


async def examine(*, as_json: bool) -> None:
    """Says a line for each finding, or all as a JSON list. `CommandError` if something is broken."""
    settings = Settings.load()
    findings = []
    async for finding in _findings(settings):
        findings.append(finding)
        if not as_json:
            say(f"{finding.health:<7}{finding.what:<14}{finding.says}")
    if as_json:
        say_json([attrs.asdict(finding) for finding in findings])
    broken = sum(finding.health is Health.BROKEN for finding in findings)
    if broken:
        raise CommandError(f"{broken} of these must be mended.")


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    for name in unknown_variables(list(os.environ), installed()):
        yield Finding("settings", Health.WORTH_A_LOOK, f"{name} is no setting of this service; is it misspelt?")
    async with engine_of(settings, checked=False) as engine:
        database = await _database(engine, settings)
        yield database
        if database.health is not Health.BROKEN:
            yield await _worker(engine)
            yield await _numbering(engine)
            yield await _carousel(engine)
            yield await _directory(engine)
    asterisk = settings_of(ASTERISK, settings.of_providers())
    if asterisk:
        yield await _asterisk(asterisk)
    # Who calls by another provider alone needs no Beeline.
    if settings.beeline_token is not None or not settings.others:
        yield await _beeline(settings)
        yield await _reports(settings)


async def _database(engine: AsyncEngine, settings: Settings) -> Finding:
    trouble = await trouble_of(engine, settings)
    if trouble is not None:
        return Finding("database", Health.BROKEN, trouble)
    demo = await ServiceFacts(engine).get(FACT)
    return Finding("database", Health.WELL, f"{_where(settings.database_url)}{', holds the demo' if demo else ''}")


def _where(url: str) -> str:
    """The database without its password; a file by its whole path, since a relative one depends on the folder."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return f"SQLite in {Path(parsed.database).resolve()}"
    return shown(url)


async def _worker(engine: AsyncEngine) -> Finding:
    if await WorkerWatch(engine).works():
        return Finding("worker", Health.WELL, "works")
    says = (
        "none works on this database: nothing times out, no event is relayed; "
        "start `telephony serve` (without TELEPHONY_WORKER=off) or `telephony worker`"
    )
    return Finding("worker", Health.BROKEN, says)


async def _directory(engine: AsyncEngine) -> Finding:
    what, missing = "directory", []
    told = []
    async with Database(engine).reading() as work:
        for name, table in (("employees", employees), ("devices", devices), ("clients", clients)):
            row = await work.row(select(func.count().label("rows")).select_from(table))
            told.append(f"{row.rows if row else 0} {name}")
            if not row or not row.rows:
                missing.append(name)
        row = await work.row(select(func.count().label("rows")).where(access_tokens.c.revoked_at.is_(None)))
    if missing:
        return Finding(what, Health.WORTH_A_LOOK, f"no {', no '.join(missing)}: telephony directory import FILE")
    if not row or not row.rows:
        return Finding(what, Health.WORTH_A_LOOK, f"{', '.join(told)}; no token: telephony tokens issue EMPLOYEE")
    return Finding(what, Health.WELL, f"{', '.join(told)}, {row.rows} tokens")


async def _numbering(engine: AsyncEngine) -> Finding:
    what = "numbering"
    ranges = NumberRanges(engine)
    edition = await ranges.edition()
    if edition is None:
        says = "no register: mobile numbers have no region; telephony numbering-plan import FILE"
        return Finding(what, Health.WORTH_A_LOOK, says)
    count = len(await ranges.load())
    if count < _FEW_RANGES:
        says = f"only {count} ranges, edition {edition}; the state's register of mobile numbers has thousands"
        return Finding(what, Health.WORTH_A_LOOK, says)
    return Finding(what, Health.WELL, f"{count} ranges, edition {edition}")


async def _carousel(engine: AsyncEngine) -> Finding:
    what = "carousel"
    async with SqlStore(engine).read() as uow:
        carousel, now = await uow.carousel.load(), await uow.now()
    if not carousel.pools:
        return Finding(what, Health.BROKEN, "holds no pool: no call from an IP phone can be decided")
    faults = [f"{fault.pool_id}: {fault.fault} {fault.about}".rstrip() for fault in carousel.faults()]
    if faults:
        return Finding(what, Health.BROKEN, "is out of order (C0): " + "; ".join(faults))
    idle = [pool.id for pool in carousel.pools if pool.active(now) is None]
    if idle:
        return Finding(what, Health.WORTH_A_LOOK, f"no generation is in force in: {', '.join(idle)}")
    return Finding(what, Health.WELL, f"{len(carousel.pools)} pools, in order")


async def _asterisk(texts: Mapping[str, str]) -> Finding:
    found = await examine_asterisk(texts, _ANSWERS_WITHIN)
    health = Health.BROKEN if found.broken else Health.WORTH_A_LOOK if found.look else Health.WELL
    return Finding(ASTERISK, health, found.says)


async def _beeline(settings: Settings) -> Finding:
    what, url = BEELINE, settings.beeline_url
    if settings.beeline_token is None:
        says = "no provider: set TELEPHONY_BEELINE_TOKEN, or another provider's settings (docs/operate/asterisk.md)"
        return Finding(what, Health.BROKEN, says)
    async with (
        httpx2.AsyncClient(timeout=_ANSWERS_WITHIN) as http,
        BeelineClient(url, settings.beeline_token.get_secret_value(), http, time_out=_ANSWERS_WITHIN) as beeline,
    ):
        try:
            await beeline.subscription_lasts(NOBODY)
        except NoConnection as error:
            return Finding(what, Health.BROKEN, f"{url} can't be reached ({error}); see TELEPHONY_BEELINE_URL")
        except RequestRefused as error:
            if error.status in {401, 403}:
                return Finding(what, Health.BROKEN, f"{url} refuses our token; see TELEPHONY_BEELINE_TOKEN")
            if error.status >= 500:
                return Finding(what, Health.BROKEN, f"{url} answers {error.status}; ask the provider")
            if error.status >= 300 and error.code is None:
                says = f"{url} answers {error.status}, and not as Beeline's portal: is the path right? …/apis/portal/"
                return Finding(what, Health.BROKEN, says)
        except BeelineError as error:
            return Finding(what, Health.BROKEN, f"{url} answers strangely: {error}")
    return Finding(what, Health.WELL, f"{url} answers, and takes our token")


async def _reports(settings: Settings) -> Finding:
    """Whether reports can reach the service: the subscription is the running service's, which we ask."""
    what, url = "subscription", settings.public_url
    if url is None:
        return Finding(
            what, Health.BROKEN, "the provider doesn't know where to report: set TELEPHONY_PUBLIC_URL to our address"
        )
    try:
        async with httpx2.AsyncClient(timeout=_ANSWERS_WITHIN) as http:
            answer = await http.get(f"{url}/readyz")
            providers = answer.json()["providers"]
            condition = str(providers.get(BEELINE, "unknown"))
    except (httpx2.HTTPError, ValueError, KeyError, AttributeError):
        return Finding(what, Health.WORTH_A_LOOK, f"no service answers at {url} now, so nobody keeps the subscription")
    if condition != _SUBSCRIBED:
        return Finding(what, Health.BROKEN, f"the service at {url} gets no reports: {condition}; see its log")
    return Finding(what, Health.WELL, f"the service at {url} says: {condition}")
