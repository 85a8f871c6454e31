"""The contract of every gateway (law 9), kept by Asterisk's on a real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.adapters.gateways.asterisk_contract import PASSWORD, USER, AsteriskContract
from tests.sip.pbx import Pbx
from tests.sip.phones import Person, phone

from telephony_adapters.gateways.asterisk import AriClient


@pytest.fixture(scope="module")
def phones_that_ring(asterisk: Pbx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The employee's phone and the operator's side, who let it ring."""
    folder = tmp_path_factory.mktemp("phones")
    with (
        phone(asterisk.suite, folder, "phone", asterisk.ports.phone, Person.lets_ring()),
        phone(asterisk.suite, folder, "trunk", asterisk.ports.trunk, Person.lets_ring()),
    ):
        yield


class TestAsteriskGateway(AsteriskContract):
    @pytest.fixture
    async def port(self, asterisk: Pbx, phones_that_ring: None) -> AsyncIterator[int]:
        heard, over = asyncio.Event(), asyncio.Event()

        async def hear() -> None:
            async with AriClient(asterisk.url, USER, PASSWORD, "telephony") as client, client.events():
                heard.set()
                await over.wait()

        hearing = asyncio.create_task(hear())
        await asyncio.wait_for(heard.wait(), 10)
        yield asterisk.ports.ari
        over.set()
        await hearing
        asterisk.hang_up_all()
