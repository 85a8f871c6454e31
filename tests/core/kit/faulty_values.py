"""Pools, carousels and handlers of facts that break a rule each: what ships but for one thing.

One long module: a list, a fault a piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, fields

from telephony_core import call_facts
from telephony_core.call import Attempt
from telephony_core.call_facts import (
    TABLE,
    AttemptState,
    Fact,
    FactKind,
    LegState,
    Outcome,
    Reading,
    Source,
)
from telephony_core.carousel import Carousel, CarouselFault, CarouselPool, Generation, NumberUse, fair_turn
from telephony_core.phone import PhoneNumber
from telephony_core.testing.contracts import CallFactsContract, CarouselContract

_US = timedelta(microseconds=1)
Uses = Mapping[PhoneNumber, NumberUse]

FAULTS: dict[str, tuple[str, type[Any]]] = {}
"""By name: the rule that it breaks, and the contract with the faulty thing in its place."""


def contract_of(contract: type[Any]) -> type[Any]:
    return contract


def _remade(value: Any, made: type[Any]) -> Any:
    return made(**{each.alias or each.name: getattr(value, each.name) for each in fields(type(value))})


def faulty_pool(rule: str) -> Callable[[type[CarouselPool]], type[CarouselPool]]:
    def register(faulty: type[CarouselPool]) -> type[CarouselPool]:
        class Contract(CarouselContract):
            def pool(self, plain: CarouselPool) -> CarouselPool:
                return _remade(plain, faulty)

        FAULTS[faulty.__name__] = (rule, Contract)
        return faulty

    return register


def faulty_carousel(rule: str) -> Callable[[type[Carousel]], type[Carousel]]:
    def register(faulty: type[Carousel]) -> type[Carousel]:
        class Contract(CarouselContract):
            def carousel(self, plain: Carousel) -> Carousel:
                return faulty(plain.pools)

        FAULTS[faulty.__name__] = (rule, Contract)
        return faulty

    return register


def faulty_reading(rule: str) -> Callable[[Callable[..., Reading]], Callable[..., Reading]]:
    def register(read: Callable[..., Reading]) -> Callable[..., Reading]:
        class Contract(CallFactsContract):
            def read(self, facts: frozenset[Fact]) -> Reading:
                return read(facts)

        FAULTS[read.__name__] = (rule, Contract)
        return read

    return register


def faulty_learning(rule: str) -> Callable[[Callable[..., Attempt]], Callable[..., Attempt]]:
    def register(learn: Callable[..., Attempt]) -> Callable[..., Attempt]:
        class Contract(CallFactsContract):
            def learn(self, attempt: Attempt, facts: Iterable[Fact], now: datetime) -> Attempt:
                return learn(attempt, list(facts), now)

        FAULTS[learn.__name__] = (rule, Contract)
        return learn

    return register


# --- Pools ----------------------------------------------------------------------------------------------------------


@faulty_pool("C9")
class KeepsTheOldGenerationOneMicrosecondLonger(CarouselPool):
    def active(self, now: datetime) -> Generation | None:
        return super().active(now - _US)


@faulty_pool("C9")
class RefreshesByTheSecond(CarouselPool):
    def active(self, now: datetime) -> Generation | None:
        return super().active(now.replace(microsecond=0))


@faulty_pool("C9")
class RefreshesByTheDay(CarouselPool):
    def active(self, now: datetime) -> Generation | None:
        past = [each for each in self.generations if each.activates_at.date() <= now.date()]
        return past[-1] if past else None


@faulty_pool("C3")
class ShowsWhatIsOnTheBench(CarouselPool):
    def usable(self, now: datetime, uses: Uses) -> Any:
        generations = (
            evolve(each, numbers=tuple(evolve(number, quarantine=None) for number in each.numbers))
            for each in self.generations
        )
        return _remade(evolve(self, generations=tuple(generations)), CarouselPool).usable(now, uses)


@faulty_pool("C3")
class OneShowMoreThanTheCap(CarouselPool):
    def usable(self, now: datetime, uses: Uses) -> Any:
        fewer = {number: evolve(use, shows_today=max(use.shows_today - 1, 0)) for number, use in uses.items()}
        return super().usable(now, fewer)


@faulty_pool("C3")
class ForgetsTheCapAtMidnightInUtc(CarouselPool):
    def usable(self, now: datetime, uses: Uses) -> Any:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        forgotten = {
            number: evolve(use, shows_today=0) if use.last_shown_at and use.last_shown_at < midnight else use
            for number, use in uses.items()
        }
        return super().usable(now, forgotten)


@faulty_pool("C3")
class CountsPicksForShows(CarouselPool):
    def usable(self, now: datetime, uses: Uses) -> Any:
        return super().usable(now, {number: evolve(use, shows_today=use.picks) for number, use in uses.items()})


@faulty_pool("C3")
class WarmsUpAWeekTooLong(CarouselPool):
    def usable(self, now: datetime, uses: Uses) -> Any:
        warm_up = self.limits.warm_up
        longer = evolve(self, limits=evolve(self.limits, warm_up=(*warm_up, *warm_up[-1:])))
        return _remade(longer, CarouselPool).usable(now, uses)


@faulty_pool("C3")
class RestsNoMore(CarouselPool):
    def usable(self, now: datetime, uses: Uses) -> Any:
        return super().usable(now, {number: evolve(use, last_shown_at=None) for number, use in uses.items()})


@faulty_pool("C3")
class GivesNoReason(CarouselPool):
    def usable(self, now: datetime, uses: Uses) -> Any:
        return super().usable(now, uses)[0], {}


@faulty_pool("C11")
class ConformsOnlyByTheActiveGeneration(CarouselPool):
    def conforming(self, now: datetime, window: timedelta) -> tuple[Generation, ...]:
        active = self.active(now)
        return (active,) if active else ()


@faulty_pool("C11")
class ConformsForEver(CarouselPool):
    def conforming(self, now: datetime, window: timedelta) -> tuple[Generation, ...]:
        return self.generations


# --- Carousels ------------------------------------------------------------------------------------------------------


@faulty_carousel("C5")
class TriesTheDefaultFirst(Carousel):
    def of_provider(self, provider: str) -> Carousel:
        return TriesTheDefaultFirst(super().of_provider(provider).pools)

    def path(self, pool: CarouselPool) -> tuple[CarouselPool, ...]:
        first, *others = super().path(pool)
        return (first, *sorted(others, key=lambda each: not each.is_default))


@faulty_carousel("C5")
class FollowsTheChainsOfItsNeighbours(Carousel):
    def of_provider(self, provider: str) -> Carousel:
        return FollowsTheChainsOfItsNeighbours(super().of_provider(provider).pools)

    def path(self, pool: CarouselPool) -> tuple[CarouselPool, ...]:
        own = super().path(pool)
        further = [self.pool(pool_id) for each in own[1:] for pool_id in each.chain]
        return tuple({each.id: each for each in (*own, *further) if each}.values())


@faulty_carousel("C4")
class ForgetsTheConfiguredOrder(Carousel):
    def of_provider(self, provider: str) -> Carousel:
        return Carousel(tuple(pool for pool in self.pools if pool.provider == provider))


@faulty_carousel("C4")
class LooksAtAllProviders(Carousel):
    def of_provider(self, provider: str) -> Carousel:
        return Carousel(tuple(sorted(self.pools, key=lambda pool: (pool.order, pool.id))))


def _blind_to(*names: str) -> Callable[[Any], tuple[CarouselFault, ...]]:
    def faults(self: Any) -> tuple[CarouselFault, ...]:
        return tuple(fault for fault in Carousel(self.pools).faults() if fault.fault not in names)

    return faults


for _name, _fault in {
    "LetsARegionBeServedTwice": "region_served_twice",
    "LetsAChainRunInACircle": "chain_has_a_cycle",
    "LetsAChainLeaveTheProvider": "chain_leaves_the_provider",
    "LetsANumberBeActiveTwice": "number_active_twice",
    "WantsNoDefaultPool": "no_default_pool",
}.items():
    faulty_carousel("C0")(type(_name, (Carousel,), {"faults": _blind_to(_fault)}))


@faulty_carousel("C0")
class LooksForNumbersInTheActiveGenerationsOnly(Carousel):
    def faults(self) -> tuple[CarouselFault, ...]:
        now = tuple(evolve(pool, generations=pool.generations[:1]) for pool in self.pools)
        return Carousel(now).faults()


class _TurnsToTheNewest(CarouselContract):
    def fair_turn(self, turns: Any) -> int:
        return max(range(len(turns)), key=lambda place: (turns[place] == 0, turns[place]))


class _TurnsToTheSecond(CarouselContract):
    def fair_turn(self, turns: Any) -> int:
        first = fair_turn(turns)
        others = [place for place in range(len(turns)) if place != first]
        return min(others, key=lambda place: turns[place], default=first)


FAULTS["TurnsToTheNewest"] = ("C7", _TurnsToTheNewest)
FAULTS["TurnsToTheSecond"] = ("C7", _TurnsToTheSecond)


# --- Facts ----------------------------------------------------------------------------------------------------------


@faulty_learning("K1")
def loses_what_comes_before_the_answer(attempt: Attempt, facts: list[Fact], now: datetime) -> Attempt:
    answered = any(fact.kind in (FactKind.ACCEPTED, FactKind.ANSWER_LOST) for fact in (*attempt.facts, *facts))
    kept = [fact for fact in facts if answered or TABLE[fact.kind].source is not Source.PROVIDER]
    return attempt.learn(kept, now)


@faulty_learning("K1")
def the_answer_begins_anew(attempt: Attempt, facts: list[Fact], now: datetime) -> Attempt:
    if any(fact.kind is FactKind.ANSWER_LOST for fact in facts):
        ours = frozenset(fact for fact in attempt.facts if TABLE[fact.kind].source is Source.US)
        return evolve(attempt, facts=ours).learn(facts, now)
    return attempt.learn(facts, now)


@faulty_learning("K7")
def only_the_last_fact_of_a_leg_is_kept(attempt: Attempt, facts: list[Fact], now: datetime) -> Attempt:
    legs = {fact.leg for fact in facts}
    return evolve(attempt, facts=frozenset(fact for fact in attempt.facts if fact.leg not in legs)).learn(facts, now)


@faulty_learning("K1")
def only_what_is_stronger_is_learnt(attempt: Attempt, facts: list[Fact], now: datetime) -> Attempt:
    """As a machine of transitions does: what comes late is refused."""
    order = list(FactKind)
    for fact in facts:
        known = [order.index(each.kind) for each in attempt.facts if each.leg is fact.leg]
        if order.index(fact.kind) > max(known, default=-1):
            attempt = attempt.learn([fact], now)
    return attempt


@faulty_learning("K1")
def a_repetition_is_another_fact(attempt: Attempt, facts: list[Fact], now: datetime) -> Attempt:
    again = [evolve(fact, at=fact.at + len(attempt.facts) * _US) if fact in attempt.facts else fact for fact in facts]
    return attempt.learn(again, now)


@faulty_learning("K1")
def what_has_ended_learns_nothing(attempt: Attempt, facts: list[Fact], now: datetime) -> Attempt:
    return attempt.learn(facts, now) if attempt.live else attempt


@faulty_learning("K1")
def the_ending_is_moved_by_late_facts(attempt: Attempt, facts: list[Fact], now: datetime) -> Attempt:
    learnt = attempt.learn(facts, now)
    return evolve(learnt, ended_at=now) if learnt.ended_at else learnt


@faulty_reading("K1")
def the_latest_fact_decides(facts: frozenset[Fact]) -> Reading:
    latest = max(facts, key=lambda fact: (fact.at, fact.kind))
    return call_facts.read(frozenset(fact for fact in facts if fact.at <= latest.at and fact.kind == latest.kind))


@faulty_reading("K1")
def a_ringing_phone_lives_again(facts: frozenset[Fact]) -> Reading:
    reading = call_facts.read(facts)
    rings = any(fact.kind is FactKind.RINGING for fact in facts)
    given_up = any(fact.kind is FactKind.GIVEN_UP for fact in facts)
    return evolve(reading, state=AttemptState.RINGING_CLIENT, outcome=None) if rings and given_up else reading


@faulty_reading("K1")
def a_time_out_outweighs_news(facts: frozenset[Fact]) -> Reading:
    reading = call_facts.read(facts)
    if any(TABLE[fact.kind].source is Source.TIME_OUT for fact in facts):
        return evolve(reading, employee=evolve(reading.employee, state=LegState.DID_NOT_RING))
    return reading


@faulty_reading("K2")
def accepted_is_ringing(facts: frozenset[Fact]) -> Reading:
    reading = call_facts.read(facts)
    if reading.employee.state is LegState.ACCEPTED:
        return evolve(reading, state=AttemptState.RINGING_EMPLOYEE)
    return reading


@faulty_reading("K2")
def silence_frees_the_employee(facts: frozenset[Fact]) -> Reading:
    reading = call_facts.read(facts)
    if any(fact.kind is FactKind.DID_NOT_RING for fact in facts):
        return evolve(reading, state=AttemptState.ENDED, outcome=Outcome.UNRESOLVED)
    return reading


@faulty_reading("K1")
def an_employee_who_answered_is_talking(facts: frozenset[Fact]) -> Reading:
    reading = call_facts.read(facts)
    return evolve(reading, state=AttemptState.TALKING) if reading.state is AttemptState.RINGING_CLIENT else reading


@faulty_reading("K1")
def unresolved_stays_unresolved(facts: frozenset[Fact]) -> Reading:
    reading = call_facts.read(facts)
    given_up = any(fact.kind is FactKind.GIVEN_UP for fact in facts)
    return evolve(reading, outcome=Outcome.UNRESOLVED) if given_up else reading
