"""Fakes of the ports that answer from memory: clock, ids, parser, numbering plan, time zones, statuses of devices.

Each is simple enough to be read at one glance, and right for the numbers that tests use. The store, the directory and
the gateways have modules of their own; all names are found here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone

from telephony_core.device import Device, DeviceStatus
from telephony_core.phone import DestinationClass, ParsedNumber, PhoneNumber
from telephony_core.region import WHOLE_COUNTRY, LocalTime, normal_codes
from telephony_core.testing.examples import NOW
from telephony_core.testing.fake_directory import FakeDirectory
from telephony_core.testing.fake_events import FakeEventFeed, FakePublisher
from telephony_core.testing.fake_gateways import Behaviour, Fate, OneStepGateway, Ring, TwoStepGateway
from telephony_core.testing.fake_store import CommitFault, FakeStore

__all__ = [
    "Behaviour",
    "CommitFault",
    "FakeClock",
    "FakeDirectory",
    "FakeEventFeed",
    "FakeIds",
    "FakeParser",
    "FakePublisher",
    "FakeRegions",
    "FakeStatuses",
    "FakeStore",
    "FakeTimeZones",
    "Fate",
    "OneStepGateway",
    "Ring",
    "TwoStepGateway",
]


class FakeClock:
    """A clock that stands until it is turned."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def turn(self, by: timedelta) -> datetime:
        """Turn the clock on (or back, as a clock of another machine may be) and say what it shows."""
        self._now += by
        return self._now

    def turn_to(self, instant: datetime) -> datetime:
        self._now = instant
        return self._now


class FakeIds:
    """Ids in the order of making, 26 signs long as a ULID is."""

    def __init__(self, first: int = 1) -> None:
        self._next = first

    def new_id(self) -> str:
        made = f"01K{self._next:023d}"
        self._next += 1
        return made


class FakeParser:
    """Understands E.164, `8` and ten digits, ten digits, short numbers, and an extension after `доб.`."""

    def parse(self, text: str) -> ParsedNumber:
        main, _, extension = text.partition("доб.")
        digits = re.sub(r"[\s()\-.]", "", main)
        extension = extension.strip()
        if not re.fullmatch(r"\+?[0-9]+", digits) or not re.fullmatch(r"[0-9]{0,7}", extension):
            return ParsedNumber(text, None)
        if re.fullmatch(r"[0-9]{2,5}", digits):
            return ParsedNumber(text, None, extension or None, DestinationClass.SHORT, digits)
        e164 = self._e164(digits)
        if e164 is None:
            return ParsedNumber(text, None)
        return ParsedNumber(text, PhoneNumber(e164), extension or None, self._class_of(e164), self._display(e164))

    def _e164(self, digits: str) -> str | None:
        if re.fullmatch(r"\+7[0-9]{10}|\+(?!7)[1-9][0-9]{6,14}", digits):
            return digits
        if re.fullmatch(r"[78][0-9]{10}", digits):
            return "+7" + digits[1:]
        return "+7" + digits if re.fullmatch(r"[0-9]{10}", digits) else None

    def _class_of(self, e164: str) -> DestinationClass:
        if not e164.startswith("+7"):
            return DestinationClass.FOREIGN
        match e164[2:5]:
            case "800" | "804":
                return DestinationClass.RUSSIAN_TOLL_FREE
            case "803" | "809":
                return DestinationClass.PREMIUM
        by_first = {"9": DestinationClass.RUSSIAN_MOBILE, "6": DestinationClass.FOREIGN, "7": DestinationClass.FOREIGN}
        return by_first.get(e164[2], DestinationClass.RUSSIAN_GEOGRAPHIC)

    def _display(self, e164: str) -> str:
        if not e164.startswith("+7"):
            return e164
        return f"+7 {e164[2:5]} {e164[5:8]}-{e164[8:10]}-{e164[10:]}"


class FakeRegions:
    """A numbering plan by prefix: `FakeRegions({"+7913": ["RU-NVS"], "+7383": ["RU-NVS"]})`; the longest one counts."""

    def __init__(self, by_prefix: Mapping[str, Iterable[str]] | None = None) -> None:
        self._by_prefix = {prefix: normal_codes(set(codes)) for prefix, codes in (by_prefix or {}).items()}

    def resolve(self, number: PhoneNumber) -> tuple[str, ...]:
        fitting = [prefix for prefix in self._by_prefix if number.e164.startswith(prefix)]
        return self._by_prefix[max(fitting, key=len)] if fitting else (WHOLE_COUNTRY,)


class FakeTimeZones:
    """Fixed offsets from UTC in hours by region code: `FakeTimeZones({"RU-NVS": 7})`; of others `own`, Moscow's."""

    def __init__(self, hours: Mapping[str, float] | None = None, *, own: float = 3) -> None:
        self._hours = dict(hours or {})
        self._own = own

    def local_time(self, codes: tuple[str, ...], at: datetime) -> LocalTime:
        offsets = sorted({self._hours.get(code, self._own) for code in codes} or {self._own})
        clocks = [at.astimezone(timezone(timedelta(hours=offset))) for offset in offsets]
        return LocalTime(clocks[0], clocks[-1])

    def day(self, at: datetime) -> tuple[datetime, datetime]:
        local = at.astimezone(timezone(timedelta(hours=self._own)))
        began = local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(at.tzinfo)
        return began, began + timedelta(days=1)


class FakeStatuses:
    """What the provider last said of devices, as far as a test says that it did."""

    def __init__(self) -> None:
        self._by_device: dict[str, DeviceStatus] = {}

    def status(self, device: Device) -> DeviceStatus | None:
        return self._by_device.get(device.id)

    def say(self, device_id: str, *, at: datetime, online: bool = True, agent_away: bool = False) -> None:
        self._by_device[device_id] = DeviceStatus(online, agent_away, at)
