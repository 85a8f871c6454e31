"""What a header means, and which kind of table it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_adapters.imports.columns import (
    COLUMNS,
    DIRECTORY_KINDS,
    FILE_NAMES,
    PHONE_NUMBERS,
    Kind,
    Layout,
    lay_out,
)
from telephony_adapters.imports.problems import Code
from telephony_adapters.imports.tables import Row, Table


def _table(name: str, *header: str) -> Table:
    return Table(f"{name}.csv", None, Row(1, header), 0, lambda: iter(()))


def _layout(name: str, *header: str) -> Layout:
    layout, faults = lay_out(_table(name, *header), DIRECTORY_KINDS)
    assert not [fault for fault in faults if not fault.warning]
    assert layout is not None
    return layout


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (["id", "name", "permissions"], Kind.EMPLOYEES),
        (["Табельный номер", "ФИО", "Права"], Kind.EMPLOYEES),
        (["id", "employee_id", "kind", "line", "sim_number", "fmtn"], Kind.DEVICES),
        (["ID устройства", "Сотрудник", "Тип", "Линия", "Номер SIM", "SIM выдана", "Услуга FMTN"], Kind.DEVICES),
        (["ID", "Имя", "Телефоны"], Kind.CLIENTS),
        (["ID клиента", "Клиент", "Мобильный", "Рабочий телефон", "Регион"], Kind.CLIENTS),
        (["id", "client_id", "title"], Kind.INTERESTS),
        (["ID сделки", "ID клиента", "Название"], Kind.INTERESTS),
        (["id", "interest_id", "name", "phone"], Kind.CONTACTS),
        (["Номер телефона", "Причина"], Kind.DO_NOT_CALL),
    ],
)
def test_a_table_is_of_the_kind_whose_columns_it_has(header: list[str], kind: Kind) -> None:
    assert _layout("export 2026-11-23", *header).kind is kind


@pytest.mark.parametrize(
    ("name", "header", "code", "says"),
    [
        (
            "контрагенты",
            ["Код контрагента", "Наименование", "Телефон", "ИНН"],
            Code.KIND_UNKNOWN,
            "для таблицы «клиенты» нет столбца 'id (код)'",
        ),
        ("Выгрузка CRM", ["Номер договора", "ФИО", "Телефон", "Менеджер"], Code.KIND_UNKNOWN, "нет столбца 'id (код)'"),
        ("клиенты19", ["Клиент", "Телефоны"], Code.COLUMN_MISSING, "Нет столбца «id (код)»"),
        ("19clients", ["name", "phones"], Code.COLUMN_MISSING, "«id (код)»"),
        ("пулы", ["Пул", "Кто выбирает"], Code.KIND_OF_ANOTHER_COMMAND, "`telephony carousel import`"),
        ("export", ["Пул", "Номер"], Code.KIND_OF_ANOTHER_COMMAND, "Это таблица номера"),
        ("номера", ["Номер"], Code.KIND_OF_ANOTHER_COMMAND, "`telephony carousel import`"),
    ],
)
def test_people_are_never_taken_for_a_do_not_call_list(name: str, header: list[str], code: Code, says: str) -> None:
    """N3: of an export of clients without an id nobody could be called any more; it is refused, with what to do."""
    layout, faults = lay_out(_table(name, *header), DIRECTORY_KINDS)
    assert layout is None
    errors = [fault for fault in faults if not fault.warning]
    assert [fault.code for fault in errors] == [code]
    assert says in errors[0].say("ru")


@given(st.sets(st.sampled_from([column.names[-1] for column in COLUMNS[Kind.DO_NOT_CALL]]) | st.text(max_size=9)))
def test_a_do_not_call_list_has_no_other_column(header: set[str]) -> None:
    """N3."""
    layout, _ = lay_out(_table("export", *header), DIRECTORY_KINDS)
    if layout is not None and layout.kind is Kind.DO_NOT_CALL:
        assert len(layout.fields) == sum(map(bool, header))


@pytest.mark.parametrize("kind", DIRECTORY_KINDS)
def test_a_name_of_the_file_or_sheet_decides(kind: Kind) -> None:
    """In both languages, with more round it; `id` and `name` alone could be several."""
    columns = [column.field for column in COLUMNS[kind] if column.required]
    for name in FILE_NAMES[kind]:
        for written in (name, name.upper(), f"{name} 2026-11", f"{name}19", f"crm_{name.replace(' ', '_')}"):
            assert _layout(written, *columns).kind is kind


def test_columns_of_several_kinds_need_a_name() -> None:
    layout, (fault,) = lay_out(_table("export", "id", "name"), DIRECTORY_KINDS)
    assert layout is None
    assert fault.code is Code.KIND_AMBIGUOUS
    assert "employees" in fault.say()
    assert "clients" in fault.say()


def test_columns_of_no_kind_say_which_names_there_are() -> None:
    layout, (fault,) = lay_out(_table("export", "colour", "size"), DIRECTORY_KINDS)
    assert layout is None
    assert fault.code is Code.KIND_UNKNOWN
    assert "клиенты" in fault.say("ru")


@pytest.mark.parametrize("kind", Kind)
def test_each_name_of_a_column_is_known_however_it_is_written(kind: Kind) -> None:
    """Case, spaces, underscores, stars, colons, `ё`."""
    required = {column.field: column.names[0] for column in COLUMNS[kind] if column.required}
    for column in COLUMNS[kind]:
        for name in column.names:
            for written in (name, name.upper(), f"  {name.replace(' ', '_')} *:", name.replace("е", "ё")):
                rest = [each for field, each in required.items() if field != column.field]
                layout, faults = lay_out(_table(FILE_NAMES[kind][0], *rest, written), tuple(Kind))
                assert layout is not None, (written, faults)
                assert layout.has(column.field), written


def test_a_missing_column_is_named() -> None:
    layout, (fault,) = lay_out(_table("devices", "id", "employee", "line"), DIRECTORY_KINDS)
    assert layout is None
    assert fault.code is Code.COLUMN_MISSING
    assert "kind (вид)" in fault.say()


def test_a_column_twice_is_refused_and_an_unknown_one_left_out_with_a_word() -> None:
    layout, faults = lay_out(_table("clients", "id", "name", "Имя", "shoe size"), DIRECTORY_KINDS)
    assert layout is None
    assert [(fault.code, fault.warning) for fault in faults] == [
        (Code.COLUMN_TWICE, False),
        (Code.COLUMN_UNKNOWN, True),
    ]


@pytest.mark.parametrize(
    ("header", "cells", "numbers"),
    [
        (["Телефоны"], ["1; 2"], [("1; 2", None)]),
        (["Телефон", "Телефон 2"], ["1", "2"], [("1", None), ("2", None)]),
        (["Мобильный телефон", "Рабочий телефон"], ["1", "2"], [("1", "Мобильный"), ("2", "Рабочий")]),
        (["Мобильный", "Телефон (дом)"], ["1", "2"], [("1", "Мобильный"), ("2", "дом")]),
        (["phone", "label", "phone_2", "phone 2 label"], ["1", "work", "2", "home"], [("1", "work"), ("2", "home")]),
        (["Телефон 1", "Метка 1", "Телефон 2"], ["1", "раб", "2"], [("1", "раб"), ("2", None)]),
        (["Телефон", "Телефон 2"], ["", "2"], [("2", None)]),
        (["Номер телефона", "номера"], ["1", "2"], [("1", None), ("2", None)]),
    ],
)
def test_numbers_in_several_columns_with_labels(
    header: list[str], cells: list[str], numbers: list[tuple[str, str | None]]
) -> None:
    layout = _layout("clients", "id", "name", *header)
    record = layout.record(Row(2, ("C-1", "x", *cells)))
    assert record[PHONE_NUMBERS] == [{"number": number, "label": label} for number, label in numbers]


def test_a_number_of_something_else_is_no_phone() -> None:
    layout, faults = lay_out(_table("clients", "id", "name", "Номер договора", "Телефон"), DIRECTORY_KINDS)
    assert layout is not None
    assert [*layout.phones] == [3]
    assert [fault.code for fault in faults] == [Code.COLUMN_UNKNOWN]


@given(st.permutations(["id", "name", "регион", "телефон", "не звонить", "owner"]))
def test_the_order_of_columns_does_not_matter(header: list[str]) -> None:
    values = {"id": "C-1", "name": "x", "регион": "RU-MOW", "телефон": "1", "не звонить": "да", "owner": "E-1"}
    record = _layout("clients", *header).record(Row(2, tuple(values[name] for name in header)))
    assert record == {
        "id": "C-1",
        "name": "x",
        "regions": "RU-MOW",
        "do_not_call": "да",
        "owner_id": "E-1",
        PHONE_NUMBERS: [{"number": "1", "label": None}],
    }
