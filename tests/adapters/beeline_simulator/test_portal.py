"""Each endpoint of the portal, over HTTP, in the shapes that public clients of the provider's API read."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime, timedelta

import pytest
from tests.adapters.beeline_simulator.receiver import Receiver

from telephony_adapters.beeline_simulator import COMPANY, SimulatorHandle
from telephony_adapters.beeline_simulator.history import History

CLIENT = "79139123456"


def dial(simulator: SimulatorHandle, pattern: str = "1001", number: str = CLIENT) -> str:
    answer = simulator.portal("POST", f"abonents/{pattern}/call", params={"phoneNumber": number})
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("headers", [{}, {"X-MPBX-API-AUTH-TOKEN": "wrong"}])
def test_without_the_token_nothing_is_answered(simulator: SimulatorHandle, headers: dict[str, str]) -> None:
    for method, path in (("GET", "abonents"), ("POST", f"abonents/1001/call?phoneNumber={CLIENT}")):
        answer = simulator.client.request(method, f"{simulator.base_url}{path}", headers=headers)
        assert answer.status_code == 401
        assert set(answer.json()) == {"errorCode", "description"}
    assert simulator.ledger() == []


def test_what_the_portal_does_not_have_is_an_error_in_its_form(simulator: SimulatorHandle) -> None:
    for method, path, status in (("GET", "nothing", 404), ("GET", "abonents/9999", 404), ("DELETE", "abonents", 405)):
        answer = simulator.portal(method, path)
        assert answer.status_code == status
        assert set(answer.json()) == {"errorCode", "description"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "v2/statistics?page=%C2%B2", b""),
        ("GET", "records?id=%C2%B2", b""),
        ("PUT", "subscription", b"[" * 100_000),
        ("PUT", "subscription", b'{"expires": 60, "subscriptionType": [], "url": "http://127.0.0.1:9/"}'),
        ("PUT", "subscription", b'{"expires": 60, "subscriptionType": "BASIC_CALL", "url": "http://[::/"}'),
        ("PUT", "subscription", b'{"expires": 60, "subscriptionType": "BASIC_CALL", "url": "http://"}'),
        ("PUT", "abonents/1001/agent", b"\xff"),
        ("PUT", "icr/numbers", b"null"),
        ("DELETE", "icr/route", b""),
    ],
)
def test_whatever_comes_is_answered_in_the_portal_s_form(
    simulator: SimulatorHandle, method: str, path: str, body: bytes
) -> None:
    answer = simulator.portal(method, path, content=body)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "BadRequest")


def test_subscribers_are_listed(simulator: SimulatorHandle) -> None:
    listed = simulator.portal("GET", "abonents").json()
    assert len(listed) == len(COMPANY.subscribers) == 25
    keys = {"userId", "lastName", "firstName", "phone", "extension", "email", "department"}
    assert all(set(each) == keys for each in listed)


@pytest.mark.parametrize(
    ("pattern", "user_id"),
    [
        ("9067010103@ip.beeline.ru", "9067010103@ip.beeline.ru"),
        ("9067010103%40ip.beeline.ru", "9067010103@ip.beeline.ru"),
        ("9067010103", "9067010103@ip.beeline.ru"),
        ("79067010103", "9067010103@ip.beeline.ru"),
        ("89067010103", "9067010103@ip.beeline.ru"),
        ("+79067010103", "9067010103@ip.beeline.ru"),
        ("1003", "9067010103@ip.beeline.ru"),
        ("9037020203", "9037020203"),
    ],
)
def test_a_subscriber_is_found_by_any_of_its_names(simulator: SimulatorHandle, pattern: str, user_id: str) -> None:
    """One subscriber is an object, as the public client reads it."""
    assert simulator.portal("GET", f"abonents/{pattern}").json()["userId"] == user_id


def test_agent_status_is_kept(simulator: SimulatorHandle) -> None:
    assert simulator.portal("GET", "abonents/1018/agent").json() == "OFFLINE"
    assert simulator.portal("GET", "abonents/1019/agent").json() == "BREAK"
    for status in ("BREAK", "OFFLINE", "ONLINE"):
        assert simulator.portal("PUT", "abonents/1020/agent", json={"status": status}).status_code == 200
        assert simulator.portal("GET", "abonents/1020/agent").json() == status
    assert simulator.portal("PUT", "abonents/1020/agent", json={"status": "ASLEEP"}).status_code == 400


def test_recording_is_switched(simulator: SimulatorHandle) -> None:
    assert simulator.portal("GET", "abonents/1004/recording").json() == "ON"
    assert simulator.portal("DELETE", "abonents/1004/recording").status_code == 200
    assert simulator.portal("GET", "abonents/1004/recording").json() == "OFF"
    dial(simulator, "1004")
    simulator.wait_until_idle()
    assert simulator.portal("GET", "records?userId=1004").json() == []
    simulator.portal("PUT", "abonents/1004/recording")
    assert simulator.portal("GET", "abonents/1004/recording").json() == "ON"


@pytest.mark.parametrize("number", ["89139123456", "79139123456", "+79139123456", "9139123456"])
def test_a_call_request_answers_the_tracking_id_as_bare_text(simulator: SimulatorHandle, number: str) -> None:
    answer = simulator.portal("POST", "abonents/1001/call", params={"phoneNumber": number})
    assert answer.headers["Content-Type"].startswith("text/plain")
    simulator.wait_until_idle()
    (entry,) = simulator.ledger()
    assert entry["tracking_id"] == answer.text
    assert entry["phone_number"] == "+79139123456"


def test_an_unescaped_plus_is_understood(simulator: SimulatorHandle) -> None:
    assert simulator.portal("POST", "abonents/1001/call?phoneNumber=+79139123456").status_code == 200


def test_a_call_request_of_v2_answers_json(simulator: SimulatorHandle) -> None:
    body = simulator.portal("POST", "v2/abonents/1001/call", params={"phoneNumber": CLIENT}).json()
    assert body["callId"].startswith("callhalf-")
    simulator.wait_until_idle()
    assert simulator.ledger()[0]["tracking_id"] == body["externalTrackingId"]


@pytest.mark.parametrize(
    ("pattern", "number", "code"),
    [
        ("1001", "112", "InvalidPhoneNumber"),
        ("1001", "", "InvalidPhoneNumber"),
        ("1001", "+4930123456", "InvalidPhoneNumber"),
        ("9037020215", CLIENT, "UserNotFound"),
        ("1019", CLIENT, "AgentOnBreak"),
    ],
)
def test_refusals_have_an_error_code_and_ring_nothing(
    simulator: SimulatorHandle, pattern: str, number: str, code: str
) -> None:
    """A SIM without FMTN (E-15) is no subscriber; an agent on BREAK (E-19) does not get calls."""
    answer = simulator.portal("POST", f"abonents/{pattern}/call", params={"phoneNumber": number})
    assert answer.status_code > 204
    assert answer.json()["errorCode"] == code
    for entry in simulator.ledger():
        assert (entry["outcome"], entry["error_code"], entry["tracking_id"]) == ("refused", code, None)
        assert entry["employee_rang_at"] is None


def test_a_busy_subscriber_is_refused(simulator: SimulatorHandle) -> None:
    """Its other line is free: E-1's mobile is a subscriber of its own."""
    tracking_id = dial(simulator)
    answer = simulator.portal("POST", "abonents/9067010101/call", params={"phoneNumber": "79139000000"})
    assert (answer.status_code, answer.json()["errorCode"]) == (409, "AbonentBusy")
    dial(simulator, "9037020201", "79139000001")
    simulator.control("POST", f"calls/{tracking_id}/end", {"by": "client"})
    simulator.wait_until_idle()
    assert [entry["outcome"] for entry in simulator.ledger()][1] == "refused"
    dial(simulator)


