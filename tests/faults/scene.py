"""A scene: a provider, a database with the demo's company, services on it, and the people who press buttons.

Each press goes from a line to a number that no other key of the scene goes between, or only one after the other
(`again`), so that the provider's ledger, which knows no keys, says how often the phones of a key were asked to ring.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import httpx2
from attrs import define, field, frozen
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.faults.databases import Databases
from tests.faults.processes import LIMITS, Broken, Nursery, Service, until
from tests.faults.providers import Provider, Simulator, TwoStepProvider
from tests.faults.two_step_gateway import PROVIDER

from telephony_adapters.beeline_simulator.population import COMPANY, LineKind
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.tables import (
    attempts,
    carousel_pools,
    carousel_regions,
    carousel_revision,
    devices,
    reservations,
)
from telephony_core.carousel import ChosenBy

TIME_OUT = 1.0
SHORT = {"TELEPHONY_LONGEST_RINGING_SECONDS": "5", "TELEPHONY_UNKNOWN_HORIZON_SECONDS": "10"}
LONGEST_CALL = 20.0
"""Seconds for which an attempt goes of which nothing is ever heard; a call of a scene takes one at most."""
SETTLES_WITHIN = 300
PRESSED_FOR = 300.0
"""Seconds after which a client that repeats its press gives up, and the campaign with it."""

# Not E-18, whose phone is offline, nor E-19, who is on a break: they are refused before anything is dialled.
CALLERS = [f"E-{n}" for n in (*range(1, 15), 20)]


@frozen
class Line:
    employee: str
    device: str
    id: str


def lines_of(employee: str) -> list[Line]:
    n = int(employee.removeprefix("E-"))
    return [
        Line(employee, f"D-{n if line.kind is LineKind.IP_PHONE else 100 + n}", line.user_id)
        for line in COMPANY.lines_of(employee)
    ]


@define
class Press:
    """One press of the button: one key, repeated by its client until there is an answer that says what became of it.

    `met`: the unknown attempt that stood in its way.
    """

    key: str
    line: Line
    client: str
    number: str
    body: dict[str, Any]
    tries: int = 0
    status: int | None = None
    code: str | None = None
    replayed: bool = False
    call_id: str | None = None
    attempt_id: str | None = None
    met: str | None = None
    retry_after: float = 0.0

    @property
    def pair(self) -> tuple[str, str]:
        return self.line.id, self.number

    def acknowledges(self) -> None:
        """The next request gives up what stood in the way, as a person does who knows that nobody is talking."""
        if self.met is not None:
            self.body["acknowledge_unknown"] = self.met
            self.met = None

    @property
    def accepted(self) -> bool:
        return self.attempt_id is not None and self.status in {200, 201, 502, 503}


@define
class Scene:
    """`presses` are all that were begun, `answers` what all requests were told. `random` decides all that the driver
    chooses. `url` is the database's."""

    name: str
    url: str
    random: Random
    provider: Provider
    services: list[Service]
    engine: AsyncEngine
    databases: Databases
    http: httpx2.AsyncClient
    presses: list[Press] = field(factory=list)
    strange: list[str] = field(factory=list)
    answers: Counter[str] = field(factory=Counter)
    began: float = field(factory=time.monotonic)
    tokens: dict[str, str] = field(init=False)
    """By employee."""
    _numbers: list[tuple[str, str]] = field(init=False)
    _used: set[tuple[str, str]] = field(factory=set)
    _keys: Any = field(factory=lambda: count(1))

    @property
    def simulator(self) -> Simulator:
        assert isinstance(self.provider, Simulator)
        return self.provider

    @property
    def two_step(self) -> TwoStepProvider:
        assert isinstance(self.provider, TwoStepProvider)
        return self.provider

    def __attrs_post_init__(self) -> None:
        refused = {"C-43", "C-44"}
        self._numbers = [
            (client["id"], number)
            for client in self.databases.company["clients"]
            if client["id"] not in refused
            for number in client["phone_numbers"]
        ]
        self.tokens = {each["id"]: each["token"] for each in self.databases.company["employees"]}

    # --- who calls whom ----------------------------------------------------------------------------------------------

    def a_press(self, employee: str, *, number: int | None = None) -> Press:
        """A new press between a line and a number that nobody pressed for; `number`, a place in the list of all, if
        one of the employee's lines is still free to call it."""
        wanted = [] if number is None else [self._numbers[number % len(self._numbers)]]
        for numbers in (wanted, self._numbers):
            free = [
                (line, client_id, phone)
                for line in lines_of(employee)
                for client_id, phone in numbers
                if (line.id, phone) not in self._used
            ]
            if free:
                chosen, client_id, phone = self.random.choice(free)
                break
        else:
            raise Broken(f"{self.name}: {employee} has called everybody")
        self._used.add((chosen.id, phone))
        body: dict[str, Any] = {
            "target": {"kind": "client", "id": client_id},
            "phone_number": phone,
            "device_id": chosen.device,
        }
        press = Press(f"{self.name}-{next(self._keys)}", chosen, client_id, phone, body)
        self.presses.append(press)
        return press

    def again(self, press: Press) -> Press:
        """A new press from the same line to the same number, once the last one was answered."""
        fresh = Press(f"{self.name}-{next(self._keys)}", press.line, press.client, press.number, {**press.body})
        fresh.body.pop("acknowledge_unknown", None)
        self.presses.append(fresh)
        return fresh

    # --- what a CRM does ---------------------------------------------------------------------------------------------

    async def once(self, press: Press, service: Service) -> bool:
        """One request; whether it was answered. What was answered is noted."""
        press.tries += 1
        headers = {"Authorization": f"Bearer {self.tokens[press.line.employee]}", "Idempotency-Key": press.key}
        try:
            answer = await self.http.post(f"{service.url}/api/v1/calls", json=press.body, headers=headers)
            told = answer.json()
        except (httpx2.TransportError, ValueError):
            return False
        press.status, press.code = answer.status_code, told.get("code")
        self.answers[f"{press.status} {press.code or ''}".strip()] += 1
        if press.status == 503 and "retry-after" not in answer.headers:
            self.strange.append(f"{press.key}: 503 {press.code} without Retry-After")
        press.retry_after = float(answer.headers.get("retry-after", 0))
        press.replayed = answer.headers.get("idempotency-replayed") == "true"
        if answer.status_code in {200, 201}:
            press.call_id, press.attempt_id = told["id"], told["attempts"][-1]["id"]
        elif told.get("code") in {"provider_refused", "provider_unavailable"}:
            press.call_id, press.attempt_id = told["call_id"], told["attempt_id"]
        elif press.code == "previous_outcome_unknown":
            press.met = told["attempt_id"]
        return True

    async def press(self, press: Press, among: list[Service] | None = None) -> Press:
        """A good client: repeats the same request with the same key for as long as nothing says what became of it."""
        end = time.monotonic() + PRESSED_FOR
        while time.monotonic() < end:
            service = self.random.choice(among or self.services)
            async with asyncio.timeout(PRESSED_FOR):
                await service.up.wait()
            if not await self.once(press, service):
                await asyncio.sleep(0.01)
                continue
            if press.code == "request_in_progress":
                await asyncio.sleep(min(press.retry_after, 0.5))
            elif press.status == 503 and press.code != "provider_unavailable":
                await asyncio.sleep(self.random.uniform(0.2, max(0.2, press.retry_after)))
            else:
                if press.status == 500 or press.status is None:
                    self.strange.append(f"{press.key}: {press.status} {press.code}")
                return press
        raise Broken(f"{self.name}: {press.key} had no answer in {PRESSED_FOR:.0f} s; last {press.status} {press.code}")

    # --- death and birth ---------------------------------------------------------------------------------------------

    async def die(self, service: Service) -> None:
        """The service dies at this instant and is started again; returns when the new process was begun."""
        async with service.changing:
            await service.kill()
            await service.start()

    async def revive(self, service: Service) -> None:
        """Returns when the service answers."""
        await service.listens(self.http)
        await self.provider.started_anew(service)

    # --- the end -----------------------------------------------------------------------------------------------------

    async def settled(self) -> None:
        """Returns when every attempt has ended, no phone is up and no report is on its way."""
        for service in self.services:
            await service.listens(self.http)
        await self.provider.idle()
        await until(
            self.open_things, lambda seen: seen == 0, SETTLES_WITHIN, f"{self.name}: the end of all attempts", 0.25
        )
        await self.provider.idle()

    async def refusals_of_store(self) -> int:
        """How many requests were told so far that the store is unavailable."""
        return self.answers["503 store_unavailable"]

    async def not_sent(self) -> set[str]:
        """The attempts whose request surely never left."""
        asked = select(attempts.c.id).where(attempts.c.outcome == "not_sent")
        async with self.engine.connect() as connection:
            return set((await connection.execute(asked)).scalars())

    async def open_things(self) -> int:
        async with self.engine.connect() as connection:
            living = await connection.execute(select(func.count()).where(attempts.c.state != "ended"))
            held = await connection.execute(select(func.count()).select_from(reservations))
            return int(living.scalar_one()) + int(held.scalar_one())


