"""Directory files are taken whole or not at all; every bad line is named; the second time nothing changes."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.imports.shelf import Shelf, csv_file, xlsx_file

from telephony_adapters.imports.columns import Kind
from telephony_adapters.imports.directory_files import Imported, import_directory
from telephony_adapters.imports.directory_merge import DirectoryStock
from telephony_adapters.imports.own_stock import OwnStock
from telephony_adapters.imports.problems import Code
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import upgrade
from telephony_core.device import IpPhone, Mobile
from telephony_core.errors import DirectoryUnavailable
from telephony_core.party import Client, Contact, Employee, EnteredNumber, Interest, Permission
from telephony_core.phone import PhoneNumber

EMPLOYEES: Sequence[Sequence[str]] = [
    ["id", "name", "permissions"],
    ["E-1", "Анна", ""],
    ["E-2", "Борис", "call, administer"],
]
DEVICES: Sequence[Sequence[object]] = [
    ["id", "employee", "kind", "line", "sim number", "sim issued", "fmtn", "preferred"],
    ["D-1", "E-1", "ip-телефон", "1017@pbx", "", "", "", "да"],
    ["D-2", "E-1", "мобильный", "2@pbx", 79031110001, dt.date(2026, 9, 1), True, ""],
]
CLIENTS = [["id", "имя", "телефоны", "не звонить"], ["C-1", "Пётр", "8 903 123-45-67; 8 383 212-34-56", ""]]
INTERESTS = [["id", "client id", "title"], ["I-1", "C-1", "дом у реки"]]
CONTACTS = [["id", "interest id", "name", "phone"], ["K-1", "I-1", "Ольга", "8 913 912-34-56"]]
MARKS = [["номер телефона"], ["8 903 999-00-00"]]
BOOK: Mapping[str, Sequence[Sequence[object]]] = {
    "Сотрудники": EMPLOYEES,
    "Устройства": DEVICES,
    "Клиенты": CLIENTS,
    "Интересы": INTERESTS,
    "Контакты": CONTACTS,
    "Не звонить": MARKS,
}
NEW = {
    Kind.EMPLOYEES: (2, 0, 0),
    Kind.DEVICES: (2, 0, 0),
    Kind.CLIENTS: (1, 0, 0),
    Kind.INTERESTS: (1, 0, 0),
    Kind.DO_NOT_CALL: (1, 0, 0),
}


@pytest.fixture(params=["shelf", "own"])
async def stock(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DirectoryStock]:
    if request.param == "shelf":
        yield Shelf()
        return
    url = f"sqlite:///{tmp_path}/store.db"
    await upgrade(url)
    engine = open_store(url)
    yield OwnStock(engine)
    await engine.dispose()


def _counts(outcome: Imported) -> dict[Kind, tuple[int, int, int]]:
    assert not outcome.errors, [problem.say() for problem in outcome.problems]
    return {kind: (each.added, each.changed, each.unchanged) for kind, each in outcome.counts.items()}


def _places(outcome: Imported) -> list[tuple[str, int | None, str | None, Code]]:
    return [(each.file, each.line, each.column, each.code) for each in outcome.problems]


async def _one(stock: DirectoryStock, kind: Kind, thing_id: str) -> Any:
    return (await stock.stored(kind, [thing_id])).get(thing_id)


class TestAWholeBook:
    async def test_each_sheet_is_taken_as_what_it_is(self, stock: DirectoryStock, tmp_path: Path) -> None:
        outcome = await import_directory([xlsx_file(tmp_path / "company.xlsx", **BOOK)], stock)
        assert _counts(outcome) == NEW
        assert outcome.taken
        assert (outcome.lines, outcome.warnings) == (8, 0)
        assert await _one(stock, Kind.EMPLOYEES, "E-2") == Employee(
            "E-2", "Борис", permissions=frozenset({Permission.CALL, Permission.ADMINISTER})
        )
        mobile = await _one(stock, Kind.DEVICES, "D-2")
        assert isinstance(mobile, Mobile)
        assert mobile.sim is not None
        assert mobile.fmtn
        assert mobile.sim.number == PhoneNumber("+79031110001")
        assert mobile.sim.issued_at == dt.datetime(2026, 8, 31, 21, tzinfo=dt.UTC)
        client = await _one(stock, Kind.CLIENTS, "C-1")
        assert [number.as_entered for number in client.numbers] == ["8 903 123-45-67", "8 383 212-34-56"]
        interest = await _one(stock, Kind.INTERESTS, "I-1")
        assert [contact.name for contact in interest.contacts] == ["Ольга"]
        marked = PhoneNumber("+79039990000")
        assert await stock.marked([marked, PhoneNumber("+79030000000")]) == {marked}

    async def test_the_second_time_nothing_changes_and_it_says_so(self, stock: DirectoryStock, tmp_path: Path) -> None:
        path = xlsx_file(tmp_path / "company.xlsx", **BOOK)
        await import_directory([path], stock)
        before = await _one(stock, Kind.CLIENTS, "C-1")
        again = await import_directory([path], stock)
        assert _counts(again) == {kind: (0, 0, added) for kind, (added, _, _) in NEW.items()}
        assert again.nothing_changed
        assert await _one(stock, Kind.CLIENTS, "C-1") == before, "ids of numbers are stable"

    async def test_a_dry_run_says_what_would_be_and_does_nothing(self, stock: DirectoryStock, tmp_path: Path) -> None:
        path = xlsx_file(tmp_path / "company.xlsx", **BOOK)
        dry = await import_directory([path], stock, dry_run=True)
        assert _counts(dry) == NEW
        assert not dry.taken
        assert await _one(stock, Kind.CLIENTS, "C-1") is None
        await import_directory([path], stock)
        again = await import_directory([path], stock, dry_run=True)
        assert again.nothing_changed
        assert again.counts[Kind.CLIENTS].unchanged == 1

    async def test_files_of_one_run_may_refer_to_each_other_in_any_order(
        self, stock: DirectoryStock, tmp_path: Path
    ) -> None:
        tables = {"contacts": CONTACTS, "interests": INTERESTS, "clients": CLIENTS}
        paths = [csv_file(tmp_path / f"{name}.csv", table) for name, table in tables.items()]
        assert _counts(await import_directory(paths, stock)) == {Kind.CLIENTS: (1, 0, 0), Kind.INTERESTS: (1, 0, 0)}

    async def test_a_table_without_lines_is_said_to_have_none(self, tmp_path: Path) -> None:
        done = await import_directory([csv_file(tmp_path / "clients.csv", [["id", "name"]])], Shelf())
        assert [(each.code, each.line, each.warning) for each in done.problems] == [(Code.NO_LINES, 1, True)]
        assert (done.lines, done.errors) == (0, 0)

    async def test_progress_goes_up_to_the_end(self, tmp_path: Path) -> None:
        rows = [[f"C-{place}", "x"] for place in range(2500)]
        path = csv_file(tmp_path / "clients.csv", [["id", "name"], *rows])
        seen: list[tuple[int, int]] = []
        await import_directory([path], Shelf(), progress=lambda done, of: seen.append((done, of)))
        assert seen == [(1000, 2500), (2000, 2500), (2500, 2500)]


class TestWholeOrNotAtAll:
    async def test_one_bad_line_stops_all_and_is_named(self, stock: DirectoryStock, tmp_path: Path) -> None:
        """File, line, column, reason; and what was right is not stored either, of no file of the run."""
        clients = csv_file(tmp_path / "clients.csv", [["id", "имя", "не звонить"], ["C-1", "x", ""], ["C-2", "y", "?"]])
        employees = csv_file(tmp_path / "employees.csv", EMPLOYEES)
        outcome = await import_directory([employees, clients], stock)
        assert _places(outcome) == [("clients.csv", 3, "не звонить", Code.NOT_YES_OR_NO)]
        assert not outcome.taken
        assert outcome.counts == {}
        assert await _one(stock, Kind.CLIENTS, "C-1") is None
        assert await _one(stock, Kind.EMPLOYEES, "E-1") is None
        assert (
            outcome.problems[0].say("ru").startswith('clients.csv, строка 3, столбец "не звонить": «?» — ни да, ни нет')
        )

    async def test_every_bad_line_is_named_not_only_the_first(self, tmp_path: Path) -> None:
        table = [["id", "name"], ["C-1", ""], ["", "x"], ["C-1", "y"], ["C-1", "z"], ["C-2", "a", "b"]]
        outcome = await import_directory([csv_file(tmp_path / "clients.csv", table)], Shelf())
        assert _places(outcome) == [
            ("clients.csv", 2, "name", Code.REQUIRED),
            ("clients.csv", 3, "id", Code.REQUIRED),
            ("clients.csv", 5, "id", Code.ID_TWICE),
            ("clients.csv", 6, None, Code.TOO_MANY_CELLS),
        ]
        assert "line 4" in outcome.problems[2].say()

    async def test_of_too_many_problems_all_are_counted(self, tmp_path: Path) -> None:
        rows = [["", "x"] for _ in range(1200)]
        outcome = await import_directory([csv_file(tmp_path / "clients.csv", [["id", "name"], *rows])], Shelf())
        assert (outcome.errors, len(outcome.problems)) == (1200, 1000)

    async def test_a_line_that_cannot_be_read_stops_all(self, tmp_path: Path) -> None:
        path = tmp_path / "clients.csv"
        path.write_text('id;name\nC-1;x\nC-2;"open\n')
        shelf = Shelf()
        assert _places(await import_directory([path], shelf)) == [("clients.csv", 3, None, Code.QUOTES_OPEN)]
        assert shelf.puts == 0

    async def test_no_message_shows_a_number_in_full(self, tmp_path: Path) -> None:
        """P1: also where columns have shifted and a number stands where none belongs."""
        table = [["id", "name", "не звонить", "телефон"], ["8 903 123-45-67", "x", "+79031234567", "903 123-45-67 0"]]
        outcome = await import_directory([csv_file(tmp_path / "clients.csv", table)], Shelf())
        said = "".join(problem.say(language) for problem in outcome.problems for language in ("ru", "en"))
        assert len(outcome.problems) == 3
        assert "123-45" not in said
        assert "12345" not in said

    async def test_a_date_that_is_none_is_shown_as_it_stands(self, tmp_path: Path) -> None:
        """It is to be found and mended; only what may be a number is masked."""
        header = ["id", "employee", "kind", "line", "sim number", "sim issued"]
        for date in ("31.02.2026", "2026-02-31", "2026-02-31 09:15", "31.02.2026 9:15"):
            rows = [["D-1", "E-1", "mobile", "1", "89031110001", date]]
            path = csv_file(tmp_path / "devices.csv", [header, *rows])
            outcome = await import_directory([path], Shelf((Kind.EMPLOYEES, Employee("E-1", "x"))))
            assert f"«{date}» — не дата" in outcome.problems[0].say("ru")

    async def test_a_directory_that_is_away_is_told(self, tmp_path: Path) -> None:
        class Away(Shelf):
            async def put(self, things: Any) -> Any:
                raise DirectoryUnavailable

        with pytest.raises(DirectoryUnavailable):
            await import_directory([csv_file(tmp_path / "employees.csv", EMPLOYEES)], Away())


class TestReferences:
    @pytest.mark.parametrize(
        ("name", "table", "column", "what"),
        [
            ("devices", [["id", "employee", "kind", "line"], ["D-1", "E-9", "ip", "1"]], "employee", "employee 'E-9'"),
            ("interests", [["id", "client id"], ["I-1", "C-9"]], "client id", "client 'C-9'"),
            ("contacts", [["id", "interest", "name"], ["K-1", "I-9", "x"]], "interest", "interest 'I-9'"),
        ],
    )
    async def test_what_is_referred_to_must_be_there(
        self, stock: DirectoryStock, tmp_path: Path, name: str, table: list[list[str]], column: str, what: str
    ) -> None:
        outcome = await import_directory([csv_file(tmp_path / f"{name}.csv", table)], stock)
        assert _places(outcome) == [(f"{name}.csv", 2, column, Code.REFERENCE_UNKNOWN)]
        assert what in outcome.problems[0].say()

    async def test_what_is_stored_may_be_referred_to(self, stock: DirectoryStock, tmp_path: Path) -> None:
        for name, table in (("clients", CLIENTS), ("interests", INTERESTS), ("contacts", CONTACTS)):
            outcome = await import_directory([csv_file(tmp_path / f"{name}.csv", table)], stock)
            assert not outcome.errors, outcome.problems

    async def test_one_preferred_device_for_each_employee(self, tmp_path: Path) -> None:
        rows = [[f"D-{place}", "E-1", "ip", f"{place}", "да"] for place in (1, 2)]
        devices = csv_file(tmp_path / "devices.csv", [["id", "employee", "kind", "line", "preferred"], *rows])
        outcome = await import_directory([csv_file(tmp_path / "employees.csv", EMPLOYEES), devices], Shelf())
        assert _places(outcome) == [("devices.csv", 3, "preferred", Code.SECOND_PREFERRED)]

    async def test_an_owner_whom_nobody_knows_is_noticed_once(self, stock: DirectoryStock, tmp_path: Path) -> None:
        """Of clients and of interests; they are taken, and the first line of each such owner is named."""
        clients = [["id", "имя", "owner"], ["C-1", "x", "E-8"], ["C-2", "x", "E-1"], ["C-3", "x", "E-8"]]
        tables = {"employees": EMPLOYEES, "clients": clients, "interests": [*INTERESTS[:1], ["I-1", "C-1", "x"]]}
        paths = [csv_file(tmp_path / f"{name}.csv", table) for name, table in tables.items()]
        outcome = await import_directory(paths, stock)
        assert outcome.taken
        (problem,) = outcome.problems
        assert (problem.line, problem.column, problem.code, problem.warning) == (
            2,
            "owner",
            Code.REFERENCE_UNKNOWN,
            True,
        )
        assert "Нет сотрудника «E-8» (строк с ним: 2)" in problem.say("ru")

    async def test_what_hangs_together_is_told_with_what_is_wrong_in_cells(self, tmp_path: Path) -> None:
        """One run shows it all: no reference to a line that has another fault is called unknown."""
        employees = [["id", "name", "active"], ["E-1", "x", "perhaps"]]
        devices = [
            ["id", "employee", "kind", "line", "preferred"],
            ["D-1", "E-1", "fax", "1", "да"],
            ["D-2", "E-1", "ip", "2", "да"],
            ["D-3", "E-9", "ip", "?" * 201, ""],
        ]
        tables = {"employees": employees, "devices": devices}
        outcome = await import_directory(
            [csv_file(tmp_path / f"{name}.csv", table) for name, table in tables.items()], Shelf()
        )
        assert {(each.file, each.line, each.code) for each in outcome.problems} == {
            ("employees.csv", 2, Code.NOT_YES_OR_NO),
            ("devices.csv", 2, Code.NOT_ONE_OF),
            ("devices.csv", 3, Code.SECOND_PREFERRED),
            ("devices.csv", 4, Code.TOO_LONG),
            ("devices.csv", 4, Code.REFERENCE_UNKNOWN),
        }

    async def test_warnings_hide_no_error(self, tmp_path: Path) -> None:
        rows = [[f"C-{place}", "x", "?"] for place in range(1100)]
        table = [["id", "name", "phone"], *rows, ["", "x", ""]]
        outcome = await import_directory([csv_file(tmp_path / "clients.csv", table)], Shelf())
        assert (outcome.errors, outcome.warnings) == (1, 1100)
        assert [each.code for each in outcome.problems if not each.warning] == [Code.REQUIRED]


class TestDevicesTogether:
    HEADER = ("id", "employee", "kind", "line", "sim number", "sim issued", "sim returned", "preferred", "active")

    async def _take(self, stock: DirectoryStock, folder: Path, *rows: tuple[str, ...]) -> Imported:
        files = [csv_file(folder / "employees.csv", EMPLOYEES), csv_file(folder / "devices.csv", [self.HEADER, *rows])]
        return await import_directory(files, stock)

    @pytest.mark.parametrize(
        ("one", "other", "codes"),
        [
            (("ip", "1@pbx"), ("ip", "1@pbx"), [Code.LINE_OF_ANOTHER]),
            (("mobile", "1@pbx", "89031110001", "01.09.2026"), ("ip", "1@pbx"), [Code.LINE_OF_ANOTHER]),
            (
                ("mobile", "1@pbx", "89031110001", "01.09.2026"),
                ("mobile", "2@pbx", "+79031110001", "01.10.2026"),
                [Code.SIM_OF_ANOTHER],
            ),
            (
                ("mobile", "1@pbx", "89031110001", "01.09.2026", "30.09.2026"),
                ("mobile", "1@pbx", "+79031110001", "01.10.2026"),
                [],
            ),
            (("ip", "1@pbx", "", "", "", "", "нет"), ("ip", "1@pbx"), []),
            (("ip", "1@pbx"), ("ip", "2@pbx"), []),
        ],
    )
    async def test_a_line_and_a_sim_are_of_one_employee_at_a_time(
        self,
        stock: DirectoryStock,
        tmp_path: Path,
        one: tuple[str, ...],
        other: tuple[str, ...],
        codes: list[Code],
    ) -> None:
        """D1: by them reports are known for somebody's call. In one file, and against what is stored."""
        first, second = ("D-1", "E-1", *one), ("D-2", "E-2", *other)
        both = await self._take(stock, tmp_path, first, second)
        assert [(each.line, each.code) for each in both.problems] == [(3, code) for code in codes]
        await self._take(stock, tmp_path, first)
        later = await self._take(stock, tmp_path, second)
        assert [(each.line, each.code) for each in later.problems] == [(2, code) for code in codes]
        assert all("D-1" in each.say("ru") and "E-1" in each.say("en") for each in later.problems)
        assert (await self._take(stock, tmp_path, ("D-3", "E-1", *one))).errors == 0, "one's own may be shared"

    async def test_the_mark_passes_to_the_new_preferred_device(self, stock: DirectoryStock, tmp_path: Path) -> None:
        """Not two of them, whichever import they came with; and it is said."""
        await self._take(stock, tmp_path, ("D-1", "E-1", "ip", "1@pbx", "", "", "", "да"))
        outcome = await self._take(stock, tmp_path, ("D-2", "E-1", "ip", "2@pbx", "", "", "", "да"))
        assert _counts(outcome)[Kind.DEVICES] == (1, 1, 0)
        assert [(each.line, each.code, each.warning) for each in outcome.problems] == [(2, Code.PREFERRED_TAKEN, True)]
        devices = await stock.stored(Kind.DEVICES, ["D-1", "D-2"])
        assert {each.id: each.preferred for each in devices.values()} == {"D-1": False, "D-2": True}

    async def test_a_device_that_passes_on_is_nobodys_preferred_one(
        self, stock: DirectoryStock, tmp_path: Path
    ) -> None:
        await self._take(stock, tmp_path, ("D-1", "E-1", "ip", "1@pbx", "", "", "", "да"))
        moved = [["id", "employee", "kind", "line"], ["D-1", "E-2", "ip", "1@pbx"]]
        await import_directory([csv_file(tmp_path / "devices.csv", moved)], stock)
        device = await _one(stock, Kind.DEVICES, "D-1")
        assert (device.employee_id, device.preferred) == ("E-2", False)

    async def test_a_sim_without_a_date_of_issue_is_noticed(self, stock: DirectoryStock, tmp_path: Path) -> None:
        """D1: it can't be called from. A file without that column keeps the date that is stored."""
        row = ("D-1", "E-1", "mobile", "1@pbx", "89031110001")
        outcome = await self._take(stock, tmp_path, row)
        assert [(each.line, each.column, each.code) for each in outcome.problems] == [
            (2, "sim issued", Code.SIM_NOT_ISSUED)
        ]
        assert outcome.taken
        await self._take(stock, tmp_path, (*row, "01.09.2026"))
        short = csv_file(tmp_path / "devices.csv", [self.HEADER[:5], row])
        assert (await import_directory([short], stock)).problems == ()
        assert (await _one(stock, Kind.DEVICES, "D-1")).sim.issued_at == dt.datetime(2026, 8, 31, 21, tzinfo=dt.UTC)


