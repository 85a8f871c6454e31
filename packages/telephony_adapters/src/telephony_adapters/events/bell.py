"""Wakes a task that waits for news."""

from __future__ import annotations

import asyncio


class Bell:
    """For the one task that listens. A ring while it is busy is kept, and many are one; lives as long as its owner."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def heard(self, within: float) -> bool:
        """Waits for a ring, at most so many seconds; whether there was one."""
        try:
            async with asyncio.timeout(within):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True
