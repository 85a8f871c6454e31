"""A policy written from scratch by somebody who has the rules alone, and what others of its kind got wrong.

Nothing of the shipped rules is in it: no `Case`, no `Usable`, a version and steps of its own. So the kit must judge it
by its answers; and the class as it stands keeps every rule. One long module: a policy, and a list, a fault a piece.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from attrs import evolve

from telephony_core.caller_id import CallerIdDecision, Question, Step
from telephony_core.carousel import NEVER_USED, CarouselNumber, CarouselPool, ChosenBy, Generation, WhenExhausted
from telephony_core.device import Mobile
from telephony_core.errors import NoUsableNumber
from telephony_core.phone import PhoneNumber
from telephony_core.region import WHOLE_COUNTRY, Region, RegionSource
from telephony_core.testing.contracts import CallerIdPolicyContract
from telephony_core.testing.contracts.caller_id_rules import Policy


class FromScratch:
    """The rules C1 to C11 in one class, a method for each question; a fault changes one of them."""

    version: ClassVar[str] = "scratch-1"
    memory: ClassVar[timedelta] = timedelta(days=30)

    def decide(self, question: Question) -> CallerIdDecision:
        if isinstance(question.device, Mobile):
            return self.of_sim(question, question.device)
        region, pool = self.region(question)
        if pool is None:
            raise NoUsableNumber(pool=None, chain=[])
        tried: list[CarouselPool] = []
        for each in self.path(question, pool):
            tried.append(each)
            generation = self.active(question, each)
            if each.chosen_by is ChosenBy.PROVIDER:
                return self.answer(question, region, tried, generation, None, "C11")
            usable = [
                number.number
                for number in (generation.numbers if generation else ())
                if generation and self.may_be_shown(question, each, generation, number)
            ]
            if usable:
                known = self.known(question, usable)
                number, why = (known, "C6") if known else (self.turn(question, each, usable), "C7")
                return self.answer(question, region, tried, generation, number, why)
        raise NoUsableNumber(pool=pool.id, chain=[each.id for each in tried[1:]])

    def of_sim(self, question: Question, device: Mobile) -> CallerIdDecision:
        assert device.sim is not None
        region, step = Region(question.number_codes), Step("C1", {}, "the SIM's own number")
        number = device.sim.number
        return CallerIdDecision(ChosenBy.US, self.version, question.now, region, None, None, (), number, (step,))

    def pools(self, question: Question) -> list[CarouselPool]:
        mine = [pool for pool in question.carousel.pools if pool.provider == question.device.provider]
        return sorted(mine, key=lambda pool: (pool.order, pool.id))

    def default(self, question: Question) -> CarouselPool | None:
        return next((pool for pool in self.pools(question) if pool.is_default), None)

    def region(self, question: Question) -> tuple[Region, CarouselPool | None]:
        for codes, source in (
            (question.number_codes, RegionSource.NUMBERING_PLAN),
            (question.client_codes, RegionSource.CLIENT),
        ):
            serving = [pool for pool in self.pools(question) if {*codes} & {*pool.region_codes}]
            if serving:
                both = {*codes} & {*question.client_codes}
                return Region(codes, source), self.one_of(serving, {*codes}, both)
        return Region(question.number_codes or (WHOLE_COUNTRY,), RegionSource.DEFAULT), self.default(question)

    def one_of(self, serving: list[CarouselPool], codes: set[str], clients: set[str]) -> CarouselPool:
        all_of_them = [pool for pool in serving if codes <= {*pool.region_codes}]
        clients_own = [pool for pool in serving if clients & {*pool.region_codes}]
        return (all_of_them or clients_own or serving)[0]

    def path(self, question: Question, pool: CarouselPool) -> list[CarouselPool]:
        if pool.when_exhausted is WhenExhausted.REFUSE:
            return [pool]
        by_id = {each.id: each for each in self.pools(question)}
        default = self.default(question)
        further = [*(by_id[pool_id] for pool_id in pool.chain), *([default] if default else [])]
        return list({each.id: each for each in (pool, *further)}.values())

    def active(self, question: Question, pool: CarouselPool) -> Generation | None:
        begun = [each for each in pool.generations if each.activates_at <= question.now]
        return max(begun, key=lambda each: each.activates_at, default=None)

    def may_be_shown(
        self, question: Question, pool: CarouselPool, generation: Generation, each: CarouselNumber
    ) -> bool:
        use = question.uses.get(each.number, NEVER_USED)
        declared = each.declared_since is not None and each.declared_since <= question.now
        if each.quarantine is not None or (pool.declaration_required and not declared):
            return False
        week = (question.now - generation.activates_at) // timedelta(weeks=1)
        caps = [*pool.limits.warm_up[week : week + 1], *([pool.limits.per_day] if pool.limits.per_day else [])]
        if any(use.shows_today >= cap for cap in caps):
            return False
        rest = timedelta(seconds=pool.limits.rest_seconds)
        return use.last_shown_at is None or question.now - use.last_shown_at >= rest

    def known(self, question: Question, usable: Sequence[PhoneNumber]) -> PhoneNumber | None:
        talk = question.earlier_talk
        is_known = talk is not None and question.now - talk.at < self.memory and talk.shown in usable
        return talk.shown if talk is not None and is_known else None

    def turn(self, question: Question, pool: CarouselPool, usable: Sequence[PhoneNumber]) -> PhoneNumber:
        return min(usable, key=lambda number: (question.uses.get(number, NEVER_USED).turn, number.e164))

    def steps(self, question: Question, region: Region, tried: Sequence[CarouselPool], why: str) -> tuple[Step, ...]:
        saw = {"codes": list(region.codes), "source": str(region.source)}
        tries = [Step("C5", {}, f"pool {pool.id} then") for pool in tried[1:]]
        return Step("C4", saw, f"pool {tried[0].id}"), *tries, Step(why, {}, "so")

    def answer(
        self,
        question: Question,
        region: Region,
        tried: Sequence[CarouselPool],
        generation: Generation | None,
        number: PhoneNumber | None,
        why: str,
    ) -> CallerIdDecision:
        candidates = tuple(each.number for each in generation.numbers) if generation else ()
        return CallerIdDecision(
            chosen_by=ChosenBy.US if number else ChosenBy.PROVIDER,
            policy_version=self.version,
            decided_at=question.now,
            region=region,
            pool_id=tried[-1].id,
            generation_id=generation.id if generation else None,
            candidates=candidates,
            requested=number,
            steps=self.steps(question, region, tried, why),
            fair=why == "C7",
        )


FAULTS: dict[str, tuple[str, type[FromScratch]]] = {}
"""By name: the rule that it breaks, and the class."""


def contract_of(policy: Callable[[], Policy], **claims: Any) -> type[CallerIdPolicyContract]:
    class Contract(CallerIdPolicyContract):
        fair = claims.get("fair", True)
        sticky = claims.get("sticky", True)

        def make_policy(self) -> Policy:
            return policy()

    return Contract


def breaks(rule: str) -> Callable[[type[FromScratch]], type[FromScratch]]:
    def register(policy: type[FromScratch]) -> type[FromScratch]:
        FAULTS[policy.__name__] = (rule, policy)
        return policy

    return register


# --- C9 and C3 ------------------------------------------------------------------------------------------------------


@breaks("C9")
class ReadsInstantsWithoutTheirZones(FromScratch):
    """As good as right while all are written in UTC."""

    def active(self, question: Question, pool: CarouselPool) -> Generation | None:
        now = question.now.replace(tzinfo=None)
        begun = [each for each in pool.generations if each.activates_at.replace(tzinfo=None) <= now]
        return max(begun, key=lambda each: each.activates_at, default=None)


@breaks("C9")
class KeepsAGenerationForAMinute(FromScratch):
    """A cache for speed, which outlives the refresh."""

    def __init__(self) -> None:
        self.kept: dict[tuple[CarouselPool, datetime], Generation | None] = {}

    def active(self, question: Question, pool: CarouselPool) -> Generation | None:
        key = pool, question.now.replace(second=0, microsecond=0)
        if key not in self.kept:
            self.kept[key] = super().active(question, pool)
        return self.kept[key]


@breaks("C9")
class FallsBackOnTheRetired(FromScratch):
    """Where nothing of the new generation may be shown, the old one has to serve once more."""

    def active(self, question: Question, pool: CarouselPool) -> Generation | None:
        newest = super().active(question, pool)
        begun = [each for each in pool.generations if each.activates_at <= question.now]
        benched = newest is not None and all(each.quarantine for each in newest.numbers)
        return begun[-2] if benched and len(begun) > 1 else newest


@breaks("C3")
class NeighboursNeedNoRest(FromScratch):
    def may_be_shown(
        self, question: Question, pool: CarouselPool, generation: Generation, each: CarouselNumber
    ) -> bool:
        of_neighbour = pool != self.region(question)[1] and not pool.is_default
        limits = evolve(pool.limits, rest_seconds=0) if of_neighbour else pool.limits
        return super().may_be_shown(question, evolve(pool, limits=limits), generation, each)


@breaks("C3")
class NeighboursNeedNoDeclaration(FromScratch):
    def may_be_shown(
        self, question: Question, pool: CarouselPool, generation: Generation, each: CarouselNumber
    ) -> bool:
        of_neighbour = pool != self.region(question)[1] and not pool.is_default
        required = pool.declaration_required and not of_neighbour
        return super().may_be_shown(question, evolve(pool, declaration_required=required), generation, each)


@breaks("C3")
class BenchesFreeThemselves(FromScratch):
    """After two years, as if somebody had brought the number back."""

    def may_be_shown(
        self, question: Question, pool: CarouselPool, generation: Generation, each: CarouselNumber
    ) -> bool:
        bench = each.quarantine
        is_old = bench is not None and question.now - bench.since > timedelta(days=730)
        return super().may_be_shown(question, pool, generation, evolve(each, quarantine=None) if is_old else each)


@breaks("C3")
class OnlyComplaintsBench(FromScratch):
    def may_be_shown(
        self, question: Question, pool: CarouselPool, generation: Generation, each: CarouselNumber
    ) -> bool:
        bench = each.quarantine if each.quarantine and each.quarantine.reason == "complaints" else None
        return super().may_be_shown(question, pool, generation, evolve(each, quarantine=bench))


@breaks("C5")
class RestsBySecondsOfADay(FromScratch):
    """`timedelta.seconds` for `total_seconds()`: a number that was shown a day ago rests once more."""

    def may_be_shown(
        self, question: Question, pool: CarouselPool, generation: Generation, each: CarouselNumber
    ) -> bool:
        last = question.uses.get(each.number, NEVER_USED).last_shown_at
        rests = last is not None and (question.now - last).seconds < pool.limits.rest_seconds
        return not rests and super().may_be_shown(question, pool, generation, each)


# --- C4, C5, C11 ----------------------------------------------------------------------------------------------------


@breaks("C4")
class DoesNotNameTheOthers(FromScratch):
    """Says which pool it took, and not that another one serves the number's regions, too."""

    def steps(self, question: Question, region: Region, tried: Sequence[CarouselPool], why: str) -> tuple[Step, ...]:
        return tuple(evolve(step, saw={}) for step in super().steps(question, region, tried, why))


