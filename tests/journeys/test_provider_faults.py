"""The provider fails in every way it can: what is told, that a phone rings at most once, and how it is settled (K3).

Calls go slowly here, so that the phones ring only after our time-out: the outcome is unknown when the answer is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.journeys.stage import Stage, eventually, numbers_of_pool, pool_of
from tests.journeys.stage import stage as set_stage

TIME_OUT = 0.5  # seconds; the least that the settings allow
SPEED = 0.45  # the employee's phone rings 0.67 s after the request, the client's after 5.6 s


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("provider-faults")
    with set_stage(folder, speed=SPEED, TELEPHONY_PROVIDER_TIMEOUT_SECONDS=str(TIME_OUT)) as ready:
        yield ready


def attempt_of(call: dict[str, Any]) -> dict[str, Any]:
    return call["attempts"][-1]


def test_what_the_provider_refuses_rang_nowhere_and_a_new_press_may_follow(stage: Stage) -> None:
    """Law 9: an errorCode means 'not done'. The key names the failed attempt; the employee is free at once."""
    employee = stage.employee()
    client_id, number = stage.client()
    body: dict[str, Any] = {"target": {"kind": "client", "id": client_id}}
    stage.simulator.fault("error_code", phone_number=number, error_code="OperationFailed")
    answer = stage.press(employee, "refused", **body)
    assert (answer.status_code, answer.json()["code"]) == (502, "provider_refused")
    assert answer.json()["provider_code"] == "OperationFailed"
    assert stage.rang(number) == 0
    # The same key: what became of it. Nothing is sent again.
    replay = stage.press(employee, "refused", **body)
    assert (replay.status_code, replay.headers["idempotency-replayed"]) == (200, "true")
    assert replay.json()["id"] == answer.json()["call_id"]
    assert attempt_of(replay.json())["outcome"] == "refused_by_provider"
    assert [line["outcome"] for line in stage.saw(number)] == ["not_dialled"]
    # A new press is a new call.
    stage.simulator.behave(number, "busy")
    again = stage.place(employee, **body)
    assert attempt_of(stage.ended(employee, again["id"]))["outcome"] == "busy"


def test_a_500_may_have_dialled_and_is_settled_by_the_reports(stage: Stage) -> None:
    """K3: 201 with the attempt in outcome_unknown, never dialled again; the reports tell what it was."""
    employee = stage.employee()
    client_id, number = stage.client()
    stage.simulator.behave(number, "answers", talk_seconds=0.5)
    stage.simulator.fault("http_500", phone_number=number, dials=True)
    call = stage.place(employee, target={"kind": "client", "id": client_id})
    assert attempt_of(call)["state"] == "outcome_unknown"
    ended = stage.reported(employee, call["id"])
    assert (ended["state"], attempt_of(ended)["outcome"]) == ("completed", "talked")
    assert attempt_of(ended)["matched_by"] == "inference"
    assert attempt_of(ended)["decision"]["reported"] in numbers_of_pool(pool_of(number))
    assert (len(stage.saw(number)), stage.rang(number)) == (1, 1)


def test_an_answer_after_our_time_out_is_unknown_and_nobody_is_dialled_twice(stage: Stage) -> None:
    """K3: while it is unknown, no press of anybody dials that number again; then the reports settle it."""
    employee, colleague = stage.employee(), stage.employee()
    client_id, number = stage.client()
    body: dict[str, Any] = {"target": {"kind": "client", "id": client_id}}
    stage.simulator.behave(number, "answers", talk_seconds=0.5)
    stage.simulator.fault("late", phone_number=number, seconds=3.0)
    first = stage.press(employee, "late", **body)
    assert first.status_code == 201
    unknown = attempt_of(first.json())
    assert (unknown["state"], unknown["outcome"]) == ("outcome_unknown", None)
    # When the same key is pressed, the same Call is told; when a colleague presses, they are told to wait.
    assert stage.press(employee, "late", **body).json()["id"] == first.json()["id"]
    waiting = stage.press(colleague, **body)
    assert (waiting.status_code, waiting.json()["code"]) in {
        (409, "previous_outcome_unknown"),
        (409, "number_being_called"),  # the first report came in between
    }
    # Then the reports arrive.
    ended = stage.ended(employee, first.json()["id"])
    assert (ended["state"], len(ended["attempts"])) == ("completed", 1)
    assert (len(stage.saw(number)), stage.rang(number)) == (1, 1)


def test_a_500_that_dialled_nothing_stays_unknown_and_is_not_tried_again(stage: Stage) -> None:
    """K3: we can't know; who presses again is told which attempt is in the way and when it can be acknowledged."""
    employee = stage.employee()
    client_id, number = stage.client()
    body: dict[str, Any] = {"target": {"kind": "client", "id": client_id}}
    stage.simulator.fault("http_500", phone_number=number, dials=False)
    call = stage.place(employee, **body)
    assert attempt_of(call)["state"] == "outcome_unknown"
    again = stage.press(employee, **body)
    assert (again.status_code, again.json()["code"]) == (409, "previous_outcome_unknown")
    assert again.json()["attempt_id"] == attempt_of(call)["id"]
    assert int(again.headers["retry-after"]) > 0
    assert [line["outcome"] for line in stage.saw(number)] == ["not_dialled"]


def test_reports_that_overtake_the_answer_lose_nothing(stage: Stage) -> None:
    """K1: a report of a call whose answer is not here yet waits for it."""
    employee = stage.employee()
    client_id, number = stage.client()
    stage.simulator.behave(number, "busy")
    stage.simulator.fault(reports="repeated", phone_number=number)
    stage.simulator.fault(reports="reordered", phone_number=number)
    call = stage.place(employee, target={"kind": "client", "id": client_id})
    assert attempt_of(stage.ended(employee, call["id"]))["outcome"] == "busy"
    assert len(stage.saw(number)) == 1


def test_a_provider_that_is_down_was_surely_not_asked(stage: Stage) -> None:
    """`provider_unavailable`: nothing was sent, the employee is free. The last test here: the provider stays away."""
    employee = stage.employee()
    client_id, number = stage.client()
    body: dict[str, Any] = {"target": {"kind": "client", "id": client_id}}
    ledger = stage.simulator.ledger()
    stage.simulator.stop()
    answer = stage.press(employee, "down", **body)
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    call = stage.call(employee, answer.json()["call_id"])
    assert (call["state"], attempt_of(call)["outcome"]) == ("not_reached", "not_sent")
    assert not [line for line in ledger if line["phone_number"] == number]
    # The same key names what failed; a new press is tried anew, for nobody is busy with the first.
    assert stage.press(employee, "down", **body).status_code == 200
    assert stage.press(employee, **body).json()["code"] == "provider_unavailable"
    # The service itself is well, and says how the provider is.
    eventually(
        lambda: stage.http.get(f"{stage.base_url}/healthz").status_code, lambda status: status == 200, what="health"
    )
