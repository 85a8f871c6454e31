"""The rules of caller ID a second time, to hold a policy against: plain, slow, and by other means than its own.

Each function answers one question of the rules C2-C9 about a `Question`; none knows of the others' answers. They work
on sets and look at every possibility, where the core walks through lists in order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from itertools import combinations

from telephony_core.caller_id import Question
from telephony_core.carousel import CarouselPool, Generation, NumberUse, WhenExhausted
from telephony_core.phone import PhoneNumber
from telephony_core.region import RegionSource


def pools_of(question: Question) -> list[CarouselPool]:
    """The pools that may serve the question's device, in the configured order."""
    mine = [pool for pool in question.carousel.pools if pool.provider == question.device.provider]
    return sorted(mine, key=lambda pool: (pool.order, pool.id))


def selected_pool(question: Question, sources: Sequence[RegionSource]) -> tuple[CarouselPool | None, RegionSource]:
    """C4: the pool of the region, and the source that named the region."""
    pools = pools_of(question)
    client = set(question.client_codes)
    known = {RegionSource.NUMBERING_PLAN: set(question.number_codes), RegionSource.CLIENT: client}
    for source in sources:
        if source is RegionSource.DEFAULT:
            break
        wanted = known[source]
        serving = [pool for pool in pools if wanted & set(pool.region_codes)]
        serving_all = [pool for pool in serving if wanted <= set(pool.region_codes)]
        clients_own = [pool for pool in serving if wanted & client & set(pool.region_codes)]
        for best in (serving_all, clients_own, serving):
            if best:
                return best[0], source
    return next((pool for pool in pools if pool.is_default), None), RegionSource.DEFAULT


def pools_to_try(question: Question, selected: CarouselPool) -> list[CarouselPool]:
    """C5: the selected pool, and where it widens its named neighbours and at last the default pool."""
    if selected.when_exhausted is WhenExhausted.REFUSE:
        return [selected]
    by_id = {pool.id: pool for pool in pools_of(question)}
    default = [pool for pool in by_id.values() if pool.is_default]
    found: list[CarouselPool] = []
    for pool in [selected, *(by_id[pool_id] for pool_id in selected.chain), *default]:
        if pool not in found:
            found.append(pool)
    return found


def active_generation(pool: CarouselPool, now: datetime) -> Generation | None:
    """C9: the one whose instant has come and after which no other's has."""
    come = {generation.activates_at: generation for generation in pool.generations if generation.activates_at <= now}
    return come[max(come)] if come else None


def showable(pool: CarouselPool, now: datetime, uses: Mapping[PhoneNumber, NumberUse]) -> Set[PhoneNumber]:
    """C3: the numbers that may be shown at this instant."""
    generation = active_generation(pool, now)
    if generation is None:
        return frozenset()
    return frozenset(each.number for each in generation.numbers if why_not(each.number, pool, now, uses) is None)


def why_not(
    number: PhoneNumber, pool: CarouselPool, now: datetime, uses: Mapping[PhoneNumber, NumberUse]
) -> str | None:
    """C3: why a number may not be shown from a pool now; None if it may."""
    generation = active_generation(pool, now)
    carried = [each for each in generation.numbers if each.number == number] if generation else []
    if generation is None or not carried:
        return "not in the active generation"
    if carried[0].quarantine is not None:
        return "quarantined"
    declared = carried[0].declared_since
    if pool.declaration_required and not (declared is not None and declared <= now):
        return "not declared"
    use = uses.get(number, NumberUse())
    weeks = (now - generation.activates_at).days // 7
    caps = [*pool.limits.warm_up[weeks : weeks + 1], *([pool.limits.per_day] if pool.limits.per_day else [])]
    if any(use.shows_today >= cap for cap in caps):
        return "over a cap"
    if use.last_shown_at is not None and (now - use.last_shown_at) < timedelta(seconds=pool.limits.rest_seconds):
        return "resting"
    return None


def unfair_run(picks: Sequence[PhoneNumber], usable: Set[PhoneNumber]) -> tuple[int, int] | None:
    """C7: the shortest run of these picks in which two of the usable numbers differ by more than one; as a slice."""
    unfair = []
    for begin, end in combinations(range(len(picks) + 1), 2):
        counts = Counter(dict.fromkeys(usable, 0))
        counts.update(picks[begin:end])
        if max(counts.values()) - min(counts.values()) > 1:
            unfair.append((begin, end))
    return min(unfair, key=lambda run: run[1] - run[0], default=None)
