"""The rules of records: the same for a line of a file and a body of HTTP."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_adapters.imports.problems import Code, quoted
from telephony_adapters.imports.records import Checked, Mark, Record, RecordRules
from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_core.device import CorporateSim, Device, IpPhone, Mobile
from telephony_core.party import EMPLOYEE_PERMISSIONS, Client, Contact, Employee, EnteredNumber, Interest, Permission
from telephony_core.phone import PhoneNumber

T = TypeVar("T")
RULES = RecordRules()
SIM = PhoneNumber("+79031110001")


def _valid(checked: Checked[T]) -> T:
    assert checked.value is not None, checked.faults
    return checked.value


def _employee(record: Record) -> Employee:
    return _valid(RULES.employee(record))


def _device(record: Record) -> Device:
    return _valid(RULES.device(record))


def _client(record: Record) -> Client:
    return _valid(RULES.client(record))


def _interest(record: Record) -> Interest:
    return _valid(RULES.interest(record))


def _codes(checked: Checked[Any]) -> list[tuple[str, Code]]:
    assert (checked.value is None) == bool(checked.errors)
    return [(fault.field, fault.code) for fault in checked.faults]


class TestEmployees:
    def test_by_default_an_employee_calls_and_sees_numbers(self) -> None:
        assert _employee({"id": "E-1", "name": "Анна"}) == Employee("E-1", "Анна", True, EMPLOYEE_PERMISSIONS)

    @pytest.mark.parametrize(
        ("written", "permissions"),
        [
            ("call, see_full_numbers", EMPLOYEE_PERMISSIONS),
            ("call;administer", {Permission.CALL, Permission.ADMINISTER}),
            ("CALL act_for_others", {Permission.CALL, Permission.ACT_FOR_OTHERS}),
            (["call"], {Permission.CALL}),
            ("нет", set()),
            ("-", set()),
        ],
    )
    def test_permissions_as_the_file_says(self, written: object, permissions: set[Permission]) -> None:
        found = _employee({"id": "E-1", "name": "x", "permissions": written})
        assert found.permissions == frozenset(permissions)

    def test_an_unknown_permission_names_those_there_are(self) -> None:
        (fault,) = RULES.employee({"id": "E-1", "name": "x", "permissions": "fly"}).faults
        assert fault.code is Code.NOT_ONE_OF
        assert "override_quiet_hours" in fault.say("ru")

    @pytest.mark.parametrize("yes", ["да", "Да", "1", "true", "ИСТИНА", "yes", "+", True])
    def test_yes(self, yes: object) -> None:
        assert _employee({"id": "E-1", "name": "x", "active": yes}).active

    @pytest.mark.parametrize("no", ["нет", "0", "false", "Ложь", "no", "-", False])
    def test_no(self, no: object) -> None:
        assert not _employee({"id": "E-1", "name": "x", "active": no}).active

    @pytest.mark.parametrize("bad", ["", "a b", "a/b", "a?b", "a#b", "50%", "x" * 65, None, True, "a\tb"])
    def test_an_id_goes_into_an_address(self, bad: object) -> None:
        codes = _codes(RULES.employee({"id": bad, "name": "x"}))
        assert codes == [("id", Code.REQUIRED if bad in ("", None) else Code.NOT_AN_ID)]

    def test_all_faults_are_named_at_once(self) -> None:
        codes = _codes(RULES.employee({"active": "perhaps", "permissions": "fly", "shoe": "42"}))
        assert codes == [
            ("", Code.FIELD_UNKNOWN),
            ("id", Code.REQUIRED),
            ("name", Code.REQUIRED),
            ("active", Code.NOT_YES_OR_NO),
            ("permissions", Code.NOT_ONE_OF),
        ]


class TestDevices:
    def test_an_ip_phone(self) -> None:
        record = {"id": "D-1", "employee_id": "E-1", "kind": "IP-телефон", "line": "1017@pbx", "preferred": "да"}
        assert _device(record) == IpPhone("D-1", "E-1", "1017@pbx", "beeline", "1017@pbx", preferred=True)

    def test_a_mobile_with_its_sim(self) -> None:
        """D1, D2: issued and returned; a day without a clock begins by Moscow's."""
        record = {
            "id": "D-2",
            "employee_id": "E-1",
            "kind": "мобильный",
            "line": "9031110001@pbx",
            "label": "Анна",
            "provider": "asterisk",
            "sim_number": "79031110001",
            "sim_issued": "01.09.2026",
            "sim_returned": "2026-11-23 18:00",
            "fmtn": "1",
        }
        sim = CorporateSim(SIM, datetime(2026, 8, 31, 21, tzinfo=UTC), datetime(2026, 11, 23, 15, tzinfo=UTC))
        assert _device(record) == Mobile("D-2", "E-1", "Анна", "asterisk", "9031110001@pbx", sim, fmtn=True)

    def test_a_mobile_without_a_sim_is_kept_and_is_not_eligible(self) -> None:
        found = _device({"id": "D-2", "employee_id": "E-1", "kind": "mobile", "line": "2"})
        assert isinstance(found, Mobile)
        assert (found.sim, found.fmtn) == (None, False)

    def test_the_number_of_a_mobile_is_its_sims(self) -> None:
        found = _device({"id": "D-2", "employee_id": "E-1", "kind": "mobile", "line": "2", "number": "8 903 111-00-01"})
        assert isinstance(found, Mobile)
        assert found.sim == CorporateSim(SIM, None)

    @pytest.mark.parametrize(
        ("changes", "field", "code"),
        [
            ({"kind": "phone"}, "kind", Code.NOT_ONE_OF),
            ({"kind": ""}, "kind", Code.REQUIRED),
            ({"line": ""}, "line", Code.REQUIRED),
            ({"employee_id": ""}, "employee_id", Code.REQUIRED),
            ({"sim_number": "12"}, "sim_number", Code.NUMBER_NOT_UNDERSTOOD),
            ({"sim_number": "7,90311E+10"}, "sim_number", Code.NUMBER_ROUNDED),
            ({"sim_issued": "soon"}, "sim_issued", Code.NOT_A_DATE),
            ({"sim_issued": "31.02.2026"}, "sim_issued", Code.NOT_A_DATE),
            ({"sim_issued": "02.02.2026", "sim_returned": "01.02.2026"}, "sim_returned", Code.RETURNED_BEFORE_ISSUED),
            ({"kind": "ip"}, "sim_number", Code.SIM_ON_IP_PHONE),
            ({"kind": "ip", "sim_number": "", "sim_issued": "01.02.2026"}, "sim_number", Code.SIM_ON_IP_PHONE),
            ({"sim_number": "+7 495 123-45-67"}, "sim_number", Code.SIM_NOT_MOBILE),
            ({"sim_number": "", "number": "+7 495 123-45-67"}, "number", Code.SIM_NOT_MOBILE),
            ({"sim_number": "", "sim_issued": "01.02.2026"}, "sim_number", Code.SIM_WITHOUT_NUMBER),
            ({"fmtn": "maybe"}, "fmtn", Code.NOT_YES_OR_NO),
            ({"label": "x" * 201}, "label", Code.TOO_LONG),
        ],
    )
    def test_what_is_wrong_is_named(self, changes: dict[str, str], field: str, code: Code) -> None:
        record = {"id": "D", "employee_id": "E", "kind": "mobile", "line": "2", "sim_number": SIM.e164, **changes}
        assert _codes(RULES.device(record)) == [(field, code)]


