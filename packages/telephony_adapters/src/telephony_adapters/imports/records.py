"""The rules of the directory's records, once: for the lines of files and for the bodies of HTTP alike.

A record is a mapping from fields (see `columns`) to text or values of JSON; what it means comes with what is wrong
with it. A number of a client that can't be understood is a warning, since dirt in a CRM must not stop the rest: it is
kept as typed and listed as not understood (N1). A SIM or a line of the company's own must be right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from attrs import field, frozen

from telephony_adapters.imports import cells
from telephony_adapters.imports.cells import Bad
from telephony_adapters.imports.columns import COLUMNS, PHONE_NUMBERS, Kind
from telephony_adapters.imports.problems import Code, Fault, about
from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_core.device import CorporateSim, Device, DeviceKind, IpPhone, Mobile
from telephony_core.party import EMPLOYEE_PERMISSIONS, Client, Contact, Employee, EnteredNumber, Interest
from telephony_core.phone import DestinationClass, PhoneNumber
from telephony_core.ports import PhoneNumberParser

T = TypeVar("T")
Record = Mapping[str, object]

LONGEST_TEXT = 200

_KINDS_OF_DEVICE: Mapping[str, DeviceKind] = {
    "ip_phone": DeviceKind.IP_PHONE,
    "ip phone": DeviceKind.IP_PHONE,
    "ip-phone": DeviceKind.IP_PHONE,
    "ip": DeviceKind.IP_PHONE,
    "ip-телефон": DeviceKind.IP_PHONE,
    "ip телефон": DeviceKind.IP_PHONE,
    "стационарный": DeviceKind.IP_PHONE,
    "mobile": DeviceKind.MOBILE,
    "мобильный": DeviceKind.MOBILE,
    "мобильный телефон": DeviceKind.MOBILE,
    "сотовый": DeviceKind.MOBILE,
}


@frozen
class Checked(Generic[T]):
    """What a record means, None if it has an error; and its faults, warnings too."""

    value: T | None
    faults: tuple[Fault, ...] = ()

    @property
    def errors(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.faults if not fault.warning)


@frozen
class Mark:
    """What a line of the do-not-call list says of a number: that it is barred, or that it no longer is."""

    number: PhoneNumber
    lifted: bool = False


class Reader:
    """Reads the fields of one record and collects what is wrong with them; lives as long as that.

    `masked`: whether digits that are quoted may be those of clients (P1).
    """

    def __init__(self, record: Record, known: frozenset[str], *, masked: bool = True) -> None:
        self._record = record
        self._masked = masked
        self.faults: list[Fault] = [about(Code.FIELD_UNKNOWN, what=name) for name in record if name not in known]

    def has(self, name: str) -> bool:
        return self._record.get(name) not in (None, "", [], ())

    def value(self, name: str) -> object:
        return self._record.get(name)

    def fault(self, name: str, code: Code, *, what: object = "", known: object = "", warning: bool = False) -> None:
        self.faults.append(about(code, name, what=what, known=known, warning=warning, masked=self._masked))

    def read(self, name: str, reading: Callable[[object], T], default: T, *, required: bool = False) -> T:
        """The field by `reading`; `default` where it is empty or wrong."""
        if not self.has(name):
            if required:
                self.fault(name, Code.REQUIRED)
            return default
        try:
            return reading(self._record[name])
        except Bad as bad:
            self.fault(name, bad.code, what=bad.what, known=bad.known)
            return default

    def text(self, name: str, *, required: bool = False, longest: int = LONGEST_TEXT) -> str:
        def text(value: object) -> str:
            found = str(value).strip()
            if len(found) > longest:
                raise Bad(Code.TOO_LONG, known=longest)
            return found

        return self.read(name, text, "", required=required)

    def identity(self, name: str = "id", *, required: bool = True) -> str:
        return self.read(name, cells.an_id, "", required=required)

    def checked(self, value: T) -> Checked[T]:
        wrong = any(not fault.warning for fault in self.faults)
        return Checked(None if wrong else value, tuple(self.faults))


def _fields(kind: Kind, *more: str) -> frozenset[str]:
    return frozenset([*(column.field for column in COLUMNS[kind]), *more])


_FIELDS = {kind: _fields(kind) for kind in Kind} | {Kind.INTERESTS: _fields(Kind.INTERESTS, "contacts")}
_MOBILE = re.compile(r"(?:\+7|8|7)[ \-]?\(?(9\d\d)\)?[ \-]?(\d{3})[ \-]?(\d\d)[ \-]?(\d\d)\Z", re.ASCII)
_OF_INNER_CONTACT = frozenset({"id", "name", PHONE_NUMBERS})
_OF_NUMBER = frozenset({"number", "label", "primary", "do_not_call"})


@frozen
class RecordRules:
    """What a record needs to be understood: how numbers are read, and by whose clock dates are meant."""

    parser: PhoneNumberParser = field(factory=PhoneNumbers)
    zone: tzinfo = field(factory=lambda: ZoneInfo("Europe/Moscow"))
    default_provider: str = "beeline"

    def employee(self, record: Record) -> Checked[Employee]:
        reader = Reader(record, _FIELDS[Kind.EMPLOYEES])
        employee = Employee(
            id=reader.identity(),
            name=reader.text("name", required=True),
            active=reader.read("active", cells.yes_or_no, True),
            permissions=reader.read("permissions", cells.permissions, EMPLOYEE_PERMISSIONS),
        )
        return reader.checked(employee)

    def device(self, record: Record) -> Checked[Device]:
        reader = Reader(record, _FIELDS[Kind.DEVICES])
        kind = reader.read("kind", _kind_of_device, None, required=True)
        device_id, employee_id = reader.identity(), reader.identity("employee_id")
        line = reader.text("line", required=True)
        label = reader.text("label") or line
        provider = reader.text("provider") or self.default_provider
        active = reader.read("active", cells.yes_or_no, True)
        preferred = reader.read("preferred", cells.yes_or_no, False)
        fmtn = reader.read("fmtn", cells.yes_or_no, False)
        # The column `number` of a mobile can only mean its SIM's.
        of_sim = "number" if kind is DeviceKind.MOBILE and not reader.has("sim_number") else "sim_number"
        sim = self._sim(reader, of_sim, on_mobile=kind is not DeviceKind.IP_PHONE)
        device: Device
        if kind is DeviceKind.MOBILE:
            device = Mobile(device_id, employee_id, label, provider, line, sim, fmtn, active, preferred)
        else:
            number = reader.read("number", self.number, None)
            device = IpPhone(device_id, employee_id, label, provider, line, number, active, preferred)
        return reader.checked(device)

    def _sim(self, reader: Reader, name: str, *, on_mobile: bool) -> CorporateSim | None:
        number = reader.read(name, lambda value: russian_mobile(self.parser, value, Code.SIM_NOT_MOBILE), None)
        issued_at, returned_at = self._instant(reader, "sim_issued"), self._instant(reader, "sim_returned")
        dated = issued_at is not None or returned_at is not None
        if issued_at is not None and returned_at is not None and returned_at < issued_at:
            reader.fault("sim_returned", Code.RETURNED_BEFORE_ISSUED)
        if not on_mobile and (number is not None or dated):
            reader.fault("sim_number", Code.SIM_ON_IP_PHONE)
        elif dated and not reader.has(name):
            reader.fault("sim_number", Code.SIM_WITHOUT_NUMBER)
        return CorporateSim(number, issued_at, returned_at) if number is not None else None

    def _instant(self, reader: Reader, name: str) -> datetime | None:
        return reader.read(name, lambda value: cells.instant(value, self.zone), None)

    def number(self, value: object) -> PhoneNumber:
        """A number of the company's own, which must be right."""
        return _parsed(self.parser, value)[0]

    def client(self, record: Record) -> Checked[Client]:
        reader = Reader(record, _FIELDS[Kind.CLIENTS])
        client_id = reader.identity()
        if cells.looks_like_a_number(client_id):
            reader.fault("id", Code.ID_LOOKS_LIKE_A_NUMBER, what=client_id, warning=True)
        client = Client(
            id=client_id,
            name=reader.text("name", required=True),
            numbers=tuple(self._numbers(reader)),
            region_codes=self._regions(reader),
            do_not_call=reader.read("do_not_call", cells.yes_or_no, False),
            owner_id=reader.identity("owner_id", required=False) or None,
        )
        return reader.checked(client)

    def _regions(self, reader: Reader) -> tuple[str, ...]:
        if not reader.has("regions"):
            return ()
        try:
            return cells.regions(reader.value("regions"))
        except Bad as bad:
            # What a CRM says of a client's region is a help, not a must (C4): unknown is better than refused.
            reader.fault("regions", bad.code, what=bad.what, warning=True)
            return ()

    def interest(self, record: Record) -> Checked[Interest]:
        """An interest; in a body of JSON with its `contacts`."""
        reader = Reader(record, _FIELDS[Kind.INTERESTS])
        contacts = []
        inner = reader.value("contacts") if reader.has("contacts") else []
        for each in inner if isinstance(inner, list) else [inner]:
            contact = self._contact(Reader(each if isinstance(each, dict) else {}, _OF_INNER_CONTACT))
            reader.faults += contact.faults
            contacts += [contact.value] if contact.value else []
        interest = Interest(
            id=reader.identity(),
            client_id=reader.identity("client_id"),
            title=reader.text("title"),
            contacts=tuple(contacts),
            owner_id=reader.identity("owner_id", required=False) or None,
        )
        return reader.checked(interest)

    def contact(self, record: Record) -> Checked[tuple[str, Contact]]:
        """A contact, and the id of the interest that it belongs to."""
        reader = Reader(record, _FIELDS[Kind.CONTACTS])
        interest_id = reader.identity("interest_id")
        contact = self._contact(reader)
        return reader.checked((interest_id, contact.value or Contact("", "")))

    def _contact(self, reader: Reader) -> Checked[Contact]:
        return reader.checked(
            Contact(reader.identity(), reader.text("name", required=True), tuple(self._numbers(reader)))
        )

    def do_not_call(self, record: Record) -> Checked[tuple[Mark, ...]]:
        """The numbers of a line of the do-not-call list. One that isn't understood is an error: it could be called."""
        reader = Reader(record, _FIELDS[Kind.DO_NOT_CALL])
        lifted = reader.read("lifted", cells.yes_or_no, False)
        found: list[Mark] = []
        if not reader.has("number"):
            reader.fault("number", Code.REQUIRED)
        else:
            for written in cells.numbers(str(reader.value("number"))):
                try:
                    found.append(Mark(self.number(written.text), lifted))
                except Bad as bad:
                    reader.fault("number", bad.code, what=bad.what)
        return reader.checked(tuple(found))

    def _numbers(self, reader: Reader) -> Iterator[EnteredNumber]:
        """Each number once. Ids are empty: who keeps them gives the same number the same id again."""
        seen: set[object] = set()
        for entered in self._written(reader):
            text = entered.as_entered
            if cells.rounded_by_excel(text):
                reader.fault(PHONE_NUMBERS, Code.NUMBER_ROUNDED)
                continue
            once, unusable = self._identity(text)
            if unusable is not None:
                reader.fault(PHONE_NUMBERS, unusable, what=text, warning=True)
            if once not in seen:
                seen.add(once)
                yield entered

    def _identity(self, text: str) -> tuple[object, Code | None]:
        """What makes two texts one number; and why it can't be called, if it can't."""
        mobile = _MOBILE.match(text)
        if mobile:  # most of a CRM's numbers, known without the library: a hundred thousand take a while
            return ("7" + "".join(mobile.groups()), None), None
        parsed = self.parser.parse(text)
        if parsed.number is not None:
            return (parsed.number.digits, parsed.extension), None
        if parsed.destination is DestinationClass.SHORT:
            return parsed.display, Code.NUMBER_SHORT
        return text, Code.NUMBER_KEPT_AS_TYPED

    def _written(self, reader: Reader) -> Iterator[EnteredNumber]:
        value = reader.value(PHONE_NUMBERS)
        entries = value if isinstance(value, list | tuple) else [value]
        for entry in entries:
            inner: Record = entry if isinstance(entry, dict) else {"number": entry}
            item = Reader(inner, _OF_NUMBER)
            text, label = item.value("number"), item.text("label", longest=60) or None
            primary = item.read("primary", cells.yes_or_no, False)
            do_not_call = item.read("do_not_call", cells.yes_or_no, False)
            reader.faults += [about_number(fault) for fault in item.faults]
            for written in cells.numbers(str(text)) if text not in (None, "") else ():
                if len(written.text) > LONGEST_TEXT:
                    reader.fault(PHONE_NUMBERS, Code.TOO_LONG, known=LONGEST_TEXT)
                    continue
                yield EnteredNumber("", written.text, (written.label or label or "")[:60] or None, primary, do_not_call)


