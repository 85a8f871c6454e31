"""The refusals of the core, one tree.

    TelephonyError
    ├── InvalidRequest                  what was asked makes no sense as it stands
    │   └── IdempotencyKeyMissing
    ├── NotPermitted
    │   └── CallOfAnotherEmployee
    ├── NotFound
    │   ├── ClientNotFound  InterestNotFound  EmployeeNotFound
    │   └── CallNotFound  DeviceNotFound  PoolNotFound
    ├── Conflict                        true now, perhaps not in a minute
    │   ├── EmployeeBusy  NumberBeingCalled  CallHasLiveAttempt
    │   ├── RequestInProgress  PreviousOutcomeUnknown
    │   ├── NoLiveAttempt
    │   ├── CarouselConflict
    │   └── StaleVersion
    ├── Unacceptable                    understood, and against a rule
    │   ├── DeviceNotEligible
    │   ├── PhoneNumberNotOfTarget  PhoneNumberNotCallable  DestinationNotAllowed  NoPhoneNumbers
    │   ├── NoUsableNumber
    │   ├── CallOfAnotherTarget  CallClosed
    │   ├── IdempotencyKeyReused
    │   └── NotSupportedByProvider
    ├── TooManyRequests
    ├── EventsNotKept                   true for ever: what was asked for is gone
    └── Unavailable
        ├── ProviderRefused             surely not dialled: the provider said no
        ├── ProviderUnavailable         surely not dialled: nothing was sent
        ├── DirectoryUnavailable
        └── StoreUnavailable

A class's docstring is its message and its `code` its stable name: both are part of the API. What a receiver needs in
order to act stands in `reasons` as data. Nothing in an error is personal data (P1). A mistake of our own (an impossible
move of a state) is not here: it is an ordinary Python exception, because no caller can mend it.
"""

from __future__ import annotations

import inspect
from typing import ClassVar


class TelephonyError(Exception):
    """The request was refused."""

    code: ClassVar[str] = "refused"

    def __init__(self, detail: str | None = None, *, retry_after: int | None = None, **reasons: object) -> None:
        """`detail` says what is particular to this case; `retry_after` is in seconds; `reasons` is JSON-like data."""
        self.detail: str = detail or self.title()
        self.retry_after = retry_after
        self.reasons = reasons
        super().__init__(self.detail)

    @classmethod
    def title(cls) -> str:
        """The same sentence for every case of this error: the first line of the class's docstring."""
        return (inspect.getdoc(cls) or cls.__name__).splitlines()[0]


class InvalidRequest(TelephonyError):
    """The request can't be understood; the reasons name the fields."""

    code = "invalid_request"


class IdempotencyKeyMissing(InvalidRequest):
    """Send an Idempotency-Key: an id that your application makes when the button is pressed, and repeats on retries."""

    code = "idempotency_key_missing"


class NotPermitted(TelephonyError):
    """You don't have the permission that this needs; who administers the service can grant it."""

    code = "not_permitted"


class CallOfAnotherEmployee(NotPermitted):
    """The Call belongs to another employee; only who may act for others can place an attempt in it."""

    code = "call_of_another_employee"


class NotFound(TelephonyError):
    """There is no such thing."""


class ClientNotFound(NotFound):
    """There is no client of this id in the directory; check the id, or put the client in first."""

    code = "client_not_found"


class InterestNotFound(NotFound):
    """There is no interest of this id in the directory; check the id, or put the interest in first."""

    code = "interest_not_found"


class EmployeeNotFound(NotFound):
    """There is no employee of this id in the directory; check the id, or put the employee in first."""

    code = "employee_not_found"


class CallNotFound(NotFound):
    """There is no Call of this id that you may see; check the id, or place a new Call."""

    code = "call_not_found"


class DeviceNotFound(NotFound):
    """There is no device of this id; the employee's devices are listed at /employees/{id}/devices."""

    code = "device_not_found"


class PoolNotFound(NotFound):
    """There is no pool of this id in the carousel; the pools are listed at /carousel/pools."""

    code = "pool_not_found"


class Conflict(TelephonyError):
    """The present state of things is in the way."""


