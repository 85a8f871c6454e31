"""Keeps phone numbers out of what libraries log beneath us (P1): HTTP clients log URLs, database drivers parameters.

It works by filters on their loggers, because a filter stays where a level does not: whoever turns on DEBUG to find a
fault, in a process whose logging we don't own, must not get the clients' numbers with it.

A call request carries the client's number in its URL, which `httpx2` logs at INFO and what is below it may at DEBUG.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from telephony_core.phone import masked_in

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


class NumbersMasked(logging.Filter):
    """Masks the phone numbers in a record's message."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = masked_in(message)
        if masked != message:
            record.msg, record.args = masked, ()
        return True


_FILTER = NumbersMasked()


def mask_numbers_in(loggers: Iterable[str]) -> None:
    """From here on these loggers mask numbers, at any level and whatever is configured later; repeating it is harmless.

    Children have to be named: a logger's filter does not see its children's records.
    """
    for name in loggers:
        logging.getLogger(name).addFilter(_FILTER)


def quiet_http_logging() -> None:
    """From here on the HTTP client's loggers mask numbers, at any level and whatever is configured later.

    Repeating it changes nothing; each gateway's client calls it, so that nobody can forget to.
    """
    mask_numbers_in(HTTP_LOGGERS)
