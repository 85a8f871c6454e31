"""Keeps clients' numbers out of logs and messages (P1).

The call request carries the client's number in its URL, and HTTP clients log URLs: `httpx2` at INFO, and what is below
it may at DEBUG. `quiet_http_logging` masks numbers in all that they log. Providers' own words are scrubbed.
"""

from __future__ import annotations

import re

from telephony_adapters.quiet_logs import mask_numbers_in

# All loggers of httpx2 and httpcore2, the children by name: a logger's filter does not see its children's records.
# Under `httpx2.alias_httpx()` and in older releases the same code logs under the names without a 2.
HTTP_LOGGERS = tuple(
    f"{family}{child}"
    for family, children in (
        ("httpx", ("",)),
        ("httpx2", ("",)),
        ("httpcore", ("", ".connection", ".http11", ".http2", ".proxy", ".socks")),
        ("httpcore2", ("", ".connection", ".http11", ".http2", ".proxy", ".socks")),
    )
    for child in children
)

_SPACED = re.compile(r"[0-9](?:[ ().-]{0,3}[0-9]){6,}")


def quiet_http_logging() -> None:
    """From here on the HTTP client's loggers mask numbers, at any level and whatever is configured later.

    Repeating it changes nothing; each gateway's client calls it, so that nobody can forget to.
    """
    mask_numbers_in(HTTP_LOGGERS)


def scrub(text: str, longest: int = 200) -> str:
    """A text of the provider's for our messages: numbers masked, also spaced ones, control characters gone, cut."""
    printable = "".join(character if character.isprintable() else " " for character in text[: 4 * longest])
    return _SPACED.sub(_mask, printable)[:longest]


def _mask(found: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9]", "", found[0])
    return f"{digits[:4]}*****{digits[-2:]}"
