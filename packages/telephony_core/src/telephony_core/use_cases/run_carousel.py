"""Runs the carousel: pools, their generations, and numbers on the bench (C0, C9, C11).

Each change is one edit of the whole (see `edit_carousel`); the answer says whether it is in force or only written down,
and what is to be asked of the provider. Who did what is logged; the numbers are the company's own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from attrs import evolve, frozen

from telephony_core.carousel import Carousel, CarouselFault, CarouselNumber, CarouselPool, Generation, Quarantine
from telephony_core.errors import CarouselConflict, InvalidRequest, PoolNotFound, StaleVersion
from telephony_core.party import Principal
from telephony_core.phone import PhoneNumber
from telephony_core.use_cases.ask_provider import AskProvider, Effect, Wish, asked
from telephony_core.use_cases.edit_carousel import EditCarousel, fault_data

log: logging.Logger = logging.getLogger(__name__)

CLOCK_SLACK = timedelta(seconds=60)
"""An instant that lies this little in the past was meant as 'now' by somebody whose clock is behind ours."""


@frozen
class Changed:
    """A changed pool, whether that is in force (`effect`), and what is to be asked of its provider."""

    pool: CarouselPool
    at: datetime
    effect: Effect
    ask_provider: tuple[AskProvider, ...] = ()
    generation: Generation | None = None
    number: CarouselNumber | None = None


def pool_of(carousel: Carousel, pool_id: str) -> CarouselPool:
    """The pool of this id, or the refusal `PoolNotFound`."""
    pool = carousel.pool(pool_id)
    if pool is None:
        raise PoolNotFound(pool_id=pool_id)
    return pool


def generation_of(pool: CarouselPool, generation_id: str) -> Generation:
    """The same of a pool's generation."""
    found = next((each for each in pool.generations if each.id == generation_id), None)
    if found is None:
        raise PoolNotFound(
            f"The pool '{pool.id}' has no generation of this id.", pool_id=pool.id, generation_id=generation_id
        )
    return found


