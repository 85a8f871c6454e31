"""A two-step provider as a process of its own: the shipped fake behind HTTP, with a ledger that outlives the service.

Run by the nursery with `FAULTS_PORT`, `FAULTS_SPEED` and `FAULTS_LEDGER`, the file to which every request to dial is
appended before it is answered. Reports go to the subscriber named by `PUT /subscriber`, each again until it is taken.
Times are told by the wall clock: a talk of a minute at speed 100 lasts 0.6 s.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import uvicorn
from attrs import evolve
from litestar import Litestar, Response, get, post, put
from tests.faults.two_step_gateway import PROVIDER, number, report_body

from telephony_core.call import Attempt, Dial, HangUp
from telephony_core.call_facts import Fact, LegName
from telephony_core.phone import PhoneNumber
from telephony_core.ports import Accepted, Found, ProviderReport
from telephony_core.serialization import facts_to_stored
from telephony_core.testing.fake_gateways import Behaviour, Fate, TwoStepGateway

TELLS_AGAIN_AFTER = 0.1
"""Seconds after which a report that was not taken is told again."""

SLOW = 0.3
"""Seconds that a look-up takes at a provider that loses requests: long enough for every worker to come by."""


class QuickClock:
    """The people's clock: runs `speed` times as fast as the wall's since its making."""

    def __init__(self, speed: float) -> None:
        self._began = datetime.now(UTC)
        self._speed = speed

    def now(self) -> datetime:
        return self._began + (datetime.now(UTC) - self._began) * self._speed

    def on_the_wall(self, at: datetime) -> datetime:
        return self._began + (at - self._began) / self._speed


class Exchange:
    """The fake, its clock, its ledger on disk, and what it has yet to tell."""

    def __init__(self, speed: float, ledger: Path) -> None:
        self.clock = QuickClock(speed)
        self.pbx = TwoStepGateway(self.clock, name=PROVIDER)
        self.subscriber: str | None = None
        self.behaviours: dict[PhoneNumber, Behaviour] = {}
        self.refuses = self.loses = False
        self.looked_up: Counter[str] = Counter()
        self._ledger = ledger
        self._telling: dict[asyncio.Task[None], ProviderReport] = {}
        self._http = httpx2.AsyncClient(timeout=10, trust_env=False)

    @property
    def telling(self) -> int:
        return len(self._telling)

    async def dial(self, command: Dial) -> str | None:
        """The call's reference; None if it was refused."""
        if self.refuses:
            self.pbx.fate(Fate.REFUSED)
        rings = len(self.pbx.ledger)
        answer = await self.pbx.start(command)
        reference = answer.reference if isinstance(answer, Accepted) else None
        entry = {
            "attempt_id": command.attempt_id,
            "leg": command.leg.value,
            "user_id": command.line,
            "phone_number": command.phone_number.e164,
            "shown_number": command.shown.e164 if command.shown else None,
            "tracking_id": reference if any(ring.leg is command.leg for ring in self.pbx.ledger[rings:]) else None,
            "outcome": _outcome(command.leg, self.behaviours.get(command.phone_number)) if reference else "turned_away",
        }
        with self._ledger.open("a") as file:
            file.write(f"{json.dumps(entry)}\n")
        self._tell(self.pbx.reports())
        return reference

    async def hang_up(self, attempt_id: str, leg: LegName) -> bool:
        now = self.clock.now()
        done = await self.pbx.hang_up(HangUp(attempt_id, leg, PROVIDER, "", None))
        released = self.pbx.reports()
        ended = {report.reference for report in released}
        for task, report in self._telling.items():
            if report.reference in ended and report.at > now:
                task.cancel()  # what was to come of this call never will
        self._tell(released)
        return done

    def _tell(self, reports: tuple[ProviderReport, ...]) -> None:
        for report in reports:
            task = asyncio.create_task(self._told(report))
            self._telling[task] = report
            task.add_done_callback(self._telling.pop)

    async def _told(self, report: ProviderReport) -> None:
        at = self.clock.on_the_wall(report.at)
        await asyncio.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))
        facts = frozenset(self.as_seen(report.facts))
        body = report_body(evolve(report, at=at, facts=facts))
        while True:
            if self.subscriber is not None:
                try:
                    if (await self._http.post(self.subscriber, json=body)).is_success:
                        return
                except httpx2.TransportError:
                    pass
            await asyncio.sleep(TELLS_AGAIN_AFTER)

    def as_seen(self, facts: frozenset[Fact]) -> list[Fact]:
        return [evolve(fact, at=self.clock.on_the_wall(fact.at)) for fact in facts]


