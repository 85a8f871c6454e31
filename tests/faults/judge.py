"""Compares what the provider's phones saw with what the store says, and looks for numbers in the logs."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from attrs import define, field, fields
from sqlalchemy import func, select
from tests.faults.scene import Scene
from tests.log_scan import lines_with_full_numbers

from telephony_adapters.store.tables import attempts, idempotency_keys, reservations

ZERO = {"should_be": 0}

# What the ledger says became of a call, and the outcome that the attempt may then have; the statistics, which say only
# whether anybody talked, give `no_answer` for all that was no talk.
_MEANS = {
    "talked": {"talked"},
    "transferred": {"talked"},
    "no_answer": {"no_answer"},
    "busy": {"busy", "no_answer"},
    "unreachable": {"unreachable", "no_answer"},
    "employee_hung_up": {"cancelled", "no_answer"},
    "employee_no_answer": {"employee_did_not_answer"},
    "refused": {"refused_by_provider"},
    "never_rang": {"employee_did_not_answer"},
    "not_dialled": {"refused_by_provider"},
    # In two steps: the employee's phone rang, and the client's was never asked to; or nothing rang, which a look-up
    # tells, too, if the answer was lost.
    "client_not_dialled": {"cancelled"},
    "turned_away": {"refused_by_provider", "not_sent"},
}


@define
class Figures:
    """Counts of a campaign; those that should be zero are marked so. `examples` say where to look."""

    calls: int = 0
    accepted: int = 0
    dialled: int = 0
    kills: int = 0
    double_dials: int = field(default=0, metadata=ZERO)
    asked_twice: int = field(default=0, metadata=ZERO)
    two_attempts_of_a_key: int = field(default=0, metadata=ZERO)
    lost: int = field(default=0, metadata=ZERO)
    unknown_to_store: int = field(default=0, metadata=ZERO)
    reservations_leaked: int = field(default=0, metadata=ZERO)
    not_ended: int = field(default=0, metadata=ZERO)
    said_not_dialled_but_rang: int = field(default=0, metadata=ZERO)
    wrong_outcome: int = field(default=0, metadata=ZERO)
    wrong_match: int = field(default=0, metadata=ZERO)
    strange_answers: int = field(default=0, metadata=ZERO)
    numbers_logged: int = field(default=0, metadata=ZERO)
    races_lost: int = field(default=0, metadata=ZERO)
    unfair_picks: int = field(default=0, metadata=ZERO)
    looked_up_twice: int = field(default=0, metadata=ZERO)
    points_missed: int = field(default=0, metadata=ZERO)
    faults_unfelt: int = field(default=0, metadata=ZERO)
    streams_cut: int = 0
    events_told: int = 0
    events_lost: int = field(default=0, metadata=ZERO)
    events_disordered: int = field(default=0, metadata=ZERO)
    broken_off: int = field(default=0, metadata=ZERO)
    inferred: int = 0
    unresolved: int = 0
    unresolved_but_dialled: int = 0
    seconds: float = 0.0
    notes: list[str] = field(factory=list)
    examples: list[str] = field(factory=list)

    def add(self, other: Figures) -> None:
        for each in fields(Figures):
            mine = getattr(self, each.name)
            setattr(self, each.name, mine + getattr(other, each.name))

    def counts(self) -> dict[str, int | float]:
        return {
            each.name: getattr(self, each.name) for each in fields(Figures) if each.name not in {"notes", "examples"}
        }

    def wrong(self) -> dict[str, int]:
        return {
            each.name: getattr(self, each.name)
            for each in fields(Figures)
            if "should_be" in each.metadata and getattr(self, each.name) != 0
        }


Pair = tuple[str, str]


async def judge(scene: Scene, ledger: list[dict[str, Any]]) -> Figures:
    """The figures of a scene that is settled. `ledger` is the provider's, read after that."""
    async with scene.engine.connect() as connection:
        stored = [dict(row._mapping) for row in await connection.execute(select(attempts))]
        keys = [dict(row._mapping) for row in await connection.execute(select(idempotency_keys))]
        held = (await connection.execute(select(func.count()).select_from(reservations))).scalar_one()
    of_pair: dict[Pair, list[dict[str, Any]]] = defaultdict(list)
    for attempt in sorted(stored, key=lambda each: each["started_at"]):
        of_pair[attempt["line"], attempt["phone_number"]].append(attempt)

    figures = Figures(calls=len(scene.presses), kills=sum(service.kills for service in scene.services))
    figures.reservations_leaked = held
    figures.strange_answers = len(scene.strange)
    figures.examples += scene.strange
    for log in [service.log for service in scene.services if service.log.exists()]:  # P1, in tracebacks too
        lines = log.read_text(errors="replace").splitlines()
        figures.numbers_logged += len(lines_with_full_numbers(lines, but="+7903"))
    asked: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in ledger:
        attempt_id = _asked_for(entry, of_pair[entry["user_id"], entry["phone_number"]])
        if attempt_id is None:
            figures.unknown_to_store += 1
            figures.examples.append(f"the store knows nothing of {entry}")
        else:
            asked[attempt_id].append(entry)
    _phones(figures, asked)
    _promises(figures, scene, stored, keys)
    for attempt in stored:
        _outcome(figures, attempt, asked[attempt["id"]])
    return figures


