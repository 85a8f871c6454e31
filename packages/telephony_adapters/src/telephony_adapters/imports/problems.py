"""What is wrong with a file: where, what, and what to do about it, in Russian and in English.

A cell may hold a client's number, also where none belongs (columns shift): whatever is quoted goes through `quoted`,
which masks every run of digits that could be one (P1). Only messages about the carousel quote digits as they stand:
its numbers are the company's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from attrs import Factory, frozen

_DIGIT_RUN = re.compile(r"\+?\d(?:[\s().\-]{0,3}\d){6,}")
_DATE = re.compile(r"(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d|(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2})(?:\s+\d{1,2})?\Z")
_LONGEST_QUOTE = 60


class Code(StrEnum):
    """The reason, stable: programs may look at it."""

    # of a file
    FILE_MISSING = "file_missing"
    FILE_TOO_LARGE = "file_too_large"
    FILE_UNREADABLE = "file_unreadable"
    FILE_EMPTY = "file_empty"
    TEXT_BROKEN = "text_broken"
    KIND_UNKNOWN = "kind_unknown"
    KIND_AMBIGUOUS = "kind_ambiguous"
    KIND_OF_ANOTHER_COMMAND = "kind_of_another_command"
    SHEET_LEFT_OUT = "sheet_left_out"
    SHEET_HIDDEN = "sheet_hidden"
    LINES_ABOVE = "lines_above"
    NO_LINES = "no_lines"
    COLUMN_MISSING = "column_missing"
    COLUMN_TWICE = "column_twice"
    COLUMN_UNKNOWN = "column_unknown"
    # of a line
    QUOTES_OPEN = "quotes_open"
    TOO_MANY_CELLS = "too_many_cells"
    ID_TWICE = "id_twice"
    REFERENCE_UNKNOWN = "reference_unknown"
    # of a cell
    CELL_IS_AN_ERROR = "cell_is_an_error"
    REQUIRED = "required"
    TOO_LONG = "too_long"
    FIELD_UNKNOWN = "field_unknown"
    NOT_AN_ID = "not_an_id"
    ID_LOOKS_LIKE_A_NUMBER = "id_looks_like_a_number"
    NOT_YES_OR_NO = "not_yes_or_no"
    NOT_A_DATE = "not_a_date"
    NOT_A_WHOLE_NUMBER = "not_a_whole_number"
    NOT_ONE_OF = "not_one_of"
    NUMBER_NOT_UNDERSTOOD = "number_not_understood"
    NUMBER_KEPT_AS_TYPED = "number_kept_as_typed"
    NUMBER_SHORT = "number_short"
    NUMBER_ROUNDED = "number_rounded"
    NUMBER_TWICE = "number_twice"
    NUMBER_NOT_MOBILE = "number_not_mobile"
    NUMBER_OF_ANOTHER_REGION = "number_of_another_region"
    MARK_CONTRADICTED = "mark_contradicted"
    REGION_NOT_UNDERSTOOD = "region_not_understood"
    RETURNED_BEFORE_ISSUED = "returned_before_issued"
    SIM_ON_IP_PHONE = "sim_on_ip_phone"
    SIM_NOT_MOBILE = "sim_not_mobile"
    SIM_WITHOUT_NUMBER = "sim_without_number"
    SIM_NOT_ISSUED = "sim_not_issued"
    SECOND_PREFERRED = "second_preferred"
    PREFERRED_TAKEN = "preferred_taken"
    LINE_OF_ANOTHER = "line_of_another"
    SIM_OF_ANOTHER = "sim_of_another"
    # of the carousel as a whole
    GENERATION_DISAGREES = "generation_disagrees"
    GENERATION_IN_THE_PAST = "generation_in_the_past"
    CAROUSEL_CONFLICT = "carousel_conflict"


@frozen
class Both:
    """A piece of a sentence that has to be said in the reader's language."""

    en: str
    ru: str

    def say(self, language: str) -> str:
        return self.ru if language == "ru" else self.en


