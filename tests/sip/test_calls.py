"""From the press of the button to the phones, on a real Asterisk: what the client is shown, and how calls end."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.journeys.stage import eventually
from tests.sip.phones import CLIENTS, EMPLOYEES, Person, they_hear_each_other
from tests.sip.stage import (
    CENTRE,
    CLIENT,
    CLIENT_NUMBER,
    DEAD_DEVICE,
    MOBILE_DEVICE,
    OFFLINE_DEVICE,
    OTHER_CLIENT,
    OTHER_NUMBER,
    SIBERIA,
    SIM,
    Stage,
)


@pytest.mark.parametrize(
    ("client", "number", "shown"), [(CLIENT, CLIENT_NUMBER, SIBERIA), (OTHER_CLIENT, OTHER_NUMBER, CENTRE)]
)
def test_the_client_sees_the_number_of_their_region(at_work: Stage, client: str, number: str, shown: str) -> None:
    """C2, C4, C10: From and P-Asserted-Identity carry it; the employee's phone rang first, each phone once (K3). Each
    hears the other."""
    with at_work.people(Person.answers(says=EMPLOYEES), Person.answers(says=CLIENTS)) as (phone, trunk):
        call = at_work.place(client)
        attempt = at_work.comes_to(call, "talking")
        (to_employee,), (to_client,) = phone.invites(), trunk.invites()
        assert (to_client.to, to_client.number_in("From"), to_client.number_in("P-Asserted-Identity")) == (
            number,
            shown,
            shown,
        )
        assert to_employee.at < to_client.at
        order = [("employee", "answered_at"), ("client", "ringing_at"), ("client", "answered_at")]
        times = [datetime.fromisoformat(attempt["legs"][leg][what]) for leg, what in order]
        assert times == sorted(times)
        they_hear_each_other(phone, trunk)
        assert at_work.hang_up(call).status_code == 200
        ended = at_work.comes_to(call, "ended")
        assert ended["outcome"] == "talked"
        assert (ended["decision"]["requested"], ended["decision"]["reported"]) == (shown, shown)
        assert ended["decision"]["verdict"] == "conforms"
        assert ended["provider_reference"] == to_client.headers["Call-ID"]
        eventually(lambda: (phone.received("BYE"), trunk.received("BYE")), lambda byes: min(byes) >= 1)
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)


@pytest.mark.parametrize("rings", [True, False], ids=["rings", "is looked for"])
def test_the_employee_hears_a_ringing_tone_and_then_the_client(at_work: Stage, rings: bool) -> None:
    """From the dial on, not only from the operator's 180; it ends as the client answers."""
    answers = Person.answers(1500, rings=rings, says=CLIENTS)
    with at_work.people(Person.answers(says=EMPLOYEES), answers) as (phone, trunk):
        call = at_work.place()
        at_work.comes_to(call, "talking")
        tone = phone.voice.hears_else(trunk.voice)
        assert tone > 0
        they_hear_each_other(phone, trunk)
        assert phone.voice.hears_else(trunk.voice) - tone <= 25
        at_work.hang_up(call)
        at_work.comes_to(call, "ended")


def test_from_a_mobile_the_client_sees_its_sim(at_work: Stage) -> None:
    """C1: the SIM's own number, which the mobile itself is shown, too."""
    with at_work.people(None, Person.answers()) as (_, trunk):
        call = at_work.place(CLIENT, MOBILE_DEVICE)
        at_work.comes_to(call, "talking")
        (to_mobile,), (to_client,) = trunk.invites(SIM), trunk.invites(CLIENT_NUMBER)
        assert to_mobile.at < to_client.at
        assert (to_client.number_in("From"), to_client.number_in("P-Asserted-Identity")) == (SIM, SIM)
        at_work.hang_up(call)
        assert at_work.comes_to(call, "ended")["outcome"] == "talked"
        assert len(trunk.invites()) == 2


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("486 Busy Here", "busy"),
        ("480 Temporarily Unavailable", "unreachable"),
        ("404 Not Found", "unreachable"),
        ("603 Decline", "unreachable"),
        ("503 Service Unavailable", "unreachable"),
    ],
)
def test_a_client_who_is_not_reached(at_work: Stage, status: str, outcome: str) -> None:
    """The operator's word becomes the outcome, and the employee isn't left alone on the line."""
    with at_work.people(Person.answers(), Person.refuses(status)) as (phone, trunk):
        call = at_work.place()
        assert at_work.comes_to(call, "ended")["outcome"] == outcome
        eventually(lambda: phone.received("BYE"), bool, what="the BYE at the employee's phone")
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)