def _asked_for(entry: dict[str, Any], of_pair: list[dict[str, Any]]) -> str | None:
    """Which attempt a request was made for: of those from its line to its number the last that had begun by then, for
    the next one begins when this one has ended or was acknowledged, which is long after its request."""
    if "requested_at" in entry:
        at = datetime.fromisoformat(entry["requested_at"])
        of_pair = [attempt for attempt in of_pair if attempt["started_at"] <= at]
    return of_pair[-1]["id"] if of_pair else None


def _rang(entry: dict[str, Any]) -> bool:
    return bool(entry["tracking_id"])


def _phones(figures: Figures, asked: dict[str, list[dict[str, Any]]]) -> None:
    for entries in asked.values():
        legs = defaultdict(list)
        for entry in entries:
            legs[entry.get("leg")].append(entry)  # Beeline's has none: one request dials both
        for of_leg in legs.values():
            dialled = sum(_rang(entry) for entry in of_leg)
            figures.dialled += dialled
            figures.double_dials += max(0, dialled - 1)
            figures.asked_twice += len(of_leg) - 1
            if len(of_leg) > 1:
                figures.examples.append(f"asked {len(of_leg)} times, dialled {dialled}: {of_leg}")


def _promises(figures: Figures, scene: Scene, stored: list[dict[str, Any]], keys: list[dict[str, Any]]) -> None:
    ids = {attempt["id"] for attempt in stored}
    named = {record["key"]: record["attempt_id"] for record in keys}
    # No key is forgotten within a campaign: an attempt that none names was made beside the one that its key names.
    figures.two_attempts_of_a_key += len(ids - set(named.values()))
    figures.two_attempts_of_a_key += sum(
        times - 1 for times in Counter(record["attempt_id"] for record in keys).values()
    )
    for press in scene.presses:
        if not press.accepted:
            continue
        figures.accepted += 1
        if press.attempt_id not in ids or named.get(press.key) != press.attempt_id:
            figures.lost += 1
            figures.examples.append(f"{press.key} was answered {press.status} with {press.attempt_id}, which is lost")


def _outcome(figures: Figures, attempt: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    outcome, dialled = attempt["outcome"], [entry for entry in entries if _rang(entry)]
    figures.inferred += attempt["matched_by"] == "inference"
    if attempt["state"] != "ended":
        figures.not_ended += 1
        return
    if outcome == "unresolved":
        figures.unresolved += 1
        figures.unresolved_but_dialled += bool(dialled)
        return
    if outcome in {"not_sent", "refused_by_provider"} and dialled:
        figures.said_not_dialled_but_rang += 1
        figures.examples.append(f"{attempt['id']} is {outcome}, and {entries}")
        return
    # Of two legs the client's says what became of it.
    last = [entry for entry in entries if entry.get("leg") == "client"] or entries
    if len(last) > 1:
        return  # counted above
    means = _MEANS.get(last[0]["outcome"], set()) if last else {"not_sent"}
    if outcome not in means:
        figures.wrong_outcome += 1
        figures.examples.append(f"{attempt['id']} is {outcome}, and {entries}; {attempt['facts']}")
    reference = attempt["provider_reference"]
    if reference is not None and reference not in {entry["tracking_id"] for entry in entries}:
        figures.wrong_match += 1
        figures.examples.append(f"{attempt['id']} has the reference {reference}, and {entries}")
