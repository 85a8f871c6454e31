"""Providers in processes of their own, as the driver of a campaign holds them: Beeline's simulator, a two-step one."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import httpx2
from attrs import define, field
from tests.faults.processes import LIMITS, STARTS_WITHIN, Broken, Nursery, Service, free_port, until


class Provider(Protocol):
    """A provider in a process of its own, with a ledger of what its phones saw that outlives the service."""

    @property
    def settings(self) -> dict[str, str]:
        """What a service needs to dial by it."""

    async def start(self) -> None: ...

    async def subscribed(self, services: Sequence[Service]) -> None:
        """Returns when it knows where to report to."""

    async def started_anew(self, service: Service) -> None:
        """A service came back from the dead."""

    async def ledger(self) -> list[dict[str, Any]]:
        """Every request to dial, oldest first."""

    async def idle(self, within: float = 60.0) -> None:
        """Returns when no phone is up and every report was taken."""

    async def kill(self) -> None: ...

    async def aclose(self) -> None: ...


@define
class Simulator:
    """The Beeline simulator in a process of its own."""

    nursery: Nursery
    log: Path
    speed: float
    seed: int
    port: int = field(factory=free_port)
    token: str = field(factory=lambda: secrets.token_hex(16))
    pid: int | None = None
    http: httpx2.AsyncClient = field(factory=lambda: httpx2.AsyncClient(timeout=60, trust_env=False, limits=LIMITS))

    @property
    def settings(self) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.port}/apis/portal/"
        return {"TELEPHONY_BEELINE_URL": url, "TELEPHONY_BEELINE_TOKEN": self.token}

    async def start(self) -> None:
        options = {"--port": self.port, "--token": self.token, "--speed": self.speed, "--seed": self.seed}
        words = [str(word) for option in options.items() for word in option]
        self.pid = await self.nursery.start(["beeline-simulator", *words], {}, self.log)
        await until(self._answers, bool, STARTS_WITHIN, "the simulator's answer")

    async def _answers(self) -> bool:
        try:
            return (await self.http.get(f"http://127.0.0.1:{self.port}/simulator/state")).is_success
        except httpx2.TransportError:
            return False

    async def control(self, method: str, path: str, body: object = None) -> Any:
        options: dict[str, Any] = {} if body is None else {"json": body}
        answer = await self.http.request(method, f"http://127.0.0.1:{self.port}/simulator/{path}", **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def subscribed(self, services: Sequence[Service]) -> None:
        await until(
            lambda: self.control("GET", "state"),
            lambda state: len(state["subscriptions"]) >= len(services),
            30.0,
            "the subscription to reports",
        )

    async def started_anew(self, service: Service) -> None:
        """Its former processes' subscriptions are ended: a provider whose subscriptions never run out would tell every
        event as often as there were deaths."""
        subscriptions = (await self.control("GET", "state"))["subscriptions"]
        mine = [each for each in subscriptions if each["url"].startswith(service.url)]
        for each in mine[:-1][-50:]:
            if len(mine) > 3:
                with contextlib.suppress(httpx2.HTTPStatusError):
                    await self.control("POST", "subscriptions/terminate", {"subscription_id": each["subscriptionId"]})

    async def behave(self, number: str, kind: str, **options: float) -> None:
        await self.control("PUT", f"behaviours/{number.removeprefix('+')}", {"kind": kind, **options})

    async def ledger(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = await self.control("GET", "ledger")
        return entries

    async def idle(self, within: float = 60.0) -> None:
        if not (await self.control("GET", f"state?wait=idle&timeout={within}"))["idle"]:
            raise Broken(f"the simulator was not idle within {within:.0f} s")

    async def kill(self) -> None:
        if self.pid is not None:
            pid, self.pid = self.pid, None
            await self.nursery.kill(pid)

    async def aclose(self) -> None:
        await self.http.aclose()


@define
class TwoStepProvider:
    """The two-step provider (`two_step`) in a process of its own."""

    nursery: Nursery
    folder: Path
    speed: float
    report_secret: str
    port: int = field(factory=free_port)
    pid: int | None = None
    http: httpx2.AsyncClient = field(factory=lambda: httpx2.AsyncClient(timeout=60, trust_env=False, limits=LIMITS))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def settings(self) -> dict[str, str]:
        return {"FAULTS_TWO_STEP": self.url, "TELEPHONY_REPORT_SECRET": self.report_secret}

    @property
    def _file(self) -> Path:
        return self.folder / "two-step.jsonl"

    async def start(self) -> None:
        own = {"FAULTS_PORT": str(self.port), "FAULTS_SPEED": str(self.speed), "FAULTS_LEDGER": str(self._file)}
        self.pid = await self.nursery.start([], own, self.folder / "two-step.log", "tests.faults.two_step")
        await until(self._answers, bool, STARTS_WITHIN, "the two-step provider's answer")

    async def _answers(self) -> bool:
        try:
            return (await self.http.get(f"{self.url}state")).is_success
        except httpx2.TransportError:
            return False

    async def control(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.http.request(method, f"{self.url}{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def subscribed(self, services: Sequence[Service]) -> None:
        url = f"{services[0].url}/api/v1/provider-reports/two-step/{self.report_secret}"
        await self.control("PUT", "subscriber", {"url": url})

    async def started_anew(self, service: Service) -> None:
        return

    async def ledger(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._file.read_text().splitlines()] if self._file.exists() else []

    async def idle(self, within: float = 60.0) -> None:
        state = partial(self.control, "GET", "state")
        await until(
            state, lambda seen: seen["telling"] == 0, within, "the end of the two-step provider's reports", 0.05
        )

    async def kill(self) -> None:
        if self.pid is not None:
            pid, self.pid = self.pid, None
            await self.nursery.kill(pid)

    async def aclose(self) -> None:
        await self.http.aclose()
