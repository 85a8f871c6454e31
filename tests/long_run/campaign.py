"""A campaign: people press until so many calls are placed, with everybody behaving at random; then it settles."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import httpx2
from attrs import define, field, frozen
from tests.long_run.stage import LIMITS, SHOWN_WAIT, Stage, until
from tests.long_run.verdicts import Figures, figures_of

from telephony_adapters.beeline_simulator import COMPANY
from telephony_adapters.beeline_simulator.population import LineKind

BEHAVIOURS = {
    "answers": 0.35,
    "busy": 0.15,
    "no_answer": 0.15,
    "unreachable": 0.1,
    "drops": 0.1,
    "employee_hangs_up": 0.1,
    "employee_no_answer": 0.05,
}
ANSWER_FAULTS = dict.fromkeys(
    ("reset", "reset_after", "http_500", "http_429", "error_code", "hang", "late", "cut"), 0.01
)
REPORT_FAULTS = dict.fromkeys(("before_answer", "repeated", "reordered", "lost", "shifted_clock", "unknown_call"), 0.02)
WRONG_SUBSTITUTIONS = dict.fromkeys(("other_pool", "retired", "employee_number", "unknown", "none"), 0.04)
STATISTICS_DELAYS = (0.0, 0.0, 1.0, 4.0, 8.0)
PAUSE = (0.4, 1.2)
"""Seconds between two presses of one person: mostly longer than a call, sometimes not."""
AMBIGUOUS = "C-45"
"""The demo's client whose number serves regions of two pools."""

# Not E-18, whose phone is offline, nor E-19, who is on a break: they are refused before anything is dialled.
CALLERS = [f"E-{n}" for n in (*range(1, 15), 20)]
_REFUSES = {"C-43", "C-44"}


@frozen
class Pair:
    """A line and a number: called at most once, so that the ledger, which knows no keys, says what became of it."""

    device: str
    client: str
    number: str


@define
class Campaign:
    """`placed` counts the calls that were answered with a Call of their own.

    `ambiguous_too`: at first everybody calls the one number of two pools. `delays` (seconds): how late rows come.
    """

    on: Stage
    random: Random
    calls: int
    ambiguous_too: bool = True
    behaviours: Mapping[str, float] = field(factory=lambda: dict(BEHAVIOURS))
    delays: tuple[float, ...] = STATISTICS_DELAYS
    placed: int = 0
    pressed: int = 0
    strange: list[str] = field(factory=list)

    async def play(self) -> Figures:
        """All of it, and the figures once nothing is left to learn."""
        began = time.monotonic()
        exchange = self.on.simulator.exchange
        pairs = {employee: self._pairs(employee) for employee in CALLERS}
        if self.ambiguous_too:
            await self._ambiguous()
        exchange.behaviour_shares = dict(self.behaviours)
        exchange.faults.set_random({**ANSWER_FAULTS, **REPORT_FAULTS}, 2.0)
        exchange.substitution.set_wrong_shares(WRONG_SUBSTITUTIONS)
        async with asyncio.TaskGroup() as group:
            for employee, their in pairs.items():
                group.create_task(self._work(employee, their))
        exchange.faults.clear()
        await self._settled()
        figures = figures_of(await self.on.attempts(), await self.on.reservations(), self.on.simulator.ledger())
        figures.wrong.update({"strange_answers": len(self.strange)} if self.strange else {})
        figures.examples += self.strange
        figures.seconds = time.monotonic() - began
        return figures

    async def _ambiguous(self) -> None:
        """Everybody calls the number of two pools, and never is it the first pool's number that is shown."""
        self.on.simulator.exchange.substitution.set_wrong_shares({"other_pool": 1.0})
        (client,) = (each for each in self.on.company.clients if each.id == AMBIGUOUS)
        for employee in CALLERS:
            for device in _devices(employee, LineKind.IP_PHONE):
                await self._press(employee, Pair(device, client.id, client.phone_numbers[0]))
        await self.on.simulator.idle(within=300)

    async def _work(self, employee: str, pairs: Iterator[Pair]) -> None:
        for pair in pairs:
            if self.placed >= self.calls or len(self.strange) > 20:
                return
            self.on.simulator.exchange.statistics_delay = self.random.choice(self.delays)
            await self._press(employee, pair)
            await asyncio.sleep(self.random.uniform(*PAUSE))

    def _pairs(self, employee: str) -> Iterator[Pair]:
        """All of an employee's pairs, in an order of their own."""
        pairs = [
            Pair(device, client.id, number)
            for device in _devices(employee)
            for client in self.on.company.clients
            if client.id not in {*_REFUSES, AMBIGUOUS}
            for number in client.phone_numbers
        ]
        self.random.shuffle(pairs)
        return iter(pairs)

    async def _press(self, employee: str, pair: Pair) -> None:
        """Press until there is a Call, as a patient person does; what is unknown is acknowledged once it may be."""
        self.pressed += 1
        token = next(each.token for each in self.on.company.employees if each.id == employee)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"press-{self.pressed}"}
        body: dict[str, Any] = {
            "target": {"kind": "client", "id": pair.client},
            "phone_number": pair.number,
            "device_id": pair.device,
        }
        while True:
            try:
                answer = await self.on.http.post(f"{self.on.service_url}/api/v1/calls", json=body, headers=headers)
            except httpx2.TransportError:
                continue  # the same key again: it names the Call, if there is one
            told = answer.json()
            code = told.get("code")
            if answer.status_code in {200, 201} or code in {"provider_refused", "provider_unavailable"}:
                self.placed += 1
                return
            if code == "previous_outcome_unknown":
                body["acknowledge_unknown"] = [*body.get("acknowledge_unknown", []), told["attempt_id"]]
            elif code not in {"employee_busy", "number_being_called", "request_in_progress"}:
                self.strange.append(f"{answer.status_code} {code}: {told}")
                return
            await asyncio.sleep(self.random.uniform(*PAUSE))

    async def _settled(self) -> None:
        await self.on.simulator.idle(within=120)
        within = LIMITS.call + SHOWN_WAIT.total_seconds() + 60
        await until(self._nothing_left, within, "the end of all that is asked for")
        await self.on.simulator.idle(within=120)

    async def _nothing_left(self) -> bool:
        return all(not each.live and each.look_up_at is None for each in await self.on.attempts())


def _devices(employee: str, kind: LineKind | None = None) -> list[str]:
    n = int(employee.removeprefix("E-"))
    return [
        f"D-{n if line.kind is LineKind.IP_PHONE else 100 + n}"
        for line in COMPANY.lines_of(employee)
        if kind in {None, line.kind}
    ]
