"""Phone numbers on the wire: how Beeline wants to be told whom to call, and how it names numbers to us.

No list of its forms was to be had: public clients send `8…`, `7…` or ten digits (one each, BA4), and its answers hold
`tel:+7…` in events and bare digits in statistics. Reading is therefore tolerant, writing is a setting.
"""

from __future__ import annotations

import re
from enum import StrEnum

from telephony_core.phone import PhoneNumber

_PUNCTUATION = str.maketrans("", "", " ()-")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_RUSSIAN = re.compile(r"(?:7|8)?([3-9][0-9]{9})")
_INTERNATIONAL = re.compile(r"(?:810)?([1-9][0-9]{10,14})")


class NumberFormat(StrEnum):
    """How the call request names a Russian number (BA4). A foreign one is its digits, after 810 where 8 is wanted."""

    SEVEN = "7XXXXXXXXXX"
    EIGHT = "8XXXXXXXXXX"
    PLUS_SEVEN = "+7XXXXXXXXXX"
    TEN = "XXXXXXXXXX"


def write_number(number: PhoneNumber, form: NumberFormat) -> str:
    """The number as the call request names it."""
    russian = number.e164.startswith("+7") and len(number.e164) == 12
    match form:
        case NumberFormat.SEVEN:
            return number.digits
        case NumberFormat.PLUS_SEVEN:
            return number.e164
        case NumberFormat.EIGHT:
            return f"8{number.digits[1:]}" if russian else f"810{number.digits}"
        case NumberFormat.TEN:
            return number.digits[1:] if russian else number.digits


def read_number(text: str) -> PhoneNumber | None:
    """The number that a text of Beeline's names (`tel:+79…`, `89…`, `9031234567`); None for an extension or a name."""
    bare = text.strip().removeprefix("tel:").partition(";")[0].translate(_PUNCTUATION)
    if _E164.fullmatch(bare):
        return PhoneNumber(bare)
    if russian := _RUSSIAN.fullmatch(bare):
        return PhoneNumber(f"+7{russian[1]}")
    if foreign := _INTERNATIONAL.fullmatch(bare):
        return PhoneNumber(f"+{foreign[1]}")
    return None
