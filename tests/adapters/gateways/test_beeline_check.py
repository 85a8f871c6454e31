"""`telephony beeline check` against the simulator, with each assumption on and off: it finds what is so."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.adapters.beeline_simulator.here import SimulatorHere, simulator_here
from tests.adapters.gateways.beeline_kit import CLIENT, a_client

from telephony_adapters.beeline_simulator import COMPANY
from telephony_adapters.beeline_simulator.behaviours import Behaviour, BehaviourKind
from telephony_adapters.gateways.beeline.call_statistics import StatisticsRow
from telephony_adapters.gateways.beeline.check_receiver import Heard, receiving
from telephony_adapters.gateways.beeline.checking import AccountCheck
from telephony_adapters.gateways.beeline.findings import CheckedCall, Finding, Holds, SeenRow, by_statistics
from telephony_adapters.gateways.beeline.payloads import PayloadFolder, scrubbed
from telephony_adapters.gateways.beeline.xsi import BeelineReport, CallState, EventType, Personality, XsiCall

LINE = COMPANY.lines_of("E-1")[0].user_id
LOOKS_EVERY = 0.05


@contextlib.asynccontextmanager
async def a_check(folder: Path, *assume_off: str) -> AsyncIterator[tuple[SimulatorHere, AccountCheck]]:
    """A check with a receiver of its own."""
    with socket.create_server(("127.0.0.1", 0)) as trial:
        port = trial.getsockname()[1]
    tape = PayloadFolder(folder)
    async with (
        simulator_here(assume_off=assume_off) as simulator,
        a_client(simulator.base_url, token=simulator.token, tape=tape) as client,
        a_client(simulator.base_url, token="wrong") as wrong,
        receiving(port, tape) as receiver,
    ):
        yield (
            simulator,
            AccountCheck(
                client,
                wrong,
                report_url=f"http://127.0.0.1:{port}/check/s3cret",
                receiver=receiver,
                patience=5.0,
                refused_patience=1.0,
                looks_every=LOOKS_EVERY,
            ),
        )


def texts_in(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


def of(findings: list[Finding]) -> dict[str, Holds]:
    return {each.assumption: each.holds for each in findings}


async def test_without_a_call_nothing_rings_and_what_can_be_seen_is(tmp_path: Path) -> None:
    async with a_check(tmp_path) as (simulator, check):
        check.directory_lines = (LINE, "1002")
        found = of(await check.without_a_call())
        assert found == {
            "BA5": Holds.YES,
            "BA8": Holds.UNSEEN,
            "BA10": Holds.YES,
            "BA14": Holds.YES,
            "BA16": Holds.NO,
        }
        assert all(entry.employee_rang_at is None for entry in simulator.ledger())
        assert simulator.exchange.subscriptions.ids() == []


@pytest.mark.parametrize("assumption", ["BA5", "BA14"])
async def test_without_a_call_it_finds_what_is_off(tmp_path: Path, assumption: str) -> None:
    async with a_check(tmp_path, assumption) as (_, check):
        found = of(await check.without_a_call())
        assert [name for name, holds in found.items() if holds is Holds.NO] == [assumption]


async def test_a_call_shows_what_holds(tmp_path: Path) -> None:
    async with a_check(tmp_path) as (simulator, check):
        findings = await check.with_a_call(LINE, CLIENT)
        assert simulator.exchange.subscriptions.ids() == []
        (entry,) = simulator.ledger()
    found = of(findings)
    assert len(found) == len(findings) == 12
    assert {name for name, holds in found.items() if holds is Holds.COMPARE} == {"BA2", "BA3"}
    assert {name for name, holds in found.items() if holds is Holds.UNSEEN} == {"BA6"}
    assert Holds.NO not in found.values()
    assert str(entry.shown_number) in next(each.seen for each in findings if each.assumption == "BA2")


@pytest.mark.parametrize(
    ("assumption", "kind"),
    [
        ("BA1", BehaviourKind.ANSWERS),
        ("BA4", BehaviourKind.ANSWERS),
        ("BA6", BehaviourKind.BUSY),
        ("BA7", BehaviourKind.ANSWERS),
        ("BA9", BehaviourKind.ANSWERS),
        ("BA10", BehaviourKind.ANSWERS),
        ("BA11", BehaviourKind.ANSWERS),
        ("BA12", BehaviourKind.ANSWERS),
        ("BA13", BehaviourKind.ANSWERS),
        ("BA15", BehaviourKind.ANSWERS),
        ("BA16", BehaviourKind.ANSWERS),
    ],
)
async def test_a_call_shows_what_does_not_hold(tmp_path: Path, assumption: str, kind: BehaviourKind) -> None:
    async with a_check(tmp_path, assumption) as (simulator, check):
        talk_seconds = 110 if kind is BehaviourKind.ANSWERS else None
        simulator.exchange.behaviours[CLIENT.e164] = Behaviour(kind, talk_seconds)
        found = of(await check.with_a_call(LINE, CLIENT))
        await simulator.idle()
    assert [name for name, holds in found.items() if holds is Holds.NO] == [assumption]


@pytest.mark.parametrize(
    ("seen_after", "holds"),
    [(30.0, Holds.NO), (54.9, Holds.NO), (55.1, Holds.YES), (109.0, Holds.YES), (113.0, Holds.YES)],
)
def test_a_row_is_early_with_half_of_the_talk_ahead(seen_after: float, holds: Holds) -> None:
    """BA9. A report that is later than the row, as on a busy day, speaks against nothing."""
    answered = datetime(2026, 11, 23, 9, 15, 6, tzinfo=UTC)
    talk = timedelta(seconds=110)
    told = XsiCall(None, Personality.ORIGINATOR, CallState.RELEASED, CLIENT, None, None, None, None, None)
    call = CheckedCall(LINE, CLIENT, answered)
    call.heard = [Heard(BeelineReport("1", "s", 1, LINE, EventType.RELEASED, told), answered + talk)]
    row = StatisticsRow(answered, outbound=True, called=CLIENT, shown=None, talked=talk)
    call.rows = [SeenRow(answered + timedelta(seconds=seen_after), row, 110_000)]
    assert of(by_statistics(call, timedelta(seconds=2)))["BA9"] is holds


async def test_busy_is_told_by_its_cause(tmp_path: Path) -> None:
    async with a_check(tmp_path) as (simulator, check):
        simulator.exchange.behaviours[CLIENT.e164] = Behaviour(BehaviourKind.BUSY)
        assert of(await check.with_a_call(LINE, CLIENT))["BA6"] is Holds.YES


async def test_without_reports_what_they_would_show_is_not_seen(tmp_path: Path) -> None:
    async with a_check(tmp_path) as (_, check):
        check.receiver = None
        found = of(await check.with_a_call(LINE, CLIENT))
    assert {name for name, holds in found.items() if holds is Holds.UNSEEN} >= {"BA1", "BA6", "BA11", "BA15", "BA16"}
    assert Holds.NO not in found.values()


async def test_payloads_are_saved_without_numbers_names_and_secrets(tmp_path: Path) -> None:
    """P1."""
    async with a_check(tmp_path) as (simulator, check):
        await check.without_a_call()
        await check.with_a_call(LINE, CLIENT)
    written = texts_in(tmp_path)
    assert {"abonents", "statistics", "report", "subscription"} <= {
        word for name in written for word in re.split(r"[-.]", name)
    }
    text = "".join(f"{name}\n{body}" for name, body in written.items())
    assert "CallAnsweredEvent" in text
    for secret in (
        CLIENT.digits,
        CLIENT.digits[1:],
        LINE[:10],
        "s3cret",
        simulator.token,
        "Оператор",
        "company.example",
    ):
        assert secret not in text, secret
    assert "7913*****56" in text


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("79139123456", "7913*****56"),
        ("tel:+79139123456", "tel:+7913*****56"),
        ("9067010101@ip.beeline.ru", "906*****01@ip.beeline.ru"),
        ("1732398765432:1", "1732398765432:1"),
        ("tel:+375291234567", "tel:+375*****67"),
        ("<xsi:address>tel:+491701234567;x</xsi:address>", "<xsi:address>tel:+491*****67;x</xsi:address>"),
        ('{"phone_to": "375291234567"}', '{"phone_to": "375*****67"}'),
        ('{"startDate":1732398765432,"phone":"998901234567"}', '{"startDate":1732398765432,"phone":"998*****67"}'),
        ('{"lastName": "Ivanov", "phone": "1001"}', '{"lastName": "…", "phone": "1001"}'),
        ("<xsi:name>Ivanov</xsi:name>", "<xsi:name>…</xsi:name>"),
        ("https://x/api/v1/provider-reports/beeline/abc<", "https://x/api/v1/provider-reports/beeline/…<"),
    ],
)
def test_what_is_scrubbed(text: str, after: str) -> None:
    assert scrubbed(text) == after
