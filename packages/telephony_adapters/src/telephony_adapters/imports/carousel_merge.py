"""What carousel files say, over the carousel as it is; and what differs between two carousels, as data.

A file adds and changes and never deletes: pools and generations that it doesn't name stay. A generation without an id
is the one that has just these numbers, else a new one. A column that isn't there leaves what is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from attrs import define, evolve, field, frozen

from telephony_adapters.imports.carousel_records import NOT_SAID, NumberLine
from telephony_core.carousel import Carousel, CarouselNumber, CarouselPool, Generation, Quarantine
from telephony_core.phone import PhoneNumber

_ATTRIBUTES: Mapping[str, str] = {
    # field of a column -> attribute of the pool, where the column may be left out
    "title": "title",
    "provider": "provider",
    "default": "is_default",
    "order": "order",
    "chain": "chain",
    "when_exhausted": "when_exhausted",
    "declaration_required": "declaration_required",
}
_LIMITS = ("per_day", "rest_seconds", "warm_up")


@frozen
class PoolDraft:
    """A pool as read, and which columns its table has."""

    pool: CarouselPool
    said: frozenset[str]


@define
class GenerationDraft:
    """A generation as read, line by line."""

    pool_id: str
    generation_id: str
    said: frozenset[str]
    lines: list[NumberLine] = field(factory=list)

    @property
    def activates_at(self) -> datetime | None:
        return next((line.activates_at for line in self.lines if line.activates_at is not None), None)

    @property
    def confirmed_at(self) -> datetime | None:
        return next((line.confirmed_at for line in self.lines if line.confirmed_at is not None), None)

    @property
    def numbers(self) -> tuple[PhoneNumber, ...]:
        return tuple(line.number.number for line in self.lines)


@frozen
class CarouselDraft:
    """All that the files say."""

    pools: tuple[PoolDraft, ...] = ()
    generations: tuple[GenerationDraft, ...] = ()

    def over(self, stored: Carousel, now: datetime) -> Carousel:
        """The carousel with what the files say; a generation without an instant begins `now` if it is new."""
        pools = {pool.id: pool for pool in stored.pools}
        for draft in self.pools:
            pools[draft.pool.id] = _pool_over(draft, pools.get(draft.pool.id))
        known = {each.number: each for pool in stored.pools for made in pool.generations for each in made.numbers}
        for generation in self.generations:
            pool = pools.get(generation.pool_id)
            if pool is not None:
                pools[pool.id] = _with_generation(pool, generation, known, now)
        return Carousel(tuple(pools.values()))


def _pool_over(draft: PoolDraft, stored: CarouselPool | None) -> CarouselPool:
    if stored is None:
        return draft.pool
    kept = {attribute: getattr(stored, attribute) for name, attribute in _ATTRIBUTES.items() if name not in draft.said}
    limits = {name: getattr(stored.limits, name) for name in _LIMITS if name not in draft.said}
    return evolve(
        draft.pool,
        generations=stored.generations,
        version=stored.version,
        limits=evolve(draft.pool.limits, **limits),
        **kept,
    )


def _with_generation(
    pool: CarouselPool, draft: GenerationDraft, known: Mapping[PhoneNumber, CarouselNumber], now: datetime
) -> CarouselPool:
    stored = _stored_generation(pool, draft)
    generation = Generation(
        id=stored.id if stored is not None else draft.generation_id or _free_id(pool),
        numbers=tuple(_number(line.number, known.get(line.number.number), draft.said, now) for line in draft.lines),
        activates_at=draft.activates_at or (stored.activates_at if stored is not None else now),
        confirmed_at=draft.confirmed_at if "confirmed_at" in draft.said or stored is None else stored.confirmed_at,
    )
    rest = tuple(each for each in pool.generations if each is not stored)
    return evolve(pool, generations=(*rest, generation))


def _stored_generation(pool: CarouselPool, draft: GenerationDraft) -> Generation | None:
    if draft.generation_id:
        return next((each for each in pool.generations if each.id == draft.generation_id), None)
    numbers = set(draft.numbers)
    same = [each for each in pool.generations if {one.number for one in each.numbers} == numbers]
    return same[-1] if same else None


def _number(read: CarouselNumber, stored: CarouselNumber | None, said: frozenset[str], now: datetime) -> CarouselNumber:
    quarantine = read.quarantine
    if "quarantine_reason" not in said:
        quarantine = stored.quarantine if stored is not None else None
    elif quarantine is not None and quarantine.since == NOT_SAID:
        before = stored.quarantine if stored is not None else None
        same = before is not None and before.reason == quarantine.reason
        quarantine = before if same else evolve(quarantine, since=now)
    declared_since = read.declared_since
    if "declared_since" not in said:
        declared_since = stored.declared_since if stored is not None else None
    return CarouselNumber(read.number, quarantine, declared_since)


def _free_id(pool: CarouselPool) -> str:
    taken = {generation.id for generation in pool.generations}
    place = len(taken) + 1
    while f"{pool.id}-{place}" in taken:
        place += 1
    return f"{pool.id}-{place}"


# --- Differences ------------------------------------------------------------------------------------------------------


@frozen
class Difference:
    """One thing that differs: of a pool, or of a generation of it, or of a number in that. None: it isn't there."""

    pool_id: str
    what: str
    before: str | None
    after: str | None
    generation_id: str | None = None
    number: str | None = None


