"""What a provider's package gives to the service, and what it gets: the two sides of an entry point of `registry`.

An entry point names a function that opens a gateway for the time of a block:

    @asynccontextmanager
    async def open_gateway(around: Surroundings) -> AsyncIterator[OpenedGateway]: ...

A walk-through that runs stands in docs/extend/provider.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import attrs
from attrs import field, frozen

from telephony_core.call_facts import LegName
from telephony_core.device import Device
from telephony_core.phone import PhoneNumber
from telephony_core.ports import Clock, DeviceStatuses, ProviderGateway, ProviderReport

Settings = TypeVar("Settings", bound=attrs.AttrsInstance)


def report_url(public_url: str, provider: str, secret: str) -> str:
    """Where a provider sends its reports. The secret is all that tells them from anybody's: no log holds the URL."""
    return f"{public_url.rstrip('/')}/api/v1/provider-reports/{provider}/{quote(secret, safe='')}"


# --- What a provider may give ---------------------------------------------------------------------------------------


class ReportDoor(Protocol):
    """Where the provider's reports come in by HTTP. Knows the provider's own format."""

    async def take(self, body: bytes, received_at: datetime) -> ProviderReport | None:
        """The report that a body holds; None if it says nothing of a call. `InvalidRequest` if it is malformed."""


class Keeper(Protocol):
    """Keeps something at a provider alive, its subscription to reports for one."""

    async def keep(self, now: datetime) -> float:
        """Do what is due; the seconds after which it wants to be called again. Earlier costs nothing."""


class Refreshing(Protocol):
    """A cache that is filled from outside, that of the devices' statuses for one. May fail without harm to a call."""

    async def refresh(self) -> float | None:
        """Fill it; the seconds after which it wants to be filled again, where that is soon."""


class Following(Protocol):
    """The core's use cases, as who hears a provider needs them."""

    async def apply(self, report: ProviderReport) -> bool:
        """Keep and apply a report once, with all that follows from it. `StoreUnavailable`: give it again."""

    async def compare(self, provider: str, alive: Iterable[tuple[str, LegName]]) -> None:
        """Nothing was heard for a while: `alive` are the legs (attempt id, leg) that live at the provider now."""


class Listener(Protocol):
    """Hears a provider over a connection that we open, or looks after what is heard of it by HTTP."""

    async def listen(self, follow: Following, stop: asyncio.Event) -> None:
        """Hear until `stop` is set. May end before, or raise: it is called again after a pause."""


@frozen(kw_only=True)
class OpenedGateway:
    """A provider at work, for the time of its block. Only the gateway must be there.

    `statuses`: which of its devices are online. `door`: it reports by HTTP, `beside_door`: what looks after that it
    hears all; `listener`: it is heard over a connection of ours. `condition`: one word on how it is, from memory; None
    as long as it was not asked.

    `listener` is driven where the background's chores are done; `keepers` and `refreshers` in every process, and
    `beside_door` in each that serves requests, whoever does the chores: they know what was dialled and heard in their
    own.
    """

    gateway: ProviderGateway
    statuses: DeviceStatuses | None = None
    door: ReportDoor | None = None
    beside_door: Listener | None = None
    listener: Listener | None = None
    condition: Callable[[], str | None] | None = None
    keepers: tuple[Keeper, ...] = ()
    refreshers: tuple[Refreshing, ...] = ()


# --- What it gets ---------------------------------------------------------------------------------------------------


class Lease(Protocol):
    """Sees to it that one process at a time does a thing. Made for one holder; lives as long as the process."""

    async def hold(self) -> float | None:
        """Take the lease or keep it: for so many seconds from now it is ours. None: another process has it.

        May raise `StoreUnavailable`: what was held before still is, until its time is over.
        """

    async def give_up(self) -> None:
        """Let others have it at once. Harmless if it isn't held."""


@frozen
class Placed:
    """A call of ours to a number: from which line, when it began."""

    line: str
    at: datetime


class CallsTo(Protocol):
    """Our calls to a number by this provider, the latest first; `since` an instant, or all that are kept. Raises
    `StoreUnavailable`."""

    async def __call__(self, number: PhoneNumber, since: datetime | None = None) -> Sequence[Placed]: ...


@frozen(kw_only=True)
class Surroundings:
    """The service as a provider sees it.

    `settings`: the texts of TELEPHONY_<NAME>_<KEY> by lower-case key; secrets may be among them. `time_out`: seconds
    for a request to dial, all told. `longest_ringing`: seconds after which an attempt of unknown outcome may be given
    up (K3): no phone may ring longer. `report_url`: where the provider is to report, None if it can't reach us; it
    holds a secret. `works`: the background's chores run in this process. `phones`: the provider's active IP phones.
    `memory`: where what it must know after a restart goes; None: it forgets. `callback_window`: how long after a call
    a call-back is its (B1).
    """

    settings: Mapping[str, str] = field(repr=False)
    clock: Clock
    time_out: float
    longest_ringing: float
    report_url: str | None = field(default=None, repr=False)
    works: bool = True
    phones: Callable[[], Awaitable[Iterable[Device]]]
    lease: Lease
    memory: Memory | None = None
    calls_to: CallsTo | None = None
    callback_window: timedelta = timedelta(days=30)


class Memory(Protocol):
    """Small texts by key that outlive the process: in the service's store. Either method may raise
    `StoreUnavailable`."""

    async def get(self, key: str) -> str | None: ...

    async def put(self, key: str, value: str) -> None: ...


OpenGateway = Callable[[Surroundings], AbstractAsyncContextManager[OpenedGateway]]


class WrongSettings(Exception):
    """A provider's settings are not understood. `problems` are sentences that show no value."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


def read_settings(kind: type[Settings], texts: Mapping[str, str], prefix: str) -> Settings:
    """An attrs value of these texts: a field for a key, its converter a function of the text that raises ValueError
    with what is allowed. `WrongSettings` names all that is wrong, missing or of no field, by `prefix` and key."""
    fields = {each.name: each for each in attrs.fields(kind)}
    values: dict[str, Any] = {}
    problems = [
        f"{prefix}{key.upper()} is no setting of this provider." for key in sorted(texts.keys() - fields.keys())
    ]
    for name, each in fields.items():
        text = texts.get(name, "").strip()
        if not text:
            if each.default is attrs.NOTHING:
                problems.append(f"{prefix}{name.upper()} is missing.")
            continue
        values[name] = text
        try:
            if each.converter is not None:
                each.converter(text)
        except ValueError as error:
            problems.append(f"{prefix}{name.upper()} is not understood. Allowed: {error}.")
    if problems:
        raise WrongSettings(problems)
    return kind(**values)
