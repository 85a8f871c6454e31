"""What a decision costs with its steps, beside a function that only returns the number. Run by hand:

    python tests/benchmarks/bench_decision.py

One pool of ten numbers, all usable, no earlier talk: region, usable, fair. The other function has the same rules in one
loop, and no reasons: it can't say why, be replayed, or be changed in one place. Both are asked the same questions in
turns, and must name the same numbers. Times are the processor's, since machines are shared.
"""

# ruff: noqa: T201 - a script that speaks to a terminal

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from telephony_core.caller_id import CallerIdPolicy, Question
from telephony_core.carousel import NEVER_USED, NumberUse
from telephony_core.device import Mobile
from telephony_core.phone import PhoneNumber
from telephony_core.serialization import compact_json, decision_to_stored
from telephony_core.testing.examples import NOW, a_carousel, a_number, a_pool, an_ip_phone

ROUNDS = 15
TIMES = 2_000


def inlined(question: Question) -> PhoneNumber | None:
    """C1, C3, C4 and C7 by hand, for the plain case: no chain, no stickiness, no steps, no provider's choice."""
    device = question.device
    if isinstance(device, Mobile):
        return device.sim.number if device.sim else None
    pool = default = None
    for each in question.carousel.pools:
        if each.provider == device.provider:
            default = each if each.is_default else default
            if pool is None and not set(each.region_codes).isdisjoint(question.number_codes):
                pool = each
    pool = pool or default
    active = None
    for generation in pool.generations if pool else ():
        if generation.activates_at <= question.now:
            active = generation
    if pool is None or active is None:
        return None
    cap = pool.limits.cap(question.now - active.activates_at)
    rest = timedelta(seconds=pool.limits.rest_seconds)
    best, best_turn = None, sys.maxsize
    for each_number in active.numbers:
        use = question.uses.get(each_number.number, NEVER_USED)
        if each_number.quarantine is not None or (cap is not None and use.shows_today >= cap):
            continue
        if use.last_shown_at is not None and question.now < use.last_shown_at + rest:
            continue
        if use.turn < best_turn:
            best, best_turn = each_number.number, use.turn
    return best


def questions() -> list[Question]:
    carousel = a_carousel(a_pool(), a_pool("volga", first=50, region_codes=("RU-SAM",), is_default=False))
    found = []
    for place in range(10):
        uses = {
            a_number(each): NumberUse(9, (each - place) % 10 + 1, 3, NOW - timedelta(hours=1)) for each in range(10)
        }
        found.append(Question(NOW, an_ip_phone(), ("RU-NVS",), carousel=carousel, uses=uses))
    return found


def microseconds(ask: Callable[[Question], object], asked: Sequence[Question]) -> float:
    begin = time.process_time()
    for place in range(TIMES):
        ask(asked[place % len(asked)])
    return (time.process_time() - begin) / TIMES * 1e6


def main() -> int:
    policy, asked = CallerIdPolicy(), questions()
    if [policy.decide(each).requested for each in asked] != [inlined(each) for each in asked]:
        print("the two don't name the same numbers: this compares nothing")
        return 1
    rounds = [(microseconds(policy.decide, asked), microseconds(inlined, asked)) for _ in range(ROUNDS)]
    decided, by_hand = (min(column) for column in zip(*rounds, strict=True))
    decision = policy.decide(asked[0])
    stored = len(compact_json(decision_to_stored(decision)).encode())
    print(f"a decision with its steps  {decided:7.2f} us   ({len(decision.steps)} steps, {stored} B stored)")
    print(f"the number by hand         {by_hand:7.2f} us")
    print(f"ratio                      {decided / by_hand:7.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
