"""The carousel as bodies: pools, generations, numbers, what a change does, and how providers keep to it (C0-C11).

The numbers here are the company's own and are never masked; a client's number stands in none of these bodies.
"""

from __future__ import annotations

from typing import Annotated

from msgspec.structs import asdict

from telephony_core.call import Attempt
from telephony_core.caller_id import Verdict
from telephony_core.carousel import CarouselNumber, ChosenBy, Generation, NumberReason, WhenExhausted
from telephony_core.use_cases.ask_provider import AskProvider, Effect, Wish
from telephony_core.use_cases.run_carousel import Changed
from telephony_core.use_cases.view_carousel import Conformance, GenerationView, NumberView, PoolView
from telephony_http.bodies.shared import Moment, Told, one_of


class LimitsTold(Told):
    per_day: int | None
    rest_seconds: int
    warm_up: list[int]


class QuarantineTold(Told):
    reason: str
    by: str
    since: Moment


class SeenTold(Told):
    """How often the provider reported the number as shown since its generation began."""

    times: int
    first_at: Moment | None
    last_at: Moment | None


class NumberInPoolTold(Told):
    """A number and its wear. `reason`: why it may not be shown now, where we choose (C3); null: it may."""

    number: str
    quarantine: QuarantineTold | None
    declared_since: Moment | None
    picks: int
    shows_today: int
    last_shown_at: Moment | None
    seen: SeenTold
    reason: Annotated[str, one_of(NumberReason, "NotShownReason")] | None


class GenerationInPoolTold(Told):
    """`observed_at`: when its numbers were first reported as shown; `wear`: 1.0 is due for a refresh."""

    id: str
    activates_at: Moment
    confirmed_at: Moment | None
    observed_at: Moment | None
    in_force: bool
    days: int
    due_at: Moment
    wear: float
    numbers: list[NumberInPoolTold]


class PoolTold(Told):
    """A pool. `effect`: what a change of it does; `recorded_only` where its provider chooses, and is to be asked."""

    id: str
    version: int
    title: str
    provider: str
    chosen_by: Annotated[str, one_of(ChosenBy)]
    regions: list[str]
    default: bool
    order: int
    chain: list[str]
    when_exhausted: Annotated[str, one_of(WhenExhausted)]
    limits: LimitsTold
    declaration_required: bool
    effect: Annotated[str, one_of(Effect)]
    at: Moment
    generations: list[GenerationInPoolTold]


class PoolsTold(Told):
    """Every pool, by provider and in the configured order."""

    items: list[PoolTold]


class AskProviderTold(Told):
    """What to ask of the provider, as data and as a sentence in both languages."""

    wish: Annotated[str, one_of(Wish)]
    provider: str
    pool_id: str
    numbers: list[str]
    codes: list[str]
    limits: dict[str, int | list[int]]
    at: Moment | None
    text_ru: str
    text_en: str


class PoolChangedTold(PoolTold):
    ask_provider: list[AskProviderTold]


class PlainNumberTold(Told):
    number: str
    quarantine: QuarantineTold | None
    declared_since: Moment | None


class GenerationTold(Told):
    """A generation that was scheduled or called off, and what that does."""

    id: str
    pool_id: str
    activates_at: Moment
    confirmed_at: Moment | None
    numbers: list[PlainNumberTold]
    effect: Annotated[str, one_of(Effect)]
    ask_provider: list[AskProviderTold]


class NumberTold(PlainNumberTold):
    """A number that was changed, where it is, and what the change does."""

    pool_id: str
    generation_id: str
    effect: Annotated[str, one_of(Effect)]
    ask_provider: list[AskProviderTold]


class CaseTold(Told):
    """An attempt whose shown number is not what was agreed."""

    call_id: str
    attempt_id: str
    started_at: Moment
    verdict: Annotated[str, one_of(Verdict)]
    pool_id: str | None
    generation_id: str | None
    region: list[str]
    requested: str | None
    reported: str | None


class ConformanceTold(Told):
    """Verdicts by their number (C10). `waiting`: not reported yet; `cases`: the latest that don't conform."""

    since: Moment
    until: Moment
    pool_id: str | None
    counts: dict[str, int]
    waiting: int
    cases: list[CaseTold]


