"""Files become the same rows, however they were saved; what can't be read says why."""

from __future__ import annotations

import datetime as dt
import tempfile
import zipfile
from pathlib import Path

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.imports.shelf import csv_file, xlsx_file

from telephony_adapters.imports import open_file
from telephony_adapters.imports.columns import known_columns
from telephony_adapters.imports.open_file import open_tables
from telephony_adapters.imports.problems import Code
from telephony_adapters.imports.tables import Row, Table, UnreadableFile

HEADER = ["ID", "Имя", "Телефоны"]


def _only(path: Path) -> Table:
    found, problems = open_tables(path)
    assert problems == ()
    (table,) = found
    return table


def _rows(path: Path) -> list[tuple[str, ...]]:
    table = _only(path)
    return [table.header.cells, *(row.cells for row in table.rows())]


def _code(path: Path) -> Code:
    found, problems = open_tables(path)
    assert found == ()
    (problem,) = problems
    assert problem.file == path.name
    return problem.code


class TestCsv:
    @pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
    @pytest.mark.parametrize("line_end", ["\r\n", "\n"])
    def test_any_usual_separator_and_encoding(
        self, tmp_path: Path, separator: str, encoding: str, line_end: str
    ) -> None:
        table = [HEADER, ["C-1", "Пётр, «Ромашка»", "8 903 123-45-67; +7 383 212-34-56"], ["C-2", "Анна\nИвановна", ""]]
        path = csv_file(tmp_path / "clients.csv", table, separator=separator, encoding=encoding, line_end=line_end)
        assert _rows(path) == [tuple(row) for row in table]

    def test_windows_1251_as_its_bytes(self, tmp_path: Path) -> None:
        """Written out: `Имя` is C8 EC FF there."""
        path = tmp_path / "clients.csv"
        path.write_bytes(b"ID;\xc8\xec\xff\r\nC-1;\xcf\xb8\xf2\xf0\r\n")
        assert _rows(path) == [("ID", "Имя"), ("C-1", "Пётр")]

    def test_the_line_is_the_one_on_which_a_record_begins(self, tmp_path: Path) -> None:
        path = tmp_path / "clients.csv"
        path.write_text('id;name\n\nC-1;"two\nlines"\n\nC-2;x\n')
        assert [row.line for row in _only(path).rows()] == [3, 6]

    def test_excels_own_first_line_names_the_separator(self, tmp_path: Path) -> None:
        path = tmp_path / "clients.csv"
        path.write_text("sep=|\nid|name, in full\nC-1|x\n")
        table = _only(path)
        assert table.header == Row(2, ("id", "name, in full"))
        assert [*table.rows()] == [Row(3, ("C-1", "x"))]

    def test_the_separator_is_that_of_the_columns_we_know(self, tmp_path: Path) -> None:
        """Not the most frequent sign: this header has more commas than semicolons."""
        path = tmp_path / "clients.csv"
        path.write_text("id;name;note, comment, remark, or so\nC-1;x;y\n")
        assert _only(path).header.cells == ("id", "name", "note, comment, remark, or so")

    def test_an_open_quotation_mark_is_named_with_its_line(self, tmp_path: Path) -> None:
        path = tmp_path / "clients.csv"
        path.write_text('id;name\nC-1;x\nC-2;"open\nC-3;y\n')
        rows = _only(path).rows()
        assert next(rows) == Row(2, ("C-1", "x"))
        with pytest.raises(UnreadableFile) as error:
            next(rows)
        assert (error.value.fault.code, error.value.line) == (Code.QUOTES_OPEN, 3)

    def test_blanks_and_a_spreadsheets_apostrophe_are_no_part_of_a_cell(self, tmp_path: Path) -> None:
        path = csv_file(tmp_path / "c.csv", [["id", "name"], [" C-1\u00a0", "'+79031234567"], ["C-2", "'t Hooft"]])
        assert [row.cells for row in _only(path).rows()] == [("C-1", "+79031234567"), ("C-2", "'t Hooft")]

    def test_rows_can_be_gone_through_again(self, tmp_path: Path) -> None:
        table = _only(csv_file(tmp_path / "c.csv", [["id", "name"], ["C-1", "x"]]))
        assert [*table.rows()] == [*table.rows()]

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", Code.FILE_EMPTY),
            (b"\n;;\n \n", Code.FILE_EMPTY),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1old Excel", Code.FILE_UNREADABLE),
            (b"id;name\n\x00\x01\x98\xff;x\n", Code.FILE_UNREADABLE),
            (b"PK\x03\x04 no archive", Code.FILE_UNREADABLE),
        ],
    )
    def test_what_is_no_table_says_so(self, tmp_path: Path, content: bytes, code: Code) -> None:
        path = tmp_path / "clients.csv"
        path.write_bytes(content)
        assert _code(path) is code

    @pytest.mark.parametrize(
        "end", ["Р".encode()[:1], b"\xcf\xb8\xf2\xf0\n", b"\xff\n"], ids=["cut", "mixed", "broken"]
    )
    def test_broken_utf_8_is_not_taken_for_windows_1251(self, tmp_path: Path, end: bytes) -> None:
        """Every byte means something there, and the names would be stored as nonsense."""
        path = tmp_path / "clients.csv"
        path.write_bytes("id;name\nC-1;Пётр\nC-2;".encode() + end)
        found, (problem,) = open_tables(path)
        assert (found, problem.code, problem.line) == ((), Code.TEXT_BROKEN, 3)

    def test_the_header_may_stand_below_a_title(self, tmp_path: Path) -> None:
        path = tmp_path / "выгрузка.csv"
        path.write_text("Клиенты, все\n\nна 30.11.2026\nid,name\nC-1,id\nC-2,x\n")
        table = _only(path)
        assert table.header == Row(4, ("id", "name"))
        assert [*table.rows()] == [Row(5, ("C-1", "id")), Row(6, ("C-2", "x"))]
        assert [note.code for note in table.notes] == [Code.LINES_ABOVE]

    def test_a_line_of_data_is_no_header(self, tmp_path: Path) -> None:
        """Not even where the first line has no column that we know, or fewer than a line of words."""
        path = tmp_path / "x.csv"
        path.write_text("a;b;c\nимя;2;3\n")
        assert _only(path).header == Row(1, ("a", "b", "c"))
        path.write_text("номер\n+79031234567\n")
        assert _only(path).header == Row(1, ("номер",))

    def test_a_file_that_is_not_there_says_so(self, tmp_path: Path) -> None:
        assert _code(tmp_path / "none.csv") is Code.FILE_MISSING

    def test_a_file_too_large_is_not_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(open_file, "LARGEST_FILE", 10)
        assert _code(csv_file(tmp_path / "c.csv", [["id", "name"], ["C-1", "x"]])) is Code.FILE_TOO_LARGE

    def test_too_many_columns_are_refused(self, tmp_path: Path) -> None:
        assert _code(csv_file(tmp_path / "c.csv", [[f"c{place}" for place in range(201)]])) is Code.FILE_TOO_LARGE


