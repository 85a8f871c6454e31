"""Which phones Asterisk has as registered (D2)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.adapters.gateways.ari_hand import Spoil, hand_before
from tests.adapters.gateways.ari_stand_in import AriStandIn, ari_stand_in
from tests.adapters.gateways.asterisk_contract import PASSWORD, USER

from telephony_adapters.gateways.asterisk import AriClient, AsteriskStatuses
from telephony_core.device import DeviceStatus, IpPhone
from telephony_core.testing.examples import a_mobile, an_ip_phone
from telephony_core.testing.fakes import FakeClock


@pytest.fixture
async def asterisk() -> AsyncIterator[AriStandIn]:
    async with ari_stand_in() as stand_in:
        yield stand_in


def a_phone(line: str, provider: str = "asterisk") -> IpPhone:
    return an_ip_phone(line=line, provider=provider)


async def test_what_is_known_is_of_its_own_phones_and_keeps_its_age(asterisk: AriStandIn) -> None:
    """D2: a missing status costs no request and stands against nothing; an Asterisk that is away leaves the last."""
    clock = FakeClock()
    async with (
        hand_before(asterisk.port) as hand,
        AriClient(hand.url, USER, PASSWORD, "telephony", time_out=2.0) as client,
    ):
        statuses = AsteriskStatuses(client, clock)
        assert statuses.status(a_phone("1017")) is None
        await statuses.refresh()
        asked_at = clock.now()
        for spoil in (Spoil.RESET_BEFORE, Spoil.STATUS_503, Spoil.CUT):
            hand.spoil("endpoints", spoil)
            await statuses.refresh()
        assert statuses.status(a_phone("1017")) == DeviceStatus(online=True, agent_away=False, at=asked_at)
        assert statuses.status(a_phone("1018")) == DeviceStatus(online=False, agent_away=False, at=asked_at)
        assert statuses.status(a_phone("1019")) is None
        assert statuses.status(a_phone("1017", "beeline")) is None
        assert statuses.status(a_mobile(line="1017", provider="asterisk")) is None
