"""The strategies of the carousel, of how its numbers were used, and of questions to a policy; named in `strategies`.

A carousel is always in order (C0). The n-th pool has the numbers from `+7903000n000` on: a failure shows at once
whose number it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

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

T = TypeVar("T")

REGION_CODES = ("RU-MOW", "RU-NVS", "RU-SAM", "RU-SPE", "RU-SVE", "RU-TOM", "UA-43")
"""The regions that the strategies know of: few, so that they meet."""

DIRECT_NUMBER = PhoneNumber("+74951234567")
"""The employee's own number, which clients must never see."""

_INSTANTS = (
    timedelta(days=-90),
    timedelta(days=-7),
    timedelta(days=-7, microseconds=1),
    timedelta(microseconds=-1),
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(days=1),
)


def region_codes() -> st.SearchStrategy[str]:
    """Single ISO 3166-2 codes; one of a territory whose code begins with UA."""
    return st.sampled_from(REGION_CODES)


_ENTROPY = 2**20


class _Choices:
    """Many small choices out of few draws: each integer drawn is used up digit by digit, to changing bases.

    So it is fast, and shrinks to the first of everything in few steps.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._value = 0
        self._left = 1

    def below(self, bound: int) -> int:
        if self._left < bound:
            self._value, self._left = self._draw(st.integers(0, _ENTROPY - 1)), _ENTROPY
        self._value, digit = divmod(self._value, bound)
        self._left //= bound
        return digit

    def one_in(self, bound: int) -> bool:
        return self.below(bound) == bound - 1

    def of(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        left, found = list(options), []
        while left:
            found.append(left.pop(self.below(len(left))))
        return found


_WARM_UPS = ((), (1,), (2,), (3, 1), (1, 2))


def _limits(choices: _Choices) -> ShowLimits:
    return ShowLimits(choices.of((None, 1, 2, 3, 4)), choices.of((0, 60, 3600)), choices.of(_WARM_UPS))


def _carousel_number(number: PhoneNumber, choices: _Choices, now: datetime) -> CarouselNumber:
    """A number, perhaps quarantined; declared long ago, just now, not quite yet, or never."""
    quarantine = Quarantine("complaints", "E-1", now - timedelta(hours=1)) if choices.one_in(4) else None
    declared = choices.of((now - timedelta(days=1), now, now + timedelta(microseconds=1), None))
    return CarouselNumber(number, quarantine, declared)


def _generations(
    choices: _Choices, pool_id: str, series: int, now: datetime, most: int, max_numbers: int
) -> tuple[Generation, ...]:
    """Generations at distinct instants round `now`; a later one may keep some of the numbers of the one before."""
    instants = sorted(choices.shuffled(_INSTANTS)[: 1 + choices.below(most)])
    sizes = [1 + choices.below(max_numbers) for _ in instants]
    generations = []
    first = 0
    for place, (instant, size) in enumerate(zip(instants, sizes, strict=True), start=1):
        numbers = (a_number(series * 1000 + first + at) for at in range(size))
        carried = tuple(_carousel_number(number, choices, now) for number in numbers)
        generations.append(Generation(f"{pool_id}-{place}", carried, now + instant))
        first += choices.below(size + 1)
    return tuple(generations)


@st.composite
def carousels(
    draw: st.DrawFn,
    *,
    now: datetime = NOW,
    chosen_by: ChosenBy | None = None,
    providers: Sequence[str] = (PROVIDER, "asterisk"),
    max_pools: int = 3,
    max_generations: int = 3,
    max_numbers: int = 4,
    limits: bool = True,
) -> Carousel:
    """Carousels in order (C0), of one to `max_pools` pools of each of the first few `providers`.

    `chosen_by` None: mostly by us. `limits` False: no caps, rests or duties of declaration, only quarantines.
    """
    head = _Choices(draw)
    pools: list[CarouselPool] = []
    for provider in providers[: 1 + head.below(len(providers))]:
        ids = [f"{provider[:1]}{place}" for place in range(1 + head.below(max_pools))]
        default = head.of(ids)
        # Each region is served by at most one pool: it names its pool, or nobody.
        served_by = {code: head.of((*ids, None)) for code in REGION_CODES}
        orders = head.shuffled(range(len(ids)))
        for place, pool_id in enumerate(ids):
            later = ids[place + 1 :]
            pools.append(
                CarouselPool(
                    id=pool_id,
                    provider=provider,
                    chosen_by=chosen_by or (ChosenBy.PROVIDER if head.one_in(6) else ChosenBy.US),
                    region_codes=tuple(code for code, owner in served_by.items() if owner == pool_id),
                    is_default=pool_id == default,
                    order=orders[place],
                    # A chain leads to later pools only, in any order, so it ends and has no cycle.
                    chain=tuple(head.shuffled(later)[: head.below(len(later) + 1)]),
                    when_exhausted=WhenExhausted.REFUSE if head.one_in(3) else WhenExhausted.WIDEN,
                    limits=_limits(head) if limits else ShowLimits(),
                    declaration_required=limits and head.one_in(2),
                    generations=_generations(head, pool_id, len(pools), now, max_generations, max_numbers),
                )
            )
    return Carousel(tuple(pools))


@st.composite
def number_uses(draw: st.DrawFn, carousel: Carousel, *, now: datetime = NOW) -> Mapping[PhoneNumber, NumberUse]:
    """How the numbers of a carousel may have been used: turns differ within it, as a running count's do."""
    last_shown = (now - timedelta(hours=1), now - timedelta(seconds=59), now - timedelta(microseconds=1), now)
    numbers = numbers_of(carousel)
    choices = _Choices(draw)
    uses = {}
    for place, number in enumerate(numbers):
        picks, shows = choices.below(6), choices.below(5)
        shown_at = choices.of(last_shown)
        if picks or shows:
            turn = picks and picks * len(numbers) + place
            uses[number] = NumberUse(picks, turn, shows, shown_at if shows else None)
    return uses


