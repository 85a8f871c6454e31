"""What those may see of a number who have no permission to see it (P1)."""

from __future__ import annotations

import re

_DIGIT = re.compile(r"[0-9]")


def without_digits(text: str) -> str:
    """What somebody typed in a field for numbers, each digit hidden."""
    return _DIGIT.sub("*", text)
