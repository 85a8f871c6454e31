"""What is sent to the service is read strictly, and refused by the name of the field, without its value."""

from __future__ import annotations

from typing import Any

import pytest
from tests.http.office import ANNA, CLIENT_NUMBER, Callers

TARGET = {"kind": "client", "id": "C-17"}
JSON = {"Content-Type": "application/json", "Idempotency-Key": "k"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "target"),
        ({"target": None}, "target"),
        ({"target": []}, "target"),
        ({"target": {"kind": "client"}}, "target.id"),
        ({"target": {"kind": "lead", "id": "C-17"}}, "target.kind"),
        ({"target": {"kind": "client", "id": 17}}, "target.id"),
        ({"target": {"kind": "client", "id": ""}}, "target.id"),
        ({"target": {"kind": "client", "id": "x" * 101}}, "target.id"),
        ({"target": TARGET, "phone": CLIENT_NUMBER}, "phone"),
        ({"target": TARGET, CLIENT_NUMBER: 1}, "+7913*****56"),
        ({"target": {**TARGET, "name": "x"}}, "target.name"),
        ({"target": TARGET, "call": {"ident": "x"}}, "call.ident"),
        ({"target": TARGET, "call": {}}, "call.id"),
        ({"target": TARGET, "call": {"id": "x", "external_id": "y"}}, "call.id"),
        ({"target": TARGET, "dial": "false"}, "dial"),
        ({"target": TARGET, "dial": 0}, "dial"),
        ({"target": TARGET, "phone_number": 79139123456}, "phone_number"),
        ({"target": TARGET, "phone_number": CLIENT_NUMBER, "phone_number_id": "n-1"}, "phone_number"),
        ({"target": TARGET, "note": "x" * 2001}, "note"),
        ({"target": TARGET, "dial": False, "due_at": 0.5}, "due_at"),
        ({"target": TARGET, "dial": False, "due_at": "2026-11-24"}, "due_at"),
        ({"target": TARGET, "dial": False, "due_at": "2026-11-24T10:00:00"}, "due_at"),
        ({"target": TARGET, "dial": False, "due_at": "2026-13-24T10:00:00Z"}, "due_at"),
        ({"target": TARGET, "acknowledge_unknown": [1]}, "acknowledge_unknown[0]"),
        ({"target": TARGET, "acknowledge_unknown": ["x"] * 11}, "acknowledge_unknown"),
        ([], ""),
        ("text", ""),
    ],
)
async def test_what_is_wrong_is_named_without_its_value(callers: Callers, body: Any, field: str) -> None:
    answer = await callers.place(body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), answer.text
    assert answer.json()["errors"][0]["field"] == field
    assert answer.json()["errors"][0]["message"]
    assert "9139123456" not in answer.text
    assert "lead" not in answer.text


async def test_the_values_that_are_allowed_are_told(callers: Callers) -> None:
    answer = await callers.place({"target": {"kind": "lead", "id": "C-17"}})
    assert answer.json()["errors"] == [{"field": "target.kind", "message": "Expected one of: client, interest"}]


@pytest.mark.parametrize("content", [b"", b"  ", b"{", b"nothing", b"\xff\xfe", b"[" * 100_000, b'{"target": NaN}'])
async def test_what_is_no_json_is_said(callers: Callers, content: bytes) -> None:
    answer = await callers.post("/calls", content=content, headers=JSON)
    if len(content) > 64 * 1024:
        assert answer.status_code == 413
    else:
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), answer.text
        assert answer.json()["errors"][0]["field"] == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{'target': {}}", "The body is no JSON: object keys must be strings (byte 1)."),
        (b'{"note": "+79139123456",}', "The body is no JSON: trailing comma in object (byte 24)."),
        (b'{"target": {"kind": "client"', "The body is no JSON: input data was truncated."),
        ('{"note": "Привет"}'.encode("cp1251"), "The body is no JSON: it is not UTF-8."),
    ],
)
async def test_what_is_no_json_is_told_with_the_place(callers: Callers, content: bytes, message: str) -> None:
    """P1: by the byte, and without what stands there."""
    answer = await callers.post("/calls", content=content, headers=JSON)
    assert answer.json()["errors"] == [{"field": "", "message": message}]


async def test_a_key_of_other_signs_is_told_what_a_key_is_made_of(callers: Callers) -> None:
    answer = await callers.place(key="two words")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (400, "Idempotency-Key")
    assert error["message"] == "Expected visible ASCII signs, such as a UUID"


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_another_media_type_is_refused(callers: Callers, content_type: str | None) -> None:
    headers = {"Idempotency-Key": "k", **({"Content-Type": content_type} if content_type else {})}
    answer = await callers.post("/calls", content=b'{"target":{"kind":"client","id":"C-17"}}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "application/x+json"])
async def test_json_by_its_names_is_taken(callers: Callers, content_type: str) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": content_type}
    answer = await callers.post("/calls", content=b'{"target":{"kind":"client","id":"C-17"}}', headers=headers)
    assert answer.status_code == 201


async def test_a_body_that_is_too_large_is_refused(callers: Callers) -> None:
    answer = await callers.place({"target": TARGET, "note": "x" * 70_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_large")


@pytest.mark.parametrize("key", ["", "x" * 256, "with blank", "кириллица".encode().decode("latin-1")])
async def test_a_key_is_visible_ascii(callers: Callers, key: str) -> None:
    answer = await callers.client.post(
        "/api/v1/calls",
        json={"target": TARGET},
        headers=[(b"Authorization", f"Bearer {ANNA}".encode()), (b"Idempotency-Key", key.encode("latin-1"))],
    )
    assert answer.status_code == 400
    expected = "invalid_request" if key else "idempotency_key_missing"
    assert answer.json()["code"] == expected, answer.text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"state": "ringing"}, "state"),
        ({"state": "null"}, "state"),
        ({"since": "yesterday"}, "since"),
        ({"until": "0.5"}, "until"),
        ({"cursor": "xx"}, "cursor"),
        ({"client_id": "x" * 101}, "client_id"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_named(callers: Callers, query: dict[str, str], field: str) -> None:
    answer = await callers.get("/calls", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), answer.text
    assert field in answer.text
    assert "yesterday" not in answer.text


async def test_a_path_with_an_endless_id_is_refused(callers: Callers) -> None:
    assert (await callers.get(f"/calls/{'x' * 101}")).status_code == 400


async def test_target_kind_and_id_go_together(callers: Callers) -> None:
    answer = await callers.get("/employees/me/devices", params={"target_kind": "client"})
    assert answer.json()["errors"][0]["field"] == "target_id"
