"""POST /calls: the call, its replay, what it is about and from what it is made."""

from __future__ import annotations

import asyncio

from tests.http.office import ANNA, BORIS, CLIENT_NUMBER, CRM, GLEB, SECOND_NUMBER, VERA, Callers, Office

from telephony_core.testing.fakes import Fate

CLIENT = {"kind": "client", "id": "C-17"}
INTEREST = {"kind": "interest", "id": "I-204"}


async def test_a_call_is_answered_with_the_call_and_where_it_is(callers: Callers, office: Office) -> None:
    answer = await callers.place()
    assert answer.status_code == 201, answer.text
    call = answer.json()
    assert answer.headers["Location"] == f"/api/v1/calls/{call['id']}"
    assert "Idempotency-Replayed" not in answer.headers
    assert (call["state"], call["target"], call["employee_id"]) == ("in_progress", CLIENT, "E-5")
    assert call["created_at"] == "2026-11-23T09:15:02Z"
    assert len(office.gateway.requests) == 1


async def test_a_call_has_the_fields_of_the_api_in_their_order(callers: Callers) -> None:
    call = (await callers.place()).json()
    assert list(call) == (
        "id external_id state target client_id employee_id created_at closed_at due_at note attempts".split()
    )
    attempt = call["attempts"][0]
    assert list(attempt) == (
        "id state outcome provider provider_reference device phone_number free_hand quiet_hours_overridden matched_by"
        " decision legs started_at ended_at talk_seconds record_url provider_code".split()
    )
    assert list(attempt["decision"]) == (
        "chosen_by policy_version decided_at region pool_id generation_id candidates requested reported verdict"
        " steps".split()
    )
    assert list(attempt["legs"]["client"]) == "state requested_at ringing_at answered_at released_at cause".split()


async def test_from_the_ip_phone_the_decision_names_the_pool_of_the_region(callers: Callers) -> None:
    """C2, C4, C11: where the provider chooses, nothing is requested."""
    decision = (await callers.place()).json()["attempts"][0]["decision"]
    assert decision["pool_id"] == "siberia"
    assert decision["region"] == {"codes": ["RU-NVS"], "source": "numbering_plan"}
    assert decision["requested"] is None
    assert len(decision["candidates"]) == 10
    assert decision["steps"][0]["rule"] == "C4"


async def test_from_the_mobile_the_decision_is_its_sims_number(callers: Callers) -> None:
    """C1."""
    attempt = (await callers.place(device_id="D-10")).json()["attempts"][0]
    assert attempt["device"] == {"id": "D-10", "kind": "mobile", "label": "Mobile of E-5"}
    assert attempt["decision"]["requested"] == "+79031110001"
    assert attempt["decision"]["pool_id"] is None


async def test_about_an_interest_its_contact_is_called_first(callers: Callers) -> None:
    call = (await callers.place(target=INTEREST)).json()
    assert (call["target"], call["client_id"]) == (INTEREST, "C-17")


async def test_a_number_may_be_named_as_typed_or_by_its_id(callers: Callers) -> None:
    """N2."""
    typed = (await callers.place(phone_number="8 913 900 00 02")).json()
    assert typed["attempts"][0]["phone_number"] == SECOND_NUMBER
    by_id = (await callers.place(target=CLIENT, phone_number_id="n-1", as_=BORIS)).json()
    assert by_id["attempts"][0]["phone_number"] == CLIENT_NUMBER


async def test_an_external_id_makes_a_call_and_then_names_it(callers: Callers) -> None:
    """K6."""
    first = (await callers.place(call={"external_id": "task-77"}, dial=False)).json()
    assert (first["external_id"], first["state"]) == ("task-77", "planned")
    second = (await callers.place(call={"external_id": "task-77"})).json()
    assert second["id"] == first["id"]
    assert len(second["attempts"]) == 1


async def test_a_planned_call_is_made_and_then_dialled_by_its_id(callers: Callers, office: Office) -> None:
    planned = await callers.place(dial=False, due_at="2026-11-24T10:00:00+03:00", note="on Tuesday")
    assert planned.status_code == 201
    call = planned.json()
    assert (call["due_at"], call["note"], call["attempts"]) == ("2026-11-24T07:00:00Z", "on Tuesday", [])
    assert office.gateway.requests == []
    dialled = (await callers.place(call={"id": call["id"]})).json()
    assert (dialled["id"], len(dialled["attempts"])) == (call["id"], 1)


