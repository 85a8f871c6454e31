"""`GET /events`: who reads what, in which form, how one resumes, and how a stream ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.http.office import ADMIN, ANNA, BORIS, CLIENT_NUMBER, CRM, GLEB, VERA, Callers, Office
from tests.http.streams import PATIENCE, streaming

from telephony_core.errors import StoreUnavailable
from telephony_core.ports import EventSubscription
from telephony_http import event_stream


async def _placed(callers: Callers, **more: Any) -> dict[str, Any]:
    answer = await callers.place(**more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_call_is_told_from_the_press_on(callers: Callers) -> None:
    """K7: its intent, the provider's answer, each change of its state; with ids and a masked number (P2)."""
    async with streaming(callers.app, token=ANNA) as stream:
        assert await stream.block() == "retry: 1000\nid: 0"
        call = await _placed(callers)
        await callers.deliver_reports()
        told = await stream.events(4)
    attempt = call["attempts"][0]
    assert [each["id"] for each in told] == ["1", "2", "3", "4"]
    assert [(each["event"], each["data"]["state"]) for each in told] == [
        ("attempt_started", "initiating"),
        ("attempt_changed", "initiating"),
        ("attempt_changed", "ringing_employee"),
        ("attempt_changed", "ringing_client"),
    ]
    for each in told:
        data = each["data"]
        assert data["name"] == each["event"]
        assert (data["call_id"], data["attempt_id"]) == (call["id"], attempt["id"])
        assert (data["employee_id"], data["client_id"], data["interest_id"]) == ("E-5", "C-17", None)
        assert data["phone_number"] == "+7913*****56"
        assert CLIENT_NUMBER[1:] not in str(each)
        assert data["at"].endswith("Z")


async def test_the_answer_is_one_that_no_proxy_holds_up(callers: Callers) -> None:
    async with streaming(callers.app, token=ANNA) as stream:
        await stream.block()
    assert stream.status == 200
    assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert stream.headers["cache-control"] == "no-store, no-transform"
    assert stream.headers["x-accel-buffering"] == "no"
    assert "content-length" not in stream.headers


async def test_who_resumes_gets_what_came_since(callers: Callers) -> None:
    """By the header, which an EventSource sends by itself, or by the query where a library can't; the header counts."""
    await _placed(callers)
    for query, header in (("", "1"), ("last_event_id=1", None), ("last_event_id=0", "1")):
        async with streaming(callers.app, query, token=ANNA, last_event_id=header) as stream:
            assert await stream.block() == "retry: 1000\nid: 1"
            assert (await stream.event())["id"] == "2"


async def test_who_names_no_event_reads_from_now_on(callers: Callers) -> None:
    await _placed(callers)
    async with streaming(callers.app, token=CRM) as stream:
        assert await stream.block() == "retry: 1000\nid: 2"
        await callers.place(as_=BORIS, device_id="D-20", phone_number="+79139000002")
        assert (await stream.event())["id"] == "3"


@pytest.mark.parametrize(("token", "sees"), [(ANNA, {"E-5"}), (BORIS, {"E-6"}), (VERA, {"E-5", "E-6"})])
async def test_an_employee_sees_their_own_events_only(callers: Callers, token: str, sees: set[str]) -> None:
    """P4: without `act_for_others`, kept events and new ones alike."""
    await _placed(callers)
    await _placed(callers, as_=BORIS, device_id="D-20", phone_number="+79139000002")
    async with streaming(callers.app, token=token, last_event_id="0") as stream:
        told = await stream.events(2 * len(sees))
        await callers.deliver_reports()
        told += await stream.events(2 * len(sees))
    assert {each["data"]["employee_id"] for each in told} == sees


