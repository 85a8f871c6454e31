"""The contract of gateways for Asterisk's, whatever is behind it: the stand-in, or a real Asterisk in tests/sip."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.adapters.gateways.ari_hand import Hand, Spoil, hand_before

from telephony_adapters.gateways.asterisk import AriClient, AsteriskGateway, Endpoints
from telephony_adapters.process import SystemClock
from telephony_core.call import Attempt
from telephony_core.call_facts import LegName
from telephony_core.ports import Capabilities, NotSent, OutcomeUnknown, ProviderGateway, Refused
from telephony_core.testing.contracts.gateway import GatewayContract
from telephony_core.testing.examples import an_attempt, an_ip_phone
from telephony_core.testing.fake_gateways import Fate

USER, PASSWORD = "telephony", "secret"
SPOILS = {Fate.UNKNOWN_DIALLED: Spoil.RESET_AFTER, Fate.UNKNOWN_NOT_DIALLED: Spoil.RESET_BEFORE}


def nobody() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def a_gateway(url: str, *, time_out: float = 5.0) -> AsyncIterator[AsteriskGateway]:
    async with AriClient(url, USER, PASSWORD, "telephony", time_out=time_out) as client:
        yield AsteriskGateway(client, Endpoints("trunk"), SystemClock(), ring_seconds=5)


class AsteriskContract(GatewayContract):
    """The subclass says where Asterisk is, by the fixture `port`; its application must be registered."""

    hand: Hand

    @pytest.fixture
    async def gateway(self, port: int) -> AsyncIterator[ProviderGateway]:
        self.line = "1017"
        async with hand_before(port) as self.hand, a_gateway(self.hand.url) as gateway:
            yield gateway

    def attempt(self) -> Attempt:
        return an_attempt(device=an_ip_phone(line=self.line))

    async def arrange(self, gateway: ProviderGateway, fate: Fate) -> None:
        """Refused: the phone isn't registered. Not sent: nobody is there."""
        if fate is Fate.REFUSED:
            self.line = "1018"
        elif fate is Fate.NOT_SENT:
            assert isinstance(gateway, AsteriskGateway)
            gateway.client._base = nobody()
        else:
            self.hand.spoil("/dial", SPOILS[fate])

    async def requests_seen(self, gateway: ProviderGateway) -> int:
        return self.hand.count("/dial")

    async def hang_ups_seen(self, gateway: ProviderGateway) -> int:
        return self.hand.count("DELETE channels")

    async def test_its_capabilities(self, gateway: ProviderGateway) -> None:
        assert gateway.name == "asterisk"
        assert gateway.capabilities == Capabilities(two_step=True, hang_up=True, look_up=True, reports_shown=True)

    @pytest.mark.parametrize("spoil", [Spoil.RESET_BEFORE, Spoil.RESET_AFTER, Spoil.CUT])
    @pytest.mark.parametrize("request_before", ["GET applications/", "POST bridges", "channels/create", "addChannel"])
    async def test_what_fails_before_the_dial_was_not_sent(
        self, gateway: ProviderGateway, request_before: str, spoil: Spoil
    ) -> None:
        """Law 9: only `dial` sends an INVITE, and it was never asked for."""
        if (request_before, spoil) == ("addChannel", Spoil.CUT):
            spoil = Spoil.RESET_AFTER  # it has no body to cut
        self.hand.spoil(request_before, spoil)
        answer = await gateway.start(self.fresh(gateway).dial(LegName.EMPLOYEE))
        assert isinstance(answer, NotSent)
        assert self.hand.count("/dial") == 0

    async def test_an_id_that_lives_proves_nothing(self, gateway: ProviderGateway) -> None:
        """K3: 409 may be of a call that rings, of whom it is can't be told; nothing is dialled and nothing hung up."""
        attempt = self.fresh(gateway)
        await gateway.start(attempt.dial(LegName.EMPLOYEE))
        self.hand.seen.clear()
        assert isinstance(gateway, AsteriskGateway)
        for bridge_lives in (True, False):
            if not bridge_lives:
                await gateway.client.ask("DELETE", f"bridges/{attempt.id}.bridge")
            answer = await gateway.start(attempt.dial(LegName.EMPLOYEE))
            assert isinstance(answer, OutcomeUnknown)
        assert self.hand.count("/dial") == self.hand.count("DELETE channels") == 0

    async def test_after_a_409_the_next_failure_is_told_as_what_it_is(self, gateway: ProviderGateway) -> None:
        """On a connection that saw one, Asterisk answers 409 to whatever fails after; each request has its own."""
        attempt = self.fresh(gateway)
        assert isinstance(gateway, AsteriskGateway)
        await gateway.start(attempt.dial(LegName.EMPLOYEE))
        await gateway.client.ask("DELETE", f"bridges/{attempt.id}.bridge")
        await gateway.start(attempt.dial(LegName.EMPLOYEE))
        await self.arrange(gateway, Fate.REFUSED)
        answer = await gateway.start(self.fresh(gateway).dial(LegName.EMPLOYEE))
        assert answer == Refused("endpoint_offline", "1018")

    async def test_an_unknown_endpoint_is_told_from_one_that_is_offline(self, gateway: ProviderGateway) -> None:
        """Asterisk fails with the same words, so it is asked."""
        self.line = "nobody"
        answer = await gateway.start(self.fresh(gateway).dial(LegName.EMPLOYEE))
        assert answer == Refused("endpoint_unknown", "nobody")
