"""Compares what lives at a provider with what we think lives, after a time in which it could not be heard.

For providers that tell nothing twice: what happened while the connection was lost, or while no process of ours lived,
has to be asked for. An employee who answered meanwhile gets their client; a leg whose other half is gone is hung up.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from attrs import frozen

from telephony_core.call import Attempt, HangUp
from telephony_core.call_facts import LegName
from telephony_core.ports import Store
from telephony_core.use_cases.dial_leg import LegDialler
from telephony_core.use_cases.reconcile_calls import BATCH, ReconcileCalls

log: logging.Logger = logging.getLogger(__name__)


@frozen
class CompareCalls:
    store: Store
    reconcile: ReconcileCalls
    dialler: LegDialler

    async def __call__(self, provider: str, alive: Iterable[tuple[str, LegName]]) -> None:
        """Ask the provider about each live attempt of its own, and end the legs of attempts that are over.

        `alive`: the legs that live at the provider. Safe at any time and from several processes: an attempt is read
        before it is asked about, so that a leg which is gone by then was not dialled in between. May raise
        `StoreUnavailable`.
        """
        await self.reconcile.ask_all(await self._live(provider))
        await self.dialler.carry_out(await self._left_over(alive), self.dialler.clock.now())

    async def _live(self, provider: str) -> list[Attempt]:
        found: list[Attempt] = []
        after_id = ""
        async with self.store.read() as uow:
            while batch := await uow.calls.live_attempts(after_id, BATCH):
                found += [attempt for attempt in batch if attempt.provider == provider]
                after_id = batch[-1].id
        return found

    async def _left_over(self, alive: Iterable[tuple[str, LegName]]) -> list[HangUp]:
        commands: list[HangUp] = []
        async with self.store.read() as uow:
            for attempt_id, leg in alive:
                attempt = await uow.calls.attempt(attempt_id)
                if attempt is None:
                    # Perhaps of another installation: whoever talks there is not ours to cut off.
                    log.warning("a leg of attempt %s lives, which nobody here knows", attempt_id)
                elif not attempt.live:
                    commands.append(attempt.hang_up(leg))
        return commands
