"""Ends things: hangs up what rings or talks, and closes a Call whose matter is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import evolve, frozen

from telephony_core.call import Call
from telephony_core.errors import (
    CallHasLiveAttempt,
    CallNotFound,
    NoLiveAttempt,
    NotSupportedByProvider,
    ProviderUnavailable,
    StoreUnavailable,
)
from telephony_core.events import of_call
from telephony_core.party import Permission, Principal
from telephony_core.ports import ConcurrentChange, IdSource, ProviderGateway, Store
from telephony_core.use_cases.dial_leg import TRIES, LegDialler
from telephony_core.use_cases.follow_call import ReadCalls


@frozen
class HangUpCall:
    store: Store
    gateways: Mapping[str, ProviderGateway]
    dialler: LegDialler
    read: ReadCalls

    async def __call__(self, principal: Principal, call_id: str) -> tuple[Call, datetime]:
        """Ask the provider to end the live attempt. What then happens is told by its reports, as ever."""
        principal.require(Permission.CALL)
        call, _ = await self.read.one(principal, call_id)
        attempt = call.live_attempt
        if attempt is None:
            raise NoLiveAttempt(call_id=call.id)
        gateway = self.gateways.get(attempt.provider)
        if gateway is None or not gateway.capabilities.hang_up:
            raise NotSupportedByProvider(
                "This provider can't end a call from outside; hang up at the phone.", provider=attempt.provider
            )
        reading = attempt.reading
        legs = [leg.name for leg in (reading.employee, reading.client) if leg.may_ring_or_talk]
        taken = [await self.dialler.hang_up(attempt.hang_up(leg)) for leg in legs]
        if not all(taken):
            raise ProviderUnavailable(
                "The provider didn't take the request to hang up; hang up at the phone.",
                retry_after=5,
                call_id=call.id,
                attempt_id=attempt.id,
            )
        return await self.read.one(principal, call_id)


@frozen
class CloseCall:
    store: Store
    ids: IdSource

    async def __call__(self, principal: Principal, call_id: str, note: str | None) -> tuple[Call, datetime]:
        """Close a Call, or cancel a planned one. Closing a closed Call again changes nothing but a new note."""
        principal.require(Permission.CALL)
        for _ in range(TRIES):
            try:
                return await self._close(principal, call_id, note)
            except ConcurrentChange:
                continue
        raise StoreUnavailable("Too many changes at once.", retry_after=1)

    async def _close(self, principal: Principal, call_id: str, note: str | None) -> tuple[Call, datetime]:
        async with self.store.write() as uow:
            call, now = await uow.calls.get(call_id), await uow.now()
            if call is None or not principal.may_see(call.employee_id):
                raise CallNotFound
            if call.live_attempt is not None:
                raise CallHasLiveAttempt(call_id=call.id, attempt_id=call.live_attempt.id)
            closed = evolve(call, closed_at=call.closed_at or now, note=note or call.note)
            if closed != call:
                await uow.calls.save(closed)
            if call.closed_at is None:
                await uow.events.add(of_call(self.ids.new_id(), "call_closed", closed, now))
            await uow.commit()
        return closed, now
