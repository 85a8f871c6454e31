"""What facts mean: a function of their set (K1), weak time-outs (K2), and every row of the table."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telephony_core.call import first_facts
from telephony_core.call_facts import (
    TABLE,
    AttemptState,
    Cause,
    Fact,
    FactKind,
    LegName,
    LegState,
    Outcome,
    Source,
    TimeLimits,
    read,
    time_outs,
)
from telephony_core.testing.examples import NOW, an_attempt, facts_of
from telephony_core.testing.strategies import fact_sets, facts

EMPLOYEE, CLIENT = LegName.EMPLOYEE, LegName.CLIENT
LIMITS = TimeLimits()
_BOTH = first_facts(NOW, two_step=False)


def _fact(leg: LegName, kind: FactKind, seconds: float = 1, cause: Cause | None = None) -> Fact:
    return Fact(leg, kind, NOW + timedelta(seconds=seconds), cause)


# --- K1: a function of the set ----------------------------------------------------------------------------------------


@given(known=fact_sets(two_step=False), data=st.data())
def test_neither_order_nor_repetition_matters(known: frozenset[Fact], data: st.DataObject) -> None:
    """K1: facts learnt in any order, in any portions, any number of times, give the same legs, state and outcome."""
    later = sorted(known - _BOTH, key=repr)
    told = data.draw(st.permutations([*later, *data.draw(st.lists(st.sampled_from(later or [*_BOTH]), max_size=4))]))
    attempt = an_attempt()
    for fact in told:
        attempt = attempt.learn([fact], fact.at)
    assert attempt.facts == known
    assert attempt.reading == read(known)


@given(known=fact_sets(), data=st.data())
def test_time_outs_in_between_change_nothing_that_the_provider_said(
    known: frozenset[Fact], data: st.DataObject
) -> None:
    """K1: interleaved with time-outs, facts of a later stage give the same legs as without."""
    reported = frozenset(fact for fact in known if TABLE[fact.kind].source is not Source.TIME_OUT)
    seen: frozenset[Fact] = frozenset()
    for fact in data.draw(st.permutations(sorted(reported, key=repr))):
        seen |= {fact}
        passed = data.draw(st.sampled_from([0, 20, 70, 1000, 4000]))
        seen |= frozenset(
            each
            for each in time_outs(
                seen, started_at=NOW, now=NOW + timedelta(seconds=passed), limits=LIMITS, reports_heard=True
            )
            if each.kind is not FactKind.GIVEN_UP
        )
    with_time_outs, without = read(seen), read(reported)
    for leg, plain in ((with_time_outs.employee, without.employee), (with_time_outs.client, without.client)):
        assert (leg.ringing_at, leg.answered_at, leg.released_at) == (
            plain.ringing_at,
            plain.answered_at,
            plain.released_at,
        )
        if plain.state in (LegState.RINGING, LegState.ANSWERED, LegState.RELEASED, LegState.FAILED):
            assert leg.state is plain.state
    assert (with_time_outs.ended, with_time_outs.outcome) == (without.ended, without.outcome)


@given(known=fact_sets(), more=st.lists(facts(), max_size=5))
def test_what_ended_never_lives_again(known: frozenset[Fact], more: list[Fact]) -> None:
    """K1: by whatever further facts; only the outcome may be corrected."""
    known |= {_fact(CLIENT, FactKind.RELEASED, 9, Cause.BUSY)}
    for fact in more:
        known |= {fact}
        assert read(known).ended
        assert read(known).outcome is not None


@given(kind=st.sampled_from(FactKind), leg=st.sampled_from(LegName), known=fact_sets())
def test_a_fact_ends_exactly_as_the_table_says(kind: FactKind, leg: LegName, known: frozenset[Fact]) -> None:
    """K1: an attempt is ended if and only if one of its facts ends."""
    known |= {_fact(leg, kind)}
    assert read(known).ended is any(TABLE[fact.kind].ends for fact in known)
    assert (read(known).outcome is None) is not read(known).ended


def test_a_late_answer_corrects_the_outcome() -> None:
    """K1: an attempt that ended unresolved, and was answered as we learn later, is a talk."""
    unresolved = facts_of("unresolved")
    assert read(unresolved).outcome is Outcome.UNRESOLVED
    late = unresolved | facts_of("talked")
    assert (read(late).state, read(late).outcome) == (AttemptState.ENDED, Outcome.TALKED)


@given(told=st.permutations(list(Cause)), count=st.integers(1, len(Cause)))
def test_the_first_cause_in_the_written_order_holds(told: list[Cause], count: int) -> None:
    """K1: where reports disagree."""
    known = {_fact(CLIENT, FactKind.RELEASED, 9, cause) for cause in told[:count]}
    assert read(_BOTH | known).client.cause is next(cause for cause in Cause if cause in told[:count])


def test_disagreeing_causes_are_settled_whatever_their_order() -> None:
    """K1: by the written order of causes."""
    for causes in permutations([Cause.NORMAL, Cause.BUSY, Cause.NO_ANSWER, None]):
        known = set(_BOTH)
        for place, cause in enumerate(causes):
            known |= {_fact(CLIENT, FactKind.RELEASED, place + 9, cause)}
        assert read(frozenset(known)).client.cause is Cause.BUSY


def test_a_leg_tells_its_name_and_the_earliest_time_of_each_stage() -> None:
    """K1: of repeated reports the earliest; a leg of which nothing is known has a name all the same."""
    nothing = read(frozenset())
    assert (nothing.employee.name, nothing.client.name) == (EMPLOYEE, CLIENT)
    assert nothing.employee.heard_of is nothing.client.heard_of is False
    kinds = (FactKind.REQUESTED, FactKind.RINGING, FactKind.ANSWERED, FactKind.RELEASED)
    known = {_fact(CLIENT, kind, place * 10 + late) for place, kind in enumerate(kinds) for late in (5, 0, 9)}
    client = read(frozenset(known)).client
    times = (client.requested_at, client.ringing_at, client.answered_at, client.released_at)
    assert times == tuple(NOW + timedelta(seconds=seconds) for seconds in (0, 10, 20, 30))


# --- the table --------------------------------------------------------------------------------------------------------


def test_the_table_is_total() -> None:
    """K1: every kind of fact has its row, every state of a leg but 'waiting' its fact."""
    assert set(TABLE) == set(FactKind)
    assert {meaning.leg_state for meaning in TABLE.values()} - {None} == set(LegState) - {LegState.WAITING}
    assert all(meaning.what for meaning in TABLE.values())
    assert [kind for kind, meaning in TABLE.items() if meaning.leg_state is None] == [FactKind.GIVEN_UP]


STAGES = (
    FactKind.REQUESTED,
    FactKind.ACCEPTED,
    FactKind.RINGING,
    FactKind.ANSWERED,
    FactKind.RELEASED,
)
DOUBTS = {
    FactKind.ANSWER_LOST: FactKind.REQUESTED,
    FactKind.NO_RINGING_REPORTED: FactKind.ACCEPTED,
    FactKind.DID_NOT_RING: FactKind.ACCEPTED,
    FactKind.RINGS_TOO_LONG: FactKind.RINGING,
    FactKind.TALKS_UNHEARD: FactKind.ANSWERED,
}


def test_a_time_out_doubts_its_own_stage_only() -> None:
    """K1: stronger than the stage that it doubts, weaker than whatever the provider reports of a later one."""
    strength = list(TABLE)
    assert {kind for kind, meaning in TABLE.items() if meaning.source is Source.TIME_OUT} == {
        *DOUBTS,
        FactKind.GIVEN_UP,
    }
    for earlier, later in pairwise(STAGES):
        assert strength.index(earlier) < strength.index(later)
    for doubt, stage in DOUBTS.items():
        following = STAGES[STAGES.index(stage) + 1]
        assert strength.index(stage) < strength.index(doubt) < strength.index(following)


@given(doubt=st.sampled_from(sorted(DOUBTS)), leg=st.sampled_from(LegName), known=fact_sets())
def test_any_fact_of_the_provider_of_a_later_stage_overrides_a_time_out(
    doubt: FactKind, leg: LegName, known: frozenset[Fact]
) -> None:
    """K1: whenever it comes, and the leg is doubted no more."""
    mine = frozenset(fact for fact in known if fact.leg is not leg) | {_fact(leg, doubt, 99)}
    for later in STAGES[STAGES.index(DOUBTS[doubt]) + 1 :]:
        reading = read(mine | {_fact(leg, later)})
        told = reading.employee if leg is EMPLOYEE else reading.client
        assert told.state is TABLE[later].leg_state
        assert not told.doubted


@pytest.mark.parametrize(
    ("known", "state"),
    [
        (frozenset(), LegState.WAITING),
        ({FactKind.REQUESTED}, LegState.REQUESTED),
        ({FactKind.REQUESTED, FactKind.ANSWER_LOST}, LegState.REQUESTED),
        ({FactKind.REQUESTED, FactKind.ACCEPTED}, LegState.ACCEPTED),
        ({FactKind.ACCEPTED, FactKind.NO_RINGING_REPORTED}, LegState.RINGING_NOT_CONFIRMED),
        ({FactKind.ACCEPTED, FactKind.NO_RINGING_REPORTED, FactKind.DID_NOT_RING}, LegState.DID_NOT_RING),
        ({FactKind.DID_NOT_RING, FactKind.RINGING}, LegState.RINGING),
        ({FactKind.RINGING, FactKind.RINGS_TOO_LONG}, LegState.RINGING),
        ({FactKind.RINGS_TOO_LONG, FactKind.ANSWERED}, LegState.ANSWERED),
        ({FactKind.ANSWERED, FactKind.TALKS_UNHEARD}, LegState.ANSWERED),
        ({FactKind.ANSWERED, FactKind.RELEASED, FactKind.RINGING}, LegState.RELEASED),
        ({FactKind.REQUESTED, FactKind.NOT_SENT}, LegState.FAILED),
        ({FactKind.REQUESTED, FactKind.REFUSED}, LegState.FAILED),
        ({FactKind.RINGING, FactKind.GIVEN_UP}, LegState.RINGING),
    ],
)
def test_a_leg_is_in_the_state_of_its_strongest_fact(known: set[FactKind], state: LegState) -> None:
    """K1 and K2: a report may overtake the answer to our own request; accepted is not ringing."""
    for leg in LegName:
        reading = read(frozenset(_fact(leg, kind) for kind in known))
        told, other = (reading.employee, reading.client) if leg is EMPLOYEE else (reading.client, reading.employee)
        assert told.state is state
        assert other.state is LegState.WAITING


# --- states and outcomes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("two_step", [False, True])
@pytest.mark.parametrize(
    ("story", "state"),
    [
        ("requested", AttemptState.INITIATING),
        ("accepted", AttemptState.INITIATING),
        ("unknown", AttemptState.OUTCOME_UNKNOWN),
        ("ringing_employee", AttemptState.RINGING_EMPLOYEE),
        ("ringing_client", AttemptState.RINGING_CLIENT),
        ("talking", AttemptState.TALKING),
    ],
)
def test_the_state_of_a_live_attempt(story: str, state: AttemptState, two_step: bool) -> None:
    """K1, on providers of both shapes."""
    reading = read(facts_of(story, two_step=two_step))
    assert (reading.state, reading.outcome) == (state, None)


@pytest.mark.parametrize("two_step", [False, True])
@pytest.mark.parametrize(
    ("story", "outcome"),
    [
        ("talked", Outcome.TALKED),
        ("no_answer", Outcome.NO_ANSWER),
        ("busy", Outcome.BUSY),
        ("employee_did_not_answer", Outcome.EMPLOYEE_DID_NOT_ANSWER),
        ("unreachable", Outcome.UNREACHABLE),
        ("cancelled", Outcome.CANCELLED),
        ("refused", Outcome.REFUSED_BY_PROVIDER),
        ("not_sent", Outcome.NOT_SENT),
        ("unresolved", Outcome.UNRESOLVED),
    ],
)
def test_each_outcome_is_reached(story: str, outcome: Outcome, two_step: bool) -> None:
    """K1, on providers of both shapes."""
    reading = read(facts_of(story, two_step=two_step))
    assert (reading.state, reading.outcome) == (AttemptState.ENDED, outcome)


def test_every_outcome_has_its_story() -> None:
    """K1: none of the outcomes is there for nothing."""
    stories = ["talked", "no_answer", "busy", "employee_did_not_answer", "unreachable", "cancelled", "refused"]
    reached = {read(facts_of(story)).outcome for story in [*stories, "not_sent", "unresolved"]}
    assert reached == set(Outcome)


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (Cause.BUSY, Outcome.BUSY),
        (Cause.UNREACHABLE, Outcome.UNREACHABLE),
        (Cause.REJECTED, Outcome.UNREACHABLE),
        (Cause.NO_ANSWER, Outcome.NO_ANSWER),
        (Cause.CANCELLED, Outcome.CANCELLED),
        (Cause.NORMAL, Outcome.NO_ANSWER),
        (None, Outcome.NO_ANSWER),
    ],
)
def test_what_a_release_of_the_clients_leg_means(cause: Cause | None, outcome: Outcome) -> None:
    """K1: unless the client had answered, which makes it a talk whatever the cause."""
    known = facts_of("ringing_client") | {_fact(CLIENT, FactKind.RELEASED, 20, cause)}
    assert read(known).outcome is outcome
    assert read(known | {_fact(CLIENT, FactKind.ANSWERED, 15)}).outcome is Outcome.TALKED


_ANSWERED_AND_RELEASED = [(EMPLOYEE, FactKind.ANSWERED, None), (EMPLOYEE, FactKind.RELEASED, Cause.NORMAL)]


@pytest.mark.parametrize(
    ("known", "outcome"),
    [
        ([(EMPLOYEE, FactKind.RELEASED, Cause.BUSY)], Outcome.EMPLOYEE_DID_NOT_ANSWER),
        ([(EMPLOYEE, FactKind.RELEASED, None)], Outcome.EMPLOYEE_DID_NOT_ANSWER),
        ([(EMPLOYEE, FactKind.RELEASED, Cause.CANCELLED)], Outcome.CANCELLED),
        ([(EMPLOYEE, FactKind.ANSWERED, None), (EMPLOYEE, FactKind.RELEASED, Cause.NORMAL)], Outcome.CANCELLED),
        ([(CLIENT, FactKind.RINGING, None), (EMPLOYEE, FactKind.RELEASED, Cause.NORMAL)], Outcome.CANCELLED),
        ([(CLIENT, FactKind.ANSWERED, None), (EMPLOYEE, FactKind.RELEASED, Cause.NORMAL)], Outcome.TALKED),
        ([(EMPLOYEE, FactKind.RELEASED, None), (EMPLOYEE, FactKind.REFUSED, None)], Outcome.EMPLOYEE_DID_NOT_ANSWER),
        ([(EMPLOYEE, FactKind.REFUSED, None), (EMPLOYEE, FactKind.NOT_SENT, None)], Outcome.REFUSED_BY_PROVIDER),
        ([(EMPLOYEE, FactKind.NOT_SENT, None), (EMPLOYEE, FactKind.GIVEN_UP, None)], Outcome.NOT_SENT),
        ([(EMPLOYEE, FactKind.GIVEN_UP, None)], Outcome.UNRESOLVED),
        # In two steps: the client's half came to nothing, and the employee's was ended for that.
        ([*_ANSWERED_AND_RELEASED, (CLIENT, FactKind.REFUSED, None)], Outcome.REFUSED_BY_PROVIDER),
        ([*_ANSWERED_AND_RELEASED, (CLIENT, FactKind.NOT_SENT, None)], Outcome.NOT_SENT),
    ],
)
def test_what_the_employees_half_means(known: list, outcome: Outcome) -> None:
    """K1: whoever hangs up before the client answered has called it off; who never answered has not."""
    facts_known = _BOTH | {_fact(leg, kind, 20, cause) for leg, kind, cause in known}
    assert read(facts_known).outcome is outcome


def test_a_talk_lasts_from_the_clients_answer_to_the_first_hang_up() -> None:
    """K1: by the provider's clock, the earliest of repeated reports; never less than nothing."""
    assert read(facts_of("talked")).talk_seconds == 60
    assert read(facts_of("talking")).talk_seconds is None
    assert read(facts_of("no_answer")).talk_seconds is None
    later = facts_of("talked") | {_fact(CLIENT, FactKind.RELEASED, 90), _fact(CLIENT, FactKind.ANSWERED, 20)}
    assert read(later).talk_seconds == 60
    shifted = facts_of("talking") | {_fact(EMPLOYEE, FactKind.RELEASED, 3)}
    assert read(shifted).talk_seconds == 0


