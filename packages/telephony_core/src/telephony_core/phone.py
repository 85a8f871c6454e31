"""Telephone numbers in the one form that the core knows: E.164 (ITU-T E.164, `+` and 7 to 15 digits).

What people type is turned into this form by a `PhoneNumberParser` (see `ports`); the core never guesses.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from attrs import field, frozen

_E164 = re.compile(r"\+[1-9][0-9]{6,14}\Z")
# 10 to 15 digits on end, in whatever they stand; and a Russian number as people write it. A longer run is no number.
_ON_END = re.compile(r"(?<![0-9])\+?[0-9]{10,15}(?![0-9])")
_BETWEEN = r"[\s().\u2010-\u2015-]{0,3}"
_WRITTEN = re.compile(
    rf"(?<![0-9])(?:\+?[78]{_BETWEEN}[0-9]|[3489])[0-9]{{2}}"
    rf"{_BETWEEN}[0-9]{{3}}{_BETWEEN}[0-9]{{2}}{_BETWEEN}[0-9]{{2}}(?![0-9])"
)


def _must_be_e164(_instance: object, _attribute: Any, value: str) -> None:
    # The value itself stays out of the message: it may end in a log (P1).
    if not _E164.match(value):
        raise ValueError("a phone number is '+' and 7 to 15 digits, the first not 0 (E.164)")


@frozen(order=True, repr=False)
class PhoneNumber:
    """A subscriber's number in E.164, for example `+79031234567`. An extension is never a part of it.

    `str()` and `repr()` give the masked form, so that a number which slips into a log or an error is no leak (P1);
    who means the digits asks for `e164` or `digits`.
    """

    e164: str = field(validator=_must_be_e164)

    @property
    def digits(self) -> str:
        """The number without `+`, as it stands in our URLs and in the register."""
        return self.e164[1:]

    @property
    def masked(self) -> str:
        """`+7903*****67`: the first four digits and the last two, for people and logs that may not see it all."""
        return f"{self.e164[:5]}{'*' * (len(self.e164) - 7)}{self.e164[-2:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"


def masked_in(text: str) -> str:
    """The text with every phone number in it shown as `+7903*****67`: for log lines and messages (P1).

    A second belt: nothing of ours writes a full number into a log to begin with. It errs on the side of masking, so
    that a thirteen-digit time in milliseconds is masked, too.
    """
    return _ON_END.sub(_mask, _WRITTEN.sub(_mask, text))


def _mask(found: re.Match[str]) -> str:
    digits = "".join(sign for sign in found[0] if sign.isdigit())
    plus = "+" if found[0].startswith("+") else ""
    return f"{plus}{digits[:4]}{'*' * (len(digits) - 6)}{digits[-2:]}"


ERASED_NUMBER = PhoneNumber("+70000000000")
"""Stands in the place of a number that was erased (P3). Russia has no code 000: nobody ever has this number."""


class DestinationClass(StrEnum):
    """What kind of line a number leads to; N4 switches calls on by class."""

    RUSSIAN_MOBILE = "russian_mobile"
    RUSSIAN_GEOGRAPHIC = "russian_geographic"
    RUSSIAN_TOLL_FREE = "russian_toll_free"
    PREMIUM = "premium"
    FOREIGN = "foreign"
    SHORT = "short"
    OTHER = "other"


@frozen
class ParsedNumber:
    """What a parser made of a text that a person typed.

    `number` is None where the text can't be understood, which is reason enough (`not_understood`) to list and not to
    call it. `extension` holds digits only. A short number (`112`) is understood and has a class, but no E.164 form.
    """

    as_entered: str
    number: PhoneNumber | None
    extension: str | None = None
    destination: DestinationClass = DestinationClass.OTHER
    display: str = ""

    @property
    def understood(self) -> bool:
        return self.number is not None
