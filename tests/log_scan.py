"""The scan of logs for full phone numbers (P1): one way to look, for whatever process or test wrote the log."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

# A number on end: anybody's with its plus, a Russian one with 7 or 8, a mobile's ten digits; and as people write it.
_ON_END = re.compile(r"(?<![0-9])(?:\+[1-9][0-9]{9,14}|[78][0-9]{10}|9[0-9]{9})(?![0-9])")
_WRITTEN = re.compile(r"(?<![0-9])[78][ (-]{1,2}[0-9]{3}[ )-]{1,2}[0-9]{3}[ -][0-9]{2}[ -][0-9]{2}(?![0-9])")


def lines_with_full_numbers(log: Iterable[str], but: str | None = None) -> list[str]:
    """The lines in which somebody's number can be read; `but` is what the carousel's numbers begin with."""

    def shows_one(line: str) -> bool:
        found = [*_ON_END.findall(line), *_WRITTEN.findall(line)]
        return any(but is None or not number.startswith(but) for number in found)

    return [line for line in log if shows_one(line)]


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """What all loggers of this process write at DEBUG, unmasked, as one who embeds us may have it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    before = logging.root.level
    others = [(other, other.level) for other in logging.root.handlers]
    for other, level in others:  # they go on as they were: each would write every line of DEBUG once more
        other.setLevel(max(level, before))
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        logging.root.setLevel(before)
        logging.root.removeHandler(handler)
        for other, level in others:
            other.setLevel(level)
