"""Whether a policy answers by the question alone (C8): it is asked in other words, and watched while it answers."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from datetime import date
from types import FrameType
from typing import Any

from attrs import evolve

from telephony_core.caller_id import CallerIdDecision, Question
from telephony_core.carousel import Carousel
from telephony_core.testing import situations
from telephony_core.testing.contracts.another_process import told
from telephony_core.testing.contracts.caller_id_rules import Policy, ask
from telephony_core.testing.stories import Answer, BrokenRule

_MANY_TIMES = 300

_CLOCKS = {
    # What measures how long something takes is no clock to decide by.
    "time": ("time", "time_ns", "localtime", "gmtime", "ctime", "strftime"),
    "posix": ("urandom", "getpid"),
    "nt": ("urandom", "getpid"),
}


def say(policy: Policy, question: Question) -> str:
    """The policy's answer as a text to compare."""
    answer = ask(policy, question)
    check_plain(question, answer)
    return told(answer)


def check_plain(question: Question, answer: Answer) -> None:
    """What the rules saw can be kept, and is read as it was kept."""
    for step in answer.steps if isinstance(answer, CallerIdDecision) else ():
        try:
            is_plain = json.loads(json.dumps(dict(step.saw))) == step.saw
        except TypeError:
            is_plain = False
        if not is_plain:
            raise BrokenRule("C8", f"what {step.rule} saw is not plain data: {step.saw}", question, answer)


def check_other_ways_to_ask(policy: Policy, question: Question) -> None:
    """An answer holds however the question is put: in no order of a mapping, in no time zone, in no list of pools."""
    answer = ask(policy, question)
    for how, again in _other_ways(question):
        other = ask(policy, again)
        if told(_without_steps(other)) != told(_without_steps(answer)):
            what = f"{how}, the answer is another: {told(other)}, before {told(answer)}"
            raise BrokenRule("C8", what, again, other)


def _other_ways(question: Question) -> Iterator[tuple[str, Question]]:
    yield "with its instants written in other time zones", situations.written_elsewhere(question)
    yield "with the uses listed the other way round", evolve(question, uses=dict(reversed(list(question.uses.items()))))
    # The order of pools is a field of theirs (C4); how the store happens to list them is none. How ties of that field
    # are broken is said nowhere.
    pools = question.carousel.pools
    if len({(pool.provider, pool.order) for pool in pools}) == len(pools):
        yield "with the pools listed the other way round", evolve(question, carousel=Carousel(pools[::-1]))


def _without_steps(answer: Answer) -> Answer:
    """The answer itself; in what order its steps list what they saw is their own affair."""
    return evolve(answer, steps=()) if isinstance(answer, CallerIdDecision) else answer


def check_many_times(policy: Policy, question: Question) -> None:
    """The same question, again and again: nothing is counted in between."""
    first = told(ask(policy, question))
    for times in range(2, _MANY_TIMES + 1):
        answer = ask(policy, question)
        if told(answer) != first:
            raise BrokenRule(
                "C8", f"asked {times} times, it answered otherwise at last; before: {first}", question, answer
            )


def check_sources(policy: Policy, question: Question) -> None:
    """The instant is the question's own, and there is no chance: neither clock nor random numbers are asked."""
    asked: list[str] = []

    def watch(frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and (name := _outside(function)) and not _is_a_log(frame):
            asked.append(f"{name}() in {frame.f_code.co_name}, line {frame.f_lineno} of {frame.f_code.co_filename}")

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        answer = ask(policy, question)
    finally:
        sys.setprofile(before)
    if asked:
        raise BrokenRule("C8", f"the policy asked {asked[0]}, which no replay can ask again", question, answer)


def _outside(function: Any) -> str | None:
    """The name of a built-in function whose answer is another one each time; None for all others."""
    name = getattr(function, "__name__", "")
    owner = getattr(function, "__self__", None)
    if isinstance(owner, random.Random):
        return f"random.{name}"
    if isinstance(owner, type) and issubclass(owner, date) and name in ("now", "utcnow", "today"):
        return f"{owner.__name__}.{name}"
    module = getattr(function, "__module__", None) or ""
    return f"{module}.{name}" if name in _CLOCKS.get(module, ()) else None


def _is_a_log(frame: FrameType) -> bool:
    """Whoever writes a log line has its time in it, and decides nothing by it."""
    return str(frame.f_globals.get("__name__", "")).startswith("logging")