def russian_mobile(parser: PhoneNumberParser, value: object, wrong: Code) -> PhoneNumber:
    """A Russian mobile number; `Bad` with the reason `wrong` for any other."""
    number, destination = _parsed(parser, value)
    if destination is not DestinationClass.RUSSIAN_MOBILE:
        raise Bad(wrong, what=str(value).strip())
    return number


def _parsed(parser: PhoneNumberParser, value: object) -> tuple[PhoneNumber, DestinationClass | None]:
    text = str(value).strip()
    if cells.rounded_by_excel(text):
        raise Bad(Code.NUMBER_ROUNDED)
    parsed = parser.parse(text)
    if parsed.number is None:
        raise Bad(Code.NUMBER_NOT_UNDERSTOOD, what=text)
    return parsed.number, parsed.destination


def about_number(fault: Fault) -> Fault:
    """A fault inside of a number, told of the field that holds it."""
    return Fault(PHONE_NUMBERS, fault.code, fault.about, fault.warning)


def _kind_of_device(value: object) -> DeviceKind:
    kind = _KINDS_OF_DEVICE.get(" ".join(str(value).casefold().split()))
    if kind is None:
        raise Bad(Code.NOT_ONE_OF, what=value, known="ip_phone (ip-телефон), mobile (мобильный)")
    return kind
