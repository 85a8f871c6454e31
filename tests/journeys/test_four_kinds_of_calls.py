"""From the card to the ended call: by client and by interest, from the IP phone and from the mobile.

The judge is the ledger: what the client's phone saw.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.journeys.stage import Stage, numbers_of_pool, pool_of, sim_of
from tests.journeys.stage import stage as set_stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with set_stage(tmp_path_factory.mktemp("four-kinds")) as ready:
        yield ready


def ip_phone(employee: str) -> str:
    return f"D-{employee.removeprefix('E-')}"


def mobile(employee: str) -> str:
    return f"D-{100 + int(employee.removeprefix('E-'))}"


def rang_once(stage: Stage, number: str) -> dict[str, Any]:
    """The ledger's one line about the number; the client's phone rang and was answered."""
    lines = stage.saw(number)
    assert len(lines) == 1
    assert lines[0]["client_rang_at"] is not None
    assert lines[0]["answered_at"] is not None
    return lines[0]


@pytest.mark.parametrize("kind", ["client", "interest"])
def test_from_the_ip_phone_the_client_sees_a_number_of_the_regions_pool(stage: Stage, kind: str) -> None:
    """C2, C4, C10, C11: pool and candidates stand in the Call from the press on, what was shown from the end on."""
    # Given an employee with an IP phone, and a card
    employee = stage.employee()
    target_id, number = stage.client() if kind == "client" else stage.interest()
    # When they press the button
    call = stage.place(employee, target={"kind": kind, "id": target_id}, device_id=ip_phone(employee))
    # Then the Call says at once what the client is going to see
    pool_id = pool_of(number)
    attempt = call["attempts"][0]
    assert call["state"] == "in_progress"
    assert attempt["phone_number"] == number
    assert attempt["decision"]["chosen_by"] == "provider"
    assert attempt["decision"]["pool_id"] == pool_id
    assert attempt["decision"]["generation_id"] == f"{pool_id}-3"
    assert attempt["decision"]["requested"] is None
    assert set(attempt["decision"]["candidates"]) == numbers_of_pool(pool_id)
    assert [step["rule"] for step in attempt["decision"]["steps"]] == ["C4", "C11"]
    # And when the talk is over, what the client saw
    ended = stage.reported(employee, call["id"])
    decision = ended["attempts"][0]["decision"]
    shown = rang_once(stage, number)["shown_number"]
    assert ended["state"] == "completed"
    assert ended["attempts"][0]["outcome"] == "talked"
    assert shown in numbers_of_pool(pool_id)
    assert (decision["reported"], decision["verdict"]) == (shown, "conforms")


@pytest.mark.parametrize("kind", ["client", "interest"])
def test_from_the_mobile_the_client_sees_exactly_the_sims_number(stage: Stage, kind: str) -> None:
    """C1, C10."""
    employee = stage.employee()
    target_id, number = stage.client() if kind == "client" else stage.interest()
    call = stage.place(employee, target={"kind": kind, "id": target_id}, device_id=mobile(employee))
    assert call["attempts"][0]["decision"]["requested"] == sim_of(employee)
    assert call["attempts"][0]["decision"]["pool_id"] is None
    ended = stage.reported(employee, call["id"])
    assert ended["state"] == "completed"
    assert rang_once(stage, number)["shown_number"] == sim_of(employee)
    decision = ended["attempts"][0]["decision"]
    assert (decision["reported"], decision["verdict"]) == (sim_of(employee), "conforms")


@pytest.mark.parametrize("pool", ["moscow", "caucasus", "siberia", "far-east"])
def test_each_regions_clients_see_their_regions_numbers(stage: Stage, pool: str) -> None:
    """C4: near and far."""
    employee = stage.employee()
    client = next(
        each
        for each in stage.company["clients"][:40]
        if each["phone_numbers"] and pool_of(each["phone_numbers"][0]) == pool
    )
    call = stage.place(employee, target={"kind": "client", "id": client["id"]}, device_id=ip_phone(employee))
    stage.ended(employee, call["id"])
    assert rang_once(stage, client["phone_numbers"][0])["shown_number"] in numbers_of_pool(pool)


def test_the_preview_says_beforehand_what_the_client_will_see(stage: Stage) -> None:
    """Previews decide as calls do, and reserve nothing."""
    employee = stage.employee()
    client_id, number = stage.client()
    devices = stage.get(employee, "employees/me/devices", target_kind="client", target_id=client_id).json()
    shown = {device["id"]: device["shown"] for device in devices["items"]}
    assert shown[ip_phone(employee)]["pool_id"] == pool_of(number)
    assert shown[mobile(employee)]["requested"] == sim_of(employee)
    assert stage.saw(number) == []


def test_numbers_are_listed_as_they_can_be_called(stage: Stage) -> None:
    """N1: what was typed by hand comes back in one form; the number that is none is listed as such."""
    numbers = stage.get("E-1", "clients/C-42/phone-numbers").json()["items"]
    assert numbers[0]["number"] == stage.company["clients"][41]["phone_numbers"][0]
    assert numbers[0]["callable"]
    assert (numbers[1]["number"], numbers[1]["reasons"]) == (None, ["not_understood"])
    assert numbers[1]["as_entered"] == "спросить у секретаря"


# --- Where the attempt is kept ----------------------------------------------------------------------------------------


def test_a_second_attempt_goes_into_the_call_named_by_its_id(stage: Stage) -> None:
    """K6: the client didn't answer; the employee tries again in the same Call."""
    employee = stage.employee()
    client_id, number = stage.client()
    target = {"kind": "client", "id": client_id}
    stage.simulator.behave(number, "no_answer")
    first = stage.place(employee, target=target)
    assert stage.ended(employee, first["id"])["state"] == "not_reached"
    stage.simulator.behave(number, "answers", talk_seconds=5.0)
    again = stage.place(employee, target=target, call={"id": first["id"]})
    assert again["id"] == first["id"]
    ended = stage.ended(employee, first["id"])
    assert [attempt["outcome"] for attempt in ended["attempts"]] == ["no_answer", "talked"]
    assert ended["state"] == "completed"
    assert stage.rang(number) == 2


