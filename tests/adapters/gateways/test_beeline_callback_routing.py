"""Call-backs' routing kept in step with our calls, against the simulator's ICR (B1, BA17)."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import pytest
from attrs import define, evolve
from tests.adapters.beeline_simulator.here import SimulatorHere, simulator_here
from tests.adapters.gateways.beeline_kit import a_client, a_dial

from telephony_adapters.beeline_simulator import COMPANY
from telephony_adapters.beeline_simulator.faults import Fault, FaultKind
from telephony_adapters.gateways.beeline import BeelineGateway
from telephony_adapters.gateways.beeline.callback_routing import CallbackRouting
from telephony_adapters.gateways.provider import Placed
from telephony_core.phone import PhoneNumber
from telephony_core.testing.examples import NOW, a_number

ANNA, BORIS = (COMPANY.lines_of(employee)[0].user_id for employee in ("E-1", "E-2"))
ROUND = timedelta(hours=1)


@define
class Desk:
    """`calls` are what the store knows; `rules` what Beeline holds, by number and extension."""

    simulator: SimulatorHere
    routing: CallbackRouting
    gateway: BeelineGateway
    calls: dict[PhoneNumber, list[Placed]]

    @property
    def rules(self) -> dict[str, str]:
        return {rule["inboundNumber"]: rule["extension"] for rule in self.simulator.exchange.account.routes()}

    async def call(self, number: PhoneNumber, line: str) -> None:
        await self.gateway.start(a_dial(line=line, phone_number=number))
        self.calls[number] = [Placed(line, NOW), *self.calls.get(number, [])]
        await self.simulator.idle()


@contextlib.asynccontextmanager
async def a_desk(*assume_off: str) -> AsyncIterator[Desk]:
    async with (
        simulator_here(assume_off=assume_off) as simulator,
        a_client(simulator.base_url, token=simulator.token) as client,
    ):
        gateway = BeelineGateway(client)
        known: dict[PhoneNumber, list[Placed]] = {}

        async def calls_to(number: PhoneNumber, since: datetime | None = None) -> Sequence[Placed]:
            return known.get(number, [])

        desk = Desk(simulator, CallbackRouting(client, calls_to), gateway, known)
        desk.gateway = evolve(gateway, after_accepted=(desk.routing.placed,))
        yield desk


async def test_a_client_reaches_whoever_called_last() -> None:
    async with a_desk() as desk:
        await desk.routing.keep(NOW)
        await desk.call(a_number(1), ANNA)
        await desk.call(a_number(2), BORIS)
        await desk.routing.keep(NOW)
        assert desk.rules == {a_number(1).digits: "1001", a_number(2).digits: "1002"}
        await desk.call(a_number(1), BORIS)
        await desk.routing.keep(NOW)
        assert desk.rules[a_number(1).digits] == "1002"


async def test_a_rule_goes_when_no_call_back_can_be_its_any_more() -> None:
    async with a_desk() as desk:
        await desk.call(a_number(1), ANNA)
        await desk.routing.keep(NOW)
        await desk.routing.keep(NOW + timedelta(days=30) - ROUND)
        assert desk.rules == {a_number(1).digits: "1001"}
        await desk.routing.keep(NOW + timedelta(days=30))
        assert desk.rules == {}


async def test_after_a_restart_what_was_missed_is_made_good() -> None:
    """A colleague of another process called since."""
    async with a_desk() as desk:
        number = a_number(1)
        desk.simulator.exchange.account.set_routes([{"inboundNumber": number.digits, "extension": "1001"}])
        desk.calls[number] = [Placed(BORIS, NOW), Placed(ANNA, NOW - timedelta(days=2))]
        await desk.routing.keep(NOW)
        assert desk.rules == {number.digits: "1002"}


async def test_rules_that_our_calls_do_not_explain_are_left_alone() -> None:
    async with a_desk() as desk:
        manual = {"79137770000": "1003", a_number(1).digits: "1003", "79031000101": "1001"}
        desk.simulator.exchange.account.set_routes(
            [{"inboundNumber": number, "extension": extension} for number, extension in manual.items()]
        )
        desk.calls[a_number(1)] = [Placed(ANNA, NOW - timedelta(days=100))]
        for hours in range(3):
            await desk.routing.keep(NOW + timedelta(hours=hours))
        assert desk.rules == manual


async def test_what_failed_is_put_with_the_next_round() -> None:
    async with a_desk() as desk:
        await desk.routing.keep(NOW)
        await desk.call(a_number(1), ANNA)
        desk.simulator.exchange.faults.add(an_error_at("icr/route"))
        assert await desk.routing.keep(NOW) > 0
        assert desk.rules == {}
        await desk.routing.keep(NOW)
        assert desk.rules == {a_number(1).digits: "1001"}


async def test_without_ba17_nothing_is_routed_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async with a_desk("BA17") as desk:
        await desk.call(a_number(1), ANNA)
        with caplog.at_level(logging.WARNING):
            await desk.routing.keep(NOW)
        assert desk.rules == {}
    assert "1 rules of call-backs' routing were not taken: ['NumberNotFound'] (BA17)" in caplog.text
    assert a_number(1).digits not in caplog.text


def an_error_at(path: str) -> Fault:
    return Fault(kind=FaultKind.ERROR_CODE, path=path, status=500)
