"""Changes the carousel: one transaction, whole or not at all, at the database's instant (C0, C9).

The change is made of the carousel as the transaction sees it, after the locks of the pools from which we choose are
held: no decision of the other side of that instant can still be under way. What breaks C0 or would rewrite history is
refused, with the faults as data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from attrs import evolve, frozen

from telephony_core.carousel import Carousel, CarouselFault, Generation
from telephony_core.errors import CarouselConflict, StoreUnavailable
from telephony_core.party import Permission, Principal
from telephony_core.phone import PhoneNumber
from telephony_core.ports import ConcurrentChange, Store
from telephony_core.use_cases.dial_leg import TRIES

Change = Callable[[Carousel, datetime], Carousel]
"""From the carousel as it is, and the instant, to the carousel as it shall be."""


def require_carousel(principal: Principal) -> None:
    """Who may look after the carousel: `manage_carousel`, and whoever administers."""
    if not principal.may(Permission.ADMINISTER):
        principal.require(Permission.MANAGE_CAROUSEL)


@frozen
class Edited:
    """The carousel before and after a change, and the instant of it."""

    before: Carousel
    after: Carousel
    at: datetime


@frozen
class EditCarousel:
    store: Store

    async def __call__(self, principal: Principal, change: Change, *, dry_run: bool = False) -> Edited:
        """Make any change of the carousel, whole or not at all; `dry_run`: say what would come of it, and leave it.

        Pools that differ get the next version. Raises `CarouselConflict`, whose `faults` name each breach.
        """
        require_carousel(principal)
        for _ in range(TRIES):
            try:
                return await self._edit(change, dry_run=dry_run)
            except ConcurrentChange:
                continue
        raise StoreUnavailable("Too many changes at once.", retry_after=1)

    async def _edit(self, change: Change, *, dry_run: bool) -> Edited:
        async with self.store.write() as uow:
            before = await uow.carousel.load()
            for provider in sorted({pool.provider for pool in before.pools}):
                before = await uow.carousel.load(choosing_for=provider)
            now = await uow.now()
            after = _next_versions(before, change(before, now))
            refuse_faults([*after.faults(), *_rewritten_history(before, after, now)])
            if after != before and not dry_run:
                await uow.carousel.store(after)
                await uow.commit()
            return Edited(before, after, now)


def refuse_faults(faults: Iterable[CarouselFault]) -> None:
    """Raise `CarouselConflict` if there is any fault."""
    found = [fault_data(fault) for fault in faults]
    if found:
        raise CarouselConflict(faults=found)


def fault_data(fault: CarouselFault) -> Mapping[str, str]:
    """A fault as a refusal's reasons tell it."""
    return {"pool": fault.pool_id, "fault": fault.fault, "about": fault.about}


def _next_versions(before: Carousel, after: Carousel) -> Carousel:
    """The changed pools with the next version each; the others as they were."""
    pools = []
    for pool in after.pools:
        stored = before.pool(pool.id)
        if stored is None:
            pools.append(evolve(pool, version=1))
        else:
            same = evolve(pool, version=stored.version) == stored
            pools.append(stored if same else evolve(pool, version=stored.version + 1))
    return Carousel(tuple(pools))


def _rewritten_history(before: Carousel, after: Carousel, now: datetime) -> Iterator[CarouselFault]:
    """A generation whose instant is past keeps its numbers and its instant, and its pool stays (P3)."""
    for pool in before.pools:
        kept = after.pool(pool.id)
        for generation in pool.generations:
            if generation.activates_at > now:
                continue
            now_is = next((each for each in kept.generations if each.id == generation.id), None) if kept else None
            if now_is is None:
                yield CarouselFault(pool.id, "history_deleted", generation.id)
            elif _past_of(now_is) != _past_of(generation):
                yield CarouselFault(pool.id, "history_changed", generation.id)


def _past_of(generation: Generation) -> tuple[datetime, tuple[PhoneNumber, ...]]:
    return generation.activates_at, tuple(each.number for each in generation.numbers)
