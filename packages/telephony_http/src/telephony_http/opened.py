"""Opens the parts of a service in earnest: database, numbering plan, provider; closed again in the reverse order.

Beside `container` and the command line the only module that knows the adapters. A service without a provider's token
starts as well: numbers, devices and Calls can be read, and a call is refused with `not_supported_by_provider`.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx2
from attrs import evolve, field, frozen, mutable
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.directories.rows import device_of
from telephony_adapters.gateways.beeline import (
    PROVIDER,
    BeelineClient,
    BeelineGateway,
    BeelineStatuses,
    Subscriptions,
    parse_report,
    report_url,
    to_provider_report,
)
from telephony_adapters.imports.one_record import PutRecord
from telephony_adapters.imports.own_stock import OwnStock
from telephony_adapters.imports.records import RecordRules
from telephony_adapters.numbering.demo import demo_plan
from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_adapters.numbering.plan import NumberingPlan, NumberingPlanHolder
from telephony_adapters.numbering.zones import RegionZones
from telephony_adapters.process import SystemClock, Ulids
from telephony_adapters.store.access_tokens import Tokens
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import revisions
from telephony_adapters.store.number_ranges import NumberRanges
from telephony_adapters.store.service_facts import ServiceFacts
from telephony_adapters.store.tables import devices
from telephony_adapters.store.transaction import Database
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.device import Device, DeviceKind, DeviceStatus
from telephony_core.ports import Clock, ProviderReport
from telephony_http.container import Parts
from telephony_http.readings import WorkerMode, without_password
from telephony_http.routes.health import STARTING
from telephony_http.settings import Settings

log = logging.getLogger(__name__)

REPORT_SECRET = "report_secret"  # noqa: S105  # the name of the fact, not the secret
DEMO = "demo"

_IP_PHONES = select(devices).where(devices.c.kind == str(DeviceKind.IP_PHONE), devices.c.active)


class TablesNotReady(Exception):
    """The database hasn't the tables of this version: run `telephony db upgrade`."""


@asynccontextmanager
async def opened_parts(settings: Settings) -> AsyncIterator[Parts]:
    """All parts, for the time of a block. Raises `TablesNotReady`, or `StoreUnavailable` where no database answers."""
    engine = open_store(settings.database_url)
    try:
        await _check_tables(engine, settings)
        facts, clock = ServiceFacts(engine), SystemClock()
        demo = await facts.get(DEMO) == "true"
        plan = StoredPlan(NumberRanges(engine), NumberingPlanHolder(demo_plan() if demo else None))
        await plan.refresh()
        if not plan.holder.loaded:
            log.warning("no numbering plan: mobile numbers have no region; telephony numbering-plan import FILE")
        parts = Parts(
            store=SqlStore(engine, call_open_days=settings.call_open_days),
            directory=OwnDirectory(engine),
            gateways={},
            tokens=Tokens(engine),
            statuses=NothingKnown(),
            parser=PhoneNumbers(),
            regions=plan.holder,
            zones=RegionZones(settings.time_zone),
            clock=clock,
            ids=Ulids(clock),
            directory_writer=PutRecord(OwnStock(engine), RecordRules(zone=ZoneInfo(settings.time_zone))),
            report_secret=await _report_secret(settings, facts),
            refreshers=(plan,),
            demo=demo,
        )
        if settings.beeline_token is None:
            log.warning("no provider: TELEPHONY_BEELINE_TOKEN is not set, so no call can be placed")
            yield parts
            return
        async with (
            httpx2.AsyncClient(trust_env=False) as http,
            BeelineClient(
                settings.beeline_url,
                settings.beeline_token.get_secret_value(),
                http,
                time_out=settings.provider_timeout_seconds,
            ) as client,
        ):
            yield _with_beeline(parts, settings, engine, client)
    finally:
        await engine.dispose()


async def _check_tables(engine: AsyncEngine, settings: Settings) -> None:
    found, needed = await revisions.found(engine), revisions.needed()
    if found != needed:
        has = "has no tables yet" if found is None else f"is at revision {found}, and this version needs {needed}"
        where = without_password(settings.database_url)
        raise TablesNotReady(f"The database {where} {has}: run `telephony db upgrade`.")


