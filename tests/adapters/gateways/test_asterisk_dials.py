"""Asterisk's gateway: what it asks for to dial a leg, what it makes of each answer, what it finds when it looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from attrs import evolve
from tests.adapters.gateways.ari_hand import Hand, Spoil, hand_before
from tests.adapters.gateways.ari_stand_in import AriStandIn, ari_stand_in
from tests.adapters.gateways.asterisk_contract import a_gateway

from telephony_adapters.gateways.asterisk import AsteriskGateway
from telephony_core.call import Attempt
from telephony_core.call_facts import Fact, FactKind, LegName
from telephony_core.phone import PhoneNumber
from telephony_core.ports import Accepted, CannotTell, Found, NotSent, OutcomeUnknown, Refused
from telephony_core.testing.examples import CLIENT_NUMBER, NOW, an_attempt, an_ip_phone

EMPLOYEE, CLIENT = LegName.EMPLOYEE, LegName.CLIENT


@pytest.fixture
async def asterisk() -> AsyncIterator[AriStandIn]:
    async with ari_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
async def hand(asterisk: AriStandIn) -> AsyncIterator[Hand]:
    async with hand_before(asterisk.port) as between:
        yield between


@pytest.fixture
async def gateway(hand: Hand) -> AsyncIterator[AsteriskGateway]:
    async with a_gateway(hand.url) as made:
        yield made


def attempt_of(line: str = "1017", *facts: tuple[LegName, FactKind]) -> Attempt:
    known = frozenset(Fact(leg, kind, NOW + timedelta(seconds=place)) for place, (leg, kind) in enumerate(facts))
    attempt = an_attempt(provider="asterisk", two_step=True, device=an_ip_phone(line=line))
    return evolve(attempt, facts=known or attempt.facts)


async def test_both_legs_meet_in_a_bridge_and_the_client_sees_our_number(
    asterisk: AriStandIn, gateway: AsteriskGateway
) -> None:
    """C2: by CONNECTEDLINE; neither side is told the other's identity, or a re-INVITE would show another number."""
    attempt = attempt_of()
    assert attempt.decision.requested is not None
    employee, client = f"{attempt.id}.employee", f"{attempt.id}.client"
    assert await gateway.start(attempt.dial(EMPLOYEE)) == Accepted(None)
    await asterisk.becomes(employee, "Up")
    answer = await gateway.start(attempt.dial(CLIENT))
    assert answer == Accepted(f"sip-{client}")
    assert asterisk.dialled == [employee, client]
    assert asterisk.bridges[f"{attempt.id}.bridge"]["channels"] == [employee, client]
    assert asterisk.inhibited == {employee, client}
    assert asterisk.channels[employee]["endpoint"] == "PJSIP/1017"
    assert asterisk.channels[client]["endpoint"] == f"PJSIP/{CLIENT_NUMBER.e164}@trunk"
    assert asterisk.variables[client] == {"CONNECTEDLINE(num,i)": attempt.decision.requested.e164}
    assert asterisk.ringing_tones == [employee]


async def test_a_channel_may_take_its_time_to_reach_the_application(
    asterisk: AriStandIn, gateway: AsteriskGateway
) -> None:
    """Seen with 22.10.1 on a busy machine: `create` answers first, and `addChannel` is refused with 422 until then."""
    asterisk.slow_channels = 5
    attempt = attempt_of()
    assert isinstance(await gateway.start(attempt.dial(EMPLOYEE)), Accepted)
    assert asterisk.bridges[f"{attempt.id}.bridge"]["channels"] == [f"{attempt.id}.employee"]


async def test_a_channel_that_never_reaches_it_is_dropped(asterisk: AriStandIn, hand: Hand) -> None:
    async with a_gateway(hand.url, time_out=0.5) as gateway:
        asterisk.slow_channels = 1_000_000
        assert isinstance(await gateway.start(attempt_of().dial(EMPLOYEE)), NotSent)
    assert (asterisk.dialled, asterisk.channels) == ([], {})


async def test_a_tone_that_can_not_be_played_stops_no_call(gateway: AsteriskGateway, hand: Hand) -> None:
    attempt = attempt_of()
    await gateway.start(attempt.dial(EMPLOYEE))
    hand.spoil("/ring", Spoil.RESET_BEFORE)
    assert isinstance(await gateway.start(attempt.dial(CLIENT)), Accepted)


