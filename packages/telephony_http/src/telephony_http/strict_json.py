"""Reads a request's JSON body: strictly, into a Struct, and with refusals that name the field.

`strict=True` of msgspec instead of the framework's lax reading, in which `"dial": "false"` would be a boolean and a
number a date. A refusal never quotes what was sent: it may be a client's number (P1).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Mapping
from typing import Any, Generic, TypeVar

import msgspec
from attrs import frozen
from litestar._openapi.schema_generation import SchemaCreator
from litestar.dto import AbstractDTO, DTOFieldDefinition
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from telephony_core.errors import InvalidRequest
from telephony_core.phone import masked_in
from telephony_http.bodies.shared import ONE_OF, ONLY_ONE_OF
from telephony_http.error_replies import UnsupportedMediaType, expected, invalid_field

Body = TypeVar("Body")

_WHERE = re.compile(r" - at `\$\.?(.*)`\Z")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`\Z", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`\Z")
_PLACE = re.compile(r"\[[0-9]+\]")  # in a list
_JSON = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json\s*(?:;|\Z)", re.IGNORECASE)
_LONGEST_NAME = 60


def read_json(body: bytes, kind: type[Body]) -> Body:
    """The body as `kind`. Raises `InvalidRequest` with `errors`: which field, and what is expected there."""
    try:
        return msgspec.json.decode(body, type=kind, strict=True)
    except msgspec.ValidationError as error:
        raise _explained(str(error), kind) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        what = "The body is empty; JSON is expected." if not body.strip() else f"The body is no JSON: {_fault(error)}."
        raise InvalidRequest(what, errors=[{"field": "", "message": what}]) from None


def _fault(error: Exception) -> str:
    """What msgspec says names the byte, and quotes nothing of the body."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    text = str(error).removeprefix("JSON is malformed: ")
    return text[:1].lower() + text[1:]


@frozen
class Fields:
    """The fields of a body as they came, those that have the right type; and what is wrong with the others."""

    found: Mapping[str, Any]
    errors: tuple[dict[str, str], ...] = ()


def read_fields(body: bytes, kind: type[msgspec.Struct]) -> Fields:
    """The fields of the body that `kind` has, each read by itself, so that every one that is wrong is named.

    A field that is left out differs from one that is null. Raises `InvalidRequest` for what is no JSON object.
    """
    raw = read_json(body, Any)
    if not isinstance(raw, dict):
        raise invalid_field("", "A JSON object is expected")
    known = {each.encode_name: each for each in msgspec.structs.fields(kind)}
    errors = [
        {"field": masked_in(name[:_LONGEST_NAME]), "message": "There is no such field"}
        for name in raw
        if name not in known
    ]
    found: dict[str, Any] = {}
    for name, each in known.items():
        if name in raw:
            try:
                msgspec.convert(raw[name], each.type, strict=True)
                found[name] = raw[name]
            except msgspec.ValidationError as error:
                errors.append(_problem_of(name, str(error), kind))
        elif each.required:
            errors.append({"field": name, "message": "This field is required"})
    return Fields(found, tuple(errors))


def _problem_of(name: str, message: str, kind: type[Any]) -> dict[str, str]:
    """A complaint of msgspec's about the value of one field, told of the whole body."""
    where = re.search(r" - at `\$(.*)`\Z", message)
    bare, inner = (message[: where.start()], where[1]) if where else (message, "")
    refused = _explained(f"{bare} - at `$.{name}{inner}`", kind)
    found: dict[str, str] = refused.reasons["errors"][0]  # type: ignore[index]  # made by `invalid_field`
    return found


def fingerprint(body: bytes) -> str:
    """A digest of a JSON body that is equal for equal contents, however they are spaced and ordered (K4)."""
    canonical = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _explained(message: str, kind: type[Any]) -> InvalidRequest:
    where = _WHERE.search(message)
    path = where[1] if where else ""
    bare = message[: where.start()] if where else message
    if unknown := _UNKNOWN.match(bare):
        # The name of a field is the caller's text, too.
        return invalid_field(_joined(path, masked_in(unknown[1][:_LONGEST_NAME])), "There is no such field")
    if missing := _MISSING.match(bare):
        return invalid_field(_joined(path, missing[1]), "This field is required")
    if bare.startswith((ONLY_ONE_OF, ONE_OF)):
        names = bare.partition(": ")[2].split(", ")
        errors = [{"field": _joined(path, name), "message": bare} for name in names]
        return InvalidRequest(f"{path}: {bare}" if path else bare, errors=errors)
    if bare.startswith("Invalid enum value") and (allowed := _allowed(kind, path)):
        return invalid_field(path, f"Expected one of: {', '.join(allowed)}")
    return invalid_field(path, expected(bare))


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _allowed(kind: type[Any], path: str) -> list[str]:
    """The values that the field at `path` may have, where it is an enumeration, or a list of such."""
    found: msgspec.inspect.Type = msgspec.inspect.type_info(kind)
    for name in _PLACE.sub("", path).split("."):
        found = next(iter(_structs(found)), found)
        if not isinstance(found, msgspec.inspect.StructType):
            return []
        inner = next((field.type for field in found.fields if field.encode_name == name), None)
        if inner is None:
            return []
        found = inner
    options = found.types if isinstance(found, msgspec.inspect.UnionType) else (found,)
    options = tuple(each.item_type if isinstance(each, msgspec.inspect.ListType) else each for each in options)
    for option in options:
        if isinstance(option, msgspec.inspect.LiteralType):
            return [str(value) for value in option.values]
        if isinstance(option, msgspec.inspect.EnumType):
            return [str(member.value) for member in option.cls]
    return []


def _structs(found: msgspec.inspect.Type) -> list[msgspec.inspect.Type]:
    options = found.types if isinstance(found, msgspec.inspect.UnionType) else (found,)
    return [option for option in options if isinstance(option, msgspec.inspect.StructType)]


class StrictJson(AbstractDTO[Body], Generic[Body]):
    """Puts `read_json` in the place of the framework's reading: `@post(dto=StrictJson[PlaceCall], return_dto=None)`."""

    def decode_bytes(self, value: bytes) -> Any:
        content_type = self.asgi_connection.headers.get("content-type", "")
        if not _JSON.match(content_type):
            raise UnsupportedMediaType
        return self.read(value)

    def read(self, value: bytes) -> Any:
        return read_json(value, self.model_type)

    def decode_builtins(self, value: dict[str, Any]) -> Any:
        raise UnsupportedMediaType  # a form

    # From here on the framework's names: it would generate a model of its own, and we have one.

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Generator[DTOFieldDefinition, None, None]:
        del model_type
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        del field_definition
        return False

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        del field_definition, handler_id, backend_cls

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: SchemaCreator
    ) -> Reference | Schema:
        del handler_id
        return schema_creator.for_field_definition(field_definition)


class FieldsOfJson(StrictJson[Body]):
    """Reads the body by `read_fields`: the handler, whose annotation the document is made of, gets `Fields`."""

    def read(self, value: bytes) -> Fields:
        kind: Any = self.model_type
        return read_fields(value, kind)
