"""The service over the core's fakes, asked over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.http.office import Callers, Office
from tests.log_scan import everything_logged, lines_with_full_numbers


@pytest.fixture(autouse=True)
def no_log_shows_a_number(request: pytest.FixtureRequest) -> Iterator[None]:
    """P1, in each of these tests: with every logger at DEBUG, and nobody who masks afterwards, no line shows a number.

    Only the carousel's may be named by those who look after it.
    """
    with everything_logged() as written:
        yield
    # A caller's own HTTP client is no part of the service; in these tests it logs here, too.
    lines = [line for line in written.getvalue().splitlines() if "http://telephony.test/" not in line]
    if request.node.get_closest_marker("logs_numbers") is None:
        assert lines_with_full_numbers(lines, but="+79030") == []


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
async def callers(office: Office) -> AsyncIterator[Callers]:
    async with office.open() as open_callers:
        yield open_callers
