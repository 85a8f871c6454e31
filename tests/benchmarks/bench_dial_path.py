"""What a call costs in the store: statements, round trips and processor time per initiation and per report. By hand:

    python -m tests.benchmarks.bench_dial_path [CALLS]

The use cases on a store with the demo's company, a provider in memory, one call after the other. Round trips are
statements and what begins and ends a transaction; of PostgreSQL its server's time is told as well. Times are the
processor's and the machine's as much as the code's: compare figures of one run, SQLite's with PostgreSQL's for one, or
two versions of the code that are run by turns.
"""

# ruff: noqa: T201 - a script that speaks to a terminal

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.adapters.store.conftest import Postgres
from tests.faults.scene import CALLERS, ours_to_choose
from tests.faults.two_step_gateway import PROVIDER

from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.numbering.demo import demo_plan
from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_adapters.numbering.plan import NumberingPlanHolder
from telephony_adapters.numbering.zones import RegionZones
from telephony_adapters.process import SystemClock, Ulids
from telephony_adapters.store.engine import BEGIN, open_store
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.dialling import DiallingRules
from telephony_core.party import Permission, Principal, Target, TargetKind
from telephony_core.testing.fake_gateways import Behaviour, OneStepGateway
from telephony_core.testing.fakes import FakeStatuses
from telephony_core.use_cases.dial_leg import LegDialler
from telephony_core.use_cases.find_numbers import NumberJudge
from telephony_core.use_cases.follow_call import ApplyReport
from telephony_core.use_cases.initiate_call import InitiateCall, InitiateRequest
from telephony_core.use_cases.match_reports import ReportMatcher
from telephony_core.use_cases.note_facts import FactNotes
from telephony_core.use_cases.preview_caller_id import CallerIdDesk
from telephony_core.use_cases.rules import Rules
from telephony_http.commands.demo_load import load_anew


class Costs:
    """Counts what goes over an engine, and the processor time of this process and of a server."""

    def __init__(self, engine: AsyncEngine, server: int | None) -> None:
        self._server = server
        self.counts: Counter[str] = Counter()
        sync = engine.sync_engine
        event.listen(sync, "before_cursor_execute", self._stated)
        for ends in ("begin", "commit", "rollback"):
            event.listen(sync, ends, self._ended)

    def _stated(self, _connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        # On SQLite the beginning of a transaction comes by here, too.
        if not statement.startswith("BEGIN"):
            self.counts.update(["statements", "round trips"])

    def _ended(self, connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT" and options.get(BEGIN, "") is not None:
            self.counts.update(["round trips"])

    @contextmanager
    def of(self, times: int, into: dict[str, float]) -> Iterator[None]:
        """The costs of a block, each of `times`."""
        self.counts.clear()
        began, its = time.process_time(), _seconds_of(self._server)
        yield
        into |= {name: round(count / times, 1) for name, count in sorted(self.counts.items())}
        into["ms"] = round((time.process_time() - began) / times * 1e3, 2)
        if self._server is not None:
            into["server ms"] = round((_seconds_of(self._server) - its) / times * 1e3, 2)


def _seconds_of(server: int | None) -> float:
    """Processor time of a server and its children, those that ended left out (Linux)."""
    if server is None:
        return 0.0
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    ticks = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13] for pid in [server, *children]]
    return sum(int(each) for pair in ticks for each in pair) / 100


async def measure(url: str, calls: int, *, ours: bool, server: int | None = None) -> dict[str, dict[str, float]]:
    engine = open_store(url)
    if ours:
        await ours_to_choose(engine)
    clock = SystemClock()
    provider = PROVIDER if ours else "beeline"
    gateway = OneStepGateway(clock, name=provider, can_look_up=False)
    store, parser = SqlStore(engine), PhoneNumbers()
    regions, zones, ids = NumberingPlanHolder(demo_plan()), RegionZones("Europe/Moscow"), Ulids(clock)
    rules = Rules(dialling=DiallingRules(quiet_hours=None, per_hour=10_000, per_day=10_000))
    notes = FactNotes({provider: gateway}, ids, rules)
    dialler = LegDialler(store, {provider: gateway}, notes, ReportMatcher(notes), clock)
    initiate = InitiateCall(
        OwnDirectory(engine),
        store,
        {provider: gateway},
        NumberJudge(parser, regions, zones, rules.dialling),
        CallerIdDesk(rules.policy, regions, zones),
        FakeStatuses(),
        ids,
        dialler,
        rules,
    )
    apply = ApplyReport(store, dialler.matcher, dialler)
    async with engine.connect() as connection:
        found = await connection.exec_driver_sql(
            "SELECT client_id, as_entered FROM client_numbers JOIN clients ON clients.id = client_id"
            " WHERE NOT clients.do_not_call AND NOT client_numbers.do_not_call ORDER BY 1, 2"
        )
        entries = [(str(row.client_id), parser.parse(str(row.as_entered))) for row in found]
    # The demo has numbers on purpose that can't be understood or may not be called.
    numbers = [
        (client, parsed.number)
        for client, parsed in entries
        if parsed.number is not None and parsed.destination in rules.dialling.destinations
    ]
    costs = Costs(engine, server)

    async def play(nth: int, of_call: dict[str, float], of_report: dict[str, float], times: int) -> None:
        presses = []
        for place in range(times):
            employee = CALLERS[(nth + place) % len(CALLERS)]
            client, number = numbers[(nth + place) % len(numbers)]
            principal = Principal(employee, employee, frozenset({Permission.CALL}))
            request = InitiateRequest(
                Target(TargetKind.CLIENT, client),
                f"print-{nth + place}",
                phone_number=number.e164,
                device_id=f"D-{employee.removeprefix('E-')}",
            )
            gateway.behave(number, Behaviour.BUSY)
            presses.append((principal, request, f"key-{nth + place}"))
        with costs.of(times, of_call):
            for principal, request, key in presses:
                await initiate(principal, request, key)
        reports = gateway.reports()
        with costs.of(len(reports), of_report):
            for report in reports:
                await apply(report)

    # A round as large as there are callers: each of them is free again when its reports are applied.
    rounds = max(1, calls // len(CALLERS))
    await play(0, {}, {}, len(CALLERS))
    sums: dict[str, dict[str, float]] = {"initiation": defaultdict(float), "report": defaultdict(float)}
    for nth in range(1, rounds + 1):
        of_call: dict[str, float] = {}
        of_report: dict[str, float] = {}
        await play(nth * len(CALLERS), of_call, of_report, len(CALLERS))
        for what, one in (("initiation", of_call), ("report", of_report)):
            for name, value in one.items():
                sums[what][name] += value
    figures = {what: {name: round(value / rounds, 2) for name, value in each.items()} for what, each in sums.items()}
    await engine.dispose()
    return figures


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    folder = Path(tempfile.mkdtemp(prefix="telephony-bench-"))
    postgres = Postgres(folder)
    try:
        for ours in (False, True):
            who = "we choose the shown number" if ours else "the provider chooses"
            file = f"sqlite:///{folder}/{'ours' if ours else 'theirs'}.db"
            asyncio.run(load_anew(file))
            print("sqlite,", who, json.dumps(asyncio.run(measure(file, calls, ours=ours))))
            name = "ours" if ours else "theirs"
            asyncio.run(postgres.execute(f"CREATE DATABASE {name}"))
            url = postgres.url(name)
            asyncio.run(load_anew(url))
            told = asyncio.run(measure(url, calls, ours=ours, server=postgres.pid))
            print("postgresql,", who, json.dumps(told))
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
