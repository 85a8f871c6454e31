"""How a question goes through the rules of a policy.

A rule is a value. It takes a case and gives it back with its verdict and the reason, a step; a case that it has nothing
to say about it gives back as it is. The first ruling ends the asking. A rule sees nothing but the case, and what it
says follows from what its step saw alone: so a decision is replayed years later from its steps (C8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from attrs import evolve, frozen

from telephony_core.caller_id.decision import Question, Saw, Step
from telephony_core.carousel import Carousel, CarouselPool, Generation
from telephony_core.phone import PhoneNumber
from telephony_core.region import Region, RegionSource

Saying = Callable[[Saw], str]
"""What a rule says to what it saw: pure, and the same for ever within one version of the policy."""


@frozen
class Shown:
    """The client shall see this number; `takes_turn` if the pool's turn moves on by it (C7)."""

    number: PhoneNumber
    takes_turn: bool = False


@frozen
class Left:
    """The provider picks one of the case's candidates (C11)."""


Ruling = Shown | Left
"""What ends the asking of rules."""


class Settings(Protocol):
    """The numbers of a policy, which its rules share."""

    @property
    def region_sources(self) -> tuple[RegionSource, ...]: ...
    @property
    def sticky_days(self) -> int: ...


@frozen
class Case:
    """A question on its way through the rules, and the steps that led to where it is; lives for one decision.

    `carousel` holds the pools of the device's provider. `tried` are the pools that were looked at, the last of them the
    present one; `candidates` those numbers of its active generation that no rule has spoken against.
    """

    question: Question
    settings: Settings
    carousel: Carousel
    steps: tuple[Step, ...] = ()
    region: Region | None = None
    tried: tuple[CarouselPool, ...] = ()
    generation: Generation | None = None
    candidates: tuple[PhoneNumber, ...] = ()
    ruling: Ruling | None = None

    @property
    def pool(self) -> CarouselPool | None:
        """The pool that is looked at; None before one is selected, and where none is needed."""
        return self.tried[-1] if self.tried else None

    def selected(self, pool: CarouselPool, region: Region, because: Step) -> Case:
        """The case at the pool that serves its region."""
        return self._at(pool, region=region, steps=(*self.steps, because))

    def at(self, pool: CarouselPool) -> Case:
        """The case at this pool, with all numbers that are active there."""
        return self._at(pool)

    def _at(self, pool: CarouselPool, **changes: Any) -> Case:
        generation = pool.active(self.question.now)
        numbers = tuple([each.number for each in generation.numbers]) if generation is not None else ()
        return evolve(self, tried=(*self.tried, pool), generation=generation, candidates=numbers, **changes)

    def among(self, candidates: Iterable[PhoneNumber], because: Step) -> Case:
        """The case with only these candidates left."""
        return evolve(self, candidates=tuple(candidates), steps=(*self.steps, because))

    def undecided(self, because: Step) -> Case:
        """The case as it was: the rule had a look, and leaves it to the next one."""
        return evolve(self, steps=(*self.steps, because))

    def decided(self, ruling: Ruling, because: Step) -> Case:
        return evolve(self, ruling=ruling, steps=(*self.steps, because))


class Rule(Protocol):
    """One rule of a policy; see the head of this module."""

    @property
    def sayings(self) -> Mapping[str, Saying]:
        """By the number under which its steps are kept."""

    def apply(self, case: Case) -> Case:
        """The case after this rule."""


def ask(rules: Iterable[Rule], case: Case) -> Case:
    """The case after these rules, in order, up to the first that rules."""
    for rule in rules:
        case = rule.apply(case)
        if case.ruling is not None:
            break
    return case
