"""What a phone says and hears: RTP at a port of its own, so that a test can tell whose sound reached whom.

SIPp speaks from its own port and keeps nothing of what comes, so the media of a phone that speaks is here.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define, field

PCMA = 8
SAMPLES = 160
"""Of a packet: 20 ms."""


@define
class Voice:
    """Says one sound of A-law, over and over, to whom its phone has been invited by; counts packets heard by sound.

    `to`: the port on the loopback where Asterisk takes this phone's sound, None before the INVITE.
    """

    sound: bytes
    to: Callable[[], int | None]
    media: socket.socket = field(factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM), init=False)
    heard: Counter[bytes] = field(factory=Counter, init=False)
    _over: threading.Event = field(factory=threading.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self.media.bind(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        return int(self.media.getsockname()[1])

    def hears(self, other: Voice) -> int:
        """How many packets of the other's sound have come so far."""
        return self.heard[other.sound]

    def hears_else(self, other: Voice) -> int:
        """How many packets of anything else: a ringing tone, for one."""
        return self.heard.total() - self.hears(other)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run, name="voice")
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()
            self.media.close()

    def _run(self) -> None:
        number, due, to = 0, time.monotonic(), None
        while not self._over.is_set():
            if select.select([self.media], [], [], max(0.0, due - time.monotonic()))[0]:
                self.heard[self.media.recv(2048)[12:]] += 1
            elif to is None:
                to, due = self.to(), time.monotonic() + 0.05
            else:
                head = struct.pack("!BBHII", 0x80, PCMA, number % 2**16, number * SAMPLES % 2**32, self.port)
                self.media.sendto(head + self.sound, ("127.0.0.1", to))
                number, due = number + 1, due + 0.02
