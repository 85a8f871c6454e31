"""The subscription by which Beeline tells us of calls: made, renewed before its end, made anew when it is gone.

Beeline's subscriptions end silently, so the keeper asks after its own every few minutes, and makes another where calls
are taken and nothing is heard of them. It is not known to renew one in place: a renewal is a new one beside the old,
which is given up a little later, when nothing waits in it any more. While both live each event comes twice, as two
reports that say the same; facts are a set, so nothing follows from that.

The one that lives is remembered, so that the next process takes it over instead of making another. Processes that share
an address share it, too: what reports come by is taken over if it is the remembered one, and else, an old one of ours
that nobody remembers, ended.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import datetime, timedelta
from hashlib import sha256

from attrs import frozen

from telephony_adapters.gateways.beeline.requests import BeelineClient, BeelineError, RequestRefused
from telephony_adapters.gateways.beeline.xsi import BeelineReport
from telephony_adapters.gateways.provider import Memory
from telephony_core.errors import Unavailable

log = logging.getLogger(__name__)

_NO_SUCH = frozenset({200, 404, 410})


@frozen
class SubscriptionTimes:
    """`lasts` is asked for (3600 to 90000 s were seen); `renew_before` its end; `check` the pause between questions
    after it; `overlap` the old one's life after a renewal; `silence`: how long nothing may be heard of calls; `retry`
    and `longest_retry` the pauses after failures."""

    lasts: timedelta = timedelta(seconds=3600)
    renew_before: timedelta = timedelta(seconds=600)
    check: timedelta = timedelta(seconds=120)
    overlap: timedelta = timedelta(seconds=60)
    silence: timedelta = timedelta(seconds=60)
    retry: timedelta = timedelta(seconds=2)
    longest_retry: timedelta = timedelta(seconds=60)


_UNHEARD = 3
"""Calls that were taken and of which nothing was heard: one phone that is off is no silence."""

_STRANGERS = 20
"""Subscriptions of nobody's that are looked into at once; one that goes on reporting is seen again."""


@frozen
class _Live:
    id: str
    ends_at: datetime


class Subscriptions:
    """Keeps one company-wide subscription alive. Lives as long as the service; driven by whoever calls `keep`.

    A process that ends leaves its subscription behind: what happens meanwhile is pushed to the process that follows.
    `end` gives it up at once, where there will be none. Without `memory` nobody follows, and no other is ended.
    """

    def __init__(
        self, client: BeelineClient, url: str, times: SubscriptionTimes | None = None, memory: Memory | None = None
    ) -> None:
        self._client = client
        self._url = url
        self._times = times or SubscriptionTimes()
        self._memory = memory
        self._key = f"beeline:subscription:{sha256(url.encode()).hexdigest()[:16]}"
        self._recalled = memory is None
        self._strangers: dict[str, datetime] = {}
        self._over: str | None = None
        self._unheard = 0
        self._unheard_since: datetime | None = None
        self._live: _Live | None = None
        self._old: list[_Live] = []
        self._failures = 0
        self._due: datetime | None = None

    @property
    def subscription_id(self) -> str | None:
        """The one that lives, as far as we know."""
        return self._live.id if self._live else None

    @property
    def silent(self) -> bool:
        """Whether calls are taken, and nothing is heard of them."""
        return self._unheard >= _UNHEARD

    def taken(self, at: datetime) -> None:
        """Beeline took a request to dial: something will be heard of it."""
        self._unheard += 1
        self._unheard_since = self._unheard_since or at

    def heard(self, report: BeelineReport, at: datetime) -> None:
        """A report arrived. If it says that our subscription ended, the next `keep` makes another."""
        self._unheard, self._unheard_since = 0, None
        mine = [each.id for each in (*self._old, *([self._live] if self._live else []))]
        if report.subscription_terminated:
            self._over = report.subscription_id
            self._strangers.pop(report.subscription_id, None)
            self._old = [each for each in self._old if each.id != report.subscription_id]
            if self._live is not None and self._live.id == report.subscription_id:
                self._live = None
                self._due = None
        elif self._memory is not None and report.subscription_id not in (*mine, *self._strangers):
            if len(self._strangers) == _STRANGERS:
                return
            self._strangers[report.subscription_id] = at
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
            if not self._recalled or self._strangers:
                await self._recall(now)
            await self._give_up_old(now)
            await self._check(now)
            if self._is_due(now):
                # Another process of this address may have made the next one just now.
                await self._take_over(await self._remembered(), now)
            if self._nothing_is_heard(now):
                log.warning("Beeline takes calls and nothing is heard of them: another subscription is made")
                self._unheard_since = now
                await self._make(now)
            elif self._is_due(now):
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

    def _is_due(self, now: datetime) -> bool:
        return self._live is None or now >= self._live.ends_at - self._margin(self._live)

    def _nothing_is_heard(self, now: datetime) -> bool:
        since = self._unheard_since
        return self.silent and since is not None and now - since >= self._times.silence

    async def _recall(self, now: datetime) -> None:
        """Take over the one that is remembered, and end those that nobody remembers and that go on reporting to us."""
        await self._take_over(await self._remembered(), now)
        self._recalled = True
        for name, seen_at in list(self._strangers.items()):
            if self._live is not None and self._live.id == name:
                del self._strangers[name]
            elif now - seen_at >= self._times.overlap:
                # Long enough for another process to have remembered it, if it is a new one.
                del self._strangers[name]
                with contextlib.suppress(RequestRefused):  # if it goes on reporting it is seen again
                    await self._client.unsubscribe(name)
                log.info("an old subscription that still reported to us was ended")

    async def _take_over(self, name: str | None, now: datetime) -> None:
        """Make a remembered one ours, if it lives; the one of which Beeline has said that it is over does not."""
        if name is None or name == self._over or (self._live is not None and self._live.id == name):
            return
        try:
            lasts = await self._client.subscription_lasts(name)
        except RequestRefused as error:
            if error.status not in _NO_SUCH:
                raise
            return
        if self._live is not None:
            self._old.append(_Live(self._live.id, min(self._live.ends_at, now + self._times.overlap)))
        self._live = _Live(name, now + lasts)
        log.info("the subscription to Beeline's reports was taken over")

    async def _remembered(self) -> str | None:
        try:
            return await self._memory.get(self._key) if self._memory is not None else None
        except Unavailable:
            return None

    async def _remember(self, name: str) -> None:
        try:
            if self._memory is not None:
                await self._memory.put(self._key, name)
        except Unavailable:
            log.warning("the subscription could not be remembered: after a restart there will be two for a while")

    async def _make(self, now: datetime) -> None:
        made = await self._client.subscribe(self._url, self._times.lasts)
        if self._live is not None and self._live.id != made.id:
            self._old.append(_Live(self._live.id, min(self._live.ends_at, now + self._times.overlap)))
        self._live = _Live(made.id, now + made.lasts)
        await self._remember(made.id)
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
        waits += [seen_at + self._times.overlap - now for seen_at in self._strangers.values()]
        if self._live is not None:
            waits.append(self._live.ends_at - self._margin(self._live) - now)
        return max(min(waits), timedelta(seconds=1))