class TestClients:
    @pytest.mark.parametrize(
        ("written", "numbers"),
        [
            ("8 903 123-45-67", [("8 903 123-45-67", None)]),
            ("8 903 123-45-67; +7 383 212-34-56", [("8 903 123-45-67", None), ("+7 383 212-34-56", None)]),
            (
                "89031234567,83832123456\n84951234567",
                [(n, None) for n in ("89031234567", "83832123456", "84951234567")],
            ),
            ("+7 383 212-34-56, доб. 12, 89031234567", [("+7 383 212-34-56, доб. 12", None), ("89031234567", None)]),
            ("+7 383 212-34-56,,12", [("+7 383 212-34-56,,12", None)]),
            ("рабочий: +7 383 212-34-56; дом: 89031234567", [("+7 383 212-34-56", "рабочий"), ("89031234567", "дом")]),
            ("тел: 89031234567", [("тел: 89031234567", None)]),
            ("89031234567; +7 903 123-45-67; 8(903)1234567", [("89031234567", None)]),
            (["89031234567", "84951234567"], [("89031234567", None), ("84951234567", None)]),
            ([{"number": "89031234567", "label": "моб"}], [("89031234567", "моб")]),
            (79031234567, [("79031234567", None)]),
            ("", []),
            (None, []),
        ],
    )
    def test_numbers_of_one_cell(self, written: object, numbers: list[tuple[str, str | None]]) -> None:
        """All of them, each once, with their labels."""
        found = _client({"id": "C-1", "name": "x", "phone_numbers": written})
        assert found.numbers == tuple(EnteredNumber("", text, label) for text, label in numbers)

    def test_marks_of_a_number_come_by_json(self) -> None:
        entry = {"number": "89031234567", "primary": True, "do_not_call": True}
        found = _client({"id": "C-1", "name": "x", "phone_numbers": [entry]})
        assert found.numbers == (EnteredNumber("", "89031234567", None, True, True),)

    def test_what_is_not_understood_is_kept_with_a_warning(self) -> None:
        """N1: listed as such, never dropped; and dirt in a CRM doesn't stop a file."""
        checked = RULES.client({"id": "C-1", "name": "x", "phone_numbers": "спросить у Ивана; 89031234567"})
        assert checked.value is not None
        assert [each.as_entered for each in checked.value.numbers] == ["спросить у Ивана", "89031234567"]
        (fault,) = checked.faults
        assert (fault.code, fault.warning) == (Code.NUMBER_KEPT_AS_TYPED, True)

    def test_a_rounded_number_is_an_error(self) -> None:
        """Its digits are lost: no import can bring them back."""
        assert _codes(RULES.client({"id": "C-1", "name": "x", "phone_numbers": "7,90312E+10"})) == [
            ("phone_numbers", Code.NUMBER_ROUNDED)
        ]

    @pytest.mark.parametrize(
        ("written", "codes"),
        [
            ("RU-NVS", ("RU-NVS",)),
            ("ru-nvs, RU-TOM", ("RU-NVS", "RU-TOM")),
            ("Новосибирская область", ("RU-NVS",)),
            ("Новосибирская обл.; Томская область", ("RU-NVS", "RU-TOM")),
            ("г. Москва * Московская область", ("RU-MOS", "RU-MOW")),
            (["RU-NVS"], ("RU-NVS",)),
            ("KZ", ("KZ",)),
            ("RU", ("RU",)),
        ],
    )
    def test_regions_by_code_or_name(self, written: object, codes: tuple[str, ...]) -> None:
        assert _client({"id": "C-1", "name": "x", "regions": written}).region_codes == codes

    def test_an_unknown_region_is_a_warning(self) -> None:
        checked = RULES.client({"id": "C-1", "name": "x", "regions": "Атлантида"})
        assert checked.value is not None
        assert checked.value.region_codes == ()
        assert _codes(checked) == [("regions", Code.REGION_NOT_UNDERSTOOD)]

    @pytest.mark.parametrize("number", ["+79031234567", "89031234567", "9031234567"])
    def test_a_number_as_an_id_is_a_warning(self, number: str) -> None:
        """P1: ids stand in logs."""
        checked = RULES.client({"id": number, "name": "x"})
        assert _codes(checked) == [("id", Code.ID_LOOKS_LIKE_A_NUMBER)]
        assert "9031234567" not in checked.faults[0].say()

    @given(st.from_regex(r"(\+7|8|7)[ -]?\(?9\d\d\)?[ -]?\d{3}[ -]?\d\d[ -]?\d\d", fullmatch=True))
    def test_the_quick_way_is_the_parsers(self, text: str) -> None:
        """Mobile numbers are told apart without the library: as it would."""
        parsed = PhoneNumbers().parse(text)
        if parsed.number is not None:
            both = f"{text}; {parsed.number.e164}"
            assert len(_client({"id": "C-1", "name": "x", "phone_numbers": both}).numbers) == 1
        checked = RULES.client({"id": "C-1", "name": "x", "phone_numbers": text})
        assert bool(checked.faults) == (parsed.number is None)


