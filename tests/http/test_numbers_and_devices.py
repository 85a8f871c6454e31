"""Whom to dial, from what, and what the client would see."""

from __future__ import annotations

from datetime import timedelta

from tests.http.office import ANNA, BORIS, CLIENT_NUMBER, CRM, GLEB, VERA, Callers, Office

from telephony_core.testing import examples


async def test_a_clients_numbers_come_with_all_that_is_known_of_them(callers: Callers) -> None:
    """N1."""
    answer = await callers.get("/clients/C-17/phone-numbers")
    assert answer.status_code == 200
    assert answer.json()["client_id"] == "C-17"
    first = answer.json()["items"][0]
    assert list(first) == (
        "id number extension display owner label primary region local_time callable reasons last_attempt"
        " as_entered".split()
    )
    assert first == {
        "id": "n-1",
        "number": CLIENT_NUMBER,
        "extension": None,
        "display": "+7 913 912-34-56",
        "owner": {"kind": "client", "id": "C-17", "name": "Client 17"},
        "label": None,
        "primary": True,
        "region": {"codes": ["RU-NVS"], "source": "numbering_plan"},
        "local_time": {"from": "2026-11-23T16:15:02+07:00", "to": "2026-11-23T16:15:02+07:00"},
        "callable": True,
        "reasons": [],
        "last_attempt": None,
        "as_entered": "8 (913) 912-34-56",
    }


async def test_what_cannot_be_understood_is_listed_as_such(callers: Callers) -> None:
    """N1."""
    last = (await callers.get("/clients/C-17/phone-numbers")).json()["items"][-1]
    assert (last["number"], last["callable"], last["reasons"]) == (None, False, ["not_understood"])
    assert last["as_entered"] == "ask the secretary 5"
    assert (last["region"], last["local_time"]) == (None, None)


async def test_an_interests_numbers_are_its_contacts_and_its_clients(callers: Callers) -> None:
    """N1."""
    told = (await callers.get("/interests/I-204/phone-numbers")).json()
    assert (told["client_id"], told["interest_id"]) == ("C-17", "I-204")
    owners = [(each["owner"]["kind"], each["owner"]["id"]) for each in told["items"]]
    assert owners[0] == ("contact", "K-1")
    assert ("client", "C-17") in owners
    assert told["items"][0]["extension"] == "12"


async def test_the_last_attempt_is_told_to_who_may_see_it(callers: Callers) -> None:
    """N1, P4."""
    call = (await callers.place()).json()
    mine = (await callers.get("/clients/C-17/phone-numbers", as_=ANNA)).json()["items"][0]
    assert mine["last_attempt"]["call_id"] == call["id"]
    theirs = (await callers.get("/clients/C-17/phone-numbers", as_=BORIS)).json()["items"][0]
    assert theirs["last_attempt"] is None


async def test_numbers_are_masked_for_who_may_not_see_them(callers: Callers) -> None:
    """P1: number, display and what was entered."""
    answer = await callers.get("/clients/C-17/phone-numbers", as_=GLEB)
    first = answer.json()["items"][0]
    assert (first["number"], first["display"], first["as_entered"]) == (
        "+7913*****56",
        "+7913*****56",
        "* (***) ***-**-**",
    )
    assert first["id"] == "n-1"
    assert answer.json()["items"][-1]["as_entered"] == "ask the secretary *"


async def test_quiet_hours_are_a_reason(callers: Callers, office: Office) -> None:
    """N1."""
    office.clock.turn_to(office.clock.now().replace(hour=16))
    first = (await callers.get("/clients/C-17/phone-numbers")).json()["items"][0]
    assert (first["callable"], first["reasons"]) == (False, ["quiet_hours"])


async def test_my_devices_are_listed_with_reasons(callers: Callers) -> None:
    """D2, D3."""
    answer = await callers.get("/employees/me/devices")
    assert answer.status_code == 200
    assert answer.json() == {
        "employee_id": "E-5",
        "items": [
            {
                "id": "D-9",
                "kind": "ip_phone",
                "label": "Kabinet 3, 1017",
                "eligible": True,
                "reasons": [],
                "preferred": True,
                "shown": None,
            },
            {
                "id": "D-10",
                "kind": "mobile",
                "label": "Mobile of E-5",
                "eligible": True,
                "reasons": [],
                "preferred": False,
                "shown": {"requested": "+79031110001"},
            },
            {
                "id": "D-11",
                "kind": "mobile",
                "label": "Old mobile of E-5",
                "eligible": False,
                "reasons": ["no_fmtn"],
                "preferred": False,
                "shown": {"requested": "+79031110001"},
            },
        ],
    }


async def test_with_a_target_the_ip_phone_shows_the_pool(callers: Callers) -> None:
    query = {"target_kind": "client", "target_id": "C-17"}
    first = (await callers.get("/employees/E-5/devices", params=query)).json()["items"][0]
    assert first["shown"] == {"pool_id": "siberia"}


async def test_a_phone_that_is_offline_says_so(callers: Callers, office: Office) -> None:
    """D2."""
    office.statuses.say("D-9", at=office.clock.now(), online=False)
    first = (await callers.get("/employees/me/devices")).json()["items"][0]
    assert (first["eligible"], first["reasons"]) == (False, ["phone_offline"])


async def test_a_colleagues_devices_are_for_who_may_act_for_others(callers: Callers) -> None:
    """P4."""
    assert (await callers.get("/employees/E-5/devices", as_=BORIS)).json()["code"] == "not_permitted"
    assert (await callers.get("/employees/E-5/devices", as_=VERA)).status_code == 200
    assert (await callers.get("/employees/me/devices", as_=CRM)).json()["code"] == "not_permitted"


async def test_a_preview_decides_for_each_device_and_reserves_nothing(callers: Callers, office: Office) -> None:
    answer = await callers.post("/caller-id-previews", {"target": {"kind": "client", "id": "C-17"}})
    assert answer.status_code == 200, answer.text
    by_device = {each["device"]["id"]: each for each in answer.json()["items"]}
    assert by_device["D-9"]["decision"]["pool_id"] == "siberia"
    assert by_device["D-10"]["decision"]["requested"] == "+79031110001"
    assert by_device["D-11"]["device"]["eligible"] is False
    assert office.store.reservations == {}
    assert office.gateway.requests == []


async def test_a_preview_of_one_device_and_number(callers: Callers) -> None:
    body = {"target": {"kind": "client", "id": "C-17"}, "device_id": "D-9", "phone_number": "+79139000002"}
    items = (await callers.post("/caller-id-previews", body)).json()["items"]
    assert [each["device"]["id"] for each in items] == ["D-9"]


async def test_a_preview_says_why_no_number_can_be_shown(callers: Callers, office: Office) -> None:
    """C5."""
    office.directory.put(examples.an_ip_phone(id="D-30", provider="asterisk", line="30"))
    body = {"target": {"kind": "client", "id": "C-17"}, "device_id": "D-30"}
    preview = (await callers.post("/caller-id-previews", body)).json()["items"][0]
    assert preview["decision"] is None
    assert preview["refusal"]["code"] == "no_usable_number"


async def test_do_not_call_marks_are_a_reason(callers: Callers, office: Office) -> None:
    """N3."""
    from telephony_core.phone import PhoneNumber

    office.directory.do_not_call.add(PhoneNumber(CLIENT_NUMBER))
    office.clock.turn(timedelta(seconds=1))
    first = (await callers.get("/clients/C-17/phone-numbers")).json()["items"][0]
    assert first["reasons"] == ["do_not_call"]
