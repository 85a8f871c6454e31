"""The numbering plan in memory: look-up, resolution, replacement, rows (C4's first source of a region)."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_adapters.numbering.demo import demo_plan, demo_resolver
from telephony_adapters.numbering.plan import NumberingPlan, NumberingPlanHolder, RangeEntry
from telephony_adapters.numbering.subjects import BY_CODE
from telephony_core.phone import PhoneNumber
from telephony_core.ports import RegionResolver
from telephony_core.region import Region

BASE = 79030000000


@st.composite
def plans(draw: st.DrawFn) -> list[RangeEntry]:
    """Ranges that don't overlap, with gaps or none between them, in any order."""
    codes = st.sampled_from(sorted(BY_CODE))
    ends = draw(st.lists(st.integers(0, 400), unique=True, max_size=24).map(sorted))
    entries = [
        RangeEntry((draw(codes),), draw(st.sampled_from("ab")), BASE + first, BASE + last)
        for first, last in zip(ends[::2], ends[1::2], strict=False)
    ]
    return draw(st.permutations(entries))


def naive(entries: list[RangeEntry], digits: int) -> RangeEntry | None:
    return next((entry for entry in entries if entry.first <= digits <= entry.last), None)


@given(plans(), st.integers(-5, 405))
def test_a_lookup_is_what_a_linear_search_finds(entries: list[RangeEntry], offset: int) -> None:
    plan = NumberingPlan(entries)
    number = PhoneNumber(f"+{BASE + offset}")
    assert plan.lookup(number) == naive(entries, BASE + offset)


@given(plans())
def test_the_ends_of_every_range_belong_to_it_and_their_neighbours_do_not(entries: list[RangeEntry]) -> None:
    plan = NumberingPlan(entries)
    for entry in entries:
        for digits in (entry.first - 1, entry.first, entry.last, entry.last + 1):
            assert plan.lookup(PhoneNumber(f"+{digits}")) == naive(entries, digits)


@given(plans(), st.text(max_size=5))
def test_a_plan_survives_the_store_s_rows_in_any_order(entries: list[RangeEntry], edition: str) -> None:
    plan = NumberingPlan(entries, edition=edition)
    rows = list(plan.to_rows())
    again = NumberingPlan.from_rows(reversed(rows))
    assert list(again) == list(plan) == sorted(entries, key=lambda entry: entry.first)
    assert again.capacity == plan.capacity == sum(entry.last - entry.first + 1 for entry in entries)
    assert again.edition == (edition if entries else "")
    assert all(isinstance(cell, int | str) for row in rows for cell in row)


def test_ranges_that_share_a_number_or_end_before_they_begin_are_no_plan() -> None:
    one = RangeEntry(("RU-MOW",), "a", BASE, BASE + 9)
    with pytest.raises(ValueError, match="share the number 79030000009"):
        NumberingPlan([RangeEntry(("RU-MOS",), "b", BASE + 9, BASE + 20), one])
    with pytest.raises(ValueError, match="ends before it begins"):
        NumberingPlan([RangeEntry(("RU-MOW",), "a", BASE + 1, BASE)])


@pytest.mark.parametrize(
    ("e164", "codes"),
    [
        ("+79031234567", ("RU-MOS", "RU-MOW")),  # a range of two subjects
        ("+79139123456", ("RU-NVS",)),
        ("+79990000001", ("RU",)),  # a range of the whole country
        ("+79999999999", ("RU",)),  # in no range
        ("+74951234567", ("RU-MOW",)),  # a landline, by its area code
        ("+78123123123", ("RU-SPE",)),
        ("+78131234567", ("RU-LEN",)),
        ("+73832123456", ("RU-NVS",)),
        ("+78185321234", ("RU-NEN",)),
        ("+73652123456", ("UA-43",)),
        ("+78005553535", ("RU",)),  # toll-free
        ("+77011234567", ("KZ",)),  # abroad: the country
        ("+73362212345", ("RU",)),  # Baikonur
        ("+49301234567", ("DE",)),
        ("+12125550123", ("US",)),
        ("+870773111632", ("RU",)),  # a satellite's, of no country
        ("+9991234567", ("RU",)),  # nobody's
    ],
)
def test_a_number_resolves_to_its_regions_and_never_to_none(e164: str, codes: tuple[str, ...]) -> None:
    resolver: RegionResolver = demo_resolver()
    assert resolver.resolve(PhoneNumber(e164)) == codes


RESOLVER = demo_resolver()


@given(st.integers(10**6, 10**15 - 1))
def test_every_number_resolves_to_codes_that_a_region_takes(digits: int) -> None:
    codes = RESOLVER.resolve(PhoneNumber(f"+{digits}"))
    assert Region(codes).codes == codes


def test_a_landline_that_the_plan_holds_is_the_plan_s() -> None:
    """An operator may import the register's files of area codes, too."""
    plan = NumberingPlan([RangeEntry(("RU-MOS",), "a", 74951000000, 74951999999)])
    assert plan.resolve(PhoneNumber("+74951234567")) == ("RU-MOS",)
    assert plan.resolve(PhoneNumber("+74952234567")) == ("RU-MOW",)


def test_a_holder_changes_plans_while_others_ask_and_each_answer_is_of_one_plan() -> None:
    number = PhoneNumber("+79030000001")
    plans = [NumberingPlan([RangeEntry((code,), code, BASE, BASE + 9)], edition=code) for code in ("RU-MOW", "RU-SPE")]
    holder = NumberingPlanHolder()
    assert not holder.loaded
    assert holder.resolve(number) == ("RU",)
    assert holder.replace(plans[0]).edition == ""
    assert holder.loaded
    wrong: list[object] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            entry = holder.lookup(number)
            if entry is None or entry.codes != (entry.operator,):
                wrong.append(entry)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(5_000):
        holder.replace(plans[turn % 2])
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert holder.plan is plans[1]


def test_the_demo_s_plan_has_sixty_ranges_over_forty_subjects_and_one_of_the_country() -> None:
    plan = demo_plan()
    codes = {code for entry in plan for code in entry.codes}
    assert len(plan) >= 60
    assert codes <= {"RU", *BY_CODE}
    assert len(codes) >= 40
    assert "RU" in codes
    pairs = {entry.codes for entry in plan if len(entry.codes) > 1}
    assert {("RU-MOS", "RU-MOW"), ("RU-KGN", "RU-TYU")} <= pairs
    assert all(entry.first % 100_000 == 0 and (entry.last + 1) % 100_000 == 0 for entry in plan)
    assert demo_resolver().plan.edition == "demo"
