"""The fake store keeps the contract of every store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from telephony_core.events import CallEvent
from telephony_core.ports import Store
from telephony_core.testing.contracts import StoreContract
from telephony_core.testing.fakes import FakeClock, FakeStore


class TestFakeStore(StoreContract):
    async def make_store(self) -> Store:
        return FakeStore(FakeClock())

    async def let_time_pass(self, store: Store) -> None:
        assert isinstance(store, FakeStore)
        assert isinstance(store.clock, FakeClock)
        store.clock.turn(timedelta(microseconds=1))

    async def stored_events(self, store: Store) -> Sequence[CallEvent]:
        assert isinstance(store, FakeStore)
        return store.events
