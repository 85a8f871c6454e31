"""A small company behind the HTTP service, made of the core's fakes: who works there, whom they call, which tokens.

E-5 has an IP phone (D-9), a mobile with SIM and FMTN (D-10) and one without FMTN (D-11); E-6 has a phone
of his own (D-20); Vera (E-7) supervises; Gleb (E-8) may not see numbers. Client C-17 has a number in Novosibirsk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx2 as httpx
from litestar import Litestar

from telephony_adapters.quiet_logs import quiet_http_logging
from telephony_core.carousel import Carousel, ChosenBy
from telephony_core.errors import InvalidRequest, StoreUnavailable
from telephony_core.party import EMPLOYEE_PERMISSIONS, EnteredNumber, Permission, Principal
from telephony_core.ports import ProviderReport
from telephony_core.testing import examples
from telephony_core.testing.fakes import (
    FakeClock,
    FakeDirectory,
    FakeEventFeed,
    FakeIds,
    FakeParser,
    FakeRegions,
    FakeStatuses,
    FakeStore,
    FakeTimeZones,
    OneStepGateway,
)
from telephony_http.app import create_app
from telephony_http.container import Parts
from telephony_http.readings import WorkerMode
from telephony_http.settings import Settings

SECRET = "a-secret-that-nobody-guesses"
ANNA, BORIS, VERA, GLEB, CRM, IDLE = "token-anna", "token-boris", "token-vera", "token-gleb", "token-crm", "token-idle"
MANAGER, ADMIN = "token-manager", "token-admin"
"""Who looks after the carousel, and who administers; neither is an employee who calls."""
CLIENT_NUMBER = "+79139123456"
SECOND_NUMBER = "+79139000002"

_SUPERVISES = (Permission.ACT_FOR_OTHERS, Permission.CALL_FREE_HAND, Permission.OVERRIDE_QUIET_HOURS)


class FakeTokens:
    """Tokens of a test; `available` False: the store is away."""

    def __init__(self) -> None:
        self.available = True
        self.in_force = {
            ANNA: Principal("t-1", "E-5", EMPLOYEE_PERMISSIONS),
            BORIS: Principal("t-2", "E-6", EMPLOYEE_PERMISSIONS),
            VERA: Principal("t-3", "E-7", EMPLOYEE_PERMISSIONS.union(_SUPERVISES)),
            GLEB: Principal("t-4", "E-8", {Permission.CALL}),
            CRM: Principal("t-5", None, EMPLOYEE_PERMISSIONS.union(_SUPERVISES)),
            IDLE: Principal("t-6", "E-5", ()),
            MANAGER: Principal("t-7", "E-7", {Permission.MANAGE_CAROUSEL}),
            ADMIN: Principal("t-8", None, {Permission.ADMINISTER, Permission.SEE_FULL_NUMBERS}),
        }

    async def principal_of(self, token: str) -> Principal | None:
        if not self.available:
            raise StoreUnavailable
        return self.in_force.get(token)


class FakeDoor:
    """Takes reports that a test names by a word: `report-1` is the first of `known`."""

    def __init__(self) -> None:
        self.known: dict[bytes, ProviderReport | None] = {b"<nothing/>": None}

    async def take(self, body: bytes, received_at: datetime) -> ProviderReport | None:
        if body not in self.known:
            raise InvalidRequest("the report is no XML")
        return self.known[body]


class Office:
    """The company, its store and its provider; lives as long as a test."""

    def __init__(self, **settings: Any) -> None:
        self.clock = FakeClock()
        self.store = FakeStore(self.clock, carousel=the_carousel())
        self.directory = FakeDirectory(*_everybody(), guarding=self.store)
        self.gateway = OneStepGateway(self.clock, can_hang_up=True, guarding=self.store)
        self.statuses = FakeStatuses()
        self.tokens = FakeTokens()
        self.door = FakeDoor()
        self.feed = FakeEventFeed(self.store)
        self.settings = Settings(worker=WorkerMode.OFF, **settings)
        self.condition = "reports"

    def parts(self, **changes: Any) -> Parts:
        ready: dict[str, Any] = {
            "store": self.store,
            "directory": self.directory,
            "gateways": {self.gateway.name: self.gateway},
            "tokens": self.tokens,
            "statuses": self.statuses,
            "parser": FakeParser(),
            "regions": FakeRegions({"+7913": ["RU-NVS"], "+7903": ["RU-MOW"]}),
            "zones": FakeTimeZones({"RU-NVS": 7}),
            "clock": self.clock,
            "ids": FakeIds(),
            "event_feed": self.feed,
            "doors": {"beeline": self.door},
            "report_secret": SECRET,
            "conditions": {"beeline": lambda: self.condition},
        }
        return Parts(**{**ready, **changes})

    def app(self, **changes: Any) -> Litestar:
        return create_app(self.settings, self.parts(**changes))

    @asynccontextmanager
    async def open(self, **changes: Any) -> AsyncIterator[Callers]:
        # Not Litestar's AsyncTestClient: it blocks the test's loop, and two requests could not be under way at once.
        app = self.app(**changes)
        quiet_http_logging()  # the caller's own client: no part of the service, but it logs here, too
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # Litestar types its messages more closely
        async with living(app), httpx.AsyncClient(transport=transport, base_url="http://telephony.test") as client:
            yield Callers(client, self, app)


class Callers:
    """Requests as somebody: `await callers.get("/calls", as_=ANNA)`."""

    def __init__(self, client: httpx.AsyncClient, office: Office, app: Litestar) -> None:
        self.client = client
        self.office = office
        self.app = app
        self._keys = 0

    async def get(self, path: str, *, as_: str | None = ANNA, **more: Any) -> httpx.Response:
        return await self.client.get(_whole(path), headers=_headers(as_, more.pop("headers", {})), **more)

    async def post(self, path: str, body: Any = None, *, as_: str | None = ANNA, **more: Any) -> httpx.Response:
        headers = _headers(as_, more.pop("headers", {}))
        if body is not None:
            more["json"] = body
        return await self.client.post(_whole(path), headers=headers, **more)

    async def put(self, path: str, body: Any = None, *, as_: str | None = ADMIN, **more: Any) -> httpx.Response:
        headers = _headers(as_, more.pop("headers", {}))
        if body is not None:
            more["json"] = body
        return await self.client.put(_whole(path), headers=headers, **more)

    async def delete(self, path: str, *, as_: str | None = ADMIN) -> httpx.Response:
        return await self.client.delete(_whole(path), headers=_headers(as_, {}))

    async def place(
        self, body: Any = None, *, as_: str | None = ANNA, key: str | None = None, **more: Any
    ) -> httpx.Response:
        """POST /calls, with a key of its own unless one is given."""
        self._keys += 1
        headers = {"Idempotency-Key": key or f"press-{self._keys}"}
        target = {"target": {"kind": "client", "id": "C-17"}}
        return await self.post("/calls", {**target, **more} if body is None else body, as_=as_, headers=headers)

    async def until_dialled(self) -> None:
        """Returns as soon as the provider has a request."""
        while not self.office.gateway.requests:  # noqa: ASYNC110  # the fake has no event of it
            await asyncio.sleep(0)

    async def deliver_reports(self) -> None:
        """Let the provider report all that happened."""
        for place, report in enumerate(self.office.gateway.reports()):
            name = f"<report-{place}-{report.event_id}/>".encode()
            self.office.door.known[name] = report
            answer = await self.client.post(f"/api/v1/provider-reports/beeline/{SECRET}", content=name)
            assert answer.status_code == 200, answer.text


@asynccontextmanager
async def living(app: Litestar) -> AsyncIterator[None]:
    """The app's lifespan in a task of its own: it must end in the task in which it began, and fixtures don't."""
    ready, over = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            ready.set()
            await over.wait()

    task = asyncio.create_task(live())
    starting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, starting], return_when=asyncio.FIRST_COMPLETED)
    starting.cancel()
    try:
        if not task.done():
            yield
    finally:
        over.set()
        await task


def _whole(path: str) -> str:
    return path if path.startswith(("/api", "/healthz", "/readyz", "/metrics", "/schema")) else f"/api/v1{path}"


def _headers(token: str | None, more: dict[str, str]) -> dict[str, str]:
    return {**({"Authorization": f"Bearer {token}"} if token else {}), **more}


def the_carousel() -> Carousel:
    """Siberia's pool, whose number the provider picks, and the default one."""
    siberia = examples.a_pool(chosen_by=ChosenBy.PROVIDER, is_default=False)
    moscow = examples.a_pool(
        "moscow", first=100, chosen_by=ChosenBy.PROVIDER, region_codes=("RU-MOW", "RU-MOS"), order=1
    )
    return Carousel((siberia, moscow))


def _everybody() -> list[Any]:
    numbers = (
        EnteredNumber("n-1", "8 (913) 912-34-56", primary=True),
        EnteredNumber("n-2", "+7 913 900-00-02 доб. 12", label="work"),
        EnteredNumber("n-3", "ask the secretary 5"),
    )
    return [
        *(examples.an_employee(id=f"E-{place}", name=f"Employee {place}") for place in (5, 6, 7, 8)),
        examples.an_ip_phone(),
        examples.a_mobile(),
        examples.a_mobile(id="D-11", label="Old mobile of E-5", fmtn=False),
        examples.an_ip_phone(id="D-20", employee_id="E-6", line="1020@pbx", label="Phone of E-6"),
        examples.an_ip_phone(id="D-40", employee_id="E-8", line="1040@pbx", label="Gleb's phone"),
        examples.a_client(numbers=numbers),
        examples.a_client(id="C-18", name="Nobody", numbers=()),
        examples.an_interest(),
    ]