async def test_the_same_request_with_its_key_is_answered_with_the_present_call(
    callers: Callers, office: Office
) -> None:
    """K4: however the body is spaced and ordered."""
    first = await callers.place(key="press", note="x")
    await callers.deliver_reports()
    headers = {"Idempotency-Key": "press", "Content-Type": "application/json"}
    again = await callers.post(
        "/calls", headers=headers, content=b' { "note" : "x", "target": {"id":"C-17","kind":"client"} } '
    )
    assert again.status_code == 200, again.text
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["state"] == "completed"
    assert len(office.gateway.requests) == 1


async def test_a_key_is_its_employees_own(callers: Callers, office: Office) -> None:
    """K4: the scope of a key is principal, employee and key."""
    assert (await callers.place(key="press")).status_code == 201
    other = await callers.place(key="press", as_=BORIS, phone_number=SECOND_NUMBER)
    assert other.status_code == 201
    assert len(office.gateway.requests) == 2


async def test_an_unknown_outcome_is_no_error(callers: Callers, office: Office) -> None:
    """K3: 201 with the attempt in `outcome_unknown`."""
    office.gateway.fate(Fate.UNKNOWN_DIALLED)
    answer = await callers.place()
    assert answer.status_code == 201
    assert answer.json()["attempts"][0]["state"] == "outcome_unknown"
    assert answer.json()["state"] == "in_progress"


async def test_who_may_act_for_others_names_the_employee(callers: Callers) -> None:
    by_service = await callers.place(as_=CRM, employee_id="E-5")
    assert by_service.status_code == 201
    assert by_service.json()["employee_id"] == "E-5"


async def test_quiet_hours_are_overridden_by_who_may(callers: Callers, office: Office) -> None:
    """N3: and the attempt says so."""
    office.clock.turn_to(office.clock.now().replace(hour=16))  # 23:00 in Novosibirsk
    answer = await callers.place(as_=VERA, employee_id="E-5", override_quiet_hours=True)
    assert answer.status_code == 201, answer.text
    assert answer.json()["attempts"][0]["quiet_hours_overridden"] is True


async def test_a_free_hand_number_is_dialled_for_who_may_and_said(callers: Callers) -> None:
    """N2."""
    answer = await callers.place(as_=VERA, employee_id="E-5", phone_number="+79039998877")
    assert answer.status_code == 201, answer.text
    assert answer.json()["attempts"][0]["free_hand"] is True


async def test_an_acknowledged_unknown_attempt_makes_way(callers: Callers, office: Office) -> None:
    """K3: an id or a list of ids."""
    from datetime import timedelta

    office.gateway.fate(Fate.UNKNOWN_DIALLED)
    unknown = (await callers.place()).json()["attempts"][0]["id"]
    office.clock.turn(timedelta(seconds=61))
    assert (await callers.place()).json()["code"] == "previous_outcome_unknown"
    assert (await callers.place(acknowledge_unknown=unknown)).status_code == 201


async def test_the_reports_tell_how_it_went(callers: Callers) -> None:
    """K1, C10."""
    call = (await callers.place()).json()
    await callers.deliver_reports()
    told = (await callers.get(f"/calls/{call['id']}")).json()
    attempt = told["attempts"][0]
    assert (told["state"], attempt["state"], attempt["outcome"]) == ("completed", "ended", "talked")
    assert attempt["talk_seconds"] == 48
    assert attempt["legs"]["client"]["answered_at"] == "2026-11-23T09:15:14Z"


async def test_who_may_not_see_numbers_calls_by_id_and_sees_them_masked(callers: Callers) -> None:
    """P1: without `see_full_numbers`."""
    answer = await callers.place(as_=GLEB, phone_number_id="n-1")
    assert answer.status_code == 201, answer.text
    assert answer.json()["attempts"][0]["phone_number"] == "+7913*****56"
    assert "9123456" not in answer.text


async def test_a_call_goes_on_though_who_asked_for_it_goes_away(callers: Callers, office: Office) -> None:
    """K3, K7: the intent is stored, the phone rings once, and the answer is recorded."""
    office.gateway.fate(Fate.HANGS)
    asking = asyncio.create_task(callers.place(as_=ANNA))
    await callers.until_dialled()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    office.gateway.release()
    for _ in range(50):
        await asyncio.sleep(0)
    call = (await callers.get("/calls")).json()["items"][0]
    assert call["attempts"][0]["provider_reference"] is not None
    assert len(office.gateway.requests) == 1