@pytest.mark.parametrize(("token", "query"), [(ANNA, "employee_id=E-6"), (ADMIN, "")])
async def test_to_follow_others_needs_the_permission(callers: Callers, token: str, query: str) -> None:
    """P4: asked for by name, or by a service without an employee of its own."""
    answer = await callers.get(f"/events?{query}", as_=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


async def test_events_are_filtered(callers: Callers) -> None:
    of_client = await _placed(callers)
    of_interest = await _placed(
        callers, as_=BORIS, device_id="D-20", target={"kind": "interest", "id": "I-204"}, phone_number="+79139000002"
    )
    wanted = {
        f"call_id={of_client['id']}": {of_client["id"]},
        "interest_id=I-204": {of_interest["id"]},
        "client_id=C-17": {of_client["id"], of_interest["id"]},
        "employee_id=E-6": {of_interest["id"]},
    }
    interests = {of_client["id"]: None, of_interest["id"]: "I-204"}
    for query, ids in wanted.items():
        async with streaming(callers.app, query, token=CRM, last_event_id="0") as stream:
            told = await stream.events(2 * len(ids))
        found = {each["data"]["call_id"]: each["data"]["interest_id"] for each in told}
        assert found == {call_id: interests[call_id] for call_id in ids}, query


@pytest.mark.parametrize(
    ("query", "header"), [("call=1", None), ("last_event_id=x", None), ("", "-1"), ("", "9" * 19), ("call_id=", None)]
)
async def test_what_makes_no_sense_is_refused(callers: Callers, query: str, header: str | None) -> None:
    headers = {"Last-Event-ID": header} if header else {}
    answer = await callers.get(f"/events?{query}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["errors"]


async def test_who_was_away_too_long_is_told_what_is_kept(callers: Callers, office: Office) -> None:
    await _placed(callers)
    office.feed.forget_until(1)
    answer = await callers.get("/events", headers={"Last-Event-ID": "0"})
    assert (answer.status_code, answer.json()["code"]) == (410, "events_not_kept")
    assert (answer.json()["oldest"], answer.json()["newest"]) == (1, 2)


async def test_a_silent_stream_is_kept_alive_and_its_position_moves_on(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over events that are not wanted, too: else who wants little could not resume after the rest is forgotten."""
    monkeypatch.setattr(event_stream, "BEATS_EVERY", 0.01)
    async with streaming(callers.app, "call_id=none", token=ANNA) as stream:
        await stream.block()
        assert await stream.block() == ": nothing new\nid: 0"
        await _placed(callers)
        async with asyncio.timeout(PATIENCE):
            while await stream.block() != ": nothing new\nid: 2":
                pass


async def test_a_token_that_is_revoked_ends_its_stream(
    callers: Callers, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that means something else by now; not a store that can't say so for a while."""
    monkeypatch.setattr(event_stream, "BEATS_EVERY", 0.01)
    async with streaming(callers.app, token=ANNA) as stream:
        await stream.block()
        office.tokens.available = False
        await stream.block()
        await stream.block()
        office.tokens.available = True
        del office.tokens.in_force[ANNA]
        assert await stream.event() == {"event": "end", "data": {"reason": "not_authenticated"}}
        assert await stream.block() is None


async def test_a_reader_that_is_too_slow_is_told_so_and_resumes(
    callers: Callers, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "GOODBYE_WITHIN", PATIENCE)
    office.feed.capacity = 1
    async with streaming(callers.app, token=ANNA) as stream:
        await stream.block()
        stream.takes.clear()
        await _placed(callers)
        await callers.deliver_reports()
        stream.takes.set()
        first = await stream.event()
        assert await stream.event() == {"event": "end", "data": {"reason": "too_slow"}}
        assert await stream.block() is None
    office.feed.capacity = 100
    async with streaming(callers.app, token=ANNA, last_event_id=first["id"]) as stream:
        assert [each["id"] for each in await stream.events(3)] == ["2", "3", "4"]


async def test_a_reader_that_takes_nothing_is_not_waited_for(callers: Callers, office: Office) -> None:
    """What was sent stands in its socket: the stream ends without its last words."""
    office.feed.capacity = 1
    async with streaming(callers.app, token=ANNA) as stream:
        await stream.block()
        stream.takes.clear()
        await _placed(callers)
        await callers.deliver_reports()
        async with asyncio.timeout(PATIENCE):
            while office.feed.readers:  # noqa: ASYNC110  # the fake has no event of it
                await asyncio.sleep(0.01)
    assert not stream.over


async def test_a_reader_who_leaves_leaves_nothing_behind(callers: Callers, office: Office) -> None:
    async with streaming(callers.app, token=ANNA) as stream:
        await stream.block()
        assert office.feed.readers == 1
        assert "telephony_event_streams 1.0" in (await callers.get("/metrics", as_=None)).text
    assert office.feed.readers == 0
    metrics = (await callers.get("/metrics", as_=None)).text
    assert "telephony_event_streams 0.0" in metrics
    assert 'telephony_event_streams_ended_total{reason="left"} 1.0' in metrics


async def test_a_store_that_goes_away_ends_the_stream_by_its_code(
    callers: Callers, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader comes again, and is refused with Retry-After until the store is back."""
    async with streaming(callers.app, token=ANNA) as stream:
        await stream.block()

        async def away(self: EventSubscription, within: float) -> None:
            raise StoreUnavailable

        monkeypatch.setattr("telephony_core.testing.fake_events.FakeSubscription.next", away)
        await _placed(callers)
        assert (await stream.event())["id"] == "1"
        assert await stream.event() == {"event": "end", "data": {"reason": "store_unavailable"}}


async def test_who_may_see_no_numbers_follows_their_calls_all_the_same(callers: Callers) -> None:
    """P2: the numbers of events are masked for everybody."""
    async with streaming(callers.app, token=GLEB) as stream:
        assert await stream.block() == "retry: 1000\nid: 0"
    assert stream.status == 200
