"""The composition root: from the ready parts of a running service to its use cases (law 8).

`Parts` are what lives and dies with the process; `opened` opens the real ones. The providers here stay synchronous
and typed, because nothing that has to be opened is among them. Use cases have no state: each is made once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol

from attrs import field, frozen
from dependency_injector import containers, providers

from telephony_adapters.gateways.provider import Keeper, Listener, Refreshing
from telephony_adapters.worker import Attendant
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
from telephony_core.use_cases.assembly import Telephony
from telephony_core.use_cases.edit_carousel import EditCarousel
from telephony_core.use_cases.erase_client import EraseOldNumbers
from telephony_core.use_cases.follow_events import FollowEvents
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


@frozen(kw_only=True)
class Parts:
    """All that a running service is made of, opened and ready; made once, and handed to the app.

    `directory_writer`: None where the directory is somebody else's, a CRM's for one, and nothing is put into it here.
    `doors` and `report_secret`: where providers report, None closes it. `conditions`: for each provider, one word on
    how it is, from memory. `listeners`, `relays` and `event_retention` are for the worker; `keepers`, `beside_doors`
    and `refreshers` for every process, and `attendants`: they bring the events to `event_feed`. `worker_works`: whether
    some worker has been seen lately, None where nobody can tell. `demo`: the store holds the demo's data.
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
    beside_doors: tuple[Listener, ...] = ()
    listeners: tuple[Listener, ...] = ()
    refreshers: tuple[Refreshing, ...] = ()
    attendants: tuple[Attendant, ...] = ()
    relays: tuple[Attendant, ...] = ()
    event_retention: Callable[[], Awaitable[object]] | None = None
    worker_works: Callable[[], Awaitable[bool]] | None = None
    demo: bool = False


class Container(containers.DeclarativeContainer):
    """Use cases from parts and rules. `container_of` fills it."""

    parts: providers.Dependency[Parts] = providers.Dependency(instance_of=Parts)
    rules: providers.Dependency[Rules] = providers.Dependency(instance_of=Rules)

    telephony = providers.Singleton(
        Telephony,
        store=parts.provided.store,
        directory=parts.provided.directory,
        gateways=parts.provided.gateways,
        statuses=parts.provided.statuses,
        parser=parts.provided.parser,
        regions=parts.provided.regions,
        zones=parts.provided.zones,
        clock=parts.provided.clock,
        ids=parts.provided.ids,
        rules=rules,
    )
    initiate_call = telephony.provided.initiate_call
    apply_report = telephony.provided.apply_report
    hears = telephony.provided.hears
    reconcile_calls = telephony.provided.reconcile_calls
    read_calls = telephony.provided.read_calls
    hang_up_call = telephony.provided.hang_up_call
    close_call = telephony.provided.close_call
    find_numbers = telephony.provided.find_numbers
    preview_caller_id = telephony.provided.preview_caller_id
    list_devices = telephony.provided.list_devices
    attribute_callback = telephony.provided.attribute_callback
    follow_events = providers.Singleton(FollowEvents, feed=parts.provided.event_feed)
    run_carousel = providers.Singleton(RunCarousel, edit=providers.Singleton(EditCarousel, store=parts.provided.store))
    view_carousel = providers.Singleton(ViewCarousel, store=parts.provided.store, zones=parts.provided.zones)
    erase_old_numbers = providers.Singleton(EraseOldNumbers, store=parts.provided.store, rules=rules)


def container_of(parts: Parts, rules: Rules) -> Container:
    """A container filled with these."""
    return Container(parts=providers.Object(parts), rules=providers.Object(rules))
