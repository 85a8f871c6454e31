"""The API's document: its head, its tags, the refusals of each route, and what Litestar leaves out of schemas."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar._openapi.schema_generation import SchemaCreator
from litestar._openapi.schema_generation.plugins.struct import StructSchemaPlugin
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin, StoplightRenderPlugin, SwaggerRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, Example, Schema, SecurityScheme, Tag
from litestar.openapi.spec.enums import OpenAPIFormat
from litestar.typing import FieldDefinition

from telephony_core.errors import TelephonyError
from telephony_http import error_replies
from telephony_http.bodies.problems import ProblemTold

VERSION = "1.0.0"
BEARER = "bearer"

NUMBERS = Tag("Numbers", "Whom to dial · Кому звонить")
DEVICES = Tag("Devices", "What rings at the employee's · Что звонит у сотрудника")
CALLER_ID = Tag("Caller ID", "What the client sees · Что видит клиент")
CALLS = Tag("Calls", "Place, follow and end calls · Звонки: начать, следить, закончить")
CALL_BACKS = Tag("Call-backs", "Whose call-back is this · Чей это обратный звонок")
CAROUSEL = Tag("Carousel", "The numbers that clients see · Номера, которые видят клиенты")
DIRECTORY = Tag("Directory", "Keep the directory in step with the CRM · Вести справочник вслед за CRM")
PROVIDERS = Tag("Providers", "Where providers report · Куда сообщают провайдеры")
SERVICE = Tag("Service", "Health and metrics · Здоровье и метрики")

_EVERYWHERE = ("invalid_request", "not_authenticated", "not_permitted", "internal_error", "store_unavailable")


@dataclass
class NamedExample(Example):
    """An example whose id is its key, and nothing besides: OpenAPI knows no field of that name."""

    @property
    def _exclude_fields(self) -> set[str]:
        return {"id"}


def _all_below(kind: type[TelephonyError]) -> list[type[TelephonyError]]:
    return [kind, *(deeper for each in kind.__subclasses__() for deeper in _all_below(each))]


def titles() -> dict[str, str]:
    """Code -> the sentence that is its title, of every refusal that there is."""
    found: dict[str, str] = {}
    for each in _all_below(TelephonyError):
        found.setdefault(each.code, each.title())  # what is derived from it shares its code
    return found


def refusals(*codes: str, everywhere: bool = True) -> dict[int, ResponseSpec]:
    """How a route may refuse: its own codes, and those that every route has."""
    known = titles()
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys([*codes, *(_EVERYWHERE if everywhere else ())]):
        by_status[error_replies.STATUS[code]].append(code)
    return {
        status: ResponseSpec(
            ProblemTold,
            generate_examples=False,
            description="; ".join(f"`{code}`: {known[code]}" for code in codes_of_status),
            media_type=error_replies.PROBLEM,
            examples=[
                NamedExample(
                    id=code,
                    summary=code,
                    value={
                        "type": f"{error_replies.TYPE}{code}",
                        "title": known[code],
                        "status": status,
                        "detail": known[code],
                        "code": code,
                    },
                )
                for code in codes_of_status
            ],
        )
        for status, codes_of_status in sorted(by_status.items())
    }


def both(english: str, russian: str) -> str:
    """A description in both languages."""
    return f"{english}\n\n{russian}"


def _refuses_unknown_fields(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__struct_config__.forbid_unknown_fields


class ClosedBodies(StructSchemaPlugin):
    """Says `additionalProperties: false` of bodies that refuse unknown fields, of which Litestar keeps silent."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        kind = field_definition.annotation
        return super().is_plugin_supported_field(field_definition) and _refuses_unknown_fields(kind)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        schema = super().to_openapi_schema(field_definition, schema_creator)
        schema.additional_properties = False
        for name, each in (schema.properties or {}).items():
            if name.endswith("_at") and isinstance(each, Schema):
                each.format = OpenAPIFormat.DATE_TIME  # taken as text, see bodies.shared.Instant
        return schema


def config() -> OpenAPIConfig:
    return OpenAPIConfig(
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
            SwaggerRenderPlugin(path=["/", "/swagger"]),
            StoplightRenderPlugin(path="/elements"),
            JsonRenderPlugin(path="/openapi.json"),
            YamlRenderPlugin(path=["/openapi.yaml", "/openapi.yml"]),
        ],
        tags=[NUMBERS, DEVICES, CALLER_ID, CALLS, CALL_BACKS, CAROUSEL, DIRECTORY, PROVIDERS, SERVICE],
        components=Components(
            security_schemes={
                BEARER: SecurityScheme(
                    type="http", scheme="bearer", description="A token of `telephony tokens issue` · Выданный токен"
                )
            }
        ),
    )
