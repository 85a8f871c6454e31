"""What a call costs over HTTP, all included: processor time of `telephony serve` per 1,000 requests. By hand:

    python -m tests.benchmarks.bench_http_calls [CALLS] [postgresql|sqlite] [embedded|off]

A service in a process of its own, PostgreSQL, a provider that answers at once, and 16 connections that ask:
initiations, the four reports of each call, lists of 50 Calls. Then the same of `plain_service`, the yardstick, by turns
with ours. Seconds are of this machine at this hour; what can be compared with other machines and days is `ratio`, ours
to plain.

The third argument is `TELEPHONY_WORKER`: `embedded`, as by default, has the background's chores in the figures,
relaying events and asking about ended calls; with `off` nobody does them.
"""

# ruff: noqa: T201 - a script that speaks to a terminal

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from attrs import define, field, frozen
from tests.adapters.store.conftest import Postgres
from tests.benchmarks.plain_service import PEOPLE, TOKEN, number_of
from tests.faults.processes import free_port

from telephony_adapters.beeline_simulator.xsi import (
    CONTENT_TYPE,
    Address,
    CallFacts,
    CallState,
    EventType,
    Personality,
    Report,
    write_event,
)
from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.store.access_tokens import Tokens
from telephony_adapters.store.engine import open_store
from telephony_core.device import IpPhone
from telephony_core.party import Client, Employee, EnteredNumber, Permission
from telephony_http.commands.demo_load import load_anew

AT_ONCE = 16
SECRET = "bench-" + "s" * 32
Seconds = dict[str, list[float]]


# --- Processes --------------------------------------------------------------------------------------------------------


@contextmanager
def process(*command: str, log: Path, port: int, **settings: str) -> Iterator[int]:
    """A Python process from when it listens to the end of the block; its pid."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("TELEPHONY_")}
    with log.open("wb") as file:
        started = subprocess.Popen([sys.executable, *command], stdout=file, stderr=file, env=own | settings)
    try:
        asyncio.run(_listens(port, started))
        yield started.pid
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(60)


async def _listens(port: int, of: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            if time.monotonic() > deadline or of.poll() is not None:
                raise
            await asyncio.sleep(0.05)


def seconds_of(pid: int) -> float:
    """Processor time of a process with all its threads and its children, in seconds (Linux)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    schedules = (each for one in (pid, *children) for each in Path(f"/proc/{one}/task").glob("*/schedstat"))
    return sum(int(each.read_text().split()[0]) for each in schedules) / 1e9


# --- Load -------------------------------------------------------------------------------------------------------------


@frozen
class Asked:
    method: str
    path: str
    body: bytes = b""
    headers: tuple[str, ...] = ()

    def written(self) -> bytes:
        lines = (f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(self.body)}")
        return "\r\n".join((*lines, *self.headers, "", "")).encode() + self.body


async def load(port: int, requests: Sequence[Asked], status: int) -> list[bytes]:
    """Asks all of these over 16 connections, in order, and gives the bodies; another status is an error."""
    waiting, bodies = iter(list(enumerate(requests))), [b""] * len(requests)

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for place, asked in waiting:
            writer.write(asked.written())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            bodies[place] = await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
            if int(head.split(" ", 2)[1]) != status:
                raise RuntimeError(f"{asked.method} {asked.path}: {head}{bodies[place].decode()}")
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one())
    return bodies


@define
class Bench:
    """One service under load. What it is asked is written before the watch starts."""

    port: int
    pid: int
    place: Callable[[int, str], Asked]
    reports: Callable[[int, dict[str, Any]], list[Asked]]
    lists: Asked
    status_of_lists: int = 200
    seconds: Seconds = field(factory=lambda: defaultdict(list))
    """Processor seconds per 1,000 requests, a figure for each round."""
    _keys: Iterator[int] = field(factory=count)

    def round(self, warm_up: bool = False) -> None:
        """Each employee calls a client, and each call ends by its reports."""
        presses = [self.place(n, f"key-{next(self._keys)}") for n in range(PEOPLE)]
        placed = [json.loads(body) for body in self._asked("initiation", presses, 201, warm_up)]
        # Of each call in its order, all calls at once.
        stages = zip(*(self.reports(n, call) for n, call in enumerate(placed)), strict=True)
        self._asked("report", [asked for stage in stages for asked in stage], 200, warm_up)
        self._asked("list of 50", [self.lists] * PEOPLE, 200, warm_up)

    def _asked(self, what: str, requests: Sequence[Asked], status: int, warm_up: bool) -> list[bytes]:
        before = seconds_of(self.pid)
        bodies = asyncio.run(load(self.port, requests, status))
        if not warm_up:
            self.seconds[what].append((seconds_of(self.pid) - before) / len(requests) * 1000)
        return bodies


# --- Ours -------------------------------------------------------------------------------------------------------------


async def company(url: str) -> str:
    """The demo, and people of the benchmark's own; the token of a service that acts for them."""
    await load_anew(url)
    engine = open_store(url)
    await OwnDirectory(engine).put_all(
        employees=[Employee(f"B-{n}", f"Employee {n}") for n in range(PEOPLE)],
        devices=[IpPhone(f"BD-{n}", f"B-{n}", f"Phone {n}", "beeline", f"line-{n}") for n in range(PEOPLE)],
        clients=[Client(f"BC-{n}", f"Client {n}", (EnteredNumber(f"BN-{n}", number_of(n)),)) for n in range(PEOPLE)],
    )
    permissions = {Permission.CALL, Permission.ACT_FOR_OTHERS, Permission.SEE_FULL_NUMBERS}
    token = await Tokens(engine).issue("service:bench", permissions=permissions)
    await engine.dispose()
    return token