@asynccontextmanager
async def scene(
    name: str,
    *,
    nursery: Nursery,
    databases: Databases,
    folder: Path,
    seed: int,
    speed: float = 100.0,
    services: int = 1,
    two_step: bool = False,
    composed: bool = False,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Scene]:
    """A scene on a fresh database. What it started is killed afterwards.

    `two_step`: its provider is that of two steps, and the carousel ours to choose from. `composed`: its services can be
    armed (see `launcher`), which a two-step provider needs in any case.
    """
    where = folder / name
    where.mkdir()
    provider: Provider
    if two_step:
        provider = TwoStepProvider(nursery, where, speed, report_secret=f"{seed:032d}")
    else:
        provider = Simulator(nursery, where / "simulator.log", speed, seed)
    url = await databases.fresh()
    engine = open_store(url)
    http = httpx2.AsyncClient(timeout=30, trust_env=False, limits=LIMITS)
    its_settings = {
        **SHORT,
        **provider.settings,
        "TELEPHONY_DATABASE_URL": url,
        "TELEPHONY_PROVIDER_TIMEOUT_SECONDS": str(TIME_OUT),
        "TELEPHONY_LONGEST_CALL_SECONDS": str(LONGEST_CALL),
        "TELEPHONY_WORKER_INTERVAL_SECONDS": "0.5",
        "TELEPHONY_LOG_LEVEL": "warning",
        **(settings or {}),
    }
    serving = [
        Service(nursery, its_settings, where / f"service-{n}.log", composed or two_step) for n in range(services)
    ]
    ready = Scene(name, url, Random(seed), provider, serving, engine, databases, http)
    try:
        await provider.start()
        if two_step:
            await ours_to_choose(engine)
        for service in serving:
            await service.start()
        for service in serving:
            await service.listens(http)
        await provider.subscribed(serving)
        yield ready
    finally:
        for service in serving:
            if service.pid is not None:
                pid, service.pid = service.pid, None
                await nursery.kill(pid)
        await provider.kill()
        await provider.aclose()
        await http.aclose()
        await engine.dispose()


async def ours_to_choose(engine: AsyncEngine) -> None:
    """Hand the demo's devices and pools to the two-step provider, where the shown number is picked by us."""
    async with engine.begin() as connection:
        await connection.execute(update(devices).values(provider=PROVIDER))
        await connection.execute(update(carousel_pools).values(provider=PROVIDER, chosen_by=ChosenBy.US.value))
        await connection.execute(update(carousel_regions).values(provider=PROVIDER))
        await connection.execute(update(carousel_revision).values(revision=carousel_revision.c.revision + 1))