class EmployeeBusy(Conflict):
    """This employee is in another call; end it, or wait until it has ended."""

    code = "employee_busy"


class NumberBeingCalled(Conflict):
    """A colleague is calling this number right now; wait until that call has ended."""

    code = "number_being_called"


class CallHasLiveAttempt(Conflict):
    """An attempt of this Call is still going on; hang it up, or wait until it has ended."""

    code = "call_has_live_attempt"


class RequestInProgress(Conflict):
    """The first request with this key still waits for the provider; follow its Call, or ask again after Retry-After.

    From Retry-After on the answer is surely the Call. Earlier may do, too: nobody is called twice.
    """

    code = "request_in_progress"


class PreviousOutcomeUnknown(Conflict):
    """It is not known whether an earlier attempt rang the client; wait until it is settled, or acknowledge it.

    To acknowledge is to send the attempt's id as `acknowledge_unknown`, which is accepted from `acknowledge_from` on.
    """

    code = "previous_outcome_unknown"


class NoLiveAttempt(Conflict):
    """No attempt of this Call is going on, so there is nothing to hang up."""

    code = "no_live_attempt"


class CarouselConflict(Conflict):
    """The change would break the order of the carousel (C0); nothing was changed."""

    code = "carousel_conflict"


class StaleVersion(Conflict):
    """The thing was changed since you read it; read it again and repeat the change."""

    code = "stale_version"


class Unacceptable(TelephonyError):
    """Understood, and against a rule."""


class DeviceNotEligible(Unacceptable):
    """A call can't be placed from this device; the reasons say why, the alternatives what can be used instead."""

    code = "device_not_eligible"


class PhoneNumberNotOfTarget(Unacceptable):
    """The number is neither the client's nor the interest's; dialling it needs the permission `call_free_hand`."""

    code = "phone_number_not_of_target"


class PhoneNumberNotCallable(Unacceptable):
    """This number may not be called now; the reasons say why. Quiet hours end by themselves, other reasons don't."""

    code = "phone_number_not_callable"


class DestinationNotAllowed(Unacceptable):
    """Calls to numbers of this class are switched off; who runs the service can switch them on in its settings."""

    code = "destination_not_allowed"


class NoPhoneNumbers(Unacceptable):
    """The client or interest has no phone number that could be dialled; add one to the card."""

    code = "no_phone_numbers"


class NoUsableNumber(Unacceptable):
    """No number of the pool, nor of its chain, may be shown to the client now; call from a mobile, or refresh it."""

    code = "no_usable_number"


class CallOfAnotherTarget(Unacceptable):
    """The Call is about another client or interest; place the attempt in a Call of this target, or in a new one."""

    code = "call_of_another_target"


class CallClosed(Unacceptable):
    """The Call is closed and takes no more attempts; place a new Call."""

    code = "call_closed"


class IdempotencyKeyReused(Unacceptable):
    """This Idempotency-Key was used for another request; a new press of the button is a new key."""

    code = "idempotency_key_reused"


class NotSupportedByProvider(Unacceptable):
    """The provider of this device can't do that; try another device."""

    code = "not_supported_by_provider"


class TooManyRequests(TelephonyError):
    """The limit of calls is reached; call again after Retry-After."""

    code = "too_many_requests"


class EventsNotKept(TelephonyError):
    """The events after this position are not here; follow the events from now on, and then read the Calls anew."""

    code = "events_not_kept"


class Unavailable(TelephonyError):
    """Something that this needs doesn't answer."""


class ProviderRefused(Unavailable):
    """The provider refused the call, so no phone rang; `provider_code` is its own code: ask support about it."""

    code = "provider_refused"


class ProviderUnavailable(Unavailable):
    """The provider could not be reached and nothing was sent, so no phone rang; press again in a while."""

    code = "provider_unavailable"


class DirectoryUnavailable(Unavailable):
    """The directory of clients and employees doesn't answer; nothing was dialled, so try again in a while."""

    code = "directory_unavailable"


class StoreUnavailable(Unavailable):
    """The database doesn't answer; nothing was dialled, so try again in a while."""

    code = "store_unavailable"
