"""`telephony beeline check`: what it asks for, what it prints, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.adapters.beeline_simulator.here import TOKEN, simulator_here

from telephony_http.commands.beeline_check import Asked, check
from telephony_http.commands.failing import CommandError


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TELEPHONY_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    monkeypatch.delenv("TELEPHONY_BEELINE_TOKEN", raising=False)


async def test_without_a_token_there_is_no_account() -> None:
    with pytest.raises(CommandError, match="TELEPHONY_BEELINE_TOKEN"):
        await check(Asked())


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Asked(call="+79139123456"), "--line"),
        (Asked(line="1001"), "--call"),
        (Asked(listen=8000), "--reports-at"),
        (Asked(reports_at="https://x.example"), "--listen"),
        (Asked(call="nobody", line="1001"), "no phone number"),
    ],
)
async def test_what_belongs_together(monkeypatch: pytest.MonkeyPatch, asked: Asked, why: str) -> None:
    monkeypatch.setenv("TELEPHONY_BEELINE_TOKEN", TOKEN)
    with pytest.raises(CommandError, match=why):
        await check(asked)


@pytest.mark.parametrize(("off", "fails"), [((), False), (("BA5",), True)])
async def test_it_says_what_holds_and_fails_if_something_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], off: tuple[str, ...], fails: bool
) -> None:
    async with simulator_here(assume_off=off) as simulator:
        monkeypatch.setenv("TELEPHONY_BEELINE_TOKEN", TOKEN)
        monkeypatch.setenv("TELEPHONY_BEELINE_URL", simulator.base_url)
        if fails:
            with pytest.raises(CommandError, match=r"BA5: see docs/beeline-assumptions\.md"):
                await check(Asked(as_json=True))
        else:
            await check(Asked(as_json=True))
    told = {each["assumption"]: each["holds"] for each in json.loads(capsys.readouterr().out)}
    assert told["BA5"] == ("does not hold" if fails else "holds")
    assert {"BA8", "BA10", "BA14", "BA16"} <= told.keys()


async def test_a_portal_that_is_away_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEPHONY_BEELINE_TOKEN", TOKEN)
    monkeypatch.setenv("TELEPHONY_BEELINE_URL", "http://127.0.0.1:9/apis/portal/")
    with pytest.raises(CommandError, match="no connection"):
        await check(Asked())
