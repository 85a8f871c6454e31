"""Pushing events to a subscriber's address: one after the other, so that their order is kept.

A push is repeated while the address refuses connections, does not answer, or answers 5xx (it may be restarting), with
a growing pause. A 4xx means 'not wanted' and is not repeated. After an event was given up, the next ones are tried once
each until one arrives: a dead address must not hold the whole queue for seconds per event.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import httpx2
from attrs import field, frozen

from telephony_adapters.beeline_simulator.activity import Activity
from telephony_adapters.beeline_simulator.xsi import CONTENT_TYPE

PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds before each repetition, by the real clock."""

TIME_OUT = 10.0

# A connection idle for longer could have been closed by the other side just as we write; that would look like a push
# without an answer and be repeated for no reason. uvicorn's own keep-alive is 5 s.
IDLE_CONNECTION = 2.0


@frozen
class Push:
    """One addressed event. `arrived` are told when its sending is over, delivered or given up."""

    pusher: Pusher
    url: str
    body: bytes = field(repr=False)
    arrived: tuple[Callable[[], None], ...] = ()


class Pusher:
    """The queue of one subscription and the task that empties it. Lives as long as its subscription."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity
        self._waiting: asyncio.Queue[Push] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._sending: Push | None = None
        self._gave_up = False
        self.delivered = 0
        self.given_up = 0

    def put(self, push: Push) -> None:
        self._activity.begin()
        self._waiting.put_nowait(push)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    def close(self) -> None:
        """Stops at once; what waits is dropped."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._sending is not None:
            self._finish(self._sending)
        while not self._waiting.empty():
            self._finish(self._waiting.get_nowait())

    async def _work(self) -> None:
        limits = httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_CONNECTION)
        # Neither proxies nor redirects: an event goes to the address that was subscribed, or nowhere.
        async with httpx2.AsyncClient(timeout=TIME_OUT, limits=limits, trust_env=False) as client:
            while True:
                self._sending = push = await self._waiting.get()
                if await self._delivered(client, push):
                    self.delivered += 1
                    self._gave_up = False
                else:
                    self.given_up += 1
                    self._gave_up = True
                self._finish(push)

    def _finish(self, push: Push) -> None:
        self._sending = None
        self._activity.end()
        for tell in push.arrived:
            tell()

    async def _delivered(self, client: httpx2.AsyncClient, push: Push) -> bool:
        for pause in (0.0, *(() if self._gave_up else PAUSES)):
            await asyncio.sleep(pause)
            with contextlib.suppress(httpx2.RequestError):
                answer = await client.post(push.url, content=push.body, headers={"Content-Type": CONTENT_TYPE})
                if answer.status_code < 500:
                    return answer.is_success
        return False
