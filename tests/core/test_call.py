"""The Call and its attempts: its state (K1), who may place an attempt in it (K6), what is asked next (K3)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from telephony_core.call import Attempt, Call, CallState, HangUp, UsedDevice
from telephony_core.call_facts import Cause, Fact, FactKind, LegName, Outcome
from telephony_core.errors import CallClosed, CallOfAnotherEmployee, CallOfAnotherTarget
from telephony_core.party import Permission, Target, TargetCard, TargetKind
from telephony_core.testing.examples import (
    NOW,
    a_call,
    a_card,
    a_client,
    a_principal,
    an_attempt,
    an_attempt_that,
    an_interest,
    an_ip_phone,
)
from telephony_core.testing.strategies import attempts, calls, facts

_OPEN_FOR = timedelta(days=30)
_MICROSECOND = timedelta(microseconds=1)
_ENDED = ["talked", "no_answer", "busy", "refused", "not_sent", "unresolved", "employee_did_not_answer", "cancelled"]
_LIVE = ["requested", "accepted", "unknown", "ringing_employee", "ringing_client", "talking"]


# --- the state ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stories", "state"),
    [
        ([], CallState.PLANNED),
        *(([story], CallState.IN_PROGRESS) for story in _LIVE),
        (["talked", "unknown"], CallState.IN_PROGRESS),
        (["talked"], CallState.COMPLETED),
        (["talked", "busy"], CallState.COMPLETED),
        *(([story], CallState.NOT_REACHED) for story in _ENDED if story != "talked"),
    ],
)
def test_the_state_is_derived_from_the_attempts(stories: list[str], state: CallState) -> None:
    """K6: an unknown attempt is a live one."""
    call = a_call(*(an_attempt_that(story) for story in stories))
    assert call.state(NOW + timedelta(minutes=20), _OPEN_FOR) is state


@given(call=calls(), ahead=st.sampled_from([timedelta(0), timedelta(days=29), timedelta(days=40), timedelta(days=400)]))
def test_a_call_with_a_live_attempt_is_in_progress_whatever_its_age(call: Call, ahead: timedelta) -> None:
    """K6: exactly then; nothing closes it while a phone may be up."""
    state = call.state(NOW + ahead, _OPEN_FOR)
    assert (state is CallState.IN_PROGRESS) is (call.live_attempt is not None)
    if call.closed_at is not None and call.live_attempt is None:
        assert state is CallState.CLOSED


@pytest.mark.parametrize(
    ("call", "since"),
    [
        (a_call(), NOW),
        (a_call(due_at=NOW + timedelta(days=90)), NOW + timedelta(days=90)),
        (a_call(an_attempt_that("busy")), NOW + timedelta(seconds=9)),
        (a_call(an_attempt_that("talked"), an_attempt_that("busy", started_at=NOW + timedelta(days=3))), None),
    ],
    ids=["created", "due", "ended", "last_of_two"],
)
def test_a_call_closes_by_itself(call: Call, since: datetime | None) -> None:
    """K6: `TELEPHONY_CALL_OPEN_DAYS` after its last attempt, or its creation; a planned one waits for its due date."""
    last = since or call.attempts[-1].ended_at
    assert last is not None
    assert call.state(last + _OPEN_FOR - _MICROSECOND, _OPEN_FOR) is not CallState.CLOSED
    assert call.state(last + _OPEN_FOR, _OPEN_FOR) is CallState.CLOSED


@given(attempt=attempts(), more=st.lists(facts(), max_size=4))
def test_an_attempt_learns_and_never_forgets(attempt: Attempt, more: list[Fact]) -> None:
    """K7 and K1: no fact is lost; when it became known that it ended stays; nothing new is the same value."""
    later = NOW + timedelta(days=1)
    learnt = attempt.learn(more, later)
    assert learnt.facts == attempt.facts | set(more)
    assert learnt.learn(more, later + timedelta(hours=1)) is learnt
    assert (learnt.ended_at is not None) is not learnt.live
    if attempt.ended_at is not None:
        assert learnt.ended_at == attempt.ended_at


def test_a_fact_keeps_the_instant_at_which_we_first_knew_it() -> None:
    """K2: time-outs are measured from it, by our own clock; told again, it stays."""
    shifted = Fact(LegName.EMPLOYEE, FactKind.RINGING, NOW + timedelta(hours=3))
    learnt = an_attempt().learn([shifted], NOW + timedelta(seconds=2))
    again = learnt.learn([shifted], NOW + timedelta(seconds=9))
    stored = an_attempt().learn([evolve(shifted, noted_at=NOW)], NOW + timedelta(seconds=9))
    for attempt, known_since in ((learnt, 2), (again, 2), (stored, 0)):
        since = attempt.reading.employee.since[FactKind.RINGING]
        assert since == NOW + timedelta(seconds=known_since)


def test_the_device_is_kept_as_it_was_used() -> None:
    """K7: the directory's own may change or go."""
    phone = an_ip_phone()
    assert UsedDevice.of(phone) == UsedDevice(phone.id, phone.kind, phone.label, phone.line)


