"""Alive, ready, and what is counted."""

from __future__ import annotations

import asyncio
from datetime import datetime

from tests.http.office import CLIENT_NUMBER, Callers, Office

from telephony_adapters.gateways.provider import Following
from telephony_http.readings import WorkerMode


async def test_it_is_alive_without_a_token(callers: Callers) -> None:
    answer = await callers.get("/healthz", as_=None)
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_it_is_ready_with_its_store(callers: Callers) -> None:
    answer = await callers.get("/readyz", as_=None)
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "store": "available", "worker": "unknown", "providers": {"beeline": "reports"}},
    )


async def test_without_its_store_it_is_not_ready_and_still_alive(callers: Callers, office: Office) -> None:
    office.store.available = False
    answer = await callers.get("/readyz", as_=None)
    assert (answer.status_code, answer.json()["store"]) == (503, "unavailable")
    assert (await callers.get("/healthz", as_=None)).status_code == 200


async def test_it_is_not_ready_until_the_provider_was_asked_once(callers: Callers, office: Office) -> None:
    office.condition = "starting"
    assert (await callers.get("/readyz", as_=None)).status_code == 503
    office.condition = "silent"
    assert (await callers.get("/readyz", as_=None)).status_code == 200


async def test_metrics_count_routes_and_results_and_name_nobody(callers: Callers) -> None:
    """P1."""
    call = (await callers.place()).json()
    await callers.place()
    await callers.get(f"/calls/{call['id']}")
    await callers.get("/api/v1/nothing/79139123456")
    answer = await callers.get("/metrics", as_=None)
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'telephony_initiations_total{result="placed"} 1.0' in answer.text
    assert 'telephony_initiations_total{result="employee_busy"} 1.0' in answer.text
    assert 'telephony_requests_total{method="GET",route="/api/v1/calls/{call_id}",status="200"} 1.0' in answer.text
    for personal in (CLIENT_NUMBER[1:], call["id"], "C-17", "E-5"):
        assert personal not in answer.text


class Driven:
    """A keeper and a listener: told when it is driven."""

    def __init__(self) -> None:
        self.at_work = asyncio.Event()

    async def keep(self, now: datetime) -> float:
        self.at_work.set()
        return 60.0

    async def listen(self, follow: Following, stop: asyncio.Event) -> None:
        self.at_work.set()
        await stop.wait()


async def test_without_the_chores_a_service_looks_after_what_it_dials_and_hears_itself(office: Office) -> None:
    """The subscription's silence, a gap in its reports, the routing of call-backs show in this process only."""
    assert office.settings.worker is WorkerMode.OFF
    keeper, beside_door, listener = Driven(), Driven(), Driven()
    async with office.open(keepers=(keeper,), beside_doors=(beside_door,), listeners=(listener,)):
        await keeper.at_work.wait()
        await beside_door.at_work.wait()
    assert not listener.at_work.is_set()


async def test_a_service_that_ends_waits_for_the_call_that_is_being_placed(office: Office) -> None:
    """K3: its answer is recorded before the store is closed."""
    from telephony_core.testing.fakes import Fate

    office.gateway.fate(Fate.HANGS)
    async with office.open() as callers:
        asking = asyncio.create_task(callers.place())
        await callers.until_dialled()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        asyncio.get_running_loop().call_later(0.05, office.gateway.release)
    (attempt,) = office.store.world.attempts()
    assert attempt.provider_reference is not None
