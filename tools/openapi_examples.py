"""Writes the examples of the API's document down: asks a demo, and keeps what was asked and answered.

`python -m tools.openapi_examples` writes packages/telephony_http/src/telephony_http/examples.json anew. What it holds
is checked against the bodies by the tests; ids and times are those of the run. Lists are cut to what shows their shape.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
from tools.running_demo import Demo, running_demo

PAGE = Path(__file__).resolve().parent.parent / "packages/telephony_http/src/telephony_http/examples.json"
SPEED = 5

Json = dict[str, Any]

_LONGEST = {"items": 2, "numbers": 2, "generations": 1, "cases": 1, "phone_numbers": 2, "regions": 4}
"""How many entries of such a list are kept; of others, all."""
_DEADLINE = 60.0

REPORT = """\
<?xml version="1.0" encoding="UTF-8"?>
<xsi:Event xmlns:xsi="http://schema.broadsoft.com/xsi" xmlns:xsi1="http://www.w3.org/2001/XMLSchema-instance"
 xsi1:type="xsi:SubscriptionEvent">
<xsi:eventID>event-1</xsi:eventID><xsi:sequenceNumber>7</xsi:sequenceNumber>
<xsi:userId>9067010101@ip.beeline.ru</xsi:userId><xsi:subscriptionId>subscription-1</xsi:subscriptionId>
<xsi:eventData xsi1:type="xsi:CallAnsweredEvent"><xsi:call>
<xsi:callId>callhalf-1234:0</xsi:callId><xsi:extTrackingId>1732398765432:1</xsi:extTrackingId>
<xsi:personality>Click-to-Dial</xsi:personality><xsi:state>Active</xsi:state>
<xsi:startTime>1795425303000</xsi:startTime><xsi:answerTime>1795425309000</xsi:answerTime>
</xsi:call></xsi:eventData></xsi:Event>
"""

FOLLOWED = 3
"""Events of the stream."""

CLIENT = {"kind": "client", "id": "C-8"}
INTEREST = {"kind": "interest", "id": "I-19"}
NUMBERS = ["+79031112201", "8 (903) 111-22-02"]


class Recorder:
    """Asks as somebody, and keeps by operation id what came."""

    def __init__(self, url: str, document: Json) -> None:
        self.http = httpx2.Client(base_url=url, timeout=30, trust_env=False)
        self.operations: dict[str, Json] = {}
        self.problems: dict[str, Json] = {}
        self._routes = {
            operation["operationId"]: (method, path)
            for path, item in document["paths"].items()
            for method, operation in item.items()
        }

    def ask(
        self, operation: str, token: str | None, body: Any = None, *, name: str = "", summary: str = "", **given: Any
    ) -> httpx2.Response:
        """`given`: parameters by their names, a header's with `_`. With `name`, the exchange is kept under it."""
        method, path = self._routes[operation]
        parameters = {each.replace("_", "-") if each[0].isupper() else each: value for each, value in given.items()}
        in_path = {each: value for each, value in parameters.items() if f"{{{each}}}" in path}
        headers = {each: value for each, value in parameters.items() if each[0].isupper()}
        query = {each: value for each, value in parameters.items() if each not in in_path and each not in headers}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        answer = self.http.request(method, path.format(**in_path), params=query, headers=headers, json=body)
        if name:
            self._keep(operation, answer, body, {**in_path, **query, **headers}, name, summary)
        elif answer.status_code >= 400:
            problem = answer.json()
            self.problems.setdefault(problem["code"], problem)
        return answer

    def _keep(self, operation: str, answer: httpx2.Response, body: Any, given: Json, name: str, summary: str) -> None:
        if answer.is_error:
            raise SystemExit(f"{operation}: {answer.status_code} {answer.text}")
        given.pop("Authorization", None)
        kept = self.operations.setdefault(operation, {"parameters": given, "request": {}, "responses": {}})
        about = {"summary": summary} if summary else {}
        if body is not None:
            kept["request"].setdefault(name, {**about, "value": body})
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        if answer.content:
            value = shortened(answer.json()) if is_json else answer.text
            kept["responses"].setdefault(str(answer.status_code), {})[name] = {**about, "value": value}