@breaks("C4")
class MakesUpARegion(FromScratch):
    """Where no pool serves the number's region, the capital is put down for it."""

    def region(self, question: Question) -> tuple[Region, CarouselPool | None]:
        region, pool = super().region(question)
        return (evolve(region, codes=("RU-MOW",)) if region.source is RegionSource.DEFAULT else region), pool


@breaks("C5")
class RefusesInAnothersName(FromScratch):
    """The refusal tells the supervisor to refresh a pool that has nothing to do with it."""

    def decide(self, question: Question) -> CallerIdDecision:
        try:
            return super().decide(question)
        except NoUsableNumber:
            raise NoUsableNumber(pool="moscow", chain=[]) from None


@breaks("C2")
class WidensToAnotherProvider(FromScratch):
    def path(self, question: Question, pool: CarouselPool) -> list[CarouselPool]:
        foreign = [each for each in question.carousel.pools if each.provider != pool.provider]
        widens = pool.when_exhausted is WhenExhausted.WIDEN
        return [*super().path(question, pool), *(foreign if widens else [])]


@breaks("C11")
class NamesCandidatesTwice(FromScratch):
    def answer(self, *seen: Any) -> CallerIdDecision:
        decision = super().answer(*seen)
        return evolve(decision, candidates=decision.candidates * 2)


