"""What routes take from paths, queries and headers, with its limits."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated

from litestar.params import HeaderParameter, PathParameter, QueryParameter

from telephony_core.call import CallState
from telephony_core.party import TargetKind
from telephony_http.error_replies import invalid_field
from telephony_http.limits import ID, INSTANT, KEY, choice
from telephony_http.readings import Language

ClientId = Annotated[str, PathParameter(**ID.of_argument(), description="The client's id in the CRM")]
InterestId = Annotated[str, PathParameter(**ID.of_argument(), description="The interest's id in the CRM")]
EmployeeId = Annotated[str, PathParameter(**ID.of_argument(), description="The employee's id, or `me`")]
CallId = Annotated[str, PathParameter(**ID.of_argument(), description="The Call's id")]


def no_others(query: Iterable[str], known: Collection[str]) -> None:
    """A filter that is misspelt must not list everything. Raises `InvalidRequest`."""
    for name in query:
        if name not in known:
            raise invalid_field(name[:60], f"There is no such filter; known are: {', '.join(sorted(known))}")


OptionalId = Annotated[str | None, QueryParameter(**ID.of_argument())]
OptionalInstant = Annotated[
    str | None, QueryParameter(**INSTANT.of_argument(), description="RFC 3339, such as `2026-11-23T09:15:02Z`")
]
Cursor = Annotated[str | None, QueryParameter(max_length=500, description="`next_cursor` of the page before")]
PageSize = Annotated[int, QueryParameter(ge=1, le=200, description="Calls on a page")]
WantedState = Annotated[
    str | None,
    QueryParameter(name="state", **choice(*CallState).of_argument(), description="The state of a Call"),
]
WantedLanguage = Annotated[
    str | None,
    QueryParameter(**choice(*Language).of_argument(), description="Of the sentences; else by Accept-Language"),
]
KindOfTarget = Annotated[
    str | None,
    QueryParameter(**choice(*TargetKind).of_argument(), description="With `target_id`: what the client would see"),
]

IdempotencyKey = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        description="1 to 255 visible ASCII signs, made when the button is pressed, repeated on retries",
        **{**KEY.of_argument(), "schema_extra": {"minLength": 1}},
    ),
]
