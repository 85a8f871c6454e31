"""Numbers as people type them into a CRM: one way of writing after the other, all of which mean the same to us."""

from __future__ import annotations

from collections.abc import Callable

_WAYS: tuple[Callable[[str, str, str, str], str], ...] = (
    lambda code, a, b, c: f"8 ({code}) {a}-{b}-{c}",
    lambda code, a, b, c: f"+7 {code} {a}{b}{c}",
    lambda code, a, b, c: f"+7 ({code}) {a}-{b}-{c}",
    lambda code, a, b, c: f"8-{code}-{a}-{b}-{c}",
    lambda code, a, b, c: f"{code}{a}{b}{c}",
    lambda code, a, b, c: f"7 {code} {a} {b} {c}",
    lambda code, a, b, c: f"тел. 8 {code} {a} {b} {c}",
    lambda code, a, b, c: f"+7{code}{a}{b}{c}",
    lambda code, a, b, c: f"8{code}{a}{b}{c} ",
    lambda code, a, b, c: f"моб.: +7-{code}-{a}-{b}-{c}",
)


def as_typed(national: str, way: int, extension: str | None = None) -> str:
    """Ten digits without the country's code, in the way of that number (they go round)."""
    code, a, b, c = national[:3], national[3:6], national[6:8], national[8:]
    text = _WAYS[way % len(_WAYS)](code, a, b, c)
    return f"{text.rstrip()} доб. {extension}" if extension else text