THINGS: Mapping[str, Both] = {
    "employee": Both("employee", "сотрудника"),
    "client": Both("client", "клиента"),
    "interest": Both("interest", "интереса"),
    "pool": Both("pool", "пула"),
}
"""What a record may refer to; in Russian as it stands after 'нет'."""


def quoted(text: object, *, masked: bool = True) -> str:
    """A cell's text for a message: short, on one line, with every run of digits that may be a number masked.

    A date is none, and shows: it is to be mended. `masked` False: for what the company's own numbers stand in.
    """
    line = " ".join(str(text).split())
    if masked:
        line = _DIGIT_RUN.sub(lambda run: run[0] if _DATE.match(run[0]) else _masked(run[0]), line)
    return f"{line[: _LONGEST_QUOTE - 1]}…" if len(line) > _LONGEST_QUOTE else line


def _masked(run: str) -> str:
    digits = re.sub(r"\D", "", run)
    sign = "+" if run.startswith("+") else ""
    return f"{sign}{digits[:4]}{'*' * max(1, len(digits) - 6)}{digits[-2:]}"


@frozen
class Fault:
    """What is wrong with one field of a record, wherever the record came from. A warning doesn't stop anything."""

    field: str
    code: Code
    about: Mapping[str, str | Both] = Factory(dict)
    warning: bool = False

    def say(self, language: str = "en") -> str:
        """What is wrong, and what to do."""
        sentences = _RU if language == "ru" else _EN
        pieces = {name: piece.say(language) if isinstance(piece, Both) else piece for name, piece in self.about.items()}
        return sentences[self.code].format_map({"what": "", "known": "", "more": "", **pieces})


@frozen
class Problem:
    """A fault with its place in a file. `line` counts from 1 as editors and Excel do; None: the file as a whole."""

    file: str
    fault: Fault
    sheet: str | None = None
    line: int | None = None
    column: str | None = None

    @property
    def code(self) -> Code:
        return self.fault.code

    @property
    def warning(self) -> bool:
        return self.fault.warning

    def place(self, language: str = "en") -> str:
        """`clients.csv, line 7, column "Телефон"`."""
        sheet, line, column = ("лист", "строка", "столбец") if language == "ru" else ("sheet", "line", "column")
        parts = [
            self.file,
            f'{sheet} "{self.sheet}"' if self.sheet else "",
            f"{line} {self.line}" if self.line is not None else "",
            f'{column} "{self.column}"' if self.column else "",
        ]
        return ", ".join(part for part in parts if part)

    def say(self, language: str = "en") -> str:
        return f"{self.place(language)}: {self.fault.say(language)}"

    def as_data(self, language: str = "en") -> dict[str, object]:
        """For `--json` and for bodies of errors."""
        return {
            "file": self.file,
            "sheet": self.sheet,
            "line": self.line,
            "column": self.column,
            "field": self.fault.field or None,
            "code": str(self.code),
            "warning": self.warning,
            "detail": self.fault.say(language),
        }


def about(
    code: Code,
    field_name: str = "",
    *,
    what: object = "",
    known: object = "",
    warning: bool = False,
    masked: bool = True,
) -> Fault:
    """A fault that quotes `what` was found, and names what is `known` instead."""
    said = {
        "what": what if isinstance(what, Both) else quoted(what, masked=masked),
        "known": known if isinstance(known, Both) else str(known),
    }
    return Fault(field_name, code, {key: value for key, value in said.items() if value}, warning)