def pool_told(view: PoolView) -> PoolTold:
    pool = view.pool
    return PoolTold(
        id=pool.id,
        version=pool.version,
        title=pool.title,
        provider=pool.provider,
        chosen_by=str(pool.chosen_by),
        regions=list(pool.region_codes),
        default=pool.is_default,
        order=pool.order,
        chain=list(pool.chain),
        when_exhausted=str(pool.when_exhausted),
        limits=LimitsTold(
            per_day=pool.limits.per_day, rest_seconds=pool.limits.rest_seconds, warm_up=list(pool.limits.warm_up)
        ),
        declaration_required=pool.declaration_required,
        effect=str(view.effect),
        at=view.at,
        generations=[_generation_in_pool(each) for each in view.generations],
    )


def pool_changed_told(view: PoolView, asks: tuple[AskProvider, ...]) -> PoolChangedTold:
    return PoolChangedTold(**asdict(pool_told(view)), ask_provider=[_ask_told(each) for each in asks])


def _generation_in_pool(view: GenerationView) -> GenerationInPoolTold:
    return GenerationInPoolTold(
        id=view.generation.id,
        activates_at=view.generation.activates_at,
        confirmed_at=view.generation.confirmed_at,
        observed_at=view.observed_at,
        in_force=view.in_force,
        days=view.days,
        due_at=view.due_at,
        wear=round(view.wear, 2),
        numbers=[_number_in_pool(each) for each in view.numbers],
    )


def _number_in_pool(view: NumberView) -> NumberInPoolTold:
    return NumberInPoolTold(
        number=view.number.number.e164,
        quarantine=_quarantine(view.number),
        declared_since=view.number.declared_since,
        picks=view.use.picks,
        shows_today=view.use.shows_today,
        last_shown_at=view.use.last_shown_at,
        seen=SeenTold(times=view.seen.times, first_at=view.seen.first_at, last_at=view.seen.last_at),
        reason=str(view.reason) if view.reason is not None else None,
    )


def _quarantine(number: CarouselNumber) -> QuarantineTold | None:
    bench = number.quarantine
    return QuarantineTold(reason=bench.reason, by=bench.by, since=bench.since) if bench is not None else None


def _plain(number: CarouselNumber) -> PlainNumberTold:
    return PlainNumberTold(
        number=number.number.e164, quarantine=_quarantine(number), declared_since=number.declared_since
    )


def _ask_told(ask: AskProvider) -> AskProviderTold:
    limits: dict[str, int | list[int]] = {
        name: value for name, value in ask.limits.items() if isinstance(value, int | list)
    }
    return AskProviderTold(
        wish=str(ask.wish),
        provider=ask.provider,
        pool_id=ask.pool_id,
        numbers=[number.e164 for number in ask.numbers],
        codes=list(ask.codes),
        limits=limits,
        at=ask.at,
        text_ru=ask.sentence("ru"),
        text_en=ask.sentence("en"),
    )


def generation_told(changed: Changed) -> GenerationTold:
    generation = _generation(changed)
    return GenerationTold(
        id=generation.id,
        pool_id=changed.pool.id,
        activates_at=generation.activates_at,
        confirmed_at=generation.confirmed_at,
        numbers=[_plain(each) for each in generation.numbers],
        effect=str(changed.effect),
        ask_provider=[_ask_told(each) for each in changed.ask_provider],
    )


def number_told(changed: Changed) -> NumberTold:
    assert changed.number is not None  # a change of a number names it
    plain = _plain(changed.number)
    return NumberTold(
        number=plain.number,
        quarantine=plain.quarantine,
        declared_since=plain.declared_since,
        pool_id=changed.pool.id,
        generation_id=_generation(changed).id,
        effect=str(changed.effect),
        ask_provider=[_ask_told(each) for each in changed.ask_provider],
    )


def _generation(changed: Changed) -> Generation:
    assert changed.generation is not None  # a change of a generation or of a number names it
    return changed.generation


def conformance_told(found: Conformance) -> ConformanceTold:
    return ConformanceTold(
        since=found.since,
        until=found.until,
        pool_id=found.pool_id,
        counts={str(verdict): count for verdict, count in found.counts.items()},
        waiting=found.waiting,
        cases=[_case(each) for each in found.cases],
    )


def _case(attempt: Attempt) -> CaseTold:
    decision, shown = attempt.decision, attempt.shown
    assert shown is not None  # a case is an attempt that was judged
    return CaseTold(
        call_id=attempt.call_id,
        attempt_id=attempt.id,
        started_at=attempt.started_at,
        verdict=str(shown.verdict),
        pool_id=decision.pool_id,
        generation_id=decision.generation_id,
        region=list(decision.region.codes),
        requested=decision.requested.e164 if decision.requested is not None else None,
        reported=shown.number.e164 if shown.number is not None else None,
    )
