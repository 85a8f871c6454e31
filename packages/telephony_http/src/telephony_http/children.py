"""Processes that belong to one of ours: started, watched, and ended with it, whatever it dies of.

Each gets a process group of its own, so that a Ctrl-C at the terminal reaches their owner alone, who ends them in
order. On Linux the kernel ends them as well if the owner is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

_PR_SET_PDEATHSIG = 1
_LAST_LINES = 15


class ChildDied(Exception):
    """A process that should live has ended; `log` is where it wrote why."""

    def __init__(self, name: str, exit_code: int, log: Path) -> None:
        self.name = name
        self.exit_code = exit_code
        self.log = log
        super().__init__(f"{name} ended with exit code {exit_code}")

    def last_words(self) -> str:
        """The last lines that it wrote."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-_LAST_LINES:])


class Child:
    """One process with its log, from `start` to `Children.stop`."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log

    async def died(self) -> ChildDied:
        """Waits until the process has ended."""
        return ChildDied(self.name, await self.process.wait(), self.log)

    async def first_line(self) -> str:
        """The first line on its standard output, which goes nowhere else. Raises `ChildDied` if there comes none."""
        assert self.process.stdout is not None  # asked for at the start
        line = await self.process.stdout.readline()
        if not line:
            raise await self.died()
        return line.decode(errors="replace").strip()


class Children:
    """All child processes of the owner. Leaving the block ends them, in the reverse order of their start.

    `ends_within`: seconds from SIGTERM to SIGKILL, longer than any of them takes to finish what is in hand.
    """

    def __init__(self, ends_within: float) -> None:
        self._ends_within = ends_within
        self._all: list[Child] = []

    async def start(
        self, name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str], reads: bool = False
    ) -> Child:
        """Starts a process that writes into `log`; `reads` keeps its standard output for `first_line`."""
        with log.open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if reads else file,
                stderr=file,
                env=environment,
                process_group=0,
                preexec_fn=_ends_with_owner(),
            )
        child = Child(name, process, log)
        self._all.append(child)
        return child

    async def first_death(self) -> ChildDied:
        """Waits until any of them has ended."""
        deaths = [asyncio.create_task(child.died()) for child in self._all]
        try:
            done, _ = await asyncio.wait(deaths, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for death in deaths:
                death.cancel()
            await asyncio.gather(*deaths, return_exceptions=True)

    async def stop(self) -> None:
        """Ends all and waits for them; what doesn't end in time is killed."""
        for child in reversed(self._all):
            await _end(child.process, self._ends_within)
        self._all.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.shield(self.stop())


async def _end(process: asyncio.subprocess.Process, within: float) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(within):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _ends_with_owner() -> Callable[[], None] | None:
    """What the child does first: asks the kernel for a SIGTERM when its parent dies. None where that can't be asked."""
    if not sys.platform.startswith("linux"):
        return None
    # Looked up before the fork: between fork and exec there is nothing that may be loaded.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    owner = os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != owner:  # it died before we asked
            os._exit(1)

    return ask
