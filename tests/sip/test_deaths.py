"""What holds when a process dies in the middle of a call: no phone rings twice, and each call ends as it did."""

from __future__ import annotations

from datetime import datetime

from tests.journeys.stage import eventually
from tests.sip.phones import CLIENTS, EMPLOYEES, Person, they_hear_each_other
from tests.sip.stage import CLIENT_NUMBER, SIBERIA, Stage


def test_the_service_is_killed_between_the_legs_and_restarted(at_work: Stage) -> None:
    """K3: the employee answers while no process of ours lives. The next one finds that by comparing, and dials the
    client: once, with the number that was decided before the death."""
    with at_work.people(Person.answers(1500), Person.answers()) as (phone, trunk):
        call = at_work.place()
        at_work.comes_to(call, "ringing_employee")
        at_work.kill()
        eventually(
            at_work.pbx.channels, lambda channels: [each["state"] for each in channels] == ["Up"], what="the answer"
        )
        assert trunk.invites() == []
        at_work.start()
        attempt = at_work.comes_to(call, "talking")
        answered_at, requested_at = (
            datetime.fromisoformat(attempt["legs"][leg][what])
            for leg, what in (("employee", "answered_at"), ("client", "requested_at"))
        )
        assert answered_at <= requested_at
        (to_client,) = trunk.invites()
        assert (to_client.to, to_client.number_in("From")) == (CLIENT_NUMBER, SIBERIA)
        at_work.hang_up(call)
        assert at_work.comes_to(call, "ended")["outcome"] == "talked"
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)


def test_the_service_is_killed_while_they_talk(at_work: Stage) -> None:
    """The talk goes on; the client hangs up while nobody hears it, and the next process ends the employee's half."""
    with at_work.people(Person.answers(), Person.answers(hangs_up_after=1500)) as (phone, trunk):
        call = at_work.place()
        at_work.comes_to(call, "talking")
        at_work.kill()
        eventually(at_work.pbx.channels, lambda channels: len(channels) == 1, what="the client's hanging up")
        at_work.start()
        assert at_work.comes_to(call, "ended")["outcome"] == "talked"
        eventually(lambda: phone.received("BYE"), bool, what="the BYE at the employee's phone")
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)


def test_the_service_is_killed_as_the_client_s_phone_rings(at_work: Stage) -> None:
    """K3: the client's leg was asked for and isn't asked for again, whatever the dead process could not write down. The
    ringing tone that it let the employee hear ends all the same."""
    with at_work.people(Person.answers(says=EMPLOYEES), Person.answers(1500, says=CLIENTS)) as (phone, trunk):
        call = at_work.place()
        eventually(trunk.invites, bool, what="the INVITE at the client's phone")
        at_work.kill()
        at_work.start()
        at_work.comes_to(call, "talking", 40.0)
        they_hear_each_other(phone, trunk)
        at_work.hang_up(call)
        assert at_work.comes_to(call, "ended")["outcome"] == "talked"
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)


def test_the_service_ends_in_order_and_another_goes_on(at_work: Stage) -> None:
    """A stop gives the lease back: the next process hears at once."""
    with at_work.people(Person.answers(), Person.answers()) as (phone, trunk):
        call = at_work.place()
        at_work.comes_to(call, "talking")
        at_work.stop()
        at_work.start()
        assert at_work.attempt(call)["state"] == "talking"
        at_work.hang_up(call)
        assert at_work.comes_to(call, "ended")["outcome"] == "talked"
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)


def test_of_two_services_one_listens_and_the_other_takes_over(at_work: Stage) -> None:
    """Both dial; the one that doesn't listen sees the same states, and listens when the other dies."""
    with (
        at_work.people(Person.answers(), Person.answers()) as (phone, trunk),
        at_work.another(at_work.folder) as other,
    ):
        assert other.hearing() == "heard_by_another"
        call = other.place()
        other.comes_to(call, "talking")
        at_work.kill()
        eventually(other.hearing, lambda hearing: hearing == "connected", 20.0, "the taking over")
        other.hang_up(call)
        assert other.comes_to(call, "ended")["outcome"] == "talked"
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)
    at_work.start()


def test_asterisk_is_killed_while_they_talk(at_work: Stage) -> None:
    """The service connects again by itself and finds both legs gone; the next call works."""
    with at_work.people(Person.answers(), Person.answers()) as (phone, trunk):
        call = at_work.place()
        at_work.comes_to(call, "talking")
        at_work.pbx.kill()
        at_work.pbx.start()
        assert at_work.comes_to(call, "ended", 40.0)["outcome"] == "talked"
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)
        again = at_work.place()
        at_work.comes_to(again, "talking")
        at_work.hang_up(again)
        assert at_work.comes_to(again, "ended")["outcome"] == "talked"
