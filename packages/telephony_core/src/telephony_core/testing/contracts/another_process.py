"""Asks a policy in a process of its own, whose hashes of strings are salted otherwise (PYTHONHASHSEED).

What depends on the order of a set, or on `hash` itself, is the same all day in one process and differs in the next.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence

from telephony_core.caller_id import CallerIdDecision, Question
from telephony_core.serialization import compact_json, decision_to_stored
from telephony_core.testing.contracts.caller_id_rules import Policy, ask
from telephony_core.testing.stories import Answer, BrokenRule

_ENOUGH = 60.0
"""Seconds after which the other process is given up; it takes one."""


def told(answer: Answer) -> str:
    """An answer as a text to compare."""
    if isinstance(answer, CallerIdDecision):
        return compact_json(decision_to_stored(answer))
    return f"{answer.detail} {answer.reasons}"


def answers_elsewhere(policy: Policy, questions: Sequence[Question]) -> list[str]:
    """What the policy says to these there, in words; nothing if it can't come there (see `pickle`)."""
    try:
        luggage = pickle.dumps((policy, list(questions)))
    except (pickle.PicklingError, AttributeError, TypeError):
        return []
    salt = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = {**os.environ, "PYTHONHASHSEED": salt, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    there = subprocess.run(  # noqa: S603 - this very module
        [sys.executable, "-m", __name__],
        input=luggage,
        env=environment,
        capture_output=True,
        timeout=_ENOUGH,
        check=False,
    )
    return pickle.loads(there.stdout) if there.returncode == 0 else []  # noqa: S301 - of our own child


def _say(luggage: bytes) -> bytes:
    policy, questions = pickle.loads(luggage)  # noqa: S301 - of our own parent
    said = []
    for question in questions:
        try:
            said.append(told(ask(policy, question)))
        except BrokenRule as failure:
            said.append(str(failure.what))
    return pickle.dumps(said)


if __name__ == "__main__":
    sys.stdout.buffer.write(_say(sys.stdin.buffer.read()))
