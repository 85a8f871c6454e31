"""The part of the store's contract about keeping Calls and their attempts: nothing is lost, nobody is overwritten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from telephony_core.call import Attempt, MatchedBy, ShownNumber
from telephony_core.call_facts import Cause, Fact, FactKind, LegName
from telephony_core.caller_id import Verdict
from telephony_core.party import Target, TargetKind
from telephony_core.ports import ConcurrentChange, Store, UnitOfWork
from telephony_core.testing.contracts.store_base import (
    StoreContractBase,
    at_once,
    content,
    do,
    get_attempt,
    get_call,
    once,
    put_attempt,
    put_call,
    see,
    try_to,
)
from telephony_core.testing.examples import (
    NOW,
    SIM_NUMBER,
    a_call,
    a_mobile,
    a_number,
    an_attempt,
    an_attempt_that,
    an_id,
)

_ODD = timedelta(microseconds=123_457)

EVERY_FIELD = an_attempt_that(
    "busy",
    started_at=NOW + _ODD,
    free_hand=True,
    quiet_hours_overridden=True,
    employee_numbers=frozenset({SIM_NUMBER, a_number(7)}),
    provider_reference="ref:with/odd signs",
    matched_by=MatchedBy.INFERENCE,
    shown=ShownNumber(a_number(3), Verdict.OTHER_POOL),
    record_url="https://records.invalid/1?a=b",
    look_up_at=NOW + _ODD * 3,
    look_ups=4,
)
"""An attempt none of whose fields is at its default."""


class CallsContract(StoreContractBase):
    """Every sentence of `ports.CallRepository` about adding and saving."""

    @pytest.mark.parametrize(
        "attempts",
        [
            [],
            [an_attempt()],
            [an_attempt(device=a_mobile())],
            [an_attempt(two_step=True)],
            [an_attempt_that("no_answer"), an_attempt_that("talked", two_step=True), an_attempt_that("unknown")],
            [EVERY_FIELD],
            [evolve(EVERY_FIELD, shown=ShownNumber(None, Verdict.NOT_REPORTED))],
        ],
        ids=["planned", "ip_phone", "mobile", "two_step", "three_attempts", "every_field", "not_reported"],
    )
    async def test_a_call_is_read_as_it_was_stored(self, store: Store, attempts: list[Attempt]) -> None:
        """K7: to the microsecond, with every fact, step and candidate, the attempts in their order."""
        fresh = [evolve(attempt, id=an_id()) for attempt in attempts]
        call = a_call(
            *fresh,
            target=Target(TargetKind.INTEREST, "I-204"),
            external_id="задача-77",
            due_at=NOW + timedelta(days=3) + _ODD,
            closed_at=NOW + timedelta(hours=1),
            note="Позвонить после обеда\nи ещё раз — вечером",
        )
        await do(store, lambda uow: uow.calls.add(call))
        by_id = await get_call(store, call.id)
        by_external_id = await see(store, lambda uow: uow.calls.by_external_id("задача-77"))
        for other in ("задача-7", "Задача-77", "задача-77 "):
            assert await see(store, lambda uow, other=other: uow.calls.by_external_id(other)) is None  # type: ignore[misc]
        assert by_id is not None
        assert content(by_id) == content(call)
        assert by_external_id == by_id
        for attempt in by_id.attempts:
            assert await get_attempt(store, attempt.id) == attempt

    async def test_of_what_is_not_there_there_is_none(self, store: Store) -> None:
        """K7: of what is not there there is none."""
        assert await get_call(store, an_id()) is None
        assert await see(store, lambda uow: uow.calls.by_external_id("task-1")) is None
        assert await get_attempt(store, an_id()) is None
        assert await see(store, lambda uow: uow.calls.attempt_by_reference("beeline", "ref-1")) is None

    async def test_an_external_id_is_given_to_one_call_only(self, store: Store) -> None:
        """K6: an `external_id` that exists by now is a `ConcurrentChange`; Calls without one are many."""
        await put_call(store, external_id="task-77")
        with pytest.raises(ConcurrentChange):
            await once(store, lambda uow: uow.calls.add(a_call(external_id="task-77")))
        await put_call(store, external_id=None)
        await put_call(store, external_id=None)

    async def test_of_concurrent_calls_of_one_external_id_one_is_stored(self, store: Store) -> None:
        """K6, under concurrency."""

        async def add() -> bool:
            return await try_to(store, lambda uow: uow.calls.add(a_call(external_id="task-77")))

        assert sum(await at_once(add() for _ in range(20))) == 1

    async def test_saving_stores_the_call_and_its_new_attempts(self, store: Store) -> None:
        """K7: `save` stores what changed and the attempts that are new; the stored version moves on."""
        call = await put_call(store, an_attempt_that("busy"))
        second = an_attempt(call_id=call.id, started_at=NOW + timedelta(minutes=5))
        changed = evolve(call.with_attempt(second), closed_at=NOW + timedelta(hours=1), note="done")
        await do(store, lambda uow: uow.calls.save(changed))
        stored = await get_call(store, call.id)
        assert stored is not None
        assert content(stored) == content(changed)
        assert stored.version != call.version

    async def test_saving_a_call_leaves_its_stored_attempts_alone(self, store: Store) -> None:
        """K1: an attempt is changed by `save_attempt` only: a Call read earlier doesn't bring back what it was."""
        call = await put_call(store, an_attempt())
        learnt = call.attempts[0].learn(an_attempt_that("talking").facts, NOW)
        await do(store, lambda uow: uow.calls.save_attempt(learnt))
        await do(store, lambda uow: uow.calls.save(evolve(call, note="read before")))
        stored = await get_call(store, call.id)
        assert stored is not None
        assert stored.note == "read before"
        assert stored.attempts[0].facts == learnt.facts

    async def test_a_call_read_too_long_ago_is_not_saved(self, store: Store) -> None:
        """K7: another version stored meanwhile: `ConcurrentChange`, and the other's stays."""
        call = await put_call(store)
        await do(store, lambda uow: uow.calls.save(evolve(call, note="first")))
        with pytest.raises(ConcurrentChange):
            await once(store, lambda uow: uow.calls.save(evolve(call, note="second")))
        stored = await get_call(store, call.id)
        assert stored is not None
        assert stored.note == "first"

    async def test_an_attempt_read_too_long_ago_is_not_saved(self, store: Store) -> None:
        """K7: another version stored meanwhile: `ConcurrentChange`, and no fact of the other's is lost (K7)."""
        attempt = await put_attempt(store, an_attempt())
        ringing = attempt.learn([Fact(LegName.EMPLOYEE, FactKind.RINGING, NOW)], NOW)
        gone = attempt.learn([Fact(LegName.EMPLOYEE, FactKind.RELEASED, NOW, Cause.CANCELLED)], NOW)
        await do(store, lambda uow: uow.calls.save_attempt(ringing))
        with pytest.raises(ConcurrentChange):
            await once(store, lambda uow: uow.calls.save_attempt(gone))
        stored = await get_attempt(store, attempt.id)
        assert stored is not None
        assert stored.facts == ringing.facts

    async def test_a_further_save_begins_from_what_the_first_returned(self, store: Store) -> None:
        """K7: `save_attempt` returns the attempt as stored, with its next version."""
        attempt = await put_attempt(store, an_attempt())

        async def twice(uow: UnitOfWork) -> Attempt:
            first = await uow.calls.save_attempt(evolve(attempt, provider_reference="ref-1"))
            assert first.version != attempt.version
            assert await uow.calls.attempt(attempt.id) == first
            return await uow.calls.save_attempt(evolve(first, record_url="https://records.invalid/1"))

        saved = await do(store, twice)
        assert await get_attempt(store, attempt.id) == saved
        assert (saved.provider_reference, saved.record_url) == ("ref-1", "https://records.invalid/1")

    async def test_no_fact_is_lost_among_many_who_learn_at_once(self, store: Store) -> None:
        """K7: concurrent changes of one attempt, each begun again when another won, are all there in the end."""
        attempt = await put_attempt(store, an_attempt())
        facts = [Fact(LegName.CLIENT, FactKind.RINGING, NOW + timedelta(seconds=place)) for place in range(20)]

        async def learn(fact: Fact) -> None:
            async def work(uow: UnitOfWork) -> None:
                stored = await uow.calls.attempt(attempt.id)
                assert stored is not None
                await uow.calls.save_attempt(stored.learn([fact], NOW))

            await do(store, work)

        await at_once(learn(fact) for fact in facts)
        stored = await get_attempt(store, attempt.id)
        assert stored is not None
        assert stored.facts == attempt.facts | set(facts)

    async def test_an_attempt_is_found_by_its_providers_reference(self, store: Store) -> None:
        """K1: references are the provider's own: another provider's same one is another attempt's."""
        mine = await put_attempt(store, an_attempt(provider_reference="ref-1"))
        other = await put_attempt(store, an_attempt(provider_reference="ref-1", provider="asterisk"))
        assert await see(store, lambda uow: uow.calls.attempt_by_reference("beeline", "ref-1")) == mine
        assert await see(store, lambda uow: uow.calls.attempt_by_reference("asterisk", "ref-1")) == other
        for strange in ("ref-2", "REF-1", "ref-1 "):
            assert await see(store, lambda uow, ref=strange: uow.calls.attempt_by_reference("beeline", ref)) is None  # type: ignore[misc]

    async def test_a_reference_learnt_later_is_found_too(self, store: Store) -> None:
        """K1: a reference learnt later is found too."""
        attempt = await put_attempt(store, an_attempt())
        await do(store, lambda uow: uow.calls.save_attempt(evolve(attempt, provider_reference="ref-9")))
        found = await see(store, lambda uow: uow.calls.attempt_by_reference("beeline", "ref-9"))
        assert found is not None
        assert found.id == attempt.id
