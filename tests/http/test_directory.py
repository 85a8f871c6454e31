"""The directory over HTTP, on our own tables: put, checked by the import's rules, and dialled from afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.http.office import ADMIN, ANNA, CRM, MANAGER, Callers, Office

from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.imports.one_record import PutRecord
from telephony_adapters.imports.own_stock import OwnStock
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import upgrade
from telephony_core.party import Permission, Principal
from telephony_http.opened import opened_parts
from telephony_http.settings import Settings

BLIND = "token-blind"
NUMBER = "8 (913) 912-34-56"


@pytest.fixture
async def callers(office: Office, tmp_path: Path) -> AsyncIterator[Callers]:
    url = f"sqlite:///{tmp_path / 'telephony.db'}"
    await upgrade(url)
    engine = open_store(url)
    office.tokens.in_force[BLIND] = Principal("t-9", None, {Permission.ADMINISTER})
    writer = PutRecord(OwnStock(engine))
    async with office.open(directory=OwnDirectory(engine), directory_writer=writer) as open_callers:
        yield open_callers
    await engine.dispose()


async def _put(callers: Callers, path: str, body: Any, status: int = 201) -> dict[str, Any]:
    answer = await callers.put(path, body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def _whole(callers: Callers) -> None:
    await _put(callers, "/employees/E-5", {"name": "An operator"})
    await _put(callers, "/employees/E-5/devices/D-9", {"kind": "ip_phone", "line": "1017@pbx"})
    await _put(callers, "/clients/C-17", {"name": "A client", "phone_numbers": [NUMBER]})
    await _put(callers, "/interests/I-204", {"client_id": "C-17", "title": "a flat"})


async def test_from_nothing_to_a_call(callers: Callers) -> None:
    await _whole(callers)
    call = await callers.place()
    assert call.status_code == 201, call.text
    assert call.json()["attempts"][0]["phone_number"] == "+79139123456"
    numbers = await callers.get("/interests/I-204/phone-numbers")
    assert [each["number"] for each in numbers.json()["items"]] == ["+79139123456"]


async def test_the_stored_thing_is_answered(callers: Callers) -> None:
    employee = await _put(callers, "/employees/E-5", {"name": "An operator", "permissions": ["call"]})
    assert employee == {"id": "E-5", "name": "An operator", "active": True, "permissions": ["call"], "warnings": []}
    device = await _put(
        callers,
        "/employees/E-5/devices/D-10",
        {"kind": "mobile", "line": "17@pbx", "sim_number": "8 903 111-00-01", "sim_issued": "2026-11-01", "fmtn": True},
    )
    assert (device["employee_id"], device["label"], device["provider"]) == ("E-5", "17@pbx", "beeline")
    assert (device["sim_number"], device["sim_issued"]) == ("+79031110001", "2026-10-31T21:00:00Z")
    client = await _put(
        callers,
        "/clients/C-17",
        {
            "name": "A client",
            "phone_numbers": [{"number": NUMBER, "label": "work", "primary": True}],
            "regions": ["RU-NVS"],
        },
    )
    (number,) = client["phone_numbers"]
    assert (number["number"], number["label"], number["primary"], number["do_not_call"]) == (
        NUMBER,
        "work",
        True,
        False,
    )
    assert number["id"]
    interest = await _put(
        callers,
        "/interests/I-204",
        {"client_id": "C-17", "contacts": [{"id": "K-1", "name": "A contact", "phone_numbers": ["+7 383 212-34-56"]}]},
    )
    assert interest["contacts"][0]["phone_numbers"][0]["number"] == "+7 383 212-34-56"


async def test_what_is_put_again_changes_nothing_and_keeps_the_numbers_ids(callers: Callers) -> None:
    body = {"name": "A client", "phone_numbers": [NUMBER]}
    first = await _put(callers, "/clients/C-17", body)
    assert await _put(callers, "/clients/C-17", body, 200) == first


async def test_what_is_left_out_keeps_what_is_stored(callers: Callers) -> None:
    """N3: nobody takes a mark away by not knowing of it."""
    marked = {"number": NUMBER, "do_not_call": True}
    await _put(callers, "/clients/C-17", {"name": "A client", "phone_numbers": [marked], "do_not_call": True})
    renamed = await _put(callers, "/clients/C-17", {"name": "Another name"}, 200)
    assert (renamed["do_not_call"], renamed["phone_numbers"][0]["do_not_call"]) == (True, True)
    again = await _put(callers, "/clients/C-17", {"name": "A client", "phone_numbers": ["+79139123456"]}, 200)
    assert again["phone_numbers"][0]["do_not_call"] is True
    lifted = {"number": NUMBER, "do_not_call": False}
    free = await _put(
        callers, "/clients/C-17", {"name": "A client", "phone_numbers": [lifted], "do_not_call": False}, 200
    )
    assert (free["do_not_call"], free["phone_numbers"][0]["do_not_call"]) == (False, False)


async def test_an_employee_keeps_their_permissions_until_they_are_named(callers: Callers) -> None:
    default = await _put(callers, "/employees/E-5", {"name": "An operator"})
    assert default["permissions"] == ["call", "see_full_numbers"]
    none = await _put(callers, "/employees/E-5", {"name": "An operator", "permissions": []}, 200)
    assert none["permissions"] == []
    assert (await _put(callers, "/employees/E-5", {"name": "An operator"}, 200))["permissions"] == []


async def test_an_interest_keeps_its_contacts_until_they_are_named(callers: Callers) -> None:
    await _whole(callers)
    people = [{"id": "K-1", "name": "A contact", "phone_numbers": [{"number": NUMBER, "do_not_call": True}]}]
    await _put(callers, "/interests/I-204", {"client_id": "C-17", "contacts": people}, 200)
    kept = await _put(callers, "/interests/I-204", {"client_id": "C-17", "title": "another flat"}, 200)
    assert (kept["title"], len(kept["contacts"])) == ("another flat", 1)
    people[0]["phone_numbers"] = [NUMBER]
    again = await _put(callers, "/interests/I-204", {"client_id": "C-17", "contacts": people}, 200)
    assert again["contacts"][0]["phone_numbers"][0]["do_not_call"] is True
    gone = await _put(callers, "/interests/I-204", {"client_id": "C-17", "contacts": []}, 200)
    assert gone["contacts"] == []


async def test_a_new_sim_takes_the_place_of_the_old_one_with_its_dates(callers: Callers) -> None:
    await _put(callers, "/employees/E-5", {"name": "An operator"})
    path = "/employees/E-5/devices/D-10"
    body = {"kind": "mobile", "line": "17@pbx"}
    sim = {"sim_number": "+79031110001", "sim_issued": "2026-11-01", "fmtn": True}
    await _put(callers, path, {**body, **sim})
    returned = await _put(callers, path, {**body, "sim_returned": "2026-11-20"}, 200)
    assert (returned["sim_issued"], returned["fmtn"]) == ("2026-10-31T21:00:00Z", True)
    assert returned["sim_returned"] == "2026-11-19T21:00:00Z"
    new = await _put(callers, path, {**body, "number": "+79031110002"}, 200)
    assert (new["sim_number"], new["sim_issued"], new["sim_returned"]) == ("+79031110002", None, None)
    phone = await _put(callers, path, {"kind": "ip_phone", "line": "17@pbx"}, 200)
    assert (phone["kind"], phone["sim_number"], phone["number"]) == ("ip_phone", None, None)


async def test_a_device_passes_to_another_employee(callers: Callers) -> None:
    await _whole(callers)
    await _put(callers, "/employees/E-6", {"name": "Another operator"})
    await _put(callers, "/employees/E-6/devices/D-9", {"kind": "ip_phone", "line": "1017@pbx"}, 200)
    assert (await callers.get("/employees/me/devices")).json()["items"] == []


async def test_a_number_that_is_not_understood_is_kept_and_noticed(callers: Callers) -> None:
    """N1: listed, never dropped."""
    client = await _put(callers, "/clients/C-17", {"name": "A client", "phone_numbers": ["ask the secretary"]})
    assert client["phone_numbers"][0]["number"] == "ask the secretary"
    assert [(each["field"], each["code"]) for each in client["warnings"]] == [("phone_numbers", "number_kept_as_typed")]


async def test_a_short_number_of_a_contact_is_noticed(callers: Callers) -> None:
    """N1: it can't be called."""
    await _whole(callers)
    body = {"client_id": "C-17", "contacts": [{"id": "K-1", "name": "x", "phone_numbers": ["123"]}]}
    put = await _put(callers, "/interests/I-204", body, 200)
    assert [(each["field"], each["code"]) for each in put["warnings"]] == [("phone_numbers", "number_short")]


