"""GET /calls and one of them, hang-up and close."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.http.office import ANNA, BORIS, CRM, SECOND_NUMBER, VERA, Callers, Office


async def _planned(callers: Callers, count: int, **more: Any) -> list[str]:
    ids = []
    for _ in range(count):
        ids.append((await callers.place(dial=False, **more)).json()["id"])
        callers.office.clock.turn(timedelta(seconds=1))
    return ids


async def test_calls_are_listed_newest_first_and_page_by_page(callers: Callers) -> None:
    made = await _planned(callers, 5)
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = (await callers.get("/calls", params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        seen += [call["id"] for call in page["items"]]
        cursor = page["next_cursor"]
    assert seen == made[::-1]
    assert cursor is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 3),
        ({"client_id": "C-17"}, 3),
        ({"interest_id": "I-204"}, 1),
        ({"external_id": "task-1"}, 1),
        ({"external_id": "task-9"}, 0),
        ({"state": "planned"}, 2),
        ({"state": "in_progress"}, 1),
        ({"employee_id": "E-5"}, 3),
        ({"since": "2026-11-23T09:15:03Z"}, 2),
        ({"until": "2026-11-23T09:15:03Z"}, 1),
        ({"since": "2026-11-23T12:15:03+03:00"}, 2),
    ],
)
async def test_calls_are_filtered(callers: Callers, query: dict[str, str], found: int) -> None:
    await _planned(callers, 1, call={"external_id": "task-1"})
    await _planned(callers, 1, target={"kind": "interest", "id": "I-204"})
    await callers.place()
    page = (await callers.get("/calls", params=query)).json()
    assert len(page["items"]) == found, page


async def test_a_colleagues_call_is_not_found(callers: Callers) -> None:
    """P4."""
    (own,) = await _planned(callers, 1)
    assert (await callers.get(f"/calls/{own}", as_=ANNA)).status_code == 200
    for path in (f"/calls/{own}", f"/calls/{own}/explanation"):
        foreign = await callers.get(path, as_=BORIS)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "call_not_found")
    for path in (f"/calls/{own}/hangup", f"/calls/{own}/close"):
        foreign = await callers.post(path, {} if path.endswith("close") else None, as_=BORIS)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "call_not_found")
    assert (await callers.get("/calls", as_=BORIS)).json()["items"] == []


async def test_who_may_act_for_others_reads_everybodys_calls(callers: Callers) -> None:
    """P4."""
    (own,) = await _planned(callers, 1)
    for who in (VERA, CRM):
        assert (await callers.get(f"/calls/{own}", as_=who)).status_code == 200
        assert len((await callers.get("/calls", as_=who)).json()["items"]) == 1


async def test_a_list_of_a_colleagues_calls_is_not_permitted(callers: Callers) -> None:
    """P4."""
    answer = await callers.get("/calls", as_=BORIS, params={"employee_id": "E-5"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


async def test_a_filter_that_is_misspelt_lists_nothing(callers: Callers) -> None:
    answer = await callers.get("/calls", params={"client": "C-17"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "client"


async def test_a_ringing_call_is_hung_up(callers: Callers, office: Office) -> None:
    call = (await callers.place()).json()
    answer = await callers.post(f"/calls/{call['id']}/hangup")
    assert answer.status_code == 200, answer.text
    assert office.gateway.hang_ups
    await callers.deliver_reports()
    told = (await callers.get(f"/calls/{call['id']}")).json()
    assert told["attempts"][0]["state"] == "ended"


async def test_a_call_is_closed_with_or_without_a_body(callers: Callers) -> None:
    first, second, third = await _planned(callers, 3)
    noted = (await callers.post(f"/calls/{first}/close", {"note": "bought elsewhere"})).json()
    assert (noted["state"], noted["note"]) == ("closed", "bought elsewhere")
    assert noted["closed_at"] is not None
    assert (await callers.post(f"/calls/{second}/close")).status_code == 200
    assert (await callers.post(f"/calls/{third}/close", {})).status_code == 200


async def test_a_call_closes_by_itself(callers: Callers, office: Office) -> None:
    """K6."""
    (own,) = await _planned(callers, 1, phone_number=SECOND_NUMBER)
    office.clock.turn(timedelta(days=31))
    assert (await callers.get(f"/calls/{own}")).json()["state"] == "closed"
