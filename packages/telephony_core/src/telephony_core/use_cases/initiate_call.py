"""Initiates a call: decides, reserves and stores the intent in one transaction, dials once, stores the outcome.

The order of things is the promise (K3, K7): what leaves the process is gathered first; then one transaction decides
with the database's clock and commits the intent together with its reservations and its Idempotency-Key; only then the
provider is asked, once; its answer is a second transaction. Whoever comes with the same key finds the Call.

One long module, in that order: it is the one transaction on which the promise rests.
"""

from __future__ import annotations

import math
from asyncio import shield
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from attrs import evolve, field, frozen

from telephony_core.call import Attempt, Call, UsedDevice, first_facts
from telephony_core.call_facts import FactKind, LegName
from telephony_core.caller_id import CallerIdDecision
from telephony_core.device import Device, DeviceReason, IpPhone, Mobile, ineligibility
from telephony_core.dialling import NumberReason
from telephony_core.errors import (
    CallHasLiveAttempt,
    CallNotFound,
    Conflict,
    DestinationNotAllowed,
    DeviceNotEligible,
    DeviceNotFound,
    EmployeeBusy,
    EmployeeNotFound,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidRequest,
    NoPhoneNumbers,
    NotPermitted,
    NotSupportedByProvider,
    NoUsableNumber,
    NumberBeingCalled,
    PhoneNumberNotCallable,
    PhoneNumberNotOfTarget,
    PreviousOutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    RequestInProgress,
    StoreUnavailable,
)
from telephony_core.events import of_attempt, of_call
from telephony_core.party import (
    EnteredNumber,
    NumberOwner,
    OwnerKind,
    Permission,
    Principal,
    Target,
    TargetCard,
    TargetNumber,
)
from telephony_core.phone import DestinationClass, PhoneNumber
from telephony_core.ports import (
    ConcurrentChange,
    DeviceStatuses,
    DialAnswer,
    Directory,
    IdSource,
    KeyRecord,
    KeyScope,
    NotSent,
    ProviderGateway,
    Refused,
    Reservation,
    ReservationKind,
    Store,
    UnitOfWork,
)
from telephony_core.use_cases.dial_leg import TRIES, LegDialler
from telephony_core.use_cases.find_numbers import NumberJudge, card_of
from telephony_core.use_cases.preview_caller_id import CallerIdDesk, choose_number, preferred_of
from telephony_core.use_cases.rules import Rules


@frozen
class InitiateRequest:
    """What is asked for: at most one of `phone_number` (as typed) and `phone_number_id`, and of the Call's two ids.

    `dial` False makes a planned Call. `fingerprint` is a digest of the request as it was sent (K4).
    """

    target: Target
    fingerprint: str
    phone_number: str | None = None
    phone_number_id: str | None = None
    device_id: str | None = None
    override_quiet_hours: bool = False
    call_id: str | None = None
    external_id: str | None = None
    dial: bool = True
    note: str | None = None
    due_at: datetime | None = None
    acknowledge_unknown: frozenset[str] = field(default=frozenset(), converter=frozenset)
    employee_id: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.phone_number is not None and self.phone_number_id is not None:
            raise InvalidRequest("Name the number by 'phone_number' or by 'phone_number_id', not both.")
        if self.call_id is not None and self.external_id is not None:
            raise InvalidRequest("Name the call by 'id' or by 'external_id', not both.")


@frozen
class Initiated:
    """The Call as it is at the instant `at`; `replayed` if the key named it before this request."""

    call: Call
    attempt_id: str | None
    replayed: bool
    at: datetime


@frozen
class _Gathered:
    """What was learnt before the transaction: of the target, the employee's devices, and do-not-call marks."""

    card: TargetCard
    devices: tuple[Device, ...]
    device: Device | None
    number: TargetNumber | None
    free_hand: bool
    marked: frozenset[PhoneNumber]


