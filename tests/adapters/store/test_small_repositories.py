"""Access tokens, the stored numbering plan, facts about the installation."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.store.access_tokens import Tokens
from telephony_adapters.store.number_ranges import BATCH, NumberRanges
from telephony_adapters.store.service_facts import ServiceFacts
from telephony_core.party import Permission, Principal
from telephony_core.testing.examples import an_employee

MAY = frozenset({Permission.CALL, Permission.ACT_FOR_OTHERS})


async def test_a_token_stands_for_its_principal(engine: AsyncEngine) -> None:
    tokens = Tokens(engine)
    annas = await tokens.issue("E-5", employee_id="E-5", permissions=[Permission.CALL])
    services = await tokens.issue("service:crm", permissions=MAY)
    assert annas != services
    assert await tokens.principal_of(annas) == Principal("E-5", "E-5", {Permission.CALL})
    assert await tokens.principal_of(services) == Principal("service:crm", None, MAY)
    assert await tokens.principal_of(annas[:-1]) is None
    assert await tokens.principal_of("") is None


async def test_a_token_of_an_employee_who_has_left_opens_nothing(engine: AsyncEngine) -> None:
    """P4: from the moment that the directory says so. A service's token, and one of another directory's, go on."""
    tokens, directory = Tokens(engine), OwnDirectory(engine)
    annas = await tokens.issue("E-5", employee_id="E-5", permissions=MAY)
    theirs = await tokens.issue("E-77", employee_id="E-77", permissions=MAY)
    services = await tokens.issue("service:crm", permissions=MAY)
    for active in (True, False, True):
        await directory.put_all(employees=[an_employee(id="E-5", active=active)])
        assert (await tokens.principal_of(annas) is not None) is active
        assert [each.has_left for each in await tokens.list()] == [not active, False, False]
        assert await tokens.principal_of(theirs) is not None
        assert await tokens.principal_of(services) is not None


async def test_a_token_is_not_stored(engine: AsyncEngine) -> None:
    """Whoever reads the table can't use it: no part of a token but its beginning stands there."""
    token = await Tokens(engine).issue("E-5", employee_id="E-5", permissions=MAY)
    async with engine.connect() as connection:
        row = (await connection.execute(text("SELECT * FROM access_tokens"))).one()
    assert token[-30:] not in str(row)
    assert row.prefix == token[:18]


async def test_a_revoked_token_is_refused_at_once(engine: AsyncEngine) -> None:
    tokens = Tokens(engine)
    first, second, third = [await tokens.issue("E-5", employee_id="E-5", permissions=MAY) for _ in range(3)]
    other = await tokens.issue("E-6", employee_id="E-6", permissions=MAY)
    assert await tokens.revoke(first) is True
    assert await tokens.revoke(first) is False
    assert await tokens.revoke((await tokens.list())[1].prefix) is True
    assert await tokens.revoke_all_of("E-5") == 1
    for token in (first, second, third):
        assert await tokens.principal_of(token) is None
    assert await tokens.principal_of(other) is not None
    listed = await tokens.list()
    assert [each.revoked_at is None for each in listed] == [False, False, False, True]
    assert {each.principal_id for each in listed} == {"E-5", "E-6"}


async def test_an_edition_takes_the_place_of_the_one_before(engine: AsyncEngine) -> None:
    ranges = NumberRanges(engine)
    assert await ranges.edition() is None
    first = [
        (79030000000 + 10 * nth, 79030000009 + 10 * nth, "RU-MOW RU-MOS", "Vimpelcom", "1") for nth in range(BATCH + 1)
    ]
    assert await ranges.replace(iter(first)) == len(first)
    assert await ranges.load() == first
    second = [(73832000000, 73832999999, "RU-NVS", "Rostelecom", "2")]
    assert await ranges.replace(second) == 1
    assert await ranges.load() == second
    assert await ranges.edition() == "2"


async def test_an_edition_comes_whole_or_not_at_all(engine: AsyncEngine) -> None:
    ranges = NumberRanges(engine)
    row = (73832000000, 73832999999, "RU-NVS", "Rostelecom", "1")
    await ranges.replace([row])

    def broken() -> object:
        yield (73830000000, 73830999999, "RU-NVS", "Rostelecom", "2")
        raise OSError("the file ends here")

    with pytest.raises(OSError, match="ends here"):
        await ranges.replace(broken())  # type: ignore[arg-type]
    assert await ranges.load() == [row]


async def test_a_fact_is_what_was_put_last(engine: AsyncEngine) -> None:
    facts = ServiceFacts(engine)
    assert await facts.get("demo") is None
    await facts.put("demo", "false")
    await facts.put("demo", "true")
    assert await facts.get("demo") == "true"
