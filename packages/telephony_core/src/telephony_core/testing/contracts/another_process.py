"""Asks a policy in a process of its own, whose hashes of strings are salted otherwise (PYTHONHASHSEED).

What depends on the order of a set, or on `hash` itself, is the same all day in one process and differs in the next.
"""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence

import pytest

from telephony_core.caller_id import CallerIdDecision, Question
from telephony_core.phone import PhoneNumber
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


def answers_elsewhere(policy: Policy, questions: Sequence[Question]) -> list[str] | None:
    """What the policy says to these there, in words; None if it can't come there: its class can't be imported."""
    try:
        luggage = pickle.dumps((policy, list(questions)))
    except (pickle.PicklingError, AttributeError, TypeError):
        return None
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
    answers: list[str] | None = pickle.loads(there.stdout) if there.returncode == 0 else None  # noqa: S301 - our child's
    return answers


def answers_salted(make_policy: Callable[[], Policy], questions: Sequence[Question]) -> list[str]:
    """What a policy says here while all telephone numbers have other hashes than usual."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PhoneNumber, "__hash__", lambda number: hash((number.e164[::-1], "salt")))
        # A copy, so that its dictionaries are in the order of these hashes, too.
        return _answers(make_policy(), copy.deepcopy(list(questions)))


def _answers(policy: Policy, questions: Sequence[Question]) -> list[str]:
    said = []
    for question in questions:
        try:
            said.append(told(ask(policy, question)))
        except BrokenRule as failure:
            said.append(failure.what)
    return said


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps(_answers(*pickle.load(sys.stdin.buffer))))  # noqa: S301 - our parent's
