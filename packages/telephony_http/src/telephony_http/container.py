"""The composition root: from the ready parts of a running service to its use cases (law 8).

`Parts` are what lives and dies with the process; `opened` opens the real ones. The providers here stay synchronous
and typed, because nothing that has to be opened is among them. Use cases have no state: each is made once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from attrs import field, frozen
from dependency_injector import containers, providers

from telephony_core.call_facts import LegName
from telephony_core.party import Principal
from telephony_core.ports import (
    Clock,
    DeviceStatuses,
    Directory,
    EventFeed,
    IdSource,
    PhoneNumberParser,
    ProviderGateway,
    ProviderReport,
    RegionResolver,
    Store,
    TimeZones,
)
from telephony_core.use_cases.attribute_callback import AttributeCallback
from telephony_core.use_cases.compare_calls import CompareCalls
from telephony_core.use_cases.dial_leg import LegDialler
from telephony_core.use_cases.edit_carousel import EditCarousel
from telephony_core.use_cases.end_call import CloseCall, HangUpCall
from telephony_core.use_cases.erase_client import EraseOldNumbers
from telephony_core.use_cases.find_numbers import FindNumbers, NumberJudge
from telephony_core.use_cases.follow_call import ApplyReport, ReadCalls
from telephony_core.use_cases.follow_events import FollowEvents
from telephony_core.use_cases.initiate_call import InitiateCall
from telephony_core.use_cases.list_devices import ListDevices
from telephony_core.use_cases.match_reports import ReportMatcher
from telephony_core.use_cases.note_facts import FactNotes
from telephony_core.use_cases.preview_caller_id import CallerIdDesk, PreviewCallerId
from telephony_core.use_cases.reconcile_calls import ReconcileCalls
from telephony_core.use_cases.rules import Rules
from telephony_core.use_cases.run_carousel import RunCarousel
from telephony_core.use_cases.view_carousel import ViewCarousel
from telephony_http.auth import Tokens


class ReportDoor(Protocol):
    """Where a provider's reports come in. Knows the provider's own format."""

    async def take(self, body: bytes, received_at: datetime) -> ProviderReport | None:
        """The report that a body holds; None if it says nothing of a call. `InvalidRequest` if it is malformed."""


class WrittenRecord(Protocol):
    """A thing of the directory as it is stored now, by the fields of its record, and what was noticed of it."""

    @property
    def record(self) -> Mapping[str, object]: ...
    @property
    def added(self) -> bool: ...
    @property
    def warnings(self) -> tuple[Mapping[str, str], ...]: ...


class DirectoryWriter(Protocol):
    """Takes records into a directory of our own, by the rules of its imports."""

    async def __call__(
        self, principal: Principal, kind: str, record: Mapping[str, object], wrong: tuple[Mapping[str, str], ...] = ()
    ) -> WrittenRecord:
        """Check and store a record of a kind (`employees`, `devices`, `clients`, `interests`); `wrong` was found wrong
        before. `InvalidRequest` names every wrong field in `errors`."""


class Keeper(Protocol):
    """Keeps something alive at a provider: its subscription to reports."""

    async def keep(self, now: datetime) -> float: ...


class Following(Protocol):
    """What is done with what a provider is heard to tell: `ApplyReport`, and the comparing after a silence."""

    async def apply(self, report: ProviderReport) -> bool: ...

    async def compare(self, provider: str, alive: Iterable[tuple[str, LegName]]) -> None: ...


class Listener(Protocol):
    """Hears a provider over a connection of ours until `stop` is set."""

    async def listen(self, follow: Following, stop: asyncio.Event) -> None: ...


class Bell(Protocol):
    """Wakes a task that waits for news."""

    def ring(self) -> None: ...

    async def heard(self, within: float) -> bool: ...


class Attendant(Protocol):
    """Does what has come up as soon as its bell rings: relays events, for one."""

    @property
    def bell(self) -> Bell: ...

    async def attend(self) -> float: ...

    async def leave(self) -> None: ...


class Refreshing(Protocol):
    """A cache that is filled from outside."""

    async def refresh(self) -> object: ...


@frozen(kw_only=True)
class Parts:
    """All that a running service is made of, opened and ready; made once, and handed to the app.

    `directory_writer`: None where the directory is somebody else's, a CRM's for one, and nothing is put into it here.
    `doors` and `report_secret`: where providers report, None closes it. `conditions`: for each provider, one word on
    how it is, from memory. `keepers`, `listeners`, `refreshers`, `relays` and `event_retention` are for the
    worker, `attendants` for every process: they bring the events to `event_feed`. `worker_works`: whether some worker
    has been seen lately, None where nobody can tell. `demo`: the store holds the demo's data.
    """

    store: Store
    directory: Directory
    gateways: Mapping[str, ProviderGateway]
    tokens: Tokens
    statuses: DeviceStatuses
    parser: PhoneNumberParser
    regions: RegionResolver
    zones: TimeZones
    clock: Clock
    ids: IdSource
    event_feed: EventFeed
    directory_writer: DirectoryWriter | None = None
    doors: Mapping[str, ReportDoor] = field(factory=dict)
    report_secret: str | None = field(default=None, repr=False)
    conditions: Mapping[str, Callable[[], str]] = field(factory=dict)
    keepers: tuple[Keeper, ...] = ()
    listeners: tuple[Listener, ...] = ()
    refreshers: tuple[Refreshing, ...] = ()
    attendants: tuple[Attendant, ...] = ()
    relays: tuple[Attendant, ...] = ()
    event_retention: Callable[[], Awaitable[object]] | None = None
    worker_works: Callable[[], Awaitable[bool]] | None = None
    demo: bool = False


@frozen
class Hears:
    """`Following`, by the core's use cases."""

    apply_report: ApplyReport
    compare_calls: CompareCalls

    async def apply(self, report: ProviderReport) -> bool:
        return await self.apply_report(report)

    async def compare(self, provider: str, alive: Iterable[tuple[str, LegName]]) -> None:
        await self.compare_calls(provider, alive)


