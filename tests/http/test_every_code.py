"""Every error code of the API's table is reached by a request, and its body tells the receiver what to do.

The requests are those of `test_refusals`. What is told is data first: the fields that a receiver acts by, kept here.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.http.office import Office
from tests.http.test_refusals import CASES

TABLE: dict[str, tuple[int, str, str]] = {
    # code: status, the fields that a receiver acts by, the words that say what to do
    "invalid_request": (400, "errors", "dial: Expected"),
    "idempotency_key_missing": (400, "errors", "Send an Idempotency-Key"),
    "not_authenticated": (401, "", "Send a token"),
    "not_permitted": (403, "permission", "can grant it"),
    "call_of_another_employee": (403, "", "only who may act for others"),
    "client_not_found": (404, "", "check the id"),
    "interest_not_found": (404, "", "check the id"),
    "call_not_found": (404, "", "check the id"),
    "device_not_found": (404, "device_id", "listed at /employees/{id}/devices"),
    "pool_not_found": (404, "pool_id", "listed at /carousel/pools"),
    "employee_busy": (409, "call_id attempt_id", "end it, or wait"),
    "number_being_called": (409, "call_id attempt_id", "wait until that call has ended"),
    "call_has_live_attempt": (409, "call_id attempt_id", "hang it up, or wait"),
    "request_in_progress": (409, "call_id retry_after", "follow its Call, or ask again after Retry-After"),
    "previous_outcome_unknown": (
        409,
        "attempt_id acknowledge_from retry_after",
        "from `acknowledge_from` on, send its `attempt_id` as `acknowledge_unknown`",
    ),
    "no_live_attempt": (409, "call_id", "nothing to hang up"),
    "carousel_conflict": (409, "faults", "schedule the next one"),
    "events_not_kept": (410, "oldest newest", "follow the events from now on, and then read the Calls anew"),
    "stale_version": (412, "pool_id version", "read it again and repeat"),
    "device_not_eligible": (422, "device_id reasons alternatives", "what can be used instead"),
    "phone_number_not_of_target": (422, "", "needs the permission `call_free_hand`"),
    "phone_number_not_callable": (422, "reasons local_time", "Quiet hours end by themselves"),
    "destination_not_allowed": (422, "destination", "switch them on in its settings"),
    "no_phone_numbers": (422, "not_understood", "add one to the card"),
    "no_usable_number": (422, "pool chain", "call from a mobile"),
    "call_of_another_target": (422, "call_id", "or in a new one"),
    "call_closed": (422, "call_id", "place a new Call"),
    "idempotency_key_reused": (422, "", "a new press of the button is a new key"),
    "not_supported_by_provider": (422, "provider", "try another device"),
    "too_many_requests": (429, "limit of retry_after", "call again after Retry-After"),
    "provider_refused": (502, "provider_code call_id attempt_id", "ask support"),
    "provider_unavailable": (503, "call_id attempt_id retry_after", "press again in a while"),
    "directory_unavailable": (503, "retry_after", "try again in a while"),
    "store_unavailable": (503, "retry_after", "try again in a while"),
    "service_stopping": (503, "retry_after", "repeat the request after Retry-After"),
}


def test_the_table_is_reached_as_a_whole() -> None:
    assert set(TABLE) <= set(CASES)


@pytest.mark.parametrize("code", TABLE)
async def test_a_code_is_reached_and_its_body_says_what_to_do(code: str) -> None:
    status, fields, words = TABLE[code]
    office = Office(calls_per_hour=2)
    async with office.open() as callers:
        answer = await CASES[code](callers, office)
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), answer.text
    assert [name for name in fields.split() if name not in body] == []
    assert words in f"{body['title']} {body['detail']}"
    for error in body.get("errors", ()):
        assert error["message"]
