"""The carousel: pools of mobile numbers by region, their generations, and which numbers may be shown now.

Values only: a `Carousel` is what the store knew at one instant. Rules C0 (order of the whole), C3 (usable), C7 (whose
turn it is) and C9 (which generation is active) live here; how they combine into a decision stands in `caller_id`.

One long module, so that the check of the whole (C0) is read beside what it checks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from attrs import field, frozen, validators

from telephony_core.phone import PhoneNumber
from telephony_core.region import normal_codes

LARGEST_DECISION = 1024
"""Bytes of a decision as stored, at the most (C8). It lists regions, pools and numbers: hence the next two limits, and
`Carousel.largest_decision`, by which longer ids go with shorter chains and smaller generations."""

LARGEST_GENERATION = 30
"""Numbers in a generation at the most."""

MOST_CODES = (3, 2)
"""Regions of a called number, and of a client, that a decision looks at."""


class ChosenBy(StrEnum):
    """Who picks the shown number."""

    PROVIDER = "provider"
    US = "us"


class WhenExhausted(StrEnum):
    """What happens when no number of a pool is usable (C5): go on along its chain, or refuse the call."""

    WIDEN = "widen"
    REFUSE = "refuse"


class NumberReason(StrEnum):
    """Why a number of the active generation may not be shown now (C3)."""

    QUARANTINED = "quarantined"
    NOT_DECLARED = "not_declared"
    OVER_CAP = "over_cap"
    RESTING = "resting"


@frozen
class Quarantine:
    """A number on the bench: not shown until somebody brings it back."""

    reason: str
    by: str
    since: datetime


@frozen
class CarouselNumber:
    """One number of a pool. `declared_since`: from when the operator knows that we call from it (41-FZ)."""

    number: PhoneNumber
    quarantine: Quarantine | None = None
    declared_since: datetime | None = None


@frozen
class ShowLimits:
    """How often a number may be shown (C3). None and () switch a limit off.

    `per_day`: shows in a calendar day. `rest_seconds`: pause after a show. `warm_up`: the caps per day in the first,
    second, … week of a generation; after them `per_day` holds.
    """

    per_day: int | None = field(default=None, validator=validators.optional(validators.ge(1)))
    rest_seconds: int = field(default=0, validator=validators.ge(0))
    warm_up: tuple[int, ...] = field(default=(), validator=validators.deep_iterable(validators.ge(1)))

    def cap(self, age: timedelta) -> int | None:
        """The cap per day of a number whose generation has been active for `age`."""
        week = age // timedelta(weeks=1)
        caps = [self.per_day] if week >= len(self.warm_up) else [self.per_day, self.warm_up[week]]
        return min((cap for cap in caps if cap is not None), default=None)


@frozen
class NumberUse:
    """How a number was used so far.

    `picks`: how often it was taken for a call by the fair rule; `turn`: the pool's running count at its last fair pick,
    0 for never; `shows_today`: shows in the present calendar day, the day being the store's to cut.
    """

    picks: int = 0
    turn: int = 0
    shows_today: int = 0
    last_shown_at: datetime | None = None


NEVER_USED = NumberUse()


@frozen
class Generation:
    """The numbers of a pool from `activates_at` until the next generation's. Never deleted once its instant is past."""

    id: str
    numbers: tuple[CarouselNumber, ...]
    activates_at: datetime
    confirmed_at: datetime | None = None

    def has(self, number: PhoneNumber) -> bool:
        return any(each.number == number for each in self.numbers)


def _by_instant(generations: Iterable[Generation]) -> tuple[Generation, ...]:
    return tuple(sorted(generations, key=lambda generation: generation.activates_at))