class TestInterestsAndMarks:
    def test_an_interest_with_its_contacts_comes_by_json(self) -> None:
        contacts = [{"id": "K-1", "name": "Ольга", "phone_numbers": ["89031234567"]}]
        found = _interest({"id": "I-1", "client_id": "C-1", "title": "дом", "contacts": contacts})
        contact = Contact("K-1", "Ольга", (EnteredNumber("", "89031234567"),))
        assert found == Interest("I-1", "C-1", "дом", (contact,))

    def test_a_contact_names_its_interest(self) -> None:
        checked = RULES.contact({"id": "K-1", "interest_id": "I-1", "name": "Ольга"})
        assert checked.value == ("I-1", Contact("K-1", "Ольга"))
        assert _codes(RULES.contact({"id": "K-1", "name": "Ольга"})) == [("interest_id", Code.REQUIRED)]

    def test_a_mark_that_is_not_understood_is_an_error(self) -> None:
        """N3: it would be called."""
        assert _codes(RULES.do_not_call({"number": "8 903 123"})) == [("number", Code.NUMBER_NOT_UNDERSTOOD)]
        assert _codes(RULES.do_not_call({})) == [("number", Code.REQUIRED)]
        assert RULES.do_not_call({"number": "89031234567, 84951234567"}).value == (
            Mark(PhoneNumber("+79031234567")),
            Mark(PhoneNumber("+74951234567")),
        )
        lifted = RULES.do_not_call({"number": "89031234567", "lifted": "да"})
        assert lifted.value == (Mark(PhoneNumber("+79031234567"), lifted=True),)

    @pytest.mark.parametrize("contacts", ["nobody", 5, [5], {"id": "K-1"}])
    def test_contacts_of_another_shape_are_refused(self, contacts: object) -> None:
        assert RULES.interest({"id": "I-1", "client_id": "C-1", "contacts": contacts}).value is None


