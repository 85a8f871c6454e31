"""The carousel in the store: the port's `CarouselRepository`, and a memory of the last carousel read.

The carousel is asked for by every call from an IP phone and changes a few times a month. Every change counts up one
`revision`; who finds the revision that the last reader found takes over what that one read.

Locks (PostgreSQL; on SQLite writers come one at a time): who is about to choose locks the provider's pools in the order
of their ids, then reads the clock (C9). A change of the carousel counts up the revision first, which fails if another
change was made since it read, and then updates those same rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, text, update

from telephony_adapters.store.columns import Instant
from telephony_adapters.store.tables import (
    carousel_generations,
    carousel_numbers,
    carousel_pools,
    carousel_regions,
    carousel_revision,
    carousel_shows,
    carousel_turns,
)
from telephony_adapters.store.transaction import Lockable, Timed, Transaction
from telephony_core.carousel import (
    Carousel,
    CarouselNumber,
    CarouselPool,
    ChosenBy,
    Generation,
    NumberUse,
    Quarantine,
    WhenExhausted,
)
from telephony_core.errors import CarouselConflict
from telephony_core.phone import PhoneNumber
from telephony_core.ports import ConcurrentChange
from telephony_core.serialization import limits_from_stored, limits_to_stored

_REVISION = Timed.of(select(carousel_revision.c.revision))
_LOCK_POOLS = Lockable.of(
    select(carousel_pools.c.id)
    .where(carousel_pools.c.provider == bindparam("provider"), carousel_pools.c.chosen_by == ChosenBy.US.value)
    .order_by(carousel_pools.c.id)
)
_POOLS = select(carousel_pools).order_by(carousel_pools.c.place)
_REGIONS = select(carousel_regions)
_GENERATIONS = select(carousel_generations)
_NUMBERS = select(carousel_numbers).order_by(carousel_numbers.c.place)

_COUNT_UP = update(carousel_revision).values(revision=carousel_revision.c.revision + 1)
_COUNT_UP_SEEN = _COUNT_UP.where(carousel_revision.c.revision == bindparam("seen"))

_TURNS = (
    select(carousel_turns)
    .join(carousel_pools, carousel_pools.c.id == carousel_turns.c.pool_id)
    .where(carousel_pools.c.provider == bindparam("provider"))
)
_shows_today = (
    select(func.count())
    .where(carousel_shows.c.number == carousel_numbers.c.number, carousel_shows.c.at >= bindparam("day", type_=Instant))
    .scalar_subquery()
)
_last_shown = (
    select(func.max(carousel_shows.c.at, type_=Instant))
    .where(carousel_shows.c.number == carousel_numbers.c.number)
    .scalar_subquery()
)
_SHOWS = (
    select(carousel_numbers.c.number, _shows_today.label("today"), _last_shown.label("last"))
    .join(carousel_pools, carousel_pools.c.id == carousel_numbers.c.pool_id)
    .where(carousel_pools.c.provider == bindparam("provider"))
    .distinct()
)
# The pool's running count is the highest turn among its numbers.
_TAKE_TURN = text(
    "INSERT INTO carousel_turns (pool_id, number, picks, turn)"
    " SELECT :pool_id, :number, 1, coalesce(max(turn), 0) + 1 FROM carousel_turns WHERE pool_id = :pool_id"
    " ON CONFLICT (pool_id, number) DO UPDATE SET picks = carousel_turns.picks + 1, turn = excluded.turn"
).bindparams(
    bindparam("pool_id", type_=carousel_turns.c.pool_id.type), bindparam("number", type_=carousel_turns.c.number.type)
)
_COUNT_SHOW = insert(carousel_shows)


class CarouselMemory:
    """The last carousel read, and its revision; lives as long as the store."""

    def __init__(self) -> None:
        self._last: tuple[int, Carousel] | None = None

    @property
    def last(self) -> Carousel | None:
        """It may be older than what is stored."""
        return self._last[1] if self._last is not None else None

    def of_revision(self, revision: int) -> Carousel | None:
        return self._last[1] if self._last is not None and self._last[0] == revision else None

    def keep(self, revision: int, carousel: Carousel) -> None:
        self._last = (revision, carousel)


class SqlCarousel:
    """`ports.CarouselRepository`; lives as long as its unit of work."""

    def __init__(self, work: Transaction, memory: CarouselMemory) -> None:
        self._work = work
        self._memory = memory
        self._seen: int | None = None
        self._loaded: Carousel | None = None
        self._changed = False

    async def load(self, *, choosing_for: str | None = None) -> Carousel:
        # Whether there is anything to lock the last carousel told; what is read has the last word.
        locks = choosing_for is not None and (self._memory.last is None or _chooses(self._memory.last, choosing_for))
        carousel = await self._read_after_locking(choosing_for if locks else None)
        if choosing_for is not None and not locks and _chooses(carousel, choosing_for):
            carousel = await self._read_after_locking(choosing_for)
        return carousel

    async def _read_after_locking(self, provider: str | None) -> Carousel:
        if provider is not None:
            await self._work.rows(_LOCK_POOLS, {"provider": provider})
        revision = await self._revision()
        carousel = None if self._changed else self._memory.of_revision(revision)
        while carousel is None:
            read = await self._read()
            # Where each statement sees what is committed by then, a change may have come between two of them.
            again = await self._revision()
            if again == revision:
                carousel = read
                if not self._changed:  # a revision that may be rolled back is nobody else's
                    self._memory.keep(revision, read)
            revision = again
        self._seen, self._loaded = revision, carousel
        return carousel

    async def _revision(self) -> int:
        row = await self._work.row(_REVISION)
        assert row is not None  # made with the table
        revision: int = row.revision
        return revision

    async def _read(self) -> Carousel:
        numbers: dict[tuple[str, str], list[CarouselNumber]] = defaultdict(list)
        for row in await self._work.rows(_NUMBERS):
            numbers[row.pool_id, row.generation_id].append(_number_of(row))
        generations: dict[str, list[Generation]] = defaultdict(list)
        for row in await self._work.rows(_GENERATIONS):
            its = tuple(numbers[row.pool_id, row.id])
            generations[row.pool_id].append(Generation(row.id, its, row.activates_at, row.confirmed_at))
        regions: dict[str, list[str]] = defaultdict(list)
        for row in await self._work.rows(_REGIONS):
            regions[row.pool_id].append(row.code)
        pools = await self._work.rows(_POOLS)
        return Carousel(tuple(_pool_of(row, regions[row.id], generations[row.id]) for row in pools))

    async def uses(self, provider: str, day_began_at: datetime) -> Mapping[PhoneNumber, NumberUse]:
        turns: dict[PhoneNumber, list[Row[Any]]] = defaultdict(list)
        for row in await self._work.rows(_TURNS, {"provider": provider}):
            turns[PhoneNumber(row.number)].append(row)
        shows = {
            PhoneNumber(row.number): row
            for row in await self._work.rows(_SHOWS, {"provider": provider, "day": day_began_at})
            if row.last is not None
        }
        active = await self._active_pools(provider) if turns else {}
        uses: dict[PhoneNumber, NumberUse] = {}
        for number in turns.keys() | shows.keys():
            rows, shown = turns.get(number, []), shows.get(number)
            uses[number] = NumberUse(
                picks=sum(row.picks for row in rows),
                turn=_turn(rows, active.get(number)),
                shows_today=shown.today if shown is not None else 0,
                last_shown_at=shown.last if shown is not None else None,
            )
        return uses

    async def _active_pools(self, provider: str) -> dict[PhoneNumber, str]:
        carousel = self._loaded or await self.load()
        # The instant of the decision, if this unit has read it (C9).
        now = self._work.last_now or await self._work.now()
        active = ((pool.id, pool.active(now)) for pool in carousel.of_provider(provider).pools)
        return {each.number: pool_id for pool_id, generation in active if generation for each in generation.numbers}

    async def take_turn(self, pool_id: str, number: PhoneNumber) -> None:
        await self._work.write(_TAKE_TURN, {"pool_id": pool_id, "number": number.e164})

    async def count_show(self, number: PhoneNumber, at: datetime) -> None:
        await self._work.write(_COUNT_SHOW, {"number": number.e164, "at": at})

    async def store(self, carousel: Carousel) -> None:
        faults = carousel.faults()
        if faults:
            raise CarouselConflict(
                faults=[{"pool": fault.pool_id, "fault": fault.fault, "about": fault.about} for fault in faults]
            )
        if self._seen is None:
            await self._work.write(_COUNT_UP)
        elif await self._work.write(_COUNT_UP_SEEN, {"seen": self._seen}) == 0:
            raise ConcurrentChange("carousel")
        else:
            self._seen += 1
        self._changed, self._loaded = True, None
        await self._replace(carousel)

    async def _replace(self, carousel: Carousel) -> None:
        for table in (carousel_numbers, carousel_generations, carousel_regions):
            await self._work.write(delete(table))
        # Pools that stay keep their rows: somebody may be waiting for a lock on them. No default meanwhile, so that the
        # default may pass from one pool to another.
        await self._work.write(update(carousel_pools).values(is_default=False))
        stored = {row.id for row in await self._work.rows(select(carousel_pools.c.id))}
        gone = stored - {pool.id for pool in carousel.pools}
        if gone:
            await self._work.write(delete(carousel_pools).where(carousel_pools.c.id.in_(gone)))
        for place, pool in enumerate(carousel.pools):
            row = _pool_row(pool, place)
            if pool.id in stored:
                await self._work.write(update(carousel_pools).where(carousel_pools.c.id == pool.id).values(row))
            else:
                await self._work.write(insert(carousel_pools), row)
        regions = [
            {"provider": pool.provider, "code": code, "pool_id": pool.id}
            for pool in carousel.pools
            for code in pool.region_codes
        ]
        generations = [
            {
                "pool_id": pool.id,
                "id": generation.id,
                "activates_at": generation.activates_at,
                "confirmed_at": generation.confirmed_at,
            }
            for pool in carousel.pools
            for generation in pool.generations
        ]
        numbers = [
            _number_row(pool.id, generation.id, place, number)
            for pool in carousel.pools
            for generation in pool.generations
            for place, number in enumerate(generation.numbers)
        ]
        for table, rows in (
            (carousel_regions, regions),
            (carousel_generations, generations),
            (carousel_numbers, numbers),
        ):
            if rows:
                await self._work.write(insert(table), rows)


def _chooses(carousel: Carousel, provider: str) -> bool:
    return any(pool.chosen_by is ChosenBy.US for pool in carousel.of_provider(provider).pools)


def _turn(rows: list[Row[Any]], active_pool: str | None) -> int:
    """A turn is a place in one pool's count: of a number that went from pool to pool, that of the pool it is in now."""
    if active_pool is not None:
        return next((row.turn for row in rows if row.pool_id == active_pool), 0)
    return max((row.turn for row in rows), default=0)


