"""The phone numbers of a client or an interest as bodies (N1)."""

from __future__ import annotations

from typing import Annotated

from telephony_core.call import Attempt
from telephony_core.call_facts import AttemptState, Outcome
from telephony_core.dialling import NumberReason
from telephony_core.party import OwnerKind, Permission, Principal, TargetNumber
from telephony_core.region import RegionSource
from telephony_core.use_cases.find_numbers import FoundNumbers
from telephony_http.bodies.decisions import RegionTold
from telephony_http.bodies.shared import Moment, Told, one_of, seen_by
from telephony_http.privacy import without_digits


class OwnerTold(Told):
    """Whose number it is: the client's, or a contact's."""

    kind: Annotated[str, one_of(OwnerKind)]
    id: str
    name: str


class LocalTimeTold(Told, rename={"since": "from", "until": "to"}):
    """What the clock on the wall shows there: a range, where the region has several zones."""

    since: Moment
    until: Moment


class LastAttemptTold(Told):
    """The latest attempt to this number for this client."""

    id: str
    call_id: str
    employee_id: str
    state: Annotated[str, one_of(AttemptState)]
    outcome: Annotated[str, one_of(Outcome)] | None
    started_at: Moment
    ended_at: Moment | None
    talk_seconds: int | None


class PhoneNumberTold(Told):
    """One number. `number` is null where the text could not be understood; `reasons` say why it may not be called."""

    id: str
    number: str | None
    extension: str | None
    display: str
    owner: OwnerTold
    label: str | None
    primary: bool
    region: RegionTold | None
    local_time: LocalTimeTold | None
    callable: bool
    reasons: list[Annotated[str, one_of(NumberReason, "NotCallableReason")]]
    last_attempt: LastAttemptTold | None
    as_entered: str


class PhoneNumbersTold(Told):
    """All numbers of a client or an interest, in the order in which to offer them."""

    client_id: str
    interest_id: str | None
    items: list[PhoneNumberTold]


def _last_attempt_told(attempt: Attempt) -> LastAttemptTold:
    reading = attempt.reading
    return LastAttemptTold(
        id=attempt.id,
        call_id=attempt.call_id,
        employee_id=attempt.employee_id,
        state=str(reading.state),
        outcome=str(reading.outcome) if reading.outcome is not None else None,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        talk_seconds=reading.talk_seconds,
    )


def _number_told(each: TargetNumber, last: Attempt | None, principal: Principal) -> PhoneNumberTold:
    parsed, local = each.parsed, each.local_time
    whole = principal.may(Permission.SEE_FULL_NUMBERS)
    shown = parsed.display or parsed.as_entered
    if not whole:
        shown = parsed.number.masked if parsed.number is not None else without_digits(shown)
    return PhoneNumberTold(
        id=each.id,
        number=seen_by(principal, parsed.number),
        extension=parsed.extension,
        display=shown,
        owner=OwnerTold(kind=str(each.owner.kind), id=each.owner.id, name=each.owner.name),
        label=each.label,
        primary=each.primary,
        region=RegionTold(codes=list(each.region_codes), source=str(RegionSource.NUMBERING_PLAN))
        if each.region_codes
        else None,
        local_time=LocalTimeTold(since=local.earliest, until=local.latest) if local is not None else None,
        callable=each.callable,
        reasons=list(each.reasons),
        last_attempt=_last_attempt_told(last) if last is not None else None,
        as_entered=parsed.as_entered if whole else without_digits(parsed.as_entered),
    )


def phone_numbers_told(found: FoundNumbers, principal: Principal) -> PhoneNumbersTold:
    return PhoneNumbersTold(
        client_id=found.card.client.id,
        interest_id=found.card.interest.id if found.card.interest is not None else None,
        items=[
            _number_told(each, found.last_attempts.get(each.parsed.number) if each.parsed.number else None, principal)
            for each in found.numbers
        ],
    )
