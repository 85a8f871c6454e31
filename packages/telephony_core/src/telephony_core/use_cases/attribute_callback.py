"""Whose call-back is this (B1): a client calls one of our numbers, and the employee is found who will know them.

The caller and the time are the key; the number that was called narrows. It need not be in force any more: what counts
is what was shown or decided at the time of each attempt. Then, in this order: the owner of the interest that the
attempts were about, who talked last, who tried last. Where more than one fits equally, the answer says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum

from attrs import frozen

from telephony_core.call import Attempt, Call
from telephony_core.call_facts import Outcome
from telephony_core.party import Permission, Principal, Target, TargetKind
from telephony_core.phone import PhoneNumber
from telephony_core.ports import Directory, Store
from telephony_core.use_cases.rules import Rules


class Match(StrEnum):
    """By what the attempts were found, the surest first."""

    EXACT = "exact"
    """The provider reported that this number was shown."""
    CANDIDATE = "candidate"
    """This number was requested, or among those that might be shown, and nothing else was reported."""
    CALLER_ONLY = "caller_only"
    """Only the caller is known; where a number was named, no attempt shows it."""


class Why(StrEnum):
    """What made this employee the one."""

    OWNER_OF_THE_INTEREST = "owner_of_the_interest"
    TALKED_LAST = "talked_last"
    TRIED_LAST = "tried_last"
    NO_ATTEMPT = "no_attempt"


@frozen
class Attribution:
    """The answer. `tied` are other employees of whom the same is true; the later attempt decided between them.

    `since`: attempts from then on were looked at. Nobody found: `employee_id`, `call` and `match` are None.
    """

    employee_id: str | None
    call: Call | None
    attempt: Attempt | None
    match: Match | None
    why: Why
    since: datetime
    tied: tuple[str, ...] = ()


_CANNOT_HAVE_RUNG = (Outcome.NOT_SENT, Outcome.REFUSED_BY_PROVIDER, Outcome.EMPLOYEE_DID_NOT_ANSWER)


@frozen
class AttributeCallback:
    store: Store
    directory: Directory
    rules: Rules

    async def __call__(
        self,
        principal: Principal,
        caller: PhoneNumber,
        *,
        shown_number: PhoneNumber | None = None,
        at: datetime | None = None,
    ) -> Attribution:
        """Whose call-back it is that `caller` makes `at` (None: now), to `shown_number` if that is known.

        Without `act_for_others` only one's own attempts are looked at (P4).
        """
        principal.require(Permission.CALL)
        own = None if principal.may(Permission.ACT_FOR_OTHERS) else principal.acting_employee(None)
        async with self.store.read() as uow:
            at = at if at is not None else await uow.now()
            since = at - self.rules.attribution_window
            attempts = [
                attempt
                for attempt in await uow.calls.attempts_to(caller, since, at)
                if attempt.reading.outcome not in _CANNOT_HAVE_RUNG and own in (None, attempt.employee_id)
            ]
            match, narrowed = narrow(attempts, shown_number)
            calls: dict[str, Call] = {}
            for call_id in dict.fromkeys(attempt.call_id for attempt in narrowed):
                call = await uow.calls.get(call_id)
                assert call is not None  # Calls are never deleted
                calls[call_id] = call
        if not narrowed:
            return Attribution(None, None, None, None, Why.NO_ATTEMPT, since)
        owned = await self._owned(narrowed, calls, own)
        if owned:
            (owner, attempt), tied = owned[0], tuple(dict.fromkeys(owner for owner, _ in owned[1:]))
            others = tuple(each for each in tied if each != owner)
            return Attribution(owner, calls[attempt.call_id], attempt, match, Why.OWNER_OF_THE_INTEREST, since, others)
        talked = [attempt for attempt in narrowed if attempt.reading.client.answered_at is not None]
        why, best = (Why.TALKED_LAST, talked) if talked else (Why.TRIED_LAST, narrowed)
        attempt, tied = _latest(best, _talked_at if talked else _started_at)
        return Attribution(attempt.employee_id, calls[attempt.call_id], attempt, match, why, since, tied)

    async def _owned(
        self, attempts: Iterable[Attempt], calls: dict[str, Call], own: str | None
    ) -> list[tuple[str, Attempt]]:
        """Owners of the attempts' interests, each with the attempt, the latest first; who has left owns nothing."""
        owners: dict[Target, str | None] = {}
        owned: list[tuple[str, Attempt]] = []
        for attempt in attempts:
            call = calls[attempt.call_id]
            if call.target.kind is not TargetKind.INTEREST:
                continue
            if call.target not in owners:
                owners[call.target] = await self._owner(call.target)
            owner = owners[call.target]
            if owner is not None and own in (None, owner):
                owned.append((owner, attempt))
        return owned

    async def _owner(self, target: Target) -> str | None:
        card = await self.directory.target_card(target)
        owner_id = card.interest.owner_id if card is not None and card.interest is not None else None
        employee = await self.directory.employee(owner_id) if owner_id is not None else None
        return employee.id if employee is not None and employee.active else None


def narrow(attempts: list[Attempt], shown: PhoneNumber | None) -> tuple[Match, list[Attempt]]:
    """The attempts that fit the called number best, and how well they do."""
    if shown is not None:
        exact = [attempt for attempt in attempts if attempt.shown is not None and attempt.shown.number == shown]
        if exact:
            return Match.EXACT, exact
        open_ones = [attempt for attempt in attempts if attempt.shown is None or attempt.shown.number is None]
        # Who requested just this number comes before whom it might have been shown for.
        requested = [attempt for attempt in open_ones if attempt.decision.requested == shown]
        candidates = requested or [attempt for attempt in open_ones if shown in attempt.decision.candidates]
        if candidates:
            return Match.CANDIDATE, candidates
    return Match.CALLER_ONLY, attempts


def _started_at(attempt: Attempt) -> datetime:
    return attempt.started_at


def _talked_at(attempt: Attempt) -> datetime:
    return attempt.reading.client.answered_at or attempt.started_at


def _latest(attempts: list[Attempt], when: Callable[[Attempt], datetime]) -> tuple[Attempt, tuple[str, ...]]:
    """The latest attempt, and the employees whose attempt is as late."""
    ordered = sorted(attempts, key=lambda attempt: (when(attempt), attempt.id), reverse=True)
    first = ordered[0]
    equal = [each.employee_id for each in ordered[1:] if when(each) == when(first)]
    return first, tuple(dict.fromkeys(each for each in equal if each != first.employee_id))
