"""What texts from outside may look like, each once: enforced in bodies, paths, queries and headers, and documented.

A pattern means the same in Python and in ECMAScript, the dialect of JSON Schema: it has no `\\s`, which differ by some
signs, and ends in `$(?!\\n)`, since Python's `$` alone would let a line break follow.
"""

from __future__ import annotations

import re
from typing import Any

from attrs import frozen
from msgspec import Meta

_END = r"$(?!\n)"
_BLANKS = r"\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_READABLE = rf"^[^\x00]*[^{_BLANKS}][^\x00]*{_END}"
_DATE = "[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"

SAYS: dict[str, str] = {}
"""A pattern, as msgspec quotes it -> the sentence for what doesn't match it; filled by the limits below."""


@frozen(kw_only=True)
class Limits:
    """Of a text. `says`: the sentence for who sent what doesn't match, without the value.

    Lengths stand in the pattern where the sentence names them, and beside it where the framework's own words will do.
    """

    pattern: str
    says: str
    shortest: int | None = None
    longest: int | None = None
    format: str | None = None
    examples: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        SAYS.setdefault(repr(self.pattern), self.says)

    def of_body(self) -> Meta:
        """For a field of a Struct: `Annotated[str, ID.of_body()]`."""
        return Meta(
            pattern=self.pattern,
            min_length=self.shortest,
            max_length=self.longest,
            examples=list(self.examples) or None,
            extra_json_schema={"format": self.format} if self.format else None,
        )

    def told(self) -> Meta:
        """For a field whose reader asks `fits` itself, so as to name everything that is wrong at once."""
        return Meta(extra_json_schema={"pattern": self.pattern, "examples": list(self.examples)})

    def fits(self, text: str) -> bool:
        return re.search(self.pattern, text) is not None

    def of_argument(self) -> dict[str, Any]:
        """For a route's argument: `Annotated[str, PathParameter(**ID.of_argument(), description="…")]`."""
        return {
            "pattern": self.pattern,
            "min_length": self.shortest,
            "max_length": self.longest,
            "format": self.format,
            "schema_extra": {"enum": list(self.values)} if self.values else None,
        }


def choice(*values: str) -> Limits:
    """One of a few texts. Not a `Literal`, in whose place the framework would take `?state=null` for a None."""
    return Limits(
        pattern=rf"^({'|'.join(map(re.escape, values))}){_END}",
        says=f"Expected one of: {', '.join(values)}",
        values=values,
    )


ID = Limits(pattern=rf"^[^\x00-\x1f\x7f]{{1,100}}{_END}", says="Expected an id: 1 to 100 signs, no control characters")
"""An id to look for: of the CRM's, of ours, of a provider."""

NEW_ID = Limits(
    pattern=rf"^[^/?#%{_BLANKS}]{{1,64}}{_END}",
    says="Expected an id: 1 to 64 signs without spaces and without / ? # %",
)
"""An id of what is put into the directory: it can stand in an address and in a cell of a file."""

NEW_EMPLOYEE_ID = Limits(
    pattern=rf"^(?!me$)[^/?#%{_BLANKS}]{{1,64}}{_END}",
    says=f"{NEW_ID.says}; 'me' can't be one",
)

KEY = Limits(pattern=rf"^[!-~]*{_END}", says="Expected visible ASCII signs, such as a UUID", longest=255)
"""Of an Idempotency-Key. An empty one is told apart: it counts as missing."""

POOL_ID = Limits(
    pattern=rf"^[A-Za-z0-9._-]{{1,64}}{_END}",
    says="Expected 1 to 64 letters, digits, '.', '_' or '-'",
    examples=("siberia",),
)
"""A pool's id, or a generation's."""

REGION = Limits(
    pattern=rf"^[A-Z]{{2}}(-[A-Z0-9]{{1,3}})?{_END}",
    says="Expected an ISO 3166-2 code, such as RU-NVS, or RU",
    examples=("RU-NVS",),
)

E164 = Limits(
    pattern=rf"^\+?[1-9][0-9]{{6,14}}{_END}",
    says="Expected the digits of a number with its country code: 79XXXXXXXXX",
)
"""A number in an address, with `+` or without."""

POOL_NUMBER = Limits(
    pattern=rf"^(\+?7|8)[ -]?\(?9([0-35-9][0-9]|4[1-9])\)?[ -]?[0-9]{{3}}[ -]?[0-9]{{2}}[ -]?[0-9]{{2}}{_END}",
    says="Expected a Russian mobile number, +7 9XX XXX-XX-XX; pools hold only such",
    examples=("+79031234567", "8 (903) 123-45-67"),
)
"""A mobile number of Russia's as people write it. Code 940 is Abkhazia's."""

NUMBER = Limits(
    pattern="[0-9]",
    says="Expected a phone number with its country code: +7 9XX XXX-XX-XX",
    longest=80,
    examples=("+79139123456", "8 (913) 912-34-56"),
)
"""A number as people type it. Which digits make one is known to the world's numbering plans, not to a pattern."""

INSTANT = Limits(
    pattern=rf"^{_DATE}[Tt]{_TIME}:[0-5][0-9](\.[0-9]{{1,9}})?([Zz]|[+-]{_TIME}){_END}",
    says="Expected an instant with its zone, such as 2026-11-23T09:15:02Z; in an address a + is written %2B",
    format="date-time",
    examples=("2026-11-23T09:15:02Z",),
)
"""RFC 3339, of the years 1000 to 2999."""

DAY = Limits(
    pattern=rf"^({_DATE}([ Tt]{_TIME}(:[0-5][0-9](\.[0-9]{{1,6}})?)?([Zz]|[+-]{_TIME})?)?"
    rf"|[0-9]{{1,2}}\.[0-9]{{1,2}}\.[12][0-9]{{3}}( {_TIME}(:[0-5][0-9])?)?){_END}",
    says="Not a date: write it as 2026-11-23 or 23.11.2026, or send an instant",
    examples=("2026-11-23", "2026-11-23T09:15:02Z"),
)
"""A date as the import reads it, by the clock of `TELEPHONY_TIME_ZONE`; or an instant."""

LINE = Limits(pattern=_READABLE, says="Fill it in", longest=200)
"""A name, a title: something that can be read."""

TEXT = Limits(pattern=rf"^[^\x00]*{_END}", says="Expected a text without NUL", longest=200)
"""A text that may be empty. PostgreSQL keeps no NUL."""

LABEL = Limits(pattern=TEXT.pattern, says=TEXT.says, longest=60)
NOTE = Limits(pattern=TEXT.pattern, says=TEXT.says, longest=2000)
REASON = Limits(pattern=_READABLE, says=LINE.says, longest=500)

ETAG = Limits(
    pattern=rf'^(W/)?"[0-9]{{1,9}}"{_END}',
    says='Send the one ETag that GET of this pool answered, such as "3"',
    shortest=3,
)

POSITION = Limits(pattern=rf"^[0-9]{{1,18}}{_END}", says="Expected the `id:` of an event")
"""Where a reader of the events is in the stream."""