@frozen
class InitiateCall:
    directory: Directory
    store: Store
    gateways: Mapping[str, ProviderGateway]
    judge: NumberJudge
    desk: CallerIdDesk
    statuses: DeviceStatuses
    ids: IdSource
    dialler: LegDialler
    rules: Rules

    async def __call__(self, principal: Principal, request: InitiateRequest, key: str | None) -> Initiated:
        """Place the call, or return what the key already names.

        Raises the refusals of `errors`; after the intent only `ProviderRefused` and `ProviderUnavailable`, whose
        reasons carry `call_id` and `attempt_id`. An unknown outcome is no error: the attempt says so.
        """
        principal.require(Permission.CALL)
        if not key:
            raise IdempotencyKeyMissing
        employee_id = principal.acting_employee(request.employee_id)
        scope = KeyScope(principal.id, employee_id, key)
        async with self.store.read() as uow:
            earlier = await self._named_by_key(uow, scope, request)
        if earlier is not None:
            return earlier
        gathered = await self._gather(principal, request, employee_id)
        attempt_id = self.ids.new_id()
        intent, decided_at = await self._commit_intent(principal, request, scope, gathered, attempt_id)
        if intent.replayed or intent.attempt_id is None:
            return intent
        # Once the intent is committed the caller may go away; the call goes on to its recorded answer.
        return await shield(self._dial(intent.call, attempt_id, decided_at))

    # --- before the transaction -------------------------------------------------------------------------------

    async def _gather(self, principal: Principal, request: InitiateRequest, employee_id: str) -> _Gathered:
        card = await card_of(self.directory, request.target)
        employee = await self.directory.employee(employee_id)
        if employee is None:
            raise EmployeeNotFound
        if not employee.active:
            raise NotPermitted("This employee is no longer active.")
        if not request.dial:
            return _Gathered(card, (), None, None, False, frozenset())
        devices = await self.directory.devices(employee_id)
        device = await self._device(request.device_id, devices)
        if device.employee_id == employee_id and device.provider not in self.gateways:
            raise NotSupportedByProvider(
                f"No gateway is set up for the provider '{device.provider}' of this device.", provider=device.provider
            )
        number, free_hand = self._number(principal, request, card)
        marked: frozenset[PhoneNumber] = frozenset()
        if number.parsed.number is not None and await self.directory.marked_do_not_call(number.parsed.number):
            marked = frozenset([number.parsed.number])
        return _Gathered(card, devices, device, number, free_hand, marked)

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

    def _number(self, principal: Principal, request: InitiateRequest, card: TargetCard) -> tuple[TargetNumber, bool]:
        # Which number is meant doesn't depend on the hour, so any instant will do; whether it may be called does, and
        # is judged again in the transaction.
        anytime = datetime(2000, 1, 1, tzinfo=UTC)
        numbers = self.judge.of_card(card, anytime)
        try:
            return choose_number(numbers, self.judge.parser, request.phone_number, request.phone_number_id), False
        except PhoneNumberNotOfTarget:
            if request.phone_number is None:
                raise
            parsed = self.judge.parser.parse(request.phone_number)
            if parsed.number is None and parsed.destination is DestinationClass.OTHER:
                raise InvalidRequest("The phone_number can't be understood.", field="phone_number") from None
            if not principal.may(Permission.CALL_FREE_HAND):
                raise
            entered = EnteredNumber(id="free-hand", as_entered=request.phone_number)
            owner = NumberOwner(OwnerKind.CLIENT, card.client.id, card.client.name)
            return self.judge.judge(entered, owner, card, anytime), True

    # --- the transaction ---------------------------------------------------------------------------------------

    async def _commit_intent(
        self, principal: Principal, request: InitiateRequest, scope: KeyScope, gathered: _Gathered, attempt_id: str
    ) -> tuple[Initiated, datetime]:
        """What is stored now, and when by our own clock its decision began."""
        for _ in range(TRIES):
            decided_at = self.dialler.clock.now()
            try:
                async with self.store.write() as uow:
                    # Waiting for one's turn to write is no delay of the decision.
                    decided_at = self.dialler.clock.now()
                    return await self._decide(uow, principal, request, scope, gathered, attempt_id), decided_at
            except ConcurrentChange:
                continue
            except StoreUnavailable:
                # The commit's answer may be lost although it took effect: read back before anything is dialled.
                stored = await self._read_back(scope, request, attempt_id)
                if stored is None:
                    raise
                return stored, decided_at
            except Conflict:
                # What is in the way may be this very press: its first request was stored while we looked.
                async with self.store.read() as uow:
                    earlier = await self._named_by_key(uow, scope, request)
                if earlier is None:
                    raise
                return earlier, decided_at
        raise StoreUnavailable("Too many changes at once.", retry_after=1)

    async def _read_back(self, scope: KeyScope, request: InitiateRequest, attempt_id: str) -> Initiated | None:
        expected = attempt_id if request.dial else None
        async with self.store.read() as uow:
            record = await uow.keys.get(scope)
            if record is None or (record.attempt_id, record.fingerprint) != (expected, request.fingerprint):
                return None
            call = await uow.calls.get(record.call_id)
            return Initiated(call, expected, replayed=False, at=await uow.now()) if call is not None else None

    async def _decide(
        self,
        uow: UnitOfWork,
        principal: Principal,
        request: InitiateRequest,
        scope: KeyScope,
        gathered: _Gathered,
        attempt_id: str,
    ) -> Initiated:
        earlier = await self._named_by_key(uow, scope, request, forgets=True)
        if earlier is not None:
            return earlier
        if request.dial:
            initiated = await self._with_attempt(uow, principal, request, scope, gathered, attempt_id)
        else:
            initiated = await self._planned(uow, principal, request, scope, gathered)
        await uow.keys.put(KeyRecord(scope, request.fingerprint, initiated.call.id, initiated.attempt_id, initiated.at))
        await uow.commit()
        return initiated

    async def _named_by_key(
        self, uow: UnitOfWork, scope: KeyScope, request: InitiateRequest, *, forgets: bool = False
    ) -> Initiated | None:
        """What the key names since an earlier request, or the refusal that it can't be used for this one (K4).

        `forgets`: a key whose life is over makes room for its next one.
        """
        record = await uow.keys.get(scope)
        if record is None:
            return None
        now = await uow.now()
        call = await uow.calls.get(record.call_id)
        if call is None:
            return None
        attempt = next((each for each in call.attempts if each.id == record.attempt_id), None)
        if now >= record.created_at + self.rules.key_lifetime and not (attempt is not None and attempt.live):
            if forgets:
                await uow.keys.forget_before(now - self.rules.key_lifetime + timedelta(microseconds=1))
            return None
        if record.fingerprint != request.fingerprint:
            raise IdempotencyKeyReused
        if attempt is not None and attempt.reading.employee.strongest is FactKind.REQUESTED and attempt.live:
            limits = self.rules.limits
            waits_until = attempt.started_at + timedelta(seconds=limits.provider_answer + limits.grace)
            if now < waits_until:
                raise RequestInProgress(retry_after=_seconds(waits_until - now), call_id=call.id)
        return Initiated(call, record.attempt_id, replayed=True, at=now)

    async def _planned(
        self,
        uow: UnitOfWork,
        principal: Principal,
        request: InitiateRequest,
        scope: KeyScope,
        gathered: _Gathered,
    ) -> Initiated:
        now = await uow.now()
        call, is_new = await self._call(uow, principal, request, scope, gathered, number_of_client=False, now=now)
        await (uow.calls.add(call) if is_new else uow.calls.save(call))
        await uow.events.add(of_call(self.ids.new_id(), "call_planned", call, now))
        return Initiated(call, None, replayed=False, at=now)

    async def _with_attempt(
        self,
        uow: UnitOfWork,
        principal: Principal,
        request: InitiateRequest,
        scope: KeyScope,
        gathered: _Gathered,
        attempt_id: str,
    ) -> Initiated:
        assert gathered.device is not None  # gathered for dialling
        device, employee_id = gathered.device, scope.employee_id
        seen = await self.desk.look(
            uow,
            device,
            gathered.card.client.id,
            gathered.number.parsed.number if gathered.number else None,
            to_choose=True,
        )
        now = seen.now
        number, overridden = self._callable(principal, request, gathered, now)
        await self._eligible(uow, device, employee_id, gathered, number, now)
        call, is_new = await self._call(
            uow, principal, request, scope, gathered, number_of_client=self._of_client(gathered, number), now=now
        )
        wanted = _reservations(employee_id, call.id, number)
        await self._make_way(uow, principal, request, wanted, now)
        await self._within_limits(uow, employee_id, now)
        decision = self.desk.decide(seen, device, gathered.card, number)
        attempt = self._attempt(principal, gathered, call, attempt_id, device, number, decision, now)
        attempt = evolve(attempt, quiet_hours_overridden=overridden)
        call = call.with_attempt(attempt)
        await (uow.calls.add(call) if is_new else uow.calls.save(call))
        await uow.reservations.take(attempt.id, wanted)
        if decision.takes_a_turn and decision.pool_id is not None and decision.requested is not None:
            await uow.carousel.take_turn(decision.pool_id, decision.requested)
        await uow.events.add(of_attempt(self.ids.new_id(), "attempt_started", attempt, now))
        return Initiated(call, attempt.id, replayed=False, at=now)

    def _callable(
        self, principal: Principal, request: InitiateRequest, gathered: _Gathered, now: datetime
    ) -> tuple[PhoneNumber, bool]:
        """The number, if it may be called at `now` (N3), and whether quiet hours were overridden for it."""
        assert gathered.number is not None  # gathered for dialling
        chosen = gathered.number
        entered = EnteredNumber(chosen.id, chosen.parsed.as_entered, do_not_call=self._flagged(gathered))
        judged = self.judge.judge(entered, chosen.owner, gathered.card, now, gathered.marked)
        reasons, overridden = list(judged.reasons), False
        if NumberReason.QUIET_HOURS in reasons and request.override_quiet_hours:
            principal.require(Permission.OVERRIDE_QUIET_HOURS)
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
        if judged.parsed.number is None:
            raise NoPhoneNumbers
        return judged.parsed.number, overridden

    def _of_client(self, gathered: _Gathered, number: PhoneNumber) -> bool:
        """Whether the number is one of the client's own, whoever else on the card has it too (K6)."""
        typed = (entered.as_entered for entered in gathered.card.client.numbers)
        return any(self.judge.parser.parse(text).number == number for text in typed)

    def _flagged(self, gathered: _Gathered) -> bool:
        assert gathered.number is not None  # gathered for dialling
        return NumberReason.DO_NOT_CALL in gathered.number.reasons

    async def _eligible(
        self,
        uow: UnitOfWork,
        device: Device,
        employee_id: str,
        gathered: _Gathered,
        number: PhoneNumber,
        now: datetime,
    ) -> None:
        """Refuse an ineligible device with its reasons and what could be used instead (D3)."""
        reasons = ineligibility(device, employee_id, now, self.statuses.status(device))
        if not reasons:
            return
        eligible = [
            each
            for each in gathered.devices
            if each.id != device.id and not ineligibility(each, employee_id, now, self.statuses.status(each))
        ]
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
                    "shown": await self._shown(uow, each, gathered, number),
                }
                for each in eligible
            ],
        )

    async def _shown(
        self, uow: UnitOfWork, device: Device, gathered: _Gathered, number: PhoneNumber
    ) -> dict[str, str] | None:
        """What the client would see from another device; None where nothing can be shown from it."""
        seen = await self.desk.look(uow, device, gathered.card.client.id, number, to_choose=False)
        try:
            decision = self.desk.decide(seen, device, gathered.card, number)
        except NoUsableNumber:
            return None
        if decision.requested is not None:
            return {"requested": decision.requested.e164}
        return {"pool_id": decision.pool_id} if decision.pool_id is not None else None

    async def _call(
        self,
        uow: UnitOfWork,
        principal: Principal,
        request: InitiateRequest,
        scope: KeyScope,
        gathered: _Gathered,
        *,
        number_of_client: bool,
        now: datetime,
    ) -> tuple[Call, bool]:
        """The Call that takes the attempt (K6): the named one if it does, else a new one; and whether it is new."""
        existing = None
        if request.call_id is not None:
            existing = await uow.calls.get(request.call_id)
            if existing is None:
                raise CallNotFound
        elif request.external_id is not None:
            existing = await uow.calls.by_external_id(request.external_id)
        if existing is not None:
            existing.admit(
                principal=principal,
                employee_id=scope.employee_id,
                card=gathered.card,
                number_of_client=number_of_client,
                now=now,
                open_for=self.rules.call_open_for,
            )
            return (
                evolve(existing, note=request.note or existing.note, due_at=request.due_at or existing.due_at),
                False,
            )
        return (
            Call(
                id=self.ids.new_id(),
                target=request.target,
                client_id=gathered.card.client.id,
                employee_id=scope.employee_id,
                created_at=now,
                external_id=request.external_id,
                due_at=request.due_at,
                note=request.note,
            ),
            True,
        )

    async def _make_way(
        self,
        uow: UnitOfWork,
        principal: Principal,
        request: InitiateRequest,
        wanted: tuple[Reservation, ...],
        now: datetime,
    ) -> None:
        """Refuse what meets another attempt's reservation; give up those of acknowledged unknown ones (K3, K5)."""
        holders = await uow.reservations.holders(wanted)
        live: dict[ReservationKind, Attempt] = {}
        for reservation, attempt_id in holders.items():
            attempt = await uow.calls.attempt(attempt_id)
            if attempt is None or not attempt.live:
                raise ConcurrentChange  # it ended while we looked, and has given up what it held
            if not attempt.reading.doubtful:
                live[reservation.kind] = attempt
                continue
            accepted_from = attempt.started_at + timedelta(seconds=self.rules.limits.ringing)
            if attempt.id not in request.acknowledge_unknown or now < accepted_from:
                raise PreviousOutcomeUnknown(
                    attempt_id=attempt.id,
                    acknowledge_from=accepted_from.isoformat().replace("+00:00", "Z"),
                    retry_after=_seconds(accepted_from - now if now < accepted_from else _ASK_AGAIN),
                )
            await uow.reservations.give_up(attempt.id, [reservation])
        for kind, refusal in _IN_THE_WAY.items():
            attempt = live.get(kind)
            if attempt is None:
                continue
            # Whose attempt it is, is told only to those who may see it (P4).
            seen = principal.may_see(attempt.employee_id)
            raise refusal(call_id=attempt.call_id if seen else None, attempt_id=attempt.id if seen else None)

    async def _within_limits(self, uow: UnitOfWork, employee_id: str, now: datetime) -> None:
        dialling = self.rules.dialling
        if dialling.per_hour is None and dialling.per_day is None:
            return
        day_began_at, day_ends_at = self.desk.zones.day(now)
        dialling.check_limits(
            await uow.calls.count_attempts(employee_id, now - timedelta(hours=1)),
            await uow.calls.count_attempts(employee_id, day_began_at),
            now=now,
            day_ends_at=day_ends_at,
        )

    def _attempt(
        self,
        principal: Principal,
        gathered: _Gathered,
        call: Call,
        attempt_id: str,
        device: Device,
        number: PhoneNumber,
        decision: CallerIdDecision,
        now: datetime,
    ) -> Attempt:
        two_step = self.gateways[device.provider].capabilities.two_step
        return Attempt(
            id=attempt_id,
            call_id=call.id,
            employee_id=device.employee_id,
            client_id=gathered.card.client.id,
            principal_id=principal.id,
            provider=device.provider,
            two_step=two_step,
            device=UsedDevice.of(device),
            phone_number=number,
            decision=decision,
            started_at=now,
            facts=first_facts(now, two_step=two_step),
            free_hand=gathered.free_hand,
            employee_numbers=own_numbers(gathered.devices),
        )

    # --- after the transaction ---------------------------------------------------------------------------------

    async def _dial(self, call: Call, attempt_id: str, decided_at: datetime) -> Initiated:
        attempt = next(each for each in call.attempts if each.id == attempt_id)
        answer = await self.dialler.dial(attempt.dial(LegName.EMPLOYEE), decided_at)
        _refuse(answer, call.id, attempt_id)
        try:
            async with self.store.read() as uow:
                stored = await uow.calls.get(call.id)
                now = await uow.now()
        except StoreUnavailable:
            # It was dialled; the intent is stored, and reconciliation settles the rest.
            return Initiated(call, attempt_id, replayed=False, at=attempt.started_at)
        return Initiated(stored or call, attempt_id, replayed=False, at=now)


