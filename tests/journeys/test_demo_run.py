"""The life of `make run`: starts, says one curl that works as it stands, ends all that it started, starts again."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import httpx2
import pytest
from attrs import define
from tests.journeys.stage import environment, eventually, telephony
from tests.log_scan import lines_with_full_numbers

STARTS_WITHIN = 60.0
ENDS_WITHIN = 15.0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@define
class Demo:
    """A demo that was started and said its curl."""

    process: subprocess.Popen[str]
    port: int
    said: str
    curl: str
    children: list[int]

    def press(self) -> tuple[int, dict[str, Any]]:
        """What the printed line answers in a shell: status and Call."""
        done = subprocess.run(
            ["/bin/sh", "-c", f"{self.curl} -w '\\n%{{http_code}}'"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body)

    def get(self, path: str) -> Any:
        token = re.search(r"Authorization: (Bearer \S+?)'", self.curl)
        assert token is not None
        answer = httpx2.get(f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": token[1]}, trust_env=False)
        answer.raise_for_status()
        return answer.json()

    def over(self) -> bool:
        return self.process.poll() is not None and not any(alive(child) for child in self.children)


@contextmanager
def demo(folder: Path, port: int) -> Iterator[Demo]:
    process = subprocess.Popen(
        telephony("demo", "run"),
        cwd=folder,
        env=environment(PORT=str(port), TELEPHONY_LOG_LEVEL="debug"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    children: list[int] = []
    try:
        said = lines_until_curl(process)
        children = children_of(process.pid)
        curls = [line for line in said.splitlines() if line.startswith("curl ")]
        assert len(curls) == 1
        yield Demo(process, port, said, curls[0], children)
    finally:
        for pid in (process.pid, *children):
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def lines_until_curl(process: subprocess.Popen[str]) -> str:
    lines: Queue[str] = Queue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    said = ""
    while not (line := _next(lines, said)).startswith("curl "):
        assert line, f"the demo ended before it said its curl:\n{said}"
        said += line
    return said + line


def _next(lines: Queue[str], said: str) -> str:
    try:
        return lines.get(timeout=STARTS_WITHIN)
    except Empty:
        raise AssertionError(f"no curl within {STARTS_WITHIN:.0f} s:\n{said}") from None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def test_the_printed_line_places_a_call_that_is_completed_and_all_ends_with_the_demo(folder: Path) -> None:
    with demo(folder, free_port()) as running:
        assert "DEMO" in running.said
        assert f"http://127.0.0.1:{running.port}/schema" in running.said
        # When the line is pasted
        status, call = running.press()
        assert (status, call["state"], call["target"]["kind"]) == (201, "in_progress", "client")
        assert call["attempts"][0]["device"]["kind"] == "ip_phone"
        # Then the Call is completed within 15 seconds, and the client saw what the Call says
        path = f"/api/v1/calls/{call['id']}"
        done = eventually(lambda: running.get(path), lambda seen: seen["state"] == "completed", 15, "completion")
        ledger_url = re.search(r"http://\S+/simulator/ledger", running.said)
        assert ledger_url is not None
        ledger = httpx2.get(ledger_url[0], trust_env=False).json()
        assert [line["answered_at"] is not None for line in ledger] == [True]
        decision = done["attempts"][0]["decision"]
        assert ledger[0]["shown_number"] in decision["candidates"]
        # And the same line again is the same press
        assert running.press() == (200, running.get(path))
        assert len(httpx2.get(ledger_url[0], trust_env=False).json()) == 1
        # When it is told to end, all ends
        running.process.send_signal(signal.SIGTERM)
        eventually(running.over, bool, ENDS_WITHIN, "the end of all processes")
        assert running.process.returncode == 0
        assert not listens(running.port)
    # And nobody's number stands in the logs of its processes (P1)
    logs = {log.name: log.read_text().splitlines() for log in folder.glob(".demo/*/*.log")}
    assert set(logs) == {"service.log", "simulator.log"}
    assert any("httpcore2" in line for line in logs["service.log"])
    assert [line for log in logs.values() for line in lines_with_full_numbers(log)] == []


def test_started_again_it_works_again_and_says_who_died(folder: Path) -> None:
    """In the same folder, on another port; then one of its processes is killed under it."""
    with demo(folder, free_port()) as running:
        assert running.press()[0] == 201
        os.kill(running.children[-1], signal.SIGKILL)
        eventually(running.over, bool, ENDS_WITHIN, "the end of all processes")
        assert running.process.returncode == 1


def test_killed_without_a_chance_it_leaves_nobody_behind(folder: Path) -> None:
    with demo(folder, free_port()) as running:
        running.process.kill()
        eventually(running.over, bool, ENDS_WITHIN, "the end of all processes")
        assert not listens(running.port)


def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            telephony("demo", "run"),
            check=False,
            cwd=tmp_path,
            env=environment(PORT=str(port)),
            capture_output=True,
            text=True,
            timeout=STARTS_WITHIN,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"telephony: Port {port} is taken.")
    assert "Traceback" not in done.stderr
