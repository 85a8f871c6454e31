"""Stored data and events: from values to JSON-able data and back (law 11).

What is stored outlives the names in the code. So every stored key and every stored word is written out here, and a
rename in the domain changes nothing that was stored before; the tests hold examples of stored data word by word. A
decision carries the number of its form (`f`), an event its own (`form`): a new form is added, the old stays readable.

A stored decision takes at most 1 kB as UTF-8 JSON (C8). Most of it would be digits and names of keys, hence: candidates
as differences in base 36, what a rule saw by position or with short keys, and sentences that follow from what was seen
left out. Every shortening is exact: what doesn't fit one is stored as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from telephony_core.call_facts import AttemptState, Cause, Fact, FactKind, LegName, Outcome
from telephony_core.caller_id import CallerIdDecision, Step
from telephony_core.carousel import ChosenBy, ShowLimits
from telephony_core.events import CallEvent
from telephony_core.phone import PhoneNumber
from telephony_core.region import Region, RegionSource

E = TypeVar("E", bound=Enum)

# --- Words: how the members of enumerations are stored ------------------------------------------------------------

STORED_WORDS: Mapping[type[Enum], Mapping[Any, str]] = {
    LegName: {LegName.EMPLOYEE: "e", LegName.CLIENT: "c"},
    FactKind: {
        FactKind.REQUESTED: "requested",
        FactKind.ANSWER_LOST: "answer_lost",
        FactKind.ACCEPTED: "accepted",
        FactKind.NO_RINGING_REPORTED: "no_ringing_reported",
        FactKind.DID_NOT_RING: "did_not_ring",
        FactKind.NOT_SENT: "not_sent",
        FactKind.REFUSED: "refused",
        FactKind.RINGING: "ringing",
        FactKind.RINGS_TOO_LONG: "rings_too_long",
        FactKind.ANSWERED: "answered",
        FactKind.TALKS_UNHEARD: "talks_unheard",
        FactKind.RELEASED: "released",
        FactKind.GIVEN_UP: "given_up",
    },
    Cause: {
        Cause.BUSY: "busy",
        Cause.UNREACHABLE: "unreachable",
        Cause.REJECTED: "rejected",
        Cause.NO_ANSWER: "no_answer",
        Cause.CANCELLED: "cancelled",
        Cause.NORMAL: "normal",
    },
    ChosenBy: {ChosenBy.PROVIDER: "p", ChosenBy.US: "u"},
    RegionSource: {RegionSource.NUMBERING_PLAN: "n", RegionSource.CLIENT: "c", RegionSource.DEFAULT: "d"},
    AttemptState: {
        AttemptState.INITIATING: "initiating",
        AttemptState.RINGING_EMPLOYEE: "ringing_employee",
        AttemptState.RINGING_CLIENT: "ringing_client",
        AttemptState.TALKING: "talking",
        AttemptState.ENDED: "ended",
        AttemptState.OUTCOME_UNKNOWN: "outcome_unknown",
    },
    Outcome: {
        Outcome.TALKED: "talked",
        Outcome.NO_ANSWER: "no_answer",
        Outcome.BUSY: "busy",
        Outcome.EMPLOYEE_DID_NOT_ANSWER: "employee_did_not_answer",
        Outcome.UNREACHABLE: "unreachable",
        Outcome.CANCELLED: "cancelled",
        Outcome.REFUSED_BY_PROVIDER: "refused_by_provider",
        Outcome.NOT_SENT: "not_sent",
        Outcome.UNRESOLVED: "unresolved",
    },
}


def compact_json(data: object) -> str:
    """JSON as it is stored: no spaces, UTF-8 rather than escapes."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- Facts, events, limits: one converter for each kind of data -----------------------------------------------------


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=False)
    converter.register_unstructure_hook(datetime, _instant)
    converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
    converter.register_unstructure_hook(PhoneNumber, lambda number: number.e164)
    converter.register_structure_hook(PhoneNumber, lambda value, _: PhoneNumber(value))
    for enum, words in STORED_WORDS.items():
        _register_words(converter, enum, words)
    return converter