class TestXlsx:
    def test_cells_are_what_was_meant(self, tmp_path: Path) -> None:
        """Excel keeps a phone number as a float, a date as a day count, and text with leading zeros as text."""
        row = ["007", 79161234567, 5, dt.date(2026, 11, 23), dt.datetime(2026, 11, 23, 9, 15), True, "+7 903", 0.5]  # noqa: DTZ001
        path = xlsx_file(tmp_path / "book.xlsx", devices=[["id", "number"], row])
        assert _rows(path)[1] == (
            "007",
            "79161234567",
            "5",
            "2026-11-23",
            "2026-11-23 09:15:00",
            "1",
            "+7 903",
            "0.5",
        )

    def test_each_sheet_that_holds_anything_is_a_table(self, tmp_path: Path) -> None:
        book = {"Клиенты": [["id", "name"], ["C-1", "x"]], "Лист2": [], "Сотрудники": [["id", "name"]]}
        found, problems = open_tables(xlsx_file(tmp_path / "book.xlsx", **book))
        assert problems == ()
        assert [(table.name, table.header.line) for table in found] == [("Клиенты", 1), ("Сотрудники", 1)]

    def test_lines_are_counted_as_excel_does(self, tmp_path: Path) -> None:
        rows = [[], ["id", "name"], [], ["C-1", "x"]]
        table = _only(xlsx_file(tmp_path / "book.xlsx", clients=rows))
        assert table.header.line == 2
        assert [row.line for row in table.rows()] == [4]

    def test_the_header_may_stand_below_a_merged_title(self, tmp_path: Path) -> None:
        workbook = xlsxwriter.Workbook(tmp_path / "book.xlsx")
        sheet = workbook.add_worksheet("clients")
        sheet.merge_range(0, 0, 0, 1, "Выгрузка клиентов на 30.11.2026")
        sheet.write_row(2, 0, ["id", "name"])
        sheet.write_row(3, 0, ["C-1", "x"])
        workbook.close()
        table = _only(tmp_path / "book.xlsx")
        assert table.header == Row(3, ("id", "name"))
        assert [*table.rows()] == [Row(4, ("C-1", "x"))]
        assert [note.code for note in table.notes] == [Code.LINES_ABOVE]

    def test_a_hidden_sheet_is_read_and_said_to_be_hidden(self, tmp_path: Path) -> None:
        workbook = xlsxwriter.Workbook(tmp_path / "book.xlsx")
        workbook.add_worksheet("employees").write_row(0, 0, ["id", "name"])
        hidden = workbook.add_worksheet("clients")
        hidden.write_row(0, 0, ["id", "name"])
        hidden.hide()
        workbook.close()
        found, problems = open_tables(tmp_path / "book.xlsx")
        assert problems == ()
        assert [(table.name, [note.code for note in table.notes]) for table in found] == [
            ("employees", []),
            ("clients", [Code.SHEET_HIDDEN]),
        ]

    def test_an_empty_book_says_so(self, tmp_path: Path) -> None:
        assert _code(xlsx_file(tmp_path / "book.xlsx", empty=[])) is Code.FILE_EMPTY

    def test_a_cell_with_an_error_is_not_read_as_empty(self, tmp_path: Path) -> None:
        workbook = xlsxwriter.Workbook(tmp_path / "book.xlsx")
        workbook.add_worksheet("employees").write_row(0, 0, ["id", "name"])
        sheet = workbook.add_worksheet("clients")
        sheet.write_row(0, 0, ["id", "name"])
        sheet.write_formula(1, 1, "=NA()", None, "#N/A")
        workbook.close()
        found, (problem,) = open_tables(tmp_path / "book.xlsx")
        assert found == ()
        assert (problem.code, problem.sheet, problem.line) == (Code.CELL_IS_AN_ERROR, "clients", 2)
        assert "B2" in problem.say()

    def test_a_stray_cell_far_away_costs_no_memory(self, tmp_path: Path) -> None:
        workbook = xlsxwriter.Workbook(tmp_path / "book.xlsx")
        sheet = workbook.add_worksheet("clients")
        sheet.write_row(0, 0, ["id", "name"])
        sheet.write(1_048_575, 16_383, "far")
        workbook.close()
        assert _code(tmp_path / "book.xlsx") is Code.FILE_TOO_LARGE

    def test_an_archive_that_unfolds_without_end_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("telephony_adapters.imports.xlsx_tables.LARGEST_UNPACKED", 10_000)
        with zipfile.ZipFile(tmp_path / "book.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet1.xml", b"<x>" * 10_000)
        assert _code(tmp_path / "book.xlsx") is Code.FILE_TOO_LARGE

    def test_any_other_archive_is_no_workbook(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "book.xlsx", "w") as archive:
            archive.writestr("hello.txt", "hello")
        assert _code(tmp_path / "book.xlsx") is Code.FILE_UNREADABLE


_TEXT = (
    st.text(st.sampled_from("абвёЯ abcZ019+-()«»№\";,|'\n\t"), max_size=12)
    .map(str.strip)
    .filter(lambda text: not text.startswith("'"))
)


@given(
    rows=st.lists(st.tuples(_TEXT.filter(bool), _TEXT, _TEXT), max_size=8),
    separator=st.sampled_from(";,\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1251"]),
)
def test_the_same_table_through_any_form_is_the_same(
    rows: list[tuple[str, str, str]], separator: str, encoding: str
) -> None:
    """Whatever the cells hold: signs of other forms, quotes, line breaks."""
    with tempfile.TemporaryDirectory() as name:
        table = [HEADER, *map(list, rows)]
        path = csv_file(Path(name) / "clients.csv", table, separator=separator, encoding=encoding)
        assert _rows(path) == [tuple(HEADER), *rows]
        book = xlsx_file(Path(name) / "clients.xlsx", clients=table)
        assert _rows(book) == [tuple(HEADER), *rows]


def test_a_header_is_told_from_data() -> None:
    assert known_columns(["ID", "Имя", "Мобильный телефон 2", "что-то"]) == 3
    assert known_columns(["C-1", "Пётр", "8 903 123-45-67"]) == 0
