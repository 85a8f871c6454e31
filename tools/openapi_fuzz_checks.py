"""A check of our own for Schemathesis, which loads this file (see openapi_fuzz.py): whose fault is a 400 to valid data?

A schema can't say everything. Each field below may be refused although the document allows its value, for the reason
beside it; any other 400 to valid data means that the document is looser than the service, and fails.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import schemathesis  # type: ignore[import-not-found]  # not installed where types are checked

_NUMBERING_PLAN = "which digits make a number is known to the world's numbering plans"
_ELSEWHERE = "it names a thing that is not in the directory"

_NOT_WHOLE = re.compile(r"Expected `int( \| null)?`, got `float`\Z")
"""JSON Schema takes 5.0 for an integer; a strict reader doesn't, and nobody sends it."""

UNSAID: Mapping[str, Mapping[str, str]] = {
    "listCalls": {"cursor": "only the service knows which it gave out"},
    "getConformance": {"since": "a schema can't compare two parameters"},
    "listDevices": dict.fromkeys(("target_kind", "target_id"), "a schema can't say that two parameters go together"),
    "putPool": {"If-Match": "a schema can't say that one of two headers is needed"},
    "scheduleGeneration": {
        "activates_at": "it must not lie in the past, and a schema has no clock",
        "numbers": "two spellings can be one number",
    },
    "lookUpCallback": {"caller": _NUMBERING_PLAN, "shown_number": _NUMBERING_PLAN},
    "placeCall": {"phone_number": _NUMBERING_PLAN},
    "previewCallerId": {"phone_number": _NUMBERING_PLAN},
    "putDevice": {
        "number": _NUMBERING_PLAN,
        "sim_number": _NUMBERING_PLAN,
        "sim_issued": "the 30th of February",
        "sim_returned": "the same; and a schema can't compare two dates",
    },
    "putClient": {"owner_id": _ELSEWHERE},
    "putInterest": {"client_id": _ELSEWHERE, "owner_id": _ELSEWHERE, "contacts": "two contacts with one id"},
}
"""Operation -> field -> why valid data may be refused there."""


@schemathesis.check  # type: ignore[untyped-decorator]
def document_says_what_is_refused(_context: Any, response: Any, case: Any) -> None:
    """Nothing is refused with 400 that the document allows, but for `UNSAID`."""
    valid = case.meta is not None and case.meta.generation.mode.is_positive
    if not valid or response.status_code != 400:
        return
    errors = response.json().get("errors", ())
    if any(_NOT_WHOLE.match(each["message"]) for each in errors):
        return
    fields = {each["field"].partition("[")[0] for each in errors}
    unsaid = UNSAID.get(case.operation.definition.raw.get("operationId"), {})
    assert fields, f"valid data was refused, and no field is named: {response.text}"
    assert fields <= set(unsaid), f"the document allows what was refused: {sorted(fields - set(unsaid))}"
