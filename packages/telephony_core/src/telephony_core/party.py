"""Who calls and who is called: employees with their permissions, clients, interests, contacts and their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from attrs import field, frozen

from telephony_core.errors import NotPermitted
from telephony_core.phone import ParsedNumber
from telephony_core.region import LocalTime


class Permission(StrEnum):
    """What somebody may do; an argument of every use case, so that no way in can forget it."""

    CALL = "call"
    CALL_FREE_HAND = "call_free_hand"
    OVERRIDE_QUIET_HOURS = "override_quiet_hours"
    SEE_FULL_NUMBERS = "see_full_numbers"
    ACT_FOR_OTHERS = "act_for_others"
    MANAGE_CAROUSEL = "manage_carousel"
    ADMINISTER = "administer"


EMPLOYEE_PERMISSIONS = frozenset({Permission.CALL, Permission.SEE_FULL_NUMBERS})
"""What an employee may do unless the directory says otherwise."""


def _as_set(permissions: Iterable[Permission]) -> frozenset[Permission]:
    # `frozenset` itself as a converter leaves type checkers without the type of its elements.
    return frozenset(permissions)


@frozen
class Principal:
    """Who asks: an employee, or a service (the CRM's back end) without an employee. Lives for one request."""

    id: str
    employee_id: str | None
    permissions: frozenset[Permission] = field(converter=_as_set)

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        if permission not in self.permissions:
            raise NotPermitted(f"This needs the permission '{permission}'.", permission=str(permission))

    def may_see(self, employee_id: str) -> bool:
        """P4: one's own, or anybody's with `act_for_others`."""
        return employee_id == self.employee_id or self.may(Permission.ACT_FOR_OTHERS)

    def acting_employee(self, asked: str | None) -> str:
        """The employee in whose name the request is made: `asked`, or the principal's own where none is asked for."""
        employee_id = asked or self.employee_id
        if employee_id is None:
            raise NotPermitted("A service has no employee of its own: name the employee_id to act for.")
        if not self.may_see(employee_id):
            raise NotPermitted(
                "To act for another employee needs the permission 'act_for_others'.",
                permission=str(Permission.ACT_FOR_OTHERS),
            )
        return employee_id


@frozen
class Employee:
    """Who places calls. `permissions` are those that the directory gives."""

    id: str
    name: str
    active: bool = True
    permissions: frozenset[Permission] = field(default=EMPLOYEE_PERMISSIONS, converter=_as_set)


@frozen
class EnteredNumber:
    """A number as somebody typed it into the CRM. `id` is opaque and stable and says nothing of the digits (P1)."""

    id: str
    as_entered: str
    label: str | None = None
    primary: bool = False
    do_not_call: bool = False


@frozen
class Contact:
    """A person of an interest who is called beside or instead of the client."""

    id: str
    name: str
    numbers: tuple[EnteredNumber, ...] = ()


@frozen
class Client:
    """Whom we call. `region_codes` is what the CRM knows of where the client is (ISO 3166-2), empty for unknown."""

    id: str
    name: str
    numbers: tuple[EnteredNumber, ...] = ()
    region_codes: tuple[str, ...] = ()
    do_not_call: bool = False
    owner_id: str | None = None


@frozen
class Interest:
    """A client's interest in an offer (a lead or deal); its contacts may have numbers that the client has not."""

    id: str
    client_id: str
    title: str = ""
    contacts: tuple[Contact, ...] = ()
    owner_id: str | None = None


class TargetKind(StrEnum):
    CLIENT = "client"
    INTEREST = "interest"


@frozen
class Target:
    """What a Call is about: the card on which the employee pressed 'call'."""

    kind: TargetKind = field(converter=TargetKind)
    id: str


@frozen
class TargetCard:
    """All that the directory knows of a target, read at once: the client, and the interest where that is the target."""

    client: Client
    interest: Interest | None = None

    @property
    def target(self) -> Target:
        if self.interest is not None:
            return Target(TargetKind.INTEREST, self.interest.id)
        return Target(TargetKind.CLIENT, self.client.id)


class OwnerKind(StrEnum):
    CLIENT = "client"
    CONTACT = "contact"


@frozen
class NumberOwner:
    """Whose number it is."""

    kind: OwnerKind
    id: str
    name: str


@frozen
class TargetNumber:
    """One number of a target, judged (N1): `reasons` is empty exactly if it may be called now."""

    id: str
    parsed: ParsedNumber
    owner: NumberOwner
    label: str | None
    primary: bool
    region_codes: tuple[str, ...]
    local_time: LocalTime | None
    reasons: tuple[str, ...]

    @property
    def callable(self) -> bool:
        return not self.reasons
