"""The register's region names -> codes, by the rules at the head of `names`."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telephony_adapters.numbering.names import region_codes
from telephony_adapters.numbering.places import PLACES
from telephony_adapters.numbering.subjects import SUBJECTS, Subject

_CENTRAL = "BEL BRY IVA KLU KOS KRS LIP MOS MOW ORL RYA SMO TAM TUL TVE VLA VOR YAR"

# What editions of the register from 2010 on have, and what their typists might.
UNDERSTOOD = {
    # plain, and drifted
    "Краснодарский край": "RU-KDA",
    "Алтайский край": "RU-ALT",
    "Республика Алтай": "RU-AL",
    "Алтай Респ": "RU-AL",
    "Республика Горный Алтай": "RU-AL",
    "Алтайская Республика": "RU-AL",
    "Ростовская обл.": "RU-ROS",
    "обл. Ростовская": "RU-ROS",
    "Кемеровская обл.": "RU-KEM",
    "Кемеровская область - Кузбасс": "RU-KEM",
    "Кемеровская область - Кузбасс обл.": "RU-KEM",
    "Кемеровская область - Кузбасс область": "RU-KEM",
    "Чувашская Республика": "RU-CU",
    "Чувашская Республика - Чувашия": "RU-CU",
    "Чувашия": "RU-CU",
    "Республика Удмуртская": "RU-UD",
    "Удмуртская Республика": "RU-UD",
    "Республика Чеченская": "RU-CE",
    "Кабардино - Балкарская Республика": "RU-KB",
    "Республика Карачаево-Черкесская": "RU-KC",
    "Республика Саха /Якутия/": "RU-SA",
    "Республика Саха (Якутия)": "RU-SA",
    "Саха /Якутия/ Респ": "RU-SA",
    "Якутия": "RU-SA",
    "Республика Северная Осетия - Алания": "RU-SE",
    "Северная Осетия": "RU-SE",
    "Республика Адыгея (Адыгея)": "RU-AD",
    "Республика Татарстан (Татарстан)": "RU-TA",
    "Республика Тыва": "RU-TY",
    "Республика Калмыкия - Хальмг Тангч": "RU-KL",
    "Республика Марий Эл": "RU-ME",
    "Марий-Эл": "RU-ME",
    "Ханты - Мансийский - Югра АО": "RU-KHM",
    "Ханты-Мансийский АО - Югра": "RU-KHM",
    "Ханты-Мансийский Автономный округ - Югра АО": "RU-KHM",
    "Ханты-Мансийский АО": "RU-KHM",
    "ХМАО": "RU-KHM",
    "Ямало-Ненецкий": "RU-YAN",
    "Ямало - Ненецкий АО": "RU-YAN",
    "Ненецкий АО": "RU-NEN",
    "Чукотский автономный округ": "RU-CHU",
    "Еврейская автономная обл.": "RU-YEV",
    "Еврейская АО": "RU-YEV",
    "Еврейская Аобл": "RU-YEV",
    "Республика Крым": "UA-43",
    "г. Севастополь": "UA-40",
    "Город федерального значения Севастополь": "UA-40",
    "Донецкая Народная Республика": "UA-14",
    "Республика Донецкая Народная": "UA-14",
    "ДНР": "UA-14",
    "Луганская Народная Республика": "UA-09",
    "Запорожская обл.": "UA-23",
    "Херсонская область": "UA-65",
    "г.Москва": "RU-MOW",
    "гор. Москва": "RU-MOW",
    "Москва г": "RU-MOW",
    "С.-Петербург": "RU-SPE",
    "г. Санкт - Петербург": "RU-SPE",
    # former subjects
    "Читинская обл.": "RU-ZAB",
    "Агинский Бурятский АО": "RU-ZAB",
    "Камчатская обл.": "RU-KAM",
    "Корякский АО": "RU-KAM",
    "Пермская обл.": "RU-PER",
    "Коми-Пермяцкий АО": "RU-PER",
    "Таймырский (Долгано-Ненецкий) АО": "RU-KYA",
    "Эвенкийский АО": "RU-KYA",
    "Усть-Ордынский Бурятский АО": "RU-IRK",
    # two and more in one cell
    "Город Москва, Московская область": "RU-MOS RU-MOW",
    "г. Москва * Московская область": "RU-MOS RU-MOW",
    "г. Москва и Московская область": "RU-MOS RU-MOW",
    "Москва и Московская область": "RU-MOS RU-MOW",
    "Москва - Московская область": "RU-MOS RU-MOW",
    "Москва/Московская область": "RU-MOS RU-MOW",
    "Московская область * Москва|Московская область * Москва": "RU-MOS RU-MOW",
    "Московская область; Москва|Московская область; Москва": "RU-MOS RU-MOW",
    "г. Санкт - Петербург и Ленинградская область": "RU-LEN RU-SPE",
    "Республика Крым * г. Севастополь": "UA-40 UA-43",
    "Архангельская обл. и Ненецкий АО": "RU-ARK RU-NEN",
    "Архангельская область, Ненецкий автономный округ": "RU-ARK RU-NEN",
    "Тюменская область, ХМАО, ЯНАО": "RU-KHM RU-TYU RU-YAN",
    "Краснодарский край и Республика Адыгея": "RU-AD RU-KDA",
    "Красноярский край, Республика Хакасия, г. Москва": "RU-KK RU-KYA RU-MOW",
    # place and subject
    "г. Норильск|Красноярский край": "RU-KYA",
    "г. Норильск|г.о. город Норильск|Красноярский край": "RU-KYA",
    "г. Норильск, Красноярский край": "RU-KYA",
    "г. Норильск Красноярский край": "RU-KYA",
    "Красноярский край|г. Норильск": "RU-KYA",
    "Красноярский край (Норильск)": "RU-KYA",
    "Красноярский край (кроме Норильска)": "RU-KYA",
    "Красноярский край (кроме Норильска) и Республика Хакасия": "RU-KK RU-KYA",
    "Красноярский край без г. Норильска": "RU-KYA",
    "Корякский округ|Камчатский край": "RU-KAM",
    "Корякский автономный округ (Камчатская область)": "RU-KAM",
    "г. Кострома|р-н Костромской|Костромская обл.": "RU-KOS",
    "г.о. Балашиха|Московская область": "RU-MOS",
    "Московская область, м.о. Одинцовский": "RU-MOS",
    "ЗАТО п. Молодёжный|р-н Наро-Фоминский|Московская обл.": "RU-MOS",
    "Талица, Свердловская область": "RU-SVE",
    "г. Донецк|Ростовская обл.": "RU-ROS",
    "р-н Ленинградский|Краснодарский край": "RU-KDA",
    "г. Московский|г. Москва": "RU-MOW",
    "г. Москва (Троицкий)": "RU-MOW",
    "у. Нерюнгринский|Республика Саха /Якутия/": "RU-SA",
    # an okrug in its oblast: one inside the other in a path, two in a list
    "Ямало - Ненецкий автономный округ |Тюменская область": "RU-YAN",
    "Ханты - Мансийский-Югра автономный округ |Тюменская область": "RU-KHM",
    "Ненецкий автономный округ|Архангельская область": "RU-NEN",
    "г. Сургут|Тюменская область": "RU-KHM",
    "г. Тюмень  |  Тюменская обл.": "RU-TYU",
    # what a list says beside its subjects: nothing of it is dropped
    "г. Москва и г. Химки": "RU-MOS RU-MOW",
    "г. Сургут и Тюменская обл.": "RU-KHM RU-TYU",
    "Тюменская область, включая г. Сургут": "RU-KHM RU-TYU",
    "Архангельская область (включая НАО)": "RU-ARK RU-NEN",
    "Архангельская обл., в т.ч. Ненецкий АО": "RU-ARK RU-NEN",
    "г. Москва или Московская область": "RU-MOS RU-MOW",
    "Москва и МО": "RU-MOS RU-MOW",
    "г. Москва, МО": "RU-MOS RU-MOW",
    "г. Москва и область": "RU-MOS RU-MOW",
    "СПб и ЛО": "RU-LEN RU-SPE",
    "Архангельская область (кроме НАО)": "RU-ARK",
    # short kinds of the state's register of addresses
    "г.ф.з. Санкт-Петербург": "RU-SPE",
    "Ханты-Мансийский а.окр. - Югра": "RU-KHM",
    "Еврейская а.обл.": "RU-YEV",
    "м.р-н Таймырский Долгано-Ненецкий|Красноярский край": "RU-KYA",
    "Алтайский кр.": "RU-ALT",
    "Ростовская обл-ть": "RU-ROS",
    # places only
    "Сургутский район * г. Сургут": "RU-KHM",
    "Сургутский район и г. Сургут": "RU-KHM",
    "Абзелиловский район * Белорецкий район|Абзелиловский район * Белорецкий район": "RU-BA",
    "р-ны Абзелиловский и Белорецкий|р-ны Абзелиловский и Белорецкий": "RU-BA",
    "Корякский округ": "RU-KAM",
    "Норильск и Таймырский МР": "RU-KYA",
    "Ростов-на-Дону": "RU-ROS",
    "г. Байконур": "RU",
    "Иные территории, включая город и космодром Байконур": "RU",
    # federal districts and the country
    "Центральный федеральный округ": " ".join(f"RU-{code}" for code in _CENTRAL.split()),
    "Центральный ФО, кроме г. Москвы": " ".join(f"RU-{code}" for code in _CENTRAL.split() if code != "MOW"),
    "Российская Федерация": "RU",
    "Вся территория РФ": "RU",
    "Россия": "RU",
    "Российская Федерация, кроме Чукотского автономного округа": "RU",
    "Российская Федерация, за исключением Чеченской Республики, Республики Крым и города Севастополь": "RU",
    # letters
    "Pecпублика Kрым": "UA-43",
    "Моcковcкая\u00a0область": "RU-MOS",
    "Ханты\u2013Мансийский\u2014Югра  АО": "RU-KHM",
    "\u200bОрлОвская  ОБЛ .": "RU-ORL",
    "Орёл": "RU-ORL",
}

NOT_UNDERSTOOD = (
    "",
    "-",
    "foo",
    "Масковская область",
    "Масковская область, Тверская область",
    "Тверская область и Масковская",
    "Тверская область * Масковская",
    "г. Радужный",  # two towns of that name
    "Донецк",
    "г. Московский",
    "Омский район",
    "р-н Ленинградский",
    "обл.",
    "Республика",
    "Нигдейский федеральный округ",
    "г. Сургут и г. Радужный",
    "Киевская область",
    "Центральный федеральный округ, кроме Нигдейской области",
    "Республика Крым, кроме Республики Крым",
    "Тверь и область",
    "Ликино-Дулево, МО",
    "МО",
    "Крайний Север",
)


@pytest.mark.parametrize(("name", "codes"), UNDERSTOOD.items())
def test_a_name_of_the_register_is_understood(name: str, codes: str) -> None:
    assert region_codes(name) == tuple(codes.split())


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_a_name_that_the_rules_do_not_know_is_none_and_never_the_whole_country(name: str) -> None:
    assert region_codes(name) is None


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.code)
def test_each_subject_is_found_by_each_of_its_names_and_forms(subject: Subject) -> None:
    code, official, short = subject.code, subject.official, subject.short_ru
    names = [official, short, official.replace("автономный округ", "АО").replace("область", "обл.")]
    words = official.split()
    if "Республика" in words:
        rest = " ".join(word for word in words if word != "Республика")
        names += [f"Республика {rest}", f"{rest} Республика", f"Респ. {rest}", f"{rest} респ"]
    if words[-1] in ("область", "край"):
        names += [f"{words[-1]} {' '.join(words[:-1])}"]
    if words[0] == "Город":
        names += [
            f"г. {words[1]}",
            f"г.{words[1]}",
            f"{words[1]} г",
            words[1],
            f"город федерального значения {words[1]}",
        ]
    assert {name: region_codes(name) for name in names} == dict.fromkeys(names, (code,))


@pytest.mark.parametrize(("place", "code"), PLACES)
def test_a_place_is_found_with_and_before_its_subject(place: str, code: str) -> None:
    assert region_codes(f"г. {place}") == (code,)
    if code != "RU":
        official = next(subject.official for subject in SUBJECTS if subject.code == code)
        assert region_codes(f"г. {place}|г.о. город {place}|{official}") == (code,)
        assert region_codes(f"г.о. {place}, {official}") == (code,)


@given(st.sampled_from(SUBJECTS), st.sampled_from(SUBJECTS), st.sampled_from([" * ", " и ", ", ", "; ", "*", " + "]))
def test_two_subjects_in_one_cell_are_both_in_any_order(a: Subject, b: Subject, sign: str) -> None:
    both = tuple(sorted({a.code, b.code}))
    assert region_codes(f"{a.official}{sign}{b.official}") == both
    assert region_codes(f"{b.short_ru}{sign}{a.official}") == both


_SPACES = (" ", "  ", "\u00a0", "\u2009", " \t", "\u202f")
_DASHES = ("-", " - ", " -", "- ", "\u2010", "\u2011", "\u2013", " \u2013 ", "\u2014", "\u2212", "\u00ad-")
_LOOK_ALIKES = dict(zip("авсенкмортухАВСЕНКМОРТХ", "abcehkmoptyxABCEHKMOPTX", strict=True))


@given(st.sampled_from(sorted(UNDERSTOOD)), st.integers(0, 2**32))
@example("Ростовская обл-ть", 25)  # spaces around the dash of an abbreviation
def test_case_spaces_dashes_and_look_alikes_change_nothing(name: str, seed: int) -> None:
    chance = random.Random(seed)
    around = chance.choice(["", " ", "\u00a0", "\ufeff"])
    drifted = around
    for sign in name:
        if sign == " ":
            drifted += chance.choice(_SPACES)
        elif sign == "-":
            drifted += chance.choice(_DASHES)
        else:
            letter = chance.choice([sign, sign, _LOOK_ALIKES.get(sign, sign)])
            drifted += chance.choice([letter, letter.upper(), letter.lower()])
    assert region_codes(drifted + around) == tuple(UNDERSTOOD[name].split()), drifted


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_answered_and_only_the_country_is_the_country(text: str) -> None:
    codes = region_codes(text)
    assert codes is None or codes == tuple(sorted(set(codes)))
    if codes == ("RU",):
        assert "ф" in text.casefold() or "р" in text.casefold()
