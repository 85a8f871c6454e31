"""Chance under a seed: a generator for each purpose and key, so that one choice never shifts another.

A fault drawn for a call changes neither how long the talk of the next one lasts nor which number it shows; and calls
to different numbers may overlap in any order, for the n-th draw for a number is the same in every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random


class Chance:
    """Lives as long as the simulator. `of(purpose, key)` gives the generator of the n-th time that it is asked so."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._asked: Counter[tuple[str, str]] = Counter()

    def of(self, purpose: str, key: str = "") -> Random:
        nth = self._asked[purpose, key]
        self._asked[purpose, key] += 1
        return Random(f"{self._seed}/{purpose}/{key}/{nth}")


def drawn(shares: Mapping[str, float], generator: Random) -> str | None:
    """One of the kinds, each with its share (0 to 1, together at most 1), or None with what is left."""
    point = generator.random()
    for kind, share in shares.items():
        if point < share:
            return kind
        point -= share
    return None
