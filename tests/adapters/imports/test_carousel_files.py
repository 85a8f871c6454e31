"""Carousel files: pools and numbers, checked against C0 and the register; exported and read again nothing changes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters.imports.shelf import csv_file, xlsx_file

from telephony_adapters.imports.carousel_conflicts import CONFLICTS
from telephony_adapters.imports.carousel_export import export_carousel
from telephony_adapters.imports.carousel_files import ImportedCarousel, import_carousel
from telephony_adapters.imports.carousel_merge import differences
from telephony_adapters.imports.carousel_records import CarouselRules
from telephony_adapters.imports.problems import Code
from telephony_adapters.numbering.demo import demo_resolver
from telephony_core.carousel import (
    Carousel,
    CarouselNumber,
    CarouselPool,
    ChosenBy,
    Generation,
    Quarantine,
    ShowLimits,
    WhenExhausted,
)
from telephony_core.errors import NotPermitted
from telephony_core.party import Permission
from telephony_core.phone import PhoneNumber
from telephony_core.testing.examples import NOW, a_carousel, a_generation, a_number, a_pool, a_principal
from telephony_core.testing.fakes import FakeClock, FakeStore
from telephony_core.use_cases.ask_provider import Wish
from telephony_core.use_cases.edit_carousel import EditCarousel

ADMIN = a_principal(Permission.ADMINISTER)
DAY = timedelta(days=1)
Rows = Sequence[Sequence[object]]
POOLS: Rows = [
    [
        "id",
        "title",
        "provider",
        "chosen_by",
        "regions",
        "default",
        "order",
        "chain",
        "when_exhausted",
        "per_day",
        "warm_up",
    ],
    ["siberia", "Сибирь", "beeline", "мы", "Новосибирская область; RU-TOM", "да", "1", "", "", "50", "10, 20"],
    ["volga", "Волга", "beeline", "провайдер", "RU-SAM", "нет", "2", "siberia", "отказать", "", ""],
]
NUMBERS: Rows = [
    ["pool", "generation", "activates_at", "number", "declared_since", "quarantine"],
    ["siberia", "s-1", "2026-11-01", "+7 903 000-00-00", "2026-10-20", ""],
    ["siberia", "s-1", "2026-11-01", 79030000001, "", "жалобы"],
    ["volga", "v-1", "01.12.2026 03:00", "8 903 000 01 00", "", ""],
]


def _store(carousel: Carousel | None = None) -> FakeStore:
    return FakeStore(FakeClock(), carousel=carousel or Carousel())


def _turn(store: FakeStore) -> None:
    """A week later: what a file doesn't date must not be dated anew."""
    assert isinstance(store.clock, FakeClock)
    store.clock.turn(7 * DAY)


async def _take(
    store: FakeStore, folder: Path, pools: Rows | None = None, numbers: Rows | None = None, dry_run: bool = False
) -> ImportedCarousel:
    sheets = {name: table for name, table in (("pools", pools), ("numbers", numbers)) if table is not None}
    path = xlsx_file(folder / "carousel.xlsx", **sheets)
    return await import_carousel([path], EditCarousel(store), ADMIN, dry_run=dry_run)


def _places(outcome: ImportedCarousel) -> list[tuple[str | None, int | None, str | None, Code]]:
    return [(each.sheet, each.line, each.column, each.code) for each in outcome.problems]


async def test_pools_and_numbers_come_from_a_book(tmp_path: Path) -> None:
    store = _store()
    outcome = await _take(store, tmp_path, POOLS, NUMBERS)
    assert outcome.problems == ()
    assert outcome.taken
    siberia, volga = store.world.carousel.pools
    declared = datetime(2026, 10, 19, 21, tzinfo=UTC)
    assert siberia == CarouselPool(
        "siberia",
        "beeline",
        ChosenBy.US,
        ("RU-NVS", "RU-TOM"),
        "Сибирь",
        is_default=True,
        order=1,
        limits=ShowLimits(per_day=50, warm_up=(10, 20)),
        generations=(
            Generation(
                "s-1",
                (
                    CarouselNumber(a_number(0), None, declared),
                    CarouselNumber(a_number(1), Quarantine("жалобы", "import", NOW)),
                ),
                datetime(2026, 10, 31, 21, tzinfo=UTC),
            ),
        ),
        version=1,
    )
    assert (volga.chosen_by, volga.chain, volga.when_exhausted) == (
        ChosenBy.PROVIDER,
        ("siberia",),
        WhenExhausted.REFUSE,
    )
    assert volga.generations[0].activates_at == datetime(2026, 12, 1, tzinfo=UTC)
    assert [(wish.wish, wish.pool_id) for wish in outcome.ask_provider] == [
        (Wish.SERVE_REGIONS, "volga"),
        (Wish.REPLACE_NUMBERS, "volga"),
    ], "where the provider chooses, it is only recorded (C11)"


