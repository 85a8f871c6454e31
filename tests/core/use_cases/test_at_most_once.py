"""K3, K5, K7 by experiment: whatever is repeated, lost, reordered or killed, no leg is dialled twice.

Hypothesis invents a day of presses, deaths, reports and waiting; afterwards what the provider's phones saw (the
ledger) is compared with what the store knows.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.use_cases.office import Died, Office

from telephony_core.call import Attempt
from telephony_core.call_facts import AttemptState, LegName, Outcome
from telephony_core.errors import StoreUnavailable, TelephonyError
from telephony_core.ports import ProviderReport
from telephony_core.testing.fake_gateways import Behaviour, Fate
from telephony_core.testing.fake_store import CommitFault

POINTS = (
    "before a commit",
    "after a commit",
    "before asking for the employee",
    "after asking for the employee",
    "before asking for the client",
    "after asking for the client",
    "before hanging up",
)

fates = st.sampled_from([fate for fate in Fate if fate is not Fate.HANGS])
deaths = st.none() | st.tuples(st.sampled_from(POINTS), st.integers(1, 3))
commit_faults = st.none() | st.tuples(st.sampled_from(CommitFault), st.integers(1, 3))
presses = st.fixed_dictionaries(
    {
        "employee": st.integers(0, 1),
        "client": st.integers(0, 1),
        "key": st.sampled_from(["a", "b", "c"]),
        "fate": fates,
        "behaviour": st.sampled_from(Behaviour),
        "acknowledge": st.booleans(),
        "dies": deaths,
        "commit_fault": commit_faults,
    }
)
deliveries = st.fixed_dictionaries(
    {"order": st.randoms(use_true_random=False), "lost": st.floats(0, 1), "twice": st.booleans(), "dies": deaths}
)
waits = st.fixed_dictionaries({"seconds": st.sampled_from([1, 20, 61, 120, 901, 4000, 15000]), "dies": deaths})
steps = st.one_of(
    st.tuples(st.just("press"), presses),
    st.tuples(st.just("deliver"), deliveries),
    st.tuples(st.just("wait"), waits),
)


class Day:
    """A day in the office, step by step; a step that dies is followed by a start."""

    def __init__(self, *, two_step: bool, remembers: bool) -> None:
        self.office = Office(two_step=two_step, employees=2, clients=2, remembers=remembers)
        self.accepted: list[str] = []
        self.undelivered: list[ProviderReport] = []

    async def live(self, step: str, about: dict[str, Any]) -> None:
        if about["dies"] is not None:
            self.office.deaths.plan(*about["dies"])
        try:
            await getattr(self, step)(about)
        except Died:
            self.office.start()
        self.office.deaths.clear()

    async def press(self, about: dict[str, Any]) -> None:
        office = self.office
        office.provider.fate(about["fate"])
        office.provider.behave(office.numbers[about["client"]], about["behaviour"])
        if about["commit_fault"] is not None:
            office.store.fail_commit(*about["commit_fault"])
        acknowledged = {each.id for each in office.attempts} if about["acknowledge"] else set()
        try:
            initiated = await office.press(
                about["employee"],
                about["client"],
                key=about["key"],
                fingerprint=f"{about['employee']}-{about['client']}",
                acknowledge_unknown=acknowledged,
            )
        except TelephonyError:
            return
        finally:
            office.provider._fates.clear()  # a fate that wasn't met is not the next press's
        assert initiated.attempt_id is not None
        self.accepted.append(initiated.attempt_id)

    async def deliver(self, about: dict[str, Any]) -> None:
        random = about["order"]
        self.undelivered += self.office.provider.reports()
        mine = [report for report in self.undelivered if random.random() >= about["lost"]]
        mine += mine[::2] if about["twice"] else []
        random.shuffle(mine)
        for report in mine:
            try:
                await self.office.apply(report)
            except TelephonyError:
                continue

    async def wait(self, about: dict[str, Any]) -> None:
        try:
            await self.office.wait(about["seconds"], rounds=2)
        except StoreUnavailable:
            return  # as the worker does: the next round will do it

    async def end(self) -> None:
        """All time-outs pass, with a living worker and a living store."""
        self.office.store._faults.clear()
        for seconds in (20, 61, 901, 15000, 1):
            await self.office.wait(seconds, rounds=2)


async def a_day(two_step: bool, remembers: bool, story: list[tuple[str, dict[str, Any]]]) -> Day:
    day = Day(two_step=two_step, remembers=remembers)
    for step, about in story:
        await day.live(step, about)
    await day.end()
    return day


def rang(office: Office, attempt: Attempt, leg: LegName) -> bool:
    return any(ring.attempt_id == attempt.id and ring.leg is leg for ring in office.provider.ledger)


@pytest.mark.parametrize("two_step", [False, True], ids=["one-step", "two-step"])
@given(remembers=st.booleans(), story=st.lists(steps, max_size=14))
def test_no_leg_is_dialled_twice_whatever_is_repeated_lost_or_killed(
    two_step: bool, remembers: bool, story: list[tuple[str, dict[str, Any]]]
) -> None:
    """K3, K4, K5 and K7: at the end of any day each leg was asked for at most once, one key rang one client at most,
    nothing that was accepted is lost, every attempt ended, and no reservation is left."""
    day = asyncio.run(a_day(two_step, remembers, story))
    office, stored = day.office, {attempt.id: attempt for attempt in day.office.attempts}

    assert office.provider.double_dials() == []
    asked = Counter((request.attempt_id, request.leg) for request in office.provider.requests)
    assert [leg for leg, times in asked.items() if times > 1] == []

    rung = {ring.attempt_id for ring in office.provider.ledger}
    assert rung - set(stored) == set(), "a phone rang for an attempt that the store doesn't know"
    assert set(day.accepted) - set(stored) == set(), "an accepted initiation was lost"

    attempts_of_key = Counter(record.attempt_id for record in office.store.world.keys.values())
    assert [key for key, times in attempts_of_key.items() if times > 1] == []

    for attempt in stored.values():
        assert attempt.reading.state is AttemptState.ENDED
        if attempt.reading.outcome in (Outcome.NOT_SENT, Outcome.REFUSED_BY_PROVIDER):
            assert not rang(office, attempt, LegName.EMPLOYEE), "said not to be dialled, and it rang"
        if attempt.reading.outcome is Outcome.TALKED:
            assert rang(office, attempt, LegName.CLIENT)
    assert office.store.reservations == {}


@pytest.mark.parametrize("two_step", [False, True], ids=["one-step", "two-step"])
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
async def test_a_death_at_any_point_rings_nobody_twice(two_step: bool, point: str, nth: int) -> None:
    """K3: the process dies at the point, is started again, the same press is repeated and all reports arrive."""
    office = Office(two_step=two_step)
    with office.dies(point, nth):
        await office.press(key="press-1")
        await office.deliver()
        await office.wait(100, rounds=2)
        await office.deliver()
    for _ in range(3):
        try:
            await office.press(key="press-1")
        except TelephonyError as refusal:
            assert refusal.code in {"request_in_progress", "previous_outcome_unknown"}  # noqa: PT017
        await office.deliver()
        await office.wait(100, rounds=2)
    for seconds in (901, 15000):
        await office.wait(seconds, rounds=2)

    assert office.provider.double_dials() == []
    assert len({ring.attempt_id for ring in office.provider.ledger}) <= 1
    assert len(office.attempts) == 1
    assert office.attempts[0].reading.ended
    assert office.store.reservations == {}


@pytest.mark.parametrize("point", ["before asking for the client", "after asking for the client"])
async def test_a_leg_whose_intent_is_stored_is_never_asked_for_again(point: str) -> None:
    """K3: the process dies round the client's request; reports of the employee's leg come late and dial nobody."""
    office = Office(two_step=True)
    placed = await office.press()
    ringing, answered = office.provider.reports()
    with office.dies(point):
        await office.deliver(answered)
    asked = len(office.provider.requests)
    await office.deliver(ringing)
    await office.wait(100, rounds=2)
    assert len(office.provider.requests) == asked
    assert office.provider.double_dials() == []
    assert office.attempt(placed.attempt_id).reading.client.requested_at is not None
