"""Writes down what became known of an attempt, with all that follows, in the caller's transaction (K7).

The one way in which an attempt changes: the answer to our own request, a provider's report, a time-out and a look-up
all end here. What follows from the facts is decided by `call` and `call_facts`; here it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from attrs import evolve, frozen

from telephony_core.call import Attempt, Command, MatchedBy, ShownNumber
from telephony_core.call_facts import Fact, FactKind, LegName, Outcome
from telephony_core.caller_id import judge
from telephony_core.events import name_of_change, of_attempt
from telephony_core.phone import PhoneNumber
from telephony_core.ports import IdSource, ProviderGateway, Reservation, ReservationKind, UnitOfWork
from telephony_core.use_cases.rules import Rules

FIRST_LOOK_UP = timedelta(seconds=2)
"""After an end: a provider's statistics lag behind its reports."""

_NEVER_RANG = (Outcome.NOT_SENT, Outcome.REFUSED_BY_PROVIDER)


@frozen
class FactNotes:
    gateways: Mapping[str, ProviderGateway]
    ids: IdSource
    rules: Rules

    async def note(
        self,
        uow: UnitOfWork,
        before: Attempt,
        facts: Iterable[Fact],
        now: datetime,
        *,
        reference: str | None = None,
        matched_by: MatchedBy | None = None,
        shown: PhoneNumber | None = None,
        record_url: str | None = None,
    ) -> tuple[Attempt, tuple[Command, ...]]:
        """The attempt as it is now, and what is to be asked of its gateway once the transaction is committed."""
        after = before.learn(facts, now)
        if reference is not None and after.provider_reference is None:
            after = evolve(after, provider_reference=reference, matched_by=matched_by)
        if record_url is not None:
            after = evolve(after, record_url=record_url)
        if shown is not None:
            after = evolve(after, shown=await self._judged(uow, after, shown))
        commands: list[Command] = []
        due = after.next_leg()
        if due is not None and not await self._holds_its_number(uow, after):
            # Somebody acknowledged it while it was unknown and may be ringing the client by now: it must not go on.
            commands.append(after.hang_up(LegName.EMPLOYEE))
        elif due is not None:
            # The intent of the second leg is committed with the fact that made it due, before its request (K3).
            after = after.learn([Fact(due, FactKind.REQUESTED, now)], now)
            commands.append(after.dial(due))
        if after.facts != before.facts:
            commands += after.legs_to_hang_up()
        after = self._with_look_up(before, after, now)
        if after != before:
            after = await self._store(uow, before, after, now)
        return after, tuple(commands)

    async def _holds_its_number(self, uow: UnitOfWork, attempt: Attempt) -> bool:
        number = Reservation(ReservationKind.PHONE_NUMBER, attempt.phone_number.e164)
        return (await uow.reservations.holders([number])).get(number) == attempt.id

    async def _judged(self, uow: UnitOfWork, attempt: Attempt, shown: PhoneNumber) -> ShownNumber:
        verdict = judge(
            attempt.decision,
            shown,
            carousel=await uow.carousel.load(),
            provider=attempt.provider,
            employee_numbers=attempt.employee_numbers,
            window=self.rules.policy.refresh_window,
        )
        return ShownNumber(shown, verdict)

    def _with_look_up(self, before: Attempt, after: Attempt, now: datetime) -> Attempt:
        """When to ask the provider: about a doubtful attempt at once, and a little after the end about the number that
        was shown and the talk's record."""
        gateway = self.gateways.get(after.provider)
        if gateway is None or not gateway.capabilities.look_up:
            return after
        reading = after.reading
        if reading.ended:
            number = gateway.capabilities.reports_shown and after.shown is None and reading.outcome not in _NEVER_RANG
            record = gateway.capabilities.records and after.record_url is None and reading.outcome is Outcome.TALKED
            wanted = number or record
            first = before.live
        else:
            wanted = reading.doubtful
            first = not before.reading.doubtful
        if not wanted:
            return evolve(after, look_up_at=None)
        if first:
            return evolve(after, look_up_at=now + FIRST_LOOK_UP if reading.ended else now, look_ups=0)
        return after

    async def _store(self, uow: UnitOfWork, before: Attempt, after: Attempt, now: datetime) -> Attempt:
        stored = await uow.calls.save_attempt(after)
        if before.live and not after.live:
            await uow.reservations.give_up(after.id)
        was_shown, is_shown = (attempt.reading.client.ringing_at for attempt in (before, after))
        if was_shown is None and is_shown is not None and after.decision.requested and after.decision.pool_id:
            await uow.carousel.count_show(after.decision.requested, now)
        name = name_of_change(before, after)
        if name is not None:
            await uow.events.add(of_attempt(self.ids.new_id(), name, after, now))
        return stored
