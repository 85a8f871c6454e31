"""What a header means: kinds of tables, their columns by Russian and English names, and which kind a table is.

Names are compared without case, spaces round them, `_`, `.`, `*`, `:` and the difference of `ё` and `е`. A table is of
the kind that its sheet or file is named for, else of the one whose columns it has. A do-not-call list is told by its
columns only where it has no others: any table of people has numbers, and all of them would be barred.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from attrs import frozen

from telephony_adapters.imports.problems import Both, Code, Fault, about
from telephony_adapters.imports.tables import Row, Table


class Kind(StrEnum):
    """What a table's lines are, in the order in which they are taken in: later ones refer to earlier ones."""

    EMPLOYEES = "employees"
    DEVICES = "devices"
    CLIENTS = "clients"
    INTERESTS = "interests"
    CONTACTS = "contacts"
    DO_NOT_CALL = "do_not_call"
    POOLS = "pools"
    NUMBERS = "numbers"


DIRECTORY_KINDS = tuple(Kind)[:6]
CAROUSEL_KINDS = tuple(Kind)[6:]

_COMMANDS = {
    **dict.fromkeys(DIRECTORY_KINDS, "telephony directory import"),
    **dict.fromkeys(CAROUSEL_KINDS, "telephony carousel import"),
}

PHONE_NUMBERS = "phone_numbers"


@frozen
class Column:
    """A field and the names by which its column is known, the documented ones first."""

    field: str
    names: tuple[str, ...]
    required: bool = False


def _columns(text: str) -> tuple[Column, ...]:
    found = []
    for line in text.strip().splitlines():
        field, _, names = line.strip().partition(":")
        required = field.endswith("*")
        field = field.rstrip("*")
        known = dict.fromkeys([field.replace("_", " "), *(name.strip() for name in names.split(","))])
        found.append(Column(field, tuple(known), required))
    return tuple(found)


COLUMNS: Mapping[Kind, tuple[Column, ...]] = {
    # field (* required): names beside the field's own
    Kind.EMPLOYEES: _columns("""
        id*: код, ид, employee id, id сотрудника, код сотрудника, табельный номер
        name*: имя, фио, сотрудник, full name, имя сотрудника
        active: активен, работает
        permissions: права, разрешения
        """),
    Kind.DEVICES: _columns("""
        id*: код, ид, device id, id устройства, код устройства
        employee_id*: employee, id сотрудника, код сотрудника, сотрудник, табельный номер
        kind*: type, вид, тип
        label: name, название, наименование, метка, имя
        provider: провайдер, оператор
        line*: user id, линия, абонент, id абонента
        number: direct number, прямой номер, городской номер
        active: активно, активен, работает
        preferred: основное, основной, предпочтительное
        sim_number: sim, номер sim, номер сим, номер sim-карты, корпоративный номер
        sim_issued: sim issued at, issued, sim выдана, сим выдана, выдана, дата выдачи sim
        sim_returned: sim returned at, returned, sim возвращена, сим возвращена, возвращена, дата возврата sim
        fmtn: услуга fmtn, фмтн
        """),
    Kind.CLIENTS: _columns("""
        id*: код, ид, client id, id клиента, код клиента
        name*: имя, фио, название, наименование, клиент, имя клиента, full name, компания
        phone_numbers: телефоны, телефон, phones, phone, phone number
        regions: region, регион, регионы, субъект
        do_not_call: dnc, не звонить
        owner_id: owner, ответственный, менеджер, id ответственного, код ответственного
        """),
    Kind.INTERESTS: _columns("""
        id*: код, ид, interest id, deal id, lead id, id интереса, код интереса, id сделки
        client_id*: client, id клиента, код клиента, клиент
        title: name, название, наименование, тема, интерес, предмет
        owner_id: owner, ответственный, менеджер, id ответственного, код ответственного
        """),
    Kind.CONTACTS: _columns("""
        id*: код, ид, contact id, id контакта, код контакта
        interest_id*: interest, deal id, lead id, id интереса, код интереса, интерес, id сделки
        name*: имя, фио, контакт, имя контакта, full name
        phone_numbers: телефоны, телефон, phones, phone, phone number
        """),
    Kind.DO_NOT_CALL: _columns("""
        number*: phone, phone number, номер, телефон, номер телефона, phone numbers, телефоны
        reason: comment, note, причина, комментарий, примечание
        lifted: lift, снять, снята, отменить
        """),
    Kind.POOLS: _columns("""
        id*: pool, pool id, пул, код, ид, id пула, код пула
        title: name, название, наименование
        provider: провайдер, оператор
        chosen_by*: who chooses, кто выбирает, выбирает
        regions*: region, регионы, регион, субъекты
        default: is default, по умолчанию, основной
        order: порядок
        chain: цепочка, запасные пулы
        when_exhausted: когда исчерпан, при исчерпании
        per_day: shows per day, показов в день
        rest_seconds: пауза секунд, пауза, пауза в секундах
        warm_up: прогрев
        declaration_required: требуется декларация, нужна декларация
        """),
    Kind.NUMBERS: _columns("""
        pool_id*: pool, пул, id пула, код пула
        generation_id: generation, поколение, id поколения, код поколения
        activates_at: since, действует с, начало
        number*: номер, phone, phone number, телефон
        declared_since: declared, декларация с, объявлен с
        quarantine_reason: quarantine, карантин, причина карантина
        quarantined_by: карантин кем, кем
        quarantined_since: карантин с
        confirmed_at: confirmed, подтверждено
        """),
}

