"""Keeps clients' numbers out of messages: providers' own words are scrubbed (P1). For logs see `quiet_logs`."""

from __future__ import annotations

import re

_SPACED = re.compile(r"[0-9](?:[ ().-]{0,3}[0-9]){6,}")


def scrub(text: str, longest: int = 200) -> str:
    """A text of the provider's for our messages: numbers masked, also spaced ones, control characters gone, cut."""
    printable = "".join(character if character.isprintable() else " " for character in text[: 4 * longest])
    return _SPACED.sub(_mask, printable)[:longest]


def _mask(found: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9]", "", found[0])
    return f"{digits[:4]}*****{digits[-2:]}"
