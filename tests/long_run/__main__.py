"""`python -m tests.long_run`: thousands of calls with random behaviours and faults, judged by the provider's ledger.

Variables: CALLS (10000), SEED, CALLS_OF_A_STAGE (400), STORE (memory, or sqlite, which takes hours). The last line is
one JSON object. Exit code 1 if a call is not in its true end state, a reported number or a verdict is wrong, or a
verdict of C10 did not occur at all.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import tempfile
from pathlib import Path

import attrs
from tests.long_run.campaign import Campaign
from tests.long_run.stage import stage
from tests.long_run.verdicts import Figures

from telephony_core.caller_id import Verdict

# No power is cut here, so what is written need not reach a disk: that would be most of the time.
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def run(calls: int, of_a_stage: int, seed: int, *, in_memory: bool) -> int:
    total, number = Figures(), 0
    say(f"seed {seed}, {calls} calls")
    while total.calls < calls:
        number += 1
        here = min(of_a_stage, calls - total.calls)
        with tempfile.TemporaryDirectory(prefix="telephony-long-run-", dir=_MEMORY) as folder:
            async with stage(Path(folder), seed=seed + number, in_memory=in_memory) as on:
                figures = await Campaign(on, random.Random(seed + number), here).play()
        total.add(figures)
        rate = figures.calls / figures.seconds
        say(f"stage {number}: {figures.calls} calls, {rate:.1f} a second, wrong: {dict(figures.wrong) or 'nothing'}")
    for verdict in Verdict:
        if not total.verdicts[verdict]:
            total.wrong[f"no_{verdict}"] += 1
    for each in total.examples[:20]:
        say(f"  ! {each}")
    say(json.dumps(attrs.asdict(total) | {"examples": len(total.examples), "seed": seed}, ensure_ascii=False))
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(
        asyncio.run(
            run(
                int(os.environ.get("CALLS") or 10_000),
                int(os.environ.get("CALLS_OF_A_STAGE") or 400),
                int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000)),
                in_memory=os.environ.get("STORE", "memory") != "sqlite",
            )
        )
    )
