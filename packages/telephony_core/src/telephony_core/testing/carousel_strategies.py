"""The strategies of the carousel, of how its numbers were used, and of questions to a policy; named in `strategies`.

A carousel is always in order (C0). Numbers are `+7903PPGKKKK`-like: of the pool's series, so that a failure shows at
once whose number it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from hypothesis import strategies as st

from telephony_core.caller_id import CallerIdPolicy, EarlierTalk, Question
from telephony_core.carousel import (
    Carousel,
    CarouselNumber,
    CarouselPool,
    ChosenBy,
    Generation,
    NumberUse,
    Quarantine,
    ShowLimits,
    WhenExhausted,
)
from telephony_core.device import CorporateSim, IpPhone, Mobile
from telephony_core.phone import PhoneNumber
from telephony_core.region import WHOLE_COUNTRY, RegionSource
from telephony_core.testing.examples import NOW, PROVIDER, a_number

REGION_CODES = ("RU-MOW", "RU-NVS", "RU-SAM", "RU-SPE", "RU-SVE", "RU-TOM", "UA-43")
"""The regions that the strategies know of: few, so that they meet."""

_INSTANTS = (
    timedelta(days=-90),
    timedelta(days=-8),
    timedelta(microseconds=-1),
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(days=1),
)


def region_codes() -> st.SearchStrategy[str]:
    """Single ISO 3166-2 codes; one of a territory whose code begins with UA."""
    return st.sampled_from(REGION_CODES)


def _digits(value: int, base: int, places: int) -> list[int]:
    """An integer as so many digits to a base: one draw for many small choices, which shrinks to zeros."""
    found = []
    for _ in range(places):
        value, digit = divmod(value, base)
        found.append(digit)
    return found


def _choices(draw: st.DrawFn, base: int, places: int) -> list[int]:
    return _digits(draw(st.integers(0, base**places - 1)), base, places) if places else []


def _carousel_numbers(draw: st.DrawFn, numbers: Sequence[PhoneNumber], now: datetime) -> tuple[CarouselNumber, ...]:
    """Numbers, some of them quarantined, declared just now, not quite yet, or never."""
    declared = (now - timedelta(days=1), now, now + timedelta(microseconds=1), None)
    found = []
    for number, state in zip(numbers, _choices(draw, 8, len(numbers)), strict=True):
        quarantine = Quarantine("complaints", "E-1", now - timedelta(hours=1)) if state >= 6 else None
        found.append(CarouselNumber(number, quarantine, declared[state % 4]))
    return tuple(found)


@st.composite
def _generations(
    draw: st.DrawFn, pool_id: str, series: int, now: datetime, most: int, max_numbers: int
) -> tuple[Generation, ...]:
    """Generations at distinct instants round `now`; a later one may keep some of the numbers of the one before."""
    chosen = draw(st.sets(st.integers(0, len(_INSTANTS) - 1), min_size=1, max_size=most))
    generations = []
    first = 0
    for place, which in enumerate(sorted(chosen)):
        size = draw(st.integers(1, max_numbers))
        numbers = [a_number(series * 1000 + first + at) for at in range(size)]
        generations.append(
            Generation(f"{pool_id}-{place + 1}", _carousel_numbers(draw, numbers, now), now + _INSTANTS[which])
        )
        first += draw(st.integers(0, size))
    return tuple(generations)


@st.composite
def _limits(draw: st.DrawFn) -> ShowLimits:
    per_day = draw(st.none() | st.integers(1, 4))
    rest = draw(st.sampled_from([0, 60, 3600]))
    warm_up = draw(st.lists(st.integers(1, 3), max_size=2))
    return ShowLimits(per_day, rest, tuple(warm_up))


@st.composite
def carousels(
    draw: st.DrawFn,
    *,
    now: datetime = NOW,
    chosen_by: ChosenBy | None = None,
    providers: Sequence[str] = (PROVIDER, "asterisk"),
    max_pools: int = 4,
    max_generations: int = 3,
    max_numbers: int = 5,
    limits: bool = True,
) -> Carousel:
    """Carousels in order (C0), of one to `max_pools` pools of each of the first few `providers`.

    `chosen_by` None: mostly by us. `limits` False: no caps, rests or duties of declaration, only quarantines.
    """
    pools: list[CarouselPool] = []
    for provider in providers[: draw(st.integers(1, len(providers)))]:
        count = draw(st.integers(1, max_pools))
        ids = [f"{provider[:1]}{place}" for place in range(count)]
        # Each region is served by at most one pool: it names its pool, or nobody (the last).
        served_by = _choices(draw, count + 1, len(REGION_CODES))
        default = draw(st.integers(0, count - 1))
        orders = draw(st.permutations(range(count)))
        for place, pool_id in enumerate(ids):
            by = chosen_by or (ChosenBy.PROVIDER if draw(st.integers(0, 5)) == 5 else ChosenBy.US)
            # A chain leads to later pools only, in any order, so it ends and has no cycle.
            later = ids[place + 1 :]
            chain = draw(st.permutations(later))[: draw(st.integers(0, len(later)))]
            pools.append(
                CarouselPool(
                    id=pool_id,
                    provider=provider,
                    chosen_by=by,
                    region_codes=tuple(
                        code for code, owner in zip(REGION_CODES, served_by, strict=True) if owner == place
                    ),
                    is_default=place == default,
                    order=orders[place],
                    chain=tuple(chain),
                    when_exhausted=WhenExhausted.REFUSE if draw(st.integers(0, 3)) == 3 else WhenExhausted.WIDEN,
                    limits=draw(_limits()) if limits else ShowLimits(),
                    declaration_required=limits and draw(st.integers(0, 3)) == 3,
                    generations=draw(_generations(pool_id, len(pools), now, max_generations, max_numbers)),
                )
            )
    return Carousel(tuple(draw(st.permutations(pools))))


@st.composite
def number_uses(draw: st.DrawFn, carousel: Carousel, *, now: datetime = NOW) -> Mapping[PhoneNumber, NumberUse]:
    """How the numbers of a carousel may have been used: turns differ within it, as a running count's do."""
    numbers = sorted({each.number for pool in carousel.pools for gen in pool.generations for each in gen.numbers})
    last_shown = (None, now - timedelta(hours=1), now - timedelta(seconds=59), now - timedelta(microseconds=1), now)
    turns = _choices(draw, 6, len(numbers))
    shows = _choices(draw, 10, len(numbers))
    uses = {}
    for place, number in enumerate(numbers):
        turn = turns[place] and turns[place] * len(numbers) + place
        shown = shows[place] % 5
        use = NumberUse(turns[place], turn, shown, last_shown[min(shown, 3) + (shows[place] >= 5)] if shown else None)
        if use != NumberUse():
            uses[number] = use
    return uses


