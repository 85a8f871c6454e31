"""What the ports that answer from memory must keep: time zones, statuses of devices, the clock, the source of ids.

class TestMyZones(TimeZonesContract):
    offsets = {"RU-NVS": 7, "RU-KGD": 2}           # regions of one zone each that it knows: hours from UTC

    def make_zones(self) -> TimeZones: ...
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telephony_core.device import Device, DeviceStatus
from telephony_core.ports import Clock, DeviceStatuses, IdSource, TimeZones
from telephony_core.testing.contracts.promises import Contract
from telephony_core.testing.examples import NOW, an_ip_phone

_inherited = settings(suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow], deadline=None)

_MICROSECOND = timedelta(microseconds=1)
_KAMCHATKA = timezone(timedelta(hours=12))
"""Where it is often tomorrow."""
_INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
_MOSCOW_MIDNIGHTS = st.integers(0, 5000).map(lambda day: datetime(2024, 1, 1, 21, tzinfo=UTC) + timedelta(days=day))
_EDGES = st.builds(lambda at, off: at + off * _MICROSECOND, _MOSCOW_MIDNIGHTS, st.integers(-1, 1))


class TimeZonesContract(Contract):
    """Every sentence of `ports.TimeZones`. `own`: the service's own zone in hours from UTC, one without summer time."""

    offsets: ClassVar[Mapping[str, float]] = {}
    own: ClassVar[float] = 3

    def make_zones(self) -> TimeZones:
        raise NotImplementedError

    @_inherited
    @given(at=_EDGES | _INSTANTS)
    def test_a_day_is_the_calendar_day_of_the_services_own_zone(self, at: datetime) -> None:
        """N4: from its midnight, which belongs to it, to the next one, which doesn't; not UTC's."""
        began, ends = self.make_zones().day(at)
        local = at + timedelta(hours=self.own)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=self.own)
        assert (began, ends) == (midnight, midnight + timedelta(days=1))
        assert began.utcoffset() is not None

    @_inherited
    @given(at=_EDGES | _INSTANTS)
    def test_one_day_follows_the_other(self, at: datetime) -> None:
        """N4: no instant is of two days, or of none."""
        zones = self.make_zones()
        began, ends = zones.day(at)
        assert zones.day(ends)[0] == ends
        assert zones.day(began - _MICROSECOND)[1] == began

    @_inherited
    @given(at=_INSTANTS)
    def test_a_day_is_the_same_for_an_instant_however_it_is_written(self, at: datetime) -> None:
        """N4: the offset in which an instant is told doesn't move it."""
        zones = self.make_zones()
        elsewhere = at.astimezone(_KAMCHATKA)
        assert zones.day(elsewhere) == zones.day(at)

    @_inherited
    @given(at=_INSTANTS)
    def test_wall_clocks_are_a_range_over_all_zones(self, at: datetime) -> None:
        """N1: of one region one clock; of several the earliest and the latest, in whatever order they are named."""
        zones = self.make_zones()
        for code, hours in self.offsets.items():
            local = zones.local_time((code,), at)
            assert local.earliest.utcoffset() == local.latest.utcoffset() == timedelta(hours=hours), code
            assert local.earliest == at, "the wall clock shows another instant"
        codes = tuple(sorted(self.offsets, key=self.offsets.__getitem__))
        for several in (codes, codes[::-1]) if codes else ():
            local = zones.local_time(several, at)
            offsets = [self.offsets[code] for code in codes]
            assert local.earliest.utcoffset() == timedelta(hours=min(offsets))
            assert local.latest.utcoffset() == timedelta(hours=max(offsets))

    @_inherited
    @given(at=_INSTANTS)
    def test_who_is_of_the_whole_country_has_the_services_own_clock(self, at: datetime) -> None:
        """N1: `RU` is a number of which no more is known."""
        assert self.make_zones().local_time(("RU",), at).earliest.utcoffset() == timedelta(hours=self.own)


class DeviceStatusesContract(Contract):
    """Every sentence of `ports.DeviceStatuses`."""

    async def make_statuses(self) -> DeviceStatuses:
        """Statuses of which nothing is known yet."""
        raise NotImplementedError

    async def say(self, statuses: DeviceStatuses, device: Device, status: DeviceStatus) -> None:
        """Let the provider say this of an IP phone, at `status.at`."""
        raise NotImplementedError

    async def test_of_what_was_not_heard_nothing_is_known(self) -> None:
        """D2: a missing status stands against nothing, so it is None and not 'offline'."""
        statuses = await self.make_statuses()
        assert statuses.status(an_ip_phone()) is None

    async def test_what_was_said_last_is_known_with_its_age(self) -> None:
        """D2: online, offline or away, each with the instant at which it was said."""
        statuses, device = await self.make_statuses(), an_ip_phone()
        said = [
            DeviceStatus(online=True, agent_away=False, at=NOW),
            DeviceStatus(online=False, agent_away=False, at=NOW + timedelta(minutes=1)),
            DeviceStatus(online=True, agent_away=True, at=NOW + timedelta(minutes=9)),
        ]
        for status in said:
            await self.say(statuses, device, status)
            assert statuses.status(device) == status

    async def test_a_status_is_its_own_devices(self) -> None:
        """D2: a colleague's phone that is offline is no reason against mine."""
        statuses = await self.make_statuses()
        mine, theirs = an_ip_phone(), an_ip_phone(id="D-20", employee_id="E-6", line="1020@pbx")
        await self.say(statuses, theirs, DeviceStatus(online=False, agent_away=False, at=NOW))
        assert statuses.status(mine) is None
        assert statuses.status(theirs) is not None


class ClockContract(Contract):
    """Every sentence of `ports.Clock`."""

    def make_clock(self) -> Clock:
        raise NotImplementedError

    def test_the_clock_is_aware_in_utc_and_does_not_go_back(self) -> None:
        """C9: instants are compared with the database's, whose zone may be another."""
        clock = self.make_clock()
        shown = [clock.now() for _ in range(100)]
        assert {each.utcoffset() for each in shown} == {timedelta(0)}
        assert shown == sorted(shown)


class IdSourceContract(Contract):
    """Every sentence of `ports.IdSource`."""

    longest: ClassVar[int] = 64
    """Signs of an id at the most: what a store's column holds."""

    def make_ids(self) -> IdSource:
        raise NotImplementedError

    def test_ids_sort_by_the_time_of_making_each_once(self) -> None:
        """K7: live attempts are gone through by id, so one that sorts before its elders would be passed over."""
        ids = self.make_ids()
        made = [ids.new_id() for _ in range(1000)]
        assert made == sorted(made)
        assert len(set(made)) == len(made)

    def test_ids_are_short_and_plain(self) -> None:
        """P1: they stand in URLs and logs."""
        made = self.make_ids().new_id()
        assert 0 < len(made) <= self.longest
        assert made.isascii()
        assert made.replace("-", "").replace("_", "").isalnum()
