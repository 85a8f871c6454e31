"""Clients' numbers go on demand and after the retention; counts, outcomes and the carousel stay (P3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from telephony_core.call import Call
from telephony_core.errors import CallHasLiveAttempt, ClientNotFound, DirectoryUnavailable, NotPermitted
from telephony_core.party import Permission
from telephony_core.phone import ERASED_NUMBER
from telephony_core.ports import Erased
from telephony_core.testing.examples import CLIENT_NUMBER, NOW, a_call, a_carousel, a_principal, an_attempt_that
from telephony_core.testing.fakes import CommitFault, FakeClock, FakeStore
from telephony_core.use_cases import erase_client
from telephony_core.use_cases.erase_client import EraseClient, EraseOldNumbers
from telephony_core.use_cases.rules import Rules

ADMIN = a_principal(Permission.ADMINISTER)
DAY = timedelta(days=1)


class Directory:
    """A directory of our own that knows some clients."""

    def __init__(self, store: FakeStore, *known: str) -> None:
        self.store = store
        self.known = set(known)
        self.available = True
        self.forgotten: list[str] = []

    async def forget_client(self, client_id: str) -> bool:
        self.store.assert_no_unit_open("forget_client")
        if not self.available:
            raise DirectoryUnavailable
        self.forgotten.append(client_id)
        return client_id in self.known


def _store() -> FakeStore:
    return FakeStore(FakeClock(), carousel=a_carousel())


async def _put(store: FakeStore, *stories: str, ago: timedelta = DAY) -> Call:
    call = a_call(*(an_attempt_that(story, started_at=NOW - ago) for story in stories), note="call the owner")
    async with store.write() as uow:
        await uow.calls.add(call)
        await uow.commit()
    return call


async def test_numbers_go_from_the_directory_and_the_store() -> None:
    store = _store()
    call = await _put(store, "talked", "busy")
    directory = Directory(store, "C-17")
    done = await EraseClient(store, directory)(ADMIN, "C-17")
    assert directory.forgotten == ["C-17"]
    assert (done.erased, done.in_directory) == (Erased(attempts=2, calls=1), True)
    after = store.world.calls[call.id]
    assert [attempt.phone_number for attempt in after.attempts] == [ERASED_NUMBER] * 2
    assert [attempt.reading for attempt in after.attempts] == [attempt.reading for attempt in call.attempts]
    assert CLIENT_NUMBER.digits not in repr([attempt.phone_number.e164 for attempt in store.world.attempts()])


async def test_the_carousel_and_its_history_stay() -> None:
    store = _store()
    await _put(store, "talked")
    before = store.world.carousel
    await EraseClient(store, Directory(store, "C-17"))(ADMIN, "C-17")
    assert store.world.carousel == before


async def test_only_who_administers_may_erase() -> None:
    store = _store()
    directory = Directory(store, "C-17")
    others = [permission for permission in Permission if permission is not Permission.ADMINISTER]
    with pytest.raises(NotPermitted):
        await EraseClient(store, directory)(a_principal(*others), "C-17")
    assert directory.forgotten == []


async def test_a_client_in_a_call_is_not_erased_at_all() -> None:
    store = _store()
    await _put(store, "talked")
    live = await _put(store, "talking")
    directory = Directory(store, "C-17")
    with pytest.raises(CallHasLiveAttempt) as error:
        await EraseClient(store, directory)(ADMIN, "C-17")
    assert error.value.reasons["call_id"] == live.id
    assert directory.forgotten == []
    assert ERASED_NUMBER not in {attempt.phone_number for attempt in store.world.attempts()}


async def test_a_client_whom_nobody_knows_is_not_found() -> None:
    store = _store()
    with pytest.raises(ClientNotFound):
        await EraseClient(store, Directory(store))(ADMIN, "C-17")


async def test_a_repetition_takes_out_what_is_left_and_is_no_error() -> None:
    store = _store()
    await _put(store, "talked")
    erase = EraseClient(store, Directory(store))
    assert (await erase(ADMIN, "C-17")).erased
    assert (await erase(ADMIN, "C-17")).erased == Erased()


async def test_a_directory_of_others_is_left_to_them() -> None:
    store = _store()
    await _put(store, "talked")
    done = await EraseClient(store, None)(ADMIN, "C-17")
    assert (done.erased.attempts, done.in_directory) == (1, False)


async def test_a_directory_that_is_away_stops_it_before_anything() -> None:
    store = _store()
    await _put(store, "talked")
    directory = Directory(store, "C-17")
    directory.available = False
    with pytest.raises(DirectoryUnavailable):
        await EraseClient(store, directory)(ADMIN, "C-17")
    assert store.commits == 1


async def test_a_transaction_that_lost_begins_again() -> None:
    store = _store()
    await _put(store, "talked")
    store.fail_commit(CommitFault.CONFLICT)
    assert (await EraseClient(store, None)(ADMIN, "C-17")).erased.attempts == 1


class TestRetention:
    async def test_after_twelve_months_numbers_go(self) -> None:
        store = _store()
        old, new = await _put(store, "busy", ago=365 * DAY + DAY), await _put(store, "busy", ago=364 * DAY)
        assert (await EraseOldNumbers(store, Rules())()).attempts == 1
        assert store.world.calls[old.id].attempts[0].phone_number == ERASED_NUMBER
        assert store.world.calls[new.id] == new

    async def test_it_is_a_setting(self) -> None:
        store = _store()
        await _put(store, "busy", ago=2 * DAY)
        assert (await EraseOldNumbers(store, evolve(Rules(), retention=DAY))()).attempts == 1

    async def test_it_goes_in_small_transactions_until_all_is_done(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(erase_client, "PORTION", 2)
        store = _store()
        await _put(store, *["busy"] * 5, ago=400 * DAY)
        before = store.commits
        assert (await EraseOldNumbers(store, Rules())()).attempts == 5
        assert store.commits - before == 3

    async def test_who_meets_another_writer_leaves_the_rest_to_the_next_round(self) -> None:
        store = _store()
        await _put(store, "busy", ago=400 * DAY)
        store.fail_commit(CommitFault.CONFLICT)
        erase = EraseOldNumbers(store, Rules())
        assert not await erase()
        assert await erase()