_CLIENT_OUTCOMES = {
    Behaviour.BUSY: "busy",
    Behaviour.NO_ANSWER: "no_answer",
    Behaviour.UNREACHABLE: "unreachable",
    Behaviour.EMPLOYEE_HANGS_UP: "employee_hung_up",
}


def _outcome(leg: LegName, behaviour: Behaviour | None) -> str:
    """What becomes of a leg that was dialled, in the words of the Beeline simulator's ledger."""
    if leg is LegName.CLIENT:
        return _CLIENT_OUTCOMES.get(behaviour, "talked") if behaviour else "talked"
    return "employee_no_answer" if behaviour is Behaviour.EMPLOYEE_NO_ANSWER else "client_not_dialled"


def app_of(exchange: Exchange) -> Litestar:
    @post("/dial/{leg:str}/{_digits:str}")
    async def dial(leg: str, _digits: str, data: dict[str, Any]) -> Response[dict[str, Any]]:
        if exchange.loses:
            return Response({}, status_code=503)
        command = Dial(
            data["attempt_id"],
            LegName(leg),
            PROVIDER,
            data["line"],
            PhoneNumber(data["phone_number"]),
            number(data["shown"]),
            data["reference"],
        )
        reference = await exchange.dial(command)
        return Response({"reference": reference}, status_code=200 if reference else 403)

    @post("/hang-up/{attempt_id:str}/{leg:str}")
    async def hang_up(attempt_id: str, leg: str) -> dict[str, bool]:
        return {"done": await exchange.hang_up(attempt_id, LegName(leg))}

    @get("/calls/{attempt_id:str}")
    async def look_up(attempt_id: str) -> Response[dict[str, Any]]:
        exchange.looked_up[attempt_id] += 1
        if exchange.loses:
            await asyncio.sleep(SLOW)
        # Of the attempt the fake looks at its id alone.
        found = await exchange.pbx.look_up(cast(Attempt, SimpleNamespace(id=attempt_id)))
        if not isinstance(found, Found):
            return Response({}, status_code=404)
        shown = found.shown.e164 if found.shown else None
        facts = facts_to_stored(exchange.as_seen(found.facts))
        return Response({"facts": facts, "reference": found.reference, "shown": shown})

    @put("/subscriber")
    async def subscribe(data: dict[str, str]) -> None:
        exchange.subscriber = data["url"]

    @put("/behaviours/{digits:str}")
    async def behave(digits: str, data: dict[str, str]) -> None:
        number_called, behaviour = PhoneNumber(f"+{digits}"), Behaviour(data["kind"])
        exchange.behaviours[number_called] = behaviour
        exchange.pbx.behave(number_called, behaviour)

    @put("/refusing")
    async def refuse() -> None:
        exchange.refuses = True

    @put("/losing")
    async def lose() -> None:
        exchange.loses = True

    @get("/looked-up")
    async def looked_up() -> dict[str, int]:
        return dict(exchange.looked_up)

    @get("/state")
    async def state() -> dict[str, Any]:
        return {"telling": exchange.telling}

    return Litestar(
        [dial, hang_up, look_up, subscribe, behave, refuse, lose, looked_up, state],
        openapi_config=None,
        logging_config=None,
    )


def main() -> None:
    exchange = Exchange(float(os.environ["FAULTS_SPEED"]), Path(os.environ["FAULTS_LEDGER"]))
    uvicorn.run(app_of(exchange), host="127.0.0.1", port=int(os.environ["FAULTS_PORT"]), log_level="warning")
