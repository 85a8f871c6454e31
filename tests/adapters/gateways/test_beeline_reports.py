"""K1: what an event says of the legs is a function of the event, so any order of any of them means the same."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.gateways.xsi_samples import (
    ANSWERED,
    BEGAN,
    EVENT_NAMES,
    PERSONALITIES,
    RECEIVED,
    RELEASED,
    STATES,
    a_call,
    an_event,
)

from telephony_adapters.gateways.beeline import parse_report, to_provider_report
from telephony_adapters.gateways.beeline.reports import facts_of_event
from telephony_core.call import first_facts
from telephony_core.call_facts import AttemptState, Cause, Fact, FactKind, LegName, LegState, Outcome, read
from telephony_core.phone import PhoneNumber
from telephony_core.ports import ProviderReport

EMPLOYEE, CLIENT = LegName.EMPLOYEE, LegName.CLIENT
INTENT = first_facts(BEGAN, two_step=False)


def report_of(name: str, call: str, received_at: datetime = RECEIVED, **envelope: str) -> ProviderReport | None:
    return to_provider_report(parse_report(an_event(name, call, **envelope)), received_at)


def facts(name: str, call: str, received_at: datetime = RECEIVED) -> frozenset[Fact]:
    return facts_of_event(parse_report(an_event(name, call)), received_at)


RINGS_EMPLOYEE = ("CallOriginatedEvent", a_call("Click-to-Dial", "Alerting"))
RINGS_CLIENT = ("CallUpdatedEvent", a_call("Originator", "Alerting"))
TALKING = ("CallAnsweredEvent", a_call("Originator", "Active", answered=ANSWERED))
TALKED = (
    "CallReleasedEvent",
    a_call("Originator", "Released", answered=ANSWERED, released=RELEASED, by="localRelease"),
)


def test_the_employees_phone_rings() -> None:
    assert facts(*RINGS_EMPLOYEE) == {Fact(EMPLOYEE, FactKind.RINGING, BEGAN)}


@pytest.mark.parametrize("name", ["CallOriginatedEvent", "CallUpdatedEvent"])
def test_the_clients_phone_rings_so_the_employee_has_answered(name: str) -> None:
    """When that was stands not in the event: its start is the call's, so the time is that of receipt."""
    assert facts(name, RINGS_CLIENT[1]) == {
        Fact(EMPLOYEE, FactKind.ANSWERED, RECEIVED),
        Fact(CLIENT, FactKind.RINGING, RECEIVED),
    }


def test_the_client_answers() -> None:
    assert facts(*TALKING) == {Fact(EMPLOYEE, FactKind.ANSWERED, ANSWERED), Fact(CLIENT, FactKind.ANSWERED, ANSWERED)}


def test_a_talk_ends() -> None:
    reading = read(INTENT | facts(*TALKED))
    assert (reading.outcome, reading.talk_seconds) == (Outcome.TALKED, 60)
    assert (reading.employee.state, reading.client.state) == (LegState.RELEASED, LegState.RELEASED)


@pytest.mark.parametrize(
    ("cause", "by", "outcome"),
    [
        ("Busy", "remoteRelease", Outcome.BUSY),
        ("busy", "localRelease", Outcome.BUSY),
        ("Temporarily Unavailable", "remoteRelease", Outcome.UNREACHABLE),
        ("Forbidden", "remoteRelease", Outcome.UNREACHABLE),
        ("Server Failure", "remoteRelease", Outcome.UNREACHABLE),
        (None, "remoteRelease", Outcome.NO_ANSWER),
        (None, None, Outcome.NO_ANSWER),
        (None, "localRelease", Outcome.CANCELLED),
    ],
)
def test_a_client_who_was_not_reached(cause: str | None, by: str | None, outcome: Outcome) -> None:
    """BA6: without causes a busy client looks like one who did not answer."""
    call = a_call("Originator", "Released", released=RELEASED, by=by, cause=cause)
    reading = read(INTENT | facts("CallReleasedEvent", call))
    assert reading.outcome is outcome
    assert reading.client.released_at == RELEASED


def test_forbidden_is_a_rejection() -> None:
    call = a_call("Originator", "Released", released=RELEASED, cause="Forbidden")
    assert read(facts("CallReleasedEvent", call)).client.cause is Cause.REJECTED


@pytest.mark.parametrize("by", ["localRelease", "remoteRelease", None])
def test_an_employee_who_did_not_answer(by: str | None) -> None:
    reading = read(INTENT | facts("CallReleasedEvent", a_call("Click-to-Dial", "Released", released=RELEASED, by=by)))
    assert reading.outcome is Outcome.EMPLOYEE_DID_NOT_ANSWER
    assert reading.employee.cause is Cause.NO_ANSWER


