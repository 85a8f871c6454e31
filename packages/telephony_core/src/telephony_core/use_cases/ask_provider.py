"""What to ask of a provider that chooses the shown number by itself: our change is recorded, its doing is theirs (C11).

Data first; the sentence for a letter to the provider's manager is made of it on reading, in the reader's language. The
carousel's numbers are the company's own, so they stand here in full.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from attrs import field, frozen

from telephony_core.carousel import Carousel, CarouselPool, ChosenBy, Generation
from telephony_core.phone import PhoneNumber


class Effect(StrEnum):
    """What a change of the carousel does: it is in force, or it is only written down until the provider does it too."""

    APPLIED = "applied"
    RECORDED_ONLY = "recorded_only"

    @classmethod
    def on(cls, pool: CarouselPool) -> Effect:
        return cls.APPLIED if pool.chosen_by is ChosenBy.US else cls.RECORDED_ONLY


class Wish(StrEnum):
    """What is asked for."""

    REPLACE_NUMBERS = "replace_numbers"
    KEEP_NUMBERS = "keep_numbers"
    STOP_SHOWING = "stop_showing"
    SHOW_AGAIN = "show_again"
    SERVE_REGIONS = "serve_regions"
    KEEP_LIMITS = "keep_limits"


@frozen
class AskProvider:
    """One thing to ask of a provider; `numbers`, `codes` and `limits` are what the wish is about.

    `at` is from when on, None for as soon as possible.
    """

    wish: Wish
    provider: str
    pool_id: str
    pool_title: str
    numbers: tuple[PhoneNumber, ...] = ()
    codes: tuple[str, ...] = ()
    at: datetime | None = None
    limits: Mapping[str, object] = field(factory=dict)

    def sentence(self, language: str = "ru", zone: tzinfo = UTC) -> str:
        """The wish in words: Russian, or English for any other language. Instants are told in `zone`."""
        sentences, now = (_RU, "как можно скорее") if language == "ru" else (_EN, "as soon as possible")
        return sentences[self.wish].format(
            provider=self.provider,
            pool=self.pool_title or self.pool_id,
            numbers=", ".join(number.e164 for number in self.numbers),
            codes=", ".join(self.codes),
            at=f"{self.at.astimezone(zone):%Y-%m-%d %H:%M %Z}" if self.at else now,
            limits=", ".join(f"{name}={value}" for name, value in self.limits.items()),
        )


_RU: Mapping[Wish, str] = {
    Wish.REPLACE_NUMBERS: "Попросите провайдера «{provider}» заменить номера пула «{pool}» ({at}) на: {numbers}.",
    Wish.KEEP_NUMBERS: "Попросите провайдера «{provider}» отменить замену номеров пула «{pool}» ({at}).",
    Wish.STOP_SHOWING: "Попросите провайдера «{provider}» не показывать в пуле «{pool}» номер {numbers} ({at}).",
    Wish.SHOW_AGAIN: "Попросите провайдера «{provider}» снова показывать в пуле «{pool}» номер {numbers} ({at}).",
    Wish.SERVE_REGIONS: "Попросите провайдера «{provider}» показывать номера пула «{pool}» в регионах: {codes} ({at}).",
    Wish.KEEP_LIMITS: "Попросите провайдера «{provider}» соблюдать в пуле «{pool}» пределы показов: {limits} ({at}).",
}

_EN: Mapping[Wish, str] = {
    Wish.REPLACE_NUMBERS: "Ask the provider '{provider}' to replace the numbers of pool '{pool}' ({at}) by: {numbers}.",
    Wish.KEEP_NUMBERS: "Ask the provider '{provider}' to call off the replacement of pool '{pool}' ({at}).",
    Wish.STOP_SHOWING: "Ask the provider '{provider}' to stop showing the number {numbers} of pool '{pool}' ({at}).",
    Wish.SHOW_AGAIN: "Ask the provider '{provider}' to show the number {numbers} of pool '{pool}' again ({at}).",
    Wish.SERVE_REGIONS: "Ask the provider '{provider}' to show the numbers of pool '{pool}' in: {codes} ({at}).",
    Wish.KEEP_LIMITS: "Ask the provider '{provider}' to keep the limits of shows of pool '{pool}': {limits} ({at}).",
}


def asked(
    wish: Wish,
    pool: CarouselPool,
    *,
    numbers: tuple[PhoneNumber, ...] = (),
    at: datetime | None = None,
) -> tuple[AskProvider, ...]:
    """What to ask for a pool: nothing where we choose ourselves."""
    if pool.chosen_by is ChosenBy.US:
        return ()
    limits: dict[str, object] = {}
    if wish is Wish.KEEP_LIMITS:
        found = {
            "per_day": pool.limits.per_day,
            "rest_seconds": pool.limits.rest_seconds,
            "warm_up": list(pool.limits.warm_up),
        }
        limits = {name: value for name, value in found.items() if value}
    codes = pool.region_codes if wish is Wish.SERVE_REGIONS else ()
    return (AskProvider(wish, pool.provider, pool.id, pool.title, numbers, codes, at, limits),)


def wishes(before: Carousel, after: Carousel, now: datetime) -> tuple[AskProvider, ...]:
    """What to ask for a change of the whole carousel, pool by pool: regions, limits, new numbers, benched numbers."""
    return tuple(wish for pool in after.pools for wish in _wishes_of_pool(before.pool(pool.id), pool, now))


def _wishes_of_pool(before: CarouselPool | None, after: CarouselPool, now: datetime) -> Iterator[AskProvider]:
    if before is None or before.region_codes != after.region_codes:
        yield from asked(Wish.SERVE_REGIONS, after)
    if before is not None and before.limits != after.limits:
        yield from asked(Wish.KEEP_LIMITS, after)
    old = {each.id: each for each in before.generations} if before is not None else {}
    for generation in after.generations:
        was = old.get(generation.id)
        if (was is None or _numbers(was) != _numbers(generation)) and generation.activates_at >= now:
            at = generation.activates_at
            yield from asked(Wish.REPLACE_NUMBERS, after, numbers=_numbers(generation), at=at)
    benched, active = _benched(before, now), _benched(after, now)
    for number in sorted(active - benched):
        yield from asked(Wish.STOP_SHOWING, after, numbers=(number,))
    for number in sorted(benched - active):
        yield from asked(Wish.SHOW_AGAIN, after, numbers=(number,))


def _benched(pool: CarouselPool | None, now: datetime) -> set[PhoneNumber]:
    active = pool.active(now) if pool is not None else None
    return {each.number for each in active.numbers if each.quarantine is not None} if active is not None else set()


def _numbers(generation: Generation) -> tuple[PhoneNumber, ...]:
    return tuple(each.number for each in generation.numbers)
