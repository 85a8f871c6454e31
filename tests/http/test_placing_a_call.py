"""POST /calls: the call, its replay, what it may say and what it may not."""

from __future__ import annotations

from tests.http.office import CLIENT_NUMBER, Callers, Office


async def test_a_call_is_placed_and_answered_with_the_call(callers: Callers, office: Office) -> None:
    answer = await callers.place()
    assert answer.status_code == 201, answer.text
    call = answer.json()
    assert answer.headers["Location"] == f"/api/v1/calls/{call['id']}"
    assert call["state"] == "in_progress"
    attempt = call["attempts"][0]
    assert attempt["phone_number"] == CLIENT_NUMBER
    assert attempt["decision"]["pool_id"] == "siberia"
    assert attempt["decision"]["region"] == {"codes": ["RU-NVS"], "source": "numbering_plan"}
    assert len(office.gateway.requests) == 1