def _register_words(converter: Converter, enum: type[E], words: Mapping[E, str]) -> None:
    members = {word: member for member, word in words.items()}
    converter.register_unstructure_hook(enum, lambda member: words[member])
    converter.register_structure_hook(enum, lambda word, _: members[word])


def _register_keys(converter: Converter, stored_kind: type[Any], /, **keys: str) -> None:
    """Store a value as an object with these keys, by the field's name; what has its default value is left out."""
    renames = {name: override(rename=key) for name, key in keys.items()}
    structure = make_dict_structure_fn(stored_kind, converter, **renames)  # type: ignore[arg-type]
    unstructure = make_dict_unstructure_fn(stored_kind, converter, _cattrs_omit_if_default=True, **renames)  # type: ignore[arg-type]
    converter.register_structure_hook(stored_kind, structure)
    converter.register_unstructure_hook(stored_kind, unstructure)


stored = _converter()
"""For stored data. Lives as long as the process."""
_register_keys(stored, Fact, leg="l", kind="k", at="t", cause="c", detail="d", noted_at="n")
_register_keys(stored, ShowLimits, per_day="per_day", rest_seconds="rest_seconds", warm_up="warm_up")

events = _converter()
"""For events, which others store as well. Lives as long as the process."""
_register_keys(
    events,
    CallEvent,
    id="id",
    name="name",
    at="at",
    call_id="call_id",
    employee_id="employee_id",
    client_id="client_id",
    attempt_id="attempt_id",
    state="state",
    outcome="outcome",
    phone_number="phone_number",
    form="form",
)


def facts_to_stored(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """A set of facts as a list, the earliest first; equal sets give equal lists."""
    order = sorted(facts, key=lambda fact: (fact.at, fact.leg, fact.kind, fact.cause or "", fact.detail or ""))
    return [stored.unstructure(fact) for fact in order]


def facts_from_stored(data: Iterable[Mapping[str, Any]]) -> frozenset[Fact]:
    return frozenset(stored.structure(each, Fact) for each in data)


def limits_to_stored(limits: ShowLimits) -> dict[str, Any]:
    data: dict[str, Any] = stored.unstructure(limits)
    return data


def limits_from_stored(data: Mapping[str, Any]) -> ShowLimits:
    return stored.structure(data, ShowLimits)


def event_to_stored(event: CallEvent) -> dict[str, Any]:
    data: dict[str, Any] = events.unstructure(event)
    data.setdefault("form", event.form)
    return data


def event_from_stored(data: Mapping[str, Any]) -> CallEvent:
    return events.structure(data, CallEvent)


# --- Decisions, form 1 ----------------------------------------------------------------------------------------------

_FORM = 1

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
    # Sentences that follow from what was seen, as they were worded in form 1. They must never be changed: a decision of
    # another wording stores its sentence.
    "C1": lambda saw: f"the SIM's own number {saw['sim']}",
    "C3": lambda saw: f"pool {saw['pool']} has {saw['usable'] or 'no'} usable",
    "C5": lambda saw: f"pool {saw['pool']} has {saw['usable'] or 'no'} usable",
    "C11": lambda saw: f"the provider chooses one of the {saw['numbers']} numbers of pool {saw['pool']}",
}


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
        "at": _instant(decision.decided_at),
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
    if data["f"] != _FORM:
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
    positions = _POSITIONS.get(step.rule)
    saw: object
    if positions is not None and set(step.saw) == set(positions):
        saw = [_shortened(step.saw[key]) for key in positions]
        said = _SAID.get(step.rule)
        if said is not None and said(step.saw) == step.said:
            return [step.rule, saw]
    else:
        saw = _shortened(step.saw)
    return [step.rule, saw, step.said]


def _step(data: list[Any]) -> Step:
    rule, stored_saw, *rest = data
    if isinstance(stored_saw, list):
        saw = dict(zip(_POSITIONS[rule], (_lengthened(each) for each in stored_saw), strict=True))
    else:
        saw = _lengthened(stored_saw)
    return Step(rule, saw, rest[0] if rest else _SAID[rule](saw))


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


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


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


def _from_differences(text: str) -> tuple[PhoneNumber, ...]:
    numbers, value = [], 0
    for part in text.split():
        value += int(part, 36)
        numbers.append(PhoneNumber(f"+{value}"))
    return tuple(numbers)
