"""The subscription by which Beeline tells us of calls: made, renewed before its end, made anew when it is gone.

Beeline's subscriptions end silently, so the keeper asks after its own every few minutes. It is not known to renew one
in place: a renewal is a new one beside the old, which is given up a little later, when nothing waits in it any more.
While both live each event comes twice, as two reports that say the same; facts are a set, so nothing follows from that.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from attrs import frozen

from telephony_adapters.gateways.beeline.requests import BeelineClient, BeelineError, RequestRefused
from telephony_adapters.gateways.beeline.xsi import BeelineReport

log = logging.getLogger(__name__)

_NO_SUCH = frozenset({200, 404, 410})


@frozen
class SubscriptionTimes:
    """`lasts` is asked for (3600 to 90000 s were seen); `renew_before` its end; `check` the pause between questions
    after it; `overlap` the old one's life after a renewal; `retry` and `longest_retry` the pauses after failures."""

    lasts: timedelta = timedelta(seconds=3600)
    renew_before: timedelta = timedelta(seconds=600)
    check: timedelta = timedelta(seconds=120)
    overlap: timedelta = timedelta(seconds=60)
    retry: timedelta = timedelta(seconds=2)
    longest_retry: timedelta = timedelta(seconds=60)


@frozen
class _Live:
    id: str
    ends_at: datetime


class Subscriptions:
    """Keeps one company-wide subscription alive. Lives as long as the service; driven by whoever calls `keep`.

    A process that ends leaves its subscription behind, which runs out by itself: what happens meanwhile is then pushed
    to the process that follows. `end` gives it up at once, where there will be none.
    """

    def __init__(self, client: BeelineClient, url: str, times: SubscriptionTimes | None = None) -> None:
        self._client = client
        self._url = url
        self._times = times or SubscriptionTimes()
        self._live: _Live | None = None
        self._old: list[_Live] = []
        self._failures = 0
        self._due: datetime | None = None
        self._last_heard: datetime | None = None

    @property
    def subscription_id(self) -> str | None:
        """The one that lives, as far as we know."""
        return self._live.id if self._live else None

    @property
    def last_heard(self) -> datetime | None:
        """When any report arrived that this keeper was told of."""
        return self._last_heard

    def heard(self, report: BeelineReport, at: datetime) -> None:
        """A report arrived. If it says that our subscription ended, the next `keep` makes another."""
        self._last_heard = at if self._last_heard is None else max(at, self._last_heard)
        if report.subscription_terminated:
            self._old = [each for each in self._old if each.id != report.subscription_id]
            if self._live is not None and self._live.id == report.subscription_id:
                self._live = None
                self._due = None

    async def keep(self, now: datetime) -> float:
        """Do what is due. Returns the seconds after which it wants to be called again; earlier costs nothing.

        Raises nothing for what Beeline or the network does: that is logged, and tried again after a growing pause.
        """
        longest = max(self._times.check, self._times.longest_retry)
        if self._due is not None and timedelta() < self._due - now <= longest:
            return (self._due - now).total_seconds()
        pause = await self._keep(now)
        self._due = now + pause
        return pause.total_seconds()

    async def _keep(self, now: datetime) -> timedelta:
        try:
            await self._give_up_old(now)
            await self._check(now)
            if self._live is None or now >= self._live.ends_at - self._margin(self._live):
                await self._make(now)
        except BeelineError as error:
            self._failures += 1
            log.warning("the subscription to Beeline's reports could not be kept: %s", error)
            doublings = min(self._failures - 1, 10)
            return min(self._times.retry * (1 << doublings), self._times.longest_retry)
        self._failures = 0
        return self._until_next(now)

    async def end(self) -> None:
        """Give up what lives; nothing is pushed from then on. Raises nothing."""
        for each in [*self._old, *([self._live] if self._live else [])]:
            try:
                await self._client.unsubscribe(each.id)
            except BeelineError as error:
                log.warning("a subscription could not be given up, it will run out: %s", error)
        self._live, self._old = None, []

    async def _check(self, now: datetime) -> None:
        """Whether the subscription still lives by Beeline's word; if not, it is forgotten."""
        if self._live is None:
            return
        try:
            lasts = await self._client.subscription_lasts(self._live.id)
        except RequestRefused as error:
            if error.status not in _NO_SUCH:
                raise
            log.warning("the subscription to Beeline's reports has ended without a word")
            self._live = None
        else:
            self._live = _Live(self._live.id, min(self._live.ends_at, now + lasts) if lasts else self._live.ends_at)

    async def _make(self, now: datetime) -> None:
        made = await self._client.subscribe(self._url, self._times.lasts)
        if self._live is not None and self._live.id != made.id:
            self._old.append(_Live(self._live.id, min(self._live.ends_at, now + self._times.overlap)))
        self._live = _Live(made.id, now + made.lasts)
        log.info("subscribed to Beeline's reports for %d s", made.lasts.total_seconds())

    async def _give_up_old(self, now: datetime) -> None:
        for each in [each for each in self._old if each.ends_at <= now]:
            self._old.remove(each)
            try:
                await self._client.unsubscribe(each.id)
            except BeelineError as error:
                log.info("a renewed subscription could not be given up, it will run out: %s", error)

    def _margin(self, live: _Live) -> timedelta:
        return min(self._times.renew_before, self._times.lasts / 2)

    def _until_next(self, now: datetime) -> timedelta:
        waits = [self._times.check, *(each.ends_at - now for each in self._old)]
        if self._live is not None:
            waits.append(self._live.ends_at - self._margin(self._live) - now)
        return max(min(waits), timedelta(seconds=1))
