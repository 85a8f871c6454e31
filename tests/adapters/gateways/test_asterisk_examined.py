"""What the doctor says of an Asterisk; tests/sip has it of a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.adapters.gateways.ari_hand import Spoil, hand_before
from tests.adapters.gateways.ari_stand_in import AriStandIn, ari_stand_in
from tests.adapters.gateways.asterisk_contract import PASSWORD, USER, nobody

from telephony_adapters.gateways.asterisk import Examined, examine


@pytest.fixture
async def asterisk() -> AsyncIterator[AriStandIn]:
    async with ari_stand_in() as stand_in:
        yield stand_in


async def of(asterisk: AriStandIn, **changes: str) -> Examined:
    url = f"http://127.0.0.1:{asterisk.port}"
    return await examine({"url": url, "user": USER, "password": PASSWORD, **changes}, 5.0)


async def test_an_asterisk_by_which_calls_are_possible(asterisk: AriStandIn) -> None:
    found = await of(asterisk)
    assert (found.broken, found.look) == (False, False)
    assert "22.10.1" in found.says
    assert (asterisk.hung_up, asterisk.dialled) == ([], [])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": "ftp://pbx"}, "TELEPHONY_ASTERISK_URL"),
        ({"trunk": "nobody"}, "TELEPHONY_ASTERISK_TRUNK"),
        ({"trunk": "1018"}, "offline"),
        ({"url": nobody()}, "can't be reached"),
    ],
)
async def test_what_stands_in_the_way_is_named(asterisk: AriStandIn, changes: dict[str, str], says: str) -> None:
    found = await of(asterisk, **changes)
    assert found.broken
    assert says in found.says
    assert PASSWORD not in found.says


async def test_an_account_that_may_only_read(asterisk: AriStandIn) -> None:
    asterisk.read_only = True
    found = await of(asterisk)
    assert found.broken
    assert "read_only" in found.says


@pytest.mark.parametrize("spoil", [Spoil.STATUS_503, Spoil.RESET_AFTER, Spoil.CUT])
async def test_something_that_answers_strangely(asterisk: AriStandIn, spoil: Spoil) -> None:
    async with hand_before(asterisk.port) as hand:
        hand.spoil("asterisk/info", spoil)
        assert (await of(asterisk, url=hand.url)).broken


async def test_what_is_worth_a_look(asterisk: AriStandIn) -> None:
    asterisk.registered = False
    assert "hears" in (found := await of(asterisk)).says
    asterisk.version = "20.9.0"
    assert "22" in (older := await of(asterisk)).says
    assert [(each.broken, each.look) for each in (found, older)] == [(False, True)] * 2