async def test_a_mobile_is_dialled_by_its_number_through_the_trunk(
    asterisk: AriStandIn, gateway: AsteriskGateway
) -> None:
    attempt = attempt_of("+79037020201")
    assert isinstance(await gateway.start(attempt.dial(EMPLOYEE)), Accepted)
    assert asterisk.channels[f"{attempt.id}.employee"]["endpoint"] == "PJSIP/+79037020201@trunk"


@pytest.mark.parametrize("line", ["1017@other-trunk", "a/b", "", "Local/1017", "8 (913) 912-34-56"])
async def test_a_line_that_is_no_endpoint_s_name_is_refused(gateway: AsteriskGateway, hand: Hand, line: str) -> None:
    """Nothing that a directory holds leads elsewhere in Asterisk."""
    answer = await gateway.start(attempt_of(line).dial(EMPLOYEE))
    assert isinstance(answer, Refused)
    assert answer.code == "no_such_line"
    assert hand.seen == []


async def test_nothing_is_dialled_that_nobody_hears(asterisk: AriStandIn, gateway: AsteriskGateway, hand: Hand) -> None:
    """Asterisk takes an application that nobody registered, rings, and drops who answers."""
    asterisk.registered = False
    assert isinstance(await gateway.start(attempt_of().dial(EMPLOYEE)), NotSent)
    assert hand.seen == ["GET applications/telephony"]


@pytest.mark.parametrize("bridge_lives", [True, False])
async def test_the_client_is_not_dialled_when_the_employee_has_gone(
    asterisk: AriStandIn, gateway: AsteriskGateway, bridge_lives: bool
) -> None:
    """What was made for the client goes, too."""
    attempt = attempt_of()
    await gateway.start(attempt.dial(EMPLOYEE))
    await asterisk.ends(f"{attempt.id}.employee", 16)
    if not bridge_lives:
        asterisk.bridges.clear()
    assert isinstance(await gateway.start(attempt.dial(CLIENT)), Refused)
    assert asterisk.dialled == [f"{attempt.id}.employee"]
    assert asterisk.channels == {}


@pytest.mark.parametrize("spoil", [Spoil.RESET_AFTER, Spoil.RESET_BEFORE, Spoil.STATUS_503])
async def test_a_dial_without_its_own_answer_is_unknown(gateway: AsteriskGateway, hand: Hand, spoil: Spoil) -> None:
    """K3: once, whatever came of it, and what may ring is not dropped."""
    hand.spoil("/dial", spoil)
    assert isinstance(await gateway.start(attempt_of().dial(EMPLOYEE)), OutcomeUnknown)
    assert (hand.count("/dial"), hand.count("DELETE")) == (1, 0)


@pytest.mark.parametrize(("request_kept", "answer"), [("/create", NotSent), ("/dial", OutcomeUnknown)])
async def test_who_does_not_answer_in_time(hand: Hand, request_kept: str, answer: type) -> None:
    """Before the dial nothing has rung; after it that can't be told. The time is for all requests together."""
    async with a_gateway(hand.url, time_out=0.3) as gateway:
        hand.spoil(request_kept, Spoil.KEPT)
        assert isinstance(await gateway.start(attempt_of().dial(EMPLOYEE)), answer)


async def test_a_channel_that_rings_already_is_not_taken_for_ours(
    asterisk: AriStandIn, gateway: AsteriskGateway
) -> None:
    """K3: `dial` answers 409 where somebody else was quicker; two at the same moment would cancel each other's call."""
    attempt = attempt_of()
    asterisk.dialled.append(f"{attempt.id}.employee")
    assert isinstance(await gateway.start(attempt.dial(EMPLOYEE)), OutcomeUnknown)


async def test_a_leg_that_is_gone_is_hung_up(asterisk: AriStandIn, gateway: AsteriskGateway, hand: Hand) -> None:
    attempt = attempt_of()
    assert await gateway.hang_up(attempt.hang_up(EMPLOYEE)) is True
    await gateway.start(attempt.dial(EMPLOYEE))
    assert await gateway.hang_up(attempt.hang_up(EMPLOYEE)) is True
    assert asterisk.hung_up == [f"{attempt.id}.employee"]
    hand.spoil("DELETE", Spoil.RESET_BEFORE)
    assert await gateway.hang_up(attempt.hang_up(EMPLOYEE)) is False


