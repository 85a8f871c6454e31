"""How commands speak: plain lines on standard output, JSON where it is asked for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime


def chosen(language: str) -> Callable[[str, str], str]:
    """Picks the sentence of the language that is set, of an English and a Russian one."""
    return lambda english, russian: russian if language == "ru" else english


def say(text: str) -> None:
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read has left (`| head -1`, `| grep -q`): the work is done to its end, and said to nobody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_json(body: object) -> None:
    say(json.dumps(body, ensure_ascii=False, indent=2))


def in_utc(instant: datetime | None) -> str | None:
    """An instant as the API writes it."""
    return instant.isoformat().replace("+00:00", "Z") if instant is not None else None


def complain(text: str) -> None:
    sys.stderr.write(f"telephony: {text}\n")


def say_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as they have to be; nothing is cut off, so that it can be searched and piped."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
