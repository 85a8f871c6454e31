"""A crowd: a thousand employees who press at one instant, over one pool of ten numbers that we choose from (C7)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import httpx2
from attrs import evolve
from sqlalchemy import func, select
from tests.faults.judge import Figures, judge
from tests.faults.processes import Broken
from tests.faults.scene import Line, Press, Scene
from tests.faults.two_step_gateway import PROVIDER

from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.store.access_tokens import Tokens
from telephony_adapters.store.tables import attempts
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.carousel import Carousel
from telephony_core.device import IpPhone
from telephony_core.party import Client, Employee, EnteredNumber, Permission

POOL_OF = 10
TO_ONE_NUMBER = 20
SPEED = 1.0
"""The people's own: a talk lasts longer than the race for its number."""
PATIENT = {
    "TELEPHONY_PROVIDER_TIMEOUT_SECONDS": "10",
    "TELEPHONY_UNKNOWN_HORIZON_SECONDS": "60",
    "TELEPHONY_LONGEST_CALL_SECONDS": "60",
}
"""Of so many at once some wait for long at the provider, too."""
IN_FLIGHT = 200
"""Requests under way at one instant: ten times the connections that a service has to its database."""


async def crowd(scene: Scene, presses: int) -> Figures:
    """First twenty of them to one number: one call. Then all, each to a number of its own: no two picks differ by more
    than one. There the provider refuses, for a pick counts from its reservation, whatever became of the call."""
    pressed = await _press_ready(scene, presses)
    async with httpx2.AsyncClient(
        timeout=httpx2.Timeout(60, pool=None),
        trust_env=False,
        limits=httpx2.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=0),
    ) as many:
        figures = Figures()
        wanted = pressed[-1]
        race = [_to(press, wanted, nth) for nth, press in enumerate(pressed[:TO_ONE_NUMBER])]
        scene.presses += race
        await asyncio.gather(*(scene.press(press) for press in race))
        made = {press.attempt_id for press in race if press.accepted}
        figures.races_lost += len(made) != 1
        said = Counter(press.code or str(press.status) for press in race)
        figures.notes.append(f"{TO_ONE_NUMBER} employees to one number: {_told(said)}")
        await _hang_up(scene, race)

        await scene.two_step.control("PUT", "refusing")
        scene.presses += pressed
        scene.http, few = many, scene.http
        try:
            await asyncio.gather(*(scene.press(press) for press in pressed))
        finally:
            scene.http = few
    await scene.settled()
    total = await judge(scene, await scene.provider.ledger())
    picks = await _picks(scene)
    least, most = (min(picks.values()), max(picks.values())) if len(picks) == POOL_OF else (0, presses)
    total.unfair_picks = max(0, most - least - 1)
    said = Counter(press.code or str(press.status) for press in pressed)
    total.notes += [*figures.notes, f"{presses} at once: {_told(said)}; picks of a number: {least} to {most}"]
    total.races_lost += figures.races_lost
    total.seconds = time.monotonic() - scene.began
    return total


def _told(said: Counter[str]) -> str:
    return ", ".join(f"{times} {code}" for code, times in said.most_common())


async def _press_ready(scene: Scene, presses: int) -> list[Press]:
    """Employees, phones, clients and one pool for so many presses; none of them pressed yet."""
    names = [f"crowd-{nth}" for nth in range(presses)]
    numbers = [f"+7903{1_000_000 + nth}" for nth in range(presses)]
    await OwnDirectory(scene.engine).put_all(
        employees=[Employee(name, name) for name in names],
        devices=[IpPhone(f"D-{name}", name, name, PROVIDER, f"line-{name}") for name in names],
        clients=[
            Client(f"C-{name}", name, (EnteredNumber(f"N-{name}", number, primary=True),))
            for name, number in zip(names, numbers, strict=True)
        ],
    )
    async with SqlStore(scene.engine).write() as uow:
        carousel = await uow.carousel.load()
        only = next(pool for pool in carousel.pools if pool.is_default)
        active = only.active(await uow.now())
        if active is None or len(active.numbers) != POOL_OF:
            raise Broken(f"the default pool has not {POOL_OF} numbers")
        await uow.carousel.store(Carousel((evolve(only, chain=(), generations=(active,)),)))
        await uow.commit()
    may = frozenset({Permission.CALL, Permission.SEE_FULL_NUMBERS, Permission.ACT_FOR_OTHERS})
    token = await Tokens(scene.engine).issue("service:crowd", permissions=may)
    scene.tokens.update(dict.fromkeys(names, token))
    return [
        Press(
            f"{scene.name}-{name}",
            Line(name, f"D-{name}", f"line-{name}"),
            f"C-{name}",
            number,
            {"target": {"kind": "client", "id": f"C-{name}"}, "device_id": f"D-{name}", "employee_id": name},
        )
        for name, number in zip(names, numbers, strict=True)
    ]


def _to(press: Press, other: Press, nth: int) -> Press:
    """This employee to that client."""
    body = {**press.body, "target": other.body["target"]}
    return Press(f"{press.key}-race-{nth}", press.line, other.client, other.number, body)


async def _hang_up(scene: Scene, race: list[Press]) -> None:
    for call_id, employee in {(press.call_id, press.line.employee) for press in race if press.accepted}:
        headers = {"Authorization": f"Bearer {scene.tokens[employee]}"}
        await scene.http.post(f"{scene.services[0].url}/api/v1/calls/{call_id}/hangup", headers=headers)
    await scene.settled()


async def _picks(scene: Scene) -> dict[str, int]:
    """How often each number of the pool was picked, the race's pick included."""
    asked = select(attempts.c.carousel_number, func.count()).group_by(attempts.c.carousel_number)
    async with scene.engine.connect() as connection:
        return {str(number): times for number, times in await connection.execute(asked)}
