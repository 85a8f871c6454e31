"""What must be stored of each call, by the provider's ledger alone: end state, reported number, verdict (C10)."""

from __future__ import annotations

from collections import Counter

from attrs import define, field

from telephony_adapters.beeline_simulator import COMPANY
from telephony_adapters.beeline_simulator.ledger import LedgerEntry
from telephony_adapters.beeline_simulator.substitution import WrongSubstitution
from telephony_core.call import Attempt, MatchedBy
from telephony_core.call_facts import Outcome
from telephony_core.caller_id import Verdict
from telephony_core.device import DeviceKind

# Who asks the statistics instead of hearing reports learns only whether there was a talk: `no_answer` is then true.
_END: dict[str, set[Outcome]] = {
    "talked": {Outcome.TALKED},
    "no_answer": {Outcome.NO_ANSWER},
    "busy": {Outcome.BUSY, Outcome.NO_ANSWER},
    "unreachable": {Outcome.UNREACHABLE, Outcome.NO_ANSWER},
    "employee_hung_up": {Outcome.CANCELLED, Outcome.NO_ANSWER},
    "employee_no_answer": {Outcome.EMPLOYEE_DID_NOT_ANSWER},
    "refused": {Outcome.REFUSED_BY_PROVIDER},
    "not_dialled": {Outcome.REFUSED_BY_PROVIDER, Outcome.UNRESOLVED},
}
_POOLS = {pool.id: pool for pool in COMPANY.pools}


@define
class Figures:
    """Counts of a campaign; `wrong` are those that must be zero. `examples` say where to look."""

    calls: int = 0
    dialled: int = 0
    reported: int = 0
    unresolved: int = 0
    inferred: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(factory=Counter)
    verdicts: Counter[str] = field(factory=Counter)
    substituted: Counter[str] = field(factory=Counter)
    wrong: Counter[str] = field(factory=Counter)
    examples: list[str] = field(factory=list)

    def add(self, other: Figures) -> None:
        for name in ("calls", "dialled", "reported", "unresolved", "inferred", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("outcomes", "verdicts", "substituted", "wrong"):
            getattr(self, name).update(getattr(other, name))
        self.examples += other.examples

    def is_wrong(self, what: str, attempt: Attempt | None, entry: LedgerEntry | None) -> None:
        self.wrong[what] += 1
        self.examples.append(f"{what}: {_told(attempt)}; the ledger: {entry.body() if entry else None}")


def figures_of(stored: list[Attempt], held: int, ledger: list[LedgerEntry]) -> Figures:
    """The figures of a campaign in which no line called a number twice, after all has settled.

    `held`: how many reservations are held then.
    """
    figures = Figures(calls=len(stored))
    figures.wrong.update({"reservations_leaked": held} if held else {})
    entries = {(entry.user_id, entry.phone_number): entry for entry in ledger}
    if len(entries) < len(ledger):
        figures.wrong["dialled_twice"] += len(ledger) - len(entries)
    for attempt in stored:
        entry = entries.pop((attempt.device.line, attempt.phone_number.e164), None)
        _judge_end(figures, attempt, entry)
        _judge_number(figures, attempt, entry)
    for entry in entries.values():
        figures.is_wrong("unknown_to_the_store", None, entry)
    return figures


def _judge_end(figures: Figures, attempt: Attempt, entry: LedgerEntry | None) -> None:
    outcome = attempt.reading.outcome
    figures.outcomes[str(outcome)] += 1
    if outcome is None:
        figures.is_wrong("not_ended", attempt, entry)
    elif outcome is Outcome.UNRESOLVED:
        figures.unresolved += 1
    elif outcome not in ({Outcome.NOT_SENT} if entry is None else _END[entry.outcome]):
        figures.is_wrong("wrong_end", attempt, entry)


def _judge_number(figures: Figures, attempt: Attempt, entry: LedgerEntry | None) -> None:
    number = attempt.shown.number if attempt.shown else None
    verdict = attempt.shown.verdict if attempt.shown else None
    figures.verdicts[str(verdict)] += 1
    figures.inferred += attempt.matched_by is MatchedBy.INFERENCE
    if entry is None or entry.tracking_id is None:
        if number is not None:
            figures.is_wrong("number_of_no_call", attempt, entry)
        return
    figures.dialled += 1
    figures.substituted[str(entry.wrong_substitution or "as agreed")] += 1
    if attempt.provider_reference not in {None, entry.tracking_id}:
        figures.is_wrong("matched_wrongly", attempt, entry)
    if number is None:
        if verdict is not Verdict.NOT_REPORTED:
            figures.is_wrong("verdict_without_a_number", attempt, entry)
        if entry.shown_number is not None and attempt.reading.outcome is not Outcome.UNRESOLVED:
            figures.is_wrong("reported_and_not_taken", attempt, entry)
        return
    figures.reported += 1
    if number.e164 != entry.shown_number:
        figures.is_wrong("another_number", attempt, entry)
    elif verdict is not expected_verdict(attempt, entry):
        figures.is_wrong("wrong_verdict", attempt, entry)


def expected_verdict(attempt: Attempt, entry: LedgerEntry) -> Verdict:
    """The verdict on a number that was reported, by what the provider knows of its own substitution."""
    wrong, from_sim = entry.wrong_substitution, attempt.device.kind is DeviceKind.MOBILE
    if wrong is None:
        same_pool = from_sim or entry.pool_id == attempt.decision.pool_id
        return Verdict.CONFORMS if same_pool else Verdict.CONFORMS_AMBIGUOUS
    if from_sim:
        return Verdict.OTHER_NUMBER
    match WrongSubstitution(wrong):
        case WrongSubstitution.OTHER_POOL:
            assert entry.pool_id is not None
            serves = not set(_POOLS[entry.pool_id].regions).isdisjoint(entry.region_codes)
            return Verdict.CONFORMS_AMBIGUOUS if serves else Verdict.OTHER_POOL
        case WrongSubstitution.EMPLOYEE_NUMBER:
            return Verdict.EMPLOYEE_NUMBER
        case WrongSubstitution.RETIRED | WrongSubstitution.UNKNOWN:
            return Verdict.UNKNOWN_NUMBER
        case WrongSubstitution.NONE:
            raise AssertionError("a withheld number can't be reported")


def _told(attempt: Attempt | None) -> str:
    if attempt is None:
        return "no attempt"
    facts = ", ".join(sorted(f"{fact.leg} {fact.kind} {fact.cause or ''}".strip() for fact in attempt.facts))
    return f"{attempt.id} {attempt.reading.outcome}, {attempt.shown}, asked for {attempt.look_ups} times: {facts}"
