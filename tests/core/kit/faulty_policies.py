"""Policies that break a rule each: the one that ships but for one thing, as an author might get it wrong.

One long module: a list, a fault a piece.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from telephony_core.caller_id import CallerIdDecision, CallerIdPolicy, EarlierTalk, Question, Step
from telephony_core.carousel import (
    NEVER_USED,
    Carousel,
    CarouselNumber,
    CarouselPool,
    ChosenBy,
    NumberUse,
    WhenExhausted,
)
from telephony_core.device import IpPhone, Mobile
from telephony_core.errors import NoUsableNumber
from telephony_core.phone import PhoneNumber
from telephony_core.region import Region, RegionSource
from telephony_core.testing import oracles
from telephony_core.testing.contracts import CallerIdPolicyContract
from telephony_core.testing.contracts.caller_id_rules import Policy
from telephony_core.testing.oracles import showable

Decide = Callable[[Question], CallerIdDecision]
_SHIPPED = CallerIdPolicy()
_US = timedelta(microseconds=1)

FAULTS: dict[str, tuple[str, Callable[[], Decide]]] = {}
"""By name: the rule that it breaks, and how it is made."""


@frozen
class Faulty:
    """A policy that decides by a function, and remembers as the shipped one does."""

    decide: Decide
    sticky_days: int = 30


def contract_of(make: Callable[[], Decide]) -> type[CallerIdPolicyContract]:
    class Contract(CallerIdPolicyContract):
        def make_policy(self) -> Policy:
            return Faulty(make())

    return Contract


def breaks(rule: str) -> Callable[[Decide], Decide]:
    def register(decide: Decide) -> Decide:
        FAULTS[decide.__name__] = (rule, lambda: decide)
        return decide

    return register


def _pools(question: Question, change: Callable[[CarouselPool], CarouselPool]) -> Question:
    return evolve(question, carousel=Carousel(tuple(change(pool) for pool in question.carousel.pools)))


def _numbers(question: Question, change: Callable[[CarouselNumber], CarouselNumber]) -> Question:
    def changed(pool: CarouselPool) -> CarouselPool:
        return evolve(
            pool,
            generations=tuple(evolve(each, numbers=tuple(map(change, each.numbers))) for each in pool.generations),
        )

    return _pools(question, changed)


@breaks("C9")
def asks_the_old_clock(question: Question) -> CallerIdDecision:
    """Takes a retired number one microsecond after the refresh."""
    return evolve(
        _SHIPPED.decide(evolve(question, now=question.now - timedelta(microseconds=1))), decided_at=question.now
    )


@breaks("C1")
def lets_mobiles_into_the_carousel(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    if isinstance(question.device, Mobile) and question.carousel.pools:
        return evolve(decision, requested=question.carousel.pools[0].generations[0].numbers[0].number)
    return decision


@breaks("C2")
def leaks_the_employees_number(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    leaks = decision.pool_id is not None and decision.requested is not None
    return evolve(decision, requested=PhoneNumber("+74951234567")) if leaks else decision


@breaks("C2")
def looks_at_all_providers(question: Question) -> CallerIdDecision:
    provider = question.device.provider
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, provider=provider)))


@breaks("C3")
def forgets_quarantines(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_numbers(question, lambda each: evolve(each, quarantine=None)))


@breaks("C3")
def forgets_declarations(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, declaration_required=False)))


@breaks("C3")
def forgets_caps(question: Question) -> CallerIdDecision:
    uses = {number: evolve(use, shows_today=0) for number, use in question.uses.items()}
    return _SHIPPED.decide(evolve(question, uses=uses))


@breaks("C3")
def forgets_rests(question: Question) -> CallerIdDecision:
    uses = {number: evolve(use, last_shown_at=None) for number, use in question.uses.items()}
    return _SHIPPED.decide(evolve(question, uses=uses))


@breaks("C4")
def takes_the_last_regions_pool(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, order=-pool.order)))


@breaks("C4")
def asks_the_client_first(question: Question) -> CallerIdDecision:
    return CallerIdPolicy(region_sources=["client", "numbering_plan", "default"]).decide(question)


@breaks("C5")
def never_widens(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, when_exhausted=WhenExhausted.REFUSE)))


@breaks("C4")
def always_widens(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, when_exhausted=WhenExhausted.WIDEN)))


@breaks("C6")
def forgets_talks(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(evolve(question, earlier_talk=None))


@breaks("C7")
def remembers_for_ever(question: Question) -> CallerIdDecision:
    return CallerIdPolicy(sticky_days=36500).decide(question)


@breaks("C7")
def takes_the_first(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    return evolve(decision, requested=decision.candidates[0]) if decision.fair else decision


@breaks("C7")
def takes_the_least_shown(question: Question) -> CallerIdDecision:
    """Fair by shows, which is another counter: picks that never rang are given back."""
    decision = _SHIPPED.decide(question)
    least = min(decision.candidates, key=lambda each: question.uses.get(each, NEVER_USED).shows_today, default=None)
    return evolve(decision, requested=least) if decision.fair else decision


@breaks("C7")
def makes_up_for_missed_picks(question: Question) -> CallerIdDecision:
    """Fair by the count of picks: who joins gets a burst of them."""
    decision = _SHIPPED.decide(question)
    least = min(decision.candidates, key=lambda each: question.uses.get(each, NEVER_USED).picks, default=None)
    return evolve(decision, requested=least) if decision.fair else decision


@breaks("C7")
def takes_no_turn(question: Question) -> CallerIdDecision:
    return evolve(_SHIPPED.decide(question), fair=False)


class _Moody:
    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, question: Question) -> CallerIdDecision:
        self.asked += 1
        return _SHIPPED.decide(question if self.asked % 2 else evolve(question, earlier_talk=None))


FAULTS["answers_otherwise_every_second_time"] = ("C8", _Moody)


@breaks("C8")
def tells_of_other_steps(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    return evolve(decision, steps=(*decision.steps[:-1], evolve(decision.steps[-1], said="number 9")))


@breaks("C8")
def tells_too_much(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    last = decision.steps[-1]
    everything = {**last.saw, "carousel": [pool.id * 40 for pool in question.carousel.pools] * 10}
    return evolve(decision, steps=(*decision.steps[:-1], evolve(last, saw=everything)))


@breaks("C11")
def filters_what_the_provider_chooses_from(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    if decision.chosen_by is ChosenBy.US or decision.pool_id is None:
        return decision
    pool = question.carousel.pool(decision.pool_id)
    assert pool is not None
    usable = showable(pool, question.now, question.uses)
    return evolve(decision, candidates=tuple(each for each in decision.candidates if each in usable))


@breaks("C7")
def invents_a_talk(question: Question) -> CallerIdDecision:
    """Shows everybody the first number, as if they knew it."""
    pools = question.carousel.of_provider(question.device.provider).pools
    talk = EarlierTalk(pools[0].generations[0].numbers[0].number, question.now)
    return _SHIPPED.decide(evolve(question, earlier_talk=talk))


# --- Devices and time -----------------------------------------------------------------------------------------------


@breaks("C1")
def refuses_mobiles_where_there_is_no_carousel(question: Question) -> CallerIdDecision:
    if not question.carousel.of_provider(question.device.provider).pools:
        raise NoUsableNumber
    return _SHIPPED.decide(question)


@breaks("C1")
def shows_a_mobiles_client_what_they_know(question: Question) -> CallerIdDecision:
    """Sticky before SIM."""
    decision, talk = _SHIPPED.decide(question), question.earlier_talk
    return evolve(decision, requested=talk.shown) if isinstance(question.device, Mobile) and talk else decision


@breaks("C2")
def shows_the_direct_number_when_nothing_else_is_left(question: Question) -> CallerIdDecision:
    try:
        return _SHIPPED.decide(question)
    except NoUsableNumber:
        device, pool = question.device, oracles.selected_pool(question, tuple(RegionSource))[0]
        if not isinstance(device, IpPhone) or device.number is None or pool is None:
            raise
        return CallerIdDecision(
            chosen_by=ChosenBy.US,
            policy_version=_SHIPPED.version,
            decided_at=question.now,
            region=Region(question.number_codes),
            pool_id=pool.id,
            generation_id=None,
            candidates=(),
            requested=device.number,
            steps=(Step("C5", {}, "the employee's own number"),),
            fair=True,
        )


@breaks("C2")
def lists_the_direct_number_among_the_candidates(question: Question) -> CallerIdDecision:
    decision, device = _SHIPPED.decide(question), question.device
    if isinstance(device, IpPhone) and device.number and decision.requested:
        return evolve(decision, candidates=(*decision.candidates, device.number))
    return decision


@breaks("C9")
def looks_ahead_one_microsecond(question: Question) -> CallerIdDecision:
    return evolve(_SHIPPED.decide(evolve(question, now=question.now + _US)), decided_at=question.now)


@breaks("C9")
def writes_the_clock_of_the_process(question: Question) -> CallerIdDecision:
    return evolve(_SHIPPED.decide(question), decided_at=datetime.now(UTC))


@breaks("C9")
def stays_with_the_first_generation(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, generations=pool.generations[:1])))


# --- C3 -------------------------------------------------------------------------------------------------------------


def _uses(question: Question, change: Callable[[NumberUse], NumberUse]) -> Question:
    return evolve(question, uses={number: change(use) for number, use in question.uses.items()})


@breaks("C3")
def allows_one_show_more_than_the_cap(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_uses(question, lambda use: evolve(use, shows_today=max(0, use.shows_today - 1))))


@breaks("C3")
def counts_picks_for_shows(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_uses(question, lambda use: evolve(use, shows_today=use.picks)))


@breaks("C3")
def forgets_the_cap_at_midnight_in_another_time_zone(question: Question) -> CallerIdDecision:
    midnight = question.now.replace(hour=0, minute=0, second=0, microsecond=0)

    def forgotten(use: NumberUse) -> NumberUse:
        return evolve(use, shows_today=0) if use.last_shown_at and use.last_shown_at < midnight else use

    return _SHIPPED.decide(_uses(question, forgotten))


@breaks("C3")
def warms_up_instead_of_capping(question: Question) -> CallerIdDecision:
    def warmed(pool: CarouselPool) -> CarouselPool:
        return evolve(pool, limits=evolve(pool.limits, per_day=None)) if pool.limits.warm_up else pool

    return _SHIPPED.decide(_pools(question, warmed))


@breaks("C3")
def warms_up_by_weeks_that_begin_early(question: Question) -> CallerIdDecision:
    def earlier(pool: CarouselPool) -> CarouselPool:
        whole = [(question.now + _US - each.activates_at) % timedelta(weeks=1) for each in pool.generations]
        shifted = zip(pool.generations, whole, strict=True)
        return evolve(
            pool,
            generations=tuple(
                evolve(each, activates_at=each.activates_at - (_US * (not off))) for each, off in shifted
            ),
        )

    return _SHIPPED.decide(_pools(question, earlier))


@breaks("C3")
def rests_a_microsecond_less(question: Question) -> CallerIdDecision:
    def earlier(use: NumberUse) -> NumberUse:
        return evolve(use, last_shown_at=use.last_shown_at - _US if use.last_shown_at else None)

    return _SHIPPED.decide(_uses(question, earlier))


@breaks("C3")
def shows_a_benched_number_rather_than_refuse(question: Question) -> CallerIdDecision:
    try:
        return _SHIPPED.decide(question)
    except NoUsableNumber:
        return forgets_quarantines(question)


@breaks("C3")
def shows_an_undeclared_number_a_microsecond_early(question: Question) -> CallerIdDecision:
    def earlier(each: CarouselNumber) -> CarouselNumber:
        return evolve(each, declared_since=each.declared_since - _US if each.declared_since else None)

    return _SHIPPED.decide(_numbers(question, earlier))


@breaks("C3")
def holds_the_whole_chain_to_the_first_pools_limits(question: Question) -> CallerIdDecision:
    first, _ = oracles.selected_pool(question, tuple(RegionSource))
    limits = first.limits if first else None
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, limits=limits or pool.limits)))


@breaks("C3")
def asks_any_generation_for_the_bench(question: Question) -> CallerIdDecision:
    """The first mention of a number says whether it is on the bench."""
    first: dict[PhoneNumber, Any] = {}
    for pool in question.carousel.pools:
        for generation in pool.generations:
            for each in generation.numbers:
                first.setdefault(each.number, each.quarantine)
    return _SHIPPED.decide(_numbers(question, lambda each: evolve(each, quarantine=first[each.number])))


# --- C4 and C5 ------------------------------------------------------------------------------------------------------


@breaks("C4")
def never_asks_for_the_clients_region(question: Question) -> CallerIdDecision:
    return CallerIdPolicy(region_sources=["numbering_plan", "default"]).decide(question)


@breaks("C4")
def takes_the_pool_of_the_second_region(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(evolve(question, number_codes=question.number_codes[-1:]))


@breaks("C4")
def orders_pools_by_their_ids(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, order=0)))


@breaks("C4")
def writes_the_pools_regions_for_the_calls(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    pool = question.carousel.pool(decision.pool_id) if decision.pool_id else None
    return evolve(decision, region=Region(pool.region_codes or ("RU",), decision.region.source)) if pool else decision


@breaks("C2")
def walks_the_chain_backwards(question: Question) -> CallerIdDecision:
    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, chain=pool.chain[::-1])))


@breaks("C4")
def follows_the_chains_of_its_neighbours(question: Question) -> CallerIdDecision:
    def whole(pool: CarouselPool) -> tuple[str, ...]:
        further = (question.carousel.pool(pool_id) for pool_id in pool.chain)
        return tuple(dict.fromkeys((*pool.chain, *(each for link in further if link for each in whole(link)))))

    return _SHIPPED.decide(_pools(question, lambda pool: evolve(pool, chain=whole(pool))))


@breaks("C5")
def tries_one_neighbour_only(question: Question) -> CallerIdDecision:
    def shorter(pool: CarouselPool) -> CarouselPool:
        return evolve(pool, chain=pool.chain[:1], is_default=pool.is_default)

    decision = _SHIPPED.decide(_pools(question, shorter))
    selected, _ = oracles.selected_pool(question, tuple(RegionSource))
    if selected and decision.pool_id not in (None, selected.id, *selected.chain[:1]):
        raise NoUsableNumber(pool=selected.id, chain=list(selected.chain[:1]))
    return decision


@breaks("C5")
def fails_where_it_should_refuse(question: Question) -> CallerIdDecision:
    try:
        return _SHIPPED.decide(question)
    except NoUsableNumber:
        raise KeyError("number") from None


# --- C6 -------------------------------------------------------------------------------------------------------------


def _shows_again(question: Question, whenever: Callable[[CarouselPool, EarlierTalk], bool]) -> CallerIdDecision:
    decision, talk = _SHIPPED.decide(question), question.earlier_talk
    pool = question.carousel.pool(decision.pool_id) if decision.pool_id else None
    if talk is None or pool is None or decision.requested is None or question.now - talk.at >= timedelta(days=30):
        return decision
    return evolve(decision, requested=talk.shown, fair=False) if whenever(pool, talk) else decision


@breaks("C3")
def shows_a_known_number_though_it_is_on_the_bench(question: Question) -> CallerIdDecision:
    return _shows_again(
        question, lambda pool, talk: oracles.why_not(talk.shown, pool, question.now, question.uses) == "quarantined"
    )


@breaks("C3")
def shows_a_known_number_over_its_cap(question: Question) -> CallerIdDecision:
    return _shows_again(
        question, lambda pool, talk: oracles.why_not(talk.shown, pool, question.now, question.uses) == "over a cap"
    )


@breaks("C2")
def shows_a_known_number_that_has_retired(question: Question) -> CallerIdDecision:
    return _shows_again(question, lambda pool, talk: any(each.has(talk.shown) for each in pool.generations))


@breaks("C2")
def shows_a_known_number_of_another_pool(question: Question) -> CallerIdDecision:
    def is_anywhere(_pool: CarouselPool, talk: EarlierTalk) -> bool:
        return any(talk.shown in showable(pool, question.now, question.uses) for pool in oracles.pools_of(question))

    return _shows_again(question, is_anywhere)


@breaks("C7")
def remembers_a_day_too_long(question: Question) -> CallerIdDecision:
    return CallerIdPolicy(sticky_days=31).decide(question)


@breaks("C6")
def takes_a_turn_for_a_known_number(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    return evolve(decision, fair=decision.pool_id is not None and decision.chosen_by is ChosenBy.US)


# --- C7 -------------------------------------------------------------------------------------------------------------


def _picks(question: Question, key: Callable[[PhoneNumber, NumberUse], Any]) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    if not decision.fair:
        return decision
    best = min(decision.candidates, key=lambda each: key(each, question.uses.get(each, NEVER_USED)))
    return evolve(decision, requested=best)


@breaks("C7")
def gives_a_pick_back_that_was_not_shown(question: Question) -> CallerIdDecision:
    return _picks(question, lambda _, use: use.turn if use.last_shown_at else 0)


@breaks("C7")
def never_takes_a_new_number(question: Question) -> CallerIdDecision:
    return _picks(question, lambda _, use: (not use.turn, use.turn))


@breaks("C7")
def takes_the_one_that_was_shown_longest_ago(question: Question) -> CallerIdDecision:
    never = datetime(1, 1, 1, tzinfo=UTC)
    return _picks(question, lambda _, use: (use.last_shown_at or never, use.turn))


@breaks("C7")
def knows_ten_numbers_of_a_pool(question: Question) -> CallerIdDecision:
    def first_ten(pool: CarouselPool) -> CarouselPool:
        return evolve(pool, generations=tuple(evolve(each, numbers=each.numbers[:10]) for each in pool.generations))

    return _SHIPPED.decide(_pools(question, first_ten))


@breaks("C7")
def passes_an_unusable_numbers_turn_to_its_neighbour(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    pool = question.carousel.pool(decision.pool_id) if decision.pool_id else None
    generation = pool.active(question.now) if pool else None
    if not decision.fair or generation is None:
        return decision
    numbers = [each.number for each in generation.numbers]
    place = max(question.uses.get(number, NEVER_USED).turn for number in numbers) % len(numbers)
    around = (*numbers[place:], *numbers[:place])
    return evolve(decision, requested=next(number for number in around if number in decision.candidates))


@breaks("C8")
def breaks_ties_by_hash(question: Question) -> CallerIdDecision:
    """The same all day, and another number after a restart."""
    return _picks(question, lambda number, use: (use.turn, hash(number)))


# --- C8 -------------------------------------------------------------------------------------------------------------


@breaks("C8")
def tells_no_steps(question: Question) -> CallerIdDecision:
    return evolve(_SHIPPED.decide(question), steps=())


@breaks("C8")
def has_no_version(question: Question) -> CallerIdDecision:
    return evolve(_SHIPPED.decide(question), policy_version="")


@breaks("C8")
def notes_its_picks_in_the_question(question: Question) -> CallerIdDecision:
    decision = _SHIPPED.decide(question)
    if decision.fair and decision.requested and isinstance(question.uses, dict):
        question.uses[decision.requested] = NumberUse(1, 99)
    return decision


def _counting() -> Decide:
    counts: Iterator[int] = iter(range(10**9))

    def decide(question: Question) -> CallerIdDecision:
        """Goes round by a count of its own, which no other process knows."""
        decision = _SHIPPED.decide(question)
        if not decision.fair:
            return decision
        return evolve(decision, requested=decision.candidates[next(counts) % len(decision.candidates)])

    return decide


FAULTS["counts_in_its_own_memory"] = ("C8", _counting)
