"""The API's document as it is served: what Litestar makes of the routes, corrected and completed.

Litestar drops limits inside of lists and unions, docstrings of bodies and `forbid_unknown_fields`; msgspec, which
enforces all these, writes schemas as well, so that every body's schema is msgspec's. What a route can't say of itself
is added by its operation id: whom it is for, examples, headers of answers, links to what an answer's ids lead to.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from importlib import resources
from typing import Any

import msgspec
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, OpenAPI, SecurityScheme

from telephony_http.bodies.shared import Asked, Told
from telephony_http.concept import PURPOSES
from telephony_http.error_replies import PROBLEM, AnyRequest
from telephony_http.mounted import place_of
from telephony_http.openapi import BEARER, TAGS, VERSION, both
from telephony_http.swagger import SwaggerPage

Json = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"
_NOISE = {"deprecated": False, "allowEmptyValue": False, "allowReserved": False}
_TEXT = {"type": "string"}
_WHOLE = {"type": "integer"}

_ETAG = {"ETag": {"description": "The pool's version, for `If-Match`", "schema": _TEXT}}
_REPLAYED = {"Idempotency-Replayed": {"description": "`true`: the key named this Call before", "schema": _TEXT}}
_LOCATION = {"Location": {"description": "The Call's address", "schema": _TEXT}}
_RETRY = {"Retry-After": {"description": "Seconds to wait before the request is repeated", "schema": _WHOLE}}
_CHALLENGE = {"WWW-Authenticate": {"description": "Which token is asked for", "schema": _TEXT}}

_HEADERS: Mapping[tuple[str, str], Json] = {
    ("placeCall", "201"): _LOCATION,
    ("placeCall", "200"): {**_LOCATION, **_REPLAYED},
    ("getPool", "200"): _ETAG,
    ("putPool", "200"): _ETAG,
    ("putPool", "201"): _ETAG,
}
_HEADERS_OF_PROBLEMS: Mapping[str, Json] = {"401": _CHALLENGE, "409": _RETRY, "429": _RETRY, "503": _RETRY}

_TEXTS_TAKEN: Mapping[str, str] = {"receiveProviderReport": "application/xml"}
"""Bodies that are read as they come, by the operation that takes them."""

_OF_CALL = ("getCall", "explainCall", "hangUpCall", "closeCall")


def _links(*, to: tuple[str, ...], **parameters: str) -> Json:
    """Links to these operations; each parameter is a JSON pointer into the answer's body."""
    values = {name: f"$response.body#{pointer}" for name, pointer in parameters.items()}
    return {name: {"operationId": name, "parameters": values} for name in to}


_LINKS: Mapping[tuple[str, str], Json] = {
    ("placeCall", "200"): _links(to=_OF_CALL, call_id="/id"),
    ("placeCall", "201"): _links(to=_OF_CALL, call_id="/id"),
    ("listCalls", "200"): {
        **_links(to=("getCall", "explainCall"), call_id="/items/0/id"),
        **_links(to=("listCalls",), cursor="/next_cursor"),
    },
    ("listPools", "200"): _links(to=("getPool",), pool_id="/items/0/id"),
    ("scheduleGeneration", "201"): _links(to=("cancelGeneration",), pool_id="/pool_id", generation_id="/id"),
    ("putEmployee", "201"): _links(to=("listDevices",), employee_id="/id"),
    ("putClient", "201"): _links(to=("findClientPhoneNumbers",), client_id="/id"),
    ("putInterest", "201"): _links(to=("findInterestPhoneNumbers",), interest_id="/id"),
}


class Document(OpenAPI):
    """Lives as long as its app; `to_schema` gives the whole document as JSON."""

    def to_schema(self) -> Json:
        told = super().to_schema()
        schemas = told["components"]["schemas"]
        told["components"]["schemas"] = dict(sorted({**schemas, **body_schemas()}.items()))
        refusals: dict[str, Json] = {}
        for item in told["paths"].values():
            for operation in item.values():
                _complete(operation, refusals)
        told["components"]["examples"] = dict(sorted(refusals.items()))
        return told


class Config(OpenAPIConfig):
    """Makes a `Document`."""

    def to_openapi_schema(self) -> OpenAPI:
        made = super().to_openapi_schema()
        return Document(**{each.name: getattr(made, each.name) for each in fields(made)})


class JsonDocument(JsonRenderPlugin):
    def render(self, request: AnyRequest, openapi_schema: Json) -> bytes:
        return super().render(request, _as_seen_by(request, openapi_schema))


class YamlDocument(YamlRenderPlugin):
    def render(self, request: AnyRequest, openapi_schema: Json) -> bytes:
        return super().render(request, _as_seen_by(request, openapi_schema))


def _as_seen_by(request: AnyRequest, told: Json) -> Json:
    """The document with the place where its paths begin: a host may have mounted the app under one of its own."""
    place = place_of(request.scope)
    return {**told, "servers": [{"url": place}]} if place else told


