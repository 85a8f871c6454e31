"""D2: the status of a phone is a cached fact with an age; asking for it costs the dial path nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import respx
from tests.adapters.gateways.beeline_kit import PORTAL, a_client

from telephony_adapters.gateways.beeline import BeelineStatuses
from telephony_core.device import Device, DeviceReason, DeviceStatus, ineligibility
from telephony_core.ports import DeviceStatuses
from telephony_core.testing.contracts import DeviceStatusesContract
from telephony_core.testing.examples import NOW, a_mobile, an_ip_phone
from telephony_core.testing.fakes import FakeClock

PHONE = an_ip_phone(line="9067010101@ip.beeline.ru")
AGENT = f"{PORTAL}abonents/{PHONE.line}/agent"


class TestBeelineStatuses(DeviceStatusesContract):
    @pytest.fixture(autouse=True)
    async def portal(self, respx_mock: respx.MockRouter) -> AsyncIterator[None]:
        self.respx_mock, self.clock = respx_mock, FakeClock()
        async with a_client() as client:
            self.client = client
            yield

    async def make_statuses(self) -> DeviceStatuses:
        return BeelineStatuses(self.client, self.clock)

    async def say(self, statuses: DeviceStatuses, device: Device, status: DeviceStatus) -> None:
        assert isinstance(statuses, BeelineStatuses)
        word = "BREAK" if status.agent_away else "ONLINE" if status.online else "OFFLINE"
        self.respx_mock.get(f"{PORTAL}abonents/{device.line}/agent").respond(text=word)
        self.clock.turn_to(status.at)
        await statuses.refresh([device])


@pytest.mark.parametrize(
    ("body", "online", "away", "reasons"),
    [
        ('"ONLINE"', True, False, ()),
        ("ONLINE", True, False, ()),
        ("online\n", True, False, ()),
        ('"OFFLINE"', False, False, (DeviceReason.PHONE_OFFLINE,)),
        ('"BREAK"', True, True, (DeviceReason.AGENT_AWAY,)),
    ],
)
async def test_what_the_words_mean(
    respx_mock: respx.MockRouter, body: str, online: bool, away: bool, reasons: tuple[DeviceReason, ...]
) -> None:
    respx_mock.get(AGENT).respond(text=body)
    async with a_client() as client:
        statuses = BeelineStatuses(client, FakeClock())
        assert statuses.status(PHONE) is None
        await statuses.refresh([PHONE])
    assert statuses.status(PHONE) == DeviceStatus(online, away, NOW)
    assert ineligibility(PHONE, PHONE.employee_id, NOW, statuses.status(PHONE)) == reasons


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, '{"errorCode": "AgentNotFound"}'),
        (401, '{"errorCode": "Unauthorized"}'),
        (500, "<html>"),
        (200, ""),
        (200, '"LUNCH"'),
        (200, "{}"),
        (200, "\udcff".encode("utf-8", "surrogatepass").decode("latin-1")),
    ],
)
async def test_what_can_not_be_learnt_keeps_the_old_with_its_age(
    respx_mock: respx.MockRouter, status: int, body: str
) -> None:
    """BA5: without agent statuses none is known, which stands against nothing."""
    clock = FakeClock()
    async with a_client() as client:
        statuses = BeelineStatuses(client, clock)
        respx_mock.get(AGENT).respond(status, text=body)
        await statuses.refresh([PHONE])
        assert statuses.status(PHONE) is None
        respx_mock.get(AGENT).respond(text='"OFFLINE"')
        await statuses.refresh([PHONE])
        clock.turn(timedelta(minutes=1))
        respx_mock.get(AGENT).respond(status, text=body)
        await statuses.refresh([PHONE])
    assert statuses.status(PHONE) == DeviceStatus(online=False, agent_away=False, at=NOW)


async def test_only_our_active_ip_phones_are_asked_for_and_each_once(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.get(AGENT).respond(text='"ONLINE"')
    others: list[Device] = [
        a_mobile(line="9037020201"),
        an_ip_phone(provider="asterisk", line="1001"),
        an_ip_phone(active=False, line="1002"),
        an_ip_phone(line="../admin"),
    ]
    async with a_client() as client:
        statuses = BeelineStatuses(client, FakeClock())
        await statuses.refresh([*others, PHONE, PHONE])
    assert route.call_count == 1
    assert [statuses.status(each) for each in others] == [None] * 4
    assert statuses.status(an_ip_phone(provider="asterisk", line=PHONE.line)) is None


async def test_few_are_asked_for_at_the_same_time(respx_mock: respx.MockRouter) -> None:
    now = most = 0

    async def answer(_request: httpx2.Request) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        return httpx2.Response(200, text='"BREAK"')

    respx_mock.get(path__regex=r"/agent$").mock(side_effect=answer)
    phones = [an_ip_phone(line=f"{1000 + n}") for n in range(30)]
    async with a_client() as client:
        statuses = BeelineStatuses(client, FakeClock(), at_once=4)
        await statuses.refresh(phones)
    assert most == 4
    assert all(statuses.status(phone) is not None for phone in phones)


async def test_a_round_ends_when_beeline_is_away(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.get(path__regex=r"/agent$").mock(side_effect=httpx2.ConnectTimeout("x"))
    async with a_client() as client:
        statuses = BeelineStatuses(client, FakeClock(), at_once=2)
        await statuses.refresh([an_ip_phone(line=f"{1000 + n}") for n in range(30)])
    assert route.call_count <= 4


async def test_one_who_is_no_agent_does_not_stop_the_others(respx_mock: respx.MockRouter) -> None:
    respx_mock.get(path__regex=r"/10[0-9]+/agent$").respond(404, json={"errorCode": "AgentNotFound"})
    respx_mock.get(AGENT).respond(text='"ONLINE"')
    async with a_client() as client:
        statuses = BeelineStatuses(client, FakeClock())
        await statuses.refresh([*(an_ip_phone(line=f"{1000 + n}") for n in range(30)), PHONE])
    assert statuses.status(PHONE) is not None