def _pool_row(pool: CarouselPool, place: int) -> dict[str, Any]:
    return {
        "id": pool.id,
        "place": place,
        "provider": pool.provider,
        "chosen_by": pool.chosen_by.value,
        "title": pool.title,
        "is_default": pool.is_default,
        "pool_order": pool.order,
        "chain": list(pool.chain),
        "when_exhausted": pool.when_exhausted.value,
        "limits": limits_to_stored(pool.limits),
        "declaration_required": pool.declaration_required,
        "version": pool.version,
    }


def _pool_of(row: Row[Any], regions: list[str], generations: list[Generation]) -> CarouselPool:
    return CarouselPool(
        id=row.id,
        provider=row.provider,
        chosen_by=ChosenBy(row.chosen_by),
        region_codes=regions,
        title=row.title,
        is_default=row.is_default,
        order=row.pool_order,
        chain=tuple(row.chain),
        when_exhausted=WhenExhausted(row.when_exhausted),
        limits=limits_from_stored(row.limits),
        declaration_required=row.declaration_required,
        generations=generations,
        version=row.version,
    )


def _number_row(pool_id: str, generation_id: str, place: int, each: CarouselNumber) -> dict[str, Any]:
    bench = each.quarantine
    return {
        "pool_id": pool_id,
        "generation_id": generation_id,
        "number": each.number.e164,
        "place": place,
        "quarantine_reason": bench.reason if bench else None,
        "quarantined_by": bench.by if bench else None,
        "quarantined_since": bench.since if bench else None,
        "declared_since": each.declared_since,
    }


def _number_of(row: Row[Any]) -> CarouselNumber:
    bench = None
    if row.quarantined_since is not None:
        bench = Quarantine(row.quarantine_reason, row.quarantined_by, row.quarantined_since)
    return CarouselNumber(PhoneNumber(row.number), bench, row.declared_since)