@frozen
class RunCarousel:
    edit: EditCarousel

    async def put_pool(self, principal: Principal, wanted: CarouselPool, *, expected_version: int | None) -> Changed:
        """Set a pool's title, provider, regions, chain, limits; its generations stay as they are.

        `expected_version`: the version that was read; None for a pool that is new. Another one: `StaleVersion`.
        """

        def change(carousel: Carousel, _now: datetime) -> Carousel:
            stored = carousel.pool(wanted.id)
            if stored is None and expected_version is not None:
                raise PoolNotFound(pool_id=wanted.id)
            if stored is None:
                return Carousel((*carousel.pools, evolve(wanted, generations=(), version=0)))
            if stored.version != expected_version:
                raise StaleVersion(pool_id=stored.id, version=stored.version)
            return _with_pool(carousel, evolve(wanted, generations=stored.generations, version=stored.version))

        edited = await self.edit(principal, change)
        stored, pool = edited.before.pool(wanted.id), pool_of(edited.after, wanted.id)
        ask: tuple[AskProvider, ...] = ()
        if stored is None or stored.region_codes != pool.region_codes:
            ask += asked(Wish.SERVE_REGIONS, pool)
        if stored is not None and stored.limits != pool.limits:
            ask += asked(Wish.KEEP_LIMITS, pool)
        log.info("pool %s was set by %s", pool.id, principal.id)
        return Changed(pool, edited.at, Effect.on(pool), ask)

    async def schedule(
        self,
        principal: Principal,
        pool_id: str,
        numbers: Iterable[PhoneNumber],
        activates_at: datetime | None = None,
        *,
        generation_id: str | None = None,
    ) -> Changed:
        """Give a pool new numbers from `activates_at` on (None: from now on). A number that another generation has
        keeps its quarantine and its declaration."""
        wanted = tuple(numbers)

        def change(carousel: Carousel, now: datetime) -> Carousel:
            pool = pool_of(carousel, pool_id)
            at = now if activates_at is None else activates_at
            if at < now - CLOCK_SLACK:
                raise InvalidRequest(
                    "A generation begins now or later: 'activates_at' lies in the past.", field="activates_at"
                )
            known = _known_numbers(carousel)
            generation = Generation(
                generation_id or _next_generation_id(pool),
                tuple(known.get(number, CarouselNumber(number)) for number in wanted),
                max(at, now),
            )
            return _with_pool(carousel, evolve(pool, generations=(*pool.generations, generation)))

        edited = await self.edit(principal, change)
        pool = pool_of(edited.after, pool_id)
        old = {each.id for each in pool_of(edited.before, pool_id).generations}
        generation = next(each for each in pool.generations if each.id not in old)
        log.info("generation %s was scheduled by %s", generation.id, principal.id)
        ask = asked(Wish.REPLACE_NUMBERS, pool, numbers=wanted, at=generation.activates_at)
        return Changed(pool, edited.at, Effect.on(pool), ask, generation)

    async def cancel(self, principal: Principal, pool_id: str, generation_id: str) -> Changed:
        """Call a scheduled generation off, as long as its instant lies ahead."""

        def change(carousel: Carousel, now: datetime) -> Carousel:
            pool = pool_of(carousel, pool_id)
            generation = generation_of(pool, generation_id)
            if generation.activates_at <= now:
                raise CarouselConflict(
                    "The generation is in force already; to replace its numbers, schedule the next one.",
                    faults=[fault_data(CarouselFault(pool.id, "generation_began", generation.id))],
                )
            rest = tuple(each for each in pool.generations if each is not generation)
            return _with_pool(carousel, evolve(pool, generations=rest))

        edited = await self.edit(principal, change)
        pool = pool_of(edited.after, pool_id)
        generation = generation_of(pool_of(edited.before, pool_id), generation_id)
        log.info("generation %s was cancelled by %s", generation.id, principal.id)
        ask = asked(Wish.KEEP_NUMBERS, pool, at=generation.activates_at)
        return Changed(pool, edited.at, Effect.on(pool), ask, generation)

    async def confirm(self, principal: Principal, pool_id: str, generation_id: str) -> Changed:
        """A person says that the provider shows this generation (C11). Confirming again changes nothing."""

        def change(carousel: Carousel, now: datetime) -> Carousel:
            pool = pool_of(carousel, pool_id)
            generation = generation_of(pool, generation_id)
            confirmed = evolve(generation, confirmed_at=generation.confirmed_at or now)
            generations = tuple(confirmed if each is generation else each for each in pool.generations)
            return _with_pool(carousel, evolve(pool, generations=generations))

        edited = await self.edit(principal, change)
        pool = pool_of(edited.after, pool_id)
        log.info("generation %s was confirmed by %s", generation_id, principal.id)
        return Changed(pool, edited.at, Effect.APPLIED, generation=generation_of(pool, generation_id))

    async def quarantine(self, principal: Principal, number: PhoneNumber, reason: str) -> Changed:
        """Put a number on the bench, in whatever generations it is. On the bench already: only the reason changes."""
        if not reason.strip():
            raise InvalidRequest("Say why the number is put on the bench.", field="reason")

        def bench(each: CarouselNumber, now: datetime) -> CarouselNumber:
            since = each.quarantine.since if each.quarantine else now
            return evolve(each, quarantine=Quarantine(reason.strip(), principal.id, since))

        return await self._change_number(principal, number, bench, Wish.STOP_SHOWING)

    async def bring_back(self, principal: Principal, number: PhoneNumber) -> Changed:
        """Take a number off the bench. Not on it: nothing changes."""
        return await self._change_number(
            principal, number, lambda each, _now: evolve(each, quarantine=None), Wish.SHOW_AGAIN
        )

    async def declare(self, principal: Principal, number: PhoneNumber, since: datetime | None = None) -> Changed:
        """Record that the operator was told that we call from this number, `since` then (None: now)."""
        return await self._change_number(
            principal, number, lambda each, now: evolve(each, declared_since=since or now), None
        )

    async def _change_number(
        self,
        principal: Principal,
        number: PhoneNumber,
        change_one: Callable[[CarouselNumber, datetime], CarouselNumber],
        wish: Wish | None,
    ) -> Changed:
        def change(carousel: Carousel, now: datetime) -> Carousel:
            _home_of(carousel, number, now)
            return Carousel(
                tuple(_with_number(pool, number, lambda each: change_one(each, now)) for pool in carousel.pools)
            )

        edited = await self.edit(principal, change)
        pool, generation = _home_of(edited.after, number, edited.at)
        after = next(each for each in generation.numbers if each.number == number)
        log.info("number %s of pool %s: %s by %s", number.e164, pool.id, wish or "declared", principal.id)
        ask = asked(wish, pool, numbers=(number,)) if wish else ()
        return Changed(pool, edited.at, Effect.on(pool), ask, generation, after)


# --- Parts ----------------------------------------------------------------------------------------------------------


def _with_pool(carousel: Carousel, pool: CarouselPool) -> Carousel:
    return Carousel(tuple(pool if each.id == pool.id else each for each in carousel.pools))


def _known_numbers(carousel: Carousel) -> dict[PhoneNumber, CarouselNumber]:
    return {
        each.number: each for pool in carousel.pools for generation in pool.generations for each in generation.numbers
    }


def _next_generation_id(pool: CarouselPool) -> str:
    taken = {generation.id for generation in pool.generations}
    place = len(taken) + 1
    while f"{pool.id}-{place}" in taken:
        place += 1
    return f"{pool.id}-{place}"


def _home_of(carousel: Carousel, number: PhoneNumber, now: datetime) -> tuple[CarouselPool, Generation]:
    """Where a number is: in force now, else scheduled, else where it was last."""
    homes = [(pool, generation) for pool in carousel.pools for generation in pool.generations if generation.has(number)]
    if not homes:
        raise PoolNotFound("This number is in no pool of the carousel.", number=number.e164)
    in_force = [(pool, generation) for pool, generation in homes if pool.active(now) is generation]
    return in_force[0] if in_force else max(homes, key=lambda home: home[1].activates_at)


def _with_number(
    pool: CarouselPool, number: PhoneNumber, change: Callable[[CarouselNumber], CarouselNumber]
) -> CarouselPool:
    if not any(generation.has(number) for generation in pool.generations):
        return pool
    generations = tuple(
        evolve(
            generation, numbers=tuple(change(each) if each.number == number else each for each in generation.numbers)
        )
        for generation in pool.generations
    )
    return evolve(pool, generations=generations)
