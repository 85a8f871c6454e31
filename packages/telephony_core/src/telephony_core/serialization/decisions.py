"""A caller-ID decision as compact data, at most 1 kB of UTF-8 JSON for any carousel in order (C0, C8).

Most of it would be digits and names of keys, hence: candidates as differences in base 36, what a rule saw by position
or with short keys, turns and reasons in a word, and sentences that follow from what was seen left out. Every shortening
is exact: what doesn't fit one is stored as it is.

Form 1 had no words for turns and reasons, and C6's sentence in full; it is read as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from telephony_core.caller_id import CallerIdDecision, Step
from telephony_core.carousel import ChosenBy
from telephony_core.phone import PhoneNumber
from telephony_core.region import Region, RegionSource
from telephony_core.serialization.values import STORED_WORDS, stored, stored_instant

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

_FORM = 2
_READ = (1, 2)

_POSITIONS: Mapping[str, tuple[str, ...]] = {
    # What these rules see has always the same keys: it is stored as a list, in this order.
    "C1": ("device", "sim"),
    "C3": ("pool", "usable", "against"),
    "C5": ("pool", "usable", "against"),
    "C6": ("index", "age_days", "limit_days"),
    "C7": ("turns",),
    "C11": ("pool", "numbers"),
}

_SHORT = {
    "codes": "c",
    "serving": "s",
    "client": "k",
    "default": "d",
    "sources": "o",
    "quarantined": "q",
    "not_declared": "n",
    "over_cap": "v",
    "resting": "r",
}
_LONG = {short: long for long, short in _SHORT.items()}
_AS_IT_IS = "'"

_SAID: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    # Sentences that follow from what was seen, as they were worded first. They must never be changed: a decision of
    # another wording stores its sentence.
    "C1": lambda saw: f"the SIM's own number {saw['sim']}",
    "C3": lambda saw: f"pool {saw['pool']} has {saw['usable'] or 'no'} usable",
    "C5": lambda saw: f"pool {saw['pool']} has {saw['usable'] or 'no'} usable",
    "C6": lambda saw: _said_of_talk(saw["index"], saw["age_days"], saw["limit_days"]),
    "C11": lambda saw: f"the provider chooses one of the {saw['numbers']} numbers of pool {saw['pool']}",
}


def _said_of_talk(place: Any, age: Any, limit: Any) -> str:
    if place is None:
        return "the number of the earlier talk is not usable"
    # Only whole numbers compare as they did when it was said; what else stands there stores its sentence.
    whole = isinstance(age, int) and isinstance(limit, int)
    return f"number {place}" if whole and age < limit else "the earlier talk is too long ago"


def decision_to_stored(decision: CallerIdDecision) -> dict[str, Any]:
    """A decision as compact data: `f` form, `by` who chooses, `v` policy version, `at`, `r` source and codes of the
    region, `p` pool, `g` generation, `n` candidates, `q` the requested number (its place among the candidates, or
    itself), `s` steps, `t` 1 where it takes a turn. What is None or empty is left out."""
    requested = decision.requested
    place = decision.candidates.index(requested) if requested in decision.candidates else None
    data = {
        "f": _FORM,
        "by": STORED_WORDS[ChosenBy][decision.chosen_by],
        "v": decision.policy_version,
        "at": stored_instant(decision.decided_at),
        "r": [STORED_WORDS[RegionSource][decision.region.source], *decision.region.codes],
        "p": decision.pool_id,
        "g": decision.generation_id,
        "n": _differences(decision.candidates) or None,
        "q": requested.e164 if requested is not None and place is None else place,
        "s": [_stored_step(step) for step in decision.steps],
        "t": 1 if decision.fair else None,
    }
    return {key: value for key, value in data.items() if value is not None}


def decision_from_stored(data: Mapping[str, Any]) -> CallerIdDecision:
    """Raises ValueError for a form that this version doesn't know."""
    if data["f"] not in _READ:
        raise ValueError(f"a stored decision of form {data['f']!r}, which this version can't read")
    candidates = _from_differences(data.get("n", ""))
    source, *codes = data["r"]
    match data.get("q"):
        case None:
            requested = None
        case int(place):
            requested = candidates[place]
        case e164:
            requested = PhoneNumber(e164)
    return CallerIdDecision(
        chosen_by=stored.structure(data["by"], ChosenBy),
        policy_version=data["v"],
        decided_at=datetime.fromisoformat(data["at"]),
        region=Region(codes, stored.structure(source, RegionSource)),
        pool_id=data.get("p"),
        generation_id=data.get("g"),
        candidates=candidates,
        requested=requested,
        steps=tuple(_step(each) for each in data["s"]),
        fair=data.get("t") == 1,
    )


