"""The core does no I/O, so its tests may open no socket (an event loop's own pair of local ones excepted)."""

from __future__ import annotations

import socket
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket.__init__

    def init(self: socket.socket, family: int = -1, *args: Any, **kwargs: Any) -> None:
        if family != socket.AF_UNIX:
            pytest.fail("a test of the core opened a socket")
        real(self, family, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "__init__", init)