# --- C7 -------------------------------------------------------------------------------------------------------------


def _count_of(pool: CarouselPool, question: Question) -> int:
    """The pool's running count: its latest turn."""
    numbers = (each.number for generation in pool.generations for each in generation.numbers)
    return max(question.uses.get(number, NEVER_USED).turn for number in numbers)


@breaks("C7")
class GoesRoundForEachEmployee(FromScratch):
    """Even for one who calls alone; two who take turns get the same number again and again."""

    def turn(self, question: Question, pool: CarouselPool, usable: Sequence[PhoneNumber]) -> PhoneNumber:
        begin = zlib.crc32(question.device.employee_id.encode())
        return usable[(begin + _count_of(pool, question)) % len(usable)]


@breaks("C7")
class GoesRoundFromElsewhereForTheForgotten(FromScratch):
    """For clients whose talk is too long ago the circle begins one further."""

    def turn(self, question: Question, pool: CarouselPool, usable: Sequence[PhoneNumber]) -> PhoneNumber:
        return usable[((question.earlier_talk is not None) + _count_of(pool, question)) % len(usable)]


@breaks("C7")
class CountsTurnsInSixteenBits(FromScratch):
    def turn(self, question: Question, pool: CarouselPool, usable: Sequence[PhoneNumber]) -> PhoneNumber:
        return min(usable, key=lambda number: question.uses.get(number, NEVER_USED).turn % 2**16)


