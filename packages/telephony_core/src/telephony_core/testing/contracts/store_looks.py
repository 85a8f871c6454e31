"""What the store's contract says of questions over many attempts: to a number, what was shown, how it was judged."""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve

from telephony_core.call import Attempt, ShownNumber
from telephony_core.caller_id import Verdict
from telephony_core.ports import NumberSeen, Store
from telephony_core.testing.contracts.store_base import StoreContractBase, put_attempt, see
from telephony_core.testing.examples import CLIENT_NUMBER, NOW, a_decision, a_mobile, a_number, an_attempt_that

_MINUTE = timedelta(minutes=1)


async def _put(
    store: Store, minutes: int, *, verdict: Verdict | None = None, number: int = 0, pool_id: str = "siberia"
) -> Attempt:
    at = NOW + minutes * _MINUTE
    shown = ShownNumber(a_number(number) if verdict is not Verdict.NOT_REPORTED else None, verdict) if verdict else None
    decision = a_decision(decided_at=at, pool_id=pool_id)
    return await put_attempt(store, an_attempt_that("no_answer", started_at=at, shown=shown, decision=decision))


class LooksContract(StoreContractBase):
    """Every sentence of `ports.CallRepository` about many attempts."""

    async def test_attempts_to_a_number_are_those_of_the_time_the_latest_first(self, store: Store) -> None:
        """B1: whoever's client it is; both ends are in."""
        third = await _put(store, 3)
        first = await _put(store, 1)
        second = await put_attempt(
            store, an_attempt_that("talked", started_at=NOW + 2 * _MINUTE, client_id="C-18"), client_id="C-18"
        )
        await put_attempt(store, an_attempt_that("busy", phone_number=a_number(7), started_at=NOW + 2 * _MINUTE))
        await _put(store, 0)
        await _put(store, 4)
        found = await see(store, lambda uow: uow.calls.attempts_to(CLIENT_NUMBER, NOW + _MINUTE, NOW + 3 * _MINUTE))
        assert found == (third, second, first)

    async def test_numbers_seen_are_those_that_were_reported(self, store: Store) -> None:
        """C11: how often, first and last; from the instant on."""
        await _put(store, 0, verdict=Verdict.CONFORMS, number=1)
        await _put(store, 1, verdict=Verdict.CONFORMS, number=1)
        await _put(store, 5, verdict=Verdict.OTHER_POOL, number=1)
        await _put(store, 2, verdict=Verdict.CONFORMS, number=2)
        await _put(store, 3, verdict=Verdict.NOT_REPORTED)
        await _put(store, 3)
        assert dict(await see(store, lambda uow: uow.calls.numbers_seen(NOW + _MINUTE))) == {
            a_number(1): NumberSeen(2, NOW + _MINUTE, NOW + 5 * _MINUTE),
            a_number(2): NumberSeen(1, NOW + 2 * _MINUTE, NOW + 2 * _MINUTE),
        }

    async def test_verdicts_are_counted_over_a_time_and_for_a_pool(self, store: Store) -> None:
        """C10: `since` is in, `until` is out; a mobile's attempts count where no pool is named."""
        for minutes, verdict in ((0, Verdict.CONFORMS), (1, Verdict.CONFORMS), (2, Verdict.OTHER_POOL), (3, None)):
            await _put(store, minutes, verdict=verdict)
        await _put(store, 1, verdict=Verdict.CONFORMS, pool_id="volga")
        shown = ShownNumber(a_number(9), Verdict.OTHER_NUMBER)
        await put_attempt(store, an_attempt_that("talked", device=a_mobile(), shown=shown))
        since, until = NOW, NOW + 3 * _MINUTE
        counts = await see(store, lambda uow: uow.calls.verdict_counts(since, until, None))
        assert dict(counts) == {Verdict.CONFORMS: 3, Verdict.OTHER_POOL: 1, Verdict.OTHER_NUMBER: 1}
        counts = await see(store, lambda uow: uow.calls.verdict_counts(since, until, "volga"))
        assert dict(counts) == {Verdict.CONFORMS: 1}
        counts = await see(store, lambda uow: uow.calls.verdict_counts(until, until + _MINUTE, "siberia"))
        assert dict(counts) == {None: 1}

    async def test_what_never_rang_waits_for_no_verdict(self, store: Store) -> None:
        """C10: what never rang waits for no verdict."""
        for story in ("refused", "not_sent", "no_answer", "talking"):
            await put_attempt(store, an_attempt_that(story))
        counts = await see(store, lambda uow: uow.calls.verdict_counts(NOW, NOW + _MINUTE, None))
        assert dict(counts) == {None: 2}

    async def test_what_was_judged_otherwise_comes_latest_first(self, store: Store) -> None:
        """C10: not what conforms, and not what wasn't reported."""
        cases = [await _put(store, place, verdict=verdict, number=place) for place, verdict in enumerate(Verdict)]
        wrong = [
            attempt
            for attempt, verdict in zip(cases, Verdict, strict=True)
            if verdict not in (Verdict.CONFORMS, Verdict.CONFORMS_AMBIGUOUS, Verdict.NOT_REPORTED)
        ]
        until = NOW + 60 * _MINUTE
        found = await see(store, lambda uow: uow.calls.judged_otherwise(NOW, until, None, 50))
        assert found == tuple(reversed(wrong))
        found = await see(store, lambda uow: uow.calls.judged_otherwise(NOW, until, "siberia", 1))
        assert found == (wrong[-1],)
        assert await see(store, lambda uow: uow.calls.judged_otherwise(NOW, until, "volga", 50)) == ()
        assert evolve(wrong[-1]).shown is not None