def test_accepted_is_not_ringing(simulator: SimulatorHandle, listening: Receiver) -> None:
    """K2's reason: E-18's phone is offline, the request is accepted all the same, and nothing follows."""
    tracking_id = dial(simulator, "1018")
    simulator.wait_until_idle()
    (entry,) = simulator.ledger()
    assert (entry["tracking_id"], entry["outcome"]) == (tracking_id, "never_rang")
    assert (entry["employee_rang_at"], entry["released_at"]) == (None, None)
    assert listening.events(hooks=True) == []
    assert simulator.portal("GET", "v2/statistics?userId=1018").json() == []
    dial(simulator, "1018")


def test_a_talk_is_handed_on(simulator: SimulatorHandle, listening: Receiver) -> None:
    simulator.behave("+79139123456", "answers", talk_seconds=3000)
    tracking_id = dial(simulator)
    transfer = {"callId": tracking_id, "phoneNumber": "79139000009"}
    too_early = simulator.portal("POST", "abonents/1001/callTransfer", params=transfer)
    assert (too_early.status_code, too_early.json()["errorCode"]) == (404, "CallNotFound")
    wait_for_talk(simulator)
    assert simulator.portal("POST", "abonents/1002/callTransfer", params=transfer).status_code == 404
    assert simulator.portal("POST", "abonents/1001/callTransfer", params=transfer).status_code == 200
    simulator.wait_until_idle()
    assert simulator.ledger()[0]["outcome"] == "transferred"
    assert [event.type for event in listening.events()][-2:] == ["CallTransferredEvent", "CallReleasedEvent"]