def shortened(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {each: shortened(inner, each) for each, inner in value.items()}
    if isinstance(value, list):
        return [shortened(each) for each in value[: _LONGEST.get(name)]]
    return value


def until(look: Callable[[], Json], holds: Callable[[Json], object]) -> Json:
    end = time.monotonic() + _DEADLINE
    while not holds(seen := look()):
        if time.monotonic() > end:
            raise SystemExit(f"it did not come to pass; seen last: {seen}")
        time.sleep(0.2)
    return seen


def record(demo: Demo) -> Json:
    document = httpx2.get(f"{demo.url}/schema/openapi.json", trust_env=False).json()
    recorder = Recorder(demo.url, document)
    employee, service = demo.employee, demo.service_token()
    calling(recorder, employee, service)
    keeping(recorder, service)
    carousel(recorder, service)
    watching(recorder, employee)
    recorder.operations["receiveProviderReport"] = {
        "parameters": {"provider": "beeline", "secret": "the-secret-of-the-address"},
        "request": {"answered": {"summary": "Beeline: a call was answered", "value": REPORT}},
    }
    refusing(recorder, employee, service)
    return {
        "operations": dict(sorted(recorder.operations.items())),
        "problems": dict(sorted(recorder.problems.items())),
    }


def calling(recorder: Recorder, employee: str, service: str) -> None:
    """An employee's morning: whom, from what, what they will see, the call, its end, why."""
    ask = recorder.ask
    numbers = ask("findClientPhoneNumbers", employee, client_id="C-8", name="client").json()["items"]
    ask("findInterestPhoneNumbers", employee, interest_id="I-19", name="interest")
    ask("listDevices", employee, employee_id="me", target_kind="client", target_id="C-8", name="devices")
    asked = {"target": CLIENT, "device_id": "D-1"}
    ask("previewCallerId", employee, asked, name="ip_phone", summary="From the IP phone")
    ask("previewCallerId", employee, {"target": INTEREST}, name="devices", summary="From each device")

    key = "5b1f6c1e-press-1"
    placed = ask(
        "placeCall", employee, asked, Idempotency_Key=key, name="client", summary="A client, from the IP phone"
    )
    call_id = placed.json()["id"]
    ask("placeCall", employee, asked, Idempotency_Key=key, name="client", summary="The same press again")
    refused_while_calling(recorder, employee, call_id)

    def call() -> Json:
        seen: Json = ask("getCall", employee, call_id=call_id).json()
        return seen

    until(call, lambda seen: seen["attempts"][0]["state"] == "talking")
    ask("getCall", employee, call_id=call_id, name="talking", summary="Client and employee talk")
    # Beeline can't hang up. Whose provider can gets the Call as it is, too: it ends with the provider's report.
    talking = recorder.operations["getCall"]["responses"]["200"]["talking"]["value"]
    asked_to_end = {"summary": "Asked; the Call ends with the provider's report", "value": talking}
    recorder.operations["hangUpCall"] = {
        "parameters": {"call_id": call_id},
        "responses": {"200": {"asked": asked_to_end}},
    }
    ended = until(call, lambda seen: (seen["attempts"][0]["decision"] or {}).get("verdict"))
    ask("getCall", employee, call_id=call_id, name="completed", summary="Ended, and the shown number is known")
    ask("listCalls", employee, client_id="C-8", limit=1, name="calls")
    ask("explainCall", employee, call_id=call_id, language="ru", name="explanation")
    shown = ended["attempts"][0]["decision"]["reported"]
    caller = {"caller": numbers[0]["number"], "shown_number": shown}
    ask("lookUpCallback", service, caller, name="callback")

    mobile = {"target": INTEREST, "device_id": "D-101", "call": {"external_id": "task-77"}}
    ask(
        "placeCall", employee, mobile, Idempotency_Key="5b1f6c1e-press-2",
        name="interest", summary="An interest, from the mobile, in the CRM's own task",
    )  # fmt: skip
    live = ask("listCalls", employee, external_id="task-77").json()["items"][0]["id"]
    ask("closeCall", employee, {}, call_id=live)
    ask("hangUpCall", employee, call_id=live)
    planned = {
        "target": CLIENT,
        "dial": False,
        "due_at": "2026-11-30T07:00:00Z",
        "note": "Asked to be called on Monday",
    }
    plan = ask(
        "placeCall", employee, planned, Idempotency_Key="5b1f6c1e-press-3", name="planned", summary="A planned Call"
    ).json()["id"]
    ask("closeCall", employee, {"note": "Called us first"}, call_id=plan, name="close")
    ask("placeCall", employee, {"target": CLIENT, "call": {"id": plan}}, Idempotency_Key="refused-1")
    ask("hangUpCall", employee, call_id=plan)


def refused_while_calling(recorder: Recorder, employee: str, call_id: str) -> None:
    again = {"target": INTEREST}
    recorder.ask("placeCall", employee, again, Idempotency_Key="refused-2")
    recorder.ask("placeCall", employee, {"target": CLIENT, "call": {"id": call_id}}, Idempotency_Key="refused-3")


def keeping(recorder: Recorder, service: str) -> None:
    """What the CRM puts."""
    ask = recorder.ask
    ask("putEmployee", service, {"name": "Оператор 21", "permissions": ["call"]}, employee_id="E-21", name="employee")
    device = {
        "kind": "mobile",
        "line": "9037020299",
        "sim_number": "+79037020299",
        "sim_issued": "2026-11-01",
        "fmtn": True,
    }
    ask("putDevice", service, device, employee_id="E-21", device_id="D-121", name="mobile")
    numbers: list[Any] = ["8 (913) 700-10-20", {"number": "+7 383 222-33-44 доб. 5", "label": "офис", "primary": True}]
    client = {"name": "ООО Вектор", "phone_numbers": numbers, "regions": ["RU-NVS"], "owner_id": "E-21"}
    ask("putClient", service, client, client_id="C-900", name="client")
    ask("putClient", service, {"name": "Без номера"}, client_id="C-901")
    contact = {"id": "K-1", "name": "Бухгалтерия", "phone_numbers": ["+7 913 700-10-21"]}
    interest = {"client_id": "C-900", "title": "Поставка", "contacts": [contact]}
    ask("putInterest", service, interest, interest_id="I-900", name="interest")
    ask("putInterest", service, {"client_id": "C-0"}, interest_id="I-901")


def carousel(recorder: Recorder, service: str) -> None:
    """What a supervisor and an administrator do."""
    ask = recorder.ask
    pool_id = ask("listPools", service, name="pools").json()["items"][0]["id"]
    read = ask("getPool", service, pool_id=pool_id, name="pool")
    pool = read.json()
    settings = "title provider chosen_by regions default order chain when_exhausted limits declaration_required".split()
    asked = {each: pool[each] for each in settings}
    etag = read.headers["ETag"]
    ask("putPool", service, asked, pool_id=pool_id, If_Match=etag, name="pool", summary="As it was read")
    ask("putPool", service, asked, pool_id=pool_id, If_Match='"9"')
    new = {"provider": "beeline", "chosen_by": "provider", "regions": [], "title": "Запас"}
    ask("putPool", service, new, pool_id="reserve", If_None_Match="*", name="new", summary="A new one")
    refresh = {"numbers": NUMBERS, "activates_at": "2027-02-01T00:00:00Z", "id": "reserve-1"}
    ask("scheduleGeneration", service, refresh, pool_id="reserve", name="refresh")
    ask("cancelGeneration", service, pool_id="reserve", generation_id="reserve-1", name="cancelled")
    number = pool["generations"][0]["numbers"][0]["number"].removeprefix("+")
    ask("quarantineNumber", service, {"reason": "Помечен как спам"}, number=number, name="spam")
    ask("bringNumberBack", service, number=number, name="back")
    ask("declareNumber", service, {"declared_since": "2026-11-01T00:00:00Z"}, number=number, name="declared")
    ask("getConformance", service, since="2026-01-01T00:00:00Z", pool=pool_id, name="conformance")
    ask("putPool", service, {**new, "regions": pool["regions"]}, pool_id="second", If_None_Match="*")


def watching(recorder: Recorder, employee: str) -> None:
    recorder.ask("isAlive", None, name="alive")
    recorder.ask("isReady", None, name="ready")
    metrics = recorder.ask("getMetrics", None, name="metrics")
    first = "".join(metrics.text.splitlines(keepends=True)[:6])
    recorder.operations["getMetrics"]["responses"]["200"]["metrics"]["value"] = first
    headers = {"Authorization": f"Bearer {employee}", "Last-Event-ID": "0"}
    with recorder.http.stream("GET", "/api/v1/events", headers=headers) as stream:
        text = ""
        for part in stream.iter_text():
            text += part
            if text.count("\ndata: ") >= FOLLOWED:
                break
    told = "\n\n".join(text.split("\n\n")[: FOLLOWED + 1]) + "\n\n"
    recorder.operations["followEvents"] = {
        "parameters": {"Last-Event-ID": "0"},
        "responses": {"200": {"stream": {"summary": "What has happened so far", "value": told}}},
    }


def refusing(recorder: Recorder, employee: str, service: str) -> None:
    """Each of these is refused; the answers are kept by their codes."""
    ask = recorder.ask
    keys = (f"refused-{number}" for number in range(10, 100))
    ask("listCalls", None)
    ask("listPools", employee)
    ask("listCalls", employee, limit=0, since="yesterday")
    ask("placeCall", employee, {"target": CLIENT})
    ask("findClientPhoneNumbers", employee, client_id="C-0")
    ask("findInterestPhoneNumbers", employee, interest_id="I-0")
    ask("listDevices", service, employee_id="E-0")
    ask("getCall", employee, call_id="01K-NONE")
    ask("getPool", service, pool_id="atlantis")
    ask("placeCall", employee, {"target": CLIENT, "device_id": "D-0"}, Idempotency_Key=next(keys))
    ask("placeCall", employee, {"target": CLIENT, "device_id": "D-115"}, Idempotency_Key=next(keys))
    ask("placeCall", employee, {"target": CLIENT, "phone_number": "+79031234567"}, Idempotency_Key=next(keys))
    ask("placeCall", employee, {"target": {"kind": "client", "id": "C-43"}}, Idempotency_Key=next(keys))
    ask("placeCall", employee, {"target": {"kind": "client", "id": "C-901"}}, Idempotency_Key=next(keys))
    ask("placeCall", employee, {"target": INTEREST, "dial": False}, Idempotency_Key="5b1f6c1e-press-1")
    ask("placeCall", employee, {"target": CLIENT, "call": {"external_id": "task-77"}}, Idempotency_Key=next(keys))
    ask("placeCall", employee, {"target": CLIENT, "note": "x" * 70_000}, Idempotency_Key=next(keys))


def main() -> int:
    with running_demo(SPEED) as demo:
        found = record(demo)
    PAGE.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(found['operations'])} operations, {len(found['problems'])} refusals, {PAGE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