async def test_the_second_time_nothing_changes_and_it_says_so(tmp_path: Path) -> None:
    store = _store()
    first = await _take(store, tmp_path, POOLS, NUMBERS)
    before, commits = store.world.carousel, store.commits
    _turn(store)
    again = await _take(store, tmp_path, POOLS, NUMBERS)
    assert first.changes
    assert (again.changes, again.problems) == ((), ())
    assert store.world.carousel == before
    assert store.commits == commits


async def test_the_shortest_file_is_enough(tmp_path: Path) -> None:
    """A pool and its numbers: in force from now on, and the same again the second time."""
    pools = [["пул", "кто выбирает", "регионы", "по умолчанию"], ["all", "мы", "", "да"]]
    numbers = [["пул", "номер"], ["all", "89030000000"], ["all", "89030000001"]]
    store = _store()
    assert (await _take(store, tmp_path, pools, numbers)).problems == ()
    (pool,) = store.world.carousel.pools
    assert (pool.generations[0].id, pool.generations[0].activates_at) == ("all-1", NOW)
    _turn(store)
    again = await _take(store, tmp_path, pools, numbers)
    assert (again.changes, again.problems) == ((), ())


async def test_a_dry_run_is_the_difference_and_changes_nothing(tmp_path: Path) -> None:
    store = _store(a_carousel())
    before = store.world.carousel
    pools = [["id", "chosen_by", "regions", "title", "per_day"], ["siberia", "us", "RU-NVS, RU-OMS", "Сибирь", "40"]]
    outcome = await _take(store, tmp_path, pools, dry_run=True)
    assert [(each.what, each.before, each.after) for each in outcome.changes] == [
        ("title", "Siberia", "Сибирь"),
        ("region_codes", "RU-NVS, RU-TOM", "RU-NVS, RU-OMS"),
        ("per_day", None, "40"),
    ]
    assert not outcome.taken
    assert store.world.carousel == before


async def test_what_a_file_does_not_say_stays(tmp_path: Path) -> None:
    """Other pools, generations, and what has no column: nothing is deleted by leaving it out."""
    benched = CarouselNumber(a_number(3), Quarantine("spam", "x", NOW - DAY), NOW - 9 * DAY)
    generation = evolve(a_generation(3), numbers=(*a_generation(3).numbers, benched), confirmed_at=NOW)
    pool = a_pool(generations=(generation,), limits=ShowLimits(9, 60, (1,)), chain=("volga",), order=4)
    volga = a_pool("volga", first=100, is_default=False, region_codes=("RU-SAM",))
    store = _store(Carousel((pool, volga)))
    numbers = [["pool", "generation", "number"], *[["siberia", "siberia-0", a_number(n).e164] for n in range(4)]]
    pools = [["id", "chosen_by", "regions"], ["siberia", "us", "RU-NVS; RU-TOM"]]
    assert (await _take(store, tmp_path, pools, numbers)).changes == ()
    assert store.world.carousel == Carousel((pool, volga))


async def test_a_refresh_is_one_more_generation(tmp_path: Path) -> None:
    store = _store(a_carousel())
    numbers = [["pool", "generation", "activates_at", "number"], ["siberia", "next", "2026-12-01", "+79030000050"]]
    outcome = await _take(store, tmp_path, None, numbers)
    assert [(each.generation_id, each.what) for each in outcome.changes] == [
        ("next", "activates_at"),
        ("next", "number"),
    ]
    assert [each.id for each in store.world.carousel.pools[0].generations] == ["siberia-0", "next"]