# --- what is unknown and doubtful -------------------------------------------------------------------------------------


def test_a_lost_answer_is_unknown_until_something_is_heard() -> None:
    """K3: of the leg that was asked for; what is heard of the client's leg proves the employee's."""
    unknown = facts_of("unknown")
    assert (read(unknown).state, read(unknown).doubtful) == (AttemptState.OUTCOME_UNKNOWN, True)
    heard = unknown | {_fact(EMPLOYEE, FactKind.RINGING)}
    assert (read(heard).state, read(heard).doubtful) == (AttemptState.RINGING_EMPLOYEE, False)
    of_client = unknown | {_fact(CLIENT, FactKind.RINGING)}
    assert (read(of_client).state, read(of_client).doubtful) == (AttemptState.RINGING_CLIENT, False)
    second_leg = facts_of("ringing_client", two_step=True) - {_fact(CLIENT, FactKind.RINGING, 8)}
    second_leg |= {_fact(CLIENT, FactKind.ANSWER_LOST, 15)}
    assert (read(second_leg).state, read(second_leg).doubtful) == (AttemptState.OUTCOME_UNKNOWN, True)


@pytest.mark.parametrize("story", ["requested", "accepted", "ringing_employee", "ringing_client", "talking", "busy"])
def test_without_a_time_out_nothing_is_doubtful(story: str) -> None:
    """K2: doubt comes of missing reports, and goes with the next one."""
    assert read(facts_of(story)).doubtful is False


