"""The API's document: complete, valid as far as can be told without a validator, and true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.http.office import ANNA, SECRET, Callers

from telephony_http.bodies.asked import PlaceCall
from telephony_http.bodies.calls import CallTold
from telephony_http.error_replies import STATUS

OPERATIONS = {
    "findClientPhoneNumbers",
    "findInterestPhoneNumbers",
    "listDevices",
    "previewCallerId",
    "placeCall",
    "getCall",
    "listCalls",
    "followEvents",
    "hangUpCall",
    "closeCall",
    "explainCall",
    "lookUpCallback",
    "listPools",
    "getPool",
    "putPool",
    "scheduleGeneration",
    "cancelGeneration",
    "getConformance",
    "quarantineNumber",
    "bringNumberBack",
    "declareNumber",
    "putEmployee",
    "putDevice",
    "putClient",
    "putInterest",
    "receiveProviderReport",
    "isAlive",
    "isReady",
    "getMetrics",
}


@pytest.fixture
async def document(callers: Callers) -> dict[str, Any]:
    answer = await callers.get("/schema/openapi.json", as_=None)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


async def test_every_route_has_an_operation_id_a_tag_and_words_in_both_languages(document: dict[str, Any]) -> None:
    operations = [operation for _, _, operation in _operations(document)]
    assert {each["operationId"] for each in operations} == OPERATIONS
    assert len({each["operationId"] for each in operations}) == len(operations)
    known = {tag["name"] for tag in document["tags"]}
    for each in operations:
        assert set(each["tags"]) <= known
        assert re.search("[a-z]{3}", each["description"])
        assert re.search("[а-я]{4}", each["description"])


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for name, each in value.items():
                if name == "$ref":
                    yield each
                else:
                    yield from references(each)
        elif isinstance(value, list):
            for each in value:
                yield from references(each)

    for reference in references(document):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


async def test_routes_behind_the_token_say_so(document: dict[str, Any]) -> None:
    assert "bearer" in document["components"]["securitySchemes"]
    for path, _, operation in _operations(document):
        behind = path.startswith("/api/v1/") and "provider-reports" not in path
        assert (operation.get("security") == [{"bearer": []}]) is behind, path
        assert ("401" in operation["responses"]) is behind, path


async def test_refusals_are_problems_with_codes_of_the_table(document: dict[str, Any]) -> None:
    for path, _, operation in _operations(document):
        for status, response in operation["responses"].items():
            if int(status) < 400 or path == "/readyz":
                continue
            (media_type, content), *others = response["content"].items()
            assert not others
            assert media_type == "application/problem+json"
            for code, example in content["examples"].items():
                assert STATUS[code] == int(status)
                assert example["value"]["code"] == code
                assert "id" not in example  # OpenAPI's examples have no such field


async def test_bodies_that_refuse_unknown_fields_say_so(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["PlaceCall"]["additionalProperties"] is False
    assert schemas["PlaceCall"]["required"] == ["target"]
    assert schemas["TargetAsked"]["properties"]["kind"]["enum"] == ["client", "interest"]
    assert schemas["PlaceCall"]["properties"]["due_at"]["format"] == "date-time"
    assert "additionalProperties" not in schemas["CallTold"]
    assert schemas["LocalTimeTold"]["properties"].keys() == {"from", "to"}


async def test_the_idempotency_key_is_documented_as_required(document: dict[str, Any]) -> None:
    (key,) = document["paths"]["/api/v1/calls"]["post"]["parameters"]
    assert (key["name"], key["in"], key["required"]) == ("Idempotency-Key", "header", True)


async def test_the_examples_are_bodies_that_the_service_would_read_and_write(document: dict[str, Any]) -> None:
    placing = document["paths"]["/api/v1/calls"]["post"]
    for example in placing["requestBody"]["content"]["application/json"]["schema"]["examples"]:
        msgspec.convert(example, PlaceCall).to_request("fingerprint")
    told = placing["responses"]["201"]["content"]["application/json"]["examples"]["talking"]["value"]
    assert set(told) <= set(CallTold.__struct_fields__)


async def test_the_document_can_be_read_by_people(callers: Callers) -> None:
    for path in ("/schema", "/schema/swagger", "/schema/openapi.yaml"):
        assert (await callers.get(path, as_=None)).status_code == 200, path


async def test_every_route_answers_and_none_with_a_fault(callers: Callers, document: dict[str, Any]) -> None:
    """A start-up test: what Litestar notices only at the first request is noticed here."""
    for path, method, operation in _operations(document):
        url = re.sub(r"\{provider\}", "beeline", re.sub(r"\{secret\}", SECRET, path))
        url = re.sub(r"\{[a-z_]+\}", "x", url)
        # A position that nobody has had yet: the stream of events refuses it, where it would answer without an end.
        headers = {"Authorization": f"Bearer {ANNA}", "Idempotency-Key": "k", "Last-Event-ID": "99"}
        body = {"target": {"kind": "client", "id": "C-17"}} if "requestBody" in operation else None
        answer = await callers.client.request(method, url, headers=headers, json=body)
        assert str(answer.status_code) in operation["responses"], f"{method} {url}: {answer.status_code} {answer.text}"
        assert answer.status_code < 500
