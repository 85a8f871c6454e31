"""What is known of an attempt's two legs, and what it means: the one table.

Two rules, from which all else follows (K1):

1. *The state is a function of the set of facts.* Not of their order, nor of how often they came: a provider repeats,
   delays and reorders its reports, and a report may overtake the answer to our own request.
2. *Nothing that ended comes back.* Every ending is a fact in the set, and facts are only ever added; so an ended
   attempt stays ended, and a late fact can at most correct its outcome.

A leg is in the state of its strongest fact, by the order of `TABLE`. A time-out stands in that order just above the
stage that it doubts: whatever the provider reports of a later stage overrides it, whenever that comes.

One long module, so that the table and all that is read off it, time-outs too, stand in one place (law 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from attrs import field, frozen, validators


class LegName(StrEnum):
    """Whose half of the attempt."""

    EMPLOYEE = "employee"
    CLIENT = "client"


class LegState(StrEnum):
    """Where a leg is by its strongest fact (`TABLE`); `waiting`: nothing was asked for yet."""

    WAITING = "waiting"
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    RINGING_NOT_CONFIRMED = "ringing_not_confirmed"
    DID_NOT_RING = "did_not_ring"
    FAILED = "failed"
    RINGING = "ringing"
    ANSWERED = "answered"
    RELEASED = "released"


class FactKind(StrEnum):
    """What can be known of a leg; what each means stands in `TABLE`."""

    REQUESTED = "requested"
    ANSWER_LOST = "answer_lost"
    ACCEPTED = "accepted"
    NO_RINGING_REPORTED = "no_ringing_reported"
    DID_NOT_RING = "did_not_ring"
    NOT_SENT = "not_sent"
    REFUSED = "refused"
    RINGING = "ringing"
    RINGS_TOO_LONG = "rings_too_long"
    ANSWERED = "answered"
    TALKS_UNHEARD = "talks_unheard"
    RELEASED = "released"
    GIVEN_UP = "given_up"


class Source(StrEnum):
    """Who says so: we ourselves (what we did), the provider, or a time-out (which is only the absence of news)."""

    US = "us"
    PROVIDER = "provider"
    TIME_OUT = "time_out"


@frozen
class Meaning:
    """A row of the table: the leg's state when this is its strongest fact, who states it, and whether it ends all."""

    leg_state: LegState | None
    source: Source
    ends: bool
    what: str


TABLE: dict[FactKind, Meaning] = {
    # Weakest first. `what` completes the sentence "on this leg …" in the generated diagram.
    FactKind.REQUESTED: Meaning(LegState.REQUESTED, Source.US, False, "our intent to dial is committed"),
    FactKind.ANSWER_LOST: Meaning(LegState.REQUESTED, Source.TIME_OUT, False, "the provider's answer was lost"),
    FactKind.ACCEPTED: Meaning(LegState.ACCEPTED, Source.PROVIDER, False, "the provider took the request"),
    FactKind.NO_RINGING_REPORTED: Meaning(
        LegState.RINGING_NOT_CONFIRMED, Source.TIME_OUT, False, "no ringing was reported in time"
    ),
    FactKind.DID_NOT_RING: Meaning(
        LegState.DID_NOT_RING, Source.TIME_OUT, False, "no ringing was reported, though reports do arrive"
    ),
    FactKind.NOT_SENT: Meaning(LegState.FAILED, Source.US, True, "no byte of the request left"),
    FactKind.REFUSED: Meaning(LegState.FAILED, Source.PROVIDER, True, "the provider said no"),
    FactKind.RINGING: Meaning(LegState.RINGING, Source.PROVIDER, False, "the phone rings"),
    FactKind.RINGS_TOO_LONG: Meaning(LegState.RINGING, Source.TIME_OUT, False, "it rings longer than a phone can"),
    FactKind.ANSWERED: Meaning(LegState.ANSWERED, Source.PROVIDER, False, "the phone was answered"),
    FactKind.TALKS_UNHEARD: Meaning(LegState.ANSWERED, Source.TIME_OUT, False, "nothing was heard of it for long"),
    FactKind.RELEASED: Meaning(LegState.RELEASED, Source.PROVIDER, True, "the phone was hung up"),
    # Of the attempt rather than of a leg: it gives the attempt up and leaves the legs' states as they were.
    FactKind.GIVEN_UP: Meaning(None, Source.TIME_OUT, True, "we stopped waiting"),
}

