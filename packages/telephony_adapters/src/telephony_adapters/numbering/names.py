"""The register's region names -> codes, by rules. What the rules don't understand is None: never silently `RU`.

How a cell is read, each step with an example of what it is for:

1. Letters: case, `ё`, kinds of spaces, dashes and quotes are folded, Latin letters that look Cyrillic too.
2. `A|B`, `A (B)`, `A /B/`: a path, from place to subject or back (`г. Норильск|г.о. город Норильск|Красноярский край`).
   `A * B`, `A и B`, `A, B`, `A; B`, `A, включая B`: a list (`г. Москва * Московская область`). `кроме …`, `без …`: cut
   off; subjects named there are none of the cell's (`Центральный федеральный округ, кроме г. Москвы`).
3. Of each member the words that only say its kind are taken away (`обл.`, `Республика`, `АО`, `город`, `народная`), and
   adjectives are put into one form, so that `Кемеровская область - Кузбасс обл.` is `кемеровский кузбасс`, and
   `Республика Удмуртская` and `Удмуртская Республика` are one.
4. The words that are left must be tiled, without a rest, by names of subjects (official, short, old): `кемеровский` +
   `кузбасс` say the same subject twice. A member with a word for a kind of place (`р-н`, `г.о.`, `пгт.`,
   `ЗАТО`) is a place and never a subject, `г. Московский` included; only Moscow, Saint Petersburg and Sevastopol are
   subjects that are towns.
5. The cell's codes are those of all subjects in it. Where an autonomous okrug, or a place in one, stands in a path with
   the oblast around it, the okrug alone is meant (`Ямало - Ненецкий автономный округ |Тюменская область`); in a list
   both are, and a place listed by a sign or `и` counts beside a subject (`г. Москва и г. Химки`). A bare `область` or
   `МО` beside Moscow, `ЛО` beside Saint Petersburg, is the oblast around it. With no subject in the cell the codes are
   those of its places (`Сургутский район * г. Сургут`), if known.
6. A federal district means its subjects; the Russian Federation, also 'but for Chukotka', means `RU`.

Something that claims to be a subject and is not known, or a member of a list that is neither subject nor place, leaves
the whole cell not understood; so does an exception to a district that names no subject. Decisions: Baikonur, rented and
in no subject, is `RU`; `Донецк` alone, a town of two subjects, is not understood; the old okrugs are their present kraj
or oblast (Taimyr: Krasnoyarsk).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from attrs import define, field

from telephony_adapters.numbering.places import PLACES
from telephony_adapters.numbering.subjects import SUBJECTS, FederalDistrict
from telephony_core.region import WHOLE_COUNTRY, normal_codes

# Latin letters, after casefold, that a typist may have put for Cyrillic ones.
_LOOK_ALIKES: Final = str.maketrans("abcehkmoptxy", "авсенкмортху")
_DASHES: Final = re.compile("[\u2010-\u2015\u2212\u2043\ufe58\ufe63\uff0d_]")
_QUOTES: Final = re.compile("[\"'«»„“”‘’`\u00ad\u200b-\u200f\u2060\ufeff]")
_ADJECTIVE: Final = re.compile(r"(ск|цк)(?:ая|ий|ой|ое|ого|ую|их|ие|ом)\Z")
_EXCEPT: Final = re.compile(r"\b(?:кроме|за исключением|исключая|без)\b([^|)\]]*)")
_PATH: Final = re.compile(r"[|()\[\]/\\]")
_LIST: Final = re.compile(r"([*;,]|\s(?:и|или)\s)")
_WORD: Final = re.compile(r"[а-яa-z]+")

# Abbreviations whose dots, hyphens and slashes would tear them apart, and phrases; in this order. Among them are the
# short kinds of the state's register of addresses (`г.ф.з.`, `а.окр.`, `а.обл.`).
_ABBREVIATIONS: Final = (
    (re.compile(r"\bиные территории\b.*\bбайконур\w*"), " байконур "),
    (re.compile(r"[(\[,]?\s*\b(?:включая|в том числе|в т\.\s?ч\b)\.?"), " * "),
    (re.compile(r"\bг\.\s?ф\.\s?з\b\.?"), " город "),
    (re.compile(r"\bа\.\s?окр\b\.?"), " ао "),
    (re.compile(r"\bа\.\s?обл\b\.?"), " аобл "),
    (re.compile(r"\bобл\s?-\s?ть\b"), " область "),
    (re.compile(r"\bр\s?[-/]\s?о?н[ыа]?\b-?\.?"), " район "),
    (re.compile(r"\b[гмс]\.\s?[опр]\b\.?(?!\w)"), " район "),
    (re.compile(r"\b[гмсж]/[опрсд]\b\.?"), " район "),
    (re.compile(r"\bа\.\s?о\b\.?(?!\w)"), " ао "),
    (re.compile(r"\bс(?:анкт)?[\s.-]*петербург\w*"), " спб "),
    (re.compile(r"\bр\.\s?ф\b\.?"), " рф "),
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words that only say what a name is the name of. The claims can belong to nothing but a subject.
_CLAIMS: Final = _set("обл область области край края кр респ республика республики ао аобл")
_KINDS_OF_SUBJECTS: Final = _CLAIMS | _set(
    "авт автономный автономная автономного автономной округ округа народная народной нр субъект федерального значения"
)
_KINDS_OF_TOWNS: Final = _set("г гор город города")
_KINDS_OF_PLACES: Final = _set(
    "район районы рн улус у наслег кожуун городской городского городское муниципальный муниципального "
    "муниципальное образование административный поселок поселение пос п пгт рп дп кп с село сельский сельское "
    "сельсовет сс сп гп мр мо го д дер деревня ст станция станица хутор х аул слобода мкр микрорайон нп тер "
    "территория зато наукоград космодром порт аэропорт остров им имени курорт разъезд промзона федеральная "
    "внутригородская внутригородской"
)
_KINDS: Final = _KINDS_OF_SUBJECTS | _KINDS_OF_TOWNS | _KINDS_OF_PLACES

_COUNTRY: Final = _set("российский федерация федерации россия россии рф")
_ABOUT_COUNTRY: Final = _set("вся всей территория территории по на")

_DISTRICTS: Final[dict[tuple[str, ...], FederalDistrict]] = {
    ("центральный",): FederalDistrict.CENTRAL,
    ("северо", "западный"): FederalDistrict.NORTHWESTERN,
    ("южный",): FederalDistrict.SOUTHERN,
    ("северо", "кавказский"): FederalDistrict.NORTH_CAUCASIAN,
    ("приволжский",): FederalDistrict.VOLGA,
    ("уральский",): FederalDistrict.URAL,
    ("сибирский",): FederalDistrict.SIBERIAN,
    ("дальневосточный",): FederalDistrict.FAR_EASTERN,
}
_OF_DISTRICTS: Final = _set("федеральный фо округ")

# Autonomous okrugs that are subjects and lie in an oblast, which is a subject as well.
_AROUND: Final = {"RU-KHM": "RU-TYU", "RU-YAN": "RU-TYU", "RU-NEN": "RU-ARK"}
# What a bare word for an oblast means beside the town in its middle.
_BARE_OBLAST: Final = {
    "RU-MOW": ("RU-MOS", _set("область обл мо")),
    "RU-SPE": ("RU-LEN", _set("область обл ло")),
}

# Names beside those of the table of subjects: short and popular ones, abbreviations, and those of former times.
_OTHER_NAMES: Final[dict[str, str]] = {
    "RU-AL": "Горный Алтай",
    "RU-BA": "Башкирия",
    "RU-CHU": "Чукотка",
    "RU-CU": "Чувашский",
    "RU-IRK": "Усть-Ордынский Бурятский, Усть-Ордынский",
    "RU-KAM": "Камчатка, Корякский",
    "RU-KC": "Карачаево-Черкессия",
    "RU-KEM": "Кузбасс",
    "RU-KHM": "ХМАО, Ханты-Мансийский, Югра",
    "RU-KL": "Хальмг Тангч",
    "RU-KYA": "Таймырский, Долгано-Ненецкий, Эвенкийский",
    "RU-MOW": "Москвы",
    "RU-NEN": "НАО",
    "RU-PER": "Коми-Пермяцкий",
    "RU-SA": "Саха",
    "RU-SE": "Алания",
    "RU-SPE": "Петербург",
    "RU-TY": "Тува",
    "RU-YAN": "ЯНАО",
    "RU-YEV": "ЕАО",
    "RU-ZAB": "Читинский, Агинский Бурятский",
    "UA-09": "ЛНР",
    "UA-14": "ДНР",
    "UA-40": "Севастополя",
}
_TOWNS_THAT_ARE_SUBJECTS: Final = frozenset(("RU-MOW", "RU-SPE", "UA-40"))

_Names = Mapping[tuple[str, ...], str]


def region_codes(name: str) -> tuple[str, ...] | None:
    """The codes that a region's name in the register stands for: sorted, each once; `('RU',)` for the whole country.

    None where the rules at the head of this module don't understand the name.
    """
    return _read(" ".join(name.split()))


@define
class _Part:
    """What one part of a path was found to hold."""

    subjects: set[str] = field(factory=set)
    places: set[str] = field(factory=set)
    listed_places: set[str] = field(factory=set)
    bare: set[str] = field(factory=set)
    district: bool = False
    whole_country: bool = False
    unknown_places: int = 0
    failed: bool = False


@lru_cache(maxsize=4096)
def _read(name: str) -> tuple[str, ...] | None:
    whole = _unabbreviated(_folded(name))
    texts = [text for text in _PATH.split(_EXCEPT.sub("", whole)) if _WORD.search(text)]
    parts = [_read_part(text, alone=len(texts) == 1, last=text is texts[-1]) for text in texts]
    if not parts or any(part.failed for part in parts):
        return None
    subjects = set().union(*(part.subjects for part in parts))
    places = set().union(*(part.places for part in parts))
    if subjects:
        for okrug, oblast in _AROUND.items():
            listed = any({okrug, oblast} <= part.subjects for part in parts)
            place_inside = okrug in places and oblast not in places and oblast in subjects
            if place_inside or (okrug in subjects and not listed):
                subjects.discard(oblast)
                subjects.add(okrug)
        return _without(subjects, _EXCEPT.findall(whole), district=any(part.district for part in parts))
    if any(part.whole_country for part in parts):
        return (WHOLE_COUNTRY,)
    known = set().union(*(part.places for part in parts if not part.unknown_places))
    if len(known) > 1:
        known.discard(WHOLE_COUNTRY)
    return normal_codes(known) or None


def _without(subjects: set[str], exceptions: Sequence[str], *, district: bool) -> tuple[str, ...] | None:
    """The codes without those that exceptions name. Of one subject a place is excepted, which changes nothing."""
    named = set().union(*(_read_part(text, alone=True, last=True).subjects for text in exceptions))
    if exceptions and district and not named:
        return None
    return normal_codes(subjects - named) or None


def _read_part(text: str, *, alone: bool, last: bool) -> _Part:
    """One part of a path: a list of members; `alone` where the cell is no path, `last` where a subject should stand."""
    part = _Part()
    members = _LIST.split(text)  # members at the even indices, the signs between them at the odd ones
    count = sum(1 for member in members[::2] if _WORD.search(member))
    for index in range(0, len(members), 2):
        words = _words(members[index])
        names = tuple(word for word in words if word not in _KINDS)
        kinds = {word for word in words if word in _KINDS}
        if count > 1 and len(words) == 1 and any(words[0] in bare for _, bare in _BARE_OBLAST.values()):
            part.bare.add(words[0])
            continue
        if not names:
            continue  # signs, or a kind that a parenthesis has cut off: `Саха /Якутия/ Респ`
        if _COUNTRY.intersection(words) and _COUNTRY.union(_ABOUT_COUNTRY).issuperset(words):
            part.whole_country = True
            continue
        district = _districts(words)
        part.district = part.district or bool(district)
        found = district or _subjects(words, names, kinds)
        place = _tiled(names, _PLACE_NAMES)
        if found:
            part.subjects |= found
        elif place:
            # A comma may stand between a place and its subject (`г. Сургут, Тюменская область`).
            beside = part.places if "," in members[max(index - 1, 0) : index + 2] else part.listed_places
            beside |= place
        elif kinds & (_KINDS_OF_PLACES | _KINDS_OF_TOWNS):
            part.unknown_places += 1
        elif kinds & _CLAIMS and (last or count > 1):
            part.failed = True  # says that it is a subject, and is none that we know
        elif (count == 1 and not alone) or _before_a_comma(members, index, names):
            part.unknown_places += 1
        else:
            part.failed = True
    return _beside_each_other(part)


def _beside_each_other(part: _Part) -> _Part:
    """What the members of a list say of each other."""
    if part.subjects:
        part.subjects |= part.listed_places - {WHOLE_COUNTRY}
    else:
        part.places |= part.listed_places
    for word in part.bare:
        around = {oblast for town, (oblast, bare) in _BARE_OBLAST.items() if town in part.subjects and word in bare}
        part.subjects |= around
        part.failed = part.failed or not around
    return part


def _before_a_comma(members: Sequence[str], index: int, names: tuple[str, ...]) -> bool:
    """A bare word with a comma after it is a place (`Талица, Свердловская область`); an adjective is none."""
    return index + 1 < len(members) and members[index + 1] == "," and not any(word.endswith("кий") for word in names)


def _districts(words: Sequence[str]) -> set[str] | None:
    if not {"федеральный", "фо"}.intersection(words):
        return None
    district = _DISTRICTS.get(tuple(word for word in words if word not in _OF_DISTRICTS))
    return {subject.code for subject in SUBJECTS if district is not None and subject.district is district}


def _subjects(words: Sequence[str], names: tuple[str, ...], kinds: set[str]) -> set[str] | None:
    """The subjects that a member names; None where it names none, or a place."""
    if kinds & _KINDS_OF_PLACES:
        return _beside_their_kind(words)
    found = _tiled(names, _SUBJECT_NAMES)
    if found and kinds & _KINDS_OF_TOWNS and not found & _TOWNS_THAT_ARE_SUBJECTS:
        return None
    if found is None and kinds & _KINDS_OF_TOWNS:
        return _beside_their_kind(words)
    if found == {"RU-ALT"} and kinds & {"республика", "респ", "республики"}:
        return {"RU-AL"}
    return found


def _beside_their_kind(words: Sequence[str]) -> set[str] | None:
    """Subjects inside a longer member that lacks its separators (`г. Норильск Красноярский край`)."""
    found = set()
    for index, word in enumerate(words):
        if word in _CLAIMS:
            for length in (3, 2, 1):
                before, after = (
                    tuple(words[max(index - length, 0) : index]),
                    tuple(words[index + 1 : index + 1 + length]),
                )
                code = _SUBJECT_NAMES.get(before) or _SUBJECT_NAMES.get(after)
                if code:
                    found.add(code)
                    break
    return found or None


def _tiled(words: tuple[str, ...], names: _Names) -> set[str] | None:
    """The codes of the names that cover the words one after another without a rest; None where they can't."""
    if not words:
        return None
    for length in range(min(len(words), 4), 0, -1):
        code = names.get(words[:length])
        if code is not None:
            if length == len(words):
                return {code}
            rest = _tiled(words[length:], names)
            if rest is not None:
                return {code} | rest
    return None


def _folded(text: str) -> str:
    """One spelling of the letters: lower case, `е` for `ё`, plain spaces and dashes, Cyrillic for its look-alikes."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    text = _QUOTES.sub("", _DASHES.sub("-", text)).translate(_LOOK_ALIKES)
    return " ".join(text.split())


def _unabbreviated(text: str) -> str:
    for pattern, replacement in _ABBREVIATIONS:
        text = pattern.sub(replacement, text)
    return text


def _words(text: str) -> list[str]:
    return [_ADJECTIVE.sub(r"\1ий", word) for word in _WORD.findall(text)]


def _key(name: str) -> tuple[str, ...]:
    """A name's words without those for kinds: what the tables below are looked up by."""
    return tuple(word for word in _words(_unabbreviated(_folded(name))) if word not in _KINDS)


_SUBJECT_NAMES: Final[_Names] = {
    **{_key(name): subject.code for subject in SUBJECTS for name in (subject.official, subject.short_ru)},
    **{_key(name): code for code, names in _OTHER_NAMES.items() for name in names.split(",")},
}
_PLACE_NAMES: Final[_Names] = {_key(name): code for name, code in PLACES}
