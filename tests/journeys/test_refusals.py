"""What is refused, in whose words, and that nothing was dialled: the ledger knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.journeys.stage import Answer, Stage, pool_of, sim_of
from tests.journeys.stage import stage as set_stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with set_stage(tmp_path_factory.mktemp("refusals")) as ready:
        yield ready


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    """The problem's body, checked for what every problem has."""
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    return answer.json()


# --- Device -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("employee", "device", "reason"),
    [
        ("E-15", "D-115", "no_fmtn"),
        ("E-13", "D-113", "sim_returned"),
        ("E-14", "D-114", "no_corporate_sim"),
        ("E-18", "D-18", "phone_offline"),
        ("E-19", "D-19", "agent_away"),
    ],
)
def test_a_device_that_can_not_be_used_is_refused_with_the_reason(
    stage: Stage, employee: str, device: str, reason: str
) -> None:
    """D1-D3: the list says so, and the call is refused with the same reasons."""
    client_id, number = stage.client()
    listed = stage.get(employee, "employees/me/devices").json()["items"]
    mine = next(each for each in listed if each["id"] == device)
    assert (mine["eligible"], mine["reasons"]) == (False, [reason])
    answer = stage.press(employee, target={"kind": "client", "id": client_id}, device_id=device)
    assert refused(answer, 422, "device_not_eligible")["reasons"] == [reason]
    assert stage.saw(number) == []


def test_the_refusal_of_a_device_names_what_can_be_used_instead(stage: Stage) -> None:
    """D3: with what the client would see from it; nothing is changed without being asked."""
    client_id, number = stage.client()
    answer = stage.press("E-13", target={"kind": "client", "id": client_id}, device_id="D-113")
    alternatives = refused(answer, 422, "device_not_eligible")["alternatives"]
    assert [(each["id"], each["shown"]) for each in alternatives] == [("D-13", {"pool_id": pool_of(number)})]


def test_a_device_of_another_employee_is_refused_and_nothing_is_told_of_it(stage: Stage) -> None:
    """D1, P4."""
    client_id, number = stage.client()
    answer = stage.press("E-1", target={"kind": "client", "id": client_id}, device_id="D-102")
    body = refused(answer, 422, "device_not_eligible")
    assert body["reasons"] == ["of_another_employee"]
    assert sim_of("E-2") not in answer.text
    assert {each["id"] for each in body["alternatives"]} == {"D-1", "D-101"}
    assert stage.saw(number) == []


def test_an_employee_without_devices_is_told_so(stage: Stage) -> None:
    client_id, _ = stage.client()
    refused(stage.press("E-17", target={"kind": "client", "id": client_id}), 404, "device_not_found")


# --- Number -----------------------------------------------------------------------------------------------------------


def test_a_number_of_somebody_else_is_not_dialled(stage: Stage) -> None:
    """N2."""
    client_id, _ = stage.client()
    _, anothers = stage.client()
    answer = stage.press("E-9", target={"kind": "client", "id": client_id}, phone_number=anothers)
    refused(answer, 422, "phone_number_not_of_target")
    assert stage.saw(anothers) == []


def test_who_does_not_want_to_be_called_is_not_called(stage: Stage) -> None:
    """N3."""
    answer = stage.press("E-9", target={"kind": "client", "id": "C-43"})
    assert "do_not_call" in refused(answer, 422, "phone_number_not_callable")["reasons"]


def test_calls_abroad_are_switched_off(stage: Stage) -> None:
    """N4."""
    answer = stage.press("E-9", target={"kind": "client", "id": "C-41"}, phone_number="+44 20 7946 0958")
    refused(answer, 422, "destination_not_allowed")


def test_an_unknown_client_is_said_to_be_unknown(stage: Stage) -> None:
    refused(stage.press("E-9", target={"kind": "client", "id": "C-999"}), 404, "client_not_found")


# --- Somebody is in the way -------------------------------------------------------------------------------------------


def test_an_employee_who_talks_can_not_place_another_call(stage: Stage) -> None:
    """K5: the second press, to somebody else, is refused while the first call lives; afterwards it goes through."""
    employee = stage.employee()
    (first_id, first_number), (second_id, second_number) = stage.client(), stage.client()
    stage.simulator.behave(first_number, "answers", talk_seconds=600.0)
    call = stage.place(employee, target={"kind": "client", "id": first_id})
    answer = stage.press(employee, target={"kind": "client", "id": second_id})
    assert refused(answer, 409, "employee_busy")["call_id"] == call["id"]
    assert stage.saw(second_number) == []
    stage.hang_up(first_number)
    stage.ended(employee, call["id"])
    again = stage.place(employee, target={"kind": "client", "id": second_id})
    stage.ended(employee, again["id"])
    assert stage.rang(second_number) == 1


