"""A machine that lets a policy live through days of use: calls, talks, quarantines, midnights, refreshes, in any order.

Calls overlap: each is decided, rings and ends on its own, as many at once as Hypothesis likes. Every decision is held
against every rule, and the picks of each pool against fairness (C7). What happened is kept as plain data, so that a
failure is cut down by living through parts of it again (`days`), in a tenth of the time of Hypothesis' shrinking.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from telephony_core.carousel import Carousel, ChosenBy
from telephony_core.testing.carousel_strategies import REGION_CODES, carousels
from telephony_core.testing.contracts.caller_id_rules import Claims, Policy
from telephony_core.testing.days import Days, Event, smallest_story
from telephony_core.testing.examples import PROVIDER
from telephony_core.testing.stories import BrokenRule

_CLIENTS = st.integers(0, 2)
_CODES = st.sets(st.sampled_from(REGION_CODES), min_size=1, max_size=2).map(sorted).map(tuple)


class DaysOfUse(RuleBasedStateMachine):
    """Days in the life of a carousel under one policy. Made by `live_through_days`."""

    make_policy: ClassVar[Callable[[], Policy]]
    claims: ClassVar[Claims]
    lived: ClassVar[tuple[Carousel, list[Event]]]
    """The latest run: where it began, and what happened."""

    def __init__(self) -> None:
        super().__init__()
        self.days: Days = Days(Carousel(), type(self).make_policy(), self.claims)

    @initialize(
        carousel=carousels(providers=[PROVIDER], chosen_by=ChosenBy.US, max_pools=3, max_generations=2, max_numbers=3)
    )
    def a_carousel(self, carousel: Carousel) -> None:
        self.days = Days(carousel, type(self).make_policy(), self.claims)
        type(self).lived = (carousel, [])

    def _happens(self, event: Event) -> None:
        type(self).lived[1].append(event)
        self.days.happen(event)

    @rule(client=_CLIENTS, codes=_CODES)
    def call(self, client: int, codes: tuple[str, ...]) -> None:
        """A client is called at a number of these regions."""
        self._happens(Event("call", (client, codes)))

    @rule(codes=_CODES, times=st.integers(2, 4))
    def calls_at_once(self, codes: tuple[str, ...], times: int) -> None:
        """Several employees press at the same instant: their transactions come one after the other (C7)."""
        self._happens(Event("calls_at_once", (codes, times)))

    @rule(which=_CLIENTS)
    def call_again(self, which: int) -> None:
        """A client to whom we have talked is called again, at the same number (C6)."""
        self._happens(Event("call_again", (which,)))

    @rule(which=st.integers(0, 5))
    def ring(self, which: int) -> None:
        """The client's phone rings, which is when the number is shown."""
        self._happens(Event("ring", (which,)))

    @rule(which=st.integers(0, 5), talked=st.booleans())
    def end(self, which: int, talked: bool) -> None:
        """A call ends; a pick of one that never rang is not given back."""
        self._happens(Event("end", (which, talked)))

    @rule(by=st.sampled_from([timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=7), timedelta(days=8)]))
    def time_passes(self, by: timedelta) -> None:
        self._happens(Event("time_passes", (by,)))

    @rule(before=st.booleans())
    def midnight(self, before: bool) -> None:
        """Caps count within the calendar day of the service's time zone (N4)."""
        self._happens(Event("midnight", (before,)))

    @rule(before=st.booleans())
    def refresh_comes(self, before: bool) -> None:
        """To the instant of the next refresh, or one microsecond before it (C9)."""
        self._happens(Event("refresh_comes", (before,)))

    @rule(which=st.integers(0, 20))
    def quarantine_or_bring_back(self, which: int) -> None:
        self._happens(Event("quarantine_or_bring_back", (which,)))

    @rule(which=st.integers(0, 2), size=st.integers(1, 3), days=st.integers(1, 3), keep=st.booleans())
    def schedule_refresh(self, which: int, size: int, days: int, keep: bool) -> None:
        """A pool gets a new generation for a later day, perhaps with one of the numbers that it has."""
        self._happens(Event("schedule_refresh", (which, size, days, keep)))


_FEWEST_LIVES = 300
"""Two seconds of a policy in order. A fault that takes a talk, a wait and a new call shows in about one of twenty."""


def live_through_days(make_policy: Callable[[], Policy], claims: Claims, *, steps: int = 30) -> None:
    """Let a policy live through days of use. `BrokenRule` tells what it broke, and what little led to it."""

    class Days(DaysOfUse):
        pass

    # A function that is an attribute of a class would take the machine for its argument.
    Days.make_policy, Days.claims = staticmethod(make_policy), claims
    try:
        run_state_machine_as_test(
            Days,
            settings=settings(
                max_examples=max(_FEWEST_LIVES, settings().max_examples),
                stateful_step_count=steps,
                deadline=None,
                database=None,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            ),
        )
    except BrokenRule as failure:
        raise smallest_story(failure, *Days.lived, make_policy, claims) from None
