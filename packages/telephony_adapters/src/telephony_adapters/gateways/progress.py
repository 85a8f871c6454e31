"""How far an HTTP request got, as the transport itself traces it: the one witness of whether a byte of it was sent.

That decides between `NotSent` and `OutcomeUnknown` (law 9), for every gateway that dials by HTTP.
"""

from __future__ import annotations

from typing import Any

import httpx2
from attrs import field, frozen

_CONNECT_ERRORS = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


@frozen
class Progress:
    """Of one request: its `note` goes into the request's extension `trace`."""

    steps: list[str] = field(factory=list)

    async def note(self, step: str, _info: dict[str, Any]) -> None:
        self.steps.append(step)

    @property
    def connecting(self) -> bool:
        return any(step.startswith("connection.") for step in self.steps)

    @property
    def sending(self) -> bool:
        return any(".send_" in step for step in self.steps)

    def never_sent(self, error: Exception) -> bool:
        """Whether a request that ended with this error surely left no byte: name, connection or TLS failed. A
        `TimeoutError` is our own deadline, whatever stage it fell into."""
        return (isinstance(error, _CONNECT_ERRORS) or self.connecting) and not self.sending


def in_words(error: Exception) -> str:
    """An error for a message of ours: its kind, for its text may hold an address with a number in it."""
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
