"""Takes clients' numbers out: of one client who asks for it, and of all that is older than the retention (P3).

Counts, outcomes and ids stay, and so do the carousel's numbers and the company's do-not-call list: a mark on it is the
client's own wish, and without the number it would be broken.
"""

from __future__ import annotations

from attrs import frozen

from telephony_core.call import CallState
from telephony_core.errors import CallHasLiveAttempt, ClientNotFound, StoreUnavailable
from telephony_core.party import Permission, Principal
from telephony_core.ports import CallFilter, ConcurrentChange, Erased, ForgetfulDirectory, Store, UnitOfWork
from telephony_core.use_cases.dial_leg import TRIES
from telephony_core.use_cases.rules import Rules

PORTION = 500
"""Attempts, Calls and events that one transaction of the retention takes out: a call in between waits milliseconds."""


@frozen
class ErasedClient:
    """What was erased, and whether the directory is ours and knew the client."""

    client_id: str
    erased: Erased
    in_directory: bool


@frozen
class EraseClient:
    """`directory` None: the directory is somebody else's, and the client is to be erased there as well."""

    store: Store
    directory: ForgetfulDirectory | None

    async def __call__(self, principal: Principal, client_id: str) -> ErasedClient:
        """Take this client's numbers out. A client who is being called now: `CallHasLiveAttempt`, and nothing is done.

        The directory comes first, so that nobody calls from it meanwhile; a repetition takes out what is left.
        """
        principal.require(Permission.ADMINISTER)
        async with self.store.read() as uow:
            await _refuse_live(uow, client_id)
            known = await uow.calls.page(CallFilter(client_id=client_id), cursor=None, limit=1)
        in_directory = await self.directory.forget_client(client_id) if self.directory is not None else False
        if not (in_directory or known.items):
            raise ClientNotFound("Neither the directory nor any Call knows a client of this id.", client_id=client_id)
        for _ in range(TRIES):
            try:
                async with self.store.write() as uow:
                    await _refuse_live(uow, client_id)
                    erased = await uow.personal.erase_client(client_id)
                    await uow.commit()
            except ConcurrentChange:
                continue
            return ErasedClient(client_id, erased, in_directory)
        raise StoreUnavailable("Too many changes at once.", retry_after=1)


async def _refuse_live(uow: UnitOfWork, client_id: str) -> None:
    live = await uow.calls.page(CallFilter(client_id=client_id, state=CallState.IN_PROGRESS), cursor=None, limit=1)
    if live.items:
        raise CallHasLiveAttempt(
            "The client is being called; erase them when the call has ended.", call_id=live.items[0].id
        )


@frozen
class EraseOldNumbers:
    """A chore for the worker; enough once in some hours."""

    store: Store
    rules: Rules

    async def __call__(self) -> Erased:
        """Take out the numbers of all that began longer ago than the retention, in small transactions."""
        total = Erased()
        while True:
            try:
                async with self.store.write() as uow:
                    instant = await uow.now() - self.rules.retention
                    erased = await uow.personal.erase_before(instant, PORTION)
                    await uow.commit()
            except ConcurrentChange:
                return total  # somebody writes to the same rows; the next round goes on
            total = Erased(
                total.attempts + erased.attempts,
                total.calls + erased.calls,
                total.reports + erased.reports,
                total.events + erased.events,
            )
            if max(erased.attempts, erased.calls, erased.events) < PORTION:
                return total
