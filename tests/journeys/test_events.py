"""A CRM follows its calls live: what it sees, what a cut costs, and what the end of the service costs."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.journeys.stage import Stage, address, eventually, process, stage

ENDS_WITHIN = 6.0
"""Seconds: less than a service waits for a connection that doesn't end by itself."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("events")) as ready:
        yield ready


def _told(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The events of a stream, each with its `position`; what is none is left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        if "data" in fields and "id" in fields:
            yield {"position": int(fields["id"]), **json.loads(fields["data"])}
        fields = {}


def _follow(office: Stage, employee: str, until: str, last_event_id: int | None = None, **filters: str) -> list[Any]:
    """The events from now, or from a position, on up to the first of this name."""
    headers = office.headers(employee) | ({} if last_event_id is None else {"Last-Event-ID": str(last_event_id)})
    seen: list[dict[str, Any]] = []
    url = f"{office.base_url}/api/v1/events"
    with office.http.stream("GET", url, params=filters, headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        for event in _told(answer.iter_lines()):
            seen.append(event)
            if event["name"] == until:
                break
    return seen


def test_a_crm_sees_a_call_from_the_press_to_its_end(office: Stage) -> None:
    """Given a stream, when an employee presses the button, then each step is told as it happens, and no full number."""
    employee, (client_id, number) = office.employee(), office.client()
    with ThreadPoolExecutor(1) as beside:
        following = beside.submit(_follow, office, employee, "attempt_ended", 0, client_id=client_id)
        call = office.place(employee, target={"kind": "client", "id": client_id}, phone_number=number)
        seen = following.result(timeout=30)
    assert {event["call_id"] for event in seen} == {call["id"]}
    assert seen[0]["name"] == "attempt_started"
    states = [event["state"] for event in seen]
    assert "ringing_client" in states
    assert states[-1] == "ended"
    assert sorted(states, key=["initiating", "ringing_employee", "ringing_client", "talking", "ended"].index) == states
    assert number.removeprefix("+") not in json.dumps(seen)


def test_who_was_cut_off_resumes_and_misses_nothing(office: Stage) -> None:
    """Given a reader that was cut off after its first event, when it comes again, then the rest is told, once each."""
    employee, (client_id, number) = office.employee(), office.client()
    call = office.place(employee, target={"kind": "client", "id": client_id}, phone_number=number)
    office.ended(employee, call["id"])
    whole = _follow(office, employee, "attempt_ended", 0, call_id=call["id"])
    assert len(whole) > 2
    rest = _follow(office, employee, "attempt_ended", whole[0]["position"], call_id=call["id"])
    assert rest == whole[1:]


def test_a_stop_ends_a_hundred_streams_at_once(tmp_path: Path) -> None:
    """Given 100 open streams, when the service is told to end, then each is told so, and nothing holds the end up."""
    with stage(tmp_path) as office:
        last_words = asyncio.run(_hundred_streams(office))
        assert last_words == ['event: end\ndata: {"reason":"stopping"}\n\n'] * 100
        office.service.wait(ENDS_WITHIN)


async def _hundred_streams(office: Stage) -> list[str]:
    """What 100 streams say from the moment on in which the service is told to end."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx2.AsyncClient(timeout=60, trust_env=False, limits=limits) as http:
        request = http.build_request("GET", f"{office.base_url}/api/v1/events", headers=office.headers("E-1"))
        answers = await asyncio.gather(*(http.send(request, stream=True) for _ in range(100)))
        said = [answer.aiter_text() for answer in answers]
        for each in said:
            assert (await anext(each)).startswith("retry: ")
        office.service.send_signal(signal.SIGTERM)

        async def rest(words: Any) -> str:
            return "".join([more async for more in words])

        async with asyncio.timeout(ENDS_WITHIN):
            return list(await asyncio.gather(*map(rest, said)))


def test_a_call_in_hand_outlives_the_stop(tmp_path: Path) -> None:
    """Given a call whose provider doesn't answer, when the service is told to end, then the press is answered, what is
    known is stored, nobody begins anything new, and no phone is asked to ring again (K3). When another service comes
    with a worker beside it, then the worker settles the call and its events are told; it ends when it is told to."""
    with stage(tmp_path, TELEPHONY_PROVIDER_TIMEOUT_SECONDS="2") as office, ThreadPoolExecutor(1) as beside:
        employee, (client_id, number) = office.employee(), office.client()
        office.simulator.control("POST", "faults", {"kind": "hang", "seconds": 4, "phone_number": number})
        pressing = beside.submit(
            office.place, employee, target={"kind": "client", "id": client_id}, phone_number=number, device_id="D-1"
        )
        eventually(lambda: office.saw(number), bool, what="the request to the provider")
        office.service.send_signal(signal.SIGTERM)
        eventually(lambda: _refuses(office), bool, what="the end of new work")
        call = pressing.result(timeout=30)
        office.service.wait(30)
        # Unknown, or what the provider's reports have told meanwhile.
        assert call["attempts"][0]["state"] in {"outcome_unknown", "ringing_employee", "ringing_client", "talking"}
        settings = office.settings | {"TELEPHONY_WORKER": "off"}
        with (
            process("serve", "--port", "0", log=tmp_path / "second.log", **settings) as successor,
            process("worker", log=tmp_path / "worker.log", **settings) as worker,
        ):
            office.base_url = address(successor)
            stored = office.call(employee, call["id"])
            assert [attempt["id"] for attempt in stored["attempts"]] == [call["attempts"][0]["id"]]
            told = _follow(office, employee, "attempt_ended", 0, call_id=call["id"])
            assert [event["name"] for event in told][:1] == ["attempt_started"]
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(ENDS_WITHIN) == 0
        assert len(office.saw(number)) == 1


def _refuses(office: Stage) -> bool:
    """Whether a press by somebody else is refused; it must not be taken."""
    client_id, number = office.client()
    try:
        answer = office.press("E-3", target={"kind": "client", "id": client_id}, phone_number=number)
    except httpx2.TransportError:
        return True  # nobody listens any more
    assert (answer.status_code, answer.json()["code"]) == (503, "service_stopping")
    assert answer.headers["Retry-After"]
    return True
