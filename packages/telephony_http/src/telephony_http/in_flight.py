"""Work that goes on though its request is gone: a caller who hangs up, or a service that is told to end.

An initiation whose intent is committed has to come to its recorded answer (K3). Lives as long as its app, whose
lifespan waits for what is left before it closes the store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class InFlight:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def finish(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do the work to its end; who asked for it may be cancelled meanwhile."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    async def ended(self, within: float) -> None:
        """Waits until all is done, at most so many seconds."""
        if self._tasks:
            log.info("waiting for %d calls that are being placed", len(self._tasks))
            await asyncio.wait(self._tasks, timeout=within)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: whoever waited has got it, and without one it is a refusal that nobody reads
