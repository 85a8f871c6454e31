"""What Beeline last said of its agents, kept for the dial path, which asks nobody (D2)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from telephony_adapters.gateways.beeline.gateway import PROVIDER
from telephony_adapters.gateways.beeline.requests import BeelineClient, BeelineError, RequestRefused
from telephony_core.device import Device, DeviceStatus, IpPhone
from telephony_core.ports import Clock

log = logging.getLogger(__name__)

_MEANING = {"ONLINE": (True, False), "OFFLINE": (False, False), "BREAK": (True, True)}
"""Beeline's word -> (online, agent away)."""

_FAILURES_OF_A_ROUND = 3
"""After so many failures the round ends: Beeline is away, and each more request would wait for its time-out."""

_OF_THE_ACCOUNT = frozenset({401, 403, 429})
"""Refusals that every further request would get as well."""


class BeelineStatuses:
    """`DeviceStatuses` of Beeline's IP phones. Lives as long as the service; a restart begins with nothing known.

    What can't be asked keeps its last status with its age, and the core stops believing it when it is too old. Only IP
    phones are asked about: of a mobile the status decides nothing.
    """

    def __init__(self, client: BeelineClient, clock: Clock, *, at_once: int = 8) -> None:
        self._client = client
        self._clock = clock
        self._at_once = at_once
        self._known: dict[str, DeviceStatus] = {}

    def status(self, device: Device) -> DeviceStatus | None:
        return self._known.get(device.line) if device.provider == PROVIDER and isinstance(device, IpPhone) else None

    async def refresh(self, devices: Iterable[Device]) -> None:
        """Ask after each of these once, at most `at_once` at the same time. Raises nothing for what Beeline does."""
        wanted = (each for each in devices if each.provider == PROVIDER and isinstance(each, IpPhone) and each.active)
        lines = iter(dict.fromkeys(each.line for each in wanted))
        failures: list[BeelineError] = []
        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(self._ask(lines, failures))
        if failures:
            log.warning("%d statuses of agents could not be learnt: %s", len(failures), failures[-1])

    async def _ask(self, lines: Iterable[str], failures: list[BeelineError]) -> None:
        # All askers share one iterator: each takes the next line as soon as it has an answer.
        for line in lines:
            if len(failures) >= _FAILURES_OF_A_ROUND:
                return
            at = self._clock.now()
            try:
                meaning = _MEANING.get((await self._client.agent_status(line)).upper())
            except RequestRefused as error:
                # No agent, or not known: no sign that the others can't be asked.
                if not 400 <= error.status < 500 or error.status in _OF_THE_ACCOUNT:
                    failures.append(error)
            except BeelineError as error:
                failures.append(error)
            except ValueError:
                log.warning("a line of the directory is no name of a subscriber")
            else:
                if meaning is not None:
                    self._known[line] = DeviceStatus(*meaning, at=at)