def test_a_number_that_a_colleague_is_calling_is_not_called_at_the_same_time(stage: Stage) -> None:
    """K5: the refusal names no colleague (P4)."""
    employee, colleague = stage.employee(), stage.employee()
    client_id, number = stage.client()
    stage.simulator.behave(number, "answers", talk_seconds=600.0)
    call = stage.place(employee, target={"kind": "client", "id": client_id})
    answer = stage.press(colleague, target={"kind": "client", "id": client_id})
    refused(answer, 409, "number_being_called")
    assert call["id"] not in answer.text
    stage.hang_up(number)
    stage.ended(employee, call["id"])
    assert stage.rang(number) == 1


def test_a_call_of_a_colleague_is_not_found(stage: Stage) -> None:
    """P4."""
    employee, colleague = stage.employee(), stage.employee()
    client_id, _ = stage.client()
    call = stage.place(employee, target={"kind": "client", "id": client_id})
    refused(stage.get(colleague, f"calls/{call['id']}"), 404, "call_not_found")
    stage.ended(employee, call["id"])


def test_a_call_about_one_client_takes_no_attempt_to_another(stage: Stage) -> None:
    """K6."""
    employee = stage.employee()
    (first_id, _), (second_id, second_number) = stage.client(), stage.client()
    call = stage.place(employee, target={"kind": "client", "id": first_id})
    stage.ended(employee, call["id"])
    answer = stage.press(employee, target={"kind": "client", "id": second_id}, call={"id": call["id"]})
    refused(answer, 422, "call_of_another_target")
    assert stage.saw(second_number) == []


# --- Idempotency-Key --------------------------------------------------------------------------------------------------


def test_the_same_press_twice_is_one_call(stage: Stage) -> None:
    """K4: the second answer is the present Call, and says that it is a replay."""
    employee = stage.employee()
    client_id, number = stage.client()
    body: dict[str, Any] = {"target": {"kind": "client", "id": client_id}}
    first = stage.press(employee, "pressed-twice", **body)
    second = stage.press(employee, "pressed-twice", **body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.json()["id"] == first.json()["id"]
    stage.ended(employee, first.json()["id"])
    later = stage.press(employee, "pressed-twice", **body)
    assert (later.status_code, later.json()["state"]) == (200, "completed")
    assert stage.rang(number) == 1


def test_a_key_that_was_used_for_another_press_is_refused(stage: Stage) -> None:
    """K4."""
    employee = stage.employee()
    (first_id, first_number), (second_id, second_number) = stage.client(), stage.client()
    call = stage.place(employee, "one-key", target={"kind": "client", "id": first_id})
    answer = stage.press(employee, "one-key", target={"kind": "client", "id": second_id})
    refused(answer, 422, "idempotency_key_reused")
    stage.ended(employee, call["id"])
    assert (stage.rang(first_number), stage.saw(second_number)) == (1, [])


def test_a_refusal_leaves_the_key_unused(stage: Stage) -> None:
    """K4: what was refused before anything was committed can be mended and pressed again with the same key."""
    employee = stage.employee()
    client_id, number = stage.client()
    target = {"kind": "client", "id": client_id}
    refused(stage.press(employee, "mended", target=target, device_id="D-115"), 422, "device_not_eligible")
    call = stage.place(employee, "mended", target=target)
    stage.ended(employee, call["id"])
    assert stage.rang(number) == 1


def test_a_press_without_a_key_is_refused(stage: Stage) -> None:
    client_id, number = stage.client()
    token = stage.company["employees"][0]["token"]
    answer = stage.http.post(
        f"{stage.base_url}/api/v1/calls",
        json={"target": {"kind": "client", "id": client_id}},
        headers={"Authorization": f"Bearer {token}"},
    )
    refused(answer, 400, "idempotency_key_missing")
    assert stage.saw(number) == []


def test_who_has_no_token_is_not_heard(stage: Stage) -> None:
    answer = stage.http.get(f"{stage.base_url}/api/v1/calls", headers={"Authorization": "Bearer not-one-of-ours"})
    refused(answer, 401, "not_authenticated")