def test_a_release_of_click_to_dial_claims_no_talk_with_the_client() -> None:
    """BA11: whose answer it was is not said, so only the employee's leg is; statistics may correct it."""
    call = a_call("Click-to-Dial", "Released", answered=ANSWERED, released=RELEASED)
    reading = read(INTENT | facts("CallReleasedEvent", call))
    assert (reading.employee.answered_at, reading.client.answered_at) == (ANSWERED, None)
    assert reading.outcome is Outcome.CANCELLED


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("CallHeldEvent", "Held"),
        ("CallUpdatedEvent", "Remote Held"),
        ("CallRetrievedEvent", "Active"),
        ("CallTransferredEvent", "Active"),
        ("CallUpdatedEvent", "Active"),
    ],
)
def test_who_is_held_has_answered(name: str, state: str) -> None:
    reading = read(INTENT | facts(name, a_call("Originator", state, answered=ANSWERED)))
    assert (reading.state, reading.client.answered_at) == (AttemptState.TALKING, ANSWERED)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("CallUpdatedEvent", a_call("Originator", "Idle")),
        ("CallUpdatedEvent", a_call("Originator", "Detached")),
        ("CallUpdatedEvent", a_call("Originator", "Client Alerting")),
        ("CallUpdatedEvent", a_call("Click-to-Dial", "Client Alerting")),
        ("CallRedirectedEvent", a_call("Originator", None)),
        ("CallUpdatedEvent", a_call(None, "Alerting")),
        ("CallUpdatedEvent", a_call("Someone", "Active")),
    ],
)
def test_what_says_nothing_adds_nothing(name: str, call: str) -> None:
    assert facts(name, call) == frozenset()


@pytest.mark.parametrize("name", ["CallReceivedEvent", "CallAnsweredEvent", "CallReleasedEvent"])
def test_an_inbound_call_is_no_report(name: str) -> None:
    assert report_of(name, a_call("Terminator", "Active", answered=ANSWERED)) is None


def test_a_report_names_its_call() -> None:
    report = report_of(*RINGS_EMPLOYEE)
    assert report is not None
    assert (report.provider, report.subscription_id, report.event_id) == ("beeline", "subscription-1", "event-1")
    assert (report.reference, report.line) == ("1732398765432:1", "9067010101@ip.beeline.ru")
    assert (report.phone_number, report.placed_by_us) == (PhoneNumber("+79139123456"), True)
    assert (report.at, report.attempt_id, report.shown) == (BEGAN, None, None)


def test_only_click_to_dial_may_be_matched_by_inference() -> None:
    """A call that the employee dialled by hand looks like an Originator's, too."""
    report = report_of(*RINGS_CLIENT)
    assert report is not None
    assert not report.placed_by_us


def test_a_call_that_nothing_names_is_no_report() -> None:
    assert report_of("CallUpdatedEvent", a_call("Originator", "Alerting", tracking_id=None)) is None
    assert report_of("CallOriginatedEvent", a_call("Click-to-Dial", "Alerting", tracking_id=None)) is not None


def test_without_a_time_of_its_own_the_receipt_counts() -> None:
    report = report_of("CallOriginatedEvent", a_call("Click-to-Dial", "Alerting", began=None))
    assert report is not None
    assert report.at == RECEIVED
    assert report.facts == {Fact(EMPLOYEE, FactKind.RINGING, RECEIVED)}


events = st.tuples(
    st.sampled_from(EVENT_NAMES),
    st.builds(
        a_call,
        st.sampled_from([*PERSONALITIES, None]),
        st.sampled_from([*STATES, None]),
        answered=st.sampled_from([None, ANSWERED]),
        released=st.sampled_from([None, RELEASED]),
        by=st.sampled_from(["localRelease", "remoteRelease", None]),
        cause=st.sampled_from([None, "Busy", "Temporarily Unavailable", "Forbidden", "Odd"]),
    ),
    st.integers(0, 100).map(lambda seconds: BEGAN + timedelta(seconds=seconds)),
)


@given(st.lists(events, max_size=8), st.data())
def test_order_and_repetition_change_nothing(arrived: list[tuple[str, str, datetime]], data: st.DataObject) -> None:
    """K1."""
    again = data.draw(st.lists(st.sampled_from(arrived), max_size=4)) if arrived else []
    shuffled = data.draw(st.permutations([*arrived, *again]))
    in_order = INTENT.union(*(facts(*event) for event in arrived))
    out_of_order = INTENT.union(*(facts(*event) for event in shuffled))
    assert in_order == out_of_order
    assert read(in_order) == read(out_of_order)


STORY = (RINGS_EMPLOYEE, RINGS_CLIENT, TALKING, TALKED)


@given(st.permutations(STORY), st.integers(1, 4))
def test_the_last_event_is_enough_whatever_else_is_lost(order: list[tuple[str, str]], kept: int) -> None:
    """Any part of a talk's events that holds the release means the same outcome, in any order."""
    some = [*order[: kept - 1], TALKED]
    reading = read(INTENT.union(*(facts(*event) for event in some)))
    assert (reading.outcome, reading.talk_seconds) == (Outcome.TALKED, 60)


@given(events)
def test_no_event_claims_a_talk_that_it_does_not_state(event: tuple[str, str, datetime]) -> None:
    name, call, received_at = event
    found = facts(name, call, received_at)
    if any(fact.leg is CLIENT for fact in found):
        assert "<xsi:personality>Originator" in call
        # Whatever is known of the client, the employee was there first.
        assert Fact(EMPLOYEE, FactKind.ANSWERED, found_at(found)) in found
    assert all(fact.cause is None or fact.kind is FactKind.RELEASED for fact in found)


def found_at(found: frozenset[Fact]) -> datetime:
    return next(fact.at for fact in found if fact.leg is EMPLOYEE and fact.kind is FactKind.ANSWERED)