def numbers_of(carousel: Carousel) -> list[PhoneNumber]:
    """All numbers of a carousel, each once, sorted."""
    return sorted({each.number for pool in carousel.pools for gen in pool.generations for each in gen.numbers})


@st.composite
def policies(draw: st.DrawFn) -> CallerIdPolicy:
    """Policies with other sources of the region, other limits of memory and of the refresh's window."""
    before_default = draw(st.permutations([RegionSource.NUMBERING_PLAN, RegionSource.CLIENT]))
    return CallerIdPolicy(
        region_sources=[*before_default[: draw(st.integers(0, 2))], RegionSource.DEFAULT],
        sticky_days=draw(st.sampled_from([30, 0, 1, 365])),
        refresh_window_seconds=draw(st.sampled_from([3600, 0, 86400])),
    )


_AGES = (timedelta(hours=1), timedelta(days=30) - timedelta(microseconds=1), timedelta(days=30), timedelta(days=366))


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
    choices = _Choices(draw)
    provider = choices.of(sorted({pool.provider for pool in seen.pools}))
    sim = CorporateSim(a_number(1_110_001), issued_at=now - timedelta(days=90))
    number_codes = choices.shuffled(REGION_CODES)[: choices.of((1, 2, 3, 0, 2))]
    # A client's regions are often among those of the number, and must be for some of the rules to be asked.
    client_codes = (*number_codes, *REGION_CODES)[choices.below(3) :][: choices.of((0, 1, 2))]
    talk = None
    if choices.below(2) if talked is None else talked:
        # Mostly a number that could be shown again.
        serving = seen.of_provider(provider).serving(number_codes) if choices.below(4) else ()
        numbers = numbers_of(Carousel(tuple(pool for pool, _ in serving)) if serving else seen)
        talk = EarlierTalk(choices.of(numbers), now - choices.of(_AGES))
    mobile = choices.one_in(5) if from_mobile is None else from_mobile
    return Question(
        now=now,
        device=Mobile("D-10", "E-5", "Mobile", provider, "9031110001@pbx", sim, fmtn=True)
        if mobile
        else IpPhone("D-9", "E-5", "Kabinet 3", provider, "1017@pbx", number=DIRECT_NUMBER),
        number_codes=tuple(sorted(number_codes)) or (WHOLE_COUNTRY,),
        client_codes=tuple(sorted(set(client_codes))),
        carousel=seen,
        uses=draw(number_uses(seen, now=now)),
        earlier_talk=talk,
    )
