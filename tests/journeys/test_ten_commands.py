"""From empty files to the first call: the documented commands, as they stand in the documents of both languages."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.log_scan import lines_with_full_numbers

from telephony_adapters.imports.columns import COLUMNS, FILE_NAMES, Kind

DOCUMENTS = Path(__file__).parents[2] / "docs" / "operate"
REGISTER = """АВС/ DEF;От;До;Емкость;Оператор;Регион
903;1000000;1999999;1000000;Связь;г. Москва * Московская область
913;9000000;9999999;1000000;Связь;Новосибирская обл.
"""


def _blocks(document: str) -> dict[str, str]:
    """The fenced blocks that have a name: `csv clients.csv`, `sh commands`."""
    text = (DOCUMENTS / document).read_text("utf-8")
    return dict(re.findall(r"^```(?:sh|csv) (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))


def _free_ports() -> tuple[str, str]:
    import socket

    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1]), str(other.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    # What the script left in the background.
    for line in (tmp_path / "pids").read_text().split() if (tmp_path / "pids").exists() else ():
        try:
            os.kill(int(line), signal.SIGTERM)
        except ProcessLookupError:
            continue


@pytest.mark.parametrize("document", ["import.md", "import.ru.md"])
def test_ten_commands_lead_to_a_call(document: str, folder: Path) -> None:
    """Each is one line, none fails, the last one's answer is a Call to the client's number from pool 'siberia', and a
    look some seconds later shows that the client saw a number of that pool: `conforms`."""
    bash = shutil.which("bash")
    if bash is None or shutil.which("curl") is None:
        pytest.skip("bash or curl is not here")
    blocks = _blocks(document)
    commands = blocks["commands"].strip().splitlines()
    assert len(commands) == 10
    for name, body in blocks.items():
        if name.endswith(".csv"):
            (folder / name).write_text(body, "utf-8")
    (folder / "DEF-9xx.csv").write_text(REGISTER, "utf-8")
    simulator, service = _free_ports()
    (folder / "bin").mkdir()
    (folder / "bin" / "telephony").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m telephony_http.cli "$@"\n')
    (folder / "bin" / "telephony").chmod(0o755)
    script = (
        "\n".join(
            [
                "set -e",
                blocks["settings"],
                'export TELEPHONY_QUIET_HOURS=off TELEPHONY_LOG_LEVEL=debug NO_PROXY=127.0.0.1 PATH="$PWD/bin:$PATH"',
                *(f"{command} echo $! >> pids" if command.endswith("&") else command for command in commands),
                # What the client saw is in the provider's statistics, some time after the call.
                f"for _ in $(seq 300); do {blocks['look'].strip()} > look; "
                'grep -q \'"verdict":"\' look && break; sleep 0.2; done',
            ]
        )
        .replace("8091", simulator)
        .replace("8090", service)
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TELEPHONY_")}
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        ended = subprocess.run(
            [bash, "-c", script], check=False, cwd=folder, env=environment, stdout=out, stderr=err, timeout=240
        )
    said, complained = (folder / "out").read_text("utf-8"), (folder / "err").read_text("utf-8")
    assert ended.returncode == 0, complained + said
    call = json.loads(said[said.index('{"id"') :])
    (attempt,) = call["attempts"]
    assert attempt["phone_number"] == "+79139123456"
    assert (attempt["device"]["id"], attempt["decision"]["pool_id"]) == ("D-1", "siberia")
    assert "Failed to connect" not in complained
    assert complained.count("RU-MOW") == 2, "one warning for each pool, however many numbers it has"
    (seen,) = json.loads((folder / "look").read_text("utf-8"))["items"]
    decision = seen["attempts"][0]["decision"]
    assert (seen["id"], decision["verdict"]) == (call["id"], "conforms")
    assert decision["reported"] in decision["candidates"]
    assert len(decision["candidates"]) == 10
    assert "httpcore2" in complained
    assert lines_with_full_numbers(complained.splitlines(), but="+7903") == []  # P1: those are the carousel's


@pytest.mark.parametrize("document", ["import.md", "import.ru.md"])
def test_every_column_is_documented_and_no_other(document: str) -> None:
    """Field, its other names, and whether it must be there: made from the code, word for word."""
    text = (DOCUMENTS / document).read_text("utf-8")
    tables = dict(re.findall(r"^### `([^`]+)` / `[^`]+`\n\n(.*?)(?=^###|^<!--)", text, re.DOTALL | re.MULTILINE))
    assert set(tables) == {names[0] for names in FILE_NAMES.values()}
    for kind in Kind:
        rows = re.findall(r"^\| `(\w+)`( \*)? \| (.*?) \|", tables[FILE_NAMES[kind][0]], re.MULTILINE)
        assert [(field, bool(star), re.findall(r"`([^`]+)`", also)) for field, star, also in rows] == [
            (
                column.field,
                column.required,
                [name for name in column.names if name != column.field.replace("_", " ")],
            )
            for column in COLUMNS[kind]
        ]
