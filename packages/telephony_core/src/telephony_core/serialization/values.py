"""Stored words and keys; facts, limits and events as JSON-able data, and back (law 11)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from telephony_core.call_facts import AttemptState, Cause, Fact, FactKind, LegName, Outcome
from telephony_core.carousel import ChosenBy, ShowLimits
from telephony_core.events import CallEvent
from telephony_core.phone import PhoneNumber
from telephony_core.region import RegionSource

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


def stored_instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- Facts, events, limits: one converter for each kind of data -----------------------------------------------------


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=False)
    converter.register_unstructure_hook(datetime, stored_instant)
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


stored: Converter = _converter()
"""For stored data. Lives as long as the process."""
_register_keys(stored, Fact, leg="l", kind="k", at="t", cause="c", detail="d", noted_at="n")
_register_keys(stored, ShowLimits, per_day="per_day", rest_seconds="rest_seconds", warm_up="warm_up")

events: Converter = _converter()
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


_fact = stored.get_structure_hook(Fact)  # asked for once, not for each fact of each attempt


def facts_from_stored(data: Iterable[Mapping[str, Any]]) -> frozenset[Fact]:
    return frozenset(_fact(each, Fact) for each in data)


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