# --- C8 -------------------------------------------------------------------------------------------------------------


@breaks("C8")
class BreaksTiesByTheWeekday(FromScratch):
    """Equal questions have equal answers until midnight."""

    def turn(self, question: Question, pool: CarouselPool, usable: Sequence[PhoneNumber]) -> PhoneNumber:
        place = datetime.now(UTC).weekday() % len(usable)
        turned = [*usable[place:], *usable[:place]]
        return min(turned, key=lambda number: question.uses.get(number, NEVER_USED).turn)


@breaks("C8")
class ThrowsADieItDoesNotLookAt(FromScratch):
    """Not yet: the next change will."""

    def turn(self, question: Question, pool: CarouselPool, usable: Sequence[PhoneNumber]) -> PhoneNumber:
        random.random()
        return super().turn(question, pool, usable)


@breaks("C8")
class BreaksTiesByTheOrderOfUses(FromScratch):
    """By how the store happened to list them."""

    def turn(self, question: Question, pool: CarouselPool, usable: Sequence[PhoneNumber]) -> PhoneNumber:
        listed = [number for number in question.uses if number in usable]
        order = {number: place for place, number in enumerate(listed)}
        return min(usable, key=lambda each: (question.uses.get(each, NEVER_USED).turn, order.get(each, -1)))


class TakesPoolsOfOneOrderAsListed(FromScratch):
    """Not faulty: what the order leaves open no rule decides."""

    def pools(self, question: Question) -> list[CarouselPool]:
        mine = [pool for pool in question.carousel.pools if pool.provider == question.device.provider]
        return sorted(mine, key=lambda pool: pool.order)


@breaks("C8")
class AnswersEveryHundredthOtherwise(FromScratch):
    def __init__(self) -> None:
        self.asked = 0

    def turn(self, question: Question, pool: CarouselPool, usable: Sequence[PhoneNumber]) -> PhoneNumber:
        self.asked += 1
        return usable[-1] if self.asked % 100 == 0 else super().turn(question, pool, usable)


@breaks("C8")
class KeepsInstantsInItsSteps(FromScratch):
    """What no JSON has a form for."""

    def steps(self, question: Question, region: Region, tried: Sequence[CarouselPool], why: str) -> tuple[Step, ...]:
        return *super().steps(question, region, tried, why), Step("C9", {"now": question.now}, "then")


@breaks("C8")
class TellsEveryNumberThatItTried(FromScratch):
    """Small until a whole pool is on the bench, and the next one is listed, too."""

    def steps(self, question: Question, region: Region, tried: Sequence[CarouselPool], why: str) -> tuple[Step, ...]:
        numbers = {
            pool.id: [each.number.e164 for generation in pool.generations for each in generation.numbers]
            for pool in tried
        }
        return *super().steps(question, region, tried, why), Step("C3", numbers, "these")