async def test_an_owner_whom_nobody_knows_is_noticed(callers: Callers) -> None:
    await _whole(callers)
    for path, body in (("/clients/C-17", {"name": "x"}), ("/interests/I-204", {"client_id": "C-17"})):
        put = await _put(callers, path, {**body, "owner_id": "E-404"}, 200)
        assert [(each["field"], each["code"]) for each in put["warnings"]] == [("owner_id", "reference_unknown")]
        assert (await _put(callers, path, {**body, "owner_id": "E-5"}, 200))["warnings"] == []


async def test_the_mark_preferred_passes_to_the_device_that_is_put(callers: Callers) -> None:
    await _whole(callers)
    put = await _put(
        callers, "/employees/E-5/devices/D-9", {"kind": "ip_phone", "line": "1@pbx", "preferred": True}, 200
    )
    assert put["warnings"] == []
    other = await _put(callers, "/employees/E-5/devices/D-10", {"kind": "ip_phone", "line": "2@pbx", "preferred": True})
    assert [(each["field"], each["code"]) for each in other["warnings"]] == [("preferred", "preferred_taken")]
    devices = (await callers.get("/employees/E-5/devices", as_=CRM)).json()["items"]
    assert {each["id"]: each["preferred"] for each in devices} == {"D-9": False, "D-10": True}


