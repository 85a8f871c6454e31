"""A small part of `make long-run`: people and provider behave at random, and the store says what the ledger says."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

from tests.long_run.campaign import Campaign
from tests.long_run.stage import stage


async def test_every_call_ends_as_it_did_with_the_number_that_was_shown(tmp_path: Path) -> None:
    """C10: the reported number is the ledger's, and so is the verdict, which GET /carousel/conformance counts.

    K1: the end state is the true one.
    """
    # What waits for its horizon is left to the long run.
    behaviours = {"answers": 0.6, "busy": 0.2, "no_answer": 0.2}
    async with stage(tmp_path, seed=3, shown_wait=timedelta(seconds=4), in_memory=True) as on:
        figures = await Campaign(on, Random(3), 15, False, behaviours, delays=(0.0, 0.5)).play()
        asked = {"Authorization": f"Bearer {on.company.supervisor_token}"}
        told = (await on.http.get(f"{on.service_url}/api/v1/carousel/conformance", headers=asked)).json()
    assert dict(figures.wrong) == {}, figures.examples
    assert {verdict: times for verdict, times in told["counts"].items() if times} == {
        verdict: times for verdict, times in figures.verdicts.items() if verdict != "None"
    }
    assert figures.calls >= 15
    assert figures.reported >= 5
    assert len(figures.outcomes) >= 3