def test_an_attempt_is_put_in_the_place_of_its_earlier_value() -> None:
    """K7: neither lost nor doubled."""
    first, second = an_attempt(), an_attempt()
    call = a_call(first).with_attempt(second)
    changed = call.with_attempt(evolve(first, record_url="https://records.invalid/1"))
    assert [attempt.id for attempt in changed.attempts] == [first.id, second.id]
    assert changed.attempts[0].record_url is not None


# --- K6: who may place an attempt ---------------------------------------------------------------------------------


def _admit(call: Call, **changes: object) -> None:
    asked = {
        "principal": a_principal(),
        "employee_id": "E-5",
        "card": a_card(),
        "number_of_client": True,
        "now": NOW + timedelta(minutes=20),
        "open_for": _OPEN_FOR,
        **changes,
    }
    call.admit(**asked)  # type: ignore[arg-type]  # keywords of admit


def _interest_card(interest_id: str = "I-204") -> TargetCard:
    return a_card(interest=an_interest(id=interest_id))


_OF_CLIENT = a_call()
_OF_INTEREST = a_call(target=Target(TargetKind.INTEREST, "I-204"))


@pytest.mark.parametrize("story", [*_ENDED, "unknown"])
def test_an_open_call_takes_a_further_attempt(story: str) -> None:
    """K6: of the same employee and target; an unknown attempt is K3's business, not a live one's."""
    _admit(a_call(an_attempt_that(story)))


def test_a_call_is_of_its_employee_unless_permitted() -> None:
    """K6: who may act for others may place an attempt in another's Call."""
    with pytest.raises(CallOfAnotherEmployee):
        _admit(_OF_CLIENT, employee_id="E-6", principal=a_principal(employee_id="E-6"))
    _admit(_OF_CLIENT, employee_id="E-6", principal=a_principal(Permission.ACT_FOR_OTHERS, employee_id="E-6"))


@pytest.mark.parametrize(
    ("call", "card", "number_of_client", "admitted"),
    [
        (_OF_CLIENT, a_card(), False, True),
        (_OF_INTEREST, _interest_card(), False, True),
        (_OF_INTEREST, a_card(), True, True),
        (_OF_INTEREST, a_card(), False, False),
        (_OF_CLIENT, _interest_card(), True, True),
        (_OF_CLIENT, _interest_card(), False, False),
        (_OF_INTEREST, _interest_card("I-205"), True, False),
        (_OF_CLIENT, a_card(client=a_client(id="C-18")), True, False),
        (_OF_INTEREST, a_card(client=a_client(id="C-18")), True, False),
    ],
)
def test_a_call_is_about_its_target_or_the_client_of_it(
    call: Call, card: TargetCard, number_of_client: bool, admitted: bool
) -> None:
    """K6: the same target, or the client of that interest when the called number is theirs; not two interests."""
    if admitted:
        _admit(call, card=card, number_of_client=number_of_client)
        return
    with pytest.raises(CallOfAnotherTarget) as refusal:
        _admit(call, card=card, number_of_client=number_of_client)
    assert refusal.value.reasons == {"call_id": call.id}


@pytest.mark.parametrize("call", [a_call(closed_at=NOW), a_call(created_at=NOW - timedelta(days=31))])
def test_a_closed_call_takes_no_attempt(call: Call) -> None:
    """K6: closed by hand or by age."""
    with pytest.raises(CallClosed) as refusal:
        _admit(call)
    assert refusal.value.reasons == {"call_id": call.id}


