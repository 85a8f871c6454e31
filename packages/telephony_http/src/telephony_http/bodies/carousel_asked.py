"""What is asked of the carousel: a pool as it shall be, its next numbers, a number on the bench (C0, C3, C9)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from telephony_core.carousel import CarouselPool, ChosenBy, ShowLimits, WhenExhausted
from telephony_http.bodies.shared import Asked, Id, Instant
from telephony_http.limits import POOL_ID, POOL_NUMBER, REASON, REGION, TEXT

Code = Annotated[str, REGION.of_body()]
PoolId = Annotated[str, POOL_ID.of_body()]
PoolNumber = Annotated[str, POOL_NUMBER.told()]
Some = Annotated[int, Meta(ge=1, le=1_000_000)]


class LimitsAsked(Asked):
    """How often a number may be shown (C3). `warm_up`: caps per day of a generation's first, second, … week."""

    per_day: Some | None = None
    rest_seconds: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    warm_up: Annotated[list[Some], Meta(max_length=52)] = field(default_factory=list)


class PoolAsked(Asked):
    """A pool as it shall be; its generations stay as they are. What is left out gets its default."""

    provider: Id
    chosen_by: Literal["provider", "us"]
    regions: Annotated[list[Code], Meta(max_length=200)]
    title: Annotated[str, TEXT.of_body()] = ""
    default: bool = False
    order: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    chain: Annotated[list[PoolId], Meta(max_length=50)] = field(default_factory=list)
    when_exhausted: Literal["widen", "refuse"] = "widen"
    limits: LimitsAsked = field(default_factory=LimitsAsked)
    declaration_required: bool = False

    def to_pool(self, pool_id: str) -> CarouselPool:
        return CarouselPool(
            id=pool_id,
            provider=self.provider,
            chosen_by=ChosenBy(self.chosen_by),
            region_codes=tuple(self.regions),
            title=self.title,
            is_default=self.default,
            order=self.order,
            chain=tuple(self.chain),
            when_exhausted=WhenExhausted(self.when_exhausted),
            limits=ShowLimits(self.limits.per_day, self.limits.rest_seconds, tuple(self.limits.warm_up)),
            declaration_required=self.declaration_required,
        )


class GenerationAsked(Asked):
    """The numbers of a pool from `activates_at` on; without it: from now on. `id`: a name of your own."""

    numbers: Annotated[list[PoolNumber], Meta(min_length=1, max_length=30)]
    activates_at: Instant | None = None
    id: PoolId | None = None


class QuarantineAsked(Asked):
    """Why the number is put on the bench."""

    reason: Annotated[str, REASON.of_body()]


class DeclarationAsked(Asked):
    """From when the operator knows that we call from this number; left out: from now on."""

    declared_since: Instant | None = None