class TestWhatIsWrong:
    async def test_every_bad_line_is_named_and_nothing_is_taken(self, tmp_path: Path) -> None:
        pools = [
            ["id", "chosen_by", "regions", "default", "order", "per_day"],
            ["a b", "we", "RU-XX", "?", "-1", "0"],
            ["siberia", "", "", "", "", ""],
        ]
        numbers = [
            ["pool", "number", "activates_at"],
            ["siberia", "+7 495 123-45-67", ""],
            ["siberia", "8 903", "soon"],
            ["siberia", "7,90311E+10", ""],
        ]
        store = _store()
        assert _places(await _take(store, tmp_path, pools, numbers)) == [
            ("pools", 2, "id", Code.NOT_AN_ID),
            ("pools", 2, "chosen_by", Code.NOT_ONE_OF),
            ("pools", 2, "regions", Code.REGION_NOT_UNDERSTOOD),
            ("pools", 2, "default", Code.NOT_YES_OR_NO),
            ("pools", 2, "order", Code.NOT_A_WHOLE_NUMBER),
            ("pools", 2, "per_day", Code.NOT_A_WHOLE_NUMBER),
            ("pools", 3, "chosen_by", Code.REQUIRED),
            ("pools", 3, "regions", Code.REQUIRED),
            ("numbers", 2, "number", Code.NUMBER_NOT_MOBILE),
            ("numbers", 3, "number", Code.NUMBER_NOT_UNDERSTOOD),
            ("numbers", 3, "activates_at", Code.NOT_A_DATE),
            ("numbers", 4, "number", Code.NUMBER_ROUNDED),
        ]
        assert store.world.carousel == Carousel()

    async def test_a_breach_of_c0_is_told_at_its_line(self, tmp_path: Path) -> None:
        store = _store()
        pools = [*POOLS, ["urals", "Урал", "beeline", "us", "RU-SAM", "да", "3", "nowhere", "", "", ""]]
        numbers = [*NUMBERS, ["volga", "v-1", "01.12.2026 03:00", "+79030000000", "", ""]]
        outcome = await _take(store, tmp_path, pools, numbers)
        assert {(each.sheet, each.line, each.code) for each in outcome.problems} == {
            ("pools", 4, Code.CAROUSEL_CONFLICT),
            ("numbers", 5, Code.CAROUSEL_CONFLICT),
        }
        said = " ".join(each.say() for each in outcome.problems)
        assert "second default beside 'siberia'" in said
        assert "serves RU-SAM by volga, too" in said
        assert "names 'nowhere', which is no pool" in said
        assert "number +79030000000 of pool 'volga' is in force elsewhere" in said
        assert store.world.carousel == Carousel()

    async def test_history_is_not_rewritten(self, tmp_path: Path) -> None:
        """P3: a generation that began keeps its numbers and its instant."""
        store = _store(a_carousel())
        numbers = [["pool", "generation", "number"], ["siberia", "siberia-0", "+79030000050"]]
        outcome = await _take(store, tmp_path, None, numbers)
        assert _places(outcome) == [("numbers", 2, None, Code.CAROUSEL_CONFLICT)]
        assert "began in the past" in outcome.problems[0].say()

    async def test_numbers_of_no_pool_and_twice_and_at_two_instants(self, tmp_path: Path) -> None:
        numbers = [
            ["pool", "generation", "activates_at", "number"],
            ["siberia", "next", "2026-12-01", "+79030000050"],
            ["siberia", "next", "2026-12-01", "8 903 000-00-50"],
            ["siberia", "next", "2026-12-02", "+79030000051"],
        ]
        store = _store(a_carousel())
        assert _places(await _take(store, tmp_path, None, numbers)) == [
            ("numbers", 3, "number", Code.NUMBER_TWICE),
            ("numbers", 4, "activates_at", Code.GENERATION_DISAGREES),
        ]
        nowhere = [["pool", "number"], ["nowhere", "+79030000050"]]
        assert _places(await _take(store, tmp_path, None, nowhere)) == [("numbers", 2, "pool", Code.REFERENCE_UNKNOWN)]

    async def test_a_number_of_another_region_is_a_warning(self, tmp_path: Path) -> None:
        """By the register; one of the whole country, or of one region that fits, is none."""
        store = _store(a_carousel())
        numbers = [
            ["pool", "generation", "activates_at", "number"],
            ["siberia", "next", "2026-12-01", "+79139000000"],
            ["siberia", "next", "2026-12-01", "+79031000000"],
            ["siberia", "next", "2026-12-01", "+79990000000"],
        ]
        rules = CarouselRules(regions=demo_resolver())
        path = csv_file(tmp_path / "numbers.csv", numbers)
        outcome = await import_carousel([path], EditCarousel(store), ADMIN, rules)
        assert outcome.taken
        (problem,) = outcome.problems
        assert (problem.line, problem.code, problem.warning) == (3, Code.NUMBER_OF_ANOTHER_REGION, True)
        assert "RU-MOS, RU-MOW: number +79031000000 of pool 'siberia'" in problem.say()
        assert "Москва (RU-MOW)" in problem.say("ru")
        again = await import_carousel([path], EditCarousel(store), ADMIN, rules)
        assert again.problems == (), "it was said when the number came"

    async def test_numbers_of_another_region_are_one_warning_for_each_pool(self, tmp_path: Path) -> None:
        numbers = [["pool", "generation", "activates_at", "number"]]
        numbers += [["siberia", "next", "2026-12-01", f"+7903100000{place}"] for place in range(7)]
        path = csv_file(tmp_path / "numbers.csv", numbers)
        edit = EditCarousel(_store(a_carousel()))
        outcome = await import_carousel([path], edit, ADMIN, CarouselRules(regions=demo_resolver()))
        (problem,) = outcome.problems
        assert problem.line == 2
        assert "7 numbers of pool 'siberia' (+79031000000, +79031000001, +79031000002, …)" in problem.say()

    async def test_our_own_numbers_are_shown_in_full(self, tmp_path: Path) -> None:
        """They are no clients' numbers, and are to be found in the file."""
        numbers = [
            ["pool", "number"],
            ["siberia", "+7 495 123-45-67"],
            ["siberia", "8 903 123-45-6"],
            ["siberia", "89030000050"],
            ["siberia", "+79030000050"],
        ]
        outcome = await _take(_store(a_carousel()), tmp_path, None, numbers)
        said = [problem.say("ru") for problem in outcome.problems]
        assert len(said) == 3
        for place, shown in enumerate(("+7 495 123-45-67", "8 903 123-45-6", "+79030000050")):
            assert f"«{shown}»" in said[place]

    async def test_pools_that_nobody_knows_are_told_with_what_is_wrong_in_cells(self, tmp_path: Path) -> None:
        """In one run; a pool whose own line has a fault is not called unknown."""
        pools = [["id", "chosen_by", "regions"], ["urals", "we", "RU-SVE"]]
        numbers = [["pool", "number"], ["nowhere", "+7903"], ["urals", "+79030000050"]]
        outcome = await _take(_store(a_carousel()), tmp_path, pools, numbers)
        assert _places(outcome) == [
            ("pools", 2, "chosen_by", Code.NOT_ONE_OF),
            ("numbers", 2, "number", Code.NUMBER_NOT_UNDERSTOOD),
            ("numbers", 2, "pool", Code.REFERENCE_UNKNOWN),
        ]

    async def test_only_who_may_takes_files_in(self, tmp_path: Path) -> None:
        path = csv_file(tmp_path / "pools.csv", [["id", "chosen_by", "regions"], ["a", "us", "RU-NVS"]])
        with pytest.raises(NotPermitted):
            await import_carousel([path], EditCarousel(_store(a_carousel())), a_principal())


