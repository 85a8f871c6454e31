"""The alert rules speak of metrics that there are, and the verdicts of a day are among them (C10)."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from tests.core.use_cases.office import Office

from telephony_core.caller_id import Verdict
from telephony_core.testing.examples import a_number
from telephony_http.metrics import PENDING, Metrics, VerdictsCounted

RULES = Path(__file__).parents[2] / "docs" / "operate" / "alerts.yml"


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_an_alert_names_metrics_and_labels_that_there_are(alert: dict[str, Any]) -> None:
    metrics = Metrics()
    metrics.verdicts({})
    metrics.report("beeline", "malformed")
    text = metrics.text().decode()
    names = set(re.findall(r"telephony_[a-z_]+", alert["expr"]))
    assert names
    for name in names:
        assert re.search(rf"^{name}[{{ ]", text, flags=re.MULTILINE), name
    for words in re.findall(r'verdict[=!]~?"([^"]+)"', alert["expr"]):
        assert set(words.split("|")) <= {*Verdict, PENDING}
    assert {"summary", "what_to_do"} <= alert["annotations"].keys()
    assert alert["labels"]["severity"] in {"warning", "critical"}


def figures(metrics: Metrics) -> dict[str, float]:
    found = re.findall(
        r'^telephony_shown_number_verdicts{verdict="(\w+)"} ([0-9.]+)$', metrics.text().decode(), re.MULTILINE
    )
    return {verdict: float(times) for verdict, times in found if float(times)}


async def test_the_verdicts_of_a_day_are_counted() -> None:
    """C10: as GET /carousel/conformance counts them."""
    office, metrics = Office(), Metrics()
    counted = VerdictsCounted(office.store, metrics)
    await office.press()
    office.clock.turn(timedelta(seconds=1))
    await counted.refresh()
    assert figures(metrics) == {PENDING: 1}
    await office.wait(120)
    await office.deliver()
    await office.wait(1)
    assert office.attempts[0].shown is not None
    assert office.attempts[0].shown.number == a_number(0)
    await counted.refresh()
    assert figures(metrics) == {"conforms": 1}
    await office.wait(24 * 3600)
    await counted.refresh()
    assert figures(metrics) == {}
