"""Bodies of requests, and what they ask of the use cases."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from telephony_core.party import Target, TargetKind
from telephony_core.use_cases.initiate_call import InitiateRequest
from telephony_http.bodies.shared import Asked, Id, Instant, Note, instant
from telephony_http.limits import NUMBER

MOST_ACKNOWLEDGED = 10
NUMBER_OR_ITS_ID = ("phone_number", "phone_number_id")

Number = Annotated[str, NUMBER.of_body()]


class TargetAsked(Asked):
    """The card from which the call is made."""

    kind: Literal["client", "interest"]
    id: Id

    def to_target(self) -> Target:
        return Target(TargetKind(self.kind), self.id)


class CallAsked(Asked):
    """An existing Call, by our id or by the CRM's own; a new `external_id` makes a new Call that carries it."""

    alternatives: ClassVar[tuple[str, ...]] = ("id", "external_id")
    needs_one: ClassVar[bool] = True

    id: Id | None = None
    external_id: Id | None = None


class PlaceCall(Asked):
    """A call to place. Only `target` is needed; the defaults are: primary number, preferred device, a new Call."""

    alternatives: ClassVar[tuple[str, ...]] = NUMBER_OR_ITS_ID

    target: TargetAsked
    phone_number: Number | None = None
    phone_number_id: Id | None = None
    device_id: Id | None = None
    override_quiet_hours: bool = False
    call: CallAsked | None = None
    dial: bool = True
    note: Note | None = None
    due_at: Instant | None = None
    acknowledge_unknown: Id | Annotated[list[Id], Meta(max_length=MOST_ACKNOWLEDGED)] | None = None
    employee_id: Id | None = None

    def to_request(self, fingerprint: str) -> InitiateRequest:
        """Raises `InvalidRequest` if `due_at` is no day of the calendar."""
        given = self.acknowledge_unknown or []
        acknowledged: Any = [given] if isinstance(given, str) else given
        return InitiateRequest(
            target=self.target.to_target(),
            fingerprint=fingerprint,
            phone_number=self.phone_number,
            phone_number_id=self.phone_number_id,
            device_id=self.device_id,
            override_quiet_hours=self.override_quiet_hours,
            call_id=self.call.id if self.call is not None else None,
            external_id=self.call.external_id if self.call is not None else None,
            dial=self.dial,
            note=self.note,
            due_at=instant(self.due_at, "due_at"),
            acknowledge_unknown=acknowledged,
            employee_id=self.employee_id,
        )


class PreviewCall(Asked):
    """What would the client see? Without `device_id`: for each of the employee's devices."""

    alternatives: ClassVar[tuple[str, ...]] = NUMBER_OR_ITS_ID

    target: TargetAsked
    phone_number: Number | None = None
    phone_number_id: Id | None = None
    device_id: Id | None = None
    employee_id: Id | None = None


class CloseAsked(Asked):
    """The matter is done."""

    note: Note | None = None
