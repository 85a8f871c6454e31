"""The service's end: told by a signal, within a bounded time.

At the signal, before the server does anything about it: streams end, the background's chores end, and what is asked
from then on is refused, to be asked again elsewhere or later. What is in hand goes on; a call that is being placed is
waited for as long as its provider may take to answer, and the answer is stored (K3).

A server ends an app's lifespan only when its connections have ended, and a stream doesn't end by itself. So the signal
is heard here first, whichever server it is: uvicorn and granian were tried.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from litestar.connection import ASGIConnection
from litestar.types import ASGIApp, Receive, Scope, Send

from telephony_http.error_replies import ServiceStopping

log = logging.getLogger(__name__)

STORES_WITHIN = 5.0
"""Seconds to store what a provider answered at the last moment, and for whatever else is in hand."""
CLOSES_WITHIN = 3.0
"""Seconds to close what is open when nothing is in hand any more, and for the process to end."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def longest_stop(provider_timeout: float) -> float:
    """Seconds from the signal until nothing is in hand any more, at the most."""
    return provider_timeout + STORES_WITHIN


def ends_within(provider_timeout: float) -> float:
    """Seconds from the signal to the end of the process, at the most: kill it no sooner."""
    return longest_stop(provider_timeout) + CLOSES_WITHIN


class Stopping:
    """Whether the service has been told to end. Lives as long as its app; `longest` counts from then."""

    def __init__(self, longest: float) -> None:
        self.begun = asyncio.Event()
        self._longest = longest
        self._until = 0.0
        self._to_tell: list[Callable[[], None]] = []

    def tell(self, told: Callable[[], None]) -> None:
        """Call this when it begins."""
        self._to_tell.append(told)

    def begin(self) -> None:
        """Once; again it does nothing."""
        if self.begun.is_set():
            return
        self._until = time.monotonic() + self._longest
        self.begun.set()
        log.info("the service is stopping")
        for told in self._to_tell:
            told()

    @property
    def seconds_left(self) -> float:
        """For what is in hand, since it began."""
        return max(0.0, self._until - time.monotonic())


@contextlib.contextmanager
def told_by_signals(begin: Callable[[], None]) -> Iterator[None]:
    """In this block `begin` is called in the running loop as soon as the process is told to end; then whoever listened
    to that signal so far. A signal that nobody listened to still ends the process at once."""
    loop = asyncio.get_running_loop()
    ours: dict[signal.Signals, tuple[Any, Any]] = {}
    # Handlers can be set in the main thread only; elsewhere the end of the lifespan is all that tells.
    in_main_thread = threading.current_thread() is threading.main_thread()
    for number in SIGNALS if in_main_thread else ():
        before = signal.getsignal(number)
        if callable(before):
            handler = _first(loop, begin, before)
            signal.signal(number, handler)
            ours[number] = handler, before
    try:
        yield
    finally:
        for number, (handler, before) in ours.items():
            if signal.getsignal(number) is handler:
                signal.signal(number, before)


def _first(
    loop: asyncio.AbstractEventLoop, begin: Callable[[], None], then: Callable[[int, FrameType | None], Any]
) -> Callable[[int, FrameType | None], Any]:
    def handler(number: int, frame: FrameType | None) -> Any:
        loop.call_soon_threadsafe(begin)
        return then(number, frame)

    return handler


class RefusesWhenStopping:
    """Middleware: nothing new is begun by a service that is about to end. Comes before the question who asks."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stopping: Stopping = ASGIConnection[Any, Any, Any, Any](scope).app.state.stopping
        if stopping.begun.is_set():
            raise ServiceStopping
        await self.app(scope, receive, send)
