"""Masks phone numbers in texts of ours that anybody may come to read: log lines and messages of errors (P1).

The second belt: nothing of ours writes a full number into a log to begin with. It errs on the side of masking, so that
a thirteen-digit time in milliseconds is masked, too.
"""

from __future__ import annotations

import re

# 10 to 15 digits on end, in whatever they stand; and a Russian number as people write it. A longer run is no number.
_ON_END = re.compile(r"(?<![0-9])\+?[0-9]{10,15}(?![0-9])")
_WRITTEN = re.compile(
    r"(?<![0-9])\+?[78][\s(-]{0,2}[0-9]{3}[\s)-]{0,2}[0-9]{3}[\s-]{0,2}[0-9]{2}[\s-]{0,2}[0-9]{2}(?![0-9])"
)
_DIGIT = re.compile(r"[0-9]")


def masked(text: str) -> str:
    """The text with every phone number in it shown as `+7903*****67`."""
    return _WRITTEN.sub(_mask, _ON_END.sub(_mask, text))


def _mask(found: re.Match[str]) -> str:
    digits = "".join(sign for sign in found[0] if sign.isdigit())
    plus = "+" if found[0].startswith("+") else ""
    return f"{plus}{digits[:4]}{'*' * (len(digits) - 6)}{digits[-2:]}"


def without_digits(text: str) -> str:
    """What somebody typed in a field for numbers, each digit hidden: for those who may not see numbers."""
    return _DIGIT.sub("*", text)