def _found(
    story: str, seconds: float, *, two_step: bool = False, heard: bool = True, limits: TimeLimits = LIMITS
) -> set[tuple[LegName, FactKind]]:
    found = time_outs(
        facts_of(story, two_step=two_step),
        started_at=NOW,
        now=NOW + timedelta(seconds=seconds),
        limits=limits,
        reports_heard=heard,
    )
    assert all(fact.at == NOW + timedelta(seconds=seconds) for fact in found)
    return {(fact.leg, fact.kind) for fact in found}


@pytest.mark.parametrize("two_step", [False, True])
@pytest.mark.parametrize(
    ("story", "seconds", "found"),
    [
        ("requested", 15, {(EMPLOYEE, FactKind.ANSWER_LOST)}),
        ("accepted", 15, {(EMPLOYEE, FactKind.DID_NOT_RING)}),
        ("ringing_employee", 62, {(EMPLOYEE, FactKind.RINGS_TOO_LONG)}),
        ("ringing_client", 68, {(CLIENT, FactKind.RINGS_TOO_LONG)}),
        ("talking", 3615, {(CLIENT, FactKind.TALKS_UNHEARD)}),
        ("unknown", 900, {(EMPLOYEE, FactKind.GIVEN_UP)}),
    ],
)
def test_each_stage_times_out_at_its_limit(
    story: str, seconds: float, found: set[tuple[LegName, FactKind]], two_step: bool
) -> None:
    """K2: at its limit, not before; nothing of the other leg."""
    assert _found(story, seconds, two_step=two_step) == found
    assert _found(story, seconds - 0.000001, two_step=two_step) == set()


