"""Subscriptions: who is told what, until when; each numbers its events and pushes them in order.

A subscription is for one subscriber (`pattern`) or for the whole company. It ends at its `expires` (seconds, by the
real clock whatever the speed) and says so once, with a SubscriptionTerminatedEvent; a new PUT makes a new one beside
it, for the provider is not known to renew in place (BA14).
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable
from typing import Any

import httpx2
from attrs import define, field

from telephony_adapters.beeline_simulator.activity import Activity
from telephony_adapters.beeline_simulator.config import SimulatorConfig
from telephony_adapters.beeline_simulator.portal_errors import PortalError, bad_request, not_found
from telephony_adapters.beeline_simulator.pushing import Push, Pusher
from telephony_adapters.beeline_simulator.xsi import Address, EventType, Report, write_event

TYPES = frozenset({"BASIC_CALL", "ADVANCED_CALL"})
LONGEST_SECONDS = 90_000


@define(eq=False)
class Subscription:
    """`target_type` GROUP: the whole company; ABONENT: one user; NUMBER: one inbound number. `target_id` names it.

    `sequence_number` is that of the last event, sent or lost.
    """

    id: str
    target_type: str
    target_id: str
    subscription_type: str
    expires: int
    ends_at: float
    url: str
    pusher: Pusher
    timer: asyncio.TimerHandle | None = None
    sequence_number: int = field(default=0)

    def hears(self, user_id: str) -> bool:
        """An inbound number's calls are not played here: who subscribes to one hears nothing."""
        return self.target_type == "GROUP" or (self.target_type == "ABONENT" and self.target_id == user_id)

    def body(self, now: float) -> dict[str, Any]:
        return {
            "subscriptionId": self.id,
            "targetType": self.target_type,
            "targetId": self.target_id,
            "subscriptionType": self.subscription_type,
            "expires": max(0, round(self.ends_at - now)),
            "url": self.url,
        }

    def address(self, report: Report) -> Push:
        """The report in this subscription's envelope, with the next sequence number: from here on a gap shows."""
        self.sequence_number += 1
        address = Address(str(uuid.uuid4()), self.sequence_number, self.id, self.url)
        return Push(self.pusher, self.url, write_event(report, address))


class SubscriptionBook:
    """All live subscriptions. Lives as long as the simulator; `close` stops its timers and pushers."""

    def __init__(self, activity: Activity, config: SimulatorConfig) -> None:
        self._activity = activity
        self._config = config
        self._live: dict[str, Subscription] = {}
        self._ending: set[Pusher] = set()

    def bodies(self) -> list[dict[str, Any]]:
        now = asyncio.get_running_loop().time()
        return [each.body(now) | {"sequenceNumber": each.sequence_number} for each in self._live.values()]

    def subscribe(
        self, target: tuple[str, str] | None, expires: object, subscription_type: object, url: object
    ) -> Subscription:
        """A new subscription to a target (its type and id), None: to the whole company."""
        if not isinstance(expires, int) or isinstance(expires, bool) or not 0 < expires <= LONGEST_SECONDS:
            raise bad_request(f"expires is seconds, 1 to {LONGEST_SECONDS}")
        if not isinstance(subscription_type, str) or subscription_type not in TYPES:
            raise bad_request(f"subscriptionType is one of {', '.join(sorted(TYPES))}")
        if not isinstance(url, str) or not _can_be_pushed_to(url):
            raise bad_request("url is an http or https address")
        loop = asyncio.get_running_loop()
        target_type, target_id = target or ("GROUP", self._config.company.id)
        present = self._present(target_id, url)
        if present is not None:
            self._forget(present)
        subscription = Subscription(
            id=present.id if present else str(uuid.uuid4()),
            target_type=target_type,
            target_id=target_id,
            subscription_type=subscription_type,
            expires=expires,
            ends_at=loop.time() + expires,
            url=url,
            pusher=present.pusher if present else Pusher(self._activity),
            sequence_number=present.sequence_number if present else 0,
        )
        subscription.timer = loop.call_later(expires, self.terminate, subscription.id)
        self._live[subscription.id] = subscription
        return subscription

    def get(self, subscription_id: str) -> dict[str, Any]:
        return self._found(subscription_id).body(asyncio.get_running_loop().time())

    def remove(self, subscription_id: str) -> None:
        """Ended by the subscriber's wish: nothing more is pushed, not even what waits."""
        subscription = self._found(subscription_id)
        self._forget(subscription)
        subscription.pusher.close()

    def terminate(self, subscription_id: str) -> None:
        """Ended by the provider: what waits is pushed, and after it a SubscriptionTerminatedEvent."""
        subscription = self._found(subscription_id)
        self._forget(subscription)
        report = Report(EventType.SUBSCRIPTION_TERMINATED, user_id=subscription.target_id)
        send([subscription.address(report)])
        self._ending.add(subscription.pusher)

    def ids(self) -> list[str]:
        return list(self._live)

    def address(self, report: Report) -> list[Push]:
        """The report for everybody who hears of its subscriber. Its numbers are given; it is not sent yet."""
        return [each.address(report) for each in self._live.values() if each.hears(report.user_id)]

    def close(self) -> None:
        for subscription in list(self._live.values()):
            self._forget(subscription)
            subscription.pusher.close()
        for pusher in self._ending:
            pusher.close()

    def _present(self, target_id: str, url: str) -> Subscription | None:
        """The one that is renewed in place (BA14 off)."""
        if self._config.assumes("BA14"):
            return None
        return next((each for each in self._live.values() if (each.target_id, each.url) == (target_id, url)), None)

    def _found(self, subscription_id: str) -> Subscription:
        try:
            return self._live[subscription_id]
        except KeyError:
            raise _unknown() from None

    def _forget(self, subscription: Subscription) -> None:
        if subscription.timer is not None:
            subscription.timer.cancel()
        del self._live[subscription.id]


def send(pushes: Iterable[Push]) -> None:
    """Hands each push to its subscription's queue; they leave in the order of this call."""
    for push in pushes:
        push.pusher.put(push)


def _can_be_pushed_to(url: str) -> bool:
    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL:
        return False
    return address.scheme in {"http", "https"} and bool(address.host) and 0 < (address.port or 80) < 1 << 16


def _unknown() -> PortalError:
    return not_found("Subscription")
