"""What a process has of its own: its clock, and ids that sort by the time of their making.

Ids are ULIDs (github.com/ulid/spec): 48 bits of milliseconds and 80 random ones, as 26 signs of Crockford's base 32,
which have no look-alikes and can be read out on the telephone.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from threading import Lock

from telephony_core.ports import Clock

_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80


class SystemClock:
    """`ports.Clock`: the machine's, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Ulids:
    """`ports.IdSource`; made once, lives as long as the process. Each id sorts after all that this source made before,
    in one millisecond and under a clock that is set back, too."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._last = 0
        self._lock = Lock()

    def new_id(self) -> str:
        now = int(self._clock.now().timestamp() * 1000) << _RANDOM_BITS
        with self._lock:
            fresh = now | secrets.randbits(_RANDOM_BITS)
            same_time = now >> _RANDOM_BITS <= self._last >> _RANDOM_BITS
            self._last = self._last + 1 if same_time else fresh
            return _written(self._last)


def _written(number: int) -> str:
    return "".join(_SIGNS[number >> shift & 31] for shift in range(125, -1, -5))
