"""One thing of the directory, put by its record: a line of an import that came as JSON (`PUT /clients/{id}` and such).

The same rules as for files: what is left out of a record keeps what is stored, so that nobody takes a do-not-call mark
away by not knowing of it; a number's own mark is taken away only by an explicit `do_not_call: false`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve, field, frozen

from telephony_adapters.imports import devices_together
from telephony_adapters.imports.columns import PHONE_NUMBERS, Kind
from telephony_adapters.imports.directory_merge import DirectoryStock
from telephony_adapters.imports.problems import THINGS, Code, Fault, about
from telephony_adapters.imports.records import Checked, Record, RecordRules
from telephony_core.device import Device, DeviceKind, Mobile
from telephony_core.errors import EmployeeNotFound, InvalidRequest
from telephony_core.party import Client, Employee, EnteredNumber, Interest, Permission, Principal

Said = Mapping[str, str]
"""What is said of a field: `{"field", "message"}`."""

_OF_SIM = ("sim_number", "sim_issued", "sim_returned")


@frozen
class Written:
    """The thing as it is stored now, by the fields of its record; what was noticed and let through."""

    record: Mapping[str, object]
    added: bool
    warnings: tuple[Said, ...] = ()


@frozen
class PutRecord:
    """Lives as long as its stock."""

    stock: DirectoryStock
    rules: RecordRules = field(factory=RecordRules)

    async def __call__(self, principal: Principal, kind: str, record: Record, wrong: tuple[Said, ...] = ()) -> Written:
        """Check a record of this kind (`employees`, `devices`, `clients`, `interests`) and store it.

        `wrong`: what its sender has found already. `InvalidRequest` names every field that is wrong in `errors`.
        """
        principal.require(Permission.ADMINISTER)
        of = Kind(kind)
        thing_id = str(record.get("id", ""))
        if of is Kind.DEVICES:
            await self._must_have_employee(str(record.get("employee_id", "")))
        stored = (await self.stock.stored(of, [thing_id])).get(thing_id)
        checked = self._checked(of, _over(record, stored))
        said = {fault["field"] for fault in wrong}
        errors = [*wrong, *(each for each in map(_said, checked.errors) if each["field"] not in said)]
        if errors or checked.value is None:
            raise _invalid(errors)
        thing = self._keeping_marks(checked.value, stored, record)
        beside: tuple[Device, ...] = ()
        faults = list(checked.faults)
        if of is Kind.DEVICES:
            beside, among = await self._among_devices(thing, preferred=record.get("preferred") is True)
            faults += among
            if sharing := [_said(fault) for fault in among if not fault.warning]:
                raise _invalid(sharing)
        faults += await self._owner(record)
        try:
            done = await self.stock.put({of: (thing, *beside)})
        except InvalidRequest as refused:  # it refers to something that isn't there
            name = str(refused.reasons.get("field", ""))
            raise _invalid([{"field": name, "message": refused.detail}]) from None
        now_is = (await self.stock.stored(of, [thing_id])).get(thing_id, thing)
        warnings = tuple(_said(fault) for fault in faults if fault.warning)
        return Written(as_record(now_is), done[of].added > 0, warnings)

    async def _must_have_employee(self, employee_id: str) -> None:
        if employee_id not in await self.stock.stored(Kind.EMPLOYEES, [employee_id]):
            raise EmployeeNotFound(employee_id=employee_id)

    async def _among_devices(self, device: Device, *, preferred: bool) -> tuple[tuple[Device, ...], list[Fault]]:
        """The devices that lose the mark 'preferred' to this one; what is wrong or noticed beside the others."""
        others = [each for each in await self.stock.rivals([device]) if each.id != device.id]
        losing, taken = devices_together.one_preferred({device.employee_id: device.id} if preferred else {}, others)
        sharing = devices_together.shared({device.id: device}, others)
        return losing, [*(each.fault for each in (*sharing, *taken)), *devices_together.noticed(device)]

    async def _owner(self, record: Record) -> list[Fault]:
        owner = str(record.get("owner_id") or "")
        if not owner or owner in await self.stock.stored(Kind.EMPLOYEES, [owner]):
            return []
        return [about(Code.REFERENCE_UNKNOWN, "owner_id", what=owner, known=THINGS["employee"], warning=True)]

    def _checked(self, kind: Kind, record: Record) -> Checked[Any]:
        match kind:
            case Kind.EMPLOYEES:
                return self.rules.employee(record)
            case Kind.DEVICES:
                return self.rules.device(record)
            case Kind.CLIENTS:
                return self.rules.client(record)
            case Kind.INTERESTS:
                return self.rules.interest(record)
        raise ValueError(f"things of kind '{kind}' are not put one by one")

    def _keeping_marks(self, thing: Any, stored: Any, record: Record) -> Any:
        if isinstance(thing, Client) and isinstance(stored, Client):
            if PHONE_NUMBERS not in record:
                return evolve(thing, numbers=stored.numbers)
            return evolve(thing, numbers=self._marked(thing.numbers, stored.numbers, record))
        if isinstance(thing, Interest) and isinstance(stored, Interest):
            if "contacts" not in record:
                return evolve(thing, contacts=stored.contacts)
            before = {contact.id: contact.numbers for contact in stored.contacts}
            given: dict[str, Any] = {each["id"]: each for each in _dicts(record.get("contacts"))}
            contacts = (
                evolve(each, numbers=self._marked(each.numbers, before.get(each.id, ()), given.get(each.id, {})))
                for each in thing.contacts
            )
            return evolve(thing, contacts=tuple(contacts))
        return thing

    def _marked(
        self, numbers: Iterable[EnteredNumber], stored: Iterable[EnteredNumber], record: Record
    ) -> tuple[EnteredNumber, ...]:
        """The numbers, each with the mark that it had, unless the record takes that away by name."""
        lifted = {
            self._same(str(each.get("number")))
            for each in _dicts(record.get(PHONE_NUMBERS))
            if each.get("do_not_call") is False
        }
        kept = {self._same(each.as_entered) for each in stored if each.do_not_call} - lifted
        return tuple(
            evolve(each, do_not_call=each.do_not_call or self._same(each.as_entered) in kept) for each in numbers
        )

    def _same(self, text: str) -> object:
        parsed = self.rules.parser.parse(text)
        return (parsed.number, parsed.extension) if parsed.number is not None else text


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _invalid(errors: Iterable[Said]) -> InvalidRequest:
    told = list(errors)
    return InvalidRequest("; ".join(f"{each['field']}: {each['message']}" for each in told), errors=told)


def _said(fault: Fault) -> Said:
    message = "Fill it in." if fault.code is Code.REQUIRED else fault.say()
    return {"field": fault.field or str(fault.about.get("what", "")), "message": message, "code": str(fault.code)}


def _over(record: Record, stored: Any) -> Record:
    """The record over what is stored, where that is a thing of the same sort."""
    given = dict(record)
    if given.get("kind") == DeviceKind.MOBILE and "sim_number" not in given and given.get("number"):
        given["sim_number"] = given.pop("number")
    if stored is not None and "permissions" not in given and isinstance(stored, Employee):
        given["permissions"] = [str(each) for each in stored.permissions]
    if given.get("permissions") == []:
        given["permissions"] = ["-"]  # an empty cell means the default, an empty list means none
    if stored is None:
        return given
    # Numbers are kept as values, not read again: see `_keeping_marks`.
    before = {name: value for name, value in as_record(stored).items() if name not in (PHONE_NUMBERS, "contacts")}
    if "kind" in before and before["kind"] != given.get("kind"):
        return given
    if before.get("employee_id") != given.get("employee_id"):
        before.pop("preferred", None)  # it was so for its former employee
    if given.get("sim_number", before.get("sim_number")) != before.get("sim_number"):
        for name in _OF_SIM:
            before.pop(name)
    return {**before, **given}


# --- Things as records ------------------------------------------------------------------------------------------------


def as_record(thing: Employee | Device | Client | Interest) -> Mapping[str, object]:
    """A thing by the fields of its record; numbers with the ids by which they are dialled."""
    match thing:
        case Employee():
            permissions = sorted(str(each) for each in thing.permissions)
            return {"id": thing.id, "name": thing.name, "active": thing.active, "permissions": permissions}
        case Client():
            return {
                "id": thing.id,
                "name": thing.name,
                PHONE_NUMBERS: [_number(each) for each in thing.numbers],
                "regions": list(thing.region_codes),
                "do_not_call": thing.do_not_call,
                "owner_id": thing.owner_id,
            }
        case Interest():
            return {
                "id": thing.id,
                "client_id": thing.client_id,
                "title": thing.title,
                "owner_id": thing.owner_id,
                "contacts": [
                    {"id": each.id, "name": each.name, PHONE_NUMBERS: [_number(number) for number in each.numbers]}
                    for each in thing.contacts
                ],
            }
    return _device(thing)


def _device(device: Device) -> Mapping[str, object]:
    sim = device.sim if isinstance(device, Mobile) else None
    own = None if isinstance(device, Mobile) else device.number
    return {
        "id": device.id,
        "employee_id": device.employee_id,
        "kind": str(device.kind),
        "label": device.label,
        "provider": device.provider,
        "line": device.line,
        "number": own.e164 if own is not None else None,
        "active": device.active,
        "preferred": device.preferred,
        "sim_number": sim.number.e164 if sim is not None else None,
        "sim_issued": sim.issued_at if sim is not None else None,
        "sim_returned": sim.returned_at if sim is not None else None,
        "fmtn": device.fmtn if isinstance(device, Mobile) else False,
    }


def _number(number: EnteredNumber) -> Mapping[str, object]:
    return {
        "id": number.id,
        "number": number.as_entered,
        "label": number.label,
        "primary": number.primary,
        "do_not_call": number.do_not_call,
    }