def test_a_talk_is_handed_on_after_a_consultation(simulator: SimulatorHandle) -> None:
    simulator.behave("+79139123456", "answers", talk_seconds=3000)
    simulator.behave("+79139000001", "answers", talk_seconds=3000)
    first = dial(simulator)
    second = dial(simulator, "9037020201", "79139000001")
    wait_for_talk(simulator)
    for consulted, status in (("unknown", 404), (second, 200)):
        params = {"callId": first, "callIdConsult": consulted}
        assert simulator.portal("POST", "abonents/1001/callTransferConsult", params=params).status_code == status
    simulator.control("POST", f"calls/{second}/end", {"by": "client"})
    simulator.wait_until_idle()
    assert simulator.ledger()[0]["outcome"] == "transferred"


def wait_for_talk(simulator: SimulatorHandle) -> None:
    """Until the first call of the ledger was answered: asked for, at most until the test's own time limit."""
    while simulator.ledger()[0]["answered_at"] is None:
        pass


def test_statistics_are_newest_first_and_paged(simulator: SimulatorHandle) -> None:
    for n in range(3):
        dial(simulator, "1005", f"7913900000{n}")
        simulator.wait_until_idle()
    rows = simulator.portal("GET", "v2/statistics?userId=1005").json()
    assert [row["phone_to"] for row in rows] == ["79139000002", "79139000001", "79139000000"]
    assert [row["startDate"] for row in rows] == sorted((row["startDate"] for row in rows), reverse=True)
    ledger = {entry["phone_number"]: entry["shown_number"] for entry in simulator.ledger()}
    assert {f"+{row['phone_to']}": f"+{row['phone_from']}" for row in rows} == ledger
    for row in rows:
        assert (row["direction"], row["status"]) == ("OUTBOUND", "PLACED")
        assert row["abonent"]["userId"] == "9067010105@ip.beeline.ru"
        assert 50 < row["duration"] < 5000
    for page, expected in ((0, rows[:2]), (1, rows[2:]), (2, [])):
        query = {"userId": "1005", "page": page, "pageSize": 2}
        assert simulator.portal("GET", "v2/statistics", params=query).json() == expected
    first_version = simulator.portal("GET", "statistics?userId=1005").json()
    assert [row["phone"] for row in first_version] == ["79139000002", "79139000001", "79139000000"]
    assert not {"phone_from", "phone_to"} & set(first_version[0])


def test_statistics_are_asked_for_by_time(simulator: SimulatorHandle) -> None:
    before = datetime.now(UTC)
    dial(simulator, "1006")
    simulator.wait_until_idle()
    forms = (f"{before:%Y-%m-%dT%H:%M:%S}Z", before.isoformat(), str(round(before.timestamp() * 1000)))
    for since in forms:
        rows = simulator.portal("GET", "v2/statistics", params={"userId": "1006", "dateFrom": since}).json()
        assert len(rows) == 1
    earlier = (before - timedelta(hours=1)).isoformat()
    assert simulator.portal("GET", "v2/statistics", params={"userId": "1006", "dateTo": earlier}).json() == []
    for wrong in ("dateFrom=yesterday", "page=x", "pageSize=0", "pageSize=101", "userId=9999"):
        answer = simulator.portal("GET", f"v2/statistics?{wrong}")
        assert answer.status_code in {400, 404}
        assert "errorCode" in answer.json()


