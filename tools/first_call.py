"""Does what a newcomer does: `make run`, the printed curl, wait until the Call is completed, end it.

Then looks whether anything is left: no process that make started, nobody listening at the port. Ends only what it
started itself. Linux (it reads `/proc`). Exit status 0 if all held.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[1]
STARTS_WITHIN = 120.0  # seconds; make may have to install first
COMPLETES_WITHIN = 15.0
ENDS_WITHIN = 10.0
LOOKS_EVERY = 0.1

Process = tuple[int, str]  # pid and start time: a pid alone is given out again


def fail(reason: str) -> NoReturn:
    raise SystemExit(f"first call: {reason}")


def eventually(holds: Callable[[], bool], within: float) -> bool:
    end = time.monotonic() + within
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(LOOKS_EVERY)
    return True


def processes() -> dict[Process, tuple[int, int]]:
    """All living processes with their parent and their session."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # ended while we looked
            state, parent, _group, session, *rest = stat.read_text().rpartition(")")[2].split()
            if state != "Z":
                found[int(stat.parent.name), rest[15]] = (int(parent), int(session))
    return found


def started_by(pid: int) -> set[Process]:
    """The process, all below it, and all of the session that it leads."""
    everyone = processes()
    family = {pid}
    size = 0
    while size != len(family):
        size = len(family)
        family |= {one for (one, _), (parent, session) in everyone.items() if parent in family or session == pid}
    return {process for process in everyone if process[0] in family}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


def the_printed_curl(make: subprocess.Popen[str]) -> str:
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:  # to the end, so that the service never waits for a reader
        assert make.stdout is not None
        for line in make.stdout:
            print(f"  | {line}", end="", flush=True)
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    end = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            line = lines.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            fail(f"no line that begins with `curl ` within {STARTS_WITHIN:.0f} s")
        if line is None:
            fail("make run ended before it printed its curl")
        if line.startswith("curl "):
            return line.strip()


def place(curl: str) -> dict[str, Any]:
    """Runs the line as a shell would, asking curl for the status besides."""
    command = "curl --silent --show-error --max-time 30 --write-out '\\n%{http_code}' " + curl.removeprefix("curl ")
    done = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True)
    body, _, status = done.stdout.rpartition("\n")
    if status != "201":
        fail(f"the printed curl answered {status}: {body}")
    call: dict[str, Any] = json.loads(body[body.index("{") :])
    return call


def look(curl: str, call_id: str) -> dict[str, Any]:
    words = shlex.split(curl)
    url = next(word for word in words if word.startswith("http"))
    authorization = next(word for word in words if word.lower().startswith("authorization:")).partition(":")[2].strip()
    request = urllib.request.Request(  # noqa: S310 - the address that make run printed
        f"{url.partition('/api/')[0]}/api/v1/calls/{call_id}", headers={"Authorization": authorization}
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        call: dict[str, Any] = json.load(answer)
    return call


def main() -> None:
    port = free_port()
    own = dict(os.environ, PORT=str(port), no_proxy="*", NO_PROXY="*")
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "*"  # curl's
    make = subprocess.Popen(
        ["make", "run"],
        cwd=ROOT,
        env=own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    started: set[Process] = set()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that who is stopped cleans up, too
    try:
        curl = the_printed_curl(make)
        call = place(curl)
        began = time.monotonic()
        seen: list[str] = [call["state"]]

        def is_completed() -> bool:
            state = look(curl, call["id"])["state"]
            if state != seen[-1]:
                seen.append(state)
            return bool(state == "completed")

        if not eventually(is_completed, COMPLETES_WITHIN):
            fail(f"the Call is not completed after {COMPLETES_WITHIN:.0f} s: {' -> '.join(seen)}")
        print(f"first call: {' -> '.join(seen)} in {time.monotonic() - began:.1f} s")

        started = started_by(make.pid)
        make.send_signal(signal.SIGTERM)
        if not eventually(lambda: make.poll() is not None, ENDS_WITHIN):
            fail(f"make run still lives {ENDS_WITHIN:.0f} s after SIGTERM")
        if not eventually(lambda: not (started & processes().keys()), ENDS_WITHIN):
            fail(f"left behind: {sorted(pid for pid, _ in started & processes().keys())}")
        if listens(port):
            fail(f"somebody still listens at port {port}")
        print(f"first call: {len(started)} processes ended, port {port} is closed")
    finally:
        for pid, _ in (started | started_by(make.pid)) & processes().keys():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        make.wait()


if __name__ == "__main__":
    main()
