"""What holds when a request to Asterisk, or its answer, is lost: nothing is asked for twice (K3)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from anyio.from_thread import start_blocking_portal
from tests.adapters.gateways.ari_hand import Hand, Spoil, hand_before
from tests.journeys.stage import eventually
from tests.sip.pbx import Pbx
from tests.sip.phones import Person
from tests.sip.stage import Company, Stage, stage


@pytest.fixture(scope="module")
def hand(asterisk: Pbx) -> Iterator[Hand]:
    """Between the service and Asterisk."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(hand_before(asterisk.ports.ari)) as made:
        yield made


@pytest.fixture(scope="module")
def the_stage(
    asterisk: Pbx, hand: Hand, the_company: Company, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """A service that speaks to Asterisk through the hand, and soon believes that an answer is lost."""
    with stage(
        asterisk,
        the_company,
        tmp_path_factory.mktemp("service"),
        TELEPHONY_ASTERISK_URL=hand.url,
        TELEPHONY_PROVIDER_TIMEOUT_SECONDS="1",
    ) as made:
        yield made


def test_the_answer_to_the_employee_s_dial_is_lost(at_work: Stage, hand: Hand) -> None:
    """It rings all the same; its events settle what was unknown, and the call goes its way."""
    hand.spoil("/dial", Spoil.RESET_AFTER)
    with at_work.people(Person.answers(1500), Person.answers()) as (phone, trunk):
        call = at_work.place()
        attempt = at_work.comes_to(call, "talking")
        assert attempt["legs"]["employee"]["state"] == "answered"
        at_work.hang_up(call)
        assert at_work.comes_to(call, "ended")["outcome"] == "talked"
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)


def test_the_answer_to_the_client_s_dial_is_lost(at_work: Stage, hand: Hand) -> None:
    with at_work.people(Person.answers(1000), Person.answers(1500)) as (phone, trunk):
        call = at_work.place()
        at_work.comes_to(call, "ringing_employee")
        hand.spoil("/dial", Spoil.RESET_AFTER)
        at_work.comes_to(call, "talking")
        at_work.hang_up(call)
        assert at_work.comes_to(call, "ended")["outcome"] == "talked"
        assert (len(phone.invites()), len(trunk.invites())) == (1, 1)


def test_the_employee_s_dial_never_arrives(at_work: Stage, hand: Hand) -> None:
    """Whether it did can't be told: it is unknown, and whoever meets it is told so."""
    hand.spoil("/dial", Spoil.RESET_BEFORE)
    with at_work.people(Person.answers(), Person.answers()) as (phone, trunk):
        call = at_work.place()
        attempt = at_work.comes_to(call, "outcome_unknown")
        again = at_work.press()
        assert (again.status_code, again.json()["code"]) == (409, "previous_outcome_unknown")
        assert again.json()["attempt_id"] == attempt["id"]
        assert (phone.invites(), trunk.invites()) == ([], [])
        at_work.pbx.hang_up_all()  # nobody will dial it
        at_work.comes_to(call, "ended")


def test_the_service_is_killed_between_the_client_s_intent_and_its_request(at_work: Stage, hand: Hand) -> None:
    """The intent is stored and nothing was sent: nobody asks again, the client's phone stays silent, and the employee,
    who hears nothing, ends the call."""
    with at_work.people(Person.answers(800), Person.answers()) as (phone, trunk):
        call = at_work.place()
        at_work.comes_to(call, "ringing_employee")
        creates = hand.count("channels/create")
        hand.spoil("channels/create", Spoil.KEPT)
        eventually(
            lambda: hand.count("channels/create"), lambda seen: seen > creates, what="the request for the client"
        )
        at_work.kill()
        at_work.start()
        assert at_work.attempt(call)["legs"]["client"]["requested_at"] is not None
        at_work.comes_to(call, "outcome_unknown")
        assert at_work.hang_up(call).status_code == 200
        assert at_work.comes_to(call, "ended")["outcome"] == "cancelled"
        assert hand.count("channels/create") == creates + 1
        assert (len(phone.invites()), trunk.invites()) == (1, [])
