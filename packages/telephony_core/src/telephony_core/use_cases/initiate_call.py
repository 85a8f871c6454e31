"""Initiates a call: gather, commit the intent, dial once, answer.

The order of things is the promise (K3, K7): what leaves the process is gathered first (`gather_initiation`); then one
transaction decides with the database's clock and commits the intent together with its reservations and its
Idempotency-Key (`commit_intent`); only then the provider is asked, once; its answer is a second transaction
(`dial_leg`). Whoever comes with the same key finds the Call (`recall_key`).
"""

from __future__ import annotations

from asyncio import shield
from collections.abc import Mapping

from attrs import field, frozen

from telephony_core.call_facts import LegName
from telephony_core.errors import IdempotencyKeyMissing, ProviderRefused, ProviderUnavailable
from telephony_core.party import Permission, Principal
from telephony_core.ports import (
    DeviceStatuses,
    Directory,
    IdSource,
    KeyScope,
    NotSent,
    ProviderGateway,
    Refused,
    Store,
)
from telephony_core.use_cases.admit_dial import DialAdmission
from telephony_core.use_cases.commit_intent import CommitIntent
from telephony_core.use_cases.dial_leg import LegDialler
from telephony_core.use_cases.find_numbers import NumberJudge
from telephony_core.use_cases.gather_initiation import GatherInitiation
from telephony_core.use_cases.initiation import Initiated, InitiateRequest, Intent, Press
from telephony_core.use_cases.preview_caller_id import CallerIdDesk
from telephony_core.use_cases.recall_key import KeyRecall
from telephony_core.use_cases.rules import Rules

__all__ = ["InitiateCall", "InitiateRequest", "Initiated"]


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
    _keys: KeyRecall = field(init=False)
    _gather: GatherInitiation = field(init=False)
    _commit: CommitIntent = field(init=False)

    @_keys.default
    def _made_keys(self) -> KeyRecall:
        return KeyRecall(self.rules)

    @_gather.default
    def _made_gather(self) -> GatherInitiation:
        return GatherInitiation(self.directory, self.gateways, self.judge)

    @_commit.default
    def _made_commit(self) -> CommitIntent:
        admission = DialAdmission(self.judge, self.desk, self.statuses, self.rules.dialling)
        return CommitIntent(
            self.store, self.gateways, admission, self.desk, self._keys, self.ids, self.dialler.clock, self.rules
        )

    async def __call__(self, principal: Principal, request: InitiateRequest, key: str | None) -> Initiated:
        """Place the call, or return what the key already names.

        Raises the refusals of `errors`; after the intent only `ProviderRefused` and `ProviderUnavailable`, whose
        reasons carry `call_id` and `attempt_id`. An unknown outcome is no error: the attempt says so.
        """
        principal.require(Permission.CALL)
        if not key:
            raise IdempotencyKeyMissing
        employee_id = principal.acting_employee(request.employee_id)
        press = Press(principal, request, KeyScope(principal.id, employee_id, key))
        async with self.store.glance() as uow:
            used = await uow.keys.get(press.scope) is not None
        if used:
            async with self.store.read() as uow:
                earlier = await self._keys.earlier(uow, press)
            if earlier is not None:
                return earlier
        intent = await self._commit(press, await self._gather(press), key_is_used=used)
        if intent.attempt_to_dial is None:
            return intent.stored
        # Once the intent is committed the caller may go away; the call goes on to its recorded answer.
        return await shield(self._dial(intent, intent.attempt_to_dial))

    async def _dial(self, intent: Intent, attempt_id: str) -> Initiated:
        call = intent.stored.call
        attempt = next(each for each in call.attempts if each.id == attempt_id)
        dialled = await self.dialler.dial(attempt.dial(LegName.EMPLOYEE), intent.decided_at)
        match dialled.answer:
            case Refused(code=code):
                raise ProviderRefused(provider_code=code, call_id=call.id, attempt_id=attempt_id)
            case NotSent():
                raise ProviderUnavailable(retry_after=5, call_id=call.id, attempt_id=attempt_id)
        if dialled.recorded is None:
            # It was dialled; the intent is stored, and reconciliation settles the rest.
            return Initiated(call, attempt_id, replayed=False, at=attempt.started_at)
        recorded = dialled.recorded
        return Initiated(call.with_attempt(recorded.attempt), attempt_id, replayed=False, at=recorded.at)
