"""The service on its real parts: SQLite, the tables' revision, the demo's mark, Beeline's API behind respx."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import respx
from tests.adapters.gateways.xsi_samples import an_event
from tests.http.office import living

from telephony_adapters.demo.loading import LoadedDemo, load_demo
from telephony_adapters.gateways.beeline.sequences import GapsFilled
from telephony_adapters.numbering.plan import NumberingPlan, RangeEntry
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import upgrade
from telephony_adapters.store.number_ranges import NumberRanges
from telephony_adapters.store.service_facts import ServiceFacts
from telephony_core.device import CorporateSim, IpPhone, Mobile
from telephony_core.phone import PhoneNumber
from telephony_http import logs
from telephony_http.app import create_app
from telephony_http.opened import REPORT_SECRET, TablesNotReady, opened_parts
from telephony_http.readings import LogLevel, WorkerMode
from telephony_http.settings import Settings

PORTAL = "http://beeline.invalid"
API = f"{PORTAL}/apis/portal"


@pytest.fixture
async def url(tmp_path: Path) -> str:
    made = f"sqlite:///{tmp_path / 'telephony.db'}"
    await upgrade(made)
    return made


@pytest.fixture
async def demo(url: str) -> AsyncIterator[LoadedDemo]:
    engine = open_store(url)
    yield await load_demo(engine)
    await engine.dispose()


@pytest.fixture
def beeline(respx_mock: respx.MockRouter) -> respx.MockRouter:
    respx_mock.put(f"{API}/subscription", name="subscribe").respond(
        json={"subscriptionId": "subscription-1", "expires": 3600}
    )
    respx_mock.get(f"{API}/subscription").respond(json={"subscriptionId": "subscription-1", "expires": 3600})
    respx_mock.get(url__regex=rf"{API}/abonents/.*/agent").respond(text='"ONLINE"')
    respx_mock.get(url__regex=rf"{API}/v2/statistics.*").respond(json=[])
    respx_mock.route(method="POST", url__regex=rf"{API}/abonents/.*/call.*").respond(text="tracking-1")
    return respx_mock


def _settings(url: str, **more: Any) -> Settings:
    return Settings(database_url=url, **{"worker": WorkerMode.OFF, **more})


def _with_beeline(url: str, **more: Any) -> Settings:
    given = {"beeline_url": PORTAL, "beeline_token": "t", "public_url": "http://telephony.test"}
    return _settings(url, **{**given, **more})


async def test_without_tables_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(TablesNotReady, match="telephony db upgrade"):
        async with opened_parts(_settings(f"sqlite:///{tmp_path / 'empty.db'}")):
            pass


async def test_without_a_provider_all_but_calls_works(url: str, demo: LoadedDemo) -> None:
    token = demo.employees[0].token
    app = create_app(_settings(url))
    async with living(app), _client(app, token) as client:
        condition = (await client.get("/readyz")).json()
        assert (condition["status"], condition["store"], condition["providers"]) == ("ready", "available", {})
        assert (await client.get("/api/v1/employees/me/devices")).status_code == 200
        assert (await client.get(f"/api/v1/clients/{demo.clients[0].id}/phone-numbers")).status_code == 200
        answer = await _place(client, demo)
        assert answer.json()["code"] == "not_supported_by_provider"
        report = await client.post("/api/v1/provider-reports/beeline/x", content=b"<x/>")
        assert report.status_code == 404


async def test_the_secret_of_reports_is_made_once_and_kept(url: str) -> None:
    async with opened_parts(_settings(url)) as parts:
        first = parts.report_secret
    async with opened_parts(_settings(url)) as parts:
        assert parts.report_secret == first
    assert first is not None
    assert len(first) > 30
    async with opened_parts(_settings(url, report_secret="s" * 30)) as parts:
        assert parts.report_secret == "s" * 30
    engine = open_store(url)
    assert await ServiceFacts(engine).get(REPORT_SECRET) == first
    await engine.dispose()


async def test_the_demo_is_known_by_its_mark(url: str, demo: LoadedDemo) -> None:
    async with opened_parts(_settings(url)) as parts:
        assert parts.demo is True
        assert parts.regions.resolve(PhoneNumber("+79139012345")) == ("RU-NVS",)


async def test_an_imported_plan_takes_effect_without_a_restart(url: str) -> None:
    async with opened_parts(_settings(url)) as parts:
        number = PhoneNumber("+79999999999")
        assert parts.regions.resolve(number) == ("RU",)
        engine = open_store(url)
        plan = NumberingPlan([RangeEntry(("RU-KGD",), "Operator", 79990000000, 79999999999)], edition="2026-08")
        await NumberRanges(engine).replace(plan.to_rows())
        await engine.dispose()
        asked = [await refresher.refresh() for refresher in parts.refreshers]
        assert asked == [5.0]  # seconds until the next edition is looked for: who imported one waits for it
        assert parts.regions.resolve(number) == ("RU-KGD",)


async def test_a_call_goes_from_the_request_to_its_report(
    url: str, demo: LoadedDemo, beeline: respx.MockRouter
) -> None:
    """And with every logger at DEBUG no line shows the client's number, nor the secret of the reports (P1)."""
    stream = io.StringIO()
    token = demo.employees[0].token
    app = create_app(_with_beeline(url, worker=WorkerMode.EMBEDDED, worker_interval_seconds=0.1))
    with logs.configured(LogLevel.DEBUG, stream):
        async with living(app), _client(app, token) as client:
            await _until_ready(client)
            answer = await _place(client, demo)
            assert answer.status_code == 201, answer.text
            attempt = answer.json()["attempts"][0]
            assert attempt["provider_reference"] == "tracking-1"
            secret = app.state.parts.report_secret
            event = an_event("SubscriptionTerminatedEvent", "")
            told = await client.post(f"/api/v1/provider-reports/beeline/{secret}", content=event)
            assert told.status_code == 200
            assert (await client.post(f"/api/v1/provider-reports/beeline/{secret}", content=b"<x/>")).status_code == 400
    written = stream.getvalue()
    assert attempt["phone_number"][1:] not in written
    assert attempt["phone_number"][2:] not in written
    # The client of this test is in the same process, and its own lines name the address that it asks.
    ours = "\n".join(line for line in written.splitlines() if '"logger": "httpx2"' not in line)
    assert secret not in ours
    assert token not in written
    assert '"level": "debug"' in written


