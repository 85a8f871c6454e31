"""The company's carousel as the service knows it: what the provider holds, told in the core's values."""

from __future__ import annotations

from datetime import datetime, timedelta

from telephony_adapters.beeline_simulator.population import COMPANY, Pool
from telephony_core.carousel import CarouselNumber, CarouselPool, ChosenBy, Generation
from telephony_core.phone import PhoneNumber

PROVIDER = "beeline"

_PRESENT_SINCE = timedelta(days=40)
_BEFORE_SINCE = timedelta(days=130)


def carousel_pools(now: datetime) -> tuple[CarouselPool, ...]:
    """The ten pools in the order in which they are asked, with the present generation and the one before it."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return tuple(_pool(pool, order, midnight) for order, pool in enumerate(COMPANY.pools, start=1))


def _pool(pool: Pool, order: int, midnight: datetime) -> CarouselPool:
    return CarouselPool(
        id=pool.id,
        provider=PROVIDER,
        chosen_by=ChosenBy.PROVIDER,
        region_codes=pool.regions,
        title=pool.title_ru,
        is_default=pool.default,
        order=order,
        generations=(
            _generation(f"{pool.id}-2", pool.retired, midnight - _BEFORE_SINCE),
            _generation(f"{pool.id}-3", pool.numbers, midnight - _PRESENT_SINCE),
        ),
    )


def _generation(generation_id: str, numbers: tuple[str, ...], since: datetime) -> Generation:
    declared = tuple(CarouselNumber(PhoneNumber(number), declared_since=since) for number in numbers)
    return Generation(generation_id, declared, activates_at=since, confirmed_at=since)
