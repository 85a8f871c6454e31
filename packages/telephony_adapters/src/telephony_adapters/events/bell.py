"""Wakes a task that waits for news."""

from __future__ import annotations

import asyncio
import math
import time


class Bell:
    """For the one task that listens. A ring while it is busy is kept, and many are one; lives as long as its owner.

    `apart`: seconds that lie between two rings that are heard, at least. The first one after a silence is heard at
    once; under load what came up meanwhile is then done in one go.
    """

    def __init__(self, apart: float = 0.0) -> None:
        self._rung = asyncio.Event()
        self._apart = apart
        self._heard_at = -math.inf

    def ring(self) -> None:
        self._rung.set()

    async def heard(self, within: float) -> bool:
        """Waits for a ring, at most so many seconds; whether there was one."""
        try:
            async with asyncio.timeout(within):
                await self._rung.wait()
        except TimeoutError:
            return False
        pause = self._heard_at + self._apart - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        self._rung.clear()
        self._heard_at = time.monotonic()
        return True