@pytest.mark.parametrize(("state", "kind"), [("Ringing", FactKind.RINGING), ("Up", FactKind.ANSWERED)])
async def test_what_lives_is_found_as_it_is(
    asterisk: AriStandIn, gateway: AsteriskGateway, state: str, kind: FactKind
) -> None:
    attempt = attempt_of("1017", (EMPLOYEE, FactKind.REQUESTED), (EMPLOYEE, FactKind.ACCEPTED))
    await gateway.start(attempt.dial(EMPLOYEE))
    asterisk.channels[f"{attempt.id}.employee"]["state"] = state
    found = await gateway.look_up(attempt)
    assert isinstance(found, Found)
    assert [(fact.leg, fact.kind) for fact in found.facts] == [(EMPLOYEE, kind)]


async def test_what_is_known_is_not_found_again(asterisk: AriStandIn, gateway: AsteriskGateway) -> None:
    """An hour's talk that is asked about again and again must not grow."""
    attempt = attempt_of("1017", (EMPLOYEE, FactKind.REQUESTED), (EMPLOYEE, FactKind.ANSWERED))
    await gateway.start(attempt.dial(EMPLOYEE))
    asterisk.channels[f"{attempt.id}.employee"]["state"] = "Up"
    assert isinstance(await gateway.look_up(attempt), CannotTell)


async def test_the_number_that_the_client_sees_is_found(asterisk: AriStandIn, gateway: AsteriskGateway) -> None:
    """C10: by Asterisk's word, which may be another than ours."""
    attempt = attempt_of("1017", (EMPLOYEE, FactKind.ANSWERED), (CLIENT, FactKind.REQUESTED))
    await gateway.start(attempt.dial(EMPLOYEE))
    await gateway.start(attempt.dial(CLIENT))
    asterisk.channels[f"{attempt.id}.client"] |= {"state": "Ringing", "connected": {"number": "+79031119999"}}
    found = await gateway.look_up(attempt)
    assert isinstance(found, Found)
    assert found.shown == PhoneNumber("+79031119999")


async def test_a_channel_that_is_not_there_was_released_if_it_was_there(gateway: AsteriskGateway) -> None:
    """Law 9: of a leg that Asterisk had taken, a 404 says that it is over; why is lost. Of one that nobody knows to
    have been taken it says nothing: it may have rung and ended."""
    known = attempt_of("1017", (EMPLOYEE, FactKind.REQUESTED), (EMPLOYEE, FactKind.ACCEPTED))
    found = await gateway.look_up(known)
    assert isinstance(found, Found)
    assert [(fact.kind, fact.cause) for fact in found.facts] == [(FactKind.RELEASED, None)]
    unknown = attempt_of("1017", (EMPLOYEE, FactKind.REQUESTED), (EMPLOYEE, FactKind.ANSWER_LOST))
    assert isinstance(await gateway.look_up(unknown), CannotTell)


@pytest.mark.parametrize("spoil", [Spoil.RESET_BEFORE, Spoil.STATUS_503, Spoil.CUT])
async def test_an_asterisk_that_does_not_answer_can_not_tell(
    gateway: AsteriskGateway, hand: Hand, spoil: Spoil
) -> None:
    hand.spoil("GET channels", spoil)
    known = attempt_of("1017", (EMPLOYEE, FactKind.REQUESTED), (EMPLOYEE, FactKind.ACCEPTED))
    assert isinstance(await gateway.look_up(known), CannotTell)


async def test_a_cancelled_dial_leaves_nothing_behind(
    asterisk: AriStandIn, gateway: AsteriskGateway, hand: Hand
) -> None:
    """A process that ends before `dial` takes its channel with it."""
    hand.spoil("addChannel", Spoil.KEPT)
    task = asyncio.create_task(gateway.start(attempt_of().dial(EMPLOYEE)))
    await hand.until("addChannel")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asterisk.channels == {}


async def test_no_number_stands_in_what_is_said_of_a_failure(gateway: AsteriskGateway, hand: Hand) -> None:
    """P1: Asterisk's words and our errors are masked or name no address."""
    for spoil in (Spoil.RESET_BEFORE, Spoil.STATUS_503, Spoil.CUT):
        hand.spoil("POST channels", spoil)
        answer = await gateway.start(attempt_of("+79037020201").dial(EMPLOYEE))
        assert "7020201" not in repr(answer)