def _pools(places: list[int]) -> st.SearchStrategy[tuple[CarouselPool, ...]]:
    texts = st.text(st.sampled_from("абв «»;,|'\"=+-@ab"), max_size=8).map(str.strip)
    instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001

    def number(place: int) -> st.SearchStrategy[CarouselNumber]:
        bench = st.builds(Quarantine, texts.filter(lambda t: t and not t.startswith("'")), st.just("token-1"), instants)
        return st.builds(CarouselNumber, st.just(a_number(place)), st.none() | bench, st.none() | instants)

    def pool(place: int) -> st.SearchStrategy[CarouselPool]:
        generations = st.lists(instants, max_size=3, unique=True).flatmap(
            lambda times: st.tuples(
                *(
                    st.builds(
                        Generation,
                        st.just(f"p{place}-{nth}"),
                        st.tuples(number(place * 100 + nth * 10), number(place * 100 + nth * 10 + 1)),
                        st.just(at),
                        st.none() | instants,
                    )
                    for nth, at in enumerate(times)
                )
            )
        )
        return st.builds(
            CarouselPool,
            st.just(f"p{place}"),
            st.just("beeline"),
            st.sampled_from(ChosenBy),
            st.just((["RU-NVS"], ["RU-TOM", "RU-OMS"], ["UA-43"])[place]),
            title=texts.filter(lambda text: not text.startswith("'")),
            is_default=st.just(place == 0),
            order=st.integers(0, 99),
            chain=st.just(() if place == 0 else ("p0",)),
            when_exhausted=st.sampled_from(WhenExhausted),
            limits=st.builds(
                ShowLimits,
                st.none() | st.integers(1, 99),
                st.integers(0, 99),
                st.lists(st.integers(1, 9), max_size=3).map(tuple),
            ),
            declaration_required=st.booleans(),
            generations=generations,
            version=st.just(1),
        )

    return st.tuples(*map(pool, places))


