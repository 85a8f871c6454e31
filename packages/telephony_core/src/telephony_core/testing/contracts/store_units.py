"""The unit of work's part of the store's contract: all or nothing, and who sees what when."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from telephony_core.ports import KeyRecord, KeyScope, Reservation, ReservationKind, Store, UnitOfWork
from telephony_core.testing.contracts.store_base import StoreContractBase, now_of, put_call, see
from telephony_core.testing.examples import NOW, a_call, a_carousel, a_report, an_attempt, an_event

_EMPLOYEE = Reservation(ReservationKind.EMPLOYEE, "E-5")
_SCOPE = KeyScope("token-E-5", "E-5", "key-1")


class UnitsOfWorkContract(StoreContractBase):
    """Every sentence of `ports.UnitOfWork` and `ports.Store`."""

    async def test_what_is_committed_is_there_for_others(self, store: Store) -> None:
        """K7: a commit makes all of it so: Call, attempt, reservation, key, report, event."""
        written = _Everything()
        async with store.write() as uow:
            await written.write(uow)
            await uow.commit()
        assert await written.seen(store) == {"call", "reservation", "key", "carousel", "report"}
        assert [event.id for event in await self.stored_events(store)] == [written.event.id]

    async def test_leaving_without_a_commit_rolls_back(self, store: Store) -> None:
        """K7: leaving without `commit` rolls back, of everything alike."""
        written = _Everything()
        async with store.write() as uow:
            await written.write(uow)
        assert await written.seen(store) == set()
        assert list(await self.stored_events(store)) == []

    async def test_an_error_rolls_back_and_is_not_swallowed(self, store: Store) -> None:
        """K7: an exception leaves the unit of work as it is, and nothing stored."""
        written = _Everything()

        async def work() -> None:
            async with store.write() as uow:
                await written.write(uow)
                raise LookupError("as it was raised")

        with pytest.raises(LookupError, match="as it was raised"):
            await work()
        assert await written.seen(store) == set()

    async def test_who_is_cancelled_leaves_nothing_behind(self, store: Store) -> None:
        """K7: a unit of work whose task is cancelled rolls back and is in nobody's way."""
        written, begun = _Everything(), asyncio.Event()

        async def never_ends() -> None:
            async with store.write() as uow:
                await written.write(uow)
                begun.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(never_ends())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await written.seen(store) == set()
        await put_call(store)

    async def test_others_see_nothing_before_the_commit_and_need_not_wait(self, store: Store) -> None:
        """K7: a unit of work that only reads takes no lock, and sees what is committed."""
        written = _Everything()
        async with store.write() as uow:
            await written.write(uow)
            async with asyncio.timeout(10):
                assert await asyncio.create_task(written.seen(store)) == set()
            await uow.commit()
        assert "call" in await written.seen(store)

    async def test_a_glance_sees_what_is_committed_and_need_not_wait(self, store: Store) -> None:
        """K7: a glance takes no lock, and sees at each question what is committed by then."""
        attempt = an_attempt(call_id="call-glance")
        call = a_call(attempt, id="call-glance")
        async with store.write() as uow, asyncio.timeout(10):
            await uow.calls.add(call)
            async with store.glance() as glance:
                assert await glance.calls.attempt(attempt.id) is None
                await uow.commit()
                seen = await glance.calls.attempt(attempt.id)
                assert seen is not None
                assert seen.phone_number == attempt.phone_number
                assert (await glance.now()).utcoffset() == timedelta(0)

    async def test_a_unit_sees_what_it_has_written(self, store: Store) -> None:
        """K7: a unit sees what it has written."""
        written = _Everything()
        async with store.write() as uow:
            await written.write(uow)
            assert await uow.calls.get(written.call.id) is not None
            assert await uow.calls.attempt(written.call.attempts[0].id) is not None
            assert set(await uow.reservations.holders([_EMPLOYEE])) == {_EMPLOYEE}
            assert await uow.keys.get(_SCOPE) is not None

    async def test_the_clock_is_aware_in_utc_and_does_not_go_back(self, store: Store) -> None:
        """C9: `now` is the database's clock, read now."""
        async with store.write() as uow:
            first = await uow.now()
            second = await uow.now()
        assert first.utcoffset() == timedelta(0)
        assert first <= second <= await now_of(store)

    async def test_the_clock_goes_on_inside_a_unit_of_work(self, store: Store) -> None:
        """C9: read anew each time, not once for the transaction, which may have waited long for its locks."""
        async with store.write() as uow:
            first = await uow.now()
            await self.let_time_pass(store)
            assert await uow.now() > first


class _Everything:
    """One of each thing that is stored."""

    def __init__(self) -> None:
        self.attempt = an_attempt()
        self.call = a_call(self.attempt)
        self.report = a_report(self.attempt, reference="ref-everything")
        self.event = an_event(self.call.attempts[0])
        self.carousel = a_carousel()

    async def write(self, uow: UnitOfWork) -> None:
        await uow.carousel.store(self.carousel)
        await uow.calls.add(self.call)
        await uow.reservations.take(self.attempt.id, [_EMPLOYEE])
        await uow.keys.put(KeyRecord(_SCOPE, "fingerprint", self.call.id, self.attempt.id, NOW))
        await uow.reports.add(self.report, NOW)
        await uow.events.add(self.event)

    async def seen(self, store: Store) -> set[str]:
        async def look(uow: UnitOfWork) -> set[str]:
            there = {
                "call": await uow.calls.get(self.call.id) is not None,
                "reservation": bool(await uow.reservations.holders([_EMPLOYEE])),
                "key": await uow.keys.get(_SCOPE) is not None,
                "carousel": bool((await uow.carousel.load()).pools),
                "report": bool(await uow.reports.unmatched_of_reference(self.report.provider, "ref-everything")),
            }
            return {what for what, is_there in there.items() if is_there}

        return await see(store, look)
