"""The stage of a journey: service and simulator as processes, on a database with the demo's company.

What a test sees is what a CRM sees (HTTP) and what clients' phones saw (the simulator's ledger); never the database.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import attrs
import httpx2
from attrs import define, field
from tests.log_scan import lines_with_full_numbers

from telephony_adapters.beeline_simulator.handle import SimulatorHandle
from telephony_adapters.beeline_simulator.population import COMPANY
from telephony_adapters.numbering.demo import demo_plan
from telephony_core.phone import PhoneNumber
from telephony_http.commands.demo_load import load_anew

Seen = TypeVar("Seen")
Answer = httpx2.Response

STARTS_WITHIN = 60.0
LOOKS_EVERY = 0.03


def eventually(
    look: Callable[[], Seen], holds: Callable[[Seen], object], within: float = 20.0, what: str = "it"
) -> Seen:
    """Looks until it holds, and gives what was seen then. Fails with what was seen last."""
    end = time.monotonic() + within
    while not holds(seen := look()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come to pass within {within:.0f} s; seen last: {seen}")
        time.sleep(LOOKS_EVERY)
    return seen


def environment(**settings: str) -> dict[str, str]:
    """Ours without anybody's settings of the service, and these."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("TELEPHONY_") and name != "PORT"}
    return own | {"PYTHONUNBUFFERED": "1"} | settings


def telephony(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "telephony_http.cli", *arguments]


def pool_of(number: str) -> str:
    """The pool whose numbers a client of this number is to see (C4), by the demo's plan."""
    return COMPANY.pool_for(demo_plan().resolve(PhoneNumber(number))).id


def numbers_of_pool(pool_id: str) -> set[str]:
    return set(next(pool for pool in COMPANY.pools if pool.id == pool_id).numbers)


def sim_of(employee_id: str) -> str:
    sim = COMPANY.sim_of(employee_id)
    assert sim is not None
    return sim.number


