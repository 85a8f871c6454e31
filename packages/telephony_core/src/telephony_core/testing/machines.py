"""A machine that lets a policy live through days of use: calls, talks, quarantines, midnights, refreshes, in any order.

Calls overlap: each is decided, rings and ends on its own, as many at once as Hypothesis likes. Every decision is held
against every rule, and the picks of each pool against fairness (C7).
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from attrs import define, evolve
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from telephony_core.caller_id import CallerIdDecision, EarlierTalk, Question
from telephony_core.carousel import (
    Carousel,
    CarouselNumber,
    CarouselPool,
    ChosenBy,
    Generation,
    NumberUse,
    Quarantine,
)
from telephony_core.phone import PhoneNumber
from telephony_core.testing import oracles
from telephony_core.testing.carousel_strategies import REGION_CODES, carousels, numbers_of
from telephony_core.testing.contracts.caller_id_rules import Claims, Policy, ask, check_all
from telephony_core.testing.examples import NOW, PROVIDER, a_number, an_ip_phone
from telephony_core.testing.stories import broken

_MOSCOW = timezone(timedelta(hours=3))
_MICROSECOND = timedelta(microseconds=1)


@define
class _LiveCall:
    """A call that was decided and has not ended: whose, and what the client is to see."""

    client: int
    decision: CallerIdDecision


@define
class _Run:
    """The fair picks of a pool since its set of usable numbers last changed (C7)."""

    usable: frozenset[PhoneNumber]
    picks: list[PhoneNumber]


class DaysOfUse(RuleBasedStateMachine):
    """Days in the life of a carousel under one policy. Made by `live_through_days`."""

    policy: Policy
    claims: Claims

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.carousel = Carousel()
        self.turns: dict[str, int] = {}
        self.uses: dict[PhoneNumber, NumberUse] = {}
        self.shows: dict[PhoneNumber, list[datetime]] = {}
        self.talks: dict[int, EarlierTalk] = {}
        self.numbers: dict[int, tuple[str, ...]] = {}
        self.live: list[_LiveCall] = []
        self.runs: dict[str, _Run] = {}
        self.fresh = 900_000
        self.told: list[str] = []

    @initialize(
        carousel=carousels(providers=[PROVIDER], chosen_by=ChosenBy.US, max_pools=2, max_generations=2, max_numbers=3)
    )
    def a_carousel(self, carousel: Carousel) -> None:
        self.carousel = carousel

    # --- calls ------------------------------------------------------------------------------------------------------

    @rule(client=st.integers(0, 2), regions=st.sets(st.sampled_from(REGION_CODES), min_size=1, max_size=2))
    def call(self, client: int, regions: set[str]) -> None:
        """A client is called at a number of these regions."""
        self.numbers[client] = tuple(sorted(regions))
        self._call(client)

    @precondition(lambda self: self.talks)
    @rule(which=st.integers(0, 2))
    def call_again(self, which: int) -> None:
        """A client to whom we have talked is called again, at the same number (C6)."""
        known = sorted(self.talks)
        self._call(known[which % len(known)])

    def _call(self, client: int) -> None:
        codes = self.numbers[client]
        question = Question(
            now=self.now,
            device=an_ip_phone(),
            number_codes=codes,
            client_codes=(REGION_CODES[client],),
            carousel=self.carousel,
            uses=self._uses_today(),
            earlier_talk=self.talks.get(client),
        )
        answer = ask(self.policy, question)
        self._tell(f"client {client} in {', '.join(codes)} is called")
        try:
            check_all(question, answer, self.claims)
        except AssertionError as failure:
            raise AssertionError("\n".join([*self._story(), str(failure)])) from None
        if isinstance(answer, CallerIdDecision) and answer.requested is not None and answer.pool_id is not None:
            self.told[-1] += f" and is to see {answer.requested.e164}"
            self.live.append(_LiveCall(client, answer))
            if answer.takes_a_turn:
                self._take_turn(question, answer, answer.pool_id, answer.requested)

    @precondition(lambda self: self.live)
    @rule(which=st.integers(0, 5))
    def ring(self, which: int) -> None:
        """The client's phone rings, which is when the number is shown."""
        number = self._shown(self.live[which % len(self.live)])
        self.shows.setdefault(number, []).append(self.now)
        self._tell(f"a client is shown {number.e164}")

    @precondition(lambda self: self.live)
    @rule(which=st.integers(0, 5), talked=st.booleans())
    def end(self, which: int, talked: bool) -> None:
        """A call ends; a pick of one that never rang is not given back."""
        call = self.live.pop(which % len(self.live))
        if talked:
            self.talks[call.client] = EarlierTalk(self._shown(call), self.now)
            self._tell(f"client {call.client} has talked to {self._shown(call).e164}")

    # --- time -------------------------------------------------------------------------------------------------------

    @rule(by=st.sampled_from([timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=7), timedelta(days=8)]))
    def time_passes(self, by: timedelta) -> None:
        self._turn_to(self.now + by)

    @rule(before=st.booleans())
    def midnight(self, before: bool) -> None:
        """Caps count within the calendar day of the service's time zone (N4)."""
        midnight = self._day_began() + timedelta(days=1)
        self._turn_to(midnight - _MICROSECOND if before and midnight - _MICROSECOND > self.now else midnight)

    @precondition(lambda self: self._next_refresh() is not None)
    @rule(before=st.booleans())
    def refresh_comes(self, before: bool) -> None:
        """To the instant of the next refresh, or one microsecond before it (C9)."""
        instant = self._next_refresh()
        assert instant is not None  # the precondition
        self._turn_to(instant - _MICROSECOND if before and instant - _MICROSECOND > self.now else instant)

    # --- the supervisor ---------------------------------------------------------------------------------------------

    @rule(which=st.integers(0, 20))
    def quarantine_or_bring_back(self, which: int) -> None:
        numbers = numbers_of(self.carousel)
        number = numbers[which % len(numbers)]
        self._tell(f"{number.e164} is put on the bench, or brought back from it")
        bench = Quarantine("complaints", "E-1", self.now)
        self.carousel = Carousel(
            tuple(
                evolve(
                    pool,
                    generations=tuple(
                        evolve(
                            generation,
                            numbers=tuple(
                                evolve(each, quarantine=None if each.quarantine else bench)
                                if each.number == number
                                else each
                                for each in generation.numbers
                            ),
                        )
                        for generation in pool.generations
                    ),
                )
                for pool in self.carousel.pools
            )
        )

    @rule(which=st.integers(0, 2), size=st.integers(1, 3), days=st.integers(1, 3), keep=st.booleans())
    def schedule_refresh(self, which: int, size: int, days: int, keep: bool) -> None:
        """A pool gets a new generation for a later day, perhaps with one of the numbers that it has."""
        pool = self.carousel.pools[which % len(self.carousel.pools)]
        instant = self.now + timedelta(days=days)
        if any(generation.activates_at >= instant for generation in pool.generations):
            return
        numbers = [CarouselNumber(a_number(self.fresh + place), None, self.now) for place in range(size)]
        self.fresh += size
        if keep:
            numbers.append(evolve(pool.generations[-1].numbers[0], quarantine=None))
        generation = Generation(f"{pool.id}-{len(pool.generations) + 1}", tuple(numbers), instant)
        self._tell(f"pool {pool.id} is to be refreshed at {instant.isoformat()}")
        self._replace(evolve(pool, generations=(*pool.generations, generation)))
        assert not self.carousel.faults(), "the machine made a carousel that is out of order"

    # --- how it is kept -----------------------------------------------------------------------------------------------

    def _take_turn(self, question: Question, answer: CallerIdDecision, pool_id: str, number: PhoneNumber) -> None:
        pool = next(pool for pool in self.carousel.pools if pool.id == pool_id)
        usable = frozenset(oracles.showable(pool, self.now, question.uses))
        run = self.runs.get(pool_id)
        if run is None or run.usable != usable:
            run = self.runs[pool_id] = _Run(usable, [])
        run.picks.append(number)
        if self.claims.fair and oracles.unfair_run(run.picks, usable) is not None:
            numbers = ", ".join(each.e164 for each in run.picks)
            raise broken(
                "C7",
                f"picks of two numbers of pool {pool_id} differ by more than one: {numbers}",
                question,
                answer,
                *self._story(),
            )
        self.turns[pool_id] = self.turns.get(pool_id, self._highest_turn(pool)) + 1
        use = self.uses.get(number, NumberUse())
        self.uses[number] = evolve(use, picks=use.picks + 1, turn=self.turns[pool_id])

    def _highest_turn(self, pool: CarouselPool) -> int:
        return max(self.uses.get(each.number, NumberUse()).turn for gen in pool.generations for each in gen.numbers)

    def _uses_today(self) -> dict[PhoneNumber, NumberUse]:
        """The uses as the store tells them: shows counted from the beginning of the day."""
        began = self._day_began()
        found = dict(self.uses)
        for number, shows in self.shows.items():
            today = sum(at >= began for at in shows)
            found[number] = evolve(found.get(number, NumberUse()), shows_today=today, last_shown_at=max(shows))
        return found

    def _day_began(self) -> datetime:
        return self.now.astimezone(_MOSCOW).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(NOW.tzinfo)

    def _next_refresh(self) -> datetime | None:
        instants = (generation.activates_at for pool in self.carousel.pools for generation in pool.generations)
        return min((instant for instant in instants if instant > self.now), default=None)

    def _replace(self, changed: CarouselPool) -> None:
        self.carousel = Carousel(tuple(changed if pool.id == changed.id else pool for pool in self.carousel.pools))

    def _turn_to(self, instant: datetime) -> None:
        self.now = instant
        self._tell("time passes")

    def _shown(self, call: _LiveCall) -> PhoneNumber:
        assert call.decision.requested is not None  # only such calls are kept
        return call.decision.requested

    def _tell(self, what: str) -> None:
        self.told.append(f"  {self.now.isoformat()}  {what}")

    def _story(self) -> list[str]:
        return ["", "What happened before:", *self.told]


def live_through_days(policy: Policy, claims: Claims, *, steps: int = 30) -> None:
    """Let the policy live through days of use; an AssertionError tells what it broke, and how it came to that."""

    class Days(DaysOfUse):
        pass

    Days.policy, Days.claims = policy, claims
    examples = max(20, settings().max_examples // 2)
    run_state_machine_as_test(
        Days,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            phases=[phase for phase in Phase if phase is not Phase.explain],
        ),
    )
