"""What an attempt reserves, and what is in its way (K3, K5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from telephony_core.call import Attempt
from telephony_core.errors import (
    CallHasLiveAttempt,
    Conflict,
    EmployeeBusy,
    NumberBeingCalled,
    PreviousOutcomeUnknown,
)
from telephony_core.phone import PhoneNumber
from telephony_core.ports import ConcurrentChange, Reservation, ReservationKind, UnitOfWork
from telephony_core.use_cases.initiation import Press, retry_after

ASK_AGAIN = timedelta(seconds=30)
"""An unknown attempt that can be acknowledged may be settled any moment: by a report, by statistics, at its horizon."""

_IN_THE_WAY: Mapping[ReservationKind, type[Conflict]] = {
    # The Call first: who names it shall hear of it, whoever's attempt it is.
    ReservationKind.CALL: CallHasLiveAttempt,
    ReservationKind.EMPLOYEE: EmployeeBusy,
    ReservationKind.PHONE_NUMBER: NumberBeingCalled,
}


def reservations(employee_id: str, call_id: str, number: PhoneNumber) -> tuple[Reservation, ...]:
    """What an attempt holds while it lives (K5)."""
    return (
        Reservation(ReservationKind.EMPLOYEE, employee_id),
        Reservation(ReservationKind.CALL, call_id),
        Reservation(ReservationKind.PHONE_NUMBER, number.e164),
    )


async def make_way(
    uow: UnitOfWork, press: Press, wanted: tuple[Reservation, ...], now: datetime, longest_ringing: timedelta
) -> None:
    """Refuse what meets another attempt's reservation; give up those of acknowledged unknown ones (K3, K5)."""
    live: dict[ReservationKind, Attempt] = {}
    for reservation, attempt_id in (await uow.reservations.holders(wanted)).items():
        attempt = await uow.calls.attempt(attempt_id)
        if attempt is None or not attempt.live:
            raise ConcurrentChange  # it ended while we looked, and has given up what it held
        if attempt.reading.doubtful:
            _check_acknowledged(attempt, press, now, longest_ringing)
            await uow.reservations.give_up(attempt.id, [reservation])
        else:
            live[reservation.kind] = attempt
    for kind, refusal in _IN_THE_WAY.items():
        if kind in live:
            attempt = live[kind]
            # Whose attempt it is, is told only to those who may see it (P4).
            seen = press.principal.may_see(attempt.employee_id)
            raise refusal(call_id=attempt.call_id if seen else None, attempt_id=attempt.id if seen else None)


def _check_acknowledged(attempt: Attempt, press: Press, now: datetime, longest_ringing: timedelta) -> None:
    # From the latest leg on: where the client's is asked for by itself, that phone began to ring so much later.
    legs = (attempt.reading.employee, attempt.reading.client)
    accepted_from = max(leg.requested_at or attempt.started_at for leg in legs) + longest_ringing
    if attempt.id not in press.request.acknowledge_unknown or now < accepted_from:
        raise PreviousOutcomeUnknown(
            "Wait until it is settled or, from `acknowledge_from` on, send its `attempt_id` as `acknowledge_unknown`.",
            attempt_id=attempt.id,
            acknowledge_from=accepted_from.isoformat().replace("+00:00", "Z"),
            retry_after=retry_after(accepted_from - now if now < accepted_from else ASK_AGAIN),
        )
