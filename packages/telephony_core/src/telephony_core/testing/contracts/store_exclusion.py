"""The part of the store's contract about exclusion (law 5): reservations and Idempotency-Keys, in races too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from telephony_core.ports import (
    ConcurrentChange,
    KeyRecord,
    KeyScope,
    Reservation,
    ReservationKind,
    Store,
    UnitOfWork,
)
from telephony_core.testing.contracts.store_base import (
    StoreContractBase,
    at_once,
    do,
    get_call,
    once,
    put_attempt,
    put_call,
    see,
    try_to,
)
from telephony_core.testing.examples import NOW, an_attempt, an_attempt_that

EMPLOYEE = Reservation(ReservationKind.EMPLOYEE, "E-5")
CALL = Reservation(ReservationKind.CALL, "call-1")
NUMBER = Reservation(ReservationKind.PHONE_NUMBER, "+79139123456")
ALL = (EMPLOYEE, CALL, NUMBER)

SCOPE = KeyScope("token-E-5", "E-5", "key-1")


async def _put(store: Store, record: KeyRecord) -> None:
    await do(store, lambda uow: uow.keys.put(record))


async def _record(store: Store, scope: KeyScope) -> KeyRecord | None:
    return await see(store, lambda uow: uow.keys.get(scope))


class ReservationsContract(StoreContractBase):
    """Every sentence of `ports.Reservations`."""

    async def test_what_is_taken_is_held_by_its_attempt(self, store: Store) -> None:
        """K5: `holders` tells of the held ones only."""
        attempt = await put_attempt(store, an_attempt())
        await do(store, lambda uow: uow.reservations.take(attempt.id, [EMPLOYEE, NUMBER]))
        holders = await see(store, lambda uow: uow.reservations.holders(ALL))
        assert dict(holders) == {EMPLOYEE: attempt.id, NUMBER: attempt.id}
        assert dict(await see(store, lambda uow: uow.reservations.holders([]))) == {}

    async def test_a_kind_and_its_value_make_a_reservation(self, store: Store) -> None:
        """K5: an employee and a Call of one name are two things."""
        attempt = await put_attempt(store, an_attempt())
        same_name = Reservation(ReservationKind.CALL, EMPLOYEE.value)
        await do(store, lambda uow: uow.reservations.take(attempt.id, [EMPLOYEE, same_name]))
        assert len(await see(store, lambda uow: uow.reservations.holders([EMPLOYEE, same_name]))) == 2

    async def test_none_is_taken_if_one_is_held(self, store: Store) -> None:
        """K5: all of them or `ConcurrentChange`, of one's own as well, and the holder keeps his."""
        first = await put_attempt(store, an_attempt())
        second = await put_attempt(store, an_attempt())
        await do(store, lambda uow: uow.reservations.take(first.id, [NUMBER]))
        for attempt in (second, first):
            with pytest.raises(ConcurrentChange):
                await once(store, lambda uow, taker=attempt.id: uow.reservations.take(taker, ALL))  # type: ignore[misc]
        assert dict(await see(store, lambda uow: uow.reservations.holders(ALL))) == {NUMBER: first.id}

    async def test_of_many_who_want_it_one_gets_it(self, store: Store) -> None:
        """K5 under concurrency: one winner, who holds all three, in whatever order they are asked for."""
        attempts = [await put_attempt(store, an_attempt()) for _ in range(20)]

        async def take(place: int) -> bool:
            wanted = ALL if place % 2 else tuple(reversed(ALL))
            return await try_to(store, lambda uow: uow.reservations.take(attempts[place].id, wanted))

        won = await at_once(take(place) for place in range(20))
        assert sum(won) == 1
        holders = await see(store, lambda uow: uow.reservations.holders(ALL))
        assert dict(holders) == dict.fromkeys(ALL, attempts[won.index(True)].id)

    async def test_what_is_given_up_is_free_again(self, store: Store) -> None:
        """K5: some or all; the count is of those that were still held."""
        first = await put_attempt(store, an_attempt())
        second = await put_attempt(store, an_attempt())
        await do(store, lambda uow: uow.reservations.take(first.id, ALL))
        assert await do(store, lambda uow: uow.reservations.give_up(first.id, [])) == 0, "nothing is not everything"
        assert await do(store, lambda uow: uow.reservations.give_up(first.id, [NUMBER])) == 1
        await do(store, lambda uow: uow.reservations.take(second.id, [NUMBER]))
        assert await do(store, lambda uow: uow.reservations.give_up(first.id)) == 2
        assert dict(await see(store, lambda uow: uow.reservations.holders(ALL))) == {NUMBER: second.id}

    async def test_nobody_gives_up_what_another_holds(self, store: Store) -> None:
        """K5: a late ending of an old attempt doesn't free the new one's."""
        old = await put_attempt(store, an_attempt())
        new = await put_attempt(store, an_attempt())
        await do(store, lambda uow: uow.reservations.take(new.id, ALL))
        assert await do(store, lambda uow: uow.reservations.give_up(old.id)) == 0
        assert await do(store, lambda uow: uow.reservations.give_up(old.id, ALL)) == 0
        assert len(await see(store, lambda uow: uow.reservations.holders(ALL))) == 3

    async def test_reservations_are_given_up_exactly_once(self, store: Store) -> None:
        """K5: of many who give up at once, the counts add up to what was held."""
        attempt = await put_attempt(store, an_attempt())
        await do(store, lambda uow: uow.reservations.take(attempt.id, ALL))
        counts = await at_once(do(store, lambda uow: uow.reservations.give_up(attempt.id)) for _ in range(10))
        assert sum(counts) == 3

    async def test_a_reservation_changes_hands_in_one_transaction(self, store: Store) -> None:
        """K3: to acknowledge an unknown attempt is to give up and take in one transaction, all or nothing."""
        old = await put_attempt(store, an_attempt_that("unknown"))
        new = await put_attempt(store, an_attempt())
        await do(store, lambda uow: uow.reservations.take(old.id, ALL))

        async def take_over(uow: UnitOfWork) -> None:
            await uow.reservations.give_up(old.id, [EMPLOYEE, NUMBER])
            await uow.reservations.take(new.id, [EMPLOYEE, NUMBER])

        async with store.write() as uow:
            await take_over(uow)
        assert set((await see(store, lambda uow: uow.reservations.holders(ALL))).values()) == {old.id}
        await do(store, take_over)
        holders = await see(store, lambda uow: uow.reservations.holders(ALL))
        assert dict(holders) == {EMPLOYEE: new.id, CALL: old.id, NUMBER: new.id}