_Passed = Callable[[datetime | None, float], bool]

_STRENGTH = {kind: strength for strength, kind in enumerate(TABLE)}


class Cause(StrEnum):
    """Why a leg was released. Where reports disagree the earlier one here holds, whatever their order."""

    BUSY = "busy"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    NO_ANSWER = "no_answer"
    CANCELLED = "cancelled"
    NORMAL = "normal"


_CAUSE_ORDER = {cause: place for place, cause in enumerate(Cause)}


@frozen
class Fact:
    """One thing known of one leg. `at` is when it happened by the clock of who says so; causes go with `released`.

    `detail` is the provider's own code or word for a refusal, for the record. `noted_at` is our database's clock when
    we first knew it, from which time-outs are measured: a provider's clock may be hours off. It is no part of the
    fact, so that the same thing told twice is one fact.
    """

    leg: LegName
    kind: FactKind
    at: datetime
    cause: Cause | None = None
    detail: str | None = None
    noted_at: datetime | None = field(default=None, eq=False)

    @property
    def known_since(self) -> datetime:
        return self.noted_at or self.at


class AttemptState(StrEnum):
    """Where an attempt is, by both its legs (`read`)."""

    INITIATING = "initiating"
    RINGING_EMPLOYEE = "ringing_employee"
    RINGING_CLIENT = "ringing_client"
    TALKING = "talking"
    ENDED = "ended"
    OUTCOME_UNKNOWN = "outcome_unknown"


class Outcome(StrEnum):
    """What became of an attempt that ended; a late fact may correct it. `unresolved`: it can't be known any more."""

    TALKED = "talked"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    EMPLOYEE_DID_NOT_ANSWER = "employee_did_not_answer"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"
    REFUSED_BY_PROVIDER = "refused_by_provider"
    NOT_SENT = "not_sent"
    UNRESOLVED = "unresolved"


_OUTCOME_OF_CLIENT_CAUSE = {
    Cause.BUSY: Outcome.BUSY,
    Cause.UNREACHABLE: Outcome.UNREACHABLE,
    Cause.REJECTED: Outcome.UNREACHABLE,
    Cause.NO_ANSWER: Outcome.NO_ANSWER,
    Cause.CANCELLED: Outcome.CANCELLED,
    Cause.NORMAL: Outcome.NO_ANSWER,
}


@frozen
class Leg:
    """One leg as its facts show it. Times are the earliest reported of their kind; None: never reported.

    `since` is for each kind of fact when we first knew of it, by our own clock.
    """

    name: LegName
    state: LegState
    strongest: FactKind | None
    heard_of: bool
    requested_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    released_at: datetime | None = None
    cause: Cause | None = None
    since: Mapping[FactKind, datetime] = field(factory=dict, eq=False, repr=False)

    @property
    def doubted(self) -> bool:
        """Whether the last word on this leg is a time-out: what it says may be untrue by now."""
        return self.strongest is not None and TABLE[self.strongest].source is Source.TIME_OUT

    @property
    def may_ring_or_talk(self) -> bool:
        """Whether a phone may be up on this leg: requested, and neither refused nor hung up."""
        return self.state not in (LegState.WAITING, LegState.FAILED, LegState.RELEASED)


