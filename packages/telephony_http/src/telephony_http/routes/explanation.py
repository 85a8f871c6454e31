"""Why was this number shown? The stored decisions of a Call, in words and data."""

from __future__ import annotations

from litestar import get

from telephony_http.bodies.explanation import ExplanationTold, explained
from telephony_http.explanations import LANGUAGES
from telephony_http.openapi import CALLER_ID, both, refusals
from telephony_http.provide import AnyRequest, Reading, TheManners, WhoAsks
from telephony_http.routes.arguments import CallId, WantedLanguage


@get(
    "/calls/{call_id:str}/explanation",
    operation_id="explainCall",
    summary="Why was this number shown?",
    description=both(
        "The steps of each stored decision, as data and as sentences in the language asked for.",
        "Шаги каждого сохранённого решения: данные и предложения на выбранном языке.",
    ),
    tags=[CALLER_ID.name],
    responses=refusals("call_not_found"),
)
async def explain(
    call_id: CallId,
    request: AnyRequest,
    principal: WhoAsks,
    read_calls: Reading,
    manners: TheManners,
    language: WantedLanguage = None,
) -> ExplanationTold:
    call, _ = await read_calls.one(principal, call_id)
    spoken = language or preferred(request.headers.get("accept-language", "")) or str(manners.language)
    return ExplanationTold(
        call_id=call.id,
        language=spoken,
        attempts=[explained(attempt, spoken) for attempt in call.attempts],
    )


def preferred(accept_language: str) -> str | None:
    """The language of ours that a browser asks for most (RFC 9110, 12.5.4); None if it asks for none of them."""
    wanted: list[tuple[float, str]] = []
    for part in accept_language.split(",")[:20]:
        tag, _, quality = part.partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        wanted.append((weight, tag.strip().casefold().partition("-")[0]))
    found = [(-weight, place, tag) for place, (weight, tag) in enumerate(wanted) if tag in LANGUAGES and weight > 0]
    return min(found)[2] if found else None