def test_that_a_phone_did_not_ring_is_said_only_if_reports_do_arrive() -> None:
    """K2: `did_not_ring` only if the channel of reports is known to have been alive."""
    assert _found("accepted", 20, heard=False) == {(EMPLOYEE, FactKind.NO_RINGING_REPORTED)}
    assert _found("accepted", 20, heard=True) == {(EMPLOYEE, FactKind.DID_NOT_RING)}


@pytest.mark.parametrize("two_step", [False, True])
def test_the_clients_stage_begins_when_the_employee_answers(two_step: bool) -> None:
    """K2: a client is dialled only then, on a provider of one step, too."""
    answered = facts_of("ringing_client", two_step=two_step) - {_fact(CLIENT, FactKind.RINGING, 8)}

    def found(seconds: float) -> set[tuple[LegName, FactKind]]:
        now = NOW + timedelta(seconds=seconds)
        passed = time_outs(answered, started_at=NOW, now=now, limits=LIMITS, reports_heard=True)
        return {(fact.leg, fact.kind) for fact in passed}

    assert found(19.9) == set()
    assert found(20) == {(CLIENT, FactKind.ANSWER_LOST if two_step else FactKind.DID_NOT_RING)}


@pytest.mark.parametrize("two_step", [False, True])
def test_what_is_heard_of_the_client_is_all_that_times_out(two_step: bool) -> None:
    """K2: it proves that the employee answered, though no report said so; and the client's own stage goes on."""
    known = first_facts(NOW, two_step=two_step) | {_fact(CLIENT, FactKind.RINGING, 8)}

    def found(seconds: float) -> set[tuple[LegName, FactKind]]:
        now = NOW + timedelta(seconds=seconds)
        passed = time_outs(known, started_at=NOW, now=now, limits=LIMITS, reports_heard=True)
        return {(fact.leg, fact.kind) for fact in passed}

    assert found(67) == set()
    assert found(68) == {(CLIENT, FactKind.RINGS_TOO_LONG)}


