"""What the parts of the store's contract share: how a store comes to a test, and short ways to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import ClassVar, TypeVar

import pytest
from attrs import evolve

from telephony_core.call import Attempt, Call
from telephony_core.carousel import Carousel
from telephony_core.errors import StoreUnavailable
from telephony_core.events import CallEvent
from telephony_core.ports import ConcurrentChange, Store, UnitOfWork
from telephony_core.testing.contracts.promises import Contract
from telephony_core.testing.examples import a_call

T = TypeVar("T")
Work = Callable[[UnitOfWork], Awaitable[T]]

TRIES = 300
"""More than there are rivals in any test: who loses each time is wronged."""

MAX_REFUSED = 10
"""How often a store may be too busy before it counts as unavailable."""


class StoreContractBase(Contract):
    """Subclass `StoreContract`, not this. The tests are async: run them in pytest-asyncio's auto mode or the like."""

    concurrency: ClassVar[int] = 200
    """How many units of work run at once in the races."""

    async def make_store(self) -> Store:
        """A fresh store without anything in it. What must be closed after: override the fixture `store` instead."""
        raise NotImplementedError

    async def stored_events(self, store: Store) -> Sequence[CallEvent]:
        """The events that the store keeps, in the order of writing."""
        raise NotImplementedError

    async def let_time_pass(self, store: Store) -> None:
        """Let the store's clock go on. Override it for a clock that stands until it is turned."""
        await asyncio.sleep(0.02)

    @pytest.fixture
    def store(self) -> Awaitable[Store]:
        return self.make_store()


async def once(store: Store, work: Work[T]) -> T:
    """Do this in one writing unit of work."""
    async with store.write() as uow:
        result = await work(uow)
        await uow.commit()
    return result


async def do(store: Store, work: Work[T]) -> T:
    """Do this in a writing unit of work, begun again as often as others win.

    Who was refused because too many came at once (law 5: a bounded wait) comes again, too, but not for ever.
    """
    refused = 0
    for _ in range(TRIES):
        try:
            return await once(store, work)
        except ConcurrentChange:
            await asyncio.sleep(0)
        except StoreUnavailable:
            refused += 1
            if refused > MAX_REFUSED:
                raise
            await asyncio.sleep(0.05 * refused)
    pytest.fail(f"others won {TRIES} times")


async def try_to(store: Store, work: Work[T]) -> bool:
    """Whether this succeeded in one unit of work; another one's winning is no error."""
    try:
        await once(store, work)
    except ConcurrentChange:
        return False
    return True


async def see(store: Store, question: Work[T]) -> T:
    """Ask in a unit of work that only reads."""
    async with store.read() as uow:
        return await question(uow)


async def at_once(attempts: Iterable[Awaitable[T]]) -> list[T]:
    """All of these concurrently."""
    return list(await asyncio.gather(*attempts))


async def put_call(store: Store, *attempts: Attempt, **changes: object) -> Call:
    """A stored Call with these attempts, as stored."""
    call = a_call(*attempts, **changes)
    await do(store, lambda uow: uow.calls.add(call))
    stored = await see(store, lambda uow: uow.calls.get(call.id))
    assert stored is not None
    return stored


async def put_attempt(store: Store, attempt: Attempt, **changes: object) -> Attempt:
    """A stored attempt in a Call of its own."""
    call = await put_call(store, attempt, **{"client_id": attempt.client_id, **changes})
    return call.attempts[0]


async def get_call(store: Store, call_id: str) -> Call | None:
    return await see(store, lambda uow: uow.calls.get(call_id))


async def get_attempt(store: Store, attempt_id: str) -> Attempt | None:
    return await see(store, lambda uow: uow.calls.attempt(attempt_id))


async def put_carousel(store: Store, carousel: Carousel) -> None:
    await do(store, lambda uow: uow.carousel.store(carousel))


async def now_of(store: Store) -> datetime:
    """The store's own clock."""
    return (await see(store, lambda uow: uow.now())).astimezone(UTC)


def content(call: Call) -> Call:
    """The Call without its versions and its attempts': what must survive storing."""
    attempts = tuple(evolve(attempt, version=0) for attempt in call.attempts)
    return evolve(call, attempts=attempts, version=0)