@settings(max_examples=25)
@given(
    pools=_pools([0, 1, 2]),
    name=st.sampled_from(["carousel.xlsx", "carousel.csv", "carousel"]),
    zone=st.sampled_from(["Europe/Moscow", "Asia/Kamchatka", "America/New_York"]).map(ZoneInfo),
    language=st.sampled_from(["en", "ru"]),
)
async def test_what_is_exported_is_read_again_as_it_was(
    pools: tuple[CarouselPool, ...], name: str, zone: ZoneInfo, language: str
) -> None:
    """To the microsecond and the sign, by either form, also in the hour that a clock goes through twice: into an empty
    carousel, and over itself without a change."""
    with tempfile.TemporaryDirectory() as folder:
        paths = export_carousel(Carousel(pools), Path(folder) / name, zone=zone, language=language)
        empty, same = _store(), _store(Carousel(pools))
        outcome = await import_carousel(paths, EditCarousel(empty), ADMIN, CarouselRules(zone=zone))
        again = await import_carousel(paths, EditCarousel(same), ADMIN, CarouselRules(zone=zone))
    assert [problem.say() for problem in outcome.problems] == []
    assert differences(Carousel(pools), empty.world.carousel) == ()
    assert empty.world.carousel == Carousel(pools)
    assert (again.changes, again.problems) == ((), ())


def test_an_export_is_written_for_people(tmp_path: Path) -> None:
    """Headings and words of the language, days of the company's clock: what was typed comes out as it was typed."""
    zone = ZoneInfo("Europe/Moscow")
    typed = datetime(2026, 9, 30, 21, tzinfo=UTC)
    pool = a_pool(generations=(evolve(a_generation(1), activates_at=typed),), declaration_required=True)
    for language, heads, day, words in (
        ("ru", ["Пул", "Поколение", "Действует с", "Номер"], "01.10.2026", ["мы", "да", "расширить", "да"]),
        ("en", ["pool_id", "generation_id", "activates_at", "number"], "2026-10-01", ["us", "yes", "widen", "yes"]),
    ):
        pools, numbers = (
            [line.split(";") for line in path.read_text("utf-8-sig").splitlines()]
            for path in export_carousel(Carousel((pool,)), tmp_path / "x.csv", zone=zone, language=language)
        )
        assert numbers[0][:4] == heads
        assert numbers[1][2] == day
        assert [pools[1][place] for place in (3, 5, 8, 12)] == words


def test_no_cell_of_an_export_is_a_formula(tmp_path: Path) -> None:
    paths = export_carousel(a_carousel(a_pool(title="=1+1")), tmp_path / "carousel.csv", zone=UTC)
    cells = [cell for path in paths for line in path.read_text("utf-8-sig").splitlines() for cell in line.split(";")]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_a_pool_of_json_is_a_pool_of_a_file() -> None:
    record = {"id": "a", "chosen_by": "us", "regions": ["RU-NVS"], "chain": ["b"], "per_day": 5, "warm_up": [1, 2]}
    assert CarouselRules().pool(record).value == CarouselPool(
        "a", "beeline", ChosenBy.US, ("RU-NVS",), chain=("b",), limits=ShowLimits(5, 0, (1, 2))
    )


def test_every_fault_of_c0_has_its_words() -> None:
    """As they stand in the core's source: a new one needs a sentence here."""
    import re
    from inspect import getsource

    from telephony_core import carousel
    from telephony_core.use_cases import edit_carousel, run_carousel

    source = "".join(map(getsource, (carousel, edit_carousel, run_carousel)))
    named = set(re.findall(r'CarouselFault\([^"]*"(\w+)"', source))
    assert len(named) > 10
    assert named <= set(CONFLICTS)
    for english, russian in CONFLICTS.values():
        assert english.isascii()
        assert any("а" <= sign <= "я" for sign in russian)
    assert PhoneNumber("+79030000000") == a_number(0)