async def test_a_line_of_another_employee_is_refused(callers: Callers) -> None:
    """D1: by its line a report is known for somebody's call."""
    await _whole(callers)
    await _put(callers, "/employees/E-6", {"name": "Another"})
    answer = await callers.put("/employees/E-6/devices/D-11", {"kind": "ip_phone", "line": "1017@pbx"})
    assert answer.status_code == 400
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [("line", "line_of_another")]


async def test_who_may_not_see_numbers_puts_them_and_sees_none(callers: Callers) -> None:
    """P1."""
    body = {"name": "A client", "phone_numbers": [NUMBER]}
    answer = await callers.put("/clients/C-17", body, as_=BLIND)
    assert answer.status_code == 201
    assert answer.json()["phone_numbers"][0]["number"] == "* (***) ***-**-**"
    contacts = [{"id": "K-1", "name": "A contact", "phone_numbers": [NUMBER]}]
    interest = await callers.put("/interests/I-1", {"client_id": "C-17", "contacts": contacts}, as_=BLIND)
    assert "912-34-56" not in interest.text
    assert (await callers.put("/employees/E-5", {"name": "An operator"}, as_=BLIND)).status_code == 201


async def test_the_permissions_that_there_are_are_told(callers: Callers) -> None:
    answer = await callers.put("/employees/E-5", {"name": "An operator", "permissions": ["call", "everything"]})
    (error,) = answer.json()["errors"]
    assert error["field"] == "permissions[1]"
    before, _, allowed = error["message"].partition(": ")
    assert (before, set(allowed.split(", "))) == ("Expected one of", set(Permission))


BODIES = {
    "/employees/E-5": {"name": "An operator"},
    "/employees/E-5/devices/D-9": {"kind": "ip_phone", "line": "1017@pbx"},
    "/clients/C-17": {"name": "A client"},
    "/interests/I-204": {"client_id": "C-17"},
}
TWINS = [{"id": "K-1", "name": "A contact"}, {"id": "K-1", "name": "Another"}]


@pytest.mark.parametrize("path", BODIES)
async def test_only_an_administrator_puts(callers: Callers, path: str) -> None:
    for token in (ANNA, CRM, MANAGER):
        answer = await callers.put(path, BODIES[path], as_=token)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
        assert answer.json()["permission"] == "administer"
    assert (await callers.put(path, BODIES[path], as_=None)).status_code == 401


