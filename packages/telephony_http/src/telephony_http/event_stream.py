"""The answer of `GET /events`: an ASGI app that speaks until its reader leaves, is too slow, or the service ends.

The framework's own answer of this kind hands every stream to a thread once, repeats its head with each message, and
can't end one whose reader has stopped reading: its generator waits until the socket takes what was written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from litestar.types import Receive, Scope, Send

from telephony_core.errors import TelephonyError
from telephony_core.ports import EventSubscription
from telephony_http.bodies.events import beat_lines, end_lines, event_lines, opening_lines

BEATS_EVERY = 15.0
"""Seconds: proxies give up silent connections after 30 to 60."""
RETRY_AFTER = 1.0
"""Seconds after which a browser's EventSource comes again when it was cut off."""
GOODBYE_WITHIN = 0.5
"""Seconds for the last words; a reader that doesn't read gets none."""

MEDIA_TYPE = "text/event-stream"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    # No proxy shall keep or compress it, and nginx not gather it.
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class EventStream:
    """One reader's stream; lives as long as its request. `allowed`: asked at each beat whether it may go on reading.

    `ended` is told why it ended, with `left` where the reader closed the connection.
    """

    def __init__(
        self,
        reader: EventSubscription,
        allowed: Callable[[], Awaitable[bool]],
        ended: Callable[[str], None],
    ) -> None:
        self._reader = reader
        self._allowed = allowed
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writing = asyncio.create_task(self._write(send))
        leaving, ending = asyncio.create_task(_left(receive)), asyncio.create_task(self._reader.over())
        reason = "left"
        try:
            await asyncio.wait({writing, leaving, ending}, return_when=asyncio.FIRST_COMPLETED)
            if ending.done() and not leaving.done():
                reason = str(ending.result())
                # Either it waits for news and can say goodbye, or for a reader that doesn't read.
                await asyncio.wait({writing, leaving}, timeout=GOODBYE_WITHIN, return_when=asyncio.FIRST_COMPLETED)
            if writing.done() and not leaving.done():
                reason = writing.result()
        finally:
            for task in (writing, leaving, ending):
                task.cancel()
            await asyncio.gather(writing, leaving, ending, return_exceptions=True)
            self._reader.close()
            self._ended(reason)

    async def _write(self, send: Send) -> str:
        """Writes until the end, and says why that came."""
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await _say(send, opening_lines(self._reader.position, RETRY_AFTER))
        reason = await self._tell(send)
        await _say(send, end_lines(reason), more=False)
        return reason

    async def _tell(self, send: Send) -> str:
        clock = asyncio.get_running_loop().time
        beat_at = clock() + BEATS_EVERY
        while True:
            try:
                events = await self._reader.next(max(0.0, beat_at - clock()))
            except TelephonyError as refusal:
                return refusal.code
            if self._reader.ended is not None:
                return str(self._reader.ended)
            if events:
                await _say(send, b"".join(map(event_lines, events)))
            if clock() >= beat_at:
                if not await self._allowed():
                    return "not_authenticated"
                await _say(send, beat_lines(self._reader.position))
                beat_at = clock() + BEATS_EVERY


async def _left(receive: Receive) -> None:
    """Returns when the reader has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _say(send: Send, lines: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": lines, "more_body": more})
