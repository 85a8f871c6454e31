"""The values that an initiation goes through, in the order in which they come to be.

`Press` (who asks for what) -> `Gathered` (what the directory knows of it) -> `Intent` (what was stored before the dial)
-> `Initiated` (the Call as the answer). Each lives as long as one request.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from attrs import field, frozen

from telephony_core.call import Call
from telephony_core.device import Device
from telephony_core.errors import InvalidRequest
from telephony_core.party import Principal, Target, TargetCard, TargetNumber
from telephony_core.phone import PhoneNumber
from telephony_core.ports import KeyScope


@frozen
class InitiateRequest:
    """What is asked for: at most one of `phone_number` (as typed) and `phone_number_id`, and of the Call's two ids.

    `dial` False makes a planned Call. `fingerprint` is a digest of the request as it was sent (K4).
    """

    target: Target
    fingerprint: str
    phone_number: str | None = None
    phone_number_id: str | None = None
    device_id: str | None = None
    override_quiet_hours: bool = False
    call_id: str | None = None
    external_id: str | None = None
    dial: bool = True
    note: str | None = None
    due_at: datetime | None = None
    acknowledge_unknown: frozenset[str] = field(default=frozenset(), converter=frozenset)
    employee_id: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.phone_number is not None and self.phone_number_id is not None:
            raise InvalidRequest("Name the number by 'phone_number' or by 'phone_number_id', not both.")
        if self.call_id is not None and self.external_id is not None:
            raise InvalidRequest("Name the call by 'id' or by 'external_id', not both.")


@frozen
class Press:
    """One press of the button: who pressed it, what they ask for, and the key that remembers it (K4)."""

    principal: Principal
    request: InitiateRequest
    scope: KeyScope

    @property
    def employee_id(self) -> str:
        """Who is to call: the principal, or whom they act for."""
        return self.scope.employee_id


@frozen
class Choice:
    """Which number of a card shall be called and from which device; `devices` are all that the employee has.

    `free_hand`: the number is not the target's (N2). `marked`: the number, if it stands on the do-not-call list.
    """

    card: TargetCard
    device: Device
    devices: tuple[Device, ...]
    number: TargetNumber
    free_hand: bool
    marked: frozenset[PhoneNumber]


Gathered = TargetCard | Choice
"""What was learnt before the transaction: for a planned Call the card alone, else what to dial, too."""


@frozen
class Initiated:
    """The Call as it is at the instant `at`; `replayed` if the key named it before this request."""

    call: Call
    attempt_id: str | None
    replayed: bool
    at: datetime


@frozen
class Intent:
    """What is stored before anything is dialled, and when by our own clock its decision began."""

    stored: Initiated
    decided_at: datetime

    @property
    def attempt_to_dial(self) -> str | None:
        """None where this press has nothing to dial: a planned Call, or one that the key named before."""
        return None if self.stored.replayed else self.stored.attempt_id


def retry_after(wait: timedelta) -> int:
    """A wait in the whole seconds of a Retry-After, at least one."""
    return max(1, math.ceil(wait.total_seconds()))