async def test_a_subscription_that_ended_is_made_anew(url: str, demo: LoadedDemo, beeline: respx.MockRouter) -> None:
    made = beeline["subscribe"]
    async with opened_parts(_with_beeline(url, worker=WorkerMode.EMBEDDED)) as parts:
        (keeper,) = parts.keepers
        condition, now = parts.conditions["beeline"], datetime.now(UTC)
        assert condition() == "starting"
        await keeper.keep(now)
        assert (condition(), made.call_count) == ("subscribed", 1)
        assert await parts.doors["beeline"].take(an_event("SubscriptionTerminatedEvent", ""), now) is None
        assert condition() == "not_subscribed"
        await keeper.keep(now)
        assert (condition(), made.call_count) == ("subscribed", 2)
        assert "/api/v1/provider-reports/beeline/" in made.calls.last.request.content.decode()


async def test_phones_of_agents_that_are_away_are_known(url: str, demo: LoadedDemo, beeline: respx.MockRouter) -> None:
    """D2."""
    beeline.get(url__regex=rf"{API}/abonents/.*/agent").respond(text='"BREAK"')
    phone = IpPhone("D-1", "E-1", "Desk", "beeline", "1001@demo")
    async with opened_parts(_with_beeline(url)) as parts:
        for refresher in parts.refreshers:
            await refresher.refresh()
        employee = await parts.directory.devices("E-1")
        statuses = [parts.statuses.status(device) for device in employee if isinstance(device, IpPhone)]
        assert [status.agent_away for status in statuses if status] == [True]
        mobile = Mobile("D-2", "E-1", "M", "beeline", "9", CorporateSim(PhoneNumber("+79031110001"), None), fmtn=True)
        assert parts.statuses.status(mobile) is None
        assert phone.provider in parts.gateways


async def test_beeline_is_looked_after_whoever_does_the_chores(
    url: str, demo: LoadedDemo, beeline: respx.MockRouter
) -> None:
    """Its subscription is kept, and gaps in its reports are seen, by the process that hears them."""
    app = create_app(_with_beeline(url, worker=WorkerMode.OFF))
    async with living(app), _client(app, demo.employees[0].token) as client:
        await _until_ready(client)
        assert (await client.get("/readyz")).json()["providers"] == {"beeline": "subscribed"}
        (gaps,) = app.state.parts.beside_doors
        assert isinstance(gaps, GapsFilled)


async def test_where_nobody_can_report_it_says_so(url: str) -> None:
    async with opened_parts(_with_beeline(url, public_url=None)) as parts:
        assert parts.keepers == ()
        assert parts.conditions["beeline"]() == "not_subscribed"


def _client(app: Any, token: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://telephony.test",
        headers={"Authorization": f"Bearer {token}"},
    )


async def _place(client: httpx2.AsyncClient, demo: LoadedDemo) -> httpx2.Response:
    phone = next(device.id for device in demo.employees[0].devices if device.kind == "ip_phone")
    body = {"target": {"kind": "client", "id": demo.clients[0].id}, "device_id": phone}
    return await client.post("/api/v1/calls", json=body, headers={"Idempotency-Key": "press"})


async def _until_ready(client: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(10):
        while (await client.get("/readyz")).status_code != 200:  # noqa: ASYNC110  # as a load balancer would
            await asyncio.sleep(0.02)