_EN: Mapping[Code, str] = {
    Code.FILE_MISSING: "There is no such file; check its name and folder.",
    Code.FILE_TOO_LARGE: "The file is larger than is taken at once ({what}); divide it.",
    Code.FILE_UNREADABLE: "The file can't be read: {what}.",
    Code.FILE_EMPTY: "There is no line in it; the first line names the columns.",
    Code.TEXT_BROKEN: (
        "The text is UTF-8 and broken here: it was cut off, or put together of two encodings; make the file anew."
    ),
    Code.KIND_UNKNOWN: (
        "The columns are those of no table that is taken here{what}. "
        "Add what is missing, or name the file or the sheet for what it holds: {known}."
    ),
    Code.KIND_AMBIGUOUS: "The columns could be those of {what}; name the file or the sheet for one of them.",
    Code.KIND_OF_ANOTHER_COMMAND: "This is a table of {what}; take it in with `{known}`.",
    Code.SHEET_LEFT_OUT: "The sheet was left out; the others were read. {what}",
    Code.SHEET_HIDDEN: "The sheet is hidden and was read as well; delete it if it isn't meant.",
    Code.LINES_ABOVE: "The names of the columns were found here; the lines above were left out.",
    Code.NO_LINES: "Below the names of the columns there is no line.",
    Code.COLUMN_MISSING: "There is no column '{what}'; add it.",
    Code.COLUMN_TWICE: "The column '{what}' says the same as another one; leave one of them.",
    Code.COLUMN_UNKNOWN: "The column '{what}' is not known and was left out.",
    Code.QUOTES_OPEN: "A quotation mark is not closed here; double quotation marks inside of a text in quotes.",
    Code.TOO_MANY_CELLS: "The line has more cells than there are columns; put text with a separator in quotes.",
    Code.ID_TWICE: "The id '{what}' stands on line {known}, too; leave one of the lines.",
    Code.REFERENCE_UNKNOWN: "There is no {known} '{what}'{more}; import it before, or together with this file.",
    Code.CELL_IS_AN_ERROR: "The cell {what} holds an error of Excel's (#N/A or the like); mend its formula.",
    Code.REQUIRED: "The cell is empty; fill it in.",
    Code.TOO_LONG: "The text is longer than {known} signs; shorten it.",
    Code.FIELD_UNKNOWN: "The field '{what}' is not known; leave it out.",
    Code.NOT_AN_ID: "'{what}' can't be an id: 1 to 64 signs without spaces and without / ? # %.",
    Code.ID_LOOKS_LIKE_A_NUMBER: "The id '{what}' looks like a phone number; ids stand in logs, so use another one.",
    Code.NOT_YES_OR_NO: "'{what}' is neither yes nor no; write yes or no, 1 or 0.",
    Code.NOT_A_DATE: "'{what}' is no date; write 2026-11-23, 23.11.2026, or 2026-11-23 09:15.",
    Code.NOT_A_WHOLE_NUMBER: "'{what}' is no whole number of {known} or more.",
    Code.NOT_ONE_OF: "'{what}' is not one of: {known}.",
    Code.NUMBER_NOT_UNDERSTOOD: "'{what}' can't be understood as a phone number; write it as +7 9XX XXX-XX-XX.",
    Code.NUMBER_KEPT_AS_TYPED: "'{what}' can't be understood as a phone number; kept as typed, can't be called.",
    Code.NUMBER_SHORT: "'{what}' is a short number; kept as typed, can't be called.",
    Code.NUMBER_ROUNDED: "Excel has rounded this number and digits are lost; make the column text, fill it anew.",
    Code.NUMBER_TWICE: "The number '{what}' stands on line {known}, too; leave one of the lines.",
    Code.NUMBER_NOT_MOBILE: "'{what}' is no Russian mobile number; pools hold only such.",
    Code.NUMBER_OF_ANOTHER_REGION: (
        "By the register the region is {known}: {what}; this pool doesn't serve it. That may be so: "
        "operators lend numbers across regions."
    ),
    Code.MARK_CONTRADICTED: "Line {known} says the opposite of the same number; leave one of the lines.",
    Code.REGION_NOT_UNDERSTOOD: (
        "'{what}' is no known region; write an ISO 3166-2 code, such as RU-NVS, or RU, or the region's full name."
    ),
    Code.RETURNED_BEFORE_ISSUED: "The SIM was returned before it was issued; check both dates.",
    Code.SIM_ON_IP_PHONE: "An IP phone has no SIM; leave the SIM's columns empty, or write kind 'mobile'.",
    Code.SIM_NOT_MOBILE: "'{what}' is no Russian mobile number; a corporate SIM has one.",
    Code.SIM_WITHOUT_NUMBER: "There is a date of a SIM and no number of it; fill in the SIM's number, too.",
    Code.SIM_NOT_ISSUED: "The SIM has no date of issue, so the mobile can't be called from; fill in the date.",
    Code.SECOND_PREFERRED: "The employee has another preferred device on line {known}; leave one of them.",
    Code.PREFERRED_TAKEN: "The employee's preferred device was '{what}'; from now on it is this one.",
    Code.LINE_OF_ANOTHER: (
        "This is the line of device '{what}' of employee '{known}'; by it a call is known for somebody's, "
        "so give it to one of them."
    ),
    Code.SIM_OF_ANOTHER: (
        "This SIM is in device '{what}' of employee '{known}'; if it was handed on, write there when it was returned."
    ),
    Code.GENERATION_DISAGREES: "Lines of one generation name different instants; write the same on each.",
    Code.GENERATION_IN_THE_PAST: "The generation began in the past and is new here; its instant is taken as it stands.",
    Code.CAROUSEL_CONFLICT: "The carousel would be out of order: {what}.",
}

