"""What every pool and every carousel must keep, if you make them yourself: rules C0, C3, C4, C5, C7, C9 and C11.

class TestMyPools(CarouselContract):
    def pool(self, plain: CarouselPool) -> CarouselPool:
        return MyPool(...)                                     # with the settings of the plain one

A policy asks its pools which numbers are usable; a policy without a fault over a faulty pool is faulty all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import chain, permutations

from attrs import evolve
from hypothesis import HealthCheck, given, settings

from telephony_core import carousel as shipped
from telephony_core.caller_id import Question
from telephony_core.carousel import Carousel, CarouselPool, NumberReason
from telephony_core.testing import oracles, situations
from telephony_core.testing.carousel_strategies import carousels
from telephony_core.testing.contracts.promises import Contract
from telephony_core.testing.examples import NOW, a_carousel, a_generation, a_pool
from telephony_core.testing.stories import BrokenRule

_inherited = settings(suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow], deadline=None)

_REASONS = {
    "quarantined": NumberReason.QUARANTINED,
    "not declared": NumberReason.NOT_DECLARED,
    "over a cap": NumberReason.OVER_CAP,
    "resting": NumberReason.RESTING,
}

_OUT_OF_ORDER: Sequence[tuple[str, Carousel]] = (
    ("no default pool", a_carousel(a_pool(is_default=False))),
    ("two default pools", a_carousel(a_pool(), a_pool("b", first=50, region_codes=("RU-SAM",)))),
    ("a region served twice", a_carousel(a_pool(), a_pool("b", first=50, is_default=False))),
    ("a chain to nowhere", a_carousel(a_pool(chain=("nowhere",)))),
    ("a chain to itself", a_carousel(a_pool(chain=("siberia",)))),
    (
        "a cycle of two",
        a_carousel(a_pool(chain=("b",)), a_pool("b", first=50, region_codes=(), is_default=False, chain=("siberia",))),
    ),
    (
        "a cycle further on",
        a_carousel(
            a_pool(chain=("b",)),
            a_pool("b", first=50, region_codes=(), is_default=False, chain=("c",)),
            a_pool("c", first=70, region_codes=(), is_default=False, chain=("b",)),
        ),
    ),
    (
        "a chain to another provider",
        a_carousel(a_pool(chain=("b",)), a_pool("b", first=50, region_codes=("RU-SAM",), provider="asterisk")),
    ),
    ("a number active in two pools", a_carousel(a_pool(), a_pool("b", first=5, is_default=False, region_codes=()))),
    (
        "a number active in two pools from tomorrow on",
        a_carousel(
            a_pool(),
            a_pool(
                "b",
                is_default=False,
                region_codes=(),
                generations=(
                    a_generation(pool_id="b", first=50),
                    a_generation(pool_id="b", first=9, age=timedelta(days=-1)),
                ),
            ),
        ),
    ),
    (
        "a number of two providers",
        a_carousel(a_pool(), a_pool("b", first=5, provider="asterisk")),
    ),
    ("two pools of one id", a_carousel(a_pool(), a_pool(first=50, is_default=False, region_codes=()))),
    ("an empty generation", a_carousel(a_pool(size=0))),
    ("two generations at one instant", a_carousel(a_pool(generations=(a_generation(), a_generation(first=50))))),
)


class CarouselContract(Contract):
    """The C rules that pools and carousels keep by themselves, before a policy asks them anything."""

    def pool(self, plain: CarouselPool) -> CarouselPool:
        """The pool under test with the settings of a plain one."""
        return plain

    def carousel(self, plain: Carousel) -> Carousel:
        """The carousel under test with these pools."""
        return plain

    def fair_turn(self, turns: Sequence[int]) -> int:
        """The place of the number whose turn it is."""
        return shipped.fair_turn(turns)

    def _made(self, question: Question) -> Question:
        pools = tuple(self.pool(pool) for pool in question.carousel.pools)
        return evolve(question, carousel=self.carousel(Carousel(pools)))

    def _all(self, questions: Iterable[Question]) -> Iterable[Question]:
        return (self._made(question) for question in questions)

    def test_c3_a_pool_lists_what_is_usable_and_why_the_rest_is_not(self) -> None:
        """C3: in the generation's order, and nothing without a reason."""
        for question in self._all(chain(situations.conditions(), situations.refreshes())):
            for pool in question.carousel.pools:
                usable, unusable = pool.usable(question.now, question.uses)
                expected = oracles.showable(pool, question.now, question.uses)
                for number in sorted(set(usable) ^ expected):
                    reason = oracles.why_not(number, pool, question.now, question.uses) or "usable"
                    raise BrokenRule("C3", f"{number.e164} of pool {pool.id} is {reason}", question)
                generation = oracles.active_generation(pool, question.now)
                numbers = [each.number for each in generation.numbers] if generation else []
                if [*usable] != [number for number in numbers if number in expected]:
                    raise BrokenRule("C3", "usable numbers are not in their generation's order", question)
                for number in numbers:
                    why_not = oracles.why_not(number, pool, question.now, question.uses)
                    if why_not is not None and unusable.get(number) is not _REASONS[why_not]:
                        said = unusable.get(number, "usable")
                        raise BrokenRule("C3", f"{number.e164} is {why_not}, and the pool says {said}", question)

    def test_c9_the_active_generation_changes_at_its_instant(self) -> None:
        """C9: from its instant on, and not one microsecond before."""
        for question in self._all(situations.refreshes()):
            for pool in question.carousel.pools:
                for off in (timedelta(0), -situations.US, situations.US, -situations.DAY, situations.DAY):
                    at = question.now + off
                    active, expected = pool.active(at), oracles.active_generation(pool, at)
                    if active != expected:
                        names = [each.id if each else "none" for each in (active, expected)]
                        what = (
                            f"at {at.isoformat()} generation '{names[1]}' of pool {pool.id} is active, not '{names[0]}'"
                        )
                        raise BrokenRule("C9", what, question)

    def test_c11_round_a_refresh_either_generation_conforms(self) -> None:
        """C11: within the window, both ends included; outside of it the active one alone."""
        window = timedelta(hours=1)
        for off in (-window - situations.US, -window, timedelta(0), window - situations.US, window, window * 2):
            generations = (a_generation(1, age=timedelta(days=9)), a_generation(1, first=5, age=timedelta(0)))
            question = self._made(
                Question(NOW + off, situations.PHONE, (), (), a_carousel(a_pool(generations=generations)))
            )
            found = {each.id for each in question.carousel.pools[0].conforming(NOW + off, window)}
            expected = {generations[0].id} if off < window else set()
            expected |= {generations[1].id} if off >= -window else set()
            if found != expected:
                what = f"{off} from the refresh the generations {sorted(expected)} conform, not {sorted(found)}"
                raise BrokenRule("C11", what, question)

    def test_c5_a_pool_leads_along_its_own_chain_to_the_default(self) -> None:
        """C5: each pool once; nowhere, where it refuses."""
        for question in self._all(situations.chains()):
            for pool in question.carousel.of_provider(situations.PHONE.provider).pools:
                path = [each.id for each in question.carousel.of_provider(pool.provider).path(pool)]
                expected = [each.id for each in oracles.pools_to_try(question, pool)]
                if path != expected:
                    raise BrokenRule("C5", f"from pool {pool.id} the way is {expected}, not {path}", question)

    def test_c4_the_pools_of_a_region_come_in_their_order(self) -> None:
        """C4: of the device's provider only; each with those of the asked regions that it serves."""
        for question in self._all(situations.regions()):
            serving = question.carousel.of_provider(situations.PHONE.provider).serving(question.number_codes)
            found = [(pool.id, set(codes)) for pool, codes in serving]
            expected = [
                (pool.id, codes)
                for pool in oracles.pools_of(question)
                if (codes := set(question.number_codes) & set(pool.region_codes))
            ]
            if found != expected:
                raise BrokenRule("C4", f"the regions are served by {expected}, not by {found}", question)

    def test_c7_the_turn_goes_round(self) -> None:
        """C7: to the number whose last pick lies furthest back, wherever the counting began."""
        for turns in permutations((0, 3, 7, 40)):
            now, taken = list(turns), []
            for count in range(41, 53):
                place = self.fair_turn(now)
                assert 0 <= place < len(now), f"C7 is broken: of {now} the turn is said to be number {place}'s"
                taken.append(place)
                now[place] = count
            for begin in range(len(taken) - 3):
                run = taken[begin : begin + 4]
                assert len(set(run)) == len(run), f"C7 is broken: from turns {turns} the numbers {taken} were picked"

    def test_c0_what_is_out_of_order_is_said(self) -> None:
        """C0: of every breach, whichever pool is listed first."""
        for name, plain in _OUT_OF_ORDER:
            for pools in (plain.pools, plain.pools[::-1]):
                question = self._made(Question(NOW, situations.PHONE, (), (), Carousel(pools)))
                if not question.carousel.faults():
                    raise BrokenRule("C0", f"{name} is not noticed", question)

    @_inherited
    @given(plain=carousels())
    def test_c0_a_carousel_in_order_is_left_alone(self, plain: Carousel) -> None:
        """C0: no fault is found where there is none."""
        question = self._made(Question(NOW, situations.PHONE, (), (), plain))
        for fault in question.carousel.faults():
            raise BrokenRule("C0", f"a carousel in order is said to have {fault}", question)
