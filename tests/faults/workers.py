"""Several workers on one database: each look-up that is due is made once, by one of them."""

from __future__ import annotations

import asyncio
import time

from sqlalchemy import select
from tests.faults.campaigns import verdict
from tests.faults.judge import Figures
from tests.faults.scene import CALLERS, Scene

from telephony_adapters.store.tables import attempts


async def workers(scene: Scene, rounds: int) -> Figures:
    """The provider loses every request and answers look-ups slowly, and the workers of all services see the same calls
    come due. A claim counts the look-up before it is made: what the provider was asked is what was claimed."""
    await scene.two_step.control("PUT", "losing")
    for _ in range(rounds):
        await asyncio.gather(*(scene.press(scene.a_press(employee)) for employee in CALLERS))
        await scene.settled()
    figures = await verdict(scene)
    asked = await scene.two_step.control("GET", "looked-up")
    async with scene.engine.connect() as connection:
        claimed = {row.id: row.look_ups for row in await connection.execute(select(attempts.c.id, attempts.c.look_ups))}
    twice = {each: times for each, times in asked.items() if times > claimed[each]}
    figures.looked_up_twice = len(twice)
    figures.examples += [f"{each}: asked {times} times, claimed {claimed[each]}" for each, times in twice.items()]
    if not asked:
        figures.faults_unfelt += 1
    figures.notes.append(f"{sum(asked.values())} look-ups about {len(asked)} calls by {len(scene.services)} workers")
    figures.seconds = time.monotonic() - scene.began
    return figures
