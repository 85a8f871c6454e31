"""A small part of `make fuzz`: whatever is thrown at the report endpoint, it answers, and stores what it should."""

from __future__ import annotations

from pathlib import Path

from tests.adapters.gateways.xsi_samples import an_event
from tests.fuzz.endpoint import KNOWN, LINE, endpoint
from tests.fuzz.inputs import Input, Inputs


async def test_no_input_breaks_the_report_endpoint(tmp_path: Path) -> None:
    """Law 10: applied once, or refused; no 5xx, and nothing is stored that no input said."""
    inputs = Inputs(5, (KNOWN,), (LINE,))
    async with endpoint(tmp_path) as at:
        before = await at.look()
        for _ in range(250):
            await at.throw(inputs.next())
        assert at.wrong == []
        assert await at.what_should_not_be(before) == []
        after = await at.look()
    assert after.rows["provider_reports"] > 10
    assert at.answers[200] > 50
    assert at.answers[400] > 50


async def test_what_is_stored_is_looked_at(tmp_path: Path) -> None:
    """The judge itself: a report that it did not see come is found."""
    async with endpoint(tmp_path) as at:
        before = await at.look()
        await at.throw(Input("event", an_event()))
        assert await at.what_should_not_be(before) == []
        at.named.clear()
        assert await at.what_should_not_be(before) != []
