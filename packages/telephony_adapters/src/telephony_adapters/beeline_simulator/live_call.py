"""A call while it lives: its ids, its plan, its ledger entry, and what may cut it short."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

from attrs import define, field

from telephony_adapters.beeline_simulator.behaviours import CallPlan, Party
from telephony_adapters.beeline_simulator.faults import Fault, ReportFault
from telephony_adapters.beeline_simulator.history import StatisticsRow
from telephony_adapters.beeline_simulator.ledger import LedgerEntry
from telephony_adapters.beeline_simulator.population import Subscriber
from telephony_adapters.beeline_simulator.pushing import Push


class CallIds:
    """Ids in the provider's manner. They count from the simulator's start, in milliseconds since 1970, and not from the
    seed: a simulator that is started again must not repeat ids that a service has already stored.
    """

    def __init__(self) -> None:
        self._numbers = count(time.time_ns() // 1_000_000)
        self._random = Random()

    def tracking_id(self) -> str:
        return f"{next(self._numbers)}:1"

    def call_id(self) -> str:
        return f"callhalf-{next(self._numbers)}:0"

    def network_call_id(self, at: datetime) -> str:
        utc = at.astimezone(UTC)
        stamp = f"{utc:%H%M%S}{utc.microsecond // 1000:03}{utc:%d%m%y}"
        return f"BW{stamp}{self._random.randrange(10**9)}@10.128.0.101"


@define(eq=False)
class LiveCall:
    """One dialled call. `first_report` is set when its first report is over with (delivered, lost or given up).

    `early_row` stands in the statistics while the call lives (BA9 off).
    """

    tracking_id: str
    ext_tracking_id: str
    call_id: str
    network_call_id: str
    subscriber: Subscriber
    number: str
    plan: CallPlan
    entry: LedgerEntry
    recorded: bool
    faults: tuple[Fault, ...] = ()
    faults_random: Random = field(factory=Random, repr=False)
    first_report: asyncio.Event = field(factory=asyncio.Event, repr=False)
    held: list[Push] = field(factory=list, repr=False)
    early_row: StatisticsRow | None = None
    ended_by: Party | None = None
    transferred: bool = False
    _ended: asyncio.Event = field(factory=asyncio.Event, repr=False)

    def names(self) -> frozenset[str]:
        """Every id that a request may call it by."""
        return frozenset({self.tracking_id, self.ext_tracking_id, self.call_id})

    def end(self, by: Party) -> None:
        """Cuts the call short, at whatever stage it is."""
        self.ended_by = by
        self._ended.set()

    async def lasts(self, seconds: float) -> bool:
        """Waits for this long; False at once when the call is cut short."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return True
        return False

    def fault(self, kind: ReportFault) -> Fault | None:
        return next((fault for fault in self.faults if fault.reports is kind), None)

    def is_hit(self, kind: ReportFault) -> bool:
        """Whether a report of now is hit by faults of this kind (drawn, where only a share is)."""
        fault = self.fault(kind)
        return fault is not None and (fault.reports_share >= 1 or self.faults_random.random() < fault.reports_share)

    def body(self) -> dict[str, Any]:
        return {"tracking_id": self.tracking_id, "call_id": self.call_id, "user_id": self.subscriber.user_id}