_ASK_AGAIN = timedelta(seconds=30)
"""An unknown attempt that can be acknowledged may be settled any moment: by a report, by statistics, at its horizon."""

_IN_THE_WAY: Mapping[ReservationKind, type[Conflict]] = {
    # The Call first: who names it shall hear of it, whoever's attempt it is.
    ReservationKind.CALL: CallHasLiveAttempt,
    ReservationKind.EMPLOYEE: EmployeeBusy,
    ReservationKind.PHONE_NUMBER: NumberBeingCalled,
}


def _refuse(answer: DialAnswer, call_id: str, attempt_id: str) -> None:
    match answer:
        case Refused(code=code):
            raise ProviderRefused(provider_code=code, call_id=call_id, attempt_id=attempt_id)
        case NotSent():
            raise ProviderUnavailable(retry_after=5, call_id=call_id, attempt_id=attempt_id)


def _reservations(employee_id: str, call_id: str, number: PhoneNumber) -> tuple[Reservation, ...]:
    return (
        Reservation(ReservationKind.EMPLOYEE, employee_id),
        Reservation(ReservationKind.CALL, call_id),
        Reservation(ReservationKind.PHONE_NUMBER, number.e164),
    )


def own_numbers(devices: tuple[Device, ...]) -> frozenset[PhoneNumber]:
    """The employee's own numbers: seen by a client, each of them is a leak (C10)."""
    numbers: set[PhoneNumber] = set()
    for device in devices:
        if isinstance(device, Mobile) and device.sim is not None:
            numbers.add(device.sim.number)
        if isinstance(device, IpPhone) and device.number is not None:
            numbers.add(device.number)
    return frozenset(numbers)


def _seconds(wait: timedelta) -> int:
    return max(1, math.ceil(wait.total_seconds()))
