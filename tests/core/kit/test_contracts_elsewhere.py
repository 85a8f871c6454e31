"""Contracts are subclassed in projects that are set up otherwise than this one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_FIVE_LINES = """
from telephony_core.testing.contracts import EventPublisherContract, GatewayContract
from telephony_core.testing.fakes import FakeClock, FakePublisher, OneStepGateway

class TestMyGateway(GatewayContract):
    async def make_gateway(self):
        return OneStepGateway(FakeClock())

    async def arrange(self, gateway, fate):
        gateway.fate(fate)

    async def requests_seen(self, gateway):
        return len(gateway.requests)

class TestMyPublisher(EventPublisherContract):
    async def make_publisher(self):
        return FakePublisher()

    async def published(self, publisher):
        return publisher.taken
"""


_BEGUN = """
from telephony_core.testing.contracts import DirectoryContract, ParserContract, StoreContract

class TestMyDirectory(DirectoryContract): ...
class TestMyParser(ParserContract): ...
class TestMyStore(StoreContract): ...
"""


def _run(where: Path, *options: str, tests: str = _FIVE_LINES) -> subprocess.CompletedProcess[str]:
    (where / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (where / "test_mine.py").write_text(tests, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *options, "."]
    return subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_async_contracts_run_in_each_mode_of_their_plugin(tmp_path: Path, mode: str) -> None:
    """Nothing has to be set up: pytest-asyncio's own default is strict."""
    ran = _run(tmp_path, "-o", f"asyncio_mode={mode}")
    assert ran.returncode == 0, ran.stdout
    assert "18 passed" in ran.stdout


def test_without_the_plugin_pytest_says_what_is_missing(tmp_path: Path) -> None:
    ran = _run(tmp_path, "-p", "no:asyncio")
    assert ran.returncode == 1
    assert "18 failed" in ran.stdout
    assert "pytest-asyncio" in ran.stdout


def test_who_has_just_begun_is_told_what_to_write(tmp_path: Path) -> None:
    """What the subclass doesn't say yet breaks no promise."""
    ran = _run(tmp_path, tests=_BEGUN)
    assert ran.returncode == 1
    assert "is broken" not in ran.stdout
    for missing in ("TestMyDirectory.make_directory", "TestMyParser.make_parser", "TestMyStore.make_store"):
        assert f"NotImplementedError: {missing} is to be written" in ran.stdout
    assert "A directory that holds these." in ran.stdout


def test_without_the_extra_the_import_says_which_one(tmp_path: Path) -> None:
    script = "import sys; sys.modules['hypothesis'] = None; import telephony_core.testing.contracts"
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert "ModuleNotFoundError: contracts need telephony-core[testing]: there is no hypothesis" in ran.stderr
