"""Local time of a region, as a range (N1), and the service's calendar day (N4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_adapters.numbering.subjects import BY_CODE
from telephony_adapters.numbering.zones import RegionZones
from telephony_core.ports import TimeZones

NOON = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # in Moscow
ZONES: TimeZones = RegionZones()

instants = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - UTC is given
regions = st.lists(st.sampled_from([*sorted(BY_CODE), "RU", "KZ", "US", "XX"]), min_size=1, max_size=4).map(tuple)


@pytest.mark.parametrize(
    ("codes", "earliest", "latest"),
    [
        (("RU-MOW",), "12:00", "12:00"),
        (("RU-MOS", "RU-MOW"), "12:00", "12:00"),
        (("RU-KGD",), "11:00", "11:00"),
        (("RU-SAM",), "13:00", "13:00"),
        (("RU-SVE",), "14:00", "14:00"),
        (("RU-OMS",), "15:00", "15:00"),
        (("RU-NVS",), "16:00", "16:00"),
        (("RU-IRK",), "17:00", "17:00"),
        (("RU-ZAB",), "18:00", "18:00"),
        (("RU-PRI",), "19:00", "19:00"),
        (("RU-MAG",), "20:00", "20:00"),
        (("RU-KAM",), "21:00", "21:00"),
        (("UA-40", "UA-43"), "12:00", "12:00"),
        (("UA-14",), "12:00", "12:00"),
        # one subject of three clocks; two subjects of two
        (("RU-SA",), "18:00", "20:00"),
        (("RU-KGD", "RU-NVS"), "11:00", "16:00"),
        # the whole country is one zone, the configured one, and so is what nobody knows
        (("RU",), "12:00", "12:00"),
        (("RU-ZZ",), "12:00", "12:00"),
        (("XX",), "12:00", "12:00"),
        ((), "12:00", "12:00"),
        # abroad: all zones of the country
        (("KZ",), "14:00", "14:00"),
        (("BR",), "04:00", "07:00"),
    ],
)
def test_the_wall_clocks_of_a_region(codes: tuple[str, ...], earliest: str, latest: str) -> None:
    local = ZONES.local_time(codes, NOON)
    assert (f"{local.earliest:%H:%M}", f"{local.latest:%H:%M}") == (earliest, latest)


def test_the_whole_country_is_the_configured_zone() -> None:
    assert f"{RegionZones('Asia/Vladivostok').local_time(('RU',), NOON).earliest:%H:%M}" == "19:00"


def test_over_midnight_the_latest_clock_is_of_the_next_day() -> None:
    local = ZONES.local_time(("RU-KAM", "RU-KGD"), datetime(2026, 11, 23, 13, 0, tzinfo=UTC))
    assert (local.earliest.day, local.latest.day) == (23, 24)
    assert (local.earliest.hour, local.latest.hour) == (15, 1)


@given(regions, instants)
def test_both_clocks_are_the_instant_itself_and_no_zone_lies_outside_them(codes: tuple[str, ...], at: datetime) -> None:
    zones = RegionZones()
    local = zones.local_time(codes, at)
    assert local.earliest == at == local.latest
    walls = [at.astimezone(zone).replace(tzinfo=None) for zone in zones.zones(codes)]
    assert local.earliest.replace(tzinfo=None) == min(walls)
    assert local.latest.replace(tzinfo=None) == max(walls)


@given(instants, st.sampled_from(["Europe/Moscow", "Asia/Kamchatka", "America/New_York", "Australia/Lord_Howe"]))
def test_a_day_holds_its_instant_and_follows_the_day_before(at: datetime, zone: str) -> None:
    zones = RegionZones(zone)
    begin, end = zones.day(at)
    assert begin <= at < end
    assert timedelta(hours=23) <= end - begin <= timedelta(hours=25)
    assert zones.day(begin) == (begin, end)
    assert zones.day(end)[0] == end
    assert zones.day(begin - timedelta(seconds=1))[1] == begin


def test_a_day_is_moscow_s_by_default() -> None:
    begin, end = ZONES.day(datetime(2026, 11, 23, 20, 59, tzinfo=UTC))
    assert begin == datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
    assert end == datetime(2026, 11, 23, 21, 0, tzinfo=UTC)


def test_a_day_of_the_change_to_summer_time_has_23_hours() -> None:
    begin, end = RegionZones("Europe/Berlin").day(datetime(2026, 3, 29, 12, 0, tzinfo=UTC))
    assert end - begin == timedelta(hours=23)


def test_an_instant_needs_an_offset_and_a_zone_must_exist() -> None:
    naive = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 - this is what must be refused
    with pytest.raises(ValueError, match="offset"):
        ZONES.local_time(("RU",), naive)
    with pytest.raises(ValueError, match="offset"):
        ZONES.day(naive)
    with pytest.raises(ZoneInfoNotFoundError):
        RegionZones("Europe/Atlantis")
