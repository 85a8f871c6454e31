"""Days in the life of a carousel, as a simulation that events drive; and the shortest way to a rule that breaks in it.

`Days.happen(Event("call", (0, ("RU-NVS",))))`. Every event can happen at any time; one for which there is no occasion,
the end of a call while there is none for one, changes nothing. So any part of a run is a run, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from attrs import define, evolve, frozen

from telephony_core.caller_id import CallerIdDecision, EarlierTalk, Question
from telephony_core.carousel import (
    Carousel,
    CarouselNumber,
    CarouselPool,
    Generation,
    NumberUse,
    Quarantine,
    ShowLimits,
)
from telephony_core.phone import PhoneNumber
from telephony_core.testing import oracles
from telephony_core.testing.carousel_strategies import REGION_CODES, numbers_of
from telephony_core.testing.contracts.caller_id_rules import Claims, Policy, ask, check_all
from telephony_core.testing.examples import NOW, a_number
from telephony_core.testing.situations import PHONE
from telephony_core.testing.stories import BrokenRule

_MOSCOW = timezone(timedelta(hours=3))
_MICROSECOND = timedelta(microseconds=1)


@frozen
class Event:
    """What happens, by the name of a method of `Days`, and with what."""

    what: str
    args: tuple[Any, ...] = ()


@define
class _LiveCall:
    """A call that was decided and has not ended: whose, and what the client is to see."""

    client: int
    shown: PhoneNumber


@define
class _Run:
    """The fair picks of a pool since its set of usable numbers last changed (C7)."""

    usable: frozenset[PhoneNumber]
    picks: list[PhoneNumber]


class Days:
    """The carousel, what became of its numbers, and who was called; `BrokenRule` as soon as the policy breaks one."""

    def __init__(self, carousel: Carousel, policy: Policy, claims: Claims) -> None:
        self.policy = policy
        self.claims = claims
        self.now: datetime = NOW
        self.carousel: Carousel = carousel
        self.turns: dict[str, int] = {}
        self.uses: dict[PhoneNumber, NumberUse] = {}
        self.shows: dict[PhoneNumber, list[datetime]] = {}
        self.talks: dict[int, EarlierTalk] = {}
        self.numbers: dict[int, tuple[str, ...]] = {}
        self.live: list[_LiveCall] = []
        self.runs: dict[str, _Run] = {}
        self.fresh: int = 900_000
        self.told: list[str] = []

    def happen(self, event: Event) -> None:
        getattr(self, event.what)(*event.args)

    # --- calls ------------------------------------------------------------------------------------------------------

    def call(self, client: int, codes: tuple[str, ...]) -> None:
        self.numbers[client] = codes
        self._call(client)

    def calls_at_once(self, codes: tuple[str, ...], times: int) -> None:
        for place in range(times):
            # Clients to whom we never talk, so that nothing but fairness decides.
            self.call(100 + place, codes)

    def call_again(self, which: int) -> None:
        known = sorted(self.talks)
        if known:
            self._call(known[which % len(known)])

    def ring(self, which: int) -> None:
        if not self.live:
            return
        call = self.live[which % len(self.live)]
        self.shows.setdefault(call.shown, []).append(self.now)
        self._tell(f"client {call.client} is shown {call.shown.e164}")

    def end(self, which: int, talked: bool) -> None:
        if not self.live:
            return
        call = self.live.pop(which % len(self.live))
        self._tell(f"the call of client {call.client} ends, and we have {'' if talked else 'not '}talked")
        if talked:
            self.talks[call.client] = EarlierTalk(call.shown, self.now)

    def _call(self, client: int) -> None:
        codes = self.numbers[client]
        question = Question(
            now=self.now,
            device=evolve(PHONE, id=f"D-{client % 3}", employee_id=f"E-{client % 3}", line=f"{client % 3}@pbx"),
            number_codes=codes,
            client_codes=(REGION_CODES[client % len(REGION_CODES)],),
            carousel=self.carousel,
            uses=self._uses_today(),
            earlier_talk=self.talks.get(client),
        )
        self._tell(f"client {client} in {', '.join(codes)} is called")
        try:
            answer = ask(self.policy, question)
            check_all(question, answer, self.claims)
        except BrokenRule as failure:
            raise self._with_story(failure) from failure.__cause__
        if isinstance(answer, CallerIdDecision) and answer.requested is not None and answer.pool_id is not None:
            self.told[-1] += f" and is to see {answer.requested.e164}"
            self.live.append(_LiveCall(client, answer.requested))
            if answer.takes_a_turn:
                self._take_turn(question, answer, answer.pool_id, answer.requested)

    def _take_turn(self, question: Question, answer: CallerIdDecision, pool_id: str, number: PhoneNumber) -> None:
        pool = next(pool for pool in self.carousel.pools if pool.id == pool_id)
        usable = frozenset(oracles.showable(pool, self.now, question.uses))
        run = self.runs.get(pool_id)
        if run is None or run.usable != usable:
            run = self.runs[pool_id] = _Run(usable, [])
        run.picks.append(number)
        # Until now the run was fair, so what breaks it lies within the latest two rounds.
        latest = run.picks[-2 * len(usable) - 1 :]
        if self.claims.fair and oracles.unfair_run(latest, usable) is not None:
            picks = ", ".join(each.e164 for each in run.picks)
            what = f"picks of two numbers of pool {pool_id} differ by more than one: {picks}"
            raise self._with_story(BrokenRule("C7", what, question, answer))
        highest = max(self.uses.get(each.number, NumberUse()).turn for gen in pool.generations for each in gen.numbers)
        self.turns[pool_id] = self.turns.get(pool_id, highest) + 1
        use = self.uses.get(number, NumberUse())
        self.uses[number] = evolve(use, picks=use.picks + 1, turn=self.turns[pool_id])

    # --- time -------------------------------------------------------------------------------------------------------

    def time_passes(self, by: timedelta) -> None:
        self._turn_to(self.now + by)

    def midnight(self, before: bool) -> None:
        self._turn_to_or_just_before(self._day_began() + timedelta(days=1), before)

    def refresh_comes(self, before: bool) -> None:
        instants = (generation.activates_at for pool in self.carousel.pools for generation in pool.generations)
        following = min((instant for instant in instants if instant > self.now), default=None)
        if following is not None:
            self._turn_to_or_just_before(following, before)

    def _turn_to_or_just_before(self, instant: datetime, before: bool) -> None:
        early = instant - _MICROSECOND
        self._turn_to(early if before and early > self.now else instant)

    def _turn_to(self, instant: datetime) -> None:
        self.now = instant
        self._tell("time has passed")

    def _day_began(self) -> datetime:
        return self.now.astimezone(_MOSCOW).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(NOW.tzinfo)

    def _uses_today(self) -> dict[PhoneNumber, NumberUse]:
        """The uses as the store tells them: shows counted from the beginning of the day."""
        began = self._day_began()
        found = dict(self.uses)
        for number, shows in self.shows.items():
            today = sum(at >= began for at in shows)
            found[number] = evolve(found.get(number, NumberUse()), shows_today=today, last_shown_at=max(shows))
        return found

    # --- the supervisor ---------------------------------------------------------------------------------------------

    def quarantine_or_bring_back(self, which: int) -> None:
        numbers = numbers_of(self.carousel)
        number = numbers[which % len(numbers)]
        bench = Quarantine("complaints", "E-1", self.now)

        def changed(each: CarouselNumber) -> CarouselNumber:
            return evolve(each, quarantine=None if each.quarantine else bench) if each.number == number else each

        for pool in self.carousel.pools:
            generations = (evolve(each, numbers=tuple(map(changed, each.numbers))) for each in pool.generations)
            self._replace(evolve(pool, generations=tuple(generations)))
        self._tell(f"{number.e164} is put on the bench, or brought back from it")

    def schedule_refresh(self, which: int, size: int, days: int, keep: bool) -> None:
        pool = self.carousel.pools[which % len(self.carousel.pools)]
        instant = self.now + timedelta(days=days)
        if any(generation.activates_at >= instant for generation in pool.generations):
            return
        numbers = [CarouselNumber(a_number(self.fresh + place), None, self.now) for place in range(size)]
        self.fresh += size
        if keep:
            numbers.append(evolve(pool.generations[-1].numbers[0], quarantine=None))
        generation = Generation(f"{pool.id}-{len(pool.generations) + 1}", tuple(numbers), instant)
        self._replace(evolve(pool, generations=(*pool.generations, generation)))
        self._tell(f"pool {pool.id} is to be refreshed at {instant.isoformat()}")

    def _replace(self, changed: CarouselPool) -> None:
        self.carousel = Carousel(tuple(changed if pool.id == changed.id else pool for pool in self.carousel.pools))

    # --- how it is told -----------------------------------------------------------------------------------------------

    def _tell(self, what: str) -> None:
        self.told.append(f"{self.now.isoformat()}  {what}")

    def _with_story(self, failure: BrokenRule) -> BrokenRule:
        return BrokenRule(failure.rule, failure.what, failure.question, failure.answer, self.told)


# --- The shortest way to a rule that breaks -----------------------------------------------------------------------

_MOST_RUNS = 300
"""Runs through parts of a failure: enough to cut thirty events down to a few, and done within a second or two."""


def smallest_story(
    failure: BrokenRule, carousel: Carousel, events: Sequence[Event], make_policy: Callable[[], Policy], claims: Claims
) -> BrokenRule:
    """The same rule broken in fewer events and a smaller carousel, as far as leaving out leads."""
    found, left = failure, _MOST_RUNS
    smaller = True
    while smaller:
        smaller = False
        for fewer, less in _parts(carousel, events):
            if not left:
                return found
            left -= 1
            broken = _live(less, fewer, make_policy, claims)
            if broken is not None and broken.rule == failure.rule:
                found, events, carousel, smaller = broken, fewer, less, True
                break
    return found


def _live(
    carousel: Carousel, events: Sequence[Event], make_policy: Callable[[], Policy], claims: Claims
) -> BrokenRule | None:
    days = Days(carousel, make_policy(), claims)
    try:
        for event in events:
            days.happen(event)
    except BrokenRule as failure:
        return failure
    return None


def _parts(carousel: Carousel, events: Sequence[Event]) -> Iterator[tuple[Sequence[Event], Carousel]]:
    """The run with less in it: large pieces of events first, then single ones, then of the carousel."""
    size = max(1, len(events) // 2)
    while True:
        for begin in range(len(events) - size, -1, -size):
            yield [*events[:begin], *events[begin + size :]], carousel
        if size == 1:
            break
        size //= 2
    for less in _lesser(carousel):
        if less.pools and not less.faults():
            yield events, less


def _lesser(carousel: Carousel) -> Iterator[Carousel]:
    for place, pool in enumerate(carousel.pools):
        others = (*carousel.pools[:place], *carousel.pools[place + 1 :])
        yield Carousel(others)
        for changed in _plainer(pool):
            if changed != pool:
                yield Carousel((*carousel.pools[:place], changed, *carousel.pools[place + 1 :]))


def _plainer(pool: CarouselPool) -> Iterator[CarouselPool]:
    yield evolve(pool, limits=ShowLimits(), declaration_required=False)
    yield evolve(pool, declaration_required=False)
    yield evolve(pool, chain=())
    for place, generation in enumerate(pool.generations):
        others = (*pool.generations[:place], *pool.generations[place + 1 :])
        if others:
            yield evolve(pool, generations=others)
        plain = tuple(evolve(each, quarantine=None) for each in generation.numbers)
        yield evolve(pool, generations=(*others, evolve(generation, numbers=plain)))
        for at in range(len(generation.numbers)):
            fewer = (*generation.numbers[:at], *generation.numbers[at + 1 :])
            yield evolve(pool, generations=(*others, evolve(generation, numbers=fewer)))