FILE_NAMES: Mapping[Kind, tuple[str, ...]] = {
    Kind.EMPLOYEES: ("employees", "сотрудники"),
    Kind.DEVICES: ("devices", "устройства"),
    Kind.CLIENTS: ("clients", "клиенты"),
    Kind.INTERESTS: ("interests", "интересы"),
    Kind.CONTACTS: ("contacts", "контакты"),
    Kind.DO_NOT_CALL: ("do not call", "не звонить"),
    Kind.POOLS: ("pools", "пулы"),
    Kind.NUMBERS: ("numbers", "номера"),
}

_CYRILLIC = re.compile("[а-яё]")
_DIGITS_BESIDE_LETTERS = re.compile(r"(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])")
_PHONE_WORDS = frozenset(
    "телефон телефоны телефона тел phone phones tel мобильный сотовый mobile cell факс fax".split()
)
_FILLERS = frozenset("номер номера number numbers телефон телефоны телефона тел phone phones tel".split())
_LABEL_WORDS = frozenset("метка метки label подпись вид тип type".split())


def normal(name: str) -> str:
    """A column's or a file's name as it is compared."""
    plain = name.casefold().replace("ё", "е")
    return " ".join(re.sub(r"[\s_.*:()\"«»\-]+", " ", plain).split())


_FIELDS: Mapping[Kind, Mapping[str, Column]] = {
    kind: {normal(name): column for column in columns for name in column.names} for kind, columns in COLUMNS.items()
}
_ALL_NAMES = frozenset(name for fields in _FIELDS.values() for name in fields)


def known_columns(header: Iterable[str]) -> int:
    """How many of these are columns of any kind: tells a header's separator, and a header from a line of data."""
    return sum(normal(name) in _ALL_NAMES or _phone_column(name) is not None for name in header)


def heading(kind: Kind, field: str, language: str) -> str:
    """What a column is called in files that we write: the field's own name, in Russian its first Russian one."""
    (column,) = (column for column in COLUMNS[kind] if column.field == field)
    russian = next((name for name in column.names if _CYRILLIC.search(name)), field)
    return russian.capitalize() if language == "ru" else field


@frozen
class PhoneColumn:
    """A column of phone numbers, with the label that its name gives them; or the column of such labels.

    `place` says which columns belong together: `Телефон 2` and `Метка 2`.
    """

    place: str
    label: str | None = None
    labels: bool = False


def _phone_column(name: str) -> PhoneColumn | None:
    words = normal(name).split()
    place = next((word for word in words if word.isdigit()), "")
    words = [word for word in words if not word.isdigit()]
    if not words:
        return None
    if any(word in _LABEL_WORDS for word in words) and all(word in _LABEL_WORDS | _FILLERS for word in words):
        return PhoneColumn(place or "1", labels=True)
    if words in (["номера"], ["numbers"]) or _PHONE_WORDS.intersection(words):
        label = [word for word in re.sub(r"[_:()*]", " ", name).split() if normal(word) not in _FILLERS]
        return PhoneColumn(place or "1", " ".join(word for word in label if not word.isdigit()) or None)
    return None


@frozen
class Layout:
    """What the columns of a table are: field by place, and the columns of phone numbers by place."""

    kind: Kind
    table: Table
    fields: Mapping[int, str]
    phones: Mapping[int, PhoneColumn]

    def column_of(self, field: str) -> str | None:
        """The header's own name of a field, for a message."""
        places = [place for place, name in self.fields.items() if name == field]
        if not places and field == PHONE_NUMBERS:
            places = list(self.phones)
        return self.table.header.cells[places[0]] if places else None

    def has(self, field: str) -> bool:
        return field in self.fields.values() or (field == PHONE_NUMBERS and bool(self.phones))

    def record(self, row: Row) -> dict[str, object]:
        """A row as a record: text by field, and numbers with their labels as `records` takes them."""
        cells = row.cells
        record: dict[str, object] = {
            name: cells[place] for place, name in self.fields.items() if place < len(cells) and cells[place]
        }
        if self.phones:
            record[PHONE_NUMBERS] = [*self._numbers(cells)]
        return record

    def _numbers(self, cells: tuple[str, ...]) -> Iterable[dict[str, object]]:
        labels = {
            phone.place: cells[place] for place, phone in self.phones.items() if phone.labels and place < len(cells)
        }
        for place, phone in self.phones.items():
            if not phone.labels and place < len(cells) and cells[place]:
                yield {"number": cells[place], "label": labels.get(phone.place) or phone.label}