def _stored_step(step: Step) -> list[Any]:
    """`[rule, what it saw]`, and what it said unless that follows."""
    saw = _by_position(step)
    if saw is None:
        return [step.rule, _shortened(step.saw), step.said]
    said = _SAID.get(step.rule)
    return [step.rule, saw] if said is not None and said(step.saw) == step.said else [step.rule, saw, step.said]


def _by_position(step: Step) -> list[Any] | None:
    """What the rule saw as a list; None where its keys are not the rule's, or a text would read as a word of ours."""
    keys = _POSITIONS.get(step.rule)
    if keys is None or set(step.saw) != set(keys) or any(isinstance(step.saw[key], str) for key in _WORDS & set(keys)):
        return None
    return [_word(key, step.saw[key]) for key in keys]


def _step(data: list[Any]) -> Step:
    rule, stored_saw, *rest = data
    if isinstance(stored_saw, list):
        saw = {key: _meaning(key, each) for key, each in zip(_POSITIONS[rule], stored_saw, strict=True)}
    else:
        saw = _lengthened(stored_saw)
    return Step(rule, saw, rest[0] if rest else _SAID[rule](saw))


# Turns are ranks, below 36: a digit each, "021" for [0, 2, 1]. Reasons are counted: "q2r1", 2 quarantined, 1 resting.
_WORDS = frozenset({"turns", "against"})
_REASONS = ("quarantined", "not_declared", "over_cap", "resting")
_REASON = re.compile("([qnvr])([0-9]+)")


def _word(key: str, value: Any) -> Any:
    match key, value:
        case "turns", [*turns] if all(type(turn) is int and 0 <= turn < 36 for turn in turns):
            return "".join(_DIGITS[turn] for turn in turns)
        case "against", {**counts} if all(
            reason in _REASONS and type(count) is int and count >= 0 for reason, count in counts.items()
        ):
            return "".join(f"{_SHORT[str(reason)]}{count}" for reason, count in counts.items())
        case _:
            return _shortened(value)


def _meaning(key: str, stored_value: Any) -> Any:
    match key, stored_value:
        case "turns", str(word):
            return [int(digit, 36) for digit in word]
        case "against", str(word):
            return {_LONG[reason]: int(count) for reason, count in _REASON.findall(word)}
        case _:
            return _lengthened(stored_value)


def _shortened(value: Any) -> Any:
    match value:
        case Mapping():
            return {_SHORT.get(key, _AS_IT_IS + key): _shortened(each) for key, each in value.items()}
        case list() | tuple():
            return [_shortened(each) for each in value]
        case _:
            return value


def _lengthened(value: Any) -> Any:
    match value:
        case dict():
            return {_LONG.get(key) or key.removeprefix(_AS_IT_IS): _lengthened(each) for key, each in value.items()}
        case list():
            return [_lengthened(each) for each in value]
        case _:
            return value


def _base36(value: int) -> str:
    sign, value, digits = "-" if value < 0 else "", abs(value), ""
    while value:
        value, digit = divmod(value, 36)
        digits = _DIGITS[digit] + digits
    return sign + (digits or "0")


def _differences(numbers: tuple[PhoneNumber, ...]) -> str:
    """The first number, then of each the difference to the one before, all in base 36: the order survives."""
    parts, before = [], 0
    for number in numbers:
        value = int(number.digits)
        parts.append(_base36(value - before))
        before = value
    return " ".join(parts)


@lru_cache(maxsize=256)  # the decisions of one generation have the same
def _from_differences(text: str) -> tuple[PhoneNumber, ...]:
    numbers, value = [], 0
    for part in text.split():
        value += int(part, 36)
        numbers.append(PhoneNumber(f"+{value}"))
    return tuple(numbers)
