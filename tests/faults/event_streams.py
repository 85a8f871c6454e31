"""Readers of the stream of events who are cut off at random and come again, to whichever service, while an office is
at work and services die; what they were told is compared with the table of events."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

import httpx2
from attrs import define, field
from sqlalchemy import func, select
from tests.faults.campaigns import BEHAVIOURS, work
from tests.faults.judge import Figures, judge
from tests.faults.processes import Broken, until
from tests.faults.scene import CALLERS, Scene

from telephony_adapters.store.access_tokens import Tokens
from telephony_adapters.store.tables import events
from telephony_core.party import Permission

CUTS_TO_A_KILL = 10
"""After so many cuts of a reader a service dies, perhaps the one that relays."""
TOLD_WITHIN = 60.0
"""Seconds in which a reader that is left alone is told all that is left."""
OF_THEIR_OWN = CALLERS[:4]
"""Employees who follow their own calls; one reader more follows everybody's."""


@define
class Reader:
    """`employee` None: may follow everybody. `told`: event ids in the order of coming, repeats included."""

    token: str
    employee: str | None
    position: int = 0
    told: list[str] = field(factory=list)
    cuts: int = 0
    ends: Counter[str] = field(factory=Counter)

    async def read(self, http: httpx2.AsyncClient, url: str, cut_after: float | None = None) -> None:
        """Reads on from its position. Cut off so many seconds after the answer, in the middle of an event perhaps, if
        nothing stops it before."""
        headers = {"Authorization": f"Bearer {self.token}", "Last-Event-ID": str(self.position)}
        rest = b""
        async with http.stream("GET", f"{url}/api/v1/events", headers=headers) as answer:
            self.ends[f"answers {answer.status_code}"] += 1
            if answer.status_code != 200:
                return
            try:
                async with asyncio.timeout(cut_after):
                    async for more in answer.aiter_raw():
                        *blocks, rest = (rest + more).split(b"\n\n")
                        for block in blocks:
                            self._take(dict(line.split(": ", 1) for line in block.decode().splitlines()))
            except TimeoutError:
                self.cuts += 1

    def _take(self, fields: dict[str, str]) -> None:
        if fields.get("event") == "end":
            self.ends[json.loads(fields["data"])["reason"]] += 1
        elif "data" in fields:
            self.told.append(json.loads(fields["data"])["id"])
        if "id" in fields:
            self.position = int(fields["id"])


async def cut_off(scene: Scene, cuts: int) -> Figures:
    """Each reader is cut off so many times, in all its life; then it reads the rest in peace."""
    await scene.simulator.control("PUT", "random-behaviours", BEHAVIOURS)
    readers = [Reader(await _token_of_all(scene), None)]
    readers += [Reader(scene.tokens[employee], employee) for employee in OF_THEIR_OWN]
    being_cut = asyncio.Event()
    office = [asyncio.create_task(work(scene, employee, lambda: not being_cut.is_set())) for employee in CALLERS]
    async with httpx2.AsyncClient(timeout=httpx2.Timeout(10, read=None), trust_env=False) as http:
        try:
            async with asyncio.TaskGroup() as group:
                for reader in readers:
                    group.create_task(_cut(scene, http, reader, cuts, kills=reader.employee is None))
        finally:
            being_cut.set()
            await asyncio.gather(*office)
        await scene.settled()
        await until(lambda: _not_relayed(scene), lambda left: left == 0, TOLD_WITHIN, "the relay of all events", 0.1)
        stored = await _stored(scene)
        async with asyncio.TaskGroup() as group:
            for reader in readers:
                group.create_task(_read_rest(scene, http, reader, stored))
    # A verdict may have come meanwhile: nobody has to have been told of it yet, but may.
    known = await _stored(scene)
    figures = await judge(scene, await scene.simulator.ledger())
    for reader in readers:
        _compare(figures, reader, stored, known)
    figures.seconds = time.monotonic() - scene.began
    return figures


async def _token_of_all(scene: Scene) -> str:
    return await Tokens(scene.engine).issue("reader", permissions=[Permission.ACT_FOR_OTHERS])


async def _cut(scene: Scene, http: httpx2.AsyncClient, reader: Reader, cuts: int, *, kills: bool) -> None:
    while reader.cuts < cuts:
        service = scene.random.choice([each for each in scene.services if each.up.is_set()] or scene.services)
        before = reader.cuts
        try:
            await reader.read(http, service.url, scene.random.uniform(0.0, 0.4))
            if kills and reader.cuts > before and reader.cuts % CUTS_TO_A_KILL == 0:
                dying = scene.random.choice(scene.services)
                await scene.revive(dying)
                await scene.die(dying)
                await scene.revive(dying)
        except httpx2.TransportError:
            await asyncio.sleep(0.02)  # this one is dead; another, or the same a little later


async def _read_rest(scene: Scene, http: httpx2.AsyncClient, reader: Reader, stored: list[Any]) -> None:
    """Until the reader has all that it should have, or has waited too long for it."""
    wanted = {row.id for row in _wanted_by(reader, stored)}

    async def missing() -> int:
        return len(wanted - set(reader.told))

    reading = asyncio.create_task(reader.read(http, scene.random.choice(scene.services).url))
    try:
        with contextlib.suppress(Broken):  # what is missing then is counted
            await until(missing, lambda left: left == 0, TOLD_WITHIN, "the last event", 0.05)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _stored(scene: Scene) -> list[Any]:
    async with scene.engine.connect() as connection:
        columns = (events.c.id, events.c.call_id, events.c.position, events.c.seq, events.c.body)
        return list(await connection.execute(select(*columns).order_by(events.c.seq)))


async def _not_relayed(scene: Scene) -> int:
    async with scene.engine.connect() as connection:
        left = await connection.execute(select(func.count()).where(events.c.position.is_(None)))
        return int(left.scalar_one())


def _wanted_by(reader: Reader, stored: list[Any]) -> list[Any]:
    return [row for row in stored if reader.employee in {None, row.body["employee_id"]}]


def _compare(figures: Figures, reader: Reader, stored: list[Any], known: list[Any]) -> None:
    wanted = _wanted_by(reader, stored)
    who = reader.employee or "everybody"
    lost = [row for row in wanted if row.id not in set(reader.told)]
    firsts = {event_id: place for place, event_id in reversed(list(enumerate(reader.told)))}
    of_call: dict[str, list[Any]] = defaultdict(list)
    for row in wanted:
        if row.id in firsts:
            of_call[row.call_id].append(row)
    disordered = [
        (one, other) for rows in of_call.values() for one, other in pairwise(rows) if firsts[one.id] > firsts[other.id]
    ]
    strangers = set(reader.told) - {row.id for row in _wanted_by(reader, known)}
    figures.streams_cut += reader.cuts
    figures.events_told += len(wanted)
    figures.events_lost += len(lost)
    figures.events_disordered += len(disordered)
    figures.strange_answers += len(strangers)
    figures.examples += [f"{who} was never told event {row.position} of call {row.call_id}" for row in lost[:5]]
    figures.examples += [f"{who} was told {other.position} before {one.position}" for one, other in disordered[:5]]
    figures.examples += [f"{who} was told {event_id}, which is none of theirs" for event_id in list(strangers)[:5]]
    again = len(reader.told) - len(firsts)
    ends = ", ".join(f"{times} {what}" for what, times in reader.ends.most_common())
    figures.notes.append(f"{who}: {len(firsts)} events, {again} again, {reader.cuts} cuts, {ends}")