def ours_placed(token: str) -> Callable[[int, str], Asked]:
    def place(n: int, key: str) -> Asked:
        body = {
            "target": {"kind": "client", "id": f"BC-{n}"},
            "phone_number": number_of(n),
            "device_id": f"BD-{n}",
            "employee_id": f"B-{n}",
        }
        headers = (f"Authorization: Bearer {token}", f"Idempotency-Key: {key}", "Content-Type: application/json")
        return Asked("POST", "/api/v1/calls", json.dumps(body).encode(), headers)

    return place


_STAGES = (
    (EventType.ORIGINATED, Personality.CLICK_TO_DIAL, CallState.ALERTING),
    (EventType.UPDATED, Personality.ORIGINATOR, CallState.ALERTING),
    (EventType.ANSWERED, Personality.ORIGINATOR, CallState.ACTIVE),
    (EventType.RELEASED, Personality.ORIGINATOR, CallState.RELEASED),
)
_event_ids = count(1)


def ours_reported(n: int, call: dict[str, Any]) -> list[Asked]:
    reference, now = call["attempts"][-1]["provider_reference"], datetime.now(UTC)
    asked = []
    for kind, personality, state in _STAGES:
        facts = CallFacts(
            call_id=f"call-{reference}",
            ext_tracking_id=reference,
            network_call_id=reference,
            personality=personality,
            state=state,
            remote_number=number_of(n),
            address_of_record=f"sip:line-{n}",
            start_time=now,
            answer_time=now if state in {CallState.ACTIVE, CallState.RELEASED} else None,
            release_time=now if state is CallState.RELEASED else None,
        )
        event_id = next(_event_ids)
        body = write_event(
            Report(kind, f"line-{n}", facts), Address(f"event-{event_id}", event_id, "bench", "http://x")
        )
        path = f"/api/v1/provider-reports/beeline/{SECRET}"
        asked.append(Asked("POST", path, body, (f"Content-Type: {CONTENT_TYPE}",)))
    return asked


# --- Plain ------------------------------------------------------------------------------------------------------------


def plain_placed(n: int, key: str) -> Asked:
    body = {"employee_id": f"E-{n}", "client_id": f"C-{n}", "phone_number": number_of(n), "device_id": f"D-{n}"}
    headers = (f"Authorization: Bearer {TOKEN}", f"Idempotency-Key: {key}", "Content-Type: application/json")
    return Asked("POST", "/api/v1/calls", json.dumps(body).encode(), headers)


def plain_reported(_n: int, call: dict[str, Any]) -> list[Asked]:
    states = ("ringing_employee", "ringing_client", "talking", "ended")
    bodies = [json.dumps({"reference": call["reference"], "state": state}).encode() for state in states]
    return [Asked("POST", "/api/v1/reports", body, ("Content-Type: application/json",)) for body in bodies]


# --- All --------------------------------------------------------------------------------------------------------------


@contextmanager
def benches(folder: Path, backend: str, worker: str) -> Iterator[tuple[Bench, Bench]]:
    with ExitStack() as stack:
        postgres = Postgres(folder)
        stack.callback(postgres.stop)
        provider, port, plain_port = free_port(), free_port(), free_port()
        stack.enter_context(
            process("-m", "tests.benchmarks.stub_provider", str(provider), log=folder / "provider.log", port=provider)
        )
        url = f"http://127.0.0.1:{provider}/apis/portal/"
        for name in ("ours", "plain"):
            asyncio.run(postgres.execute(f"CREATE DATABASE {name}"))
        database = postgres.url("ours") if backend == "postgresql" else f"sqlite:///{folder}/ours.db"
        token = asyncio.run(company(database))
        settings = {
            "TELEPHONY_DATABASE_URL": database,
            "TELEPHONY_BEELINE_URL": url,
            "TELEPHONY_BEELINE_TOKEN": "bench",
            "TELEPHONY_REPORT_SECRET": SECRET,
            "TELEPHONY_CALLS_PER_HOUR": "100000",
            "TELEPHONY_CALLS_PER_DAY": "100000",
            "TELEPHONY_WORKER": worker,
        }
        command = ("-m", "telephony_http.cli", "serve", "--port", str(port))
        pid = stack.enter_context(process(*command, log=folder / "service.log", port=port, **settings))
        plain_url = postgres.url("plain").replace("postgresql:", "postgresql+asyncpg:")
        plain = ("-m", "tests.benchmarks.plain_service", str(plain_port), plain_url, url)
        plain_pid = stack.enter_context(process(*plain, log=folder / "plain.log", port=plain_port))
        bearer = "Authorization: Bearer"
        yield (
            Bench(
                port, pid, ours_placed(token), ours_reported, Asked("GET", "/api/v1/calls", b"", (f"{bearer} {token}",))
            ),
            Bench(
                plain_port,
                plain_pid,
                plain_placed,
                plain_reported,
                Asked("GET", "/api/v1/calls", b"", (f"{bearer} {TOKEN}",)),
            ),
        )


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 640
    backend = sys.argv[2] if len(sys.argv) > 2 else "postgresql"
    worker = sys.argv[3] if len(sys.argv) > 3 else "embedded"
    folder = Path(tempfile.mkdtemp(prefix="telephony-bench-"))
    try:
        with benches(folder, backend, worker) as both:
            for each in both:
                each.round(warm_up=True)
                each.round(warm_up=True)
            for _ in range(max(1, calls // PEOPLE)):
                for each in both:
                    each.round()
        ours, plain = both
        print(f"processor seconds per 1,000 requests, {backend}, 16 at once, worker {worker}")
        for what, figures in ours.seconds.items():
            mine, theirs = median(figures), median(plain.seconds[what])
            print(f"{what:<12} ours {mine:6.2f}   plain {theirs:6.2f}   ratio {mine / theirs:5.2f}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
