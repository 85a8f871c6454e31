"""The API's document: complete, true, and made so that clients can be generated from it."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import msgspec
import pytest
from tests.http.office import ANNA, SECRET, Callers

from telephony_http.bodies.problems import ProblemTold
from telephony_http.bodies.shared import Asked, Told
from telephony_http.concept import PURPOSES
from telephony_http.error_replies import STATUS
from telephony_http.strict_json import read_json

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
        assert each["summary"]
        assert re.search("[a-z]{3}", each["description"])
        assert re.search("[а-я]{4}", each["description"])


async def test_every_route_says_whom_it_is_for_and_why(document: dict[str, Any]) -> None:
    assert set(PURPOSES) == OPERATIONS
    for _, _, each in _operations(document):
        for line in PURPOSES[each["operationId"]].told():
            assert line in each["description"]


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
            assert content["schema"] == {"$ref": "#/components/schemas/ProblemTold"}
            for code, reference in content["examples"].items():
                assert reference == {"$ref": f"#/components/examples/{code}"}
                example = document["components"]["examples"][code]
                assert STATUS[code] == int(status)
                assert f"`{code}`" in response["description"]
                problem = msgspec.convert(example["value"], ProblemTold, strict=True)
                assert (problem.code, problem.status) == (code, int(status))
                assert problem.type.endswith(f":{code}")
                assert "id" not in example  # OpenAPI's examples have no such field


async def test_bodies_say_what_they_refuse(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    place = schemas["PlaceCall"]
    assert place["additionalProperties"] is False
    assert place["required"] == ["target"]
    assert place["not"]["required"] == ["phone_number", "phone_number_id"]
    assert place["properties"]["due_at"]["anyOf"][0]["format"] == "date-time"
    assert "maxItems" in place["properties"]["acknowledge_unknown"]["anyOf"][1]
    assert "pattern" in place["properties"]["acknowledge_unknown"]["anyOf"][1]["items"]
    assert schemas["TargetAsked"]["properties"]["kind"]["enum"] == ["client", "interest"]
    assert place["properties"]["dial"] == {"type": "boolean", "description": "Default: `true`"}
    assert schemas["CallTold"]["description"]
    assert "additionalProperties" not in schemas["CallTold"]
    assert schemas["LocalTimeTold"]["properties"].keys() == {"from", "to"}


async def test_every_instant_and_every_state_is_told_as_such(document: dict[str, Any]) -> None:
    """Enumerations have names, so that generated clients have one type for each."""
    schemas = document["components"]["schemas"]
    named = {name for name, schema in schemas.items() if "enum" in schema}
    assert {"CallState", "AttemptState", "LegState", "Outcome", "Verdict", "DeviceReason", "Effect"} <= named
    for name, schema in schemas.items():
        if name.endswith("Asked") or name in named:
            continue
        for field, told in schema["properties"].items():
            kind = told.get("anyOf", [told])[0]
            if field.endswith(("_at", "_since")) or field in ("since", "until", "at"):
                assert kind["format"] == "date-time", f"{name}.{field}"
            if field in ("state", "outcome", "verdict", "effect", "chosen_by"):
                assert "$ref" in kind, f"{name}.{field}"


async def test_no_field_has_a_default_that_would_make_it_required(document: dict[str, Any]) -> None:
    """openapi-typescript makes a field with `default` one that must be sent."""
    for name, schema in document["components"]["schemas"].items():
        for field, told in schema.get("properties", {}).items():
            assert "default" not in told, f"{name}.{field}"


async def test_parameters_are_as_a_generator_of_clients_takes_them(document: dict[str, Any]) -> None:
    """One type each, none of them null, which no address can hold; limits of numbers are whole."""
    parameters = [each for _, _, operation in _operations(document) for each in operation.get("parameters", ())]
    for each in parameters:
        schema = each["schema"]
        assert schema["type"] in ("string", "integer"), each
        assert None not in schema.get("enum", ())
        assert not [value for value in schema.values() if isinstance(value, float)], each
        assert (each["in"] == "path") <= each["required"]
    assert {each["name"]: each["required"] for each in parameters if each["in"] == "header"} == {
        "Idempotency-Key": True,
        "If-Match": False,
        "If-None-Match": False,
        "Last-Event-ID": False,
    }


async def test_a_body_that_may_be_left_out_is_not_required(document: dict[str, Any], callers: Callers) -> None:
    optional = {
        operation["operationId"]
        for _, _, operation in _operations(document)
        if "requestBody" in operation and not operation["requestBody"]["required"]
    }
    assert optional == {"closeCall", "declareNumber"}
    call = (await callers.place(dial=False)).json()
    null = await callers.post(
        f"/calls/{call['id']}/close", content=b"null", headers={"Content-Type": "application/json"}
    )
    assert (null.status_code, null.json()["code"]) == (400, "invalid_request")
    assert (await callers.post(f"/calls/{call['id']}/close")).status_code == 200


def _kinds() -> dict[str, type[msgspec.Struct]]:
    def below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
        for each in kind.__subclasses__():
            yield each
            yield from below(each)

    return {kind.__name__: kind for family in (Asked, Told) for kind in below(family)}


def _kind_of(schema: dict[str, Any]) -> type[msgspec.Struct] | None:
    return _kinds()[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else None


async def test_every_example_of_a_request_is_one_that_the_service_would_read(document: dict[str, Any]) -> None:
    without = []
    for _, _, operation in _operations(document):
        body = operation.get("requestBody", {}).get("content", {})
        for content in body.values():
            if not content.get("examples"):
                without.append(operation["operationId"])
            for example in content.get("examples", {}).values():
                if (kind := _kind_of(content["schema"])) is not None:
                    read_json(msgspec.json.encode(example["value"]), kind)
        for parameter in operation.get("parameters", ()):
            if parameter["required"]:
                assert "example" in parameter or (not body and operation["operationId"] == "receiveProviderReport")
            if "example" in parameter and "pattern" in parameter["schema"]:
                assert re.search(parameter["schema"]["pattern"], parameter["example"]), parameter
    assert without == []


async def test_every_example_of_an_answer_is_one_that_the_service_could_give(document: dict[str, Any]) -> None:
    without = []
    for _, _, operation in _operations(document):
        answers = {status: each for status, each in operation["responses"].items() if int(status) < 300}
        shown = 0
        for answer in answers.values():
            for content in answer.get("content", {}).values():
                kind = _kind_of(content["schema"])
                for example in content.get("examples", {}).values():
                    shown += 1
                    if kind is not None:
                        assert set(example["value"]) <= {each.encode_name for each in msgspec.structs.fields(kind)}
                        msgspec.convert(example["value"], kind, strict=True)
        if not shown and any("content" in answer for answer in answers.values()):
            without.append(operation["operationId"])
    assert without == []


async def test_links_lead_to_operations_and_name_their_parameters(document: dict[str, Any]) -> None:
    operations = {operation["operationId"]: operation for _, _, operation in _operations(document)}
    links = [
        link
        for operation in operations.values()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert len(links) > 10
    for link in links:
        assert set(link["parameters"]) <= {each["name"] for each in operations[link["operationId"]]["parameters"]}


async def test_options_allows_what_the_document_names(document: dict[str, Any], callers: Callers) -> None:
    for path, item in document["paths"].items():
        answer = await callers.client.options(re.sub(r"\{[a-z_]+\}", "x", path))
        allowed = {method for each in answer.headers["Allow"].split(", ") if (method := each.lower()) != "options"}
        assert (answer.status_code, allowed) == (204, set(item)), path


async def test_the_document_can_be_read_by_people_without_the_internet(callers: Callers) -> None:
    for path in ("/schema", "/schema/swagger"):
        page = await callers.get(path, as_=None)
        assert page.status_code == 200, path
        assert "://" not in page.text
        for file in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
            assert (await callers.get(file, as_=None)).status_code == 200, file
    assert (await callers.get("/schema/openapi.yaml", as_=None)).status_code == 200


def test_swagger_ui_is_the_one_that_its_page_names() -> None:
    folder = resources.files("telephony_http").joinpath("swagger_ui")
    named = re.findall(r"([0-9a-f]{64})  (\S+)", folder.joinpath("README.md").read_text())
    assert len(named) == 2
    for digest, name in named:
        content = gzip.decompress(folder.joinpath(f"{name}.gz").read_bytes())
        assert hashlib.sha256(content).hexdigest() == digest


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
