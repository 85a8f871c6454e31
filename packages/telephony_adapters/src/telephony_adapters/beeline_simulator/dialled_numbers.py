"""What the call request takes for `phoneNumber`, and how a subscriber's own number is recognised.

Public clients send `8XXXXXXXXXX`, `7XXXXXXXXXX` or the ten digits alone (one each), so the default takes all of them
and `+7XXXXXXXXXX` besides. An unescaped `+` of a query arrives as a space, which is what the strip is for.
"""

from __future__ import annotations

import re

_TEN_DIGITS = re.compile(r"[3-9][0-9]{9}")
_FORMS = re.compile(r"(?:\+?7|8)?([3-9][0-9]{9})")
_ONLY_EIGHT = re.compile(r"8([3-9][0-9]{9})")


def e164_of(text: str, *, only_eight: bool = False) -> str | None:
    """The number in E.164, or None if it would be refused. `only_eight` is assumption BA4 switched off."""
    match = (_ONLY_EIGHT if only_eight else _FORMS).fullmatch(text.strip())
    return f"+7{match[1]}" if match else None


def ten_digits(text: str) -> str | None:
    """A Russian number in any of the forms as ten digits, for comparing; None if it is none (an extension, a name)."""
    text = text.strip()
    if _TEN_DIGITS.fullmatch(text):
        return text
    number = e164_of(text)
    return number[2:] if number else None
