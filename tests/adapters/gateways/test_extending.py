"""docs/extend/provider.md does what it says: its files are a package that is found, opened and keeps the contract."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.gateways.surroundings import surroundings

from telephony_adapters.gateways.registry import installed, opened_gateways
from telephony_core.call_facts import Cause, FactKind, LegName
from telephony_core.errors import InvalidRequest
from telephony_core.ports import ProviderReport
from telephony_core.testing.examples import NOW

DOCUMENT = Path(__file__).parents[3] / "docs" / "extend" / "provider.md"


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The document's package as it is when it is installed: on the path, with the metadata of its pyproject.toml."""
    import tomllib

    text = DOCUMENT.read_text("utf-8")
    for name, body in re.findall(r"^```(?:python|toml) (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(body, "utf-8")
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8"))["project"]
    metadata = tmp_path / f"acme_telephony-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("acme_telephony")]:
        del sys.modules[name]


async def test_the_package_is_found_and_opened(acme: Path) -> None:
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


def test_the_package_keeps_the_contract_of_gateways(acme: Path) -> None:
    """By the command of the document, in a process of its own."""
    (command,) = re.findall(r"^```sh commands\n(.*?)\n```$", DOCUMENT.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    program, *arguments = command.split()
    assert program == "pytest"
    (acme / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\naddopts = -p no:respx\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments],
        check=False,
        cwd=acme,
        env=os.environ | {"PYTHONPATH": str(acme)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) >= 14
    assert "skipped" not in done.stdout
