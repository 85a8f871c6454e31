"""What still goes on: calls that live and pushes that wait. Tests wait for its end instead of sleeping."""

from __future__ import annotations

import asyncio


class Activity:
    """A counter of things under way with an event for 'none'. Lives as long as the simulator."""

    def __init__(self) -> None:
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def under_way(self) -> int:
        return self._under_way

    def begin(self) -> None:
        self._under_way += 1
        self._idle.clear()

    def end(self) -> None:
        self._under_way -= 1
        if self._under_way == 0:
            self._idle.set()

    async def wait_idle(self, timeout_seconds: float) -> bool:
        """True when nothing is under way, False if that did not come in time."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
