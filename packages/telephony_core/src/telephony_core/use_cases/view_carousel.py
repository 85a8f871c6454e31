"""Looks at the carousel: how its numbers are used and worn, and whether providers show what was agreed (C10, C11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import field, frozen

from telephony_core.call import Attempt
from telephony_core.caller_id import Verdict
from telephony_core.carousel import (
    NEVER_USED,
    Carousel,
    CarouselNumber,
    CarouselPool,
    ChosenBy,
    Generation,
    NumberReason,
    NumberUse,
)
from telephony_core.party import Principal
from telephony_core.phone import PhoneNumber
from telephony_core.ports import NumberSeen, Store, TimeZones
from telephony_core.use_cases.ask_provider import Effect
from telephony_core.use_cases.edit_carousel import require_carousel
from telephony_core.use_cases.run_carousel import pool_of

FRESH_FOR = timedelta(days=75)
"""How long a generation lasts until it is due for a refresh: in the middle of the usual two to three months."""

CASES = 50
"""Attempts that an answer on conformance names at the most."""

_UNSEEN = NumberSeen(0, None, None)


@frozen
class NumberView:
    """A number of a generation: how it was used by us, and how often its provider reported that it was shown.

    `seen` counts since the generation began. `reason`: why it may not be shown now (C3), as far as that is ours to say.
    """

    number: CarouselNumber
    use: NumberUse
    seen: NumberSeen
    reason: NumberReason | None


@frozen
class GenerationView:
    """A generation. `observed_at`: when one of its numbers was first reported since its instant (C11).

    `days` since its instant, 0 if that lies ahead; `due_at`: when it will be due for a refresh.
    """

    generation: Generation
    in_force: bool
    days: int
    due_at: datetime
    observed_at: datetime | None
    numbers: tuple[NumberView, ...]

    @property
    def wear(self) -> float:
        """How much of its time is used up: 1.0 is due for a refresh."""
        return self.days * timedelta(days=1) / FRESH_FOR


@frozen
class PoolView:
    """A pool with its generations, the oldest first. `effect`: what a change of it does."""

    pool: CarouselPool
    at: datetime
    effect: Effect
    generations: tuple[GenerationView, ...]

    @property
    def active(self) -> GenerationView | None:
        return next((each for each in self.generations if each.in_force), None)

    @property
    def next(self) -> GenerationView | None:
        """The next generation that is scheduled."""
        return next((each for each in self.generations if each.generation.activates_at > self.at), None)


@frozen
class PoolForecast:
    """When a pool is worn out: `due_at` of the generation in force, if any; `refreshed_at`: what is scheduled.

    `needs_refresh`: nothing is scheduled before it is due. `shows_per_day`: of a number, on the average of its time.
    """

    pool_id: str
    due_at: datetime | None
    days_left: int | None
    refreshed_at: datetime | None
    needs_refresh: bool
    shows_per_day: float


@frozen
class Conformance:
    """Verdicts over the attempts of a period, by their number; `waiting`: not reported yet and not given up.

    `cases`: the latest attempts whose verdict is no conformity.
    """

    since: datetime
    until: datetime
    pool_id: str | None
    counts: Mapping[Verdict, int] = field()
    waiting: int
    cases: tuple[Attempt, ...]


@frozen
class ViewCarousel:
    store: Store
    zones: TimeZones

    async def pools(self, principal: Principal) -> tuple[PoolView, ...]:
        """Every pool with usage and wear, by provider and in the configured order."""
        require_carousel(principal)
        async with self.store.read() as uow:
            carousel, now = await uow.carousel.load(), await uow.now()
            uses: dict[PhoneNumber, NumberUse] = {}
            for provider in sorted({pool.provider for pool in carousel.pools}):
                uses.update(await uow.carousel.uses(provider, self.zones.day(now)[0]))
            since = {pool.id: active.activates_at for pool in carousel.pools if (active := pool.active(now))}
            seen = {instant: await uow.calls.numbers_seen(instant) for instant in sorted(set(since.values()))}
        pools = sorted(carousel.pools, key=lambda pool: (pool.provider, pool.order, pool.id))
        return tuple(_view(pool, now, uses, seen[since[pool.id]] if pool.id in since else {}) for pool in pools)

    async def pool(self, principal: Principal, pool_id: str) -> PoolView:
        """One pool; `PoolNotFound` if there is none of this id."""
        views = await self.pools(principal)
        pool_of(Carousel(tuple(view.pool for view in views)), pool_id)
        return next(view for view in views if view.pool.id == pool_id)

    async def forecast(self, principal: Principal) -> tuple[PoolForecast, ...]:
        """Which pools wear out when, the earliest first; a pool without numbers comes before all."""
        found = [_forecast(view) for view in await self.pools(principal)]
        empty = sorted((each for each in found if each.due_at is None), key=lambda each: each.pool_id)
        worn = [(each.due_at, each.pool_id, each) for each in found if each.due_at is not None]
        return (*empty, *(each for _, _, each in sorted(worn, key=lambda row: row[:2])))

    async def conformance(
        self, principal: Principal, *, since: datetime, until: datetime, pool_id: str | None = None
    ) -> Conformance:
        """How the reported numbers of the attempts that started from `since` to before `until` were judged (C10)."""
        require_carousel(principal)
        async with self.store.read() as uow:
            if pool_id is not None:
                pool_of(await uow.carousel.load(), pool_id)
            tally = await uow.calls.verdict_counts(since, until, pool_id)
            cases = await uow.calls.judged_otherwise(since, until, pool_id, CASES)
        counts = {verdict: tally.get(verdict, 0) for verdict in Verdict}
        return Conformance(since, until, pool_id, counts, tally.get(None, 0), cases)


def _view(
    pool: CarouselPool, now: datetime, uses: Mapping[PhoneNumber, NumberUse], seen: Mapping[PhoneNumber, NumberSeen]
) -> PoolView:
    active = pool.active(now)
    reasons = pool.usable(now, uses)[1] if pool.chosen_by is ChosenBy.US else {}
    views = []
    for generation in pool.generations:
        in_force = generation is active
        numbers = tuple(
            NumberView(
                each,
                uses.get(each.number, NEVER_USED),
                seen.get(each.number, _UNSEEN) if in_force else _UNSEEN,
                reasons.get(each.number) if in_force else None,
            )
            for each in generation.numbers
        )
        sightings = [at for each in numbers if (at := each.seen.first_at) is not None]
        views.append(
            GenerationView(
                generation,
                in_force,
                max(0, (now - generation.activates_at) // timedelta(days=1)),
                generation.activates_at + FRESH_FOR,
                min(sightings, default=None),
                numbers,
            )
        )
    return PoolView(pool, now, Effect.on(pool), tuple(views))


def _forecast(view: PoolView) -> PoolForecast:
    active, scheduled = view.active, view.next
    refreshed_at = scheduled.generation.activates_at if scheduled else None
    if active is None:
        return PoolForecast(view.pool.id, None, None, refreshed_at, refreshed_at is None, 0.0)
    shows = sum(max(each.use.picks, each.seen.times) for each in active.numbers)
    per_day = shows / max(1, active.days) / max(1, len(active.numbers))
    return PoolForecast(
        view.pool.id,
        active.due_at,
        (active.due_at - view.at) // timedelta(days=1),
        refreshed_at,
        refreshed_at is None or refreshed_at > active.due_at,
        round(per_day, 2),
    )
