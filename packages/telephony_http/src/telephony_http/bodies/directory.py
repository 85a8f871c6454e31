"""The directory's things as bodies: the columns of an import as JSON.

The rules of the values are the import's; here stand their types. A field that is left out keeps what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from telephony_core.device import DeviceKind
from telephony_core.party import Permission, Principal
from telephony_http.bodies.shared import Asked, Moment, Told, one_of
from telephony_http.limits import DAY, LABEL, LINE, NEW_ID, NUMBER, TEXT
from telephony_http.privacy import without_digits

Line = Annotated[str, LINE.of_body()]
Text = Annotated[str, TEXT.of_body()]
Date = Annotated[str, DAY.of_body()]
OtherId = Annotated[str, NEW_ID.of_body()]
OwnNumber = Annotated[str, NUMBER.of_body()]

MOST_NUMBERS = 100


class EmployeeAsked(Asked):
    """An employee. A new one without `permissions` has `call` and `see_full_numbers`; `[]`: none."""

    name: Line
    active: bool | None = None
    permissions: list[Literal[
        "call", "call_free_hand", "override_quiet_hours", "see_full_numbers", "act_for_others", "manage_carousel",
        "administer",
    ]] | None = None  # fmt: skip


class DeviceAsked(Asked):
    """A device. `line`: the provider's name of it (Beeline: the user id); `sim_*` and `fmtn`: of a mobile."""

    kind: Literal["ip_phone", "mobile"]
    line: Line
    label: Text | None = None
    provider: Text | None = None
    number: OwnNumber | None = None
    active: bool | None = None
    preferred: bool | None = None
    sim_number: OwnNumber | None = None
    sim_issued: Date | None = None
    sim_returned: Date | None = None
    fmtn: bool | None = None


class PhoneNumberAsked(Asked):
    """A number as it is typed in the CRM. `do_not_call` left out: the mark stays as it is."""

    number: Text
    label: Annotated[str, LABEL.of_body()] | None = None
    primary: bool = False
    do_not_call: bool | None = None


PhoneNumbers = Annotated[list[Text | PhoneNumberAsked], Meta(max_length=MOST_NUMBERS)]


class ClientAsked(Asked):
    """A client. `phone_numbers`: all of them, in their order; `regions`: ISO 3166-2 codes or the register's names."""

    name: Line
    phone_numbers: PhoneNumbers | None = None
    regions: Annotated[list[Text], Meta(max_length=100)] | None = None
    do_not_call: bool | None = None
    owner_id: OtherId | None = None


class ContactAsked(Asked):
    id: OtherId
    name: Line
    phone_numbers: PhoneNumbers = msgspec.field(default_factory=list)


class InterestAsked(Asked):
    """An interest of a client. `contacts`: all of them."""

    client_id: OtherId
    title: Text | None = None
    owner_id: OtherId | None = None
    contacts: Annotated[list[ContactAsked], Meta(max_length=100)] | None = None


class NoticeTold(Told):
    """What was noticed and let through."""

    field: str
    message: str
    code: str


class PhoneNumberStored(Told):
    """`id`: by which the number may be dialled, too."""

    id: str
    number: str
    label: str | None
    primary: bool
    do_not_call: bool


class EmployeeStored(Told):
    id: str
    name: str
    active: bool
    permissions: list[Annotated[str, one_of(Permission)]]
    warnings: list[NoticeTold]


class DeviceStored(Told):
    id: str
    employee_id: str
    kind: Annotated[str, one_of(DeviceKind)]
    label: str
    provider: str
    line: str
    number: str | None
    active: bool
    preferred: bool
    sim_number: str | None
    sim_issued: Moment | None
    sim_returned: Moment | None
    fmtn: bool
    warnings: list[NoticeTold]


class ClientStored(Told):
    """Without the permission `see_full_numbers` the digits of its numbers are hidden."""

    id: str
    name: str
    phone_numbers: list[PhoneNumberStored]
    regions: list[str]
    do_not_call: bool
    owner_id: str | None
    warnings: list[NoticeTold]


class ContactStored(Told):
    id: str
    name: str
    phone_numbers: list[PhoneNumberStored]


class InterestStored(Told):
    """Without the permission `see_full_numbers` the digits of its numbers are hidden."""

    id: str
    client_id: str
    title: str
    owner_id: str | None
    contacts: list[ContactStored]
    warnings: list[NoticeTold]


Stored = TypeVar("Stored", EmployeeStored, DeviceStored, ClientStored, InterestStored)


def stored_told(
    record: Mapping[str, object], warnings: tuple[Mapping[str, str], ...], kind: type[Stored], principal: Principal
) -> Stored:
    """What is stored as a body of this kind, as this principal may see it (P1)."""
    told = msgspec.convert({**record, "warnings": list(warnings)}, kind)
    if not principal.may(Permission.SEE_FULL_NUMBERS):
        body: Told = told
        for number in _numbers_of(body):
            number.number = without_digits(number.number)
    return told


def _numbers_of(body: Told) -> list[PhoneNumberStored]:
    if isinstance(body, ClientStored):
        return body.phone_numbers
    if isinstance(body, InterestStored):
        return [number for contact in body.contacts for number in contact.phone_numbers]
    return []