async def _report_secret(settings: Settings, facts: ServiceFacts) -> str:
    """The setting's, or one that is made once and kept, so that a provider's subscription outlives a restart."""
    if settings.report_secret is not None:
        return settings.report_secret.get_secret_value()
    kept = await facts.get(REPORT_SECRET)
    if kept is None:
        await facts.put(REPORT_SECRET, secrets.token_urlsafe(32))
        # Of two services that start at once one has won: both take what is stored.
        kept = await facts.get(REPORT_SECRET)
    assert kept is not None  # it was put above
    return kept


# --- The numbering plan -------------------------------------------------------------------------------------------


@frozen
class StoredPlan:
    """Keeps the plan in memory at the edition that is stored; an import takes effect without a restart."""

    ranges: NumberRanges
    holder: NumberingPlanHolder

    async def refresh(self) -> None:
        edition = await self.ranges.edition()
        if edition is None or edition == self.holder.plan.edition:
            return
        plan = NumberingPlan.from_rows(await self.ranges.load())
        self.holder.replace(plan)
        log.info("numbering plan: %d ranges, edition %s", len(plan), plan.edition)


# --- Beeline ------------------------------------------------------------------------------------------------------


def _with_beeline(parts: Parts, settings: Settings, engine: AsyncEngine, client: BeelineClient) -> Parts:
    statuses = BeelineStatuses(client, parts.clock)
    subscription: WatchedSubscription | None = None
    if settings.public_url is not None and parts.report_secret is not None:
        url = report_url(settings.public_url, parts.report_secret)
        subscription = WatchedSubscription(Subscriptions(client, url))
    else:
        log.warning("TELEPHONY_PUBLIC_URL is not set: the provider doesn't know where to report what happens to calls")
    return evolve(
        parts,
        gateways={PROVIDER: BeelineGateway(client)},
        statuses=statuses,
        doors={PROVIDER: BeelineDoor(subscription.kept if subscription else None)},
        conditions={PROVIDER: _condition(subscription, settings)},
        keepers=(subscription,) if subscription else (),
        refreshers=(*parts.refreshers, PhonesAsked(statuses, Database(engine))),
    )


@mutable
class WatchedSubscription:
    """The keeper of the subscription, and whether it was at work already."""

    kept: Subscriptions
    rounds: int = field(default=0, init=False)

    async def keep(self, now: datetime) -> float:
        try:
            return await self.kept.keep(now)
        finally:
            self.rounds += 1


def _condition(subscription: WatchedSubscription | None, settings: Settings) -> Callable[[], str]:
    """One word on how it is with the provider's reports, for /readyz."""

    def condition() -> str:
        if subscription is None:
            return "not_subscribed"
        if settings.worker is not WorkerMode.EMBEDDED:
            return "kept_by_worker"
        if subscription.kept.subscription_id is not None:
            return "subscribed"
        return "not_subscribed" if subscription.rounds else STARTING

    return condition


@frozen
class BeelineDoor:
    """Reads Beeline's XSI events, and tells the keeper of the subscription of each, the subscription's end for one."""

    subscription: Subscriptions | None

    async def take(self, body: bytes, received_at: datetime) -> ProviderReport | None:
        event = parse_report(body)
        if self.subscription is not None:
            self.subscription.heard(event, received_at)
        return to_provider_report(event, received_at)


@frozen
class PhonesAsked:
    """Asks Beeline after the agents of all IP phones of the directory (D2)."""

    statuses: BeelineStatuses
    database: Database

    async def refresh(self) -> None:
        async with self.database.reading() as work:
            phones: list[Device] = [device_of(row) for row in await work.rows(_IP_PHONES)]
        await self.statuses.refresh(phones)


class NothingKnown:
    """`DeviceStatuses` without a provider: a missing status stands against nothing (D2)."""

    def status(self, device: Device) -> DeviceStatus | None:
        return None


def _keeps_its_port(clock: SystemClock) -> Clock:  # the type checker's proof
    return clock