class TestDoNotCall:
    async def test_a_mark_is_taken_away_by_name(self, stock: DirectoryStock, tmp_path: Path) -> None:
        """A list with the column `lifted`; the second time nothing changes, and of a dry run neither."""
        barred, other = PhoneNumber("+79039990000"), PhoneNumber("+79039990001")
        marks = csv_file(tmp_path / "do not call.csv", [["Телефон"], [barred.e164], [other.e164]])
        lifted = csv_file(tmp_path / "не звонить.csv", [["Телефон", "Снять"], ["8 903 999-00-00", "да"]])
        await import_directory([marks], stock)
        for dry_run in (True, False):
            outcome = await import_directory([lifted], stock, dry_run=dry_run)
            count = outcome.counts[Kind.DO_NOT_CALL]
            assert (count.added, count.unchanged, count.removed) == (0, 0, 1)
            assert not outcome.nothing_changed
        assert await stock.marked([barred, other]) == {other}
        assert (await import_directory([lifted], stock)).nothing_changed

    async def test_one_number_is_not_barred_and_freed_at_once(self, tmp_path: Path) -> None:
        table = [["Телефон", "Снять"], ["89039990000", ""], ["+7 903 999-00-00", "да"]]
        outcome = await import_directory([csv_file(tmp_path / "dnc.csv", table)], Shelf())
        assert _places(outcome) == [("dnc.csv", 3, "Снять", Code.MARK_CONTRADICTED)]


