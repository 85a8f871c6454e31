"""`python -m tests.fuzz`: inputs at the report endpoint; no crash, no 5xx, no growth, nothing stored that shouldn't be.

Variables: INPUTS (100000), SEED. The last line is one JSON object. Exit code 1 if anything of that is not so.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.endpoint import KNOWN, LINE, Endpoint, endpoint
from tests.fuzz.inputs import Inputs

MAY_GROW = 24 * 2**20
"""Bytes of memory from the first fifth on: less than 300 for each of 80,000 inputs, which is what noise there is."""
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


async def run(number: int, seed: int) -> int:
    say(f"seed {seed}, {number} inputs")
    with tempfile.TemporaryDirectory(prefix="telephony-fuzz-", dir=_MEMORY) as folder:
        async with endpoint(Path(folder)) as at:
            return await _thrown(at, number, seed)


async def _thrown(at: Endpoint, number: int, seed: int) -> int:
    inputs, kinds, before, began = Inputs(seed, (KNOWN,), (LINE,)), Counter[str](), await at.look(), time.monotonic()
    grown: list[int] = []
    for place in range(number):
        if place % max(1, number // 10) == 0:
            grown.append(memory())
            say(f"{place}: {dict(at.answers)}, {grown[-1] / 2**20:.1f} MB")
        thrown = inputs.next()
        kinds[thrown.kind] += 1
        await at.throw(thrown)
    grown.append(memory())
    wrong = [*at.wrong, *await at.what_should_not_be(before)]
    if grown[-1] - grown[2] > MAY_GROW:
        wrong.append(f"memory grew by {(grown[-1] - grown[2]) / 2**20:.1f} MB")
    after = await at.look()
    for each in wrong[:20]:
        say(f"  ! {each}")
    figures = {
        "inputs": number,
        "kinds": kinds,
        "answers": at.answers,
        "reports_stored": after.rows["provider_reports"],
        "memory_mb": [round(each / 2**20, 1) for each in grown],
        "wrong": len(wrong),
        "seconds": round(time.monotonic() - began, 1),
        "seed": seed,
    }
    say(json.dumps(figures))
    return 1 if wrong else 0


def memory() -> int:
    """What this process holds in RAM, in bytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(
        asyncio.run(
            run(
                int(os.environ.get("INPUTS") or 100_000),
                int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000)),
            )
        )
    )
