"""Which of Beeline's reports are missing: each subscription numbers its own, so a gap shows.

What was in a missing report is learnt from the statistics: the calls that live are asked after, at once and again as
statistics may come ten minutes late. Asking is all that follows from a gap, and no more often than `ASKED_EVERY`, so
that a gap which is none costs little: one that another process heard, for one, where several share an address.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from itertools import islice

from attrs import define, field

from telephony_adapters.gateways.beeline.gateway import PROVIDER
from telephony_adapters.gateways.beeline.xsi import BeelineReport
from telephony_adapters.gateways.provider import Following
from telephony_core.ports import Clock

log = logging.getLogger(__name__)

LATE = timedelta(seconds=5)
"""A report that others overtook comes within this time."""

ASKED_AFTER = tuple(timedelta(seconds=seconds) for seconds in (0, 10, 60, 300, 660))
"""When the calls that live are asked after, counted from the gap."""

ASKED_EVERY = timedelta(seconds=10)
"""Not more often, however many gaps there are: each call that lives is a request to Beeline."""

_MOST = 1000
"""Numbers missing at once that are remembered; more means that the count began anew."""

_SUBSCRIPTIONS = 20
"""Counted at once, the ones heard last: there are two where one is being renewed."""


@define
class Sequences:
    """Counts what arrives, by subscription. Lives as long as the service; a subscription counts from its first report.

    `missing` are the numbers that did not come yet, with the time at which that showed.
    """

    last: dict[str, int] = field(factory=dict)
    missing: dict[tuple[str, int], datetime] = field(factory=dict)

    def note(self, report: BeelineReport, at: datetime) -> None:
        """A report has come."""
        number, subscription = report.sequence_number, report.subscription_id
        if number is None:
            return
        last = self.last.pop(subscription, None)
        self.missing.pop((subscription, number), None)
        if last is not None and last < number <= last + _MOST:
            new = ((subscription, each) for each in range(last + 1, number))
            self.missing |= dict.fromkeys(islice(new, _MOST - len(self.missing)), at)
        if report.subscription_terminated:
            return
        self.last[subscription] = number if last is None or number > last + _MOST else max(last, number)
        if len(self.last) > _SUBSCRIPTIONS:
            del self.last[next(iter(self.last))]

    def take_lost(self, now: datetime) -> int:
        """How many have not come by now; they are not told of again."""
        lost = [key for key, at in self.missing.items() if now - at >= LATE]
        for key in lost:
            del self.missing[key]
        return len(lost)


@define
class GapsFilled:
    """Beside the door: has the calls that live asked after, at its start and after each gap."""

    sequences: Sequences
    clock: Clock
    looks_every: float = 1.0
    _asks: list[datetime] = field(factory=list, init=False)
    _not_before: datetime | None = field(default=None, init=False)

    async def listen(self, follow: Following, stop: asyncio.Event) -> None:
        self._asks = self._asks or [self.clock.now()]
        while not stop.is_set():
            await self.look(follow)
            try:
                async with asyncio.timeout(self.looks_every):
                    await stop.wait()
            except TimeoutError:
                pass

    async def look(self, follow: Following) -> None:
        """Ask what is due. May raise `StoreUnavailable`: what was due still is."""
        now = self.clock.now()
        lost = self.sequences.take_lost(now)
        if lost:
            log.warning("%d of Beeline's reports are missing: the calls that live are looked up", lost)
            first = now if self._not_before is None else max(now, self._not_before)
            self._asks = [first + pause for pause in ASKED_AFTER]
        if self._asks and self._asks[0] <= now:
            await follow.compare(PROVIDER, ())
            self._asks.pop(0)
            self._not_before = now + ASKED_EVERY