class TestWorkbooks:
    async def test_a_further_sheet_is_left_out_with_a_word(self, tmp_path: Path) -> None:
        """Totals, notes, and the carousel's sheets in a book of the whole company."""
        book = {**BOOK, "Итоги": [["Всего", "Сумма"], ["12", "3"]], "Пулы": [["Пул", "Кто выбирает"], ["a", "мы"]]}
        outcome = await import_directory([xlsx_file(tmp_path / "company.xlsx", **book)], Shelf())
        assert _counts(outcome) == NEW
        assert [(each.sheet, each.code, each.warning) for each in outcome.problems] == [
            ("Итоги", Code.SHEET_LEFT_OUT, True),
            ("Пулы", Code.SHEET_LEFT_OUT, True),
        ]
        assert "`telephony carousel import`" in outcome.problems[1].say("ru")

    async def test_a_book_without_any_sheet_that_fits_is_refused(self, tmp_path: Path) -> None:
        outcome = await import_directory([xlsx_file(tmp_path / "x.xlsx", Итоги=[["Всего"], ["1"]])], Shelf())
        assert [(each.sheet, each.code) for each in outcome.problems] == [("Итоги", Code.KIND_UNKNOWN)]
        assert not outcome.taken


class TestWhatAFileDoesNotSay:
    async def test_a_column_that_is_not_there_leaves_what_is_stored(
        self, stock: DirectoryStock, tmp_path: Path
    ) -> None:
        """N3: a file without 'do not call' takes no mark away."""
        full = [
            ["id", "name", "phone", "region", "do not call", "owner"],
            ["C-1", "Пётр", "8 903 123-45-67", "RU-NVS", "да", "E-1"],
        ]
        await import_directory([csv_file(tmp_path / "clients.csv", full)], stock)
        before: Client = await _one(stock, Kind.CLIENTS, "C-1")
        short = csv_file(tmp_path / "clients.csv", [["id", "name"], ["C-1", "Пётр Ильич"]])
        assert _counts(await import_directory([short], stock)) == {Kind.CLIENTS: (0, 1, 0)}
        assert await _one(stock, Kind.CLIENTS, "C-1") == evolve(before, name="Пётр Ильич")

    async def test_an_empty_cell_of_a_column_that_is_there_clears(self, stock: DirectoryStock, tmp_path: Path) -> None:
        header = ["id", "name", "phone", "owner"]
        await import_directory(
            [csv_file(tmp_path / "clients.csv", [header, ["C-1", "x", "89031234567", "E-1"]])], stock
        )
        await import_directory([csv_file(tmp_path / "clients.csv", [header, ["C-1", "x", "", ""]])], stock)
        assert await _one(stock, Kind.CLIENTS, "C-1") == Client("C-1", "x")

    async def test_permissions_and_devices_keep_what_is_not_said(self, stock: DirectoryStock, tmp_path: Path) -> None:
        await import_directory([xlsx_file(tmp_path / "company.xlsx", **BOOK)], stock)
        device, employee = await _one(stock, Kind.DEVICES, "D-2"), await _one(stock, Kind.EMPLOYEES, "E-2")
        paths = [
            csv_file(tmp_path / "employees.csv", [["id", "name"], ["E-2", "Борис"]]),
            csv_file(tmp_path / "devices.csv", [["id", "employee", "kind", "line"], ["D-2", "E-1", "mobile", "3@pbx"]]),
        ]
        await import_directory(paths, stock)
        assert await _one(stock, Kind.DEVICES, "D-2") == evolve(device, line="3@pbx")
        assert await _one(stock, Kind.EMPLOYEES, "E-2") == employee

    async def test_a_device_of_another_kind_keeps_nothing_of_the_old(self, tmp_path: Path) -> None:
        shelf = Shelf(
            (Kind.EMPLOYEES, Employee("E-1", "x")), (Kind.DEVICES, IpPhone("D-1", "E-1", "a", "beeline", "1"))
        )
        path = csv_file(tmp_path / "devices.csv", [["id", "employee", "kind", "line"], ["D-1", "E-1", "mobile", "2"]])
        await import_directory([path], shelf)
        assert shelf.things[Kind.DEVICES]["D-1"] == Mobile("D-1", "E-1", "2", "beeline", "2", None, fmtn=False)

    async def test_interests_keep_contacts_that_no_table_names(self, stock: DirectoryStock, tmp_path: Path) -> None:
        await import_directory([xlsx_file(tmp_path / "company.xlsx", **BOOK)], stock)
        before: Interest = await _one(stock, Kind.INTERESTS, "I-1")
        table = [["id", "client id", "title"], ["I-1", "C-1", "дача"]]
        await import_directory([csv_file(tmp_path / "interests.csv", table)], stock)
        assert await _one(stock, Kind.INTERESTS, "I-1") == evolve(before, title="дача")

    async def test_a_table_of_contacts_says_all_of_an_interest(self, stock: DirectoryStock, tmp_path: Path) -> None:
        await import_directory([xlsx_file(tmp_path / "company.xlsx", **BOOK)], stock)
        table = [["id", "interest id", "name"], ["K-2", "I-1", "Глеб"], ["K-3", "I-1", "Инна"]]
        outcome = await import_directory([csv_file(tmp_path / "contacts.csv", table)], stock)
        assert _counts(outcome) == {Kind.INTERESTS: (0, 1, 0)}
        interest = await _one(stock, Kind.INTERESTS, "I-1")
        assert interest.contacts == (Contact("K-2", "Глеб"), Contact("K-3", "Инна"))
        assert interest.title == "дом у реки"

    async def test_a_number_keeps_its_own_marks_however_it_is_typed(self, tmp_path: Path) -> None:
        """N3: a file has no column for 'do not call' of one number, so it can't take it away."""
        numbers = (EnteredNumber("n-1", "8 903 123-45-67", None, True, True), EnteredNumber("n-2", "84951234567"))
        shelf = Shelf((Kind.CLIENTS, Client("C-1", "x", numbers)))
        table = [["id", "name", "phones"], ["C-1", "x", "+7 495 123-45-67; +7(903)123-45-67"]]
        await import_directory([csv_file(tmp_path / "clients.csv", table)], shelf)
        assert [
            (each.as_entered, each.primary, each.do_not_call) for each in shelf.things[Kind.CLIENTS]["C-1"].numbers
        ] == [
            ("+7 495 123-45-67", False, False),
            ("+7(903)123-45-67", True, True),
        ]


