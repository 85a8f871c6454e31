"""Decides, reserves and commits the intent to dial in one transaction, before anything is dialled (K3, K7).

The Call, its attempt with the decision, the reservations, the Idempotency-Key and the event are stored together or not
at all. If two such transactions meet, an index lets one win; the other looks at the world again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import evolve, frozen

from telephony_core.call import Attempt, Call, UsedDevice, first_facts
from telephony_core.caller_id import CallerIdDecision
from telephony_core.device import own_numbers
from telephony_core.errors import CallNotFound, StoreUnavailable, TelephonyError
from telephony_core.events import of_attempt, of_call
from telephony_core.party import TargetCard
from telephony_core.phone import PhoneNumber
from telephony_core.ports import Clock, ConcurrentChange, IdSource, ProviderGateway, Store, UnitOfWork
from telephony_core.use_cases.admit_dial import DialAdmission
from telephony_core.use_cases.dial_leg import TRIES
from telephony_core.use_cases.initiation import Choice, Gathered, Initiated, Intent, Press
from telephony_core.use_cases.make_way import make_way, reservations
from telephony_core.use_cases.preview_caller_id import CallerIdDesk
from telephony_core.use_cases.recall_key import KeyRecall
from telephony_core.use_cases.rules import Rules


@frozen
class CommitIntent:
    """`clock` only tells how long ago an intent was decided; the decision takes the database's (C9)."""

    store: Store
    gateways: Mapping[str, ProviderGateway]
    admission: DialAdmission
    desk: CallerIdDesk
    keys: KeyRecall
    ids: IdSource
    clock: Clock
    rules: Rules

    async def __call__(self, press: Press, gathered: Gathered, *, key_is_used: bool) -> Intent:
        """`key_is_used`: the key was found, of a life that is over. One that wasn't is looked for again only where
        something is in the way, for that its index will tell."""
        attempt_id = self.ids.new_id()
        for _ in range(TRIES):
            decided_at = self.clock.now()
            try:
                async with self.store.write() as uow:
                    # Waiting for one's turn to write is no delay of the decision.
                    decided_at = self.clock.now()
                    earlier = await self.keys.earlier(uow, press, forgets=True) if key_is_used else None
                    stored = earlier or await self._decide(uow, press, gathered, attempt_id)
                    return Intent(stored, decided_at)
            except ConcurrentChange:
                key_is_used = True
            except StoreUnavailable:
                # The commit's answer may be lost although it took effect: read back before anything is dialled.
                async with self.store.read() as uow:
                    own = await self.keys.own(uow, press, attempt_id)
                if own is None:
                    raise
                return Intent(own, decided_at)
            except TelephonyError:
                # What is in the way may be this very press: its first request was stored while we looked.
                async with self.store.read() as uow:
                    earlier = await self.keys.earlier(uow, press)
                if earlier is None:
                    raise
                return Intent(earlier, decided_at)
        raise StoreUnavailable("Too many changes at once.", retry_after=1)

    async def _decide(self, uow: UnitOfWork, press: Press, gathered: Gathered, attempt_id: str) -> Initiated:
        if isinstance(gathered, Choice):
            initiated = await self._with_attempt(uow, press, gathered, attempt_id)
        else:
            initiated = await self._planned(uow, press, gathered)
        await self.keys.remember(uow, press, initiated)
        await uow.commit()
        return initiated

    async def _planned(self, uow: UnitOfWork, press: Press, card: TargetCard) -> Initiated:
        now = await uow.now()
        call, is_new = await self._call(uow, press, card, now, number_of_client=False)
        await (uow.calls.add(call) if is_new else uow.calls.save(call))
        await uow.events.add(of_call(self.ids.new_id(), "call_planned", call, now))
        return Initiated(call, None, replayed=False, at=now)

    async def _with_attempt(self, uow: UnitOfWork, press: Press, choice: Choice, attempt_id: str) -> Initiated:
        card, chosen = choice.card, choice.number.parsed.number
        seen = await self.desk.look(uow, choice.device, card.client.id, chosen, to_choose=True)
        now = seen.now
        number, overridden = self.admission.admit_number(press, choice, now)
        await self.admission.admit_device(uow, press, choice, number, now)
        of_client = self.admission.judge.is_clients_own(card, number)
        call, is_new = await self._call(uow, press, card, now, number_of_client=of_client)
        wanted = reservations(press.employee_id, call.id, number)
        await make_way(uow, press, wanted, now, timedelta(seconds=self.rules.limits.ringing))
        await self.admission.check_limits(uow, press.employee_id, now)
        decision = self.desk.decide(seen, choice.device, card, number)
        attempt = self._attempt(press, choice, call, attempt_id, number, decision)
        attempt = evolve(attempt, quiet_hours_overridden=overridden)
        call = call.with_attempt(attempt)
        await (uow.calls.add(call) if is_new else uow.calls.save(call))
        await uow.reservations.take(attempt.id, wanted)
        if decision.takes_a_turn and decision.pool_id is not None and decision.requested is not None:
            await uow.carousel.take_turn(decision.pool_id, decision.requested)
        await uow.events.add(of_attempt(self.ids.new_id(), "attempt_started", attempt, now))
        return Initiated(call, attempt.id, replayed=False, at=now)

    async def _call(
        self, uow: UnitOfWork, press: Press, card: TargetCard, now: datetime, *, number_of_client: bool
    ) -> tuple[Call, bool]:
        """The Call that takes the attempt (K6): the named one if it does, else a new one; and whether it is new."""
        request, existing = press.request, None
        if request.call_id is not None:
            existing = await uow.calls.get(request.call_id)
            if existing is None:
                raise CallNotFound
        elif request.external_id is not None:
            existing = await uow.calls.by_external_id(request.external_id)
        if existing is None:
            call = Call(
                id=self.ids.new_id(),
                target=request.target,
                client_id=card.client.id,
                employee_id=press.employee_id,
                created_at=now,
                external_id=request.external_id,
                due_at=request.due_at,
                note=request.note,
            )
            return call, True
        existing.admit(
            principal=press.principal,
            employee_id=press.employee_id,
            card=card,
            number_of_client=number_of_client,
            now=now,
            open_for=self.rules.call_open_for,
        )
        return evolve(existing, note=request.note or existing.note, due_at=request.due_at or existing.due_at), False

    def _attempt(
        self,
        press: Press,
        choice: Choice,
        call: Call,
        attempt_id: str,
        number: PhoneNumber,
        decision: CallerIdDecision,
    ) -> Attempt:
        device = choice.device
        two_step = self.gateways[device.provider].capabilities.two_step
        return Attempt(
            id=attempt_id,
            call_id=call.id,
            employee_id=device.employee_id,
            client_id=choice.card.client.id,
            principal_id=press.principal.id,
            provider=device.provider,
            two_step=two_step,
            device=UsedDevice.of(device),
            phone_number=number,
            decision=decision,
            started_at=decision.decided_at,
            facts=first_facts(decision.decided_at, two_step=two_step),
            free_hand=choice.free_hand,
            employee_numbers=own_numbers(choice.devices),
        )