def test_each_wrong_field_is_named_and_no_number_in_full() -> None:
    checked = RULES.device({"id": "D 1", "kind": "mobile", "sim_number": "+7 903 123-45-6"})
    assert sorted(_codes(checked)) == [
        ("employee_id", Code.REQUIRED),
        ("id", Code.NOT_AN_ID),
        ("line", Code.REQUIRED),
        ("sim_number", Code.NUMBER_NOT_UNDERSTOOD),
    ]
    assert not [fault for fault in checked.faults if "123-45" in fault.say()]


@given(
    st.from_regex(r"(\+7|8|7)?[ (-]{0,2}9[0-9]{2}[ )-]{0,2}[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2}", fullmatch=True),
    st.text(st.sampled_from("абв ,;:.xyz"), max_size=9),
)
def test_no_message_shows_a_number_in_full(number: str, around: str) -> None:
    """P1: wherever it stands in a cell, not more than its first four digits and its last two."""
    said = quoted(f"{around} {number} {around}")
    shown = re.sub(r"[^0-9]", "", said)
    digits = re.sub(r"[^0-9]", "", number)
    assert shown == digits[:4] + digits[-2:]


@pytest.mark.parametrize("code", Code)
def test_each_code_says_what_to_do_in_both_languages(code: Code) -> None:
    from telephony_adapters.imports.problems import about

    fault = about(code, "field", what="x", known="y")
    assert fault.say("en") != fault.say("ru")
    assert "{" not in fault.say("en") + fault.say("ru")