class Container(containers.DeclarativeContainer):
    """Use cases from parts and rules. `container_of` fills it."""

    parts: providers.Dependency[Parts] = providers.Dependency(instance_of=Parts)
    rules: providers.Dependency[Rules] = providers.Dependency(instance_of=Rules)

    judge = providers.Singleton(
        NumberJudge,
        parser=parts.provided.parser,
        regions=parts.provided.regions,
        zones=parts.provided.zones,
        dialling=rules.provided.dialling,
    )
    desk = providers.Singleton(
        CallerIdDesk, policy=rules.provided.policy, regions=parts.provided.regions, zones=parts.provided.zones
    )
    notes = providers.Singleton(FactNotes, gateways=parts.provided.gateways, ids=parts.provided.ids, rules=rules)
    matcher = providers.Singleton(ReportMatcher, notes=notes)
    dialler = providers.Singleton(
        LegDialler,
        store=parts.provided.store,
        gateways=parts.provided.gateways,
        notes=notes,
        matcher=matcher,
        clock=parts.provided.clock,
    )
    find_numbers = providers.Singleton(
        FindNumbers,
        directory=parts.provided.directory,
        store=parts.provided.store,
        judge=judge,
        clock=parts.provided.clock,
    )
    preview_caller_id = providers.Singleton(
        PreviewCallerId,
        directory=parts.provided.directory,
        store=parts.provided.store,
        judge=judge,
        desk=desk,
        statuses=parts.provided.statuses,
    )
    list_devices = providers.Singleton(
        ListDevices,
        directory=parts.provided.directory,
        statuses=parts.provided.statuses,
        clock=parts.provided.clock,
        preview=preview_caller_id,
    )
    initiate_call = providers.Singleton(
        InitiateCall,
        directory=parts.provided.directory,
        store=parts.provided.store,
        gateways=parts.provided.gateways,
        judge=judge,
        desk=desk,
        statuses=parts.provided.statuses,
        ids=parts.provided.ids,
        dialler=dialler,
        rules=rules,
    )
    read_calls = providers.Singleton(ReadCalls, store=parts.provided.store)
    apply_report = providers.Singleton(ApplyReport, store=parts.provided.store, matcher=matcher, dialler=dialler)
    hang_up_call = providers.Singleton(
        HangUpCall,
        store=parts.provided.store,
        gateways=parts.provided.gateways,
        dialler=dialler,
        read=read_calls,
    )
    follow_events = providers.Singleton(FollowEvents, feed=parts.provided.event_feed)
    close_call = providers.Singleton(CloseCall, store=parts.provided.store, ids=parts.provided.ids)
    edit_carousel = providers.Singleton(EditCarousel, store=parts.provided.store)
    run_carousel = providers.Singleton(RunCarousel, edit=edit_carousel)
    view_carousel = providers.Singleton(ViewCarousel, store=parts.provided.store, zones=parts.provided.zones)
    attribute_callback = providers.Singleton(
        AttributeCallback, store=parts.provided.store, directory=parts.provided.directory, rules=rules
    )
    erase_old_numbers = providers.Singleton(EraseOldNumbers, store=parts.provided.store, rules=rules)
    reconcile_calls = providers.Singleton(
        ReconcileCalls,
        store=parts.provided.store,
        gateways=parts.provided.gateways,
        notes=notes,
        matcher=matcher,
        dialler=dialler,
        rules=rules,
    )
    hears = providers.Singleton(
        Hears,
        apply_report=apply_report,
        compare_calls=providers.Singleton(
            CompareCalls,
            store=parts.provided.store,
            reconcile=reconcile_calls,
            dialler=dialler,
        ),
    )


def container_of(parts: Parts, rules: Rules) -> Container:
    """A container filled with these."""
    return Container(parts=providers.Object(parts), rules=providers.Object(rules))