@define
class Stage:
    """A service that answers and the provider behind it. `company` is what `demo load --json` said; `settings` are the
    service's, for another one beside it or after it."""

    simulator: SimulatorHandle
    base_url: str
    company: dict[str, Any]
    http: httpx2.Client
    service: subprocess.Popen[str]
    settings: dict[str, str]
    _keys: Iterator[int] = field(factory=lambda: count(1))
    _clients: Iterator[int] = field(factory=lambda: count(50))
    _employees: Iterator[int] = field(factory=count)

    # --- who takes part ----------------------------------------------------------------------------------------------

    def employee(self) -> str:
        """Somebody with an IP phone and an FMTN mobile; another at each call, eight in all."""
        return f"E-{next(self._employees) % 8 + 1}"

    def client(self) -> tuple[str, str]:
        """A client whom nobody called yet, and their first number."""
        client = self.company["clients"][next(self._clients)]
        return client["id"], client["phone_numbers"][0]

    def interest(self) -> tuple[str, str]:
        """An interest with a contact of its own whose client nobody called yet; the contact's number."""
        client_id, _ = self.client()
        mine = [each for each in self.company["interests"] if each["client_id"] == client_id]
        if not mine or len(mine[0]["phone_numbers"]) < 2:
            return self.interest()
        return mine[0]["id"], mine[0]["phone_numbers"][0]

    # --- what a CRM does ---------------------------------------------------------------------------------------------

    def key(self) -> str:
        return f"journey-{next(self._keys)}"

    def get(self, employee: str, path: str, **params: Any) -> Answer:
        return self.http.get(f"{self.base_url}/api/v1/{path}", params=params, headers=self.headers(employee))

    def press(self, employee: str, key: str | None = None, **body: Any) -> Answer:
        """The press of the button: `POST /calls` with a key of its own, or the one given."""
        headers = self.headers(employee) | {"Idempotency-Key": key or self.key()}
        return self.http.post(f"{self.base_url}/api/v1/calls", json=body, headers=headers)

    def place(self, employee: str, key: str | None = None, **body: Any) -> dict[str, Any]:
        """A press that is answered with a new Call."""
        answer = self.press(employee, key, **body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def call(self, employee: str, call_id: str) -> dict[str, Any]:
        answer = self.get(employee, f"calls/{call_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ended(self, employee: str, call_id: str, within: float = 30.0) -> dict[str, Any]:
        """The Call as soon as its last attempt has ended."""
        return eventually(
            lambda: self.call(employee, call_id),
            lambda call: call["attempts"][-1]["state"] == "ended",
            within,
            "the end of the Call",
        )

    def reported(self, employee: str, call_id: str, within: float = 30.0) -> dict[str, Any]:
        """The Call as soon as its last attempt has ended and what the client saw was reported and judged."""
        self.ended(employee, call_id, within)
        return eventually(
            lambda: self.call(employee, call_id),
            lambda call: call["attempts"][-1]["decision"]["verdict"] is not None,
            within,
            "the report of the number shown",
        )

    def hang_up(self, number: str) -> None:
        """The client of this number hangs up, once their phone has rung."""
        lines = eventually(
            lambda: self.saw(number),
            lambda lines: lines[-1]["client_rang_at"],
            what="the ringing of the client's phone",
        )
        line = lines[-1]
        self.simulator.control("POST", f"calls/{line['tracking_id']}/end", {"by": "client"})

    def headers(self, employee: str) -> dict[str, str]:
        token = next(each["token"] for each in self.company["employees"] if each["id"] == employee)
        return {"Authorization": f"Bearer {token}"}

    # --- what the clients' phones saw --------------------------------------------------------------------------------

    def saw(self, number: str) -> list[dict[str, Any]]:
        """The ledger's lines about this number, oldest first."""
        return [line for line in self.simulator.ledger() if line["phone_number"] == number]

    def rang(self, number: str) -> int:
        """How often the client's phone rang."""
        return sum(line["client_rang_at"] is not None for line in self.saw(number))


@contextmanager
def stage(folder: Path, *, speed: float = 50.0, **settings: str) -> Iterator[Stage]:
    """A stage on a fresh database in `folder`; everything that was started is ended afterwards, and its log read."""
    database_url = f"sqlite+aiosqlite:///{folder / 'telephony.db'}"
    with ThreadPoolExecutor(1) as meanwhile:
        starting = meanwhile.submit(SimulatorHandle.start, speed=speed, seed=7)
        loaded = asyncio.run(load_anew(database_url))
    company = json.loads(json.dumps(attrs.asdict(loaded)))
    with starting.result() as simulator:
        settings = {
            "TELEPHONY_DATABASE_URL": database_url,
            "TELEPHONY_BEELINE_URL": simulator.base_url,
            "TELEPHONY_BEELINE_TOKEN": simulator.token,
            "TELEPHONY_LOG_LEVEL": "debug",
            **settings,
        }
        with (
            process("serve", "--port", "0", log=folder / "service.log", **settings) as service,
            httpx2.Client(timeout=30, trust_env=False) as http,
        ):
            base_url = address(service)
            eventually(lambda: http.get(f"{base_url}/readyz").status_code, lambda status: status == 200, STARTS_WITHIN)
            eventually(lambda: simulator.control("GET", "state")["subscriptions"], bool, STARTS_WITHIN)
            yield Stage(simulator, base_url, company, http, service, settings)
        log = (folder / "service.log").read_text()
        for logger in ("httpcore2", "aiosqlite", "sqlalchemy", "uvicorn"):
            assert logger in log, f"{logger} did not log at DEBUG: reading the log would prove nothing"


@contextmanager
def process(*arguments: str, log: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """A `telephony` of its own, told to end afterwards if it hasn't ended by itself; then its log is read (P1)."""
    with (
        log.open("w") as file,
        subprocess.Popen(
            telephony(*arguments), env=environment(**settings), stdout=subprocess.PIPE, stderr=file, text=True
        ) as started,
    ):
        try:
            yield started
        finally:
            started.send_signal(signal.SIGTERM)
            started.wait(20)
    assert lines_with_full_numbers(log.read_text().splitlines()) == []


def address(service: subprocess.Popen[str]) -> str:
    """The address that `serve` prints when it listens."""
    assert service.stdout is not None
    for line in service.stdout:
        for word in line.split():
            if word.startswith("http://"):
                return word.rstrip("/.,")
    raise AssertionError(f"the service ended with {service.wait()} before it listened; see its log")
