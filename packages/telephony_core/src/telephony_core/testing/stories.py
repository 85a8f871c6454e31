"""Tells a question to a policy and its answer as a story: the carousel, the call, the steps.

A failure of the contract reads so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from telephony_core.caller_id import CallerIdDecision, Question
from telephony_core.carousel import CarouselPool, Generation, NumberUse
from telephony_core.device import Mobile
from telephony_core.errors import NoUsableNumber
from telephony_core.testing.rules import RULES

Answer = CallerIdDecision | NoUsableNumber
"""What a policy says to a question: a decision, or that there is no usable number (C5)."""


def story(question: Question, answer: Answer | None = None) -> str:
    """The carousel as far as the device's provider goes, the call, and what was decided by which steps."""
    lines = [f"It is {question.now.isoformat()}.", *_carousel(question), *_call(question)]
    if answer is not None:
        lines += _answer(answer)
    return "\n".join(lines)


def _carousel(question: Question) -> Iterator[str]:
    mine = question.carousel.of_provider(question.device.provider).pools
    others = len(question.carousel.pools) - len(mine)
    yield f"The carousel of '{question.device.provider}' has {_count(len(mine), 'pool')}" + (
        f" (and {_count(others, 'pool')} are other providers')." if others else "."
    )
    for pool in mine:
        yield f"  Pool {pool.id}{_settings(pool)}:"
        for generation in pool.generations:
            yield f"    {generation.id} {_when(generation, pool, question.now)}:"
            for each in generation.numbers:
                notes = [
                    *(["quarantined"] if each.quarantine else []),
                    *([f"declared {each.declared_since.isoformat()}"] if each.declared_since else []),
                    *_use(question.uses.get(each.number)),
                ]
                yield f"      {each.number.e164}{' ' + ', '.join(notes) if notes else ''}"


def _count(number: int, of: str) -> str:
    return f"{number} {of}{'' if number == 1 else 's'}"


def _when(generation: Generation, pool: CarouselPool, now: datetime) -> str:
    since = generation.activates_at.isoformat()
    if generation is pool.active(now):
        return f"is active since {since}"
    return f"{'activates at' if generation.activates_at > now else 'has retired, active from'} {since}"


def _settings(pool: CarouselPool) -> str:
    limits = pool.limits
    said = [
        *(["the default"] if pool.is_default else []),
        f"serves {', '.join(pool.region_codes) or 'no region'}",
        f"{pool.chosen_by} choose{'s' if pool.chosen_by == 'provider' else ''}",
        f"then {', '.join(pool.chain) or 'the default'}" if pool.when_exhausted == "widen" else "refuses when empty",
        *([f"at most {limits.per_day} a day"] if limits.per_day else []),
        *([f"warm-up {limits.warm_up}"] if limits.warm_up else []),
        *([f"{limits.rest_seconds} s of rest"] if limits.rest_seconds else []),
        *(["declaration required"] if pool.declaration_required else []),
    ]
    return f" ({'; '.join(said)})"


def _use(use: NumberUse | None) -> Iterator[str]:
    if use is None:
        return
    if use.turn:
        yield f"turn {use.turn}"
    if use.last_shown_at:
        yield f"shown {use.shows_today} times today, last {use.last_shown_at.isoformat()}"


def _call(question: Question) -> Iterator[str]:
    device = question.device
    what = "a mobile" if isinstance(device, Mobile) else "an IP phone"
    yield f"A call from {what} of '{device.provider}' to a number of {', '.join(question.number_codes)}."
    if question.client_codes:
        yield f"The client is of {', '.join(question.client_codes)}."
    if question.earlier_talk is not None:
        talk = question.earlier_talk
        yield f"We talked {question.now - talk.at} ago, and the client was shown {talk.shown.e164}."


def _answer(answer: Answer) -> Iterator[str]:
    if isinstance(answer, NoUsableNumber):
        yield f"The policy refused: {answer.detail} {answer.reasons}"
        return
    number = answer.requested.e164 if answer.requested else "the provider's choice"
    yield f"The policy decided: {number} of pool {answer.pool_id}, generation {answer.generation_id}, because"
    for step in answer.steps:
        yield f"  {step.rule} saw {dict(step.saw)} and said '{step.said}'"


class BrokenRule(AssertionError):
    """A rule is broken: which, how, and the story in which it was. `before`: what led to it, in order."""

    def __init__(
        self, rule: str, what: str, question: Question, answer: Answer | None = None, before: Sequence[str] = ()
    ) -> None:
        self.rule = rule
        self.what = what
        self.question = question
        self.answer = answer
        self.before: tuple[str, ...] = tuple(before)
        super().__init__(rule, what)

    def __str__(self) -> str:
        led_to_it = ["What happened before:", *(f"  {line}" for line in self.before), ""] if self.before else []
        told = [f"{self.rule} is broken: {self.what}", f"The rule: {RULES[self.rule]}.", "", *led_to_it]
        return "\n".join([*told, story(self.question, self.answer)])
