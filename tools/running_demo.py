"""A demo for a tool: started with a company of its own on a free port, ended with the block."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from telephony_core.party import Permission

_TELEPHONY = [sys.executable, "-m", "telephony_http.cli"]
_ENDS_WITHIN = 30.0
_READY = re.compile(r"URL=(?P<url>\S+) LEDGER=\S+ TOKEN=(?P<token>\S+)")
_STATE = re.compile(r"  state +(?P<folder>\S+) ")


@frozen
class Demo:
    """A demo that answers. `employee`: the token of E-1; `folder`: where its database is."""

    url: str
    employee: str
    folder: Path

    def service_token(self) -> str:
        """A new token that may do everything."""
        permissions = [word for each in Permission for word in ("--permission", each)]
        issued = subprocess.run(
            [*_TELEPHONY, "tokens", "issue", "--service", "tool", *permissions],
            env={**os.environ, "TELEPHONY_DATABASE_URL": f"sqlite:///{self.folder / 'telephony.db'}"},
            check=True,
            capture_output=True,
            text=True,
        )
        return issued.stdout.strip()


@contextmanager
def running_demo(speed: float) -> Iterator[Demo]:
    """`speed`: how many times as fast as in life the simulated calls go."""
    with tempfile.TemporaryDirectory(prefix="telephony-demo-") as folder:
        process = subprocess.Popen(
            [*_TELEPHONY, "demo", "run", "--port", "0", "--speed", f"{speed:g}"],
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield _told(process, Path(folder))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_ENDS_WITHIN)


def _told(process: subprocess.Popen[str], folder: Path) -> Demo:
    assert process.stdout is not None
    state: Path | None = None
    for line in process.stdout:
        if found := _STATE.match(line):
            state = folder / found["folder"]
        if (ready := _READY.search(line)) and state is not None:
            return Demo(ready["url"], ready["token"], state)
    raise SystemExit("the demo ended before it was ready")
