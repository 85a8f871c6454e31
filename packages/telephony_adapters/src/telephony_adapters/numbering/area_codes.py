"""Landlines: the geographic area code (ABC) of a Russian number -> the subjects that it serves.

The register's files of mobile ranges hold no landlines, and the `phonenumbers` geocoder mixes towns and subjects in its
answers and calls +7 495 'Moscow Oblast', so this table is our own. It follows the Russian numbering system and plan
(order of the ministry no. 205 of 2021, and no. 142 of 2006 before it): three digits name a subject, or a part of one.
`LONGER_PREFIXES` are for area codes that serve two subjects. A test compares the table with the geocoder.

Decisions: 495 and 499 are Moscow's, though some towns just outside have them too; 496 and 498 are the oblast's.
336 is Baikonur, rented from Kazakhstan and in no subject: the whole country.
"""

from __future__ import annotations

from typing import Final

AREA_CODES: Final[dict[str, tuple[str, ...]]] = {
    "301": ("RU-BU",),
    "302": ("RU-ZAB",),
    "336": ("RU",),
    "341": ("RU-UD",),
    "342": ("RU-PER",),
    "343": ("RU-SVE",),
    "345": ("RU-TYU",),
    "346": ("RU-KHM",),
    "347": ("RU-BA",),
    "349": ("RU-YAN",),
    "351": ("RU-CHE",),
    "352": ("RU-KGN",),
    "353": ("RU-ORE",),
    "365": ("UA-43",),
    "381": ("RU-OMS",),
    "382": ("RU-TOM",),
    "383": ("RU-NVS",),
    "384": ("RU-KEM",),
    "385": ("RU-ALT",),
    "388": ("RU-AL",),
    "390": ("RU-KK",),
    "391": ("RU-KYA",),
    "394": ("RU-TY",),
    "395": ("RU-IRK",),
    "401": ("RU-KGD",),
    "411": ("RU-SA",),
    "413": ("RU-MAG",),
    "415": ("RU-KAM",),
    "416": ("RU-AMU",),
    "421": ("RU-KHA",),
    "423": ("RU-PRI",),
    "424": ("RU-SAK",),
    "426": ("RU-YEV",),
    "427": ("RU-CHU",),
    "471": ("RU-KRS",),
    "472": ("RU-BEL",),
    "473": ("RU-VOR",),
    "474": ("RU-LIP",),
    "475": ("RU-TAM",),
    "481": ("RU-SMO",),
    "482": ("RU-TVE",),
    "483": ("RU-BRY",),
    "484": ("RU-KLU",),
    "485": ("RU-YAR",),
    "486": ("RU-ORL",),
    "487": ("RU-TUL",),
    "491": ("RU-RYA",),
    "492": ("RU-VLA",),
    "493": ("RU-IVA",),
    "494": ("RU-KOS",),
    "495": ("RU-MOW",),
    "496": ("RU-MOS",),
    "498": ("RU-MOS",),
    "499": ("RU-MOW",),
    "811": ("RU-PSK",),
    "812": ("RU-SPE",),
    "813": ("RU-LEN",),
    "814": ("RU-KR",),
    "815": ("RU-MUR",),
    "816": ("RU-NGR",),
    "817": ("RU-VLG",),
    "818": ("RU-ARK",),
    "820": ("RU-VLG",),
    "821": ("RU-KO",),
    "831": ("RU-NIZ",),
    "833": ("RU-KIR",),
    "834": ("RU-MO",),
    "835": ("RU-CU",),
    "836": ("RU-ME",),
    "841": ("RU-PNZ",),
    "842": ("RU-ULY",),
    "843": ("RU-TA",),
    "844": ("RU-VGG",),
    "845": ("RU-SAR",),
    "846": ("RU-SAM",),
    "847": ("RU-KL",),
    "848": ("RU-SAM",),
    "851": ("RU-AST",),
    "855": ("RU-TA",),
    "856": ("UA-14",),
    "857": ("UA-09",),
    "861": ("RU-KDA",),
    "862": ("RU-KDA",),
    "863": ("RU-ROS",),
    "865": ("RU-STA",),
    "866": ("RU-KB",),
    "867": ("RU-SE",),
    "869": ("UA-40",),
    "871": ("RU-CE",),
    "872": ("RU-DA",),
    "873": ("RU-IN",),
    "877": ("RU-AD",),
    "878": ("RU-KC",),
    "879": ("RU-STA",),
}

LONGER_PREFIXES: Final[dict[str, tuple[str, ...]]] = {
    "81853": ("RU-NEN",),
}


def area_codes_of(national: str) -> tuple[str, ...] | None:
    """The subjects of a landline, by its ten national digits (`8123456789`); None where the area code is unknown."""
    return LONGER_PREFIXES.get(national[:5]) or AREA_CODES.get(national[:3])
