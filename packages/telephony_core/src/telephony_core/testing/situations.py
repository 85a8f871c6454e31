"""Every small situation in which a rule of caller ID is decided: questions to a policy, the smallest first.

Rules break at their edges: the microsecond of a refresh, the last show under a cap, the second pool of a chain. Chance
finds those late, and then has to shrink what it found. Here they are listed instead, exhaustively within a small scope
(D. Jackson's small scope hypothesis), so that a fault is found in milliseconds, always, and first where it is easiest
to see. Nothing here says what is right: that is `oracles`' business. One long module: a list, rule by rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta, timezone
from itertools import chain, combinations, product
from typing import Any

from attrs import evolve, frozen

from telephony_core.caller_id import EarlierTalk, Question
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
from telephony_core.device import CorporateSim, Device, IpPhone, Mobile
from telephony_core.phone import PhoneNumber
from telephony_core.region import WHOLE_COUNTRY
from telephony_core.testing.carousel_strategies import DIRECT_NUMBER
from telephony_core.testing.examples import NOW, PROVIDER, a_number

AT = NOW.replace(microsecond=500_000)
"""When all of these are asked: half a second past, since some clocks know whole seconds only."""

US = timedelta(microseconds=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)

PHONE = IpPhone("D-9", "E-5", "Kabinet 3", PROVIDER, "1017@pbx", number=DIRECT_NUMBER)
MOBILE = Mobile(
    "D-10", "E-5", "Mobile", PROVIDER, "9031110001@pbx", CorporateSim(a_number(1_110_001), AT - DAY), fmtn=True
)

_HOME, _AWAY, _FAR = "RU-NVS", "RU-SAM", "RU-SVE"


def _number(place: int, **changes: Any) -> CarouselNumber:
    return evolve(CarouselNumber(a_number(place), None, AT - DAY), **changes)


def _pool(pool_id: str, *numbers: CarouselNumber, age: timedelta = timedelta(days=30), **changes: Any) -> CarouselPool:
    """The default pool, from which we choose, for the home region."""
    pool = CarouselPool(pool_id, PROVIDER, ChosenBy.US, (_HOME,), is_default=True)
    return evolve(pool, generations=(Generation(f"{pool_id}-1", numbers, AT - age),), **changes)


def _ask(
    *pools: CarouselPool,
    device: Device = PHONE,
    codes: tuple[str, ...] = (_HOME,),
    client_codes: tuple[str, ...] = (),
    uses: Mapping[PhoneNumber, NumberUse] | None = None,
    talk: EarlierTalk | None = None,
) -> Question:
    return Question(AT, device, codes, client_codes, Carousel(pools), dict(uses or {}), talk)


BENCH = Quarantine("complaints", "E-1", AT - timedelta(hours=1))

_FAR_ZONES = (timezone(timedelta(hours=-8)), timezone(timedelta(hours=10)))


def written_elsewhere(question: Question) -> Question:
    """An equal question, whose instants were written in far time zones; `now` alone is always in UTC (C9)."""
    west, east = _FAR_ZONES

    def number(each: CarouselNumber) -> CarouselNumber:
        return evolve(each, declared_since=each.declared_since and each.declared_since.astimezone(east))

    def generation(place: int, each: Generation) -> Generation:
        zone = _FAR_ZONES[place % 2]
        return evolve(each, activates_at=each.activates_at.astimezone(zone), numbers=tuple(map(number, each.numbers)))

    pools = [
        evolve(pool, generations=tuple(generation(place, each) for place, each in enumerate(pool.generations)))
        for pool in question.carousel.pools
    ]
    uses = {
        each: evolve(use, last_shown_at=use.last_shown_at and use.last_shown_at.astimezone(west))
        for each, use in question.uses.items()
    }
    talk = question.earlier_talk and evolve(question.earlier_talk, at=question.earlier_talk.at.astimezone(east))
    return evolve(question, carousel=evolve(question.carousel, pools=tuple(pools)), uses=uses, earlier_talk=talk)


# --- C1 -----------------------------------------------------------------------------------------------------------


def from_mobiles() -> Iterator[Question]:
    """C1: whatever the carousel is like, an empty one and one of other providers only included."""
    plain = _pool("a", _number(0))
    carousels: list[tuple[CarouselPool, ...]] = [
        (),
        (evolve(plain, provider="asterisk"),),
        (plain,),
        (evolve(plain, chosen_by=ChosenBy.PROVIDER),),
        (_pool("a", _number(0, quarantine=BENCH), when_exhausted=WhenExhausted.REFUSE),),
    ]
    for pools, codes, talk in product(
        carousels, [(_HOME,), (WHOLE_COUNTRY,), (_HOME, _AWAY)], [None, EarlierTalk(a_number(0), AT - DAY)]
    ):
        yield _ask(*pools, device=MOBILE, codes=codes, talk=talk)
    other = evolve(MOBILE, sim=CorporateSim(a_number(1_110_002), AT - DAY), preferred=True)
    yield _ask(plain, device=other)


# --- C3 -----------------------------------------------------------------------------------------------------------


@frozen
class _Condition:
    """A state in which a number may be, with the limits and the age of its pool; usable or not."""

    number: CarouselNumber = _number(0)
    use: NumberUse | None = None
    limits: ShowLimits = ShowLimits()
    declaration_required: bool = False
    age: timedelta = timedelta(days=30)


def _conditions() -> Iterator[_Condition]:
    yield _Condition()
    for since in (AT - timedelta(days=4000), AT - timedelta(days=400), AT - timedelta(hours=1), AT):
        yield _Condition(_number(0, quarantine=Quarantine("complaints", "E-1", since)))
    yield _Condition(_number(0, quarantine=Quarantine("", "import", AT - DAY)))
    for declared in (None, AT + US, AT, AT - US):
        for required in (True, False):
            yield _Condition(_number(0, declared_since=declared), declaration_required=required)
    # Some hours before UTC's midnight it is the same day in Moscow (N4): shows of that time are today's all the same.
    for cap, last_shown in product((1, 2, 3), (AT - timedelta(hours=1), AT - timedelta(hours=11))):
        for shows in (cap - 1, cap, cap + 1):
            yield _Condition(use=NumberUse(9 - shows, 40, shows, last_shown), limits=ShowLimits(per_day=cap))
    for warm_up, per_day in product(((1,), (2, 1), (1, 3)), (None, 1, 2)):
        edges = [timedelta(0), *(weeks * WEEK + off for weeks in (1, 2, 3) for off in (-US, timedelta(0), US))]
        for age, shows in product(edges, (0, 1, 2, 3)):
            limits = ShowLimits(per_day, warm_up=warm_up)
            yield _Condition(use=NumberUse(1, 1, shows, AT - timedelta(hours=1)), limits=limits, age=age)
    for rest, off in product((60, 3600), (-US, timedelta(0), US, timedelta(seconds=30))):
        shown_at = min(AT, AT - timedelta(seconds=rest) + off)
        yield _Condition(use=NumberUse(1, 1, 1, shown_at), limits=ShowLimits(rest_seconds=rest))
    for pause, gone in ((60, DAY + timedelta(seconds=30)), (2 * 86_400, DAY), (2 * 86_400, 2 * DAY)):
        yield _Condition(use=NumberUse(1, 1, 0, AT - gone), limits=ShowLimits(rest_seconds=pause))
    both = ShowLimits(per_day=2, rest_seconds=60)
    for shows, ago in product((1, 2), (59, 60)):
        yield _Condition(use=NumberUse(1, 1, shows, AT - timedelta(seconds=ago)), limits=both)


def conditions() -> Iterator[Question]:
    """C3: a number in each condition, alone, beside another, known to the client, along a chain and at its end."""
    for each in _conditions():
        uses = {each.number.number: each.use} if each.use else {}
        other = _number(1, declared_since=AT - DAY)
        # The other number was picked later, so that the one in question would have its turn.
        with_other = {**uses, other.number: NumberUse(50, 50, 0, None)}
        settings: dict[str, Any] = {
            "limits": each.limits,
            "declaration_required": each.declaration_required,
            "age": each.age,
        }
        knows = EarlierTalk(each.number.number, AT - DAY)
        yield _ask(_pool("a", each.number, **settings), uses=uses)
        yield _ask(_pool("a", each.number, other, **settings), uses=with_other)
        yield _ask(_pool("a", other, each.number, **settings), uses=with_other, talk=knows)
        exhausted = _pool("a", _number(9, quarantine=BENCH), is_default=False)
        at_the_end = _pool("b", each.number, region_codes=(_AWAY,), **settings)
        yield _ask(exhausted, at_the_end, uses=uses)
        neighbour = evolve(at_the_end, is_default=False)
        default = _pool("c", _number(20), region_codes=(_FAR,))
        yield _ask(evolve(exhausted, chain=("b",)), neighbour, default, uses=uses)
        benched = _pool("c", _number(29, quarantine=BENCH), region_codes=(_FAR,), is_default=False)
        yield _ask(evolve(exhausted, chain=("c",)), benched, at_the_end, uses=uses)
        of_default = {**settings, "is_default": False, "when_exhausted": WhenExhausted.REFUSE}
        yield _ask(_pool("a", each.number, **of_default), _pool("b", _number(9), region_codes=(_AWAY,)), uses=uses)
    yield from _carried_over()


def _carried_over() -> Iterator[Question]:
    """A number of two generations, on the bench in one of them: what counts is the active one."""
    plain, benched = _number(0), _number(0, quarantine=BENCH)
    for old, new in ((plain, benched), (benched, plain)):
        generations = (Generation("a-1", (old,), AT - 2 * DAY), Generation("a-2", (new, _number(1)), AT - DAY))
        uses = {a_number(1): NumberUse(1, 1)}
        for talk in (None, EarlierTalk(a_number(0), AT - DAY)):
            yield _ask(evolve(_pool("a"), generations=generations), uses=uses, talk=talk)


# --- C2 and C9 ----------------------------------------------------------------------------------------------------


def refreshes() -> Iterator[Question]:
    """C9: round the instant of a refresh; a pool whose first generation is still to come; a chain across both."""
    old, new = _number(0), _number(5)
    for off in (timedelta(0), -US, US, -DAY, DAY, timedelta(milliseconds=-400), timedelta(milliseconds=400)):
        generations = (Generation("a-1", (old,), AT - 30 * DAY), Generation("a-2", (new,), AT + off))
        for talk in (None, EarlierTalk(old.number, AT - 2 * DAY), EarlierTalk(new.number, AT - 2 * DAY)):
            yield _ask(evolve(_pool("a"), generations=generations), talk=talk)
            yield _ask(evolve(_pool("a"), generations=generations[1:]), talk=talk)
            exhausted = _pool("b", _number(9, quarantine=BENCH), is_default=False)
            yield _ask(exhausted, evolve(_pool("a", region_codes=(_AWAY,)), generations=generations), talk=talk)
    three = tuple(
        Generation(f"a-{place}", (_number(place),), AT + off) for place, off in enumerate((-2 * DAY, -DAY, DAY))
    )
    yield _ask(evolve(_pool("a"), generations=three))
    yield _ask(evolve(_pool("a", chosen_by=ChosenBy.PROVIDER), generations=three))
    # One and the same carousel before and after: nothing that was found out of it may be kept.
    same = _ask(evolve(_pool("a"), generations=three[1:]))
    for off in (DAY - US, DAY, -DAY - US, -DAY, DAY - US):
        yield evolve(same, now=AT + off)


# --- C5 -----------------------------------------------------------------------------------------------------------


def chains() -> Iterator[Question]:
    """C5: a pool with two neighbours and a default, each with or without something to show, in every order."""
    for exhausted, chained, when in product(
        _subsets("abcd"), [("b", "c"), ("c", "b"), ("b",), ()], [WhenExhausted.WIDEN, WhenExhausted.REFUSE]
    ):
        pools = {
            pool_id: _pool(
                pool_id,
                _number(10 * place, quarantine=BENCH if pool_id in exhausted else None),
                is_default=pool_id == "d",
                region_codes=((_HOME,), (_AWAY,), (_FAR,), ())[place],
                order=-place,
            )
            for place, pool_id in enumerate("abcd")
        }
        pools["a"] = evolve(pools["a"], chain=chained, when_exhausted=when)
        yield _ask(*pools.values())
        if "a" not in exhausted:
            continue
        changes: list[tuple[str, dict[str, Any]]] = [
            # What a neighbour does when it is exhausted itself is not asked: the chain is the selected pool's.
            ("b", {"chain": ("c",)}),
            ("b", {"when_exhausted": WhenExhausted.REFUSE}),
            ("b", {"chosen_by": ChosenBy.PROVIDER}),
            ("d", {"chosen_by": ChosenBy.PROVIDER}),
            ("b", {"limits": ShowLimits(per_day=1)}),
        ]
        for pool_id, change in changes:
            uses = {a_number(10): NumberUse(1, 1, 1, AT - DAY)}
            changed = {**pools, pool_id: evolve(pools[pool_id], **change)}
            yield _ask(*changed.values(), uses=uses)
    yield _ask()
    yield _ask(_pool("a", _number(0), provider="asterisk"))


def _subsets(letters: str) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(letters, size) for size in range(len(letters) + 1))


# --- C4 -----------------------------------------------------------------------------------------------------------


def regions() -> Iterator[Question]:
    """C4: numbers of one to three regions, of three pools in every division, with and without the client's."""
    asked = [*combinations((_HOME, _AWAY, _FAR), 1), *combinations((_HOME, _AWAY, _FAR), 2), (_HOME, _AWAY, _FAR)]
    clients = [(), (_HOME,), (_AWAY,), (_FAR,), (_AWAY, _FAR)]
    for owners in product("qp-", repeat=3):
        for orders in ((2, 1, 0), (0, 1, 2)):
            pools = [
                _pool(
                    pool_id,
                    _number(10 * place),
                    region_codes=tuple(
                        code for code, owner in zip((_HOME, _AWAY, _FAR), owners, strict=True) if owner == pool_id
                    ),
                    is_default=pool_id == "d",
                    order=orders[place],
                )
                for place, pool_id in enumerate("pqd")
            ]
            for codes, client_codes in product([*asked, (WHOLE_COUNTRY,)], clients):
                yield _ask(*pools, codes=codes, client_codes=client_codes)
    # Another provider's pool of the same region is none of this device's.
    other = _pool("o", _number(90), provider="asterisk", order=-1)
    yield _ask(other, _pool("d", _number(0), region_codes=()))


