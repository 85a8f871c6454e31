"""Beeline's side of the registry: its settings, the client and the gateway, its subscription and its phones."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime

import httpx2
from attrs import field, frozen, mutable

from telephony_adapters.gateways.beeline.gateway import BeelineGateway
from telephony_adapters.gateways.beeline.reports import to_provider_report
from telephony_adapters.gateways.beeline.requests import BeelineClient
from telephony_adapters.gateways.beeline.statuses import BeelineStatuses
from telephony_adapters.gateways.beeline.subscriptions import Subscriptions
from telephony_adapters.gateways.beeline.xsi import parse_report
from telephony_adapters.gateways.provider import OpenedGateway, Surroundings, read_settings
from telephony_core.device import Device
from telephony_core.ports import ProviderReport

log = logging.getLogger(__name__)


@frozen
class BeelineSettings:
    """TELEPHONY_BEELINE_URL and TELEPHONY_BEELINE_TOKEN, checked by the service's own settings."""

    url: str
    token: str = field(repr=False)


@asynccontextmanager
async def open_gateway(around: Surroundings) -> AsyncIterator[OpenedGateway]:
    """Beeline for the time of a block."""
    settings = read_settings(BeelineSettings, around.settings, "TELEPHONY_BEELINE_")
    async with (
        httpx2.AsyncClient(trust_env=False) as http,
        BeelineClient(settings.url, settings.token, http, time_out=around.time_out) as client,
    ):
        statuses = BeelineStatuses(client, around.clock)
        subscription: WatchedSubscription | None = None
        if around.report_url is not None:
            subscription = WatchedSubscription(Subscriptions(client, around.report_url))
        else:
            log.warning(
                "TELEPHONY_PUBLIC_URL is not set: the provider doesn't know where to report what happens to calls"
            )
        yield OpenedGateway(
            gateway=BeelineGateway(client),
            statuses=statuses,
            door=BeelineDoor(subscription.kept if subscription else None),
            condition=_condition(subscription, works=around.works),
            keepers=(subscription,) if subscription else (),
            refreshers=(PhonesAsked(statuses, around.phones),),
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


def _condition(subscription: WatchedSubscription | None, *, works: bool) -> Callable[[], str | None]:
    """One word on how it is with the provider's reports, for /readyz."""

    def condition() -> str | None:
        if subscription is None:
            return "not_subscribed"
        if not works:
            return "kept_by_worker"
        if subscription.kept.subscription_id is not None:
            return "subscribed"
        return "not_subscribed" if subscription.rounds else None

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
    """Asks Beeline after the agents of all its IP phones in the directory (D2)."""

    statuses: BeelineStatuses
    phones: Callable[[], Awaitable[Iterable[Device]]]

    async def refresh(self) -> None:
        await self.statuses.refresh(await self.phones())