@pytest.mark.parametrize("story", ["accepted", "ringing_employee", "ringing_client", "talking", "unknown"])
def test_the_longest_call_ends_whatever_lives(story: str) -> None:
    """K2: as unresolved; missing reports alone never free an employee before."""
    assert (EMPLOYEE, FactKind.GIVEN_UP) in _found(story, 14400)
    given_up = facts_of(story) | {Fact(EMPLOYEE, FactKind.GIVEN_UP, NOW)}
    assert read(given_up).ended
    if story != "unknown":
        assert (EMPLOYEE, FactKind.GIVEN_UP) not in _found(story, 14399)


@given(
    known=fact_sets(), seconds=st.sampled_from([0, 14, 15, 16, 60, 75, 900, 3700, 14400, 20000]), heard=st.booleans()
)
@example(known=facts_of("busy"), seconds=20000, heard=True)
def test_time_outs_are_said_once_and_only_of_what_lives(known: frozenset[Fact], seconds: int, heard: bool) -> None:
    """K1: those that are known already are not said again; of an ended attempt there are none."""
    now = NOW + timedelta(seconds=seconds)
    found = time_outs(known, started_at=NOW, now=now, limits=LIMITS, reports_heard=heard)
    if read(known).ended:
        assert found == frozenset()
    assert all(TABLE[fact.kind].source is Source.TIME_OUT for fact in found)
    assert not {(fact.leg, fact.kind) for fact in found} & {(fact.leg, fact.kind) for fact in known}
    assert len({(fact.leg, fact.kind) for fact in found}) == len(found)
    again = time_outs(known | found, started_at=NOW, now=now, limits=LIMITS, reports_heard=heard)
    assert not {(fact.leg, fact.kind) for fact in again} & {(fact.leg, fact.kind) for fact in found}


@pytest.mark.parametrize("field", ["provider_answer", "ringing_confirmed", "ringing", "talk_unheard", "call"])
def test_time_limits_are_checked_and_the_error_names_the_field(field: str) -> None:
    """K2: a stage of no length would doubt everything."""
    with pytest.raises(ValueError, match=field):
        TimeLimits(**{field: 0})
