"""What speaks against an edition of the register: lost mobile ranges, and an older name."""

from __future__ import annotations

import gzip
import lzma

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_adapters.numbering.demo import demo_plan
from telephony_adapters.numbering.plan import NumberingPlan, RangeEntry
from telephony_adapters.numbering.register import parse_register
from telephony_adapters.numbering.replacing import Against, doubts
from telephony_adapters.numbering.wrong import LineError, Wrong

TEXT = """АВС/ DEF;От;До;Емкость;Оператор;Регион
903;1000000;1999999;1000000;Связь;г. Москва
913;9000000;9999999;1000000;Связь;Новосибирская обл.
"""


def _plan(edition: str, mobile: int = 10, size: int = 100, landlines: int = 0) -> NumberingPlan:
    def entries(code: int, count: int) -> list[RangeEntry]:
        base = code * 10_000_000 + 70_000_000_000
        return [
            RangeEntry(("RU-MOW",), "x", base + place * 1000, base + place * 1000 + size - 1) for place in range(count)
        ]

    return NumberingPlan([*entries(903, mobile), *entries(495, landlines)], edition=edition)


def _against(stored: NumberingPlan, new: NumberingPlan) -> list[Against]:
    return [doubt.against for doubt in doubts(stored, new)]


@given(
    before=st.integers(0, 60),
    after=st.integers(0, 60),
    sizes=st.tuples(st.integers(1, 1000), st.integers(1, 1000)),
    landlines=st.tuples(st.integers(0, 60), st.integers(0, 60)),
)
def test_an_edition_that_loses_a_fifth_of_the_mobile_ranges_is_doubted(
    before: int, after: int, sizes: tuple[int, int], landlines: tuple[int, int]
) -> None:
    """Of ranges or of numbers; whatever becomes of landlines; nothing is doubted over an empty plan."""
    stored, new = _plan("a", before, sizes[0], landlines[0]), _plan("b", after, sizes[1], landlines[1])
    said = _against(stored, new)
    if before == 0:
        assert said == []
    elif after == 0:
        assert said == [Against.NO_MOBILE]
    else:
        assert (Against.FEWER_RANGES in said) == (5 * after < 4 * before)
        assert (Against.FEWER_NUMBERS in said) == (5 * after * sizes[1] < 4 * before * sizes[0])


@pytest.mark.parametrize(
    ("stored", "new", "older"),
    [
        ("DEF-9xx.2026-08 a1b2", "DEF-9xx.2020-08 c3d4", True),
        ("DEF-9xx.2020-08 a1b2", "DEF-9xx.2026-08 c3d4", False),
        ("DEF-9xx 20260815 a1b2", "DEF-9xx_14.08.2026 c3d4", True),
        ("DEF-9xx 20260815 a1b2", "DEF-9xx.2026-08 c3d4", False),
        ("DEF-9xx.2026-08 a1b2", "DEF-9xx 20260814 c3d4", False),
        ("DEF-9xx 202608151234 a1b2", "DEF-9xx.2020-08 c3d4", False),
        ("DEF-9xx a1b2", "DEF-9xx.2020-08 c3d4", False),
        ("DEF-9xx.2026-08 a1b2", "DEF-9xx 20200812", True),
        ("DEF-9xx.2026-08 a1b2", "DEF-9xx c3d4", False),
    ],
)
def test_an_edition_is_older_where_its_name_says_so(stored: str, new: str, older: bool) -> None:
    assert _against(_plan(stored), _plan(new)) == ([Against.OLDER] if older else [])


def test_the_demos_own_plan_gives_way_to_any() -> None:
    assert _against(demo_plan(), _plan("x", 1)) == []


@pytest.mark.parametrize("against", Against)
def test_a_doubt_is_said_in_both_languages(against: Against) -> None:
    stored, new = _plan("r.2026-08 x", 100, 10, 3), _plan("r.2020-08 y", 10, 5)
    several = {doubt.against: doubt for doubt in (*doubts(stored, new), *doubts(stored, _plan("z", 0, 1, 9)))}
    english, russian = several[against].say(), several[against].say("ru")
    assert english.isascii()
    assert any("а" <= sign <= "я" for sign in russian)
    if against is not Against.NO_MOBILE:
        assert str(several[against].after) in english.replace(",", "")
        assert str(several[against].after) in russian


def test_the_digest_is_that_of_the_ranges_however_they_are_packed_and_written() -> None:
    """So the same register is known for the same; one number more is another."""
    plain = parse_register(TEXT.encode())
    lines = TEXT.splitlines()
    same = [
        gzip.compress(TEXT.encode()),
        lzma.compress(TEXT.encode("utf-8-sig")),
        TEXT.encode("cp1251"),
        "\r\n".join([lines[0], *reversed(lines[1:])]).encode(),
    ]
    assert {parse_register(content).digest for content in same} == {plain.digest}
    assert parse_register(TEXT.replace("1999999;1000000", "1999998;999999").encode()).digest != plain.digest


@pytest.mark.parametrize("wrong", Wrong)
def test_each_reason_has_its_words_in_both_languages(wrong: Wrong) -> None:
    names = "columns cells width code column digits first last capacity numbers other name lines files error megabytes"
    error = LineError(7, wrong, dict.fromkeys(names.split(), "X"))
    assert error.say().startswith("line 7: ")
    assert error.say("ru").startswith("строка 7: ")
    assert error.say("ru") != error.say("en")