@frozen
class CarouselPool:
    """The numbers that serve a set of regions, carried by one provider.

    `order` is the pool's place in the configured order (C4 asks for it where a number has several regions). `chain`
    names the pools to try when this one has no usable number; the default pool comes after them by itself.
    """

    id: str
    provider: str
    chosen_by: ChosenBy
    region_codes: tuple[str, ...] = field(converter=normal_codes)
    title: str = ""
    is_default: bool = False
    order: int = 0
    chain: tuple[str, ...] = ()
    when_exhausted: WhenExhausted = WhenExhausted.WIDEN
    limits: ShowLimits = ShowLimits()
    declaration_required: bool = False
    generations: tuple[Generation, ...] = field(default=(), converter=_by_instant)
    version: int = 0

    def active(self, now: datetime) -> Generation | None:
        """The generation in force at `now`: from its instant on, and not one microsecond before (C9)."""
        past = [generation for generation in self.generations if generation.activates_at <= now]
        return past[-1] if past else None

    def conforming(self, now: datetime, window: timedelta) -> tuple[Generation, ...]:
        """The active generation, and within `window` round a refresh the one on its other side too (C11)."""
        near = [self.active(now), self.active(now - window), self.active(now + window)]
        return tuple({generation.id: generation for generation in near if generation is not None}.values())

    def usable(
        self, now: datetime, uses: Mapping[PhoneNumber, NumberUse]
    ) -> tuple[tuple[PhoneNumber, ...], dict[PhoneNumber, NumberReason]]:
        """The numbers that may be shown at `now`, in the generation's order, and why the others may not (C3)."""
        generation = self.active(now)
        usable: list[PhoneNumber] = []
        unusable: dict[PhoneNumber, NumberReason] = {}
        if generation is None:
            return (), {}
        cap = self.limits.cap(now - generation.activates_at)
        rested_since = now - timedelta(seconds=self.limits.rest_seconds)
        for each in generation.numbers:
            use = uses.get(each.number, NEVER_USED)
            if each.quarantine is not None:
                unusable[each.number] = NumberReason.QUARANTINED
            elif self.declaration_required and (each.declared_since is None or now < each.declared_since):
                unusable[each.number] = NumberReason.NOT_DECLARED
            elif cap is not None and use.shows_today >= cap:
                unusable[each.number] = NumberReason.OVER_CAP
            elif use.last_shown_at is not None and use.last_shown_at > rested_since:
                unusable[each.number] = NumberReason.RESTING
            else:
                usable.append(each.number)
        return tuple(usable), unusable


@frozen
class CarouselFault:
    """One way in which a carousel breaks C0: the pool, what is wrong, and with what."""

    pool_id: str
    fault: str
    about: str = ""


@frozen
class Carousel:
    """All pools of all providers, as the store knew them at one instant."""

    pools: tuple[CarouselPool, ...] = ()

    def pool(self, pool_id: str) -> CarouselPool | None:
        return next((pool for pool in self.pools if pool.id == pool_id), None)

    def of_provider(self, provider: str) -> Carousel:
        """The pools that C2-C7 look at, in the configured order."""
        mine = [pool for pool in self.pools if pool.provider == provider]
        return Carousel(tuple(sorted(mine, key=lambda pool: (pool.order, pool.id))))

    @property
    def default(self) -> CarouselPool | None:
        return next((pool for pool in self.pools if pool.is_default), None)

    def serving(self, codes: Iterable[str]) -> tuple[tuple[CarouselPool, tuple[str, ...]], ...]:
        """The pools that serve any of `codes`, in order, each with those that it serves."""
        asked = set(codes)
        found = [pool for pool in self.pools if not asked.isdisjoint(pool.region_codes)]
        return tuple((pool, tuple(code for code in pool.region_codes if code in asked)) for pool in found)

    def path(self, pool: CarouselPool) -> tuple[CarouselPool, ...]:
        """The pool, then its chain and the default pool if it widens (C5), each once."""
        if pool.when_exhausted is WhenExhausted.REFUSE:
            return (pool,)
        named = [pool, *(self.pool(pool_id) for pool_id in pool.chain), self.default]
        return tuple({each.id: each for each in named if each is not None}.values())

    def faults(self) -> tuple[CarouselFault, ...]:
        """Every breach of C0; empty for a carousel in order. The one check: store, import and API all ask here."""
        return (
            *self._repeated_ids(),
            *self._provider_faults(),
            *(fault for pool in self.pools for fault in self._chain_faults(pool)),
            *(fault for pool in self.pools for fault in _generation_faults(pool)),
            *(fault for pool in self.pools for fault in self._size_faults(pool)),
            *self._numbers_active_twice(),
        )

    def _repeated_ids(self) -> Iterator[CarouselFault]:
        seen: set[str] = set()
        for pool in self.pools:
            if pool.id in seen:
                yield CarouselFault(pool.id, "pool_id_repeated")
            seen.add(pool.id)

    def _provider_faults(self) -> Iterator[CarouselFault]:
        for provider in dict.fromkeys(pool.provider for pool in self.pools):
            pools = self.of_provider(provider).pools
            defaults = [pool for pool in pools if pool.is_default]
            if not defaults:
                yield CarouselFault(pools[0].id, "no_default_pool", provider)
            for pool in defaults[1:]:
                yield CarouselFault(pool.id, "second_default_pool", defaults[0].id)
            owner: dict[str, str] = {}
            for pool in pools:
                for code in pool.region_codes:
                    if code in owner:
                        yield CarouselFault(pool.id, "region_served_twice", f"{code} by {owner[code]}")
                    owner.setdefault(code, pool.id)

    def _chain_faults(self, pool: CarouselPool) -> Iterator[CarouselFault]:
        if len(set(pool.chain)) != len(pool.chain):
            yield CarouselFault(pool.id, "chain_repeats_a_pool")
        for pool_id in pool.chain:
            link = self.pool(pool_id)
            if link is None:
                yield CarouselFault(pool.id, "chain_to_unknown_pool", pool_id)
            elif link.provider != pool.provider:
                yield CarouselFault(pool.id, "chain_leaves_the_provider", pool_id)
        if self._comes_back(pool):
            yield CarouselFault(pool.id, "chain_has_a_cycle")

    def _comes_back(self, start: CarouselPool) -> bool:
        ahead, seen = list(start.chain), set[str]()
        while ahead:
            pool_id = ahead.pop()
            if pool_id == start.id:
                return True
            if pool_id not in seen:
                seen.add(pool_id)
                link = self.pool(pool_id)
                ahead.extend(link.chain if link else ())
        return False

    def _size_faults(self, pool: CarouselPool) -> Iterator[CarouselFault]:
        size = self.largest_decision(pool)
        if size > LARGEST_DECISION:
            yield CarouselFault(pool.id, "decision_too_large", str(size))

    def largest_decision(self, pool: CarouselPool) -> int:
        """Bytes that a decision about calls of this pool's regions can take as stored, at the most (C8).

        A bound by what it lists, each part at its longest; `serialization` keeps within it.
        """
        mine = self.of_provider(pool.provider)
        tried = list(mine.path(pool))
        for place, each in enumerate(tried):
            if each.chosen_by is ChosenBy.PROVIDER:
                del tried[place + 1 :]  # the decision is the provider's, and nothing further is tried
                break
        serving = sorted((_stored_length(each.id) for each in mine.pools if each.region_codes), reverse=True)
        named = [pool, *([mine.default] if mine.default is not None else [])]
        return (
            405  # the decision and its C4, C6 and C7 without ids and numbers, but with all codes that they may name
            + sum(_stored_length(each.id) for each in named)
            + sum(6 + length for length in serving[: sum(MOST_CODES)])
            + sum(serving[: max(MOST_CODES)])
            + sum(25 + _stored_length(each.id) for each in tried)
            + max((_listed_length(generation) for each in tried for generation in each.generations), default=0)
        )

    def _numbers_active_twice(self) -> Iterator[CarouselFault]:
        spans: dict[PhoneNumber, list[tuple[datetime, datetime | None, str]]] = {}
        for pool in self.pools:
            for generation, following in pairwise([*pool.generations, None]):
                assert generation is not None  # only the last of the pairs holds None
                until = following.activates_at if following else None
                for number in {each.number for each in generation.numbers}:
                    spans.setdefault(number, []).append((generation.activates_at, until, pool.id))
        for number, active in spans.items():
            # Generations of one pool follow each other, so two overlapping spans are of two pools.
            for (_, until, _), (since, _, pool_id) in pairwise(sorted(active, key=lambda span: span[0])):
                if until is None or since < until:
                    yield CarouselFault(pool_id, "number_active_twice", number.e164)