class KeysContract(StoreContractBase):
    """Every sentence of `ports.IdempotencyKeys`."""

    async def test_a_key_names_its_call(self, store: Store) -> None:
        """K4: the record comes back as it was put, for an attempt and for a planned Call."""
        attempt = await put_attempt(store, an_attempt())
        planned = await put_call(store)
        records = [
            KeyRecord(SCOPE, "f" * 64, attempt.call_id, attempt.id, NOW + timedelta(microseconds=1)),
            KeyRecord(evolve(SCOPE, key="key-2"), "fingerprint", planned.id, None, NOW),
        ]
        for record in records:
            await _put(store, record)
        for record in records:
            assert await _record(store, record.scope) == record

    async def test_a_key_belongs_to_its_scope(self, store: Store) -> None:
        """K4: another principal's, employee's or key's is another one."""
        call = await put_call(store)
        await _put(store, KeyRecord(SCOPE, "first", call.id, None, NOW))
        for other in (
            evolve(SCOPE, principal_id="token-E-6"),
            evolve(SCOPE, employee_id="E-6"),
            evolve(SCOPE, key="KEY-1"),
            evolve(SCOPE, key="key-1 "),
            *(evolve(SCOPE, key="k" * 199 + last) for last in "12"),
        ):
            assert await _record(store, other) is None
            await _put(store, KeyRecord(other, "other", call.id, None, NOW))

    async def test_a_key_is_put_once(self, store: Store) -> None:
        """K4: a key that exists by now is a `ConcurrentChange`, and what it names stays."""
        call, other = await put_call(store), await put_call(store)
        await _put(store, KeyRecord(SCOPE, "first", call.id, None, NOW))
        with pytest.raises(ConcurrentChange):
            await once(store, lambda uow: uow.keys.put(KeyRecord(SCOPE, "first", other.id, None, NOW)))
        record = await _record(store, SCOPE)
        assert record is not None
        assert record.call_id == call.id

    async def test_of_many_who_put_a_key_one_does(self, store: Store) -> None:
        """K4 under concurrency: what the losers wrote beside it isn't stored either."""
        calls = [await put_call(store) for _ in range(20)]

        async def put(place: int) -> bool:
            async def work(uow: UnitOfWork) -> None:
                await uow.calls.save(evolve(calls[place], note="mine"))
                await uow.keys.put(KeyRecord(SCOPE, "f", calls[place].id, None, NOW))

            return await try_to(store, work)

        won = await at_once(put(place) for place in range(20))
        assert sum(won) == 1
        stored = [await get_call(store, call.id) for call in calls]
        assert [call is not None and call.note == "mine" for call in stored] == won

    async def test_old_keys_are_forgotten_unless_their_attempt_lives(self, store: Store) -> None:
        """K4: a key is never forgotten before the reservation; a forgotten one can be put again."""
        live, ended = await put_attempt(store, an_attempt()), await put_attempt(store, an_attempt_that("busy"))
        planned = await put_call(store)

        async def put(key: str, call_id: str, attempt_id: str | None, ago: timedelta) -> KeyScope:
            scope = evolve(SCOPE, key=key)
            await _put(store, KeyRecord(scope, "f", call_id, attempt_id, NOW - ago))
            return scope

        day = timedelta(days=1)
        of_live = await put("live", live.call_id, live.id, 2 * day)
        of_ended = await put("ended", ended.call_id, ended.id, 2 * day)
        of_planned = await put("planned", planned.id, None, 2 * day)
        young = await put("young", ended.call_id, ended.id, day)
        assert await do(store, lambda uow: uow.keys.forget_before(NOW - day)) == 2
        there = [
            scope.key for scope in (of_live, of_ended, of_planned, young) if await _record(store, scope) is not None
        ]
        assert there == ["live", "young"]
        await put("ended", ended.call_id, ended.id, timedelta(0))
