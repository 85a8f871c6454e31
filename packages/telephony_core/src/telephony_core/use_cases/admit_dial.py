"""Whether the chosen number may be dialled from the chosen device now, in the transaction (N3, N4, D1-D3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from telephony_core.device import Device, DeviceReason, ineligibility
from telephony_core.dialling import DiallingRules, NumberReason
from telephony_core.errors import (
    DestinationNotAllowed,
    DeviceNotEligible,
    NoUsableNumber,
    PhoneNumberNotCallable,
)
from telephony_core.party import EnteredNumber, Permission, TargetCard
from telephony_core.phone import PhoneNumber
from telephony_core.ports import DeviceStatuses, UnitOfWork
from telephony_core.use_cases.find_numbers import NumberJudge
from telephony_core.use_cases.initiation import Choice, Press
from telephony_core.use_cases.preview_caller_id import CallerIdDesk


@frozen
class DialAdmission:
    judge: NumberJudge
    desk: CallerIdDesk
    statuses: DeviceStatuses
    dialling: DiallingRules

    def admit_number(self, press: Press, choice: Choice, now: datetime) -> tuple[PhoneNumber, bool]:
        """The number, if it may be called at `now` (N3), and whether quiet hours were overridden for it."""
        chosen = choice.number
        flagged = NumberReason.DO_NOT_CALL in chosen.reasons
        entered = EnteredNumber(chosen.id, chosen.parsed.as_entered, do_not_call=flagged)
        judged = self.judge.judge(entered, chosen.owner, choice.card, now, choice.marked)
        reasons, overridden = list(judged.reasons), False
        if NumberReason.QUIET_HOURS in reasons and press.request.override_quiet_hours:
            press.principal.require(Permission.OVERRIDE_QUIET_HOURS)
            reasons.remove(NumberReason.QUIET_HOURS)
            overridden = True
        if NumberReason.DESTINATION_NOT_ALLOWED in reasons:
            raise DestinationNotAllowed(reasons=reasons, destination=str(judged.parsed.destination))
        local = judged.local_time
        if reasons:
            raise PhoneNumberNotCallable(
                reasons=reasons,
                local_time={"from": local.earliest.isoformat(), "to": local.latest.isoformat()} if local else None,
            )
        assert judged.parsed.number is not None  # else it would not have been understood, which is a reason
        return judged.parsed.number, overridden

    async def admit_device(
        self, uow: UnitOfWork, press: Press, choice: Choice, number: PhoneNumber, now: datetime
    ) -> None:
        """Refuse an ineligible device with its reasons and what could be used instead (D3)."""

        def against(device: Device) -> tuple[DeviceReason, ...]:
            return ineligibility(device, press.employee_id, now, self.statuses.status(device))

        device, reasons = choice.device, against(choice.device)
        if not reasons:
            return
        eligible = [each for each in choice.devices if each.id != device.id and not against(each)]
        of_another = DeviceReason.OF_ANOTHER_EMPLOYEE in reasons
        raise DeviceNotEligible(
            device_id=device.id,
            kind=None if of_another else str(device.kind),
            reasons=[str(reason) for reason in reasons],
            alternatives=[
                {
                    "id": each.id,
                    "kind": str(each.kind),
                    "label": each.label,
                    "shown": await self._shown(uow, each, choice.card, number),
                }
                for each in eligible
            ],
        )

    async def _shown(
        self, uow: UnitOfWork, device: Device, card: TargetCard, number: PhoneNumber
    ) -> dict[str, str] | None:
        """What the client would see from another device; None where nothing can be shown from it."""
        seen = await self.desk.look(uow, device, card.client.id, number, to_choose=False)
        try:
            decision = self.desk.decide(seen, device, card, number)
        except NoUsableNumber:
            return None
        if decision.requested is not None:
            return {"requested": decision.requested.e164}
        return {"pool_id": decision.pool_id} if decision.pool_id is not None else None

    async def check_limits(self, uow: UnitOfWork, employee_id: str, now: datetime) -> None:
        """Refuse an attempt beyond what an employee may make in an hour or a day (N4)."""
        if self.dialling.per_hour is None and self.dialling.per_day is None:
            return
        day_began_at, day_ends_at = self.desk.zones.day(now)
        past_hour, today = await uow.calls.count_attempts(employee_id, now - timedelta(hours=1), day_began_at)
        self.dialling.check_limits(past_hour, today, now=now, day_ends_at=day_ends_at)
