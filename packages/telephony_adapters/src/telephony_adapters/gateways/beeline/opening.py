"""Beeline's side of the registry: its settings, the client and the gateway, its subscription and its phones."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import httpx2
from attrs import field, frozen, mutable

from telephony_adapters.gateways.beeline.call_statistics import DurationUnit, LookUpWindow
from telephony_adapters.gateways.beeline.callback_routing import CallbackRouting, RoutingTimes
from telephony_adapters.gateways.beeline.gateway import BeelineGateway
from telephony_adapters.gateways.beeline.phone_numbers import NumberFormat
from telephony_adapters.gateways.beeline.reports import to_provider_report
from telephony_adapters.gateways.beeline.requests import BeelineClient
from telephony_adapters.gateways.beeline.sequences import GapsFilled, Sequences
from telephony_adapters.gateways.beeline.statuses import BeelineStatuses
from telephony_adapters.gateways.beeline.subscriptions import Subscriptions
from telephony_adapters.gateways.beeline.xsi import parse_report
from telephony_adapters.gateways.provider import OpenedGateway, Surroundings, read_settings
from telephony_core.call import Dial
from telephony_core.device import Device
from telephony_core.ports import ProviderReport

log = logging.getLogger(__name__)


class Refusals(StrEnum):
    ALL = "all"
    LISTED = "listed"


class OnOff(StrEnum):
    ON = "on"
    OFF = "off"


Choice = TypeVar("Choice", bound=StrEnum)


def _one_of(kind: type[Choice], text: str) -> Choice:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(" or ".join(f'"{each}"' for each in kind)) from None


def number_format(text: str) -> NumberFormat:
    return _one_of(NumberFormat, text)


def duration_unit(text: str) -> DurationUnit:
    return _one_of(DurationUnit, text)


def refusals(text: str) -> Refusals:
    return _one_of(Refusals, text)


def on_off(text: str) -> OnOff:
    return _one_of(OnOff, text)


@frozen
class BeelineSettings:
    """TELEPHONY_BEELINE_…: `url` and `token`, checked by the service's own settings; and what is assumed of Beeline
    (docs/beeline-assumptions.md), to be set where `telephony beeline check` finds it otherwise.

    `number_format`: BA4. `duration_unit`: BA7. `refusals`: whether any 4xx means 'not dialled', or only listed codes
    (BA10). `records`: whether talks are recorded, so that their records are asked for. `callback_routing`: whether
    Beeline is told to put call-backs through to whoever called last (BA17).
    """

    url: str
    token: str = field(repr=False)
    number_format: NumberFormat = field(default=NumberFormat.SEVEN, converter=number_format)
    duration_unit: DurationUnit = field(default=DurationUnit.MILLISECONDS, converter=duration_unit)
    refusals: Refusals = field(default=Refusals.ALL, converter=refusals)
    records: OnOff = field(default=OnOff.ON, converter=on_off)
    callback_routing: OnOff = field(default=OnOff.OFF, converter=on_off)


@asynccontextmanager
async def open_gateway(around: Surroundings) -> AsyncIterator[OpenedGateway]:
    """Beeline for the time of a block."""
    settings = read_settings(BeelineSettings, around.settings, "TELEPHONY_BEELINE_")
    # Reading the system's certificates is most of a start: once for both ways to the provider.
    trusted = httpx2.create_ssl_context(trust_env=False)
    async with (
        httpx2.AsyncClient(trust_env=False, verify=trusted) as http,
        BeelineClient(settings.url, settings.token, http, time_out=around.time_out, verify=trusted) as client,
    ):
        statuses, sequences = BeelineStatuses(client, around.clock), Sequences()
        routing = _routing(client, settings, around)
        subscription: WatchedSubscription | None = None
        if around.report_url is not None:
            subscription = WatchedSubscription(Subscriptions(client, around.report_url, memory=around.memory))
        else:
            log.warning(
                "TELEPHONY_PUBLIC_URL is not set: the provider doesn't know where to report what happens to calls"
            )
        yield OpenedGateway(
            gateway=_gateway(client, settings, around, subscription, routing),
            statuses=statuses,
            door=BeelineDoor(subscription.kept if subscription else None, sequences),
            beside_door=GapsFilled(sequences, around.clock),
            condition=_condition(subscription),
            keepers=tuple(each for each in (subscription, routing) if each is not None),
            refreshers=(PhonesAsked(statuses, around.phones),),
        )


def _gateway(
    client: BeelineClient,
    settings: BeelineSettings,
    around: Surroundings,
    subscription: WatchedSubscription | None,
    routing: CallbackRouting | None,
) -> BeelineGateway:
    def taken(_command: Dial) -> None:
        if subscription is not None:
            subscription.kept.taken(around.clock.now())

    return BeelineGateway(
        client,
        number_format=settings.number_format,
        duration_unit=settings.duration_unit,
        window=LookUpWindow.within(around.longest_ringing),
        listed_only=settings.refusals is Refusals.LISTED,
        records=settings.records is OnOff.ON,
        after_accepted=(taken, routing.placed) if routing is not None else (taken,),
        calls_to=around.calls_to,
    )


def _routing(client: BeelineClient, settings: BeelineSettings, around: Surroundings) -> CallbackRouting | None:
    if settings.callback_routing is OnOff.OFF or around.calls_to is None:
        return None
    return CallbackRouting(client, around.calls_to, RoutingTimes(window=around.callback_window))


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


def _condition(subscription: WatchedSubscription | None) -> Callable[[], str | None]:
    """One word on how it is with the provider's reports, for /readyz."""

    def condition() -> str | None:
        if subscription is None:
            return "not_subscribed"
        if subscription.kept.subscription_id is not None:
            return "silent" if subscription.kept.silent else "subscribed"
        return "not_subscribed" if subscription.rounds else None

    return condition


@frozen
class BeelineDoor:
    """Reads Beeline's XSI events, and tells of each the keeper of the subscription and the count of what is missing."""

    subscription: Subscriptions | None
    sequences: Sequences

    async def take(self, body: bytes, received_at: datetime) -> ProviderReport | None:
        event = parse_report(body)
        if self.subscription is not None:
            self.subscription.heard(event, received_at)
        self.sequences.note(event, received_at)
        return to_provider_report(event, received_at)


@frozen
class PhonesAsked:
    """Asks Beeline after the agents of all its IP phones in the directory (D2)."""

    statuses: BeelineStatuses
    phones: Callable[[], Awaitable[Iterable[Device]]]

    async def refresh(self) -> None:
        await self.statuses.refresh(await self.phones())
