"""Reading the state's register: every line accounted for, a file taken whole or not at all."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_adapters.numbering.plan import RangeEntry
from telephony_adapters.numbering.register import RegisterImport, parse_register, read_register
from telephony_core.phone import PhoneNumber

HEADER_2020 = "АВС/ DEF;От;До;Емкость;Оператор;Регион"
HEADER_2026 = "АВС/ DEF;От;До;Емкость;Оператор;Регион;Территория ГАР;ИНН"
LINES_2020 = (
    '900;0000000;0061999;62000;ООО "Связь";Краснодарский край',
    "903;1000000;1999999;1000000;ПАО «Сеть»;г. Москва * Московская область",
    '999;9600000;9999999;400000;ООО "Скартел";Российская Федерация',
)
LINES_2026 = (
    '900;0000000;0061999;62000;ООО "СВЯЗЬ";-;Краснодарский край;7700000001',
    "903;1000000;1999999;1000000;ПАО «Сеть»;г. Москва;Город Москва, Московская область;7700000002",
    '999;9600000;9999999;400000;ООО "Скартел";Российская Федерация;-;7700000003',
)


def text_2020(*lines: str) -> str:
    return "\r\n".join((HEADER_2020, *(lines or LINES_2020))) + "\r\n"


def text_2026(*lines: str) -> str:
    return "\n".join((HEADER_2026, *(lines or LINES_2026))) + "\n"


def reasons(register: RegisterImport) -> list[tuple[int, str]]:
    return [(error.line, error.reason) for error in register.errors]


def check_the_three(register: RegisterImport) -> None:
    assert register.errors == ()
    assert register.accepted
    assert (register.lines, len(register.ranges), len(register.names)) == (3, 3, 3)
    assert register.capacity == 62_000 + 1_000_000 + 400_000
    assert [(entry.codes, entry.first, entry.last) for entry in register.ranges] == [
        (("RU-KDA",), 79000000000, 79000061999),
        (("RU-MOS", "RU-MOW"), 79031000000, 79031999999),
        (("RU",), 79999600000, 79999999999),
    ]


@pytest.mark.parametrize("text", [text_2020(), text_2026()], ids=["2020", "2026"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_a_file_is_read_in_each_encoding_and_packing(text: str, encoding: str) -> None:
    content = text.encode(encoding)
    check_the_three(parse_register(content))
    check_the_three(parse_register(lzma.compress(content)))
    check_the_three(parse_register(gzip.compress(content)))
    check_the_three(parse_register(bz2.compress(content)))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("DEF-9xx.csv", content)
        packed.writestr("__MACOSX/._DEF-9xx.csv", "what macOS adds")
    check_the_three(parse_register(archive.getvalue()))


def test_operators_are_kept_as_written_with_their_quotes() -> None:
    assert [entry.operator for entry in parse_register(text_2020().encode()).ranges] == [
        'ООО "Связь"',
        "ПАО «Сеть»",
        'ООО "Скартел"',
    ]


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_file_that_went_through_a_spreadsheet_is_read(separator: str) -> None:
    """Quoted cells, another separator, another order of columns, no leading zeros, Latin letters in the header."""
    rows = [
        ["ИНН", "Регион", "Оператор", "ABC/ DEF", "До", "от", "ЁМКОСТЬ", "Note"],
        ["1", "Краснодарский край", 'ООО "Связь"', "900", "61999", "0", "62 000", ""],
        [
            "2",
            "Город Москва, Московская область",
            "ПАО; Сеть, и\tдругие",
            "903",
            "1999999",
            "1000000",
            "1\u00a0000\u00a0000",
            "",
        ],
        ["3", "Российская Федерация", 'ООО "Скартел"', "999", "9999999", "9600000", "400000", ""],
    ]
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in rows]
    text = "\n".join(separator.join(row) for row in quoted)
    register = parse_register(text.encode())
    check_the_three(register)
    assert register.ranges[1].operator == "ПАО; Сеть, и\tдругие"


def test_blank_lines_and_padded_cells_are_no_matter() -> None:
    padded = (line.replace(";", " ; ") for line in LINES_2020)
    check_the_three(parse_register(("\n" + HEADER_2020 + "\n\n" + "\n;;;;;\n".join(padded) + "\n\n").encode()))


@pytest.mark.parametrize(
    "around",
    [
        ("sep=;\n", ""),
        ("Выписка из реестра\n\nна 01.08.2026;;;;;\n", ""),
        ("", "\x1a"),
        ("\n\n", "\n\n\x1a\n"),
    ],
)
def test_lines_above_the_header_and_marks_of_the_end_are_no_matter(around: tuple[str, str]) -> None:
    before, after = around
    check_the_three(parse_register(f"{before}{text_2020()}{after}".encode()))


def test_lines_are_counted_as_an_editor_counts_them_also_below_a_title() -> None:
    register = parse_register(f"Выписка\n\n{text_2020(*LINES_2020, '900;x;9;10;a;Тверская обл.')}".encode())
    assert register.lines == 4
    assert [number for number, _ in reasons(register)] == [7]


def test_a_separator_at_the_end_of_the_header_makes_no_column() -> None:
    lines = "\n".join((HEADER_2020 + ";", *LINES_2020))
    check_the_three(parse_register(lines.encode()))
    lines = "\n".join((HEADER_2020 + ";", *(line + ";" for line in LINES_2020)))
    check_the_three(parse_register(lines.encode()))


def test_a_download_that_broke_off_inside_a_letter_is_an_error_of_its_last_line() -> None:
    """Not a file in another encoding, whose header would be nonsense."""
    whole = "\n".join((HEADER_2020, *LINES_2020)).encode()
    cut = whole[: whole.rindex("ссийская".encode()) + 1]
    ended = whole[: whole.rindex("ссийская".encode())] + b"\n"
    assert reasons(parse_register(cut)) == [(4, "the file breaks off in its last line, at 'Ро'")]
    assert parse_register(ended).not_understood == ("Ро",)  # a line that ends was meant so
    assert parse_register(ended + b"\x1a").errors == ()  # as old programs mark the end of a file


def test_a_name_with_a_cell_behind_it_is_whole_though_the_line_has_no_end() -> None:
    text = text_2026(LINES_2026[0], "999;9600000;9999999;400000;Т;Тридевятое царство;-;7700000003")
    register = parse_register(text.removesuffix("\n").encode())
    assert register.errors == ()
    assert register.not_understood == ("Тридевятое царство",)


def test_a_semicolon_inside_a_region_s_cell_is_the_region_s() -> None:
    register = parse_register(
        text_2020('955;5550000;5559999;10000;ООО "Т";Московская область; Москва|Московская область; Москва').encode()
    )
    assert register.errors == ()
    assert register.ranges[0].codes == ("RU-MOS", "RU-MOW")


def test_the_territory_counts_and_the_region_where_the_territory_says_nothing() -> None:
    register = parse_register(
        text_2026(
            "900;0000000;0000009;10;a;Республика Крым;Республика Крым, Город Севастополь;1",
            "900;0000010;0000019;10;a;Тверская обл.;-;1",
            "900;0000020;0000029;10;a;Тверская обл.;нечто;1",
            "900;0000030;0000039;10;a;-;Томская область;1",
        ).encode()
    )
    assert register.errors == ()
    assert [entry.codes for entry in register.ranges] == [
        ("UA-40", "UA-43"),
        ("RU-TVE",),
        ("RU-TVE",),
        ("RU-TOM",),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("900;0062000;0061999;0;a;Тверская обл.", "ends (0061999) before it begins (0062000)"),
        ("900;0062000;0062999;999;a;Тверская обл.", "Емкость is 999, but from 0062000 to 0062999 there are 1000"),
        ("900;0062000;0062999;;a;Тверская обл.", "Емкость is not a number: ''"),
        ("90;0062000;0062999;1000;a;Тверская обл.", "not a Russian area or mobile code: '90'"),
        ("700;0062000;0062999;1000;a;Тверская обл.", "not a Russian area or mobile code: '700'"),
        ("٩٠٠;0062000;0062999;1000;a;Тверская обл.", "not a Russian area or mobile code"),
        ("900;00620000;00629999;10000;a;Тверская обл.", "От is not a number of up to seven digits: '00620000'"),
        ("900;-1;8;10;a;Тверская обл.", "От is not a number of up to seven digits: '-1'"),
        ("900;0062000;x;1000;a;Тверская обл.", "До is not a number of up to seven digits: 'x'"),
        ("900;0062000;0062999;1000;a", "5 cells, the header has 6"),
        ("900;0061999;0062999;1001;a;Тверская обл.", "its range shares numbers with that of line 2"),
        ("900;0000000;0061999;62000;a;Тверская обл.", "its range shares numbers with that of line 2"),
        ("900;0000005;0000005;1;a;Тверская обл.", "its range shares numbers with that of line 2"),
    ],
)
def test_one_bad_line_refuses_the_file_and_is_named_with_its_number(line: str, reason: str) -> None:
    register = parse_register(text_2020(LINES_2020[0], LINES_2020[1], line, LINES_2020[2]).encode())
    assert not register.accepted
    [(number, said)] = reasons(register)
    assert number == 4
    assert reason in said
    assert register.lines == 4
    with pytest.raises(ValueError, match="not accepted"):
        register.plan()


def test_all_bad_lines_are_named_at_once_in_order() -> None:
    register = parse_register(
        text_2020("x", LINES_2020[0], "900;1;0;1;a;b", "901;0;9;10;a;Нигде", "901;9;9;1;a;Нигде").encode()
    )
    assert [number for number, _ in reasons(register)] == [2, 4, 6]
    assert register.not_understood == ("Нигде",)
    assert "2 such lines" in register.remarks[0].reason
    assert str(register.errors[0]) == "line 2: 1 cells, the header has 6"


def test_empty_cells_after_the_last_column_are_no_matter() -> None:
    check_the_three(parse_register(text_2026(*(line + ";; " for line in LINES_2026)).encode()))


def test_a_monstrous_cell_is_an_error_of_its_line() -> None:
    register = parse_register(text_2020(LINES_2020[0], f'900;"{"x" * 200_000}";9;10;a').encode())
    assert [number for number, _ in reasons(register)] == [3]
    capacity = "9" * 10_000  # int() of so many digits is an error of Python's own
    assert "Емкость" in reasons(parse_register(text_2020(f"900;0;9;{capacity};a;Тверская обл.").encode()))[0][1]


def test_two_ranges_inside_a_third_are_both_found() -> None:
    lines = ("900;0;99;100;a;Тверская обл.", "900;10;19;10;a;Тверская обл.", "900;50;59;10;a;Тверская обл.")
    said = "its range shares numbers with that of line 2"
    assert reasons(parse_register(text_2020(*lines).encode())) == [(3, said), (4, said)]


def test_an_unknown_name_is_the_whole_country_and_stays_listed() -> None:
    content = text_2020(*LINES_2020[:2], "901;0;9;10;a;Нигде", "901;10;19;10;a;Нигде").encode()
    register = parse_register(content)
    assert register.accepted
    said = "the region name 'Нигде' is not understood and counts as the whole country (2 such lines)"
    assert [(each.line, each.reason) for each in register.remarks] == [(4, said)]
    assert register.not_understood == ("Нигде",)
    assert register.plan("x").resolve(PhoneNumber("+79010000005")) == ("RU",)
    # Only the name is forgiven, nothing else.
    assert not parse_register(content + b"901;0;0;1;a;b").accepted


def test_a_file_without_a_known_name_is_no_register() -> None:
    content = text_2020("901;0;9;10;a;Нигде", "901;10;19;10;a;b").encode()
    assert [reason for _, reason in reasons(parse_register(content))] == [
        "not one name of a region is understood: is this the register, and is its text readable?"
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n \n", "empty"),
        (HEADER_2020.encode(), "no ranges"),
        ("Имя;Телефон\nИван;112".encode(), "no column АВС/ DEF, От, До, Емкость, Оператор, Регион"),
        ("DEF;От;До;Емкость;Оператор\n900;0;9;10;a".encode(), "no column Регион"),
        ("\n".join(LINES_2020).encode(), "no header of the register"),
        (lzma.compress(text_2020().encode())[:-10], "can't be unpacked"),
        (gzip.compress(text_2020().encode())[:-10], "can't be unpacked"),
        (b"PK\x03\x04nonsense", "can't be unpacked"),
        (b"<!DOCTYPE html><html><body>502</body></html>", "a web page"),
        ("\n<html>\n".encode("utf-8-sig"), "a web page"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "save it as CSV"),
        (b"\xff\xfe\x00", "neither UTF-8, UTF-16 nor Windows-1251"),
        (b"\x98\x98", "neither UTF-8, UTF-16 nor Windows-1251"),
    ],
)
def test_what_is_no_register_is_refused_with_a_reason(content: bytes, reason: str) -> None:
    register = parse_register(content)
    assert not register.accepted
    assert reason in register.errors[0].reason


def test_an_archive_of_two_files_is_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.csv", text_2020())
        packed.writestr("b.csv", text_2020())
    assert reasons(parse_register(archive.getvalue())) == [(0, "the archive holds 2 files, not one")]


def test_a_workbook_is_told_from_an_archive_and_is_to_be_saved_as_csv() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/workbook.xml", "<workbook/>")
    [(line, said)] = reasons(parse_register(archive.getvalue()))
    assert (line, "save it as CSV" in said) == (0, True)


def test_a_file_is_read_from_its_path_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "register.bin"
    path.write_bytes(lzma.compress(text_2026().encode("utf-8-sig")))
    check_the_three(read_register(path))
    with pytest.raises(FileNotFoundError):
        read_register(tmp_path / "none.csv")


def test_progress_ends_with_all_lines_done() -> None:
    lines = [f"900;{first};{first};1;a;Тверская обл." for first in range(1_234)]
    seen: list[tuple[int, int]] = []
    register = parse_register(text_2020(*lines).encode(), progress=lambda done, total: seen.append((done, total)))
    assert register.accepted
    assert seen == [(500, 1_234), (1_000, 1_234), (1_234, 1_234)]


@st.composite
def registers(draw: st.DrawFn) -> tuple[list[str], list[RangeEntry]]:
    """Lines of a true register in any order, and the ranges that they say."""
    ends = sorted(draw(st.lists(st.integers(0, 9_999_999), unique=True, min_size=2, max_size=30)))
    pairs = draw(st.permutations(list(zip(ends[::2], ends[1::2], strict=False))))
    lines = [f"900;{first:07d};{last:07d};{last - first + 1};a;Тверская обл." for first, last in pairs]
    return lines, [RangeEntry(("RU-TVE",), "a", 79000000000 + first, 79000000000 + last) for first, last in pairs]


@given(registers())
def test_ranges_and_capacity_are_the_file_s_own(register: tuple[list[str], list[RangeEntry]]) -> None:
    lines, entries = register
    read = parse_register(text_2020(*lines).encode())
    assert list(read.ranges) == entries
    assert read.capacity == sum(entry.capacity for entry in entries)
    assert list(read.plan()) == sorted(entries, key=lambda entry: entry.first)


@given(registers(), st.data())
def test_a_range_laid_over_any_other_is_found(
    register: tuple[list[str], list[RangeEntry]], data: st.DataObject
) -> None:
    lines, entries = register
    victim = data.draw(st.sampled_from(entries))
    number = data.draw(st.integers(victim.first, victim.last)) - 79000000000
    lines.insert(data.draw(st.integers(0, len(lines))), f"900;{number};{number};1;a;Тверская обл.")
    read = parse_register(text_2020(*lines).encode())
    assert len(read.errors) == 1
    assert "shares numbers" in read.errors[0].reason


_AFTER_A_HEADER = st.text(max_size=200).map(lambda text: f"{HEADER_2020}\n{text}".encode("utf-8", "ignore"))


@given(st.one_of(st.binary(max_size=200), _AFTER_A_HEADER))
def test_any_bytes_are_answered_and_every_line_is_a_range_or_an_error(content: bytes) -> None:
    read = parse_register(content)
    assert read.accepted == (not read.errors)
    assert len(read.ranges) <= read.lines
    if read.accepted:
        assert len(read.ranges) == read.lines
