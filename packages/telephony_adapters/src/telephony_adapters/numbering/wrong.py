"""What is wrong with a file of the register, line by line, in English and in Russian."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import Factory, frozen


class Wrong(StrEnum):
    """The reason why a line, or the file as such, is not taken; `NAME` is only remarked on."""

    EMPTY = "empty"
    NO_RANGES = "no_ranges"
    NO_HEADER = "no_header"
    CELLS = "cells"
    CODE = "code"
    DIGITS = "digits"
    BACKWARDS = "backwards"
    CAPACITY = "capacity"
    CAPACITY_DIFFERS = "capacity_differs"
    OVERLAP = "overlap"
    NAME = "name"
    NO_NAMES = "no_names"
    CUT_OFF = "cut_off"
    NOT_ONE_FILE = "not_one_file"
    NOT_UNPACKED = "not_unpacked"
    TOO_LARGE = "too_large"
    WORKBOOK = "workbook"
    WEB_PAGE = "web_page"
    ENCODING = "encoding"


@frozen
class LineError:
    """Why a line was not taken, or what is to be said of it; line 0 means the file as such."""

    line: int
    wrong: Wrong
    about: Mapping[str, object] = Factory(dict)

    @property
    def reason(self) -> str:
        return self._reason(_EN)

    def say(self, language: str = "en") -> str:
        """The line and the reason, as a sentence without its end."""
        word, reason = ("строка", self._reason(_RU)) if language == "ru" else ("line", self.reason)
        return f"{word} {self.line}: {reason}" if self.line else reason

    def _reason(self, sentences: Mapping[Wrong, str]) -> str:
        return sentences[self.wrong].format_map(self.about)

    def __str__(self) -> str:
        return self.say()


_EN: Mapping[Wrong, str] = {
    Wrong.EMPTY: "the file is empty",
    Wrong.NO_RANGES: "the file has a header and no ranges",
    Wrong.NO_HEADER: (
        "this is no header of the register: no column {columns} (is it DEF-9xx.csv, in UTF-8 or Windows-1251?)"
    ),
    Wrong.CELLS: "{cells} cells, the header has {width}",
    Wrong.CODE: "not a Russian area or mobile code: {code!r}",
    Wrong.DIGITS: "{column} is not a number of up to seven digits: {digits!r}",
    Wrong.BACKWARDS: "the range ends ({last}) before it begins ({first})",
    Wrong.CAPACITY: "Емкость is not a number: {capacity!r}",
    Wrong.CAPACITY_DIFFERS: "Емкость is {capacity}, but from {first} to {last} there are {numbers} numbers",
    Wrong.OVERLAP: "its range shares numbers with that of line {other}",
    Wrong.NAME: "the region name {name!r} is not understood and counts as the whole country ({lines} such lines)",
    Wrong.NO_NAMES: "not one name of a region is understood: is this the register, and is its text readable?",
    Wrong.CUT_OFF: "the file breaks off in its last line, at {name!r}",
    Wrong.NOT_ONE_FILE: "the archive holds {files} files, not one",
    Wrong.NOT_UNPACKED: "the packed file can't be unpacked: {error}",
    Wrong.TOO_LARGE: "the packed file holds more than {megabytes} MB",
    Wrong.WORKBOOK: "this is a workbook; take the CSV that the ministry publishes, or save it as CSV (UTF-8)",
    Wrong.WEB_PAGE: "this is a web page and no register: the download failed; download the file anew",
    Wrong.ENCODING: "the text is neither UTF-8, UTF-16 nor Windows-1251",
}

_RU: Mapping[Wrong, str] = {
    Wrong.EMPTY: "файл пуст",
    Wrong.NO_RANGES: "в файле заголовок и ни одного диапазона",
    Wrong.NO_HEADER: ("это не заголовок реестра: нет столбца {columns} (это DEF-9xx.csv, в UTF-8 или Windows-1251?)"),
    Wrong.CELLS: "ячеек {cells}, а в заголовке их {width}",
    Wrong.CODE: "не российский код города или мобильной связи: «{code}»",
    Wrong.DIGITS: "«{column}» — не число до семи цифр: «{digits}»",
    Wrong.BACKWARDS: "диапазон кончается ({last}) раньше, чем начинается ({first})",
    Wrong.CAPACITY: "«Емкость» — не число: «{capacity}»",
    Wrong.CAPACITY_DIFFERS: "«Емкость» — {capacity}, а от {first} до {last} номеров {numbers}",
    Wrong.OVERLAP: "у диапазона общие номера с диапазоном строки {other}",
    Wrong.NAME: "название региона «{name}» не понято и считается всей страной (таких строк: {lines})",
    Wrong.NO_NAMES: "не понято ни одно название региона: это реестр, и читается ли его текст?",
    Wrong.CUT_OFF: "файл обрывается в последней строке, на «{name}»",
    Wrong.NOT_ONE_FILE: "файлов в архиве {files}, а нужен один",
    Wrong.NOT_UNPACKED: "упакованный файл не распаковывается: {error}",
    Wrong.TOO_LARGE: "в упакованном файле больше {megabytes} МБ",
    Wrong.WORKBOOK: "это книга Excel; возьмите CSV, который публикует министерство, или сохраните её как CSV (UTF-8)",
    Wrong.WEB_PAGE: "это веб-страница, а не реестр: загрузка не удалась; загрузите файл заново",
    Wrong.ENCODING: "текст не в UTF-8, не в UTF-16 и не в Windows-1251",
}
