"""What an Idempotency-Key names: the Call of the first request that was sent with it (K4)."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from telephony_core.call_facts import FactKind
from telephony_core.errors import IdempotencyKeyReused, RequestInProgress
from telephony_core.ports import KeyRecord, UnitOfWork
from telephony_core.use_cases.initiation import Initiated, Press, retry_after
from telephony_core.use_cases.rules import Rules


@frozen
class KeyRecall:
    rules: Rules

    async def earlier(self, uow: UnitOfWork, press: Press, *, forgets: bool = False) -> Initiated | None:
        """What the key names since an earlier request, or the refusal that it can't be used for this one (K4).

        `forgets`: a key whose life is over makes room for its next one.
        """
        record = await uow.keys.get(press.scope)
        if record is None:
            return None
        now = await uow.now()
        call = await uow.calls.get(record.call_id)
        assert call is not None  # Calls are never deleted
        attempt = next((each for each in call.attempts if each.id == record.attempt_id), None)
        is_live = attempt is not None and attempt.live
        if now >= record.created_at + self.rules.key_lifetime and not is_live:
            if forgets:
                await uow.keys.forget_before(now - self.rules.key_lifetime + timedelta(microseconds=1))
            return None
        if record.fingerprint != press.request.fingerprint:
            raise IdempotencyKeyReused
        if attempt is not None and is_live and attempt.reading.employee.strongest is FactKind.REQUESTED:
            limits = self.rules.limits
            waits_until = attempt.started_at + timedelta(seconds=limits.provider_answer + limits.grace)
            if now < waits_until:
                raise RequestInProgress(retry_after=retry_after(waits_until - now), call_id=call.id)
        return Initiated(call, record.attempt_id, replayed=True, at=now)

    async def own(self, uow: UnitOfWork, press: Press, attempt_id: str) -> Initiated | None:
        """What this very press has stored under its key; None if nothing, or if another press has."""
        expected = attempt_id if press.request.dial else None
        record = await uow.keys.get(press.scope)
        if record is None or (record.attempt_id, record.fingerprint) != (expected, press.request.fingerprint):
            return None
        call = await uow.calls.get(record.call_id)
        assert call is not None  # Calls are never deleted
        return Initiated(call, expected, replayed=False, at=await uow.now())

    async def remember(self, uow: UnitOfWork, press: Press, initiated: Initiated) -> None:
        """From the commit of this on the key names the Call."""
        fingerprint = press.request.fingerprint
        record = KeyRecord(press.scope, fingerprint, initiated.call.id, initiated.attempt_id, initiated.at)
        await uow.keys.put(record)
