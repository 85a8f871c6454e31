"""What routes say of themselves in the API's document: their tag, their refusals, words in both languages."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, Tag

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
TAGS = [NUMBERS, DEVICES, CALLER_ID, CALLS, CALL_BACKS, CAROUSEL, DIRECTORY, PROVIDERS, SERVICE]
"""In the order in which somebody who calls needs them, then who keeps the service."""

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
