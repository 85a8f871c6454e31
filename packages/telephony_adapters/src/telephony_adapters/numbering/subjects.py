"""The subjects of the federation: codes, names, districts, time zones. The product's own table.

Codes are those of ISO 3166-2: 83 that begin with `RU-`, and six territories of the state's register to which ISO
assigns codes that begin with `UA-`; here they are ordinary codes (see `telephony_core.region`).

Sources: names by the Constitution, article 65; federal districts by decree no. 849 of 2000 with its changes up to 2018
(Buryatia and the Zabaykalsky kraj in the Far East) and 2016 (Crimea in the South); the four territories of 2022 stand
in no district. Time zones are names of the IANA database; where one subject lives by several wall clocks it has several
zones, the capital's first. For the four territories of 2022 the IANA database has no zone by which the register's
subscribers live, so theirs is Moscow's.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class FederalDistrict(StrEnum):
    """The eight federal districts."""

    CENTRAL = "central"
    NORTHWESTERN = "northwestern"
    SOUTHERN = "southern"
    NORTH_CAUCASIAN = "north_caucasian"
    VOLGA = "volga"
    URAL = "ural"
    SIBERIAN = "siberian"
    FAR_EASTERN = "far_eastern"


@frozen
class Subject:
    """One subject: `code` by ISO 3166-2, the official Russian name, short names, district (or none), IANA zones."""

    code: str
    official: str
    short_ru: str
    short_en: str
    district: FederalDistrict | None
    zones: tuple[str, ...]


_C, _NW, _S, _NC = (
    FederalDistrict.CENTRAL,
    FederalDistrict.NORTHWESTERN,
    FederalDistrict.SOUTHERN,
    FederalDistrict.NORTH_CAUCASIAN,
)
_V, _U, _SIB, _FE = (
    FederalDistrict.VOLGA,
    FederalDistrict.URAL,
    FederalDistrict.SIBERIAN,
    FederalDistrict.FAR_EASTERN,
)

# code, official name, short Russian, short English, district, zones (comma between)
_ROWS: tuple[tuple[str, str, str, str, FederalDistrict | None, str], ...] = (
    ("RU-AD", "Республика Адыгея", "Адыгея", "Adygea", _S, "Europe/Moscow"),
    ("RU-AL", "Республика Алтай", "Республика Алтай", "Altai Republic", _SIB, "Asia/Barnaul"),
    ("RU-ALT", "Алтайский край", "Алтайский край", "Altai Krai", _SIB, "Asia/Barnaul"),
    ("RU-AMU", "Амурская область", "Амурская обл.", "Amur Oblast", _FE, "Asia/Yakutsk"),
    ("RU-ARK", "Архангельская область", "Архангельская обл.", "Arkhangelsk Oblast", _NW, "Europe/Moscow"),
    ("RU-AST", "Астраханская область", "Астраханская обл.", "Astrakhan Oblast", _S, "Europe/Astrakhan"),
    ("RU-BA", "Республика Башкортостан", "Башкортостан", "Bashkortostan", _V, "Asia/Yekaterinburg"),
    ("RU-BEL", "Белгородская область", "Белгородская обл.", "Belgorod Oblast", _C, "Europe/Moscow"),
    ("RU-BRY", "Брянская область", "Брянская обл.", "Bryansk Oblast", _C, "Europe/Moscow"),
    ("RU-BU", "Республика Бурятия", "Бурятия", "Buryatia", _FE, "Asia/Irkutsk"),
    ("RU-CE", "Чеченская Республика", "Чечня", "Chechnya", _NC, "Europe/Moscow"),
    ("RU-CHE", "Челябинская область", "Челябинская обл.", "Chelyabinsk Oblast", _U, "Asia/Yekaterinburg"),
    ("RU-CHU", "Чукотский автономный округ", "Чукотский АО", "Chukotka", _FE, "Asia/Anadyr"),
    ("RU-CU", "Чувашская Республика - Чувашия", "Чувашия", "Chuvashia", _V, "Europe/Moscow"),
    ("RU-DA", "Республика Дагестан", "Дагестан", "Dagestan", _NC, "Europe/Moscow"),
    ("RU-IN", "Республика Ингушетия", "Ингушетия", "Ingushetia", _NC, "Europe/Moscow"),
    ("RU-IRK", "Иркутская область", "Иркутская обл.", "Irkutsk Oblast", _SIB, "Asia/Irkutsk"),
    ("RU-IVA", "Ивановская область", "Ивановская обл.", "Ivanovo Oblast", _C, "Europe/Moscow"),
    ("RU-KAM", "Камчатский край", "Камчатский край", "Kamchatka Krai", _FE, "Asia/Kamchatka"),
    ("RU-KB", "Кабардино-Балкарская Республика", "Кабардино-Балкария", "Kabardino-Balkaria", _NC, "Europe/Moscow"),
    ("RU-KC", "Карачаево-Черкесская Республика", "Карачаево-Черкесия", "Karachay-Cherkessia", _NC, "Europe/Moscow"),
    ("RU-KDA", "Краснодарский край", "Краснодарский край", "Krasnodar Krai", _S, "Europe/Moscow"),
    ("RU-KEM", "Кемеровская область - Кузбасс", "Кемеровская обл.", "Kemerovo Oblast", _SIB, "Asia/Novokuznetsk"),
    ("RU-KGD", "Калининградская область", "Калининградская обл.", "Kaliningrad Oblast", _NW, "Europe/Kaliningrad"),
    ("RU-KGN", "Курганская область", "Курганская обл.", "Kurgan Oblast", _U, "Asia/Yekaterinburg"),
    ("RU-KHA", "Хабаровский край", "Хабаровский край", "Khabarovsk Krai", _FE, "Asia/Vladivostok"),
    (
        "RU-KHM",
        "Ханты-Мансийский автономный округ - Югра",
        "Ханты-Мансийский АО - Югра",
        "Khanty-Mansi AO - Yugra",
        _U,
        "Asia/Yekaterinburg",
    ),
    ("RU-KIR", "Кировская область", "Кировская обл.", "Kirov Oblast", _V, "Europe/Kirov"),
    ("RU-KK", "Республика Хакасия", "Хакасия", "Khakassia", _SIB, "Asia/Krasnoyarsk"),
    ("RU-KL", "Республика Калмыкия", "Калмыкия", "Kalmykia", _S, "Europe/Moscow"),
    ("RU-KLU", "Калужская область", "Калужская обл.", "Kaluga Oblast", _C, "Europe/Moscow"),
    ("RU-KO", "Республика Коми", "Коми", "Komi", _NW, "Europe/Moscow"),
    ("RU-KOS", "Костромская область", "Костромская обл.", "Kostroma Oblast", _C, "Europe/Moscow"),
    ("RU-KR", "Республика Карелия", "Карелия", "Karelia", _NW, "Europe/Moscow"),
    ("RU-KRS", "Курская область", "Курская обл.", "Kursk Oblast", _C, "Europe/Moscow"),
    ("RU-KYA", "Красноярский край", "Красноярский край", "Krasnoyarsk Krai", _SIB, "Asia/Krasnoyarsk"),
    ("RU-LEN", "Ленинградская область", "Ленинградская обл.", "Leningrad Oblast", _NW, "Europe/Moscow"),
    ("RU-LIP", "Липецкая область", "Липецкая обл.", "Lipetsk Oblast", _C, "Europe/Moscow"),
    ("RU-MAG", "Магаданская область", "Магаданская обл.", "Magadan Oblast", _FE, "Asia/Magadan"),
    ("RU-ME", "Республика Марий Эл", "Марий Эл", "Mari El", _V, "Europe/Moscow"),
    ("RU-MO", "Республика Мордовия", "Мордовия", "Mordovia", _V, "Europe/Moscow"),
    ("RU-MOS", "Московская область", "Московская обл.", "Moscow Oblast", _C, "Europe/Moscow"),
    ("RU-MOW", "Город Москва", "Москва", "Moscow", _C, "Europe/Moscow"),
    ("RU-MUR", "Мурманская область", "Мурманская обл.", "Murmansk Oblast", _NW, "Europe/Moscow"),
    ("RU-NEN", "Ненецкий автономный округ", "Ненецкий АО", "Nenets AO", _NW, "Europe/Moscow"),
    ("RU-NGR", "Новгородская область", "Новгородская обл.", "Novgorod Oblast", _NW, "Europe/Moscow"),
    ("RU-NIZ", "Нижегородская область", "Нижегородская обл.", "Nizhny Novgorod Oblast", _V, "Europe/Moscow"),
    ("RU-NVS", "Новосибирская область", "Новосибирская обл.", "Novosibirsk Oblast", _SIB, "Asia/Novosibirsk"),
    ("RU-OMS", "Омская область", "Омская обл.", "Omsk Oblast", _SIB, "Asia/Omsk"),
    ("RU-ORE", "Оренбургская область", "Оренбургская обл.", "Orenburg Oblast", _V, "Asia/Yekaterinburg"),
    ("RU-ORL", "Орловская область", "Орловская обл.", "Oryol Oblast", _C, "Europe/Moscow"),
    ("RU-PER", "Пермский край", "Пермский край", "Perm Krai", _V, "Asia/Yekaterinburg"),
    ("RU-PNZ", "Пензенская область", "Пензенская обл.", "Penza Oblast", _V, "Europe/Moscow"),
    ("RU-PRI", "Приморский край", "Приморский край", "Primorye", _FE, "Asia/Vladivostok"),
    ("RU-PSK", "Псковская область", "Псковская обл.", "Pskov Oblast", _NW, "Europe/Moscow"),
    ("RU-ROS", "Ростовская область", "Ростовская обл.", "Rostov Oblast", _S, "Europe/Moscow"),
    ("RU-RYA", "Рязанская область", "Рязанская обл.", "Ryazan Oblast", _C, "Europe/Moscow"),
    # The Lena, the Yana and the Kolyma: UTC+9, +10, +11.
    (
        "RU-SA",
        "Республика Саха (Якутия)",
        "Якутия",
        "Yakutia (Sakha)",
        _FE,
        "Asia/Yakutsk,Asia/Ust-Nera,Asia/Srednekolymsk",
    ),
    # The Northern Kurils have a zone of their own in the IANA database; its clock has been Sakhalin's since 2016.
    ("RU-SAK", "Сахалинская область", "Сахалинская обл.", "Sakhalin Oblast", _FE, "Asia/Sakhalin,Asia/Srednekolymsk"),
    ("RU-SAM", "Самарская область", "Самарская обл.", "Samara Oblast", _V, "Europe/Samara"),
    ("RU-SAR", "Саратовская область", "Саратовская обл.", "Saratov Oblast", _V, "Europe/Saratov"),
    (
        "RU-SE",
        "Республика Северная Осетия - Алания",
        "Северная Осетия",
        "North Ossetia - Alania",
        _NC,
        "Europe/Moscow",
    ),
    ("RU-SMO", "Смоленская область", "Смоленская обл.", "Smolensk Oblast", _C, "Europe/Moscow"),
    ("RU-SPE", "Город Санкт-Петербург", "Санкт-Петербург", "Saint Petersburg", _NW, "Europe/Moscow"),
    ("RU-STA", "Ставропольский край", "Ставропольский край", "Stavropol Krai", _NC, "Europe/Moscow"),
    ("RU-SVE", "Свердловская область", "Свердловская обл.", "Sverdlovsk Oblast", _U, "Asia/Yekaterinburg"),
    ("RU-TA", "Республика Татарстан", "Татарстан", "Tatarstan", _V, "Europe/Moscow"),
    ("RU-TAM", "Тамбовская область", "Тамбовская обл.", "Tambov Oblast", _C, "Europe/Moscow"),
    ("RU-TOM", "Томская область", "Томская обл.", "Tomsk Oblast", _SIB, "Asia/Tomsk"),
    ("RU-TUL", "Тульская область", "Тульская обл.", "Tula Oblast", _C, "Europe/Moscow"),
    ("RU-TVE", "Тверская область", "Тверская обл.", "Tver Oblast", _C, "Europe/Moscow"),
    ("RU-TY", "Республика Тыва", "Тыва", "Tuva", _SIB, "Asia/Krasnoyarsk"),
    ("RU-TYU", "Тюменская область", "Тюменская обл.", "Tyumen Oblast", _U, "Asia/Yekaterinburg"),
    ("RU-UD", "Удмуртская Республика", "Удмуртия", "Udmurtia", _V, "Europe/Samara"),
    ("RU-ULY", "Ульяновская область", "Ульяновская обл.", "Ulyanovsk Oblast", _V, "Europe/Ulyanovsk"),
    ("RU-VGG", "Волгоградская область", "Волгоградская обл.", "Volgograd Oblast", _S, "Europe/Volgograd"),
    ("RU-VLA", "Владимирская область", "Владимирская обл.", "Vladimir Oblast", _C, "Europe/Moscow"),
    ("RU-VLG", "Вологодская область", "Вологодская обл.", "Vologda Oblast", _NW, "Europe/Moscow"),
    ("RU-VOR", "Воронежская область", "Воронежская обл.", "Voronezh Oblast", _C, "Europe/Moscow"),
    ("RU-YAN", "Ямало-Ненецкий автономный округ", "Ямало-Ненецкий АО", "Yamalo-Nenets AO", _U, "Asia/Yekaterinburg"),
    ("RU-YAR", "Ярославская область", "Ярославская обл.", "Yaroslavl Oblast", _C, "Europe/Moscow"),
    ("RU-YEV", "Еврейская автономная область", "Еврейская АО", "Jewish Autonomous Oblast", _FE, "Asia/Vladivostok"),
    ("RU-ZAB", "Забайкальский край", "Забайкальский край", "Zabaykalsky Krai", _FE, "Asia/Chita"),
    ("UA-09", "Луганская Народная Республика", "Луганская НР", "Luhansk", None, "Europe/Moscow"),
    ("UA-14", "Донецкая Народная Республика", "Донецкая НР", "Donetsk", None, "Europe/Moscow"),
    ("UA-23", "Запорожская область", "Запорожская обл.", "Zaporizhzhia", None, "Europe/Moscow"),
    ("UA-40", "Город Севастополь", "Севастополь", "Sevastopol", _S, "Europe/Simferopol"),
    ("UA-43", "Республика Крым", "Крым", "Crimea", _S, "Europe/Simferopol"),
    ("UA-65", "Херсонская область", "Херсонская обл.", "Kherson", None, "Europe/Moscow"),
)

SUBJECTS: tuple[Subject, ...] = tuple(
    Subject(code, official, short_ru, short_en, district, tuple(zones.split(",")))
    for code, official, short_ru, short_en, district, zones in _ROWS
)
"""All 89 subjects, by code."""

BY_CODE: dict[str, Subject] = {subject.code: subject for subject in SUBJECTS}
"""ISO 3166-2 code -> subject. `RU`, the whole country, is no subject and not in here."""

ALL_ZONES: tuple[str, ...] = tuple(sorted({zone for subject in SUBJECTS for zone in subject.zones}))
"""Every zone of the country, for who means `RU` as the whole of it."""
