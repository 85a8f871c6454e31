"""Call-backs routed by Beeline itself (ICR): whoever called a client last is whom the client reaches.

A rule pairs the client's number with an extension (BA17). One is put after each call that Beeline took. Once in a while
the rules there are are gone through: one that our calls explain goes when they are too old for a call-back to be
theirs, or to whoever called since; any other is the company's own and is left alone.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from attrs import define, field, frozen

from telephony_adapters.gateways.beeline.requests import BeelineClient, BeelineError
from telephony_adapters.gateways.provider import CallsTo
from telephony_core.call import Dial
from telephony_core.phone import PhoneNumber

log = logging.getLogger(__name__)


@frozen
class RoutingTimes:
    """`window`: how long after a call a call-back is its (B1). `round`: between two looks at all rules. `extensions`:
    how long the subscribers' extensions are believed. `soon`: the pause before new calls get their rules."""

    window: timedelta = timedelta(days=30)
    round: timedelta = timedelta(hours=1)
    extensions: timedelta = timedelta(hours=1)
    soon: timedelta = timedelta(seconds=5)


@define
class CallbackRouting:
    """A `Keeper`. Lives as long as the service; what it did not manage is done with the next round."""

    client: BeelineClient
    calls_to: CallsTo
    times: RoutingTimes = field(factory=RoutingTimes)
    _new: dict[PhoneNumber, str] = field(factory=dict, init=False)
    _extensions: dict[str, str] = field(factory=dict, init=False)
    _extensions_at: datetime | None = field(default=None, init=False)
    _round_at: datetime | None = field(default=None, init=False)

    def placed(self, command: Dial) -> None:
        """Beeline took this call."""
        self._new[command.phone_number] = command.line

    async def keep(self, now: datetime) -> float:
        """Put what is new, and go through all rules when it is time. Raises nothing for what Beeline does."""
        try:
            if self._new or self._round_at is None or now - self._round_at >= self.times.round:
                await self._learn_extensions(now)
            await self._put_new()
            if self._round_at is None or now - self._round_at >= self.times.round:
                await self._go_through(now)
                self._round_at = now
        except BeelineError as error:
            log.warning("call-backs' routing could not be kept: %s", error)
        return self.times.soon.total_seconds()

    async def _learn_extensions(self, now: datetime) -> None:
        if self._extensions_at is not None and now - self._extensions_at < self.times.extensions:
            return
        self._extensions = {
            str(each["userId"]): str(each["extension"])
            for each in await self.client.abonents()
            if each.get("userId") and each.get("extension")
        }
        self._extensions_at = now

    async def _put_new(self) -> None:
        new, self._new = self._new, {}
        rules = {number: self._extensions[line] for number, line in new.items() if line in self._extensions}
        try:
            await self._put(rules)
        except BeelineError:
            # A later call's line goes before.
            self._new = {**new, **self._new}
            raise

    async def _go_through(self, now: datetime) -> None:
        changed: dict[PhoneNumber, str] = {}
        stale: dict[PhoneNumber, str] = {}
        for number, extension in (await self.client.routes()).items():
            ours = await self.calls_to(number)
            if extension not in {self._extensions.get(each.line) for each in ours}:
                continue
            latest = ours[0]
            wanted = self._extensions.get(latest.line)
            if now - latest.at >= self.times.window:
                stale[number] = extension
            elif wanted is not None and wanted != extension:
                changed[number] = wanted
        await self._put(changed)
        if stale:
            await self.client.remove_routes(stale)

    async def _put(self, rules: dict[PhoneNumber, str]) -> None:
        if not rules:
            return
        faults = await self.client.put_routes(rules)
        if faults:
            log.warning("%d rules of call-backs' routing were not taken: %s (BA17)", len(faults), sorted(set(faults)))