def config() -> OpenAPIConfig:
    return Config(
        title="BMS Telephony",
        version=VERSION,
        description=both(
            "Click-to-call from a client's or an interest's card: the employee's device rings, then the client's phone,"
            " which shows a number of the client's region. Errors are `application/problem+json` with a stable `code`.",
            "Звонок из карточки клиента или интереса: сначала звонит устройство сотрудника, затем телефон клиента,"
            " и он видит номер своего региона. Ошибки: `application/problem+json` с постоянным `code`.",
        ),
        path="/schema",
        use_handler_docstrings=True,
        render_plugins=[
            SwaggerPage(),
            JsonDocument(path="/openapi.json"),
            YamlDocument(path=["/openapi.yaml", "/openapi.yml"]),
        ],
        tags=TAGS,
        components=Components(
            security_schemes={
                BEARER: SecurityScheme(
                    type="http", scheme="bearer", description="A token of `telephony tokens issue` · Выданный токен"
                )
            }
        ),
    )


@functools.cache
def body_schemas() -> Mapping[str, Json]:
    """The schema of every body, by its name."""
    kinds = [*_below(Asked), *_below(Told)]
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    schemas = _without_indentation(schemas)
    for kind in kinds:
        _tell_defaults(schemas[kind.__name__])
        if issubclass(kind, Asked) and (impossible := kind.impossible()) is not None:
            schemas[kind.__name__]["not"] = impossible
    enumerations: dict[str, Json] = {}
    return {**_naming_enumerations(schemas, enumerations), **enumerations}


def _without_indentation(value: Any) -> Any:
    """The same with docstrings as Python 3.13 has them, whichever Python this is."""
    if isinstance(value, list):
        return [_without_indentation(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: inspect.cleandoc(each) if name == "description" and isinstance(each, str) else _without_indentation(each)
        for name, each in value.items()
    }


def _tell_defaults(schema: Json) -> None:
    """Defaults as words: generators of clients take a field that has a `default` for one that is always there."""
    for field in schema["properties"].values():
        default = field.pop("default", None)
        if default not in (None, [], {}):
            field["description"] = f"Default: `{json.dumps(default)}`"


def _naming_enumerations(value: Any, found: dict[str, Json]) -> Any:
    """The same, where each enumeration that has a title is a reference; the enumerations go into `found`."""
    if isinstance(value, list):
        return [_naming_enumerations(each, found) for each in value]
    if not isinstance(value, dict):
        return value
    if "enum" in value and "title" in value:
        found[value["title"]] = value
        return {"$ref": _REFERENCE.format(name=value["title"])}
    return {name: _naming_enumerations(each, found) for name, each in value.items()}


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


@functools.cache
def examples() -> Json:
    """Requests and answers of the demo, as `tools.openapi_examples` wrote them down."""
    found: Json = json.loads(resources.files("telephony_http").joinpath("examples.json").read_text(encoding="utf-8"))
    return found


def _complete(operation: Json, refusals: dict[str, Json]) -> None:
    """`refusals`: where an example of each goes, since the same refusals stand at many operations."""
    name = operation["operationId"]
    if name in PURPOSES:  # an operation of somebody's own, added to the app, has none
        english, russian = PURPOSES[name].told()
        operation["description"] = f"{english}\n\n{operation['description']}\n\n{russian}"
    if name in _TEXTS_TAKEN:
        operation["requestBody"] = {"content": {_TEXTS_TAKEN[name]: {"schema": _TEXT}}, "required": True}
    shown = examples()["operations"].get(name, {})
    for parameter in operation.get("parameters", ()):
        _tidy(parameter, shown.get("parameters", {}))
    if body := operation.get("requestBody"):
        _complete_request(body, shown.get("request", {}))
    operation["responses"] = dict(sorted(operation["responses"].items()))
    for status, answer in operation["responses"].items():
        if status < "400":
            _complete_answer(answer, name, status, shown.get("responses", {}).get(status, {}))
        else:
            _complete_refusal(answer, status, refusals)


def _tidy(parameter: Json, shown: Mapping[str, Any]) -> None:
    for key, value in _NOISE.items():
        if parameter.get(key) == value:
            del parameter[key]
    schema = parameter["schema"]
    schema.pop("description", None)
    # A parameter that is left out is not null: nobody can send a null in an address.
    if alternatives := [each for each in schema.pop("oneOf", ()) if each != {"type": "null"}]:
        schema.update(*alternatives)
    if "enum" in schema:
        del schema["pattern"]  # which says the same
    for limit in ("minimum", "maximum"):
        if limit in schema:
            schema[limit] = int(schema[limit])
    if parameter["name"] in shown:
        parameter["example"] = shown[parameter["name"]]


def _complete_request(body: Json, shown: Json) -> None:
    (content,) = body["content"].values()
    if alternatives := content["schema"].get("oneOf"):  # a body that may be left out, and is not null either
        content["schema"], body["required"] = alternatives[0], False
    if shown:
        content["examples"] = shown


def _complete_answer(answer: Json, operation: str, status: str, shown: Json) -> None:
    for content in answer.get("content", {}).values():
        if shown:
            content["examples"] = shown
    if headers := _HEADERS.get((operation, status)):
        answer["headers"] = headers
    if links := _LINKS.get((operation, status)):
        answer["links"] = links


def _complete_refusal(answer: Json, status: str, refusals: dict[str, Json]) -> None:
    if PROBLEM not in answer.get("content", {}):  # /readyz says in a body of its own what is missing
        return
    shown = answer["content"][PROBLEM]["examples"]
    for code, example in shown.items():
        refusals[code] = {**example, "value": examples()["problems"].get(code, example["value"])}
        shown[code] = {"$ref": f"#/components/examples/{code}"}
    if headers := _HEADERS_OF_PROBLEMS.get(status):
        answer["headers"] = headers
