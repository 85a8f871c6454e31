"""A client is taken out of our own directory: names and numbers go, ids and do-not-call marks stay (P3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.directories.forgetting import OwnForgetting
from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import upgrade
from telephony_core.errors import DirectoryUnavailable
from telephony_core.party import Target, TargetCard, TargetKind
from telephony_core.testing.examples import CLIENT_NUMBER, a_client, a_contact, an_interest


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    url = f"sqlite:///{tmp_path}/store.db"
    await upgrade(url)
    engine = open_store(url)
    yield engine
    await engine.dispose()


async def test_names_and_numbers_go_and_ids_and_marks_stay(engine: AsyncEngine) -> None:
    directory = OwnDirectory(engine)
    await directory.put_clients([a_client(), a_client(id="C-18", numbers=())])
    await directory.put_interests([an_interest(), an_interest(id="I-9", client_id="C-18")])
    await directory.put_do_not_call([CLIENT_NUMBER])
    other = await directory.target_card(Target(TargetKind.INTEREST, "I-9"))
    assert await OwnForgetting(engine).forget_client("C-17") is True
    client = a_client(name="", numbers=())
    bare = an_interest(contacts=(a_contact(name="", numbers=()),))
    assert await directory.target_card(Target(TargetKind.INTEREST, "I-204")) == TargetCard(client, bare)
    assert await directory.target_card(Target(TargetKind.INTEREST, "I-9")) == other
    assert await directory.marked_do_not_call(CLIENT_NUMBER)


async def test_a_client_who_is_not_there_is_told(engine: AsyncEngine) -> None:
    assert await OwnForgetting(engine).forget_client("C-99") is False


async def test_a_database_that_is_away_is_a_directory_that_is_away(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/none/store.db")
    with pytest.raises(DirectoryUnavailable):
        await OwnForgetting(engine).forget_client("C-17")
    await engine.dispose()
