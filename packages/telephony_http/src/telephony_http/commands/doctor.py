"""`telephony doctor`: one line for each thing that a service needs, and what to do where it is not well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from enum import StrEnum

import httpx2
from attrs import frozen
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.gateways.beeline import PROVIDER, BeelineClient
from telephony_adapters.gateways.beeline.requests import BeelineError, NoConnection, RequestRefused
from telephony_adapters.store.number_ranges import NumberRanges
from telephony_adapters.store.service_facts import ServiceFacts
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_http.commands.database import FACT, engine_of, shown, trouble_of
from telephony_http.commands.failing import CommandError
from telephony_http.commands.said import say
from telephony_http.settings import Settings

NOBODY = "doctor-asks"
"""A subscription of this name exists nowhere: asking for it tells whether provider and token are right, and changes
nothing."""

_ANSWERS_WITHIN = 5.0
# As /readyz puts it.
_SUBSCRIBED = ("subscribed", "kept_by_worker")


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


async def examine() -> None:
    """Says a line for each finding. `CommandError` if something is broken."""
    settings = Settings.load()
    broken = 0
    async for finding in _findings(settings):
        say(f"{finding.health:<7}{finding.what:<14}{finding.says}")
        broken += finding.health is Health.BROKEN
    if broken:
        raise CommandError(f"{broken} of these must be mended.")


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    async with engine_of(settings, checked=False) as engine:
        database = await _database(engine, settings)
        yield database
        if database.health is not Health.BROKEN:
            yield await _numbering(engine)
            yield await _carousel(engine)
    yield await _provider(settings)
    yield await _reports(settings)


async def _database(engine: AsyncEngine, settings: Settings) -> Finding:
    trouble = await trouble_of(engine, settings)
    if trouble is not None:
        return Finding("database", Health.BROKEN, trouble)
    demo = await ServiceFacts(engine).get(FACT)
    return Finding("database", Health.WELL, f"{shown(settings.database_url)}{', holds the demo' if demo else ''}")


async def _numbering(engine: AsyncEngine) -> Finding:
    what = "numbering"
    ranges = NumberRanges(engine)
    edition = await ranges.edition()
    if edition is None:
        says = "no register: mobile numbers have no region; telephony numbering-plan import FILE"
        return Finding(what, Health.WORTH_A_LOOK, says)
    return Finding(what, Health.WELL, f"{len(await ranges.load())} ranges, edition {edition}")


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


async def _provider(settings: Settings) -> Finding:
    what, url = PROVIDER, settings.beeline_url
    if settings.beeline_token is None:
        return Finding(what, Health.BROKEN, "no token: set TELEPHONY_BEELINE_TOKEN")
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
            condition = str(providers.get(PROVIDER, "unknown"))
    except (httpx2.HTTPError, ValueError, KeyError, AttributeError):
        return Finding(what, Health.WORTH_A_LOOK, f"no service answers at {url} now, so nobody keeps the subscription")
    if condition not in _SUBSCRIBED:
        return Finding(what, Health.BROKEN, f"the service at {url} gets no reports: {condition}; see its log")
    return Finding(what, Health.WELL, f"the service at {url} says: {condition}")
