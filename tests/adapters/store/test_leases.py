"""A lease: one holder at a time, another when it dies, whatever the clocks say."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.leases import LASTS, StoredLease


class Watch:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


async def test_it_is_one_s_until_it_is_given_up(engine: AsyncEngine) -> None:
    one, other = (StoredLease(engine, "lease:given-up", holder) for holder in ("one", "other"))
    assert await one.hold() == pytest.approx(LASTS, abs=1.0)
    assert await other.hold() is None
    assert await one.hold() is not None
    await other.give_up()
    assert await other.hold() is None, "what one doesn't hold, one can't give up"
    await one.give_up()
    assert await other.hold() is not None
    assert await one.hold() is None


async def test_a_holder_that_died_is_followed_after_its_time(engine: AsyncEngine) -> None:
    """By the follower's own watch, from when it saw the last sign of life."""
    watch = Watch()
    one, other = (StoredLease(engine, "lease:died", holder, monotonic=watch) for holder in ("one", "other"))
    assert await one.hold() == LASTS
    watch.time += 100
    assert await other.hold() is None, "it has only just looked"
    watch.time += LASTS - 0.1
    assert await other.hold() is None
    watch.time += 0.1
    assert await other.hold() == LASTS
    assert await one.hold() is None


async def test_a_sign_of_life_begins_the_time_anew(engine: AsyncEngine) -> None:
    watch = Watch()
    one, other = (StoredLease(engine, "lease:alive", holder, monotonic=watch) for holder in ("one", "other"))
    await one.hold()
    for _ in range(5):
        assert await other.hold() is None
        watch.time += LASTS * 0.7
        assert await one.hold() is not None


_places = count()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["hold", "give up", "wait"])), max_size=25))
async def test_no_two_hold_it_at_once(engine: AsyncEngine, steps: list[tuple[int, str]]) -> None:
    """Each believes that it holds the lease for as long as `hold` said, and never two do."""
    watch, name = Watch(), f"lease:{next(_places)}"
    leases = [StoredLease(engine, name, f"holder-{place}", monotonic=watch) for place in range(3)]
    until = [0.0] * 3
    for who, what in steps:
        if what == "wait":
            watch.time += LASTS * (who + 1) / 3
        elif what == "give up":
            until[who] = 0.0
            await leases[who].give_up()
        else:
            held = await leases[who].hold()
            until[who] = watch.time + held if held is not None else 0.0
        assert sum(end > watch.time for end in until) <= 1
