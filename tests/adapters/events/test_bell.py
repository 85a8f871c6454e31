"""A bell wakes one task, keeps a ring while it is busy, and gathers what comes close together."""

from __future__ import annotations

import asyncio

from telephony_adapters.events.bell import Bell

PATIENCE = 5.0


async def test_who_waits_is_woken() -> None:
    bell = Bell()
    waiting = asyncio.create_task(bell.heard(PATIENCE))
    await asyncio.sleep(0)
    bell.ring()
    assert await waiting is True


async def test_rings_are_kept_and_count_as_one() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    assert await bell.heard(PATIENCE) is True
    assert await bell.heard(0.001) is False


async def test_rings_that_are_close_together_are_heard_once() -> None:
    """The first one at once; those after it together, when the pause is over."""
    bell = Bell(apart=0.05)
    bell.ring()
    assert await bell.heard(PATIENCE) is True
    bell.ring()
    waiting = asyncio.create_task(bell.heard(PATIENCE))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    bell.ring()
    assert await waiting is True
    assert await bell.heard(0.001) is False
