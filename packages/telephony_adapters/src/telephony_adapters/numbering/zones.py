"""Local time of a region, as a range: `RegionZones` implements the core's `TimeZones`.

A region of several subjects, or a subject of several zones, has an earliest and a latest wall clock at one instant;
quiet hours look at both (N1). `RU`, of which no more is known, is one zone: the configured `TELEPHONY_TIME_ZONE`.
A foreign country's code (`KZ`) stands for all of that country's zones in the IANA database (its `zone.tab`, from the
`tzdata` package); a country that the database doesn't know is `RU`'s zone again.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from telephony_adapters.numbering.subjects import BY_CODE
from telephony_core.region import WHOLE_COUNTRY, LocalTime

DEFAULT_TIME_ZONE = "Europe/Moscow"


class RegionZones:
    """Wall clocks by region codes. Made once at start-up; holds no clock, `at` is an argument."""

    def __init__(self, default_zone: str = DEFAULT_TIME_ZONE) -> None:
        """`default_zone` is an IANA name. Raises zoneinfo.ZoneInfoNotFoundError (a KeyError) for an unknown one."""
        self._default = ZoneInfo(default_zone)
        self._zones: dict[tuple[str, ...], tuple[ZoneInfo, ...]] = {}

    def zones(self, codes: tuple[str, ...]) -> tuple[ZoneInfo, ...]:
        """The zones of all the codes, each once; the default zone for no codes and for codes that are not known."""
        known = self._zones.get(codes)
        if known is None:
            unique = {zone.key: zone for code in codes for zone in self._of(code)}
            known = tuple(unique.values()) or (self._default,)
            self._zones[codes] = known
        return known

    def local_time(self, codes: tuple[str, ...], at: datetime) -> LocalTime:
        """The earliest and the latest wall clock at the instant `at`. Raises ValueError where `at` has no offset."""
        if at.utcoffset() is None:
            raise ValueError("the instant needs an offset from UTC")
        clocks = [at.astimezone(zone) for zone in self.zones(codes)]
        if len(clocks) == 1:
            return LocalTime(clocks[0], clocks[0])
        # Aware datetimes of one instant are equal; what differs, and is meant, is the wall clock.
        clocks.sort(key=lambda clock: clock.replace(tzinfo=None))
        return LocalTime(clocks[0], clocks[-1])

    def day(self, at: datetime) -> tuple[datetime, datetime]:
        """The beginning and the end (the next day's beginning), in UTC, of the default zone's calendar day of `at`.

        Raises ValueError where `at` has no offset.
        """
        if at.utcoffset() is None:
            raise ValueError("the instant needs an offset from UTC")
        today = at.astimezone(self._default).date()
        # By the calendar, not by 24 hours: a zone's day may have 23 or 25.
        begin, end = (
            datetime.combine(date, time.min, tzinfo=self._default).astimezone(UTC)
            for date in (today, today + timedelta(days=1))
        )
        return begin, end

    def _of(self, code: str) -> tuple[ZoneInfo, ...]:
        subject = BY_CODE.get(code)
        if subject is not None:
            names = subject.zones
        elif code[:2] == WHOLE_COUNTRY:
            names = ()
        else:
            names = _country_zones().get(code[:2], ())
        return tuple(ZoneInfo(name) for name in names) or (self._default,)


@lru_cache(maxsize=1)
def _country_zones() -> dict[str, tuple[str, ...]]:
    """ISO 3166-1 code -> IANA zones, from `zone.tab` (tab-separated: code, coordinates, zone, comment)."""
    found: dict[str, tuple[str, ...]] = {}
    text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            code, _, zone = line.split("\t")[:3]
            found[code] = (*found.get(code, ()), zone)
    return found
