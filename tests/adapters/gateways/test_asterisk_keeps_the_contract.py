"""The contract of every gateway (law 9), kept by Asterisk's on the stand-in; tests/sip has it on a real Asterisk."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.adapters.gateways.ari_stand_in import ari_stand_in
from tests.adapters.gateways.asterisk_contract import AsteriskContract


class TestAsteriskGateway(AsteriskContract):
    @pytest.fixture
    async def port(self) -> AsyncIterator[int]:
        async with ari_stand_in() as stand_in:
            yield stand_in.port
