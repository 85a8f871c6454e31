"""What the events of a Call are called, and who may follow them (P2, P4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from tests.core.use_cases.office import Office

from telephony_core.call import Attempt, ShownNumber
from telephony_core.call_facts import Cause, Fact, FactKind, LegName
from telephony_core.caller_id import Verdict
from telephony_core.errors import NotPermitted
from telephony_core.events import EventFilter, name_of_change
from telephony_core.party import Permission, Principal
from telephony_core.testing.examples import NOW, a_principal, an_attempt_that
from telephony_core.testing.fakes import FakeEventFeed
from telephony_core.use_cases.follow_events import FollowEvents

TALKING, TALKED = an_attempt_that("talking"), an_attempt_that("talked")
LATE = Fact(LegName.CLIENT, FactKind.ANSWERED, NOW + timedelta(seconds=20))


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        (TALKING, TALKING.learn([Fact(LegName.CLIENT, FactKind.RELEASED, NOW, Cause.NORMAL)], NOW), "attempt_ended"),
        (an_attempt_that("busy"), an_attempt_that("busy").learn([LATE], NOW), "outcome_corrected"),
        (an_attempt_that("ringing_client"), an_attempt_that("ringing_client").learn([LATE], NOW), "attempt_changed"),
        (TALKED, evolve(TALKED, shown=ShownNumber(None, Verdict.NOT_REPORTED)), "number_reported"),
        (TALKED, evolve(TALKED, record_url="https://records.invalid/1"), "number_reported"),
        (TALKED, evolve(TALKED, look_ups=3), None),
    ],
)
def test_a_change_is_named_for_what_happened(before: Attempt, after: Attempt, name: str | None) -> None:
    """K7: and what nobody sees has no name."""
    assert name_of_change(before, after) == name


async def test_one_follows_ones_own_calls() -> None:
    """P4: another's only with the permission; a service of no employee needs it too."""
    office = Office()
    follow = FollowEvents(FakeEventFeed(office.store))
    mine = await follow(office.principal(), EventFilter(), None)
    all_of_them = await follow(a_principal(Permission.ACT_FOR_OTHERS, employee_id="E-0"), EventFilter(), None)
    await office.press(0, 0, key="1")
    await office.press(1, 1, key="2")
    assert {relayed.event.employee_id for relayed in await mine.next(1)} == {"E-0"}
    assert {relayed.event.employee_id for relayed in await all_of_them.next(1)} == {"E-0", "E-1"}
    for principal, wanted in (
        (office.principal(), EventFilter(employee_id="E-1")),
        (Principal("crm", None, frozenset({Permission.CALL})), EventFilter()),
    ):
        with pytest.raises(NotPermitted):
            await follow(principal, wanted, None)
