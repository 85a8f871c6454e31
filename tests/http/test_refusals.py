"""Every refusal of the API over HTTP: its status, its code, its reasons, and nothing personal in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.http.office import (
    ANNA,
    BORIS,
    CLIENT_NUMBER,
    CRM,
    IDLE,
    MANAGER,
    SECOND_NUMBER,
    SECRET,
    VERA,
    Callers,
    Office,
)

from telephony_core.carousel import Carousel
from telephony_core.phone import PhoneNumber
from telephony_core.testing import examples
from telephony_core.testing.fakes import Fate, OneStepGateway
from telephony_http.error_replies import STATUS
from telephony_http.openapi import titles

Case = Callable[[Callers, Office], Awaitable[Any]]
CASES: dict[str, Case] = {}

ELSEWHERE = {"not_found", "method_not_allowed", "request_too_large", "unsupported_media_type", "internal_error"}
"""Codes of the framework's own refusals: test_bodies and below."""


def case(code: str) -> Callable[[Case], Case]:
    def keep(made: Case) -> Case:
        CASES[code] = made
        return made

    return keep


@case("invalid_request")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.place(dial="yes")


@case("idempotency_key_missing")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.post("/calls", {"target": {"kind": "client", "id": "C-17"}})


@case("not_authenticated")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.place(as_=None)


@case("not_permitted")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.place(as_=IDLE)


@case("client_not_found")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.place(target={"kind": "client", "id": "C-99"})


@case("interest_not_found")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.place(target={"kind": "interest", "id": "I-99"})


@case("employee_not_found")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.place(as_=CRM, employee_id="E-99")


@case("call_not_found")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.place(call={"id": "01K"})


@case("device_not_found")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.place(device_id="D-99")


@case("employee_busy")
async def _(callers: Callers, office: Office) -> Any:
    await callers.place()
    return await callers.place(phone_number=SECOND_NUMBER)


@case("number_being_called")
async def _(callers: Callers, office: Office) -> Any:
    await callers.place()
    return await callers.place(as_=BORIS)


@case("call_has_live_attempt")
async def _(callers: Callers, office: Office) -> Any:
    call = (await callers.place()).json()
    return await callers.post(f"/calls/{call['id']}/close", {})


@case("request_in_progress")
async def _(callers: Callers, office: Office) -> Any:
    office.gateway.fate(Fate.HANGS)
    first = asyncio.create_task(callers.place(key="press"))
    await callers.until_dialled()
    answer = await callers.place(key="press")
    office.gateway.release()
    await first
    return answer


@case("previous_outcome_unknown")
async def _(callers: Callers, office: Office) -> Any:
    office.gateway.fate(Fate.UNKNOWN_DIALLED)
    await callers.place()
    return await callers.place()


@case("no_live_attempt")
async def _(callers: Callers, office: Office) -> Any:
    call = (await callers.place(dial=False)).json()
    return await callers.post(f"/calls/{call['id']}/hangup")


@case("call_of_another_employee")
async def _(callers: Callers, office: Office) -> Any:
    await callers.place(call={"external_id": "task-77"}, dial=False)
    return await callers.place(as_=BORIS, call={"external_id": "task-77"})


@case("device_not_eligible")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.place(device_id="D-11")


@case("phone_number_not_of_target")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.place(phone_number="+79039998877")


@case("phone_number_not_callable")
async def _(callers: Callers, office: Office) -> Any:
    office.clock.turn_to(office.clock.now().replace(hour=16))
    return await callers.place()


@case("destination_not_allowed")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.place(as_=VERA, employee_id="E-5", phone_number="+12025550123")


@case("no_phone_numbers")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.place(target={"kind": "client", "id": "C-18"})


@case("no_usable_number")
async def _(callers: Callers, office: Office) -> Any:
    async with office.store.write() as uow:
        await uow.carousel.store(Carousel())
        await uow.commit()
    return await callers.place()


@case("call_of_another_target")
async def _(callers: Callers, office: Office) -> Any:
    office.directory.put(examples.a_client(id="C-19"))
    await callers.place(call={"external_id": "task-77"}, dial=False, target={"kind": "client", "id": "C-19"})
    return await callers.place(call={"external_id": "task-77"})


@case("call_closed")
async def _(callers: Callers, office: Office) -> Any:
    call = (await callers.place(dial=False)).json()
    await callers.post(f"/calls/{call['id']}/close", {})
    return await callers.place(call={"id": call["id"]})


@case("idempotency_key_reused")
async def _(callers: Callers, office: Office) -> Any:
    await callers.place(key="press")
    return await callers.place(key="press", note="another")


@case("not_supported_by_provider")
async def _(callers: Callers, office: Office) -> Any:
    office.directory.put(examples.an_ip_phone(id="D-30", provider="nobody", line="30"))
    return await callers.place(device_id="D-30")


@case("too_many_requests")
async def _(callers: Callers, office: Office) -> Any:
    for _ in range(2):
        await callers.place()
        await callers.deliver_reports()
        office.clock.turn(timedelta(minutes=2))
    return await callers.place()


