"""Where providers report: who doesn't know the secret finds nothing, and nothing that is said is lost (law 10)."""

from __future__ import annotations

import pytest
from tests.http.office import SECRET, Callers, Office

from telephony_core.testing.fakes import CommitFault

PATH = f"/api/v1/provider-reports/beeline/{SECRET}"


async def _a_report(callers: Callers, office: Office) -> bytes:
    await callers.place()
    report = office.gateway.reports()[0]
    office.door.known[b"<ringing/>"] = report
    return b"<ringing/>"


async def test_a_report_is_applied_once_and_thanked_for_each_time(callers: Callers, office: Office) -> None:
    body = await _a_report(callers, office)
    for _ in range(3):
        assert (await callers.client.post(PATH, content=body)).status_code == 200
    call = (await callers.get("/calls")).json()["items"][0]
    assert call["attempts"][0]["state"] == "ringing_employee"
    text = (await callers.get("/metrics", as_=None)).text
    assert 'telephony_provider_reports_total{provider="beeline",result="applied"} 1.0' in text
    assert 'telephony_provider_reports_total{provider="beeline",result="repeated"} 2.0' in text


async def test_an_event_that_says_nothing_is_thanked_for(callers: Callers) -> None:
    assert (await callers.client.post(PATH, content=b"<nothing/>")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/provider-reports/beeline/wrong",
        f"/api/v1/provider-reports/beeline/{SECRET}x",
        f"/api/v1/provider-reports/asterisk/{SECRET}",
        "/api/v1/provider-reports/beeline/%D1%8F",
    ],
)
async def test_without_the_secret_there_is_nothing_here(callers: Callers, office: Office, path: str) -> None:
    body = await _a_report(callers, office)
    answer = await callers.client.post(path, content=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_without_a_secret_of_ours_the_door_is_shut(office: Office) -> None:
    async with office.open(report_secret=None) as callers:
        answer = await callers.client.post("/api/v1/provider-reports/beeline/%20", content=b"<nothing/>")
        assert answer.status_code == 404


async def test_a_malformed_report_is_refused_and_counted(callers: Callers) -> None:
    answer = await callers.client.post(PATH, content=b"<!DOCTYPE x>")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert 'result="malformed"} 1.0' in (await callers.get("/metrics", as_=None)).text


async def test_a_report_that_is_too_large_is_refused(callers: Callers) -> None:
    answer = await callers.client.post(PATH, content=b"x" * (64 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")


async def test_a_store_that_is_away_asks_for_the_report_again(callers: Callers, office: Office) -> None:
    """K7."""
    body = await _a_report(callers, office)
    office.store.fail_commit(CommitFault.BEFORE)
    answer = await callers.client.post(PATH, content=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert answer.headers["Retry-After"]
    assert (await callers.client.post(PATH, content=body)).status_code == 200


async def test_no_token_is_asked_for(callers: Callers) -> None:
    answer = await callers.client.post(PATH, content=b"<nothing/>", headers={"Authorization": "Bearer nobody"})
    assert answer.status_code == 200