_POOL_ATTRIBUTES = (
    *("title", "provider", "chosen_by", "region_codes", "is_default", "order", "chain", "when_exhausted"),
    "declaration_required",
)


def differences(before: Carousel, after: Carousel) -> tuple[Difference, ...]:
    """What differs between two carousels, pool by pool; empty for equal ones, whatever their versions."""
    found: list[Difference] = []
    for pool_id in dict.fromkeys(pool.id for pool in (*before.pools, *after.pools)):
        found += _of_pool(pool_id, before.pool(pool_id), after.pool(pool_id))
    return tuple(found)


def _of_pool(pool_id: str, before: CarouselPool | None, after: CarouselPool | None) -> Iterator[Difference]:
    if before is None or after is None:
        yield Difference(pool_id, "pool", pool_id if before else None, pool_id if after else None)
    if before is not None and after is not None:
        for name in (*_POOL_ATTRIBUTES, *_LIMITS):
            was, is_now = (getattr(pool.limits if name in _LIMITS else pool, name) for pool in (before, after))
            if was != is_now:
                yield Difference(pool_id, name, _said(was), _said(is_now))
    old = {each.id: each for each in before.generations} if before else {}
    new = {each.id: each for each in after.generations} if after else {}
    for generation_id in dict.fromkeys([*old, *new]):
        yield from _of_generation(pool_id, generation_id, old.get(generation_id), new.get(generation_id))


def _of_generation(
    pool_id: str, generation_id: str, before: Generation | None, after: Generation | None
) -> Iterator[Difference]:
    for name in ("activates_at", "confirmed_at"):
        was, is_now = getattr(before, name, None), getattr(after, name, None)
        if was != is_now:
            yield Difference(pool_id, name, _said(was), _said(is_now), generation_id)
    old = {each.number: each for each in before.numbers} if before else {}
    new = {each.number: each for each in after.numbers} if after else {}
    for number in dict.fromkeys([*old, *new]):
        was, is_now = old.get(number), new.get(number)
        if was is None or is_now is None:
            there = (number.e164 if was else None, number.e164 if is_now else None)
            yield Difference(pool_id, "number", *there, generation_id, number.e164)
            continue
        for name in ("quarantine", "declared_since"):
            if getattr(was, name) != getattr(is_now, name):
                told = (_said(getattr(was, name)), _said(getattr(is_now, name)))
                yield Difference(pool_id, name, *told, generation_id, number.e164)


def _said(value: object) -> str | None:
    match value:
        case None:
            return None
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case tuple():
            return ", ".join(map(str, value))
        case Quarantine():
            return f"{value.reason} ({value.by})"
        case _:
            return str(value)


def of_drafts(lines: Iterable[tuple[NumberLine, frozenset[str]]]) -> tuple[GenerationDraft, ...]:
    """Lines of numbers by pool and generation, in the order of their coming."""
    found: dict[tuple[str, str], GenerationDraft] = {}
    for line, said in lines:
        key = (line.pool_id, line.generation_id)
        found.setdefault(key, GenerationDraft(*key, said)).lines.append(line)
    return tuple(found.values())