@st.composite
def policies(draw: st.DrawFn) -> CallerIdPolicy:
    """Policies with other sources of the region, other limits of memory and of the refresh's window."""
    orders = draw(st.permutations(list(RegionSource)))
    return CallerIdPolicy(
        region_sources=orders[: draw(st.integers(1, len(orders)))],
        sticky_days=draw(st.sampled_from([30, 0, 1, 365])),
        refresh_window_seconds=draw(st.sampled_from([3600, 0, 86400])),
    )


@st.composite
def questions(
    draw: st.DrawFn,
    *,
    now: datetime = NOW,
    carousel: st.SearchStrategy[Carousel] | None = None,
    from_mobile: bool | None = None,
    talked: bool | None = None,
) -> Question:
    """Questions to a policy that fit together: the device is of a provider of the carousel and eligible, the uses are
    of its numbers, an earlier talk showed one of them. `talked` False: there was none; `from_mobile` None: a few are.
    """
    seen = draw(carousels(now=now) if carousel is None else carousel)
    provider = draw(st.sampled_from(sorted({pool.provider for pool in seen.pools})))
    mobile = draw(st.integers(0, 4)) == 4 if from_mobile is None else from_mobile
    sim = CorporateSim(a_number(1_110_001), issued_at=now - timedelta(days=90))
    device = (
        Mobile("D-10", "E-5", "Mobile", provider, "9031110001@pbx", sim, fmtn=True)
        if mobile
        else IpPhone("D-9", "E-5", "Kabinet 3", provider, "1017@pbx")
    )
    some = st.lists(region_codes(), max_size=3).map(lambda codes: tuple(sorted(set(codes))))
    uses = draw(number_uses(seen, now=now))
    talk = None
    if draw(st.booleans()) if talked is None else talked:
        numbers = sorted({each.number for pool in seen.pools for gen in pool.generations for each in gen.numbers})
        age = draw(
            st.sampled_from(
                [timedelta(hours=1), timedelta(days=30) - timedelta(microseconds=1), timedelta(days=30), timedelta(366)]
            )
        )
        talk = EarlierTalk(draw(st.sampled_from(numbers)), now - age)
    return Question(
        now=now,
        device=device,
        number_codes=draw(some) or (WHOLE_COUNTRY,),
        client_codes=draw(some),
        carousel=seen,
        uses=uses,
        earlier_talk=talk,
    )
