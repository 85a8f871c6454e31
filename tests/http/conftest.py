"""The service over the core's fakes, asked over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.http.office import Callers, Office


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
async def callers(office: Office) -> AsyncIterator[Callers]:
    async with office.open() as open_callers:
        yield open_callers