def of_several_regions() -> Iterator[Question]:
    """C4 and C8: a number of two to four regions, each with a pool of its own, none of which is the client's."""
    codes = ("RU-AL", "RU-BA", "RU-MOW", "RU-SPE")
    pools = [
        _pool(f"p{place}", _number(10 * place), region_codes=(code,), is_default=place == 0, order=1)
        for place, code in enumerate(codes)
    ]
    for size in (2, 3, 4):
        for some in combinations(codes, size):
            yield _ask(*pools, codes=some)


# --- C6 -----------------------------------------------------------------------------------------------------------


def talks(memory: timedelta) -> Iterator[Question]:
    """C6: the number that the client knows in each place where it may be by now, and each age of the memory."""
    known = a_number(0)
    uses = {known: NumberUse(1, 9), a_number(1): NumberUse(1, 1), a_number(10): NumberUse(1, 2)}
    old = Generation("a-0", (_number(0), _number(1)), AT - 90 * DAY)
    here = _pool("a", _number(1), _number(0))
    without = _pool("a", _number(1), _number(2))
    elsewhere = _pool("b", _number(0), _number(10), region_codes=(_AWAY,), is_default=False)
    exhausted = _pool("a", _number(1, quarantine=BENCH), chain=("b",))
    places: Sequence[tuple[CarouselPool, ...]] = (
        (here,),
        (without,),
        (evolve(without, generations=(old, *without.generations)),),
        (evolve(here, generations=(*without.generations, evolve(old, id="a-9", activates_at=AT + DAY))),),
        (without, elsewhere),
        (exhausted, elsewhere),
        (without, evolve(elsewhere, provider="asterisk", is_default=True)),
        (_pool("a", _number(1), _number(0, quarantine=BENCH)),),
        (evolve(here, chosen_by=ChosenBy.PROVIDER),),
    )
    ages = {timedelta(0), US, timedelta(hours=1), memory - US, memory, memory + US, memory + DAY, 100 * memory}
    for pools, age in product(places, sorted(age for age in ages if age >= timedelta(0))):
        yield _ask(*pools, uses=uses, talk=EarlierTalk(known, AT - age))


