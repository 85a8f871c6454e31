"""Gathers what an initiation needs to know from outside, before its transaction (law 4): target, device and number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from attrs import frozen

from telephony_core.device import Device
from telephony_core.errors import (
    DeviceNotFound,
    EmployeeNotFound,
    InvalidRequest,
    NotPermitted,
    NotSupportedByProvider,
    PhoneNumberNotOfTarget,
)
from telephony_core.party import EnteredNumber, NumberOwner, OwnerKind, Permission, TargetCard, TargetNumber
from telephony_core.phone import DestinationClass, PhoneNumber
from telephony_core.ports import Directory, ProviderGateway
from telephony_core.use_cases.find_numbers import NumberJudge, card_of
from telephony_core.use_cases.initiation import Choice, Gathered, Press
from telephony_core.use_cases.preview_caller_id import choose_number, preferred_of

ANYTIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Which number is meant doesn't depend on the hour, so any instant will do; whether it may be called does, and is
judged in the transaction."""


@frozen
class GatherInitiation:
    directory: Directory
    gateways: Mapping[str, ProviderGateway]
    judge: NumberJudge

    async def __call__(self, press: Press) -> Gathered:
        card = await card_of(self.directory, press.request.target)
        employee = await self.directory.employee(press.employee_id)
        if employee is None:
            raise EmployeeNotFound
        if not employee.active:
            raise NotPermitted("This employee is no longer active.")
        return await self._choice(press, card) if press.request.dial else card

    async def _choice(self, press: Press, card: TargetCard) -> Choice:
        devices = await self.directory.devices(press.employee_id)
        device = await self._device(press.request.device_id, devices)
        if device.employee_id == press.employee_id and device.provider not in self.gateways:
            raise NotSupportedByProvider(
                f"No gateway is set up for the provider '{device.provider}' of this device.", provider=device.provider
            )
        number, free_hand = self._number(press, card)
        marked: frozenset[PhoneNumber] = frozenset()
        if number.parsed.number is not None and await self.directory.marked_do_not_call(number.parsed.number):
            marked = frozenset([number.parsed.number])
        return Choice(card, device, devices, number, free_hand, marked)

    async def _device(self, device_id: str | None, devices: tuple[Device, ...]) -> Device:
        if device_id is None:
            preferred = preferred_of(devices)
            if preferred is None:
                raise DeviceNotFound("The employee has no device to call from.")
            return preferred
        for device in devices:
            if device.id == device_id:
                return device
        other = await self.directory.device(device_id)
        if other is None:
            raise DeviceNotFound(device_id=device_id)
        return other

    def _number(self, press: Press, card: TargetCard) -> tuple[TargetNumber, bool]:
        """The number meant, and whether it was typed free-hand (N2)."""
        request, numbers = press.request, self.judge.of_card(card, ANYTIME)
        try:
            return choose_number(numbers, self.judge.parser, request.phone_number, request.phone_number_id), False
        except PhoneNumberNotOfTarget:
            if request.phone_number is None:
                raise
            parsed = self.judge.parser.parse(request.phone_number)
            if parsed.number is None and parsed.destination is DestinationClass.OTHER:
                raise InvalidRequest("The phone_number can't be understood.", field="phone_number") from None
            if not press.principal.may(Permission.CALL_FREE_HAND):
                raise
            entered = EnteredNumber(id="free-hand", as_entered=request.phone_number)
            owner = NumberOwner(OwnerKind.CLIENT, card.client.id, card.client.name)
            return self.judge.judge(entered, owner, card, ANYTIME), True
