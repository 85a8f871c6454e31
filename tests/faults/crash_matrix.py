"""Deaths at every named point (`points`): of an initiation, of each leg of a two-step dial, of a report, of settling.

Each case is one press on a service that is armed for its called number: the service kills itself at the point, is
started again armed for the next case, and the press is repeated until it is answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from itertools import cycle

from attrs import define, field
from sqlalchemy import select
from tests.faults.judge import Figures, judge
from tests.faults.points import ONE_STEP, TWO_STEP
from tests.faults.providers import TwoStepProvider
from tests.faults.scene import CALLERS, Press, Scene

from telephony_adapters.store.tables import attempts

PASSED_WITHIN = 60.0
"""Seconds until a point must have been passed: much longer than settling an unknown outcome takes here."""
TRIES = 3
"""On a machine that holds a process up after the intent nothing is dialled, and what comes after isn't passed."""


@define
class Matrix:
    """What became of the calls of each point: by point, then by column."""

    cells: dict[str, dict[str, str]] = field(factory=dict)

    def note(self, point: str, column: str, what: str) -> None:
        of_point = self.cells.setdefault(point, {})
        of_point[column] = f"{of_point[column]}, {what}" if column in of_point else what

    def lines(self) -> list[str]:
        """A table, each shape's points in the order in which a call passes them; nothing, where nobody died."""
        if not self.cells:
            return []
        columns = sorted({column for of_point in self.cells.values() for column in of_point})
        order = {point: place for place, point in enumerate(dict.fromkeys((*ONE_STEP, *TWO_STEP)))}
        wide = max(map(len, self.cells))
        narrow = [max(len(column), *(len(row.get(column, "")) for row in self.cells.values())) for column in columns]
        rows = [("died at", columns)]
        rows += [
            (point, [self.cells[point].get(column, "") for column in columns])
            for point in sorted(self.cells, key=lambda each: order[each])
        ]
        return [
            "  ".join([f"{head:{wide}}", *(f"{text:{width}}" for text, width in zip(cells, narrow, strict=True))])
            for head, cells in rows
        ]


async def crash_matrix(scene: Scene, points: Sequence[str], column: str, matrix: Matrix) -> Figures:
    """One death at each of these points; `matrix` gets what became of the calls."""
    service, people = scene.services[0], cycle(CALLERS)
    cases: list[tuple[str, Press, bool]] = []
    repeats: list[asyncio.Task[Press]] = []
    if not isinstance(scene.provider, TwoStepProvider):
        await scene.simulator.control("PUT", "random-behaviours", {"answers": 1.0})
    await service.kill()
    service.kills = 0
    async with asyncio.TaskGroup() as group:

        async def death(point: str) -> tuple[Press, bool]:
            press = scene.a_press(next(people))
            await _prepare(scene, point, press)
            await service.start(point, press.number[-10:])
            await scene.revive(service)
            first = asyncio.create_task(scene.once(press, service))
            died = await service.dies_by_itself(PASSED_WITHIN)
            await first
            repeats.append(group.create_task(scene.press(press)))
            return press, died

        for point in points:
            press, died = await death(point)
            for _ in range(TRIES - 1):
                if not died:
                    press, died = await death(point)
            cases.append((point, press, died))
        await service.start()
        await scene.revive(service)
    await scene.settled()
    figures = await judge(scene, await scene.provider.ledger())
    async with scene.engine.connect() as connection:
        rows = await connection.execute(select(attempts.c.line, attempts.c.phone_number, attempts.c.outcome))
        outcomes = {(row.line, row.phone_number): row.outcome for row in rows}
    for point, press, died in cases:
        matrix.note(point, column, str(outcomes.get(press.pair)) if died else "NOT PASSED")
        if not died:
            figures.points_missed += 1
            figures.examples.append(f"no service died at {point!r} ({column}); last answer {press.status} {press.code}")
    figures.seconds = time.monotonic() - scene.began
    return figures


async def _prepare(scene: Scene, point: str, press: Press) -> None:
    """Everybody answers, but for calls that must be settled: there a request to the provider is due."""
    if not point.startswith("settling"):
        return
    if isinstance(scene.provider, TwoStepProvider):
        # The number shown is asked for after the end, since no client's phone rang that could have told it.
        await scene.provider.control("PUT", f"behaviours/{press.number[1:]}", {"kind": "employee_no_answer"})
    else:
        await scene.simulator.control("POST", "faults", {"kind": "reset", "phone_number": press.number})
