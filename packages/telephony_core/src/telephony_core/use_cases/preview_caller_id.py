"""What the client would see, decided without reserving anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from telephony_core.caller_id import CallerIdDecision, CallerIdPolicy, EarlierTalk, Question
from telephony_core.carousel import Carousel, ChosenBy, NumberUse
from telephony_core.device import Device, DeviceReason, Mobile, ineligibility
from telephony_core.errors import DeviceNotFound, InvalidRequest, NoPhoneNumbers, NoUsableNumber, PhoneNumberNotOfTarget
from telephony_core.party import Permission, Principal, Target, TargetCard, TargetNumber
from telephony_core.phone import PhoneNumber
from telephony_core.ports import (
    DeviceStatuses,
    Directory,
    PhoneNumberParser,
    RegionResolver,
    Store,
    TimeZones,
    UnitOfWork,
)
from telephony_core.use_cases.find_numbers import NumberJudge, card_of


@frozen
class CarouselSeen:
    """The carousel and how its numbers were used, as one unit of work saw them; lives as long as that."""

    carousel: Carousel
    uses: Mapping[PhoneNumber, NumberUse]
    earlier_talk: EarlierTalk | None
    now: datetime


@frozen
class CallerIdDesk:
    """Puts the policy's question together: the one place where previews and initiations ask it."""

    policy: CallerIdPolicy
    regions: RegionResolver
    zones: TimeZones

    async def look(
        self, uow: UnitOfWork, device: Device, client_id: str, number: PhoneNumber | None, *, to_choose: bool
    ) -> CarouselSeen:
        """`to_choose` locks the pools we choose from, and only then reads the instant of the decision (C9)."""
        if isinstance(device, Mobile):
            return CarouselSeen(Carousel(), {}, None, await uow.now())
        carousel = await uow.carousel.load(choosing_for=device.provider if to_choose else None)
        now = await uow.now()
        if not any(pool.chosen_by is ChosenBy.US for pool in carousel.of_provider(device.provider).pools):
            return CarouselSeen(carousel, {}, None, now)  # who doesn't choose needs no memory
        uses = await uow.carousel.uses(device.provider, self.zones.day(now)[0])
        talk = await uow.calls.earlier_talk(client_id, number) if number is not None else None
        return CarouselSeen(carousel, uses, talk, now)

    def decide(self, seen: CarouselSeen, device: Device, card: TargetCard, number: PhoneNumber) -> CallerIdDecision:
        return self.policy.decide(
            Question(
                now=seen.now,
                device=device,
                number_codes=self.regions.resolve(number),
                client_codes=card.client.region_codes,
                carousel=seen.carousel,
                uses=seen.uses,
                earlier_talk=seen.earlier_talk,
            )
        )


def choose_number(
    numbers: tuple[TargetNumber, ...], parser: PhoneNumberParser, text: str | None, number_id: str | None
) -> TargetNumber:
    """The number meant: by id, by digits however typed, or the primary one (N2)."""
    if number_id is not None:
        by_id = [each for each in numbers if each.id == number_id]
        if not by_id:
            raise PhoneNumberNotOfTarget("The target has no phone number of this id.", phone_number_id=number_id)
        if len(by_id) > 1:
            raise InvalidRequest("Several numbers of this card have the same id; name the number itself.")
        return by_id[0]
    if text is not None:
        parsed = parser.parse(text)
        same = [each for each in numbers if parsed.number is not None and each.parsed.number == parsed.number]
        # With an extension given, the entry of that extension; else the first of the number.
        same.sort(key=lambda each: each.parsed.extension != parsed.extension)
        if not same:
            raise PhoneNumberNotOfTarget
        return same[0]
    primary = next((each for each in numbers if each.primary), None)
    if primary is None:
        raise NoPhoneNumbers(not_understood=len(numbers))
    return primary


@frozen
class Preview:
    """One device and what the client would see from it: a decision, or why none can be made."""

    device: Device
    reasons: tuple[DeviceReason, ...]
    preferred: bool
    decision: CallerIdDecision | None
    refusal: NoUsableNumber | None = None

    @property
    def eligible(self) -> bool:
        return not self.reasons


def preferred_of(devices: tuple[Device, ...]) -> Device | None:
    """The device a call is placed from when none is named: the one marked so, else the first."""
    return next((device for device in devices if device.preferred), next(iter(devices), None))


@frozen
class PreviewCallerId:
    directory: Directory
    store: Store
    judge: NumberJudge
    desk: CallerIdDesk
    statuses: DeviceStatuses

    async def __call__(
        self,
        principal: Principal,
        target: Target,
        *,
        phone_number: str | None = None,
        phone_number_id: str | None = None,
        device_id: str | None = None,
        employee_id: str | None = None,
    ) -> tuple[Preview, ...]:
        """What the client would see, for one device or for each of the employee's. Ineligible ones are listed too."""
        principal.require(Permission.CALL)
        employee_id = principal.acting_employee(employee_id)
        card = await card_of(self.directory, target)
        devices = await self.directory.devices(employee_id)
        preferred = preferred_of(devices)
        if device_id is not None:
            devices = tuple(device for device in devices if device.id == device_id)
            if not devices:
                raise DeviceNotFound(device_id=device_id)
        async with self.store.read() as uow:
            now = await uow.now()
            number = choose_number(
                self.judge.of_card(card, now), self.judge.parser, phone_number, phone_number_id
            ).parsed.number
            previews = [
                await self._preview(uow, device, employee_id, card, number, device is preferred, now)
                for device in devices
            ]
        return tuple(previews)

    async def _preview(
        self,
        uow: UnitOfWork,
        device: Device,
        employee_id: str,
        card: TargetCard,
        number: PhoneNumber | None,
        preferred: bool,
        now: datetime,
    ) -> Preview:
        reasons = ineligibility(device, employee_id, now, self.statuses.status(device))
        if number is None or (isinstance(device, Mobile) and device.sim is None):
            return Preview(device, reasons, preferred, None)
        seen = await self.desk.look(uow, device, card.client.id, number, to_choose=False)
        try:
            return Preview(device, reasons, preferred, self.desk.decide(seen, device, card, number))
        except NoUsableNumber as refusal:
            return Preview(device, reasons, preferred, None, refusal)
