"""The contract of every gateway (law 9), kept by Beeline's on the simulator."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from tests.adapters.gateways.beeline_kit import LINE, a_client

from telephony_adapters.beeline_simulator import SimulatorHandle
from telephony_adapters.gateways.beeline import BeelineGateway
from telephony_core.call import Attempt
from telephony_core.ports import Capabilities, ProviderGateway
from telephony_core.testing.contracts.gateway import GatewayContract
from telephony_core.testing.examples import an_attempt, an_ip_phone
from telephony_core.testing.fake_gateways import Fate

FAULTS: dict[Fate, dict[str, object]] = {
    Fate.REFUSED: {"kind": "error_code", "error_code": "CallsForbidden", "status": 403},
    Fate.UNKNOWN_DIALLED: {"kind": "reset_after"},
    Fate.UNKNOWN_NOT_DIALLED: {"kind": "http_500"},
}


@pytest.mark.processes
class TestBeelineGateway(GatewayContract):
    @pytest.fixture
    async def gateway(self, simulator: SimulatorHandle) -> AsyncIterator[ProviderGateway]:
        self.simulator = simulator
        async with a_client(simulator.base_url, token=simulator.token) as client:
            yield BeelineGateway(client)

    def attempt(self) -> Attempt:
        return an_attempt(started_at=datetime.now(UTC), device=an_ip_phone(line=LINE))

    async def arrange(self, gateway: ProviderGateway, fate: Fate) -> None:
        """A process that runs can't refuse connections: for that the gateway is pointed at a port that nobody has."""
        if fate is not Fate.NOT_SENT:
            await asyncio.to_thread(self.simulator.control, "POST", "faults", FAULTS[fate])
            return
        assert isinstance(gateway, BeelineGateway)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        gateway.client._base = f"http://127.0.0.1:{port}/apis/portal/"

    async def requests_seen(self, gateway: ProviderGateway) -> int:
        return len(await asyncio.to_thread(self.simulator.ledger))

    async def test_its_capabilities(self, gateway: ProviderGateway) -> None:
        assert gateway.name == "beeline"
        assert gateway.capabilities == Capabilities(
            two_step=False, hang_up=False, look_up=True, reports_shown=True, records=True
        )