def test_a_call_of_the_crms_own_id_is_made_once_and_found_again(stage: Stage) -> None:
    """K6: an unknown external_id makes a new Call that carries it; the same one names it ever after."""
    employee = stage.employee()
    client_id, _ = stage.client()
    target = {"kind": "client", "id": client_id}
    first = stage.place(employee, target=target, call={"external_id": "task-77"})
    assert first["external_id"] == "task-77"
    stage.ended(employee, first["id"])
    again = stage.place(employee, target=target, call={"external_id": "task-77"})
    assert again["id"] == first["id"]
    assert len(stage.ended(employee, first["id"])["attempts"]) == 2
    found = stage.get(employee, "calls", external_id="task-77").json()["items"]
    assert [call["id"] for call in found] == [first["id"]]


def test_a_planned_call_is_dialled_later(stage: Stage) -> None:
    """A task of the CRM: `dial: false` now, the call when its hour comes."""
    employee = stage.employee()
    client_id, number = stage.client()
    target = {"kind": "client", "id": client_id}
    planned = stage.place(employee, target=target, dial=False, note="перезвонить")
    assert (planned["state"], planned["attempts"]) == ("planned", [])
    assert stage.saw(number) == []
    stage.place(employee, target=target, call={"id": planned["id"]})
    assert stage.ended(employee, planned["id"])["state"] == "completed"
    rang_once(stage, number)


# --- When the client can't be reached ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "outcome", "rings"),
    [("no_answer", "no_answer", 1), ("busy", "busy", 0), ("unreachable", "unreachable", 0)],
)
def test_a_client_who_is_not_reached(stage: Stage, behaviour: str, outcome: str, rings: int) -> None:
    employee = stage.employee()
    client_id, number = stage.client()
    stage.simulator.behave(number, behaviour)
    call = stage.place(employee, target={"kind": "client", "id": client_id}, device_id=ip_phone(employee))
    ended = stage.ended(employee, call["id"])
    assert (ended["state"], ended["attempts"][0]["outcome"]) == ("not_reached", outcome)
    assert ended["attempts"][0]["talk_seconds"] is None
    assert stage.rang(number) == rings
    assert len(stage.saw(number)) == 1


def test_an_employee_who_does_not_pick_up_is_no_call_to_the_client(stage: Stage) -> None:
    employee = stage.employee()
    client_id, number = stage.client()
    stage.simulator.behave(number, "employee_no_answer")
    call = stage.place(employee, target={"kind": "client", "id": client_id})
    ended = stage.ended(employee, call["id"])
    assert ended["attempts"][0]["outcome"] == "employee_did_not_answer"
    assert stage.rang(number) == 0
