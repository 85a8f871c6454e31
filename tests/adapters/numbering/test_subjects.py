"""The product's table of the federation's subjects, the area codes and the places, against independent sources."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import pycountry
import pytest
from phonenumbers import geocoder

from telephony_adapters.numbering.area_codes import AREA_CODES, LONGER_PREFIXES, area_codes_of
from telephony_adapters.numbering.names import region_codes
from telephony_adapters.numbering.places import PLACES
from telephony_adapters.numbering.subjects import ALL_ZONES, BY_CODE, SUBJECTS, FederalDistrict, Subject
from telephony_core.region import Region

ISO: Any = pycountry.subdivisions  # its types stop at the door
UA_CODES = {"UA-09", "UA-14", "UA-23", "UA-40", "UA-43", "UA-65"}


def test_the_table_holds_the_83_iso_codes_of_russia_and_the_six_that_iso_assigns_otherwise() -> None:
    iso = {subdivision.code for subdivision in ISO.get(country_code="RU")}
    assert len(iso) == 83
    assert {subject.code for subject in SUBJECTS} == iso | UA_CODES
    assert all(ISO.get(code=code) is not None for code in UA_CODES)


def test_codes_and_names_are_each_once_and_codes_are_a_region_s() -> None:
    for values in (
        [subject.code for subject in SUBJECTS],
        [subject.official for subject in SUBJECTS],
        [subject.short_ru for subject in SUBJECTS],
        [subject.short_en for subject in SUBJECTS],
    ):
        assert len(values) == len(set(values)) == 89
    assert all(Region((subject.code,)).codes == (subject.code,) for subject in SUBJECTS)


_LETTERS = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшыьюя",
        "a b v g d e zh z i y k l m n o p r s t u f h ts ch sh y ' yu ya".split(" "),
        strict=True,
    )
)


@pytest.mark.parametrize(
    "subject", [subject for subject in SUBJECTS if subject.code.startswith("RU-")], ids=lambda subject: subject.code
)
def test_a_code_stands_beside_the_name_that_iso_gives_it(subject: Subject) -> None:
    """A row that slipped would put a region's calls into another region's pool."""
    iso = ISO.get(code=subject.code).name.casefold().replace("kh", "h")
    name = re.sub("республика|город|автономн..|область|округ|край", " ", subject.official.casefold()).split()[0]
    name = re.sub("^е", "йе", name)
    assert "".join(_LETTERS[letter] for letter in name[:4])[:4] in iso


def test_every_subject_has_a_district_but_the_four_that_no_decree_put_into_one() -> None:
    none = {subject.code for subject in SUBJECTS if subject.district is None}
    assert none == {"UA-09", "UA-14", "UA-23", "UA-65"}
    sizes = {district: sum(subject.district is district for subject in SUBJECTS) for district in FederalDistrict}
    assert sizes == {
        FederalDistrict.CENTRAL: 18,
        FederalDistrict.NORTHWESTERN: 11,
        FederalDistrict.SOUTHERN: 8,
        FederalDistrict.NORTH_CAUCASIAN: 7,
        FederalDistrict.VOLGA: 14,
        FederalDistrict.URAL: 6,
        FederalDistrict.SIBERIAN: 10,
        FederalDistrict.FAR_EASTERN: 11,
    }


def test_zones_exist_and_are_those_of_russia() -> None:
    text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    russian = {line.split("\t")[2] for line in text.splitlines() if line.startswith("RU\t")}
    assert set(ALL_ZONES) <= {"Europe/Simferopol", *russian}
    assert all(ZoneInfo(zone) for zone in ALL_ZONES)
    assert len(BY_CODE["RU-SA"].zones) == 3
    assert len(BY_CODE["RU-SAK"].zones) == 2


# Where the geocoder has a name of a subject that our rules for names understand, it is the oracle for the area codes.
# It calls 495 and 499 'Moscow Oblast' and the oblast's 496 'Moscow'; 336, Baikonur, is in no subject.
_NOT_AN_ORACLE_FOR = {"495", "496", "499", "336"}


@pytest.mark.parametrize("code", sorted(set(AREA_CODES) - _NOT_AN_ORACLE_FOR))
def test_an_area_code_is_that_of_the_geocoder_where_this_names_a_subject(code: str) -> None:
    seen = set()
    for rest in ("2000000", "2123456", "2212345", "3012345", "4512345", "5312345", "6123456", "9123456"):
        national = code + rest
        if national[:5] in LONGER_PREFIXES:
            continue
        text = geocoder.description_for_number(phonenumbers.parse("+7" + national), "ru")
        seen.add(region_codes(text.split(",")[0]) if text else None)
    seen -= {None, ("RU",)}
    assert seen <= {AREA_CODES[code]}


def test_the_geocoder_says_enough_to_be_an_oracle() -> None:
    said = 0
    for code in AREA_CODES:
        text = geocoder.description_for_number(phonenumbers.parse(f"+7{code}2123456"), "ru")
        said += region_codes(text.split(",")[0]) == AREA_CODES[code]
    assert said > 50


def test_every_subject_but_three_has_an_area_code() -> None:
    served = {code for codes in (*AREA_CODES.values(), *LONGER_PREFIXES.values()) for code in codes}
    # The two territories of 2022 whose landline codes we have no source for.
    assert {subject.code for subject in SUBJECTS} - served == {"UA-23", "UA-65"}
    assert len(AREA_CODES) > 80


def test_one_area_code_of_two_subjects_is_told_by_its_longer_prefix() -> None:
    assert area_codes_of("8185321234") == ("RU-NEN",)
    assert area_codes_of("8182212345") == ("RU-ARK",)
    assert area_codes_of("8002000600") is None


def test_a_place_is_said_of_one_subject_only_and_of_a_known_one() -> None:
    names = [name for name, _ in PLACES]
    assert len(names) == len(set(names))
    assert {code for _, code in PLACES} <= {"RU", *BY_CODE}
