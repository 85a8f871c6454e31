"""Which phones Asterisk has as registered, kept for the dial path, which asks nobody (D2)."""

from __future__ import annotations

import logging
from typing import Any

from attrs import define, field

from telephony_adapters.gateways.asterisk.ari import AriClient, AriError
from telephony_adapters.gateways.asterisk.gateway import PROVIDER
from telephony_core.device import Device, DeviceStatus, IpPhone
from telephony_core.ports import Clock

log = logging.getLogger(__name__)

_ONLINE = {"online": True, "offline": False}
"""Asterisk's word -> online; `unknown` says nothing."""


@define
class AsteriskStatuses:
    """`DeviceStatuses` of Asterisk's phones. One request tells of all; what it doesn't name keeps its last status, and
    the core stops believing that when it is too old. A restart begins with nothing known."""

    client: AriClient
    clock: Clock
    _known: dict[str, DeviceStatus] = field(factory=dict, init=False)

    def status(self, device: Device) -> DeviceStatus | None:
        return self._known.get(device.line) if device.provider == PROVIDER and isinstance(device, IpPhone) else None

    async def refresh(self) -> None:
        """Ask after all phones. Raises nothing for what Asterisk does."""
        at = self.clock.now()
        try:
            told: Any = await self.client.ask("GET", "endpoints/PJSIP")
        except AriError as error:
            log.warning("the states of phones could not be learnt: %s", error)
            return
        for each in told if isinstance(told, list) else ():
            match each:
                case {"resource": str(line), "state": str(state)} if state in _ONLINE:
                    self._known[line] = DeviceStatus(online=_ONLINE[state], agent_away=False, at=at)