def _generation_faults(pool: CarouselPool) -> Iterator[CarouselFault]:
    for earlier, later in pairwise(pool.generations):
        if earlier.activates_at == later.activates_at:
            yield CarouselFault(pool.id, "generations_at_one_instant", later.id)
    if len({generation.id for generation in pool.generations}) != len(pool.generations):
        yield CarouselFault(pool.id, "generation_id_repeated")
    for generation in pool.generations:
        if not 1 <= len(generation.numbers) <= LARGEST_GENERATION:
            yield CarouselFault(pool.id, "generation_size", f"{generation.id}: {len(generation.numbers)}")
        if len({each.number for each in generation.numbers}) != len(generation.numbers):
            yield CarouselFault(pool.id, "number_repeated", generation.id)


def _stored_length(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())


def _listed_length(generation: Generation) -> int:
    """Bytes of a generation's id, of its numbers as a list of differences in base 36, and of their turns."""
    digits = [int(each.number.digits) for each in generation.numbers] or [0]
    largest, spread = max(digits), max(digits) - min(digits)
    return _stored_length(generation.id) + _digits_in_base_36(largest) + len(digits) * (_digits_in_base_36(spread) + 3)


def _digits_in_base_36(value: int) -> int:
    count = 1
    while value >= 36:
        value //= 36
        count += 1
    return count


def fair_turn(turns: Sequence[int]) -> int:
    """The index of the number whose turn it is: the one whose last fair pick lies furthest back (C7).

    Over a fixed set of usable numbers this goes round in a circle, so picks of two numbers never differ by more than
    one over any run; and a number that joins (turn 0, or an old one after a quarantine) gets its one turn first instead
    of a burst of them, as it would if all its missed picks were made up for.
    """
    return turns.index(min(turns))