@case("pool_not_found")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.get("/carousel/pools/nowhere", as_=MANAGER)


@case("carousel_conflict")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.delete("/carousel/pools/siberia/generations/siberia-0", as_=MANAGER)


@case("stale_version")
async def _(callers: Callers, office: Office) -> Any:
    pool = {"provider": "beeline", "chosen_by": "provider", "regions": ["RU-NVS"]}
    return await callers.put("/carousel/pools/siberia", pool, as_=MANAGER, headers={"If-Match": '"7"'})


@case("provider_refused")
async def _(callers: Callers, office: Office) -> Any:
    office.gateway.fate(Fate.REFUSED)
    return await callers.place()


@case("provider_unavailable")
async def _(callers: Callers, office: Office) -> Any:
    office.gateway.fate(Fate.NOT_SENT)
    return await callers.place()


@case("directory_unavailable")
async def _(callers: Callers, office: Office) -> Any:
    office.directory.available = False
    return await callers.place()


@case("store_unavailable")
async def _(callers: Callers, office: Office) -> Any:
    office.store.available = False
    return await callers.place()


@case("events_not_kept")
async def _(callers: Callers, office: Office) -> Any:
    return await callers.get("/events", headers={"Last-Event-ID": "7"})


@case("service_stopping")
async def _(callers: Callers, office: Office) -> Any:
    callers.app.state.stopping.begin()
    return await callers.place()


@pytest.mark.parametrize("code", CASES)
async def test_a_refusal_has_its_status_and_code_and_nothing_personal(code: str) -> None:
    office = Office(calls_per_hour=2)
    async with office.open() as callers:
        answer = await CASES[code](callers, office)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (STATUS[code], code), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert list(body)[:5] == ["type", "title", "status", "detail", "code"]
    assert body["type"].endswith(f":{code}")
    assert body["title"] == titles()[code]
    assert body["status"] == answer.status_code
    assert body["detail"]
    # P1: neither the number that was asked for nor any other of the client's.
    for digits in (CLIENT_NUMBER[1:], SECOND_NUMBER[1:], "9039998877", "2025550123", "9123456"):
        assert digits not in answer.text
    assert "Traceback" not in answer.text
    if answer.status_code in (429, 503) or code in ("request_in_progress", "previous_outcome_unknown"):
        assert int(answer.headers["Retry-After"]) == body["retry_after"] >= 1


def test_every_code_of_the_table_is_reached() -> None:
    assert set(CASES) | ELSEWHERE == set(STATUS)


def test_every_refusal_of_the_core_has_a_status() -> None:
    unspecific = {"refused"}
    from telephony_core.errors import Conflict, NotFound, TelephonyError, Unacceptable, Unavailable

    abstract = {kind.code for kind in (TelephonyError, NotFound, Conflict, Unacceptable, Unavailable)}
    assert abstract == unspecific
    of_the_core = set(titles()) - unspecific
    assert of_the_core <= set(STATUS)


async def _refused(code: str, office: Office | None = None) -> Any:
    office = office or Office()
    async with office.open() as callers:
        answer = await CASES[code](callers, office)
        assert answer.json()["code"] == code, answer.text
        return answer


