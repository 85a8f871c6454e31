"""What importing the core costs beyond attrs and cattrs. Run by hand:

    python tests/benchmarks/bench_import.py

Each figure is the best of several processes of their own, in milliseconds of processor, with what they import before
taken off. The first is the bound of the product (100 ms); the others are what is paid when a name is first asked for.
"""

# ruff: noqa: T201 - a script that speaks to a terminal

from __future__ import annotations

import subprocess
import sys

BOUND = 100.0
ROUNDS = 7
IMPORTS = {
    "import telephony_core": "import telephony_core",
    "the caller-ID policy": "from telephony_core import CallerIdPolicy",
    "the whole core": "from telephony_core import Telephony; import telephony_core.serialization",
}
PROGRAM = "import time, asyncio, logging, attrs, cattrs; t = time.process_time(); {}; print(time.process_time() - t)"


def milliseconds(statement: str) -> float:
    def once() -> float:
        command = [sys.executable, "-c", PROGRAM.format(statement)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) * 1e3

    return min(once() for _ in range(ROUNDS))


def main() -> int:
    found = {name: milliseconds(statement) for name, statement in IMPORTS.items()}
    for name, cost in found.items():
        print(f"{name:24} {cost:7.1f} ms")
    first = next(iter(found.values()))
    print(f"bound of the first: {BOUND:.0f} ms: {'kept' if first < BOUND else 'BROKEN'}")
    return 0 if first < BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
