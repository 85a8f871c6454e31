"""Opens the parts of a service in earnest: database, numbering plan, providers; closed again in the reverse order.

Beside `container` and the command line the only module that knows the adapters. Providers are those that are installed
(`gateways.registry`) and have settings. A service without any starts as well: numbers, devices and Calls can be read,
and a call is refused with `not_supported_by_provider`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from attrs import evolve, frozen
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.directories.rows import device_of
from telephony_adapters.events.feed import LocalEventFeed
from telephony_adapters.events.history import EventHistory
from telephony_adapters.events.relay import EventRelay
from telephony_adapters.events.retention import EventRetention
from telephony_adapters.events.signals import signals_on
from telephony_adapters.events.watch import WorkerWatch
from telephony_adapters.gateways.provider import OpenedGateway, Placed, Surroundings, report_url
from telephony_adapters.gateways.registry import StatusesByProvider, installed, opened_gateways, settings_of
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
from telephony_adapters.store.leases import StoredLease
from telephony_adapters.store.migrations import revisions
from telephony_adapters.store.number_ranges import NumberRanges
from telephony_adapters.store.service_facts import ServiceFacts
from telephony_adapters.store.tables import devices
from telephony_adapters.store.transaction import Database
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.device import Device, DeviceKind
from telephony_core.phone import PhoneNumber
from telephony_core.ports import Clock
from telephony_http.container import Parts
from telephony_http.readings import WorkerMode, without_password
from telephony_http.routes.health import STARTING
from telephony_http.settings import Settings

log = logging.getLogger(__name__)

REPORT_SECRET = "report_secret"  # noqa: S105  # the name of the fact, not the secret
DEMO = "demo"

_IP_PHONES = select(devices).where(
    devices.c.kind == str(DeviceKind.IP_PHONE), devices.c.active, devices.c.provider == bindparam("provider")
)


EDITION_ASKED_EVERY = 5.0
"""Seconds."""


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
        signals, ids = signals_on(engine), Ulids(clock)
        feed = LocalEventFeed(EventHistory(engine), signals)
        parts = Parts(
            store=SqlStore(engine, call_open_days=settings.call_open_days, on_events=signals.written),
            directory=OwnDirectory(engine),
            gateways={},
            tokens=Tokens(engine),
            statuses=StatusesByProvider({}),
            parser=PhoneNumbers(),
            regions=plan.holder,
            zones=RegionZones(settings.time_zone),
            clock=clock,
            ids=ids,
            event_feed=feed,
            attendants=(signals, feed),
            relays=(EventRelay(engine, signals, ids.new_id()),),
            event_retention=EventRetention(engine, timedelta(days=settings.events_kept_days)),
            directory_writer=PutRecord(OwnStock(engine), RecordRules(zone=ZoneInfo(settings.time_zone))),
            report_secret=await _report_secret(settings, facts),
            refreshers=(plan,),
            worker_works=WorkerWatch(engine).works,
            demo=demo,
        )
        wanted = {name: texts for name in installed() if (texts := settings_of(name, settings.of_providers()))}
        if not wanted:
            log.warning("no provider: neither TELEPHONY_BEELINE_TOKEN nor another's settings are set: nothing can call")

        def surroundings(name: str) -> Surroundings:
            return _surroundings(name, wanted[name], parts, settings, engine)

        async with opened_gateways(wanted, surroundings) as opened:
            yield _with_gateways(parts, opened)
    finally:
        await engine.dispose()


async def _check_tables(engine: AsyncEngine, settings: Settings) -> None:
    trouble = (await revisions.found(engine)).trouble()
    if trouble is not None:
        raise TablesNotReady(f"The database {without_password(settings.database_url)} {trouble}.")


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
    """Keeps the plan in memory at the edition that is stored; an import takes effect without a restart.

    To ask for the edition is one row, and clients see a number of the old edition meanwhile: it is asked often.
    """

    ranges: NumberRanges
    holder: NumberingPlanHolder

    async def refresh(self) -> float:
        edition = await self.ranges.edition()
        if edition is not None and edition != self.holder.plan.edition:
            # Beside the requests: 17,000 ranges take a tenth of a second.
            plan = await asyncio.to_thread(NumberingPlan.from_rows, await self.ranges.load())
            self.holder.replace(plan)
            log.info("numbering plan: %d ranges, edition %s", len(plan), plan.edition)
        return EDITION_ASKED_EVERY


# --- The providers ------------------------------------------------------------------------------------------------


def _surroundings(
    name: str, texts: Mapping[str, str], parts: Parts, settings: Settings, engine: AsyncEngine
) -> Surroundings:
    async def phones() -> Iterable[Device]:
        async with Database(engine).reading() as work:
            return [device_of(row) for row in await work.rows(_IP_PHONES, {"provider": name})]

    async def calls_to(number: PhoneNumber, since: datetime | None = None) -> list[Placed]:
        async with parts.store.glance() as uow:
            now = await uow.now()
            kept_since = now - timedelta(days=settings.retention_days)
            found = await uow.calls.attempts_to(number, since or kept_since, now)
        return [Placed(attempt.device.line, attempt.started_at) for attempt in found if attempt.provider == name]

    reports_arrive = settings.public_url is not None and parts.report_secret is not None
    return Surroundings(
        settings=texts,
        clock=parts.clock,
        time_out=settings.provider_timeout_seconds,
        longest_ringing=settings.longest_ringing_seconds,
        report_url=report_url(settings.public_url or "", name, parts.report_secret or "") if reports_arrive else None,
        works=settings.worker is WorkerMode.EMBEDDED,
        phones=phones,
        lease=StoredLease(engine, f"lease:{name}", parts.ids.new_id()),
        memory=ServiceFacts(engine),
        calls_to=calls_to,
        callback_window=timedelta(days=settings.attribution_days),
    )


def _with_gateways(parts: Parts, opened: Mapping[str, OpenedGateway]) -> Parts:
    return evolve(
        parts,
        gateways={name: each.gateway for name, each in opened.items()},
        statuses=StatusesByProvider({name: each.statuses for name, each in opened.items() if each.statuses}),
        doors={name: each.door for name, each in opened.items() if each.door},
        conditions={name: _condition(each.condition) for name, each in opened.items() if each.condition},
        keepers=tuple(keeper for each in opened.values() for keeper in each.keepers),
        beside_doors=tuple(each.beside_door for each in opened.values() if each.beside_door),
        listeners=tuple(each.listener for each in opened.values() if each.listener),
        refreshers=(*parts.refreshers, *(refresher for each in opened.values() for refresher in each.refreshers)),
    )


def _condition(told: Callable[[], str | None]) -> Callable[[], str]:
    return lambda: told() or STARTING


def _keeps_its_port(clock: SystemClock) -> Clock:  # the type checker's proof
    return clock