_NAMES = (
    st.text(st.sampled_from("абвЯё «»;,|\t'\"-abc"), min_size=1, max_size=9)
    .map(str.strip)
    .filter(lambda name: name and not name.startswith("'"))
)


@given(
    rows=st.lists(st.tuples(_NAMES, st.integers(79000000000, 79999999999), st.booleans()), min_size=1, max_size=6),
    separator=st.sampled_from(";,\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1251"]),
)
async def test_the_same_records_through_any_form(
    rows: list[tuple[str, int, bool]], separator: str, encoding: str
) -> None:
    header = ["ID", "Имя", "Телефон", "Не звонить"]
    typed = [
        [f"C-{place}", name, str(number), "да" if mark else "нет"] for place, (name, number, mark) in enumerate(rows)
    ]
    kept = [[f"C-{place}", name, number, mark] for place, (name, number, mark) in enumerate(rows)]
    with tempfile.TemporaryDirectory() as folder:
        by_csv, by_xlsx = Shelf(), Shelf()
        path = csv_file(Path(folder) / "клиенты.csv", [header, *typed], separator=separator, encoding=encoding)
        await import_directory([path], by_csv)
        await import_directory([xlsx_file(Path(folder) / "book.xlsx", Клиенты=[header, *kept])], by_xlsx)
    assert by_csv.things == by_xlsx.things
    assert [client.name for client in by_csv.things[Kind.CLIENTS].values()] == [name for name, _, _ in rows]