@pytest.mark.parametrize("path", BODIES)
async def test_a_directory_that_is_kept_elsewhere_is_not_written(office: Office, path: str) -> None:
    async with office.open() as callers:
        answer = await callers.put(path, BODIES[path])
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert "CRM" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("/employees/E-5", {}, ["name"]),
        ("/employees/E-5", {"name": "", "active": "yes", "permissions": ["fly"]}, ["active", "name", "permissions[0]"]),
        ("/employees/E-5", {"name": 17, "nick": "x"}, ["name", "nick"]),
        ("/employees/E!? 5", {"name": "x"}, ["employee_id"]),
        ("/employees/me", {"name": "x"}, ["employee_id"]),
        ("/employees/E-5", [], [""]),
        ("/clients/C-17", {"name": "x", "phone_numbers": ["+79139123456", 79139123457]}, ["phone_numbers[1]"]),
        ("/clients/C-17", {"name": "x", "phone_numbers": [{"label": "work"}]}, ["phone_numbers[0].number"]),
        ("/clients/C-17", {"name": "x", "phone_numbers": "+79139123456"}, ["phone_numbers"]),
        ("/clients/C-17", {"name": "x", "phone_numbers": ["7,91391E+10"]}, ["phone_numbers"]),
        ("/clients/C-17", {"name": "x" * 201, "owner_id": "a b"}, ["name", "owner_id"]),
        ("/interests/I-204", {"client_id": "C-99"}, ["client_id"]),
        ("/interests/I-204", {"client_id": "C-17", "contacts": TWINS}, ["contacts[1].id"]),
    ],
)
async def test_every_wrong_field_is_named_and_nothing_is_stored(
    callers: Callers, path: str, body: Any, fields: list[str]
) -> None:
    path = path.replace("!? ", "%20")
    answer = await callers.put(path, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), answer.text
    assert sorted(each["field"] for each in answer.json()["errors"]) == fields
    assert all(each["message"] for each in answer.json()["errors"])
    assert "913912345" not in answer.text
    assert (await callers.get("/clients/C-17/phone-numbers", as_=CRM)).json()["code"] == "client_not_found"


async def test_every_wrong_field_of_a_device_is_named_at_once(callers: Callers) -> None:
    await _put(callers, "/employees/E-5", {"name": "An operator"})
    body = {
        "kind": "mobile",
        "line": "",
        "sim_number": "12345678901234567",
        "sim_issued": "soon",
        "sim_returned": "2026-02-30",
        "fmtn": 1,
    }
    answer = await callers.put("/employees/E-5/devices/D-9", body)
    assert answer.status_code == 400
    wrong = {each["field"]: each["message"] for each in answer.json()["errors"]}
    assert set(wrong) == {"line", "sim_number", "sim_issued", "sim_returned", "fmtn"}
    assert "write" in wrong["sim_issued"]
    assert "12345678901234567" not in answer.text
    assert (await callers.get("/employees/me/devices")).json()["items"] == []


async def test_a_device_of_nobody_is_refused(callers: Callers) -> None:
    answer = await callers.put("/employees/E-99/devices/D-9", {"kind": "ip_phone", "line": "1"})
    assert (answer.status_code, answer.json()["code"]) == (404, "employee_not_found")


async def test_another_media_type_is_refused(callers: Callers) -> None:
    answer = await callers.put("/employees/E-5", content=b'{"name": "x"}', headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    answer = await callers.put("/employees/E-5", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_an_administrator_alone_is_enough(callers: Callers) -> None:
    assert (await callers.put("/employees/E-5", {"name": "An operator"}, as_=ADMIN)).status_code == 201


async def test_the_service_as_it_is_opened_writes_its_own_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'opened.db'}"
    await upgrade(url)
    async with opened_parts(Settings(database_url=url)) as parts:
        assert parts.directory_writer is not None
        who = Principal("t-8", None, {Permission.ADMINISTER})
        written = await parts.directory_writer(who, "employees", {"id": "E-5", "name": "An operator"})
        assert written.added
        assert await parts.directory.employee("E-5") is not None