def test_statistics_can_come_late(simulator: SimulatorHandle) -> None:
    simulator.control("PUT", "statistics-delay", {"seconds": 600})
    dial(simulator, "1007")
    simulator.wait_until_idle()
    assert simulator.portal("GET", "v2/statistics?userId=1007").json() == []


def test_records(simulator: SimulatorHandle) -> None:
    tracking_id = dial(simulator, "1008")
    simulator.wait_until_idle()
    (record,) = simulator.portal("GET", "records?userId=1008").json()
    assert record["externalId"] == tracking_id
    assert set(record) == {"id", "externalId", "phone", "direction", "date", "duration", "fileSize", "abonent"}
    by_call = f"{tracking_id}/9067010108@ip.beeline.ru"
    for path in (
        f"records/{record['id']}",
        f"v2/records/{record['id']}",
        f"v2/records/{by_call}",
        f"records/{by_call}",
    ):
        assert simulator.portal("GET", path).json() == record
        sound = simulator.portal("GET", f"{path}/download").content
        assert len(sound) == record["fileSize"]
        with wave.open(io.BytesIO(sound)) as file:
            assert file.getnframes() > 0
        url = simulator.portal("GET", f"{path}/reference").json()["url"]
        assert simulator.client.get(url).content == sound
    assert simulator.portal("GET", f"records?id={record['id']}&userId=1008").json() == []
    assert simulator.portal("DELETE", f"v2/records/{record['id']}").status_code == 200
    assert simulator.portal("GET", f"v2/records/{record['id']}").json()["errorCode"] == "RecordNotFound"


def test_records_come_a_hundred_at_a_time() -> None:
    """Oldest first; the next ones are asked for with the last one's id."""
    history, now = History(), datetime.now(UTC)
    for n in range(230):
        history.add_record(f"{n}:1", COMPANY.subscribers[n % 2], f"+7913901{n:04}", "OUTBOUND", now, 1.0)
    pages = [history.records(None, None, None, None)]
    while pages[-1]:
        pages.append(history.records(pages[-1][-1].id, None, None, None))
    assert [len(page) for page in pages] == [100, 100, 30, 0]
    assert [record.external_id for page in pages for record in page] == [f"{n}:1" for n in range(230)]
    assert len(history.records(None, frozenset({COMPANY.subscribers[0].user_id}), None, None)) == 100


def test_inbound_numbers_are_the_carousels(simulator: SimulatorHandle) -> None:
    listed = simulator.portal("GET", "numbers").json()
    assert {f"+{each['phone']}" for each in listed} == {number for pool in COMPANY.pools for number in pool.numbers}
    one = listed[0]
    for pattern in (one["numberId"], one["phone"], f"+{one['phone']}"):
        assert simulator.portal("GET", f"numbers/{pattern}").json() == one
    assert simulator.portal("GET", "numbers/79030000000").json()["errorCode"] == "NumberNotFound"


def test_individual_call_routing(simulator: SimulatorHandle) -> None:
    """The public client asks for `//icr/route`, and adds with POST."""
    number = simulator.portal("GET", "numbers").json()[0]
    results = simulator.portal("PUT", "icr/numbers", json=[number["phone"], "+79990000000"]).json()
    assert [result["status"] for result in results] == ["SUCCESS", "FAULT"]
    assert results[1]["error"]["errorCode"] == "NumberNotFound"
    assert simulator.portal("GET", "icr/numbers").json() == [number]
    rule = {"inboundNumber": "79139123456", "extension": "1001"}
    added = simulator.portal("POST", "/icr/route", json=[rule, {**rule, "extension": "9"}]).json()
    assert [(result["rule"]["extension"], result["status"]) for result in added] == [
        ("1001", "SUCCESS"),
        ("9", "FAULT"),
    ]
    changed = {**rule, "extension": "1002"}
    assert simulator.portal("PUT", "icr/route", json=[changed]).json() == [{"rule": changed, "status": "SUCCESS"}]
    assert simulator.portal("GET", "/icr/route").json() == [changed]
    simulator.portal("DELETE", "icr/route", json=[changed])
    assert simulator.portal("GET", "icr/route").json() == []
    assert simulator.portal("DELETE", "icr/numbers", json=[number["phone"]]).json()[0]["status"] == "SUCCESS"
    assert simulator.portal("GET", "icr/numbers").json() == []
    for path, body in (("icr/numbers", "{"), ("icr/route", "[1]"), ("icr/route", "{}")):
        assert simulator.portal("PUT", path, content=body).json()["errorCode"] == "BadRequest"
    single = simulator.portal("POST", "icr/route", json=rule).json()
    assert [result["status"] for result in single] == ["SUCCESS"]
    simulator.portal("DELETE", "icr/route", json=[rule])