def _leg(name: LegName, facts: Iterable[Fact]) -> Leg:
    # In one pass: every list of Calls reads each of its attempts.
    first: dict[FactKind, datetime] = {}
    since: dict[FactKind, datetime] = {}
    causes: list[Cause] = []
    for fact in facts:
        kind = fact.kind
        if fact.leg is not name or TABLE[kind].leg_state is None:
            continue
        known_since = fact.known_since
        if kind not in first:
            first[kind], since[kind] = fact.at, known_since
        else:
            first[kind], since[kind] = min(first[kind], fact.at), min(since[kind], known_since)
        if kind is FactKind.RELEASED and fact.cause is not None:
            causes.append(fact.cause)
    if not first:
        return Leg(name, LegState.WAITING, None, heard_of=False)
    strongest = max(first, key=_STRENGTH.__getitem__)
    state = TABLE[strongest].leg_state
    assert state is not None  # facts without one were left out above
    return Leg(
        name,
        state,
        strongest,
        heard_of=any(TABLE[kind].source is Source.PROVIDER for kind in first),
        requested_at=first.get(FactKind.REQUESTED),
        ringing_at=first.get(FactKind.RINGING),
        answered_at=first.get(FactKind.ANSWERED),
        released_at=first.get(FactKind.RELEASED),
        cause=min(causes, key=_CAUSE_ORDER.__getitem__, default=None),
        since=since,
    )


@frozen
class Reading:
    """What a set of facts means."""

    employee: Leg
    client: Leg
    state: AttemptState
    outcome: Outcome | None
    doubtful: bool

    @property
    def ended(self) -> bool:
        return self.state is AttemptState.ENDED

    @property
    def talk_seconds(self) -> int | None:
        """Seconds from the client's answer to the first hang-up, by the provider's clock; None before either."""
        ends = [leg.released_at for leg in (self.employee, self.client) if leg.released_at is not None]
        if self.client.answered_at is None or not ends:
            return None
        return max(0, round((min(ends) - self.client.answered_at).total_seconds()))


def read(facts: frozenset[Fact]) -> Reading:
    """The legs, the state and the outcome that a set of facts means (K1)."""
    employee, client = _leg(LegName.EMPLOYEE, facts), _leg(LegName.CLIENT, facts)
    if any(TABLE[fact.kind].ends for fact in facts):
        return Reading(employee, client, AttemptState.ENDED, _outcome(facts, employee, client), doubtful=False)
    # Whatever is heard of the client's leg proves that the employee's was answered: it is dialled only then.
    doubted = [client] if client.heard_of else [employee, client]
    unknown = any(leg.strongest is FactKind.ANSWER_LOST for leg in doubted)
    state = AttemptState.OUTCOME_UNKNOWN if unknown else _live_state(employee, client)
    return Reading(employee, client, state, None, doubtful=any(leg.doubted for leg in doubted))


def _live_state(employee: Leg, client: Leg) -> AttemptState:
    if client.state is LegState.ANSWERED:
        return AttemptState.TALKING
    if client.state is LegState.RINGING or employee.state is LegState.ANSWERED:
        return AttemptState.RINGING_CLIENT
    if employee.state is LegState.RINGING:
        return AttemptState.RINGING_EMPLOYEE
    return AttemptState.INITIATING


def _outcome(facts: frozenset[Fact], employee: Leg, client: Leg) -> Outcome:
    kinds = {fact.kind for fact in facts}
    if client.answered_at is not None:
        return Outcome.TALKED
    if client.state is LegState.RELEASED:
        return _OUTCOME_OF_CLIENT_CAUSE[client.cause or Cause.NORMAL]
    if client.state is LegState.FAILED:
        # That the employee hangs up then, or is hung up by us, calls nothing off.
        return Outcome.REFUSED_BY_PROVIDER if client.strongest is FactKind.REFUSED else Outcome.NOT_SENT
    if employee.state is LegState.RELEASED:
        called_off = employee.answered_at is not None or employee.cause is Cause.CANCELLED or client.heard_of
        return Outcome.CANCELLED if called_off else Outcome.EMPLOYEE_DID_NOT_ANSWER
    if FactKind.REFUSED in kinds:
        return Outcome.REFUSED_BY_PROVIDER
    if FactKind.NOT_SENT in kinds:
        return Outcome.NOT_SENT
    return Outcome.UNRESOLVED