def lay_out(table: Table, kinds: Iterable[Kind]) -> tuple[Layout | None, tuple[Fault, ...]]:
    """The layout of a table that is of one of these kinds, and what is wrong with its header (None: can't be used)."""
    asked = tuple(kinds)
    named = _named(table.name, asked)
    fitting = [named] if named else _fitting(table.header.cells, asked)
    if not named and (elsewhere := _elsewhere(table, asked, fitting)):
        of = FILE_NAMES[elsewhere]
        return None, (about(Code.KIND_OF_ANOTHER_COMMAND, what=Both(*of), known=_COMMANDS[elsewhere]),)
    if len(fitting) > 1:
        return None, (about(Code.KIND_AMBIGUOUS, what=", ".join(FILE_NAMES[kind][0] for kind in fitting)),)
    if not fitting:
        known = ", ".join(f"{FILE_NAMES[kind][0]} ({FILE_NAMES[kind][1]})" for kind in asked)
        return None, (about(Code.KIND_UNKNOWN, what=_nearest(table.header.cells, asked), known=known),)
    return _of_kind(table, fitting[0])


def _named(name: str, kinds: tuple[Kind, ...]) -> Kind | None:
    """The kind that a name begins or ends with: `clients`, `Клиенты 2026-11`, `crm_clients`, `клиенты19`."""
    plain = f" {_DIGITS_BESIDE_LETTERS.sub(' ', normal(name))} "
    found = [kind for kind in kinds if any(f" {word} " in plain for word in FILE_NAMES[kind])]
    return found[0] if len(found) == 1 else None


def _elsewhere(table: Table, asked: tuple[Kind, ...], fitting: list[Kind]) -> Kind | None:
    """The kind of another command's that a table is of, where it is of none that is asked for."""
    others = tuple(kind for kind in Kind if kind not in asked)
    if fitting in ([], [Kind.DO_NOT_CALL]) and (named := _named(table.name, others)):
        return named
    found = [] if fitting else _fitting(table.header.cells, others)
    return found[0] if len(found) == 1 else None


def _fitting(header: tuple[str, ...], kinds: tuple[Kind, ...]) -> list[Kind]:
    """The kinds whose required columns are all there, those with the most columns of the header."""
    scores: dict[Kind, int] = {}
    for kind in kinds:
        fields, phones = _read_header(header, kind)
        foreign = [name for place, name in enumerate(header) if name and place not in fields and place not in phones]
        if not _missing(fields, kind) and not (kind is Kind.DO_NOT_CALL and foreign):
            scores[kind] = len(fields) + len(phones)
    best = max(scores.values(), default=0)
    return [kind for kind, score in scores.items() if score == best]


def _missing(fields: Mapping[int, str], kind: Kind) -> list[Column]:
    return [column for column in COLUMNS[kind] if column.required and column.field not in fields.values()]


def _nearest(header: tuple[str, ...], kinds: tuple[Kind, ...]) -> Both:
    """Of which kind a table would be, and by which column; says nothing of one that has not a column of any."""

    def nearness(kind: Kind) -> tuple[int, int]:
        fields, phones = _read_header(header, kind)
        return len(fields) + len(phones), -len(_missing(fields, kind))

    nearest = max((kind for kind in kinds if kind is not Kind.DO_NOT_CALL), key=nearness)
    fields, _ = _read_header(header, nearest)
    if not nearness(nearest)[0]:
        return Both("", "")
    english, russian = FILE_NAMES[nearest]
    missing = ", ".join(f"'{_shown(column)}'" for column in _missing(fields, nearest))
    return Both(f" (for {english} there is no column {missing})", f" (для таблицы «{russian}» нет столбца {missing})")


def _shown(column: Column) -> str:
    """A column by its English and its Russian name."""
    russian = next((name for name in column.names if _CYRILLIC.search(name)), "")
    return f"{column.names[0]} ({russian})" if russian else column.names[0]


def _read_header(header: tuple[str, ...], kind: Kind) -> tuple[dict[int, str], dict[int, PhoneColumn]]:
    fields: dict[int, str] = {}
    phones: dict[int, PhoneColumn] = {}
    several = any(column.field == PHONE_NUMBERS for column in COLUMNS[kind])
    for place, name in enumerate(header):
        column = _FIELDS[kind].get(normal(name))
        if column is not None and column.field != PHONE_NUMBERS:
            fields[place] = column.field
        elif several and (phone := _phone_column(name)) is not None:
            phones[place] = phone
        elif column is not None:
            phones[place] = PhoneColumn("1")
    return fields, phones


def _of_kind(table: Table, kind: Kind) -> tuple[Layout | None, tuple[Fault, ...]]:
    header = table.header.cells
    fields, phones = _read_header(header, kind)
    faults = [about(Code.COLUMN_MISSING, what=_shown(column)) for column in _missing(fields, kind)]
    places = list(fields)
    faults += [
        about(Code.COLUMN_TWICE, what=header[place])
        for at, place in enumerate(places)
        if fields[place] in [fields[earlier] for earlier in places[:at]]
    ]
    broken = bool(faults)
    faults += table.notes
    faults += [
        about(Code.COLUMN_UNKNOWN, what=name, warning=True)
        for place, name in enumerate(header)
        if name and place not in fields and place not in phones
    ]
    return (None if broken else Layout(kind, table, fields, phones)), tuple(faults)
