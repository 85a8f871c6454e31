"""What Beeline answers and reports, written down as it came but for numbers and names: for who compares it later.

A number keeps its first four and last two digits, so that equal ones stay equal and none can be dialled; names and
addresses of people are left out. Times and ids are longer than any number here and stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

_NUMBER = re.compile(r"(?<![0-9])(\+?[78]?[3-9][0-9]{2})[0-9]{5}([0-9]{2})(?![0-9])")
_FOREIGN = re.compile(r'((?:\+|"(?:phone\w*|inboundNumber)"\s*:\s*")[1-9][0-9]{2})[0-9]{2,10}([0-9]{2})(?![0-9])')
_PEOPLE = re.compile(r'("(?:lastName|firstName|email|department)"\s*:\s*")[^"]*(")')
_NAME = re.compile(r"(<xsi:name>)[^<]*(</xsi:name>)")
_SECRET = re.compile(r"(/provider-reports/[a-z]+/|/check/)[^<\"\s]+")

Tape = Callable[[str, int, bytes], None]
"""Takes what was asked (`GET abonents`), the answer's status (0 for a report) and the body."""


def scrubbed(text: str) -> str:
    """The text without what would tell of a person or let them be called."""
    for pattern, instead in (
        (_NUMBER, r"\1*****\2"),
        (_FOREIGN, r"\1*****\2"),
        (_PEOPLE, r"\1…\2"),
        (_NAME, r"\1…\2"),
        (_SECRET, r"\1…"),
    ):
        text = pattern.sub(instead, text)
    return text


class PayloadFolder:
    """A `Tape` into a folder: one file for each answer and report, numbered as they came."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._written = 0

    def __call__(self, asked: str, status: int, body: bytes) -> None:
        self._written += 1
        name = re.sub(r"[^A-Za-z0-9]+", "-", scrubbed(asked)).strip("-")[:60]
        text = f"{scrubbed(asked)}\n{status or 'report'}\n\n{scrubbed(body.decode('utf-8', 'replace'))}\n"
        (self._folder / f"{self._written:03}-{name}.txt").write_text(text, encoding="utf-8")
