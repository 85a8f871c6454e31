"""docs/extend/provider.md does what it says: its files are a package that is found, opened and keeps the contract."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from attrs import evolve
from tests.adapters.gateways.surroundings import surroundings

from telephony_adapters.gateways.registry import installed, opened_gateways
from telephony_core.call_facts import Cause, FactKind, LegName
from telephony_core.errors import InvalidRequest
from telephony_core.phone import PhoneNumber
from telephony_core.ports import ProviderReport
from telephony_core.testing.examples import NOW, an_attempt

DOCUMENT = Path(__file__).parents[3] / "docs" / "extend" / "provider.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The author's: the document's files and no other."""
    made = tmp_path_factory.mktemp("acme")
    text = DOCUMENT.read_text("utf-8")
    for name, body in re.findall(r"^```(?:python|toml) (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_text(body, "utf-8")
    return made


@pytest.fixture(scope="module")
def site(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pip has installed it. What it needs is here already, so nothing is fetched."""
    site = tmp_path_factory.mktemp("site")
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--target", str(site)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", *options, str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return site


@pytest.fixture
def acme(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package as it is installed."""
    monkeypatch.syspath_prepend(site)
    yield
    for name in [name for name in sys.modules if name.startswith("acme_telephony")]:
        del sys.modules[name]


async def test_the_package_is_found_and_opened(acme: None) -> None:
    """By its entry point alone, beside the providers of this repository; its reports are read at its door."""
    assert {"acme", "asterisk", "beeline"} <= set(installed())
    around = surroundings({"url": "https://acme.invalid/", "key": "a-key"})
    async with opened_gateways(["acme"], lambda _name: around) as opened:
        assert opened["acme"].gateway.name == "acme"
        door = opened["acme"].door
        assert door is not None
        body = (
            b'{"number": 7, "call": "a-1",'
            b' "event": {"leg": "client", "what": "released", "at": "2026-11-23T09:15:02Z", "why": "busy"}}'
        )
        report = await door.take(body, NOW)
        assert isinstance(report, ProviderReport)
        assert (report.provider, report.event_id, report.reference) == ("acme", "7", "a-1")
        assert [(fact.leg, fact.kind, fact.at, fact.cause) for fact in report.facts] == [
            (LegName.CLIENT, FactKind.RELEASED, NOW, Cause.BUSY)
        ]
        for malformed in (b"", b"[]", b'{"number": 7}', b"\xff"):
            with pytest.raises(InvalidRequest):
                await door.take(malformed, NOW)


async def test_the_number_that_was_chosen_is_asked_for(acme: None) -> None:
    """C2: of a provider that lets us choose."""
    gateway = importlib.import_module("acme_telephony.gateway").AcmeGateway
    asked: list[dict[str, str]] = []

    def take(request: httpx2.Request) -> httpx2.Response:
        asked.append(json.loads(request.read()))
        return httpx2.Response(201)

    attempt = an_attempt(provider="acme")
    dial = attempt.dial(LegName.EMPLOYEE)
    async with httpx2.AsyncClient(base_url="https://acme.invalid/", transport=httpx2.MockTransport(take)) as http:
        for shown in (PhoneNumber("+79031000801"), None):
            await gateway(http).start(evolve(dial, shown=shown))
    assert [each.get("shown") for each in asked] == ["+79031000801", None]


def test_the_package_keeps_the_contract_of_gateways(folder: Path, site: Path) -> None:
    """By the command of the document, in a process of its own, with nothing but the document's settings of pytest."""
    (arguments,) = re.findall(r"^\.venv/bin/pytest (.*)$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:respx", *arguments.split()],
        check=False,
        cwd=folder,
        env={name: text for name, text in os.environ.items() if name != "PYTEST_ADDOPTS"} | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) >= 14
    assert "skipped" not in done.stdout
