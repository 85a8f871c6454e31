"""What bodies share: instants, limits of strings, and who may see a number."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from telephony_core.party import Permission, Principal
from telephony_core.phone import PhoneNumber
from telephony_http.error_replies import invalid_field

LONGEST_ID = 100
LONGEST_NOTE = 2000

# Control characters have no place in an id, and PostgreSQL keeps no NUL in a text.
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
Id = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID, pattern=PRINTABLE)]
Note = Annotated[str, Meta(max_length=LONGEST_NOTE, pattern=r"^[^\x00]*$")]
# An instant is taken as text: msgspec would make one of a number, too, and of a date without a zone.
Instant = Annotated[str, Meta(max_length=40)]

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})\Z"
)


class Asked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A body, or a part of one, that somebody sends us: what it doesn't know is refused by name."""


class Told(msgspec.Struct, kw_only=True):
    """A body, or a part of one, that we send. More fields may come; a reader ignores what it doesn't know."""


def instant(text: str | None, field: str) -> datetime | None:
    """An RFC 3339 instant, in UTC. Raises `InvalidRequest` that names the field."""
    if text is None:
        return None
    found = None
    # An unescaped '+' in a query arrives as a space.
    plain = re.sub(r" ([0-9]{2}:[0-9]{2})\Z", r"+\1", text.strip())
    if _RFC_3339.match(plain):
        try:
            found = datetime.fromisoformat(plain.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            found = None
    if found is None:
        raise invalid_field(field, "Expected an instant with its zone, such as 2026-11-23T09:15:02Z")
    return found


def seen_by(principal: Principal, number: PhoneNumber | None) -> str | None:
    """A client's number as this principal may see it (P1): whole, or masked."""
    if number is None:
        return None
    return number.e164 if principal.may(Permission.SEE_FULL_NUMBERS) else number.masked
