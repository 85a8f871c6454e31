"""Directories, numbering plans, parsers, time zones, statuses and clocks that break a promise each.

One long module: a list, a fault a piece.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import evolve

from telephony_core.device import Device, DeviceStatus
from telephony_core.errors import DirectoryUnavailable
from telephony_core.party import Employee, Target, TargetCard
from telephony_core.phone import DestinationClass, ParsedNumber, PhoneNumber
from telephony_core.region import LocalTime
from telephony_core.testing.contracts import (
    ClockContract,
    DeviceStatusesContract,
    DirectoryContract,
    IdSourceContract,
    ParserContract,
    RegionResolverContract,
    TimeZonesContract,
)
from telephony_core.testing.examples import NOW
from telephony_core.testing.fakes import (
    FakeClock,
    FakeDirectory,
    FakeIds,
    FakeParser,
    FakeRegions,
    FakeStatuses,
    FakeTimeZones,
)

FAULTS: dict[str, tuple[str, type[Any]]] = {}
"""By name: the rule that it breaks, and its contract."""


def contract_of(contract: type[Any]) -> type[Any]:
    return contract


def _registers(make_contract: Callable[[type[Any]], type[Any]]) -> Callable[[str], Callable[[type[Any]], type[Any]]]:
    def breaks(rule: str) -> Callable[[type[Any]], type[Any]]:
        def register(faulty: type[Any]) -> type[Any]:
            FAULTS[faulty.__name__] = (rule, make_contract(faulty))
            return faulty

        return register

    return breaks


@_registers
def _directory(faulty: type[Any]) -> type[Any]:
    class Contract(DirectoryContract):
        async def make_directory(self, *things: Any) -> Any:
            return faulty(*things)

        async def mark_do_not_call(self, directory: Any, number: PhoneNumber) -> None:
            directory.do_not_call.add(number)

        async def make_unavailable(self, directory: Any) -> None:
            directory.available = False

    return Contract


@_registers
def _regions(faulty: type[Any]) -> type[Any]:
    class Contract(RegionResolverContract):
        known = {"+73832123456": ("RU-NVS",), "+79131234567": ("RU-NVS", "RU-TOM")}  # noqa: RUF012

        def make_resolver(self) -> Any:
            return faulty({"+7383": ["RU-NVS"], "+7913": ["RU-TOM", "RU-NVS"]})

    return Contract


@_registers
def _parser(faulty: type[Any]) -> type[Any]:
    class Contract(ParserContract):
        def make_parser(self) -> Any:
            return faulty()

    return Contract


@_registers
def _zones(faulty: type[Any]) -> type[Any]:
    class Contract(TimeZonesContract):
        offsets = {"RU-KGD": 2, "RU-NVS": 7, "RU-KAM": 12}  # noqa: RUF012

        def make_zones(self) -> Any:
            return faulty(self.offsets)

    return Contract


@_registers
def _statuses(faulty: type[Any]) -> type[Any]:
    class Contract(DeviceStatusesContract):
        async def make_statuses(self) -> Any:
            return faulty()

        async def say(self, statuses: Any, device: Device, status: DeviceStatus) -> None:
            statuses.say(device.id, at=status.at, online=status.online, agent_away=status.agent_away)

    return Contract


@_registers
def _clock(faulty: type[Any]) -> type[Any]:
    class Contract(ClockContract):
        def make_clock(self) -> Any:
            return faulty()

    return Contract


@_registers
def _ids(faulty: type[Any]) -> type[Any]:
    class Contract(IdSourceContract):
        def make_ids(self) -> Any:
            return faulty()

    return Contract


# --- Directories ----------------------------------------------------------------------------------------------------


@_directory("D1")
class FindsOnlyActiveDevices(FakeDirectory):
    """So whoever calls from another one is told that there is none, and not why it may not be used."""

    async def device(self, device_id: str) -> Device | None:
        device = await super().device(device_id)
        return device if device and device.active else None


@_directory("P4")
class IgnoresTheCaseOfIds(FakeDirectory):
    async def employee(self, employee_id: str) -> Employee | None:
        return await super().employee(employee_id.upper())


@_directory("N1")
class ListsOnlyThePrimaryNumber(FakeDirectory):
    async def target_card(self, target: Target) -> TargetCard | None:
        card = await super().target_card(target)
        if card is None:
            return None
        primary = tuple(number for number in card.client.numbers if number.primary)
        return evolve(card, client=evolve(card.client, numbers=primary))


@_directory("N1")
class DropsWhatItCanNotUnderstand(FakeDirectory):
    async def target_card(self, target: Target) -> TargetCard | None:
        card = await super().target_card(target)
        if card is None:
            return None
        understood = tuple(each for each in card.client.numbers if FakeParser().parse(each.as_entered).understood)
        return evolve(card, client=evolve(card.client, numbers=understood))


@_directory("N1")
class LeavesOutTheContacts(FakeDirectory):
    async def target_card(self, target: Target) -> TargetCard | None:
        card = await super().target_card(target)
        return evolve(card, interest=evolve(card.interest, contacts=())) if card and card.interest else card


@_directory("N2")
class TakesAClientsIdForAnInterests(FakeDirectory):
    async def target_card(self, target: Target) -> TargetCard | None:
        client = self._clients.get(target.id)
        return TargetCard(client) if client and self.available else await super().target_card(target)


@_directory("N3")
class ForgetsThatAClientMayNotBeCalled(FakeDirectory):
    async def target_card(self, target: Target) -> TargetCard | None:
        card = await super().target_card(target)
        return evolve(card, client=evolve(card.client, do_not_call=False)) if card else None


@_directory("N3")
class MarksEverybodyWhenItMarksOne(FakeDirectory):
    async def marked_do_not_call(self, number: PhoneNumber) -> bool:
        await super().marked_do_not_call(number)
        return bool(self.do_not_call)


@_directory("D1")
class ListsColleaguesDevices(FakeDirectory):
    async def devices(self, employee_id: str) -> tuple[Device, ...]:
        await super().devices(employee_id)
        return tuple(self._devices.values())


@_directory("D1")
class LeavesOutInactiveDevices(FakeDirectory):
    async def devices(self, employee_id: str) -> tuple[Device, ...]:
        return tuple(device for device in await super().devices(employee_id) if device.active)


@_directory("D1")
class ListsDevicesInAnyOrder(FakeDirectory):
    async def devices(self, employee_id: str) -> tuple[Device, ...]:
        return (await super().devices(employee_id))[::-1]


@_directory("P4")
class GivesEverybodyTheUsualPermissions(FakeDirectory):
    async def employee(self, employee_id: str) -> Employee | None:
        found = await super().employee(employee_id)
        return Employee(found.id, found.name) if found else None


@_directory("The port's contract")
class SaysNoneWhenItIsAway(FakeDirectory):
    async def target_card(self, target: Target) -> TargetCard | None:
        try:
            return await super().target_card(target)
        except DirectoryUnavailable:
            return None


@_directory("The port's contract")
class RaisesItsDriversError(FakeDirectory):
    async def employee(self, employee_id: str) -> Employee | None:
        try:
            return await super().employee(employee_id)
        except DirectoryUnavailable:
            raise ConnectionRefusedError from None


# --- The numbering plan and parsers ---------------------------------------------------------------------------------


@_regions("C4")
class KnowsOnlyTheFirstRegion(FakeRegions):
    def resolve(self, number: PhoneNumber) -> tuple[str, ...]:
        return super().resolve(number)[:1]


@_regions("C4")
class HasNoAnswerForWhatItDoesNotKnow(FakeRegions):
    def resolve(self, number: PhoneNumber) -> tuple[str, ...]:
        codes = super().resolve(number)
        return () if codes == ("RU",) else codes


@_regions("C4")
class ListsRegionsUnsorted(FakeRegions):
    def resolve(self, number: PhoneNumber) -> tuple[str, ...]:
        return super().resolve(number)[::-1]


@_regions("C8")
class GuessesAmongRegions(FakeRegions):
    def resolve(self, number: PhoneNumber) -> tuple[str, ...]:
        codes = super().resolve(number)
        return codes if codes != ("RU",) else (random.choice(["RU-MOW", "RU-SPE", "RU"]),)


@_regions("C8")
class NamesRegionsInItsOwnWay(FakeRegions):
    def resolve(self, number: PhoneNumber) -> tuple[str, ...]:
        codes = super().resolve(number)
        return codes if codes != ("RU",) else ("Россия",)


@_parser("N1")
class RaisesOnRubbish(FakeParser):
    def parse(self, text: str) -> ParsedNumber:
        parsed = super().parse(text)
        if not parsed.understood and parsed.destination is DestinationClass.OTHER:
            raise ValueError(text)
        return parsed


@_parser("N1")
class KeepsOnlyWhatItMadeOfIt(FakeParser):
    def parse(self, text: str) -> ParsedNumber:
        parsed = super().parse(text)
        return evolve(parsed, as_entered=parsed.number.e164) if parsed.number else parsed


@_parser("N1")
class TidiesWhatWasEntered(FakeParser):
    def parse(self, text: str) -> ParsedNumber:
        return evolve(super().parse(text), as_entered=text.strip())


@_parser("N1")
class DialsTheExtension(FakeParser):
    def parse(self, text: str) -> ParsedNumber:
        return evolve(super().parse(text), extension=None)


@_parser("N1")
class TakesEightForACountry(FakeParser):
    def parse(self, text: str) -> ParsedNumber:
        parsed = super().parse(text)
        return ParsedNumber(text, None) if text.strip().startswith("8") else parsed


@_parser("N4")
class TakesAllNumbersForMobile(FakeParser):
    def parse(self, text: str) -> ParsedNumber:
        return evolve(super().parse(text), destination=DestinationClass.RUSSIAN_MOBILE)


@_parser("N1")
class CutsWhatIsTooLong(FakeParser):
    def parse(self, text: str) -> ParsedNumber:
        digits = "".join(sign for sign in text if sign in "0123456789")
        long = len(digits) > 11
        return evolve(super().parse("+7" + digits[:10]), as_entered=text) if long else super().parse(text)


# --- Time zones, statuses, clocks, ids ------------------------------------------------------------------------------


@_zones("N4")
class CutsTheDayInUtc(FakeTimeZones):
    """Forgets the cap at midnight in another time zone."""

    def day(self, at: datetime) -> tuple[datetime, datetime]:
        began = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return began, began + timedelta(days=1)


@_zones("N4")
class CutsTheDayWhereTheInstantWasWritten(FakeTimeZones):
    def day(self, at: datetime) -> tuple[datetime, datetime]:
        if at.utcoffset():
            began = at.replace(hour=0, minute=0, second=0, microsecond=0)
            return began, began + timedelta(days=1)
        return super().day(at)


@_zones("N4")
class CountsMidnightToTheDayBefore(FakeTimeZones):
    def day(self, at: datetime) -> tuple[datetime, datetime]:
        return super().day(at - timedelta(microseconds=1))


@_zones("N4")
class TakesADayForTheLastTwentyFourHours(FakeTimeZones):
    def day(self, at: datetime) -> tuple[datetime, datetime]:
        return at - timedelta(days=1), at


@_zones("N1")
class KnowsOneClockOfSeveral(FakeTimeZones):
    def local_time(self, codes: tuple[str, ...], at: datetime) -> LocalTime:
        return super().local_time(codes[:1], at)


@_zones("N1")
class TellsUtcOfTheWholeCountry(FakeTimeZones):
    def local_time(self, codes: tuple[str, ...], at: datetime) -> LocalTime:
        if codes == ("RU",):
            return LocalTime(at.astimezone(UTC), at.astimezone(UTC))
        return super().local_time(codes, at)


@_statuses("D2")
class TakesSilenceForOffline(FakeStatuses):
    def status(self, device: Device) -> DeviceStatus | None:
        return super().status(device) or DeviceStatus(online=False, agent_away=False, at=NOW)


@_statuses("D2")
class KnowsOneStatusForAll(FakeStatuses):
    def status(self, device: Device) -> DeviceStatus | None:
        return next(reversed(self._by_device.values()), None)


@_statuses("D2")
class MakesStatusesYoung(FakeStatuses):
    def status(self, device: Device) -> DeviceStatus | None:
        status = super().status(device)
        return evolve(status, at=NOW + timedelta(hours=1)) if status else None


@_clock("C9")
class ShowsLocalTime(FakeClock):
    def now(self) -> datetime:
        return super().now().replace(tzinfo=None)


@_clock("C9")
class GoesBack(FakeClock):
    def now(self) -> datetime:
        return self.turn(timedelta(microseconds=-1))


@_ids("K7")
class RandomIds(FakeIds):
    def new_id(self) -> str:
        return f"{random.getrandbits(100):026x}"


@_ids("K7")
class IdsThatSortAsTextOnly(FakeIds):
    def new_id(self) -> str:
        return f"call{int(super().new_id()[3:])}"


@_ids("P1")
class IdsWithMeaning(FakeIds):
    def new_id(self) -> str:
        return f"{super().new_id()}/E-5 +79031234567"