@pytest.mark.parametrize(
    "path",
    [
        "records?&userId=9067010109%40ip.beeline.ru&id=0",
        "records?userId=1009&dateFrom=2020-01-01T00%3A00%3A00.000Z&dateTo=2099-01-01T23%3A59%3A59.999Z",
        "records?userId=1009&dateFrom=2020-01-01T00:00:00.000000Z",
        "records?userId=1009&dateFrom=2020-01-01T00:00:00&dateTo=2099-01-01T00:00:00",
        "v2/statistics?userId=1009&dateFrom=2020-01-01T00%3A00%3A00Z&dateTo=2099-01-01T00:00:00+00:00&page=0",
        "v2/statistics?page=0&pageSize=100&dateFrom=2020-01-01T00:00:00.000Z&userId=79067010109",
        "statistics?userId=9067010109&page=0&pageSize=10",
    ],
)
def test_integrations_ask_in_these_forms(simulator: SimulatorHandle, path: str) -> None:
    """Taken from public integrations in Bitrix, Laravel, Django, Go and Node."""
    dial(simulator, "1009")
    simulator.wait_until_idle()
    headers = {"X-Mpbx-Api-Auth-Token": simulator.token, "Content-Type": "application/json; charset=UTF-8"}
    rows = simulator.client.get(f"{simulator.base_url}{path}", headers=headers).json()
    assert [row["abonent"]["extension"] for row in rows] == ["1009"] * len(rows)
    assert rows


def test_a_record_is_downloaded_in_the_forms_of_integrations(simulator: SimulatorHandle) -> None:
    """`recordId` once more in the query; ids percent-encoded, the colon of a tracking id as well."""
    tracking_id = dial(simulator, "1010")
    simulator.wait_until_idle()
    (record,) = simulator.portal("GET", "records?userId=1010").json()
    assert int(record["id"])  # one client reads the number out of a text
    by_call = f"{tracking_id.replace(':', '%3A')}/9067010110%40ip.beeline.ru"
    for path in (f"v2/records/{record['id']}/download?recordId={record['id']}", f"v2/records/{by_call}/download"):
        assert simulator.portal("GET", path).content[:4] == b"RIFF"
    assert simulator.portal("GET", f"records/{by_call}/reference").json()["url"].endswith(".wav")
    # One integration names the subscriber by the phone number alone.
    assert simulator.portal("GET", f"v2/records/{tracking_id}/9067010110/download").content[:4] == b"RIFF"
    assert simulator.portal("GET", f"v2/records/{tracking_id}/1011/download").json()["errorCode"] == "RecordNotFound"


def test_an_unknown_subscriber_is_refused_in_the_words_that_were_seen(simulator: SimulatorHandle) -> None:
    answer = simulator.portal("GET", "records?userId=9990000000%40ip.beeline.ru")
    assert answer.text == '{"errorCode":"UserNotFound","description":"Для заданного идентификатора нет абонента"}'


def test_an_inbound_number_can_be_subscribed_to(simulator: SimulatorHandle) -> None:
    body = {"pattern": "79031000101", "expires": 36000, "subscriptionType": "BASIC_CALL", "url": "http://127.0.0.1:9/"}
    made = simulator.portal("PUT", "subscription", json=body).json()
    found = simulator.portal("GET", f"subscription?subscriptionId={made['subscriptionId']}").json()
    assert (found["targetType"], found["targetId"]) == ("NUMBER", "9031000101")