@frozen
class TimeLimits:
    """How long each stage may last without news, in seconds, before a time-out says so.

    `provider_answer`: our request's own time-out; when that and `grace` have passed, no process waits for an answer.
    `ringing_confirmed`: from acceptance to the report of ringing. `ringing`: the longest that any phone rings.
    `talk_unheard`: after that long in one talk we ask. `unknown_horizon`: an unknown attempt ends unresolved.
    `call`: the longest call; anything live ends unresolved then.
    """

    provider_answer: float = field(default=10.0, validator=validators.gt(0))
    grace: float = field(default=5.0, validator=validators.ge(0))
    ringing_confirmed: float = field(default=15.0, validator=validators.gt(0))
    ringing: float = field(default=60.0, validator=validators.gt(0))
    talk_unheard: float = field(default=3600.0, validator=validators.gt(0))
    unknown_horizon: float = field(default=900.0, validator=validators.gt(0))
    call: float = field(default=14400.0, validator=validators.gt(0))


def time_outs(
    facts: frozenset[Fact], *, started_at: datetime, now: datetime, limits: TimeLimits, reports_heard: bool
) -> frozenset[Fact]:
    """The time-outs that have passed and are not in the set yet. `started_at` is the instant of the first intent.

    `reports_heard`: the provider's reports are known to have arrived since then, so a missing one means something (K2).
    Stages are measured on our own clock, from when we knew of them.
    """
    reading = read(facts)
    if reading.ended:
        return frozenset()

    def passed(since: datetime | None, seconds: float) -> bool:
        return since is not None and now >= since + timedelta(seconds=seconds)

    found: set[Fact] = set()
    if passed(started_at, limits.call) or (
        reading.state is AttemptState.OUTCOME_UNKNOWN and passed(started_at, limits.unknown_horizon)
    ):
        found.add(Fact(LegName.EMPLOYEE, FactKind.GIVEN_UP, now))
    legs = [reading.client] if reading.client.heard_of else [reading.employee, reading.client]
    for leg in legs:
        kind = _passed_stage(leg, reading, passed, limits, reports_heard)
        if kind is not None:
            found.add(Fact(leg.name, kind, now))
    known = {(fact.leg, fact.kind) for fact in facts}
    return frozenset(fact for fact in found if (fact.leg, fact.kind) not in known)


def _passed_stage(
    leg: Leg, reading: Reading, passed: _Passed, limits: TimeLimits, reports_heard: bool
) -> FactKind | None:
    employee = reading.employee
    # Where one request dials both legs, the client's turn comes when the employee has answered, and not before.
    rides_along = leg.name is LegName.CLIENT and leg.requested_at == employee.requested_at
    since = employee.since.get(FactKind.ANSWERED) if rides_along else leg.since.get(FactKind.REQUESTED)
    match leg.strongest:
        case FactKind.REQUESTED if not rides_along:
            return FactKind.ANSWER_LOST if passed(since, limits.provider_answer + limits.grace) else None
        case FactKind.REQUESTED | FactKind.ACCEPTED if passed(since, limits.ringing_confirmed):
            return FactKind.DID_NOT_RING if reports_heard else FactKind.NO_RINGING_REPORTED
        case FactKind.RINGING if passed(leg.since[leg.strongest], limits.ringing):
            return FactKind.RINGS_TOO_LONG
        case FactKind.ANSWERED if leg.name is LegName.CLIENT and passed(leg.since[leg.strongest], limits.talk_unheard):
            return FactKind.TALKS_UNHEARD
    return None
