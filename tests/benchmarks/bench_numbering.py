"""What a look-up in the numbering plan costs: bisection against a linear search, in one run. Run by hand:

    python tests/benchmarks/bench_numbering.py [FILE OF THE REGISTER]

Without a file it takes the newest register beside the repository, or 17,000 made-up ranges. Times are the processor's,
since machines are shared. It asserts nothing, for a time is the machine's as much as the code's: compare the ratio
between machines, not the times.
"""

# ruff: noqa: T201 - a script that speaks to a terminal

from __future__ import annotations

import random
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from telephony_adapters.numbering.plan import NumberingPlan, RangeEntry
from telephony_adapters.numbering.register import read_register
from telephony_core.phone import PhoneNumber

FOLDER = Path(__file__).parents[3] / "shared" / "numbering-plan"


def ranges_of(arguments: list[str]) -> tuple[RangeEntry, ...]:
    files = [Path(argument) for argument in arguments] or sorted(FOLDER.glob("*.csv.xz"))[-1:]
    if not files:
        print("no register: 17,000 made-up ranges")
        return tuple(
            RangeEntry(("RU-MOW",), "made up", 79000000000 + n * 50_000, 79000000000 + n * 50_000 + 39_999)
            for n in range(17_000)
        )
    begin = time.process_time()
    register = read_register(files[0])
    print(f"read {files[0].name}: {register.lines} lines, {len(register.ranges)} ranges, {len(register.names)} names")
    print(f"  {time.process_time() - begin:.3f} s")
    return register.ranges


def microseconds(ask: Callable[[PhoneNumber], object], numbers: list[PhoneNumber]) -> float:
    """The best of five rounds, per call."""
    rounds = []
    for _ in range(5):
        begin = time.process_time()
        for number in numbers:
            ask(number)
        rounds.append((time.process_time() - begin) / len(numbers) * 1e6)
    return min(rounds)


def main() -> None:
    ranges = ranges_of(sys.argv[1:])
    begin = time.process_time()
    plan = NumberingPlan(ranges)
    print(f"plan built in {(time.process_time() - begin) * 1e3:.1f} ms")
    tracemalloc.start()
    kept = NumberingPlan(ranges)
    print(f"plan holds {tracemalloc.get_traced_memory()[0] / 1024:.0f} KiB for {len(kept)} ranges")
    tracemalloc.stop()

    def naive(number: PhoneNumber) -> RangeEntry | None:
        digits = int(number.e164)
        for entry in ranges:
            if entry.first <= digits <= entry.last:
                return entry
        return None

    chance = random.Random(1)
    numbers = [PhoneNumber(f"+{chance.randrange(79000000000, 80000000000)}") for _ in range(20_000)]
    lookup = microseconds(plan.lookup, numbers)
    resolve = microseconds(plan.resolve, numbers)
    linear = microseconds(naive, numbers[:100])
    print(f"lookup {lookup:.2f} us, resolve {resolve:.2f} us, linear search {linear:.0f} us")
    print(f"ratio {linear / lookup:.0f}")


if __name__ == "__main__":
    main()