def test_the_latest_live_attempt_is_the_live_one() -> None:
    """K3: an earlier one may be live as well, if it is unknown and was acknowledged."""
    unknown, talking = an_attempt_that("unknown"), an_attempt_that("talking")
    live = a_call(unknown, talking, an_attempt_that("busy")).live_attempt
    assert live is not None
    assert live.id == talking.id


# --- what is asked of the provider next -----------------------------------------------------------------------------


@given(attempt=attempts(two_step=True))
def test_the_clients_leg_is_due_once_the_employee_answered(attempt: Attempt) -> None:
    """K3: where there are two steps, and never when its intent stands already, or all is over."""
    client_begun = any(fact.leg is LegName.CLIENT and fact.kind is not FactKind.GIVEN_UP for fact in attempt.facts)
    answered = any(fact.leg is LegName.EMPLOYEE and fact.kind is FactKind.ANSWERED for fact in attempt.facts)
    assert (attempt.next_leg() is LegName.CLIENT) is (answered and attempt.live and not client_begun)


@given(attempt=attempts(two_step=True))
def test_a_leg_whose_intent_stands_is_never_due_again(attempt: Attempt) -> None:
    """K3: each leg is dialled at most once."""
    begun = attempt.learn([Fact(LegName.CLIENT, FactKind.REQUESTED, NOW)], NOW)
    assert begun.next_leg() is None


@pytest.mark.parametrize(
    ("kinds", "due"),
    [
        ([], LegName.CLIENT),
        ([FactKind.REQUESTED], None),
        ([FactKind.REQUESTED, FactKind.ANSWER_LOST], None),
        ([FactKind.REQUESTED, FactKind.ACCEPTED], None),
        ([FactKind.RINGING], None),
        ([FactKind.REQUESTED, FactKind.RINGING, FactKind.ANSWERED], None),
        ([FactKind.REQUESTED, FactKind.REFUSED], None),
    ],
)
def test_while_the_employee_waits_the_client_is_dialled_once(kinds: list[FactKind], due: LegName | None) -> None:
    """K3: whatever became of the request, and even if only a report tells of it."""
    answered = an_attempt_that("ringing_employee", two_step=True).learn(
        [Fact(LegName.EMPLOYEE, FactKind.ANSWERED, NOW)], NOW
    )
    assert answered.learn([Fact(LegName.CLIENT, kind, NOW) for kind in kinds], NOW).next_leg() is due


@given(attempt=attempts(two_step=False))
def test_on_one_step_no_further_leg_is_due_and_none_is_hung_up_by_us(attempt: Attempt) -> None:
    """K3: the provider sees to both legs."""
    assert attempt.next_leg() is None
    assert attempt.legs_to_hang_up() == ()


@given(attempt=attempts(two_step=True))
def test_where_one_leg_is_gone_the_other_does_not_stay(attempt: Attempt) -> None:
    """K3: on two steps every leg that may ring or talk is hung up once the attempt has ended, and none before."""
    reading = attempt.reading
    up = {leg.name for leg in (reading.employee, reading.client) if leg.may_ring_or_talk}
    assert {command.leg for command in attempt.legs_to_hang_up()} == (up if reading.ended else set())


def test_the_other_leg_is_hung_up_by_name() -> None:
    """K3: with what the provider needs to find it."""
    attempt = an_attempt_that("talking", two_step=True, provider_reference="ref-1")
    over = attempt.learn([Fact(LegName.CLIENT, FactKind.RELEASED, NOW, Cause.NORMAL)], NOW)
    assert over.reading.outcome is Outcome.TALKED
    assert over.legs_to_hang_up() == (HangUp(over.id, LegName.EMPLOYEE, over.provider, over.device.line, "ref-1"),)


@given(attempt=attempts())
def test_a_command_says_what_was_decided(attempt: Attempt) -> None:
    """C2: the number to show is the decision's, never another one."""
    for leg in LegName:
        command = attempt.dial(leg)
        assert (command.attempt_id, command.leg, command.provider) == (attempt.id, leg, attempt.provider)
        assert (command.line, command.phone_number) == (attempt.device.line, attempt.phone_number)
        assert (command.shown, command.provider_reference) == (attempt.decision.requested, attempt.provider_reference)