# --- C11 ----------------------------------------------------------------------------------------------------------


def providers_choices() -> Iterator[Question]:
    """C11: a pool from which the provider chooses, with numbers that we would not show, or none at all."""
    benched = (_number(0, quarantine=BENCH), _number(1), _number(2, declared_since=None))
    pool = _pool(
        "a", *benched, chosen_by=ChosenBy.PROVIDER, declaration_required=True, limits=ShowLimits(1, 3600, (1,))
    )
    uses = {a_number(1): NumberUse(5, 5, 5, AT)}
    for talk in (None, EarlierTalk(a_number(1), AT - DAY)):
        yield _ask(pool, talk=talk)
        yield _ask(pool, uses=uses, talk=talk)
        yield _ask(evolve(pool, when_exhausted=WhenExhausted.REFUSE), uses=uses, talk=talk)
        yield _ask(evolve(pool, generations=()), talk=talk)
        empty = _pool("b", _number(9, quarantine=BENCH), is_default=False)
        yield _ask(empty, evolve(pool, region_codes=(_AWAY,)), uses=uses, talk=talk)


# --- C7 -----------------------------------------------------------------------------------------------------------


def fair_beginnings() -> Iterator[Question]:
    """C7: pools at the beginning of a run of picks, used before in ways that a wrong count would stumble over."""
    fresh = tuple(_number(place) for place in range(4))
    histories: list[Mapping[PhoneNumber, NumberUse]] = [
        {},
        # One joins: it was never picked, and owes nothing.
        {a_number(place): NumberUse(7, place) for place in (1, 2, 3)},
        # One comes back from the bench: its turn lies far back, and it owes nothing either.
        {
            a_number(place): NumberUse(picks, turn)
            for place, (picks, turn) in enumerate([(2, 3), (9, 41), (9, 42), (9, 40)])
        },
        # Shows and picks are two counters, and the last show is no pick.
        {
            a_number(place): NumberUse(3, turn, shows, AT - timedelta(minutes=minutes))
            for place, (turn, shows, minutes) in enumerate([(12, 0, 9), (11, 4, 1), (10, 1, 5), (9, 0, 2)])
        },
        # Shown again to who knew them, and never picked.
        {a_number(place): NumberUse(0, 0, 1, AT - timedelta(hours=9 - place)) for place in (2, 0, 3, 1)},
        # A count that has gone on for years: no power of two is a border.
        *(
            {a_number(place): NumberUse(2**bits // 4, 2**bits - 2 + place) for place in range(4)}
            for bits in (6, 7, 8, 10, 15, 16, 31, 32, 53, 63)
        ),
    ]
    for size, uses in product((1, 2, 3, 4), histories):
        yield _ask(_pool("a", *fresh[:size]), uses=uses)
        if size > 1:
            benched = (evolve(fresh[0], quarantine=BENCH), *fresh[1:size])
            yield _ask(_pool("a", *benched), uses=uses)
            undeclared = (*fresh[: size - 1], evolve(fresh[size - 1], declared_since=None))
            yield _ask(_pool("a", *undeclared), uses=uses)
    yield _ask(
        _pool("a", _number(9, quarantine=BENCH), is_default=False),
        _pool("b", *fresh, region_codes=()),
        uses=histories[2],
    )
    yield _ask(_pool("a", *(_number(place) for place in range(30))))


def largest() -> Iterator[Question]:
    """C8: as much as a carousel may hold: ten pools of thirty numbers, a number of three regions."""
    codes = ("RU-AL", "RU-AD", "RU-BA", "RU-BU", "RU-CE", "RU-CHE", "RU-CU", "RU-DA", "RU-IN", "RU-KB")
    pools = [
        _pool(
            f"pool-of-{code.lower()}",
            *(_number(100 * place + each) for each in range(30)),
            region_codes=(code,),
            is_default=place == 0,
        )
        for place, code in enumerate(codes)
    ]
    uses = {
        a_number(100 * place + each): NumberUse(900, 9_000_000 + 37 * each) for place in range(10) for each in range(30)
    }
    for talk in (None, EarlierTalk(a_number(129), AT - DAY), EarlierTalk(a_number(5), AT - DAY)):
        yield _ask(*pools, codes=codes[1:2], talk=talk, uses=uses)
        yield _ask(*pools, codes=codes[1:4], client_codes=codes[2:4], talk=talk, uses=uses)
        yield _ask(*(evolve(pool, chosen_by=ChosenBy.PROVIDER) for pool in pools), codes=codes[1:4], talk=talk)
    # All of one pool on the bench, and then all of the next.
    first, second, *others = pools
    benched = tuple(evolve(each, quarantine=BENCH) for each in second.generations[0].numbers)
    exhausted = evolve(second, generations=(evolve(second.generations[0], numbers=benched),))
    yield _ask(first, exhausted, *others, codes=codes[1:2], uses=uses)


def all_situations(memory: timedelta) -> Iterator[Question]:
    """All of them, rule by rule."""
    return chain(
        from_mobiles(),
        conditions(),
        refreshes(),
        chains(),
        regions(),
        of_several_regions(),
        talks(memory),
        providers_choices(),
        fair_beginnings(),
        largest(),
    )