_RU: Mapping[Code, str] = {
    Code.FILE_MISSING: "Такого файла нет; проверьте имя и папку.",
    Code.FILE_TOO_LARGE: "Файл больше, чем принимается за один раз ({what}); разделите его.",
    Code.FILE_UNREADABLE: "Файл не читается: {what}.",
    Code.FILE_EMPTY: "В нём нет ни одной строки; первая строка называет столбцы.",
    Code.TEXT_BROKEN: (
        "Текст в UTF-8, но здесь испорчен: обрезан или составлен из двух кодировок; сделайте файл заново."
    ),
    Code.KIND_UNKNOWN: (
        "Таблицы с такими столбцами здесь нет{what}. "
        "Добавьте недостающее или назовите файл или лист по содержимому: {known}."
    ),
    Code.KIND_AMBIGUOUS: "Такие столбцы есть у таблиц {what}; назовите файл или лист именем одной из них.",
    Code.KIND_OF_ANOTHER_COMMAND: "Это таблица {what}; её загружает команда `{known}`.",
    Code.SHEET_LEFT_OUT: "Лист пропущен, остальные прочитаны. {what}",
    Code.SHEET_HIDDEN: "Лист скрыт, но тоже прочитан; если он не нужен, удалите его.",
    Code.LINES_ABOVE: "Названия столбцов найдены здесь; строки выше пропущены.",
    Code.NO_LINES: "Под названиями столбцов нет ни одной строки.",
    Code.COLUMN_MISSING: "Нет столбца «{what}»; добавьте его.",
    Code.COLUMN_TWICE: "Столбец «{what}» означает то же, что другой; оставьте один из них.",
    Code.COLUMN_UNKNOWN: "Столбец «{what}» неизвестен и пропущен.",
    Code.QUOTES_OPEN: "Здесь не закрыты кавычки; внутри текста в кавычках кавычки удваиваются.",
    Code.TOO_MANY_CELLS: "В строке больше ячеек, чем столбцов; текст с разделителем берут в кавычки.",
    Code.ID_TWICE: "Идентификатор «{what}» уже есть в строке {known}; оставьте одну из строк.",
    Code.REFERENCE_UNKNOWN: "Нет {known} «{what}»{more}; загрузите раньше или вместе с этим файлом.",
    Code.CELL_IS_AN_ERROR: "В ячейке {what} ошибка Excel (#Н/Д или подобная); исправьте её формулу.",
    Code.REQUIRED: "Ячейка пуста; заполните её.",
    Code.TOO_LONG: "Текст длиннее {known} знаков; сократите его.",
    Code.FIELD_UNKNOWN: "Поле «{what}» неизвестно; уберите его.",
    Code.NOT_AN_ID: "«{what}» не может быть идентификатором: от 1 до 64 знаков без пробелов и без / ? # %.",
    Code.ID_LOOKS_LIKE_A_NUMBER: (
        "Идентификатор «{what}» похож на номер телефона; идентификаторы видны в журналах, возьмите другой."
    ),
    Code.NOT_YES_OR_NO: "«{what}» — ни да, ни нет; напишите да или нет, 1 или 0.",
    Code.NOT_A_DATE: "«{what}» — не дата; напишите 23.11.2026, 2026-11-23 или 2026-11-23 09:15.",
    Code.NOT_A_WHOLE_NUMBER: "«{what}» — не целое число от {known}.",
    Code.NOT_ONE_OF: "«{what}» — не одно из: {known}.",
    Code.NUMBER_NOT_UNDERSTOOD: "«{what}» не читается как номер телефона; напишите +7 9XX XXX-XX-XX.",
    Code.NUMBER_KEPT_AS_TYPED: "«{what}» не читается как номер телефона; записан как есть, позвонить по нему нельзя.",
    Code.NUMBER_SHORT: "«{what}» — короткий номер; записан как есть, позвонить по нему нельзя.",
    Code.NUMBER_ROUNDED: "Excel округлил этот номер, цифры потеряны; задайте столбцу формат «Текст», заполните заново.",
    Code.NUMBER_TWICE: "Номер «{what}» уже есть в строке {known}; оставьте одну из строк.",
    Code.NUMBER_NOT_MOBILE: "«{what}» — не российский мобильный номер; в пулах бывают только такие.",
    Code.NUMBER_OF_ANOTHER_REGION: (
        "Регион по реестру — {known}: {what}; этот пул там не служит. Так бывает: "
        "операторы выдают номера одного региона в другом."
    ),
    Code.MARK_CONTRADICTED: "В строке {known} о том же номере сказано обратное; оставьте одну из строк.",
    Code.REGION_NOT_UNDERSTOOD: (
        "«{what}» — неизвестный регион; напишите код ISO 3166-2 (RU-NVS или RU) или полное название региона."
    ),
    Code.RETURNED_BEFORE_ISSUED: "SIM возвращена раньше, чем выдана; проверьте обе даты.",
    Code.SIM_ON_IP_PHONE: "У IP-телефона нет SIM; оставьте столбцы SIM пустыми или укажите вид «мобильный».",
    Code.SIM_NOT_MOBILE: "«{what}» — не российский мобильный номер, а у корпоративной SIM он мобильный.",
    Code.SIM_WITHOUT_NUMBER: "Дата у SIM есть, а номера нет; впишите и номер SIM.",
    Code.SIM_NOT_ISSUED: "Не указано, когда выдана SIM: звонить с этого мобильного нельзя; впишите дату.",
    Code.SECOND_PREFERRED: "У сотрудника уже есть основное устройство в строке {known}; оставьте одно.",
    Code.PREFERRED_TAKEN: "Основным устройством сотрудника было «{what}»; теперь это.",
    Code.LINE_OF_ANOTHER: (
        "Это линия устройства «{what}» сотрудника «{known}»; по линии видно, чей звонок, оставьте её одному из них."
    ),
    Code.SIM_OF_ANOTHER: (
        "Эта SIM уже в устройстве «{what}» сотрудника «{known}»; если её передали, впишите там дату возврата."
    ),
    Code.GENERATION_DISAGREES: "В строках одного поколения разное время начала; укажите одно и то же.",
    Code.GENERATION_IN_THE_PAST: "Поколение началось в прошлом и здесь новое; время взято как есть.",
    Code.CAROUSEL_CONFLICT: "Порядок карусели был бы нарушен: {what}.",
}
