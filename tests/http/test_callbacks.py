"""Whose call-back is it, asked over HTTP (B1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.http.office import ANNA, BORIS, CLIENT_NUMBER, CRM, GLEB, IDLE, MANAGER, SECOND_NUMBER, VERA, Callers, Office

from telephony_core.testing import examples
from telephony_core.testing.fakes import OneStepGateway


async def _ask(callers: Callers, as_: str = CRM, **body: Any) -> dict[str, Any]:
    answer = await callers.post("/callback-lookups", {"caller": CLIENT_NUMBER, **body}, as_=as_)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_employee_is_found_by_the_caller_and_by_the_number_called(callers: Callers) -> None:
    """B1: who tried last, by any number that might have been shown, or by the caller alone."""
    call = (await callers.place()).json()
    attempt = call["attempts"][0]
    candidate = attempt["decision"]["candidates"][0]
    found = await _ask(callers, shown_number=candidate)
    assert (found["employee_id"], found["call_id"], found["attempt_id"]) == ("E-5", call["id"], attempt["id"])
    assert (found["match"], found["why"], found["ties"]) == ("candidate", "tried_last", [])
    assert (await _ask(callers, caller="8 (913) 912-34-56"))["match"] == "caller_only"


async def test_the_number_that_was_reported_is_exact(office: Office) -> None:
    """B1: and who talked comes before who only tried later."""
    shown = examples.a_number(3)
    office.gateway = OneStepGateway(office.clock, shows=[shown], guarding=office.store)
    async with office.open() as callers:
        await callers.place()
        await callers.deliver_reports()
        found = await _ask(callers, shown_number=shown.digits)
        assert (found["employee_id"], found["match"], found["why"]) == ("E-5", "exact", "talked_last")
        office.clock.turn(timedelta(hours=1))
        await callers.place(as_=BORIS)
        assert (await _ask(callers))["employee_id"] == "E-5"


async def test_nobody_is_an_answer(callers: Callers) -> None:
    found = await _ask(callers)
    assert (found["employee_id"], found["call_id"], found["match"], found["why"]) == (None, None, None, "no_attempt")


async def test_the_moment_can_be_named(callers: Callers, office: Office) -> None:
    await callers.place()
    assert (await _ask(callers, at="2026-11-20T00:00:00Z"))["why"] == "no_attempt"
    office.clock.turn(timedelta(days=40))
    assert (await _ask(callers))["why"] == "no_attempt"
    assert (await _ask(callers, at="2026-11-24T00:00:00Z"))["employee_id"] == "E-5"


async def test_the_owner_of_the_interest_comes_first(callers: Callers, office: Office) -> None:
    """B1."""
    call = await callers.place(target={"kind": "interest", "id": "I-204"}, phone_number=CLIENT_NUMBER, as_=BORIS)
    assert call.status_code == 201, call.text
    found = await _ask(callers)
    assert (found["employee_id"], found["why"]) == ("E-5", "owner_of_the_interest")


async def test_without_act_for_others_only_ones_own_attempts_are_looked_at(callers: Callers) -> None:
    """P4."""
    await callers.place()
    assert (await _ask(callers, as_=ANNA))["employee_id"] == "E-5"
    for token in (BORIS, GLEB):
        assert (await _ask(callers, as_=token))["employee_id"] is None
    assert (await _ask(callers, as_=VERA))["employee_id"] == "E-5"


@pytest.mark.parametrize("token", [IDLE, MANAGER])
async def test_it_needs_a_permission(callers: Callers, token: str) -> None:
    answer = await callers.post("/callback-lookups", {"caller": CLIENT_NUMBER}, as_=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "caller"),
        ({"caller": "anonymous"}, "caller"),
        ({"caller": CLIENT_NUMBER, "shown_number": "ours"}, "shown_number"),
        ({"caller": CLIENT_NUMBER, "at": "now"}, "at"),
        ({"caller": CLIENT_NUMBER, "number": SECOND_NUMBER}, "number"),
    ],
)
async def test_what_makes_no_sense_is_named(callers: Callers, body: dict[str, Any], field: str) -> None:
    answer = await callers.post("/callback-lookups", body, as_=CRM)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert "9139" not in answer.text