async def test_without_a_token_it_says_how_to_authenticate(callers: Callers) -> None:
    for authorization in ("", "Basic YTpi", "Bearer nobody", "Bearer"):
        headers = {"Authorization": authorization} if authorization else {}
        answer = await callers.get("/calls", as_=None, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_the_token_is_asked_for_before_the_request_is_looked_at(callers: Callers) -> None:
    assert (await callers.post("/calls", {"nonsense": 1}, as_=None)).status_code == 401


async def test_a_store_that_is_away_is_said_at_the_token_already(callers: Callers, office: Office) -> None:
    office.tokens.available = False
    answer = await callers.get("/calls")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert answer.headers["Retry-After"]


async def test_an_ineligible_device_comes_with_reasons_and_alternatives() -> None:
    """D3."""
    body = (await _refused("device_not_eligible")).json()
    assert (body["device_id"], body["kind"], body["reasons"]) == ("D-11", "mobile", ["no_fmtn"])
    assert [each["id"] for each in body["alternatives"]] == ["D-9", "D-10"]
    assert body["alternatives"][1]["shown"] == {"requested": "+79031110001"}


async def test_of_a_colleagues_device_no_detail_is_told(callers: Callers) -> None:
    """D1."""
    answer = await callers.place(device_id="D-20")
    assert (answer.status_code, answer.json()["reasons"]) == (422, ["of_another_employee"])
    assert "Phone of E-6" not in answer.text


async def test_a_number_that_may_not_be_called_comes_with_its_reasons_and_local_time() -> None:
    """N3."""
    body = (await _refused("phone_number_not_callable")).json()
    assert body["reasons"] == ["quiet_hours"]
    assert body["local_time"] == {"from": "2026-11-23T23:15:02+07:00", "to": "2026-11-23T23:15:02+07:00"}


async def test_do_not_call_cannot_be_overridden(callers: Callers, office: Office) -> None:
    """N3."""
    office.directory.do_not_call.add(PhoneNumber(CLIENT_NUMBER))
    answer = await callers.place(as_=VERA, employee_id="E-5", override_quiet_hours=True)
    assert (answer.status_code, answer.json()["reasons"]) == (422, ["do_not_call"])


async def test_an_unknown_attempt_is_named_with_when_it_may_be_acknowledged() -> None:
    """K3."""
    body = (await _refused("previous_outcome_unknown")).json()
    assert body["attempt_id"]
    assert body["acknowledge_from"] == "2026-11-23T09:16:02Z"
    assert body["retry_after"] == 60


async def test_no_usable_number_names_pool_and_chain() -> None:
    """C5."""
    body = (await _refused("no_usable_number")).json()
    assert (body["pool"], body["chain"]) == (None, [])


@pytest.mark.parametrize("code", ["provider_refused", "provider_unavailable"])
async def test_after_the_intent_a_refusal_names_the_call_and_the_key_too(code: str) -> None:
    """K4: the same request is then answered 200 with the Call."""
    office = Office()
    async with office.open() as callers:
        office.gateway.fate(Fate.REFUSED if code == "provider_refused" else Fate.NOT_SENT)
        refused = (await callers.place(key="press")).json()
        assert refused["code"] == code
        again = await callers.place(key="press")
    assert again.status_code == 200
    assert again.json()["id"] == refused["call_id"]
    assert again.json()["attempts"][0]["id"] == refused["attempt_id"]
    outcome = {"provider_refused": "refused_by_provider", "provider_unavailable": "not_sent"}[code]
    assert again.json()["attempts"][0]["outcome"] == outcome


async def test_the_providers_own_code_is_told() -> None:
    body = (await _refused("provider_refused")).json()
    assert body["provider_code"] == "fake-403"


@pytest.mark.parametrize("code", ["phone_number_not_callable", "store_unavailable", "directory_unavailable"])
async def test_a_refusal_before_the_intent_leaves_the_key_unused(code: str) -> None:
    """K4."""
    office = Office()
    async with office.open() as callers:
        if code == "phone_number_not_callable":
            office.clock.turn_to(office.clock.now().replace(hour=16))
        office.store.available = code != "store_unavailable"
        office.directory.available = code != "directory_unavailable"
        assert (await callers.place(key="press")).json()["code"] == code
        office.store.available = office.directory.available = True
        office.clock.turn_to(office.clock.now().replace(hour=9))
        assert (await callers.place(key="press")).status_code == 201


async def test_whose_call_is_in_the_way_is_told_only_to_who_may_see_it(callers: Callers) -> None:
    """K5, P4."""
    call = (await callers.place()).json()
    foreign = (await callers.place(as_=BORIS)).json()
    assert (foreign["code"], foreign["call_id"]) == ("number_being_called", None)
    supervised = (await callers.place(as_=VERA, employee_id="E-6")).json()
    assert supervised["call_id"] == call["id"]


async def test_a_provider_that_cannot_hang_up_says_so() -> None:
    office = Office()
    office.gateway = OneStepGateway(office.clock, can_hang_up=False, guarding=office.store)
    async with office.open() as callers:
        call = (await callers.place()).json()
        answer = await callers.post(f"/calls/{call['id']}/hangup")
    assert (answer.status_code, answer.json()["code"]) == (422, "not_supported_by_provider")


@pytest.mark.logs_numbers
async def test_a_fault_of_ours_shows_nothing_and_names_its_line_in_the_log(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        async def principal_of(self, token: str) -> None:
            raise RuntimeError(f"secret {token} and +79139123456")

    async with office.open(tokens=Broken()) as callers:
        answer = await callers.get("/calls")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (500, "internal_error")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "9139123456" not in answer.text
    assert body["error_id"] == answer.headers["X-Request-Id"]
    assert any(body["error_id"] in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("path", ["/api/v1/calls", f"/api/v1/provider-reports/beeline/{SECRET}"])
async def test_a_request_that_ends_in_the_middle_of_its_body_is_no_fault_of_ours(
    office: Office, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    messages = [{"type": "http.request", "body": b'{"target"', "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with office.open() as callers:
        headers = [(b"authorization", f"Bearer {ANNA}".encode()), (b"content-type", b"application/json")]
        scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "root_path": "",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
            "client": None,
            "server": None,
            "state": {},
        }
        await callers.app(scope, receive, send)
    assert [message["status"] for message in sent if message["type"] == "http.response.start"] == [400]
    assert "internal error" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("DELETE", "/api/v1/calls", 405, "method_not_allowed"),
        ("PATCH", "/healthz", 405, "method_not_allowed"),
    ],
)
async def test_an_unknown_address_or_method_is_a_problem_too(
    callers: Callers, method: str, path: str, status: int, code: str
) -> None:
    answer = await callers.client.request(method, path, headers={"Authorization": f"Bearer {ANNA}"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    if status == 405:
        assert answer.headers["Allow"]
