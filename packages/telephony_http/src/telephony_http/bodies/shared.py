"""What bodies share: their two families, their instants and enumerations, and who may see a number."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from telephony_core.party import Permission, Principal
from telephony_core.phone import PhoneNumber
from telephony_http.error_replies import invalid_field
from telephony_http.limits import ID, INSTANT, NOTE

Id = Annotated[str, ID.of_body()]
Note = Annotated[str, NOTE.of_body()]
# An instant is taken as text: msgspec would make one of a number, too, and of a date without a zone.
Instant = Annotated[str, INSTANT.of_body()]
Moment = Annotated[datetime, Meta(tz=True)]
"""An instant that we tell: with its zone, which msgspec says in a schema only where it is demanded."""

ONLY_ONE_OF = "Send only one of: "
ONE_OF = "Send one of: "


class Asked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A body, or a part of one, that somebody sends us: what it doesn't know is refused by name."""

    alternatives: ClassVar[tuple[str, ...]] = ()
    """Fields of which no two may be sent."""
    needs_one: ClassVar[bool] = False
    """Whether one of them must be."""

    def __post_init__(self) -> None:
        given = sum(getattr(self, name) is not None for name in self.alternatives)
        if given > 1 or (given == 0 and self.needs_one):
            # Told by `strict_json`: a ValueError comes out with the place of the body in which it arose.
            raise ValueError(f"{ONE_OF if self.needs_one else ONLY_ONE_OF}{', '.join(self.alternatives)}")

    @classmethod
    def impossible(cls) -> dict[str, Any] | None:
        """The schema of what `__post_init__` refuses; None if it takes all."""
        if not cls.alternatives:
            return None
        several = {"properties": {name: {"type": "string"} for name in cls.alternatives}, "required": cls.alternatives}
        none = {"properties": {name: {"type": "null"} for name in cls.alternatives}}
        return {"anyOf": [several, none]} if cls.needs_one else several


class Told(msgspec.Struct, kw_only=True):
    """A body, or a part of one, that we send. More fields may come; a reader ignores what it doesn't know."""


def instant(text: str | None, field: str) -> datetime | None:
    """A text within the limits of INSTANT, in UTC. `InvalidRequest` names the field if there is no such day."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except ValueError:  # the 30th of February
        raise invalid_field(field, INSTANT.says) from None


def one_of(values: type[StrEnum], name: str = "") -> Meta:
    """The values that a text of ours can have, for the document: `Annotated[str, one_of(CallState)]`."""
    return Meta(extra_json_schema={"title": name or values.__name__, "enum": [str(value) for value in values]})


def seen_by(principal: Principal, number: PhoneNumber | None) -> str | None:
    """A client's number as this principal may see it (P1): whole, or masked."""
    if number is None:
        return None
    return number.e164 if principal.may(Permission.SEE_FULL_NUMBERS) else number.masked