def test_a_client_who_does_not_answer(at_work: Stage) -> None:
    """Rings as long as we let it, no longer; then nobody rings on."""
    with at_work.people(Person.answers(), Person.lets_ring()) as (phone, trunk):
        call = at_work.place()
        assert at_work.comes_to(call, "ended")["outcome"] == "no_answer"
        eventually(lambda: (trunk.received("CANCEL"), phone.received("BYE")), all)
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)


def test_an_employee_who_does_not_answer(at_work: Stage) -> None:
    """The client's phone stays silent."""
    with at_work.people(Person.lets_ring(), Person.answers()) as (phone, trunk):
        call = at_work.place()
        assert at_work.comes_to(call, "ended")["outcome"] == "employee_did_not_answer"
        assert (len(phone.invites()), trunk.invites()) == (1, [])


def test_an_employee_whose_phone_is_not_registered(at_work: Stage) -> None:
    """D2: Asterisk says so before anything is dialled."""
    with at_work.people(None, Person.answers()) as (_, trunk):
        answer = eventually(
            lambda: at_work.press(device=OFFLINE_DEVICE), lambda answer: answer.status_code == 422, what="the refusal"
        )
        assert (answer.json()["code"], answer.json()["reasons"]) == ("device_not_eligible", ["phone_offline"])
        assert trunk.invites() == []


def test_an_employee_whose_phone_is_switched_off(at_work: Stage) -> None:
    """Registered and gone: nothing rings, and the client's phone stays silent."""
    with at_work.people(None, Person.answers()) as (_, trunk):
        call = at_work.place(device=DEAD_DEVICE)
        assert at_work.comes_to(call, "ended")["outcome"] == "employee_did_not_answer"
        assert trunk.invites() == []


def test_the_employee_hangs_up_while_the_client_rings(at_work: Stage) -> None:
    """The client's phone stops ringing at once."""
    with at_work.people(Person.answers(hangs_up_after=1200), Person.lets_ring()) as (phone, trunk):
        call = at_work.place()
        assert at_work.comes_to(call, "ended")["outcome"] == "cancelled"
        eventually(lambda: trunk.received("CANCEL"), bool, 2.0, "the CANCEL")
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)


def test_the_client_hangs_up(at_work: Stage) -> None:
    """The employee's phone is hung up, too."""
    with at_work.people(Person.answers(), Person.answers(hangs_up_after=800)) as (phone, trunk):
        call = at_work.place()
        assert at_work.comes_to(call, "ended")["outcome"] == "talked"
        eventually(lambda: phone.received("BYE"), bool, what="the BYE at the employee's phone")
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)


def test_a_call_is_called_off_while_the_employee_s_phone_rings(at_work: Stage) -> None:
    with at_work.people(Person.lets_ring(), Person.answers()) as (phone, trunk):
        call = at_work.place()
        at_work.comes_to(call, "ringing_employee")
        assert at_work.hang_up(call).status_code == 200
        assert at_work.comes_to(call, "ended")["outcome"] == "cancelled"
        eventually(lambda: phone.received("CANCEL"), bool, what="the CANCEL at the employee's phone")
        assert trunk.invites() == []
