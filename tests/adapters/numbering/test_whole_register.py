"""Both editions of the state's register, whole. They lie beside the repository and never in it.

What the product's reader says is compared with a second reading of the same file by a few plain lines of Python.
"""

from __future__ import annotations

import lzma
import random
from functools import lru_cache
from pathlib import Path

import pytest

from telephony_adapters.numbering.names import region_codes
from telephony_adapters.numbering.plan import NumberingPlan
from telephony_adapters.numbering.register import RegisterImport, read_register
from telephony_core.phone import PhoneNumber

FOLDER = Path(__file__).parents[4] / "shared" / "numbering-plan"
EDITIONS = ("2020-08", "2026-08")

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the state's register is not beside the repository (../shared/numbering-plan)"
)


def path_of(edition: str) -> Path:
    return FOLDER / f"DEF-9xx.{edition}.csv.xz"


@lru_cache
def register_of(edition: str) -> RegisterImport:
    return read_register(path_of(edition))


@lru_cache
def cells_of(edition: str) -> list[list[str]]:
    text = lzma.decompress(path_of(edition).read_bytes()).decode("utf-8-sig")
    return [line.split(";") for line in text.splitlines()[1:]]


@pytest.mark.parametrize(
    ("edition", "lines", "names"), [("2020-08", 7_931, 113), ("2026-08", 17_059, 98)], ids=EDITIONS
)
def test_every_line_is_accounted_for_and_no_name_is_not_understood(edition: str, lines: int, names: int) -> None:
    register = register_of(edition)
    assert register.errors == ()
    assert register.not_understood == ()
    assert register.accepted
    assert register.lines == len(register.ranges) == len(cells_of(edition)) == lines
    assert len(register.names) == names
    assert register.capacity == sum(int(cells[3]) for cells in cells_of(edition))


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_range_is_its_line_s(edition: str) -> None:
    for entry, cells in zip(register_of(edition).ranges, cells_of(edition), strict=True):
        assert (str(entry.first), str(entry.last)) == (f"7{cells[0]}{cells[1]}", f"7{cells[0]}{cells[2]}")
        assert entry.capacity == int(cells[3])
        assert entry.operator == cells[4]


def test_both_columns_of_regions_say_the_same_or_one_says_more() -> None:
    """`Регион` and `Территория ГАР` are two people's spellings of one fact: the best oracle for the rules."""
    differ = set()
    for cells in cells_of("2026-08"):
        if cells[5] != "-":
            region, territory = region_codes(cells[5]), region_codes(cells[6])
            assert region is not None, cells[5]
            assert territory is not None, cells[6]
            if region != territory:
                assert set(region) < set(territory) or set(territory) < set(region)
                differ.add((cells[5], cells[6]))
    assert len(differ) == 2  # Moscow with and without its oblast, Crimea with and without Sevastopol


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_whole_country_is_only_what_the_file_calls_so(edition: str) -> None:
    pairs = zip(register_of(edition).ranges, cells_of(edition), strict=True)
    whole = [cells for entry, cells in pairs if entry.codes == ("RU",)]
    assert {cells[5] for cells in whole} == {"Российская Федерация"}
    assert len(whole) == sum("Российская Федерация" in cells for cells in cells_of(edition))


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_lookup_is_a_naive_search_s(edition: str) -> None:
    register = register_of(edition)
    plan = register.plan(edition)
    ranges = register.ranges
    numbers = random.Random(edition)
    asked = [numbers.randrange(79000000000, 80000000000) for _ in range(150)]
    for entry in numbers.sample(ranges, 150):
        asked += [entry.first - 1, entry.first, entry.last, entry.last + 1]
    for digits in asked:
        naive = next((entry for entry in ranges if entry.first <= digits <= entry.last), None)
        assert plan.lookup(PhoneNumber(f"+{digits}")) == naive


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_range_is_found_by_both_its_ends_and_the_plan_survives_the_store_s_rows(edition: str) -> None:
    plan = register_of(edition).plan(edition)
    again = NumberingPlan.from_rows(plan.to_rows())
    assert (list(again), again.edition, again.capacity) == (list(plan), edition, register_of(edition).capacity)
    for entry in plan:
        assert again.lookup(PhoneNumber(f"+{entry.first}")) == entry == again.lookup(PhoneNumber(f"+{entry.last}"))


def test_a_changed_figure_anywhere_refuses_the_whole_file(tmp_path: Path) -> None:
    lines = lzma.decompress(path_of("2026-08").read_bytes()).decode().splitlines()
    where = random.Random(7).randrange(1, len(lines))
    cells = lines[where].split(";")
    cells[3] = str(int(cells[3]) + 1)
    lines[where] = ";".join(cells)
    changed = tmp_path / "changed.csv"
    changed.write_text("\n".join(lines), encoding="utf-8")
    register = read_register(changed)
    assert [error.line for error in register.errors] == [where + 1]


def test_most_ranges_of_the_two_editions_agree_on_their_regions() -> None:
    """Six years and another spelling apart: the region of a number seldom changes."""
    new = register_of("2026-08").plan()
    old = register_of("2020-08").ranges
    same = other = 0
    for entry in old:
        now = new.lookup(PhoneNumber(f"+{entry.first}"))
        if now is not None and entry.codes != ("RU",) and now.codes != ("RU",):
            if set(entry.codes) & set(now.codes):
                same += 1
            else:
                other += 1
    assert same > 7_000
    assert other < same * 0.03
