"""Looking an attempt up in the statistics: one row that can only be it, or 'can't tell'; never 'absent'."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
import respx
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.gateways.beeline_kit import LINE, PORTAL, TOKEN, a_gateway
from tests.adapters.gateways.surroundings import surroundings

from telephony_adapters.gateways.beeline import BeelineClient, BeelineGateway, DurationUnit
from telephony_adapters.gateways.beeline.call_statistics import (
    LookUpWindow,
    UnreadableStatistics,
    facts_of,
    read_rows,
)
from telephony_adapters.gateways.beeline.opening import open_gateway
from telephony_adapters.gateways.provider import CallsTo, Placed
from telephony_core.call import Attempt
from telephony_core.call_facts import Cause, Fact, FactKind, LegName, Outcome, read
from telephony_core.phone import PhoneNumber
from telephony_core.ports import CannotTell, Found, LookUp
from telephony_core.testing.examples import CLIENT_NUMBER, NOW, an_attempt_that, an_ip_phone

STATISTICS = f"{PORTAL}v2/statistics"


def a_row(*, after: float = 1, seconds: float = 30, **changes: Any) -> dict[str, Any]:
    row = {
        "startDate": round((NOW + timedelta(seconds=after)).timestamp() * 1000),
        "abonent": {"userId": LINE},
        "direction": "OUTBOUND",
        "status": "PLACED",
        "duration": round(seconds * 1000),
        "phone_from": "79031230007",
        "phone_to": CLIENT_NUMBER.digits,
    }
    return {key: value for key, value in (row | changes).items() if value is not ...}


def an_attempt(story: str = "unknown") -> Attempt:
    return an_attempt_that(story, device=an_ip_phone(line=LINE))


async def looked_up(attempt: Attempt | None = None, **options: Any) -> LookUp:
    async with a_gateway(**options) as gateway:
        return await gateway.look_up(attempt or an_attempt())


async def test_one_row_that_matches_is_found(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.get(STATISTICS).respond(json=[a_row()])
    found = await looked_up()
    assert isinstance(found, Found)
    assert (found.shown, found.reference, found.record_url) == (PhoneNumber("+79031230007"), None, None)
    reading = read(an_attempt().facts | found.facts)
    assert (reading.outcome, reading.talk_seconds) == (Outcome.TALKED, 30)
    asked = route.calls.last.request.url.params
    assert dict(asked) == {
        "userId": LINE,
        "dateFrom": "2026-11-23T09:14:47Z",
        "dateTo": "2026-11-23T09:15:58Z",
        "page": "0",
        "pageSize": "100",
    }


async def test_a_row_without_duration_ends_the_attempt_without_a_talk(respx_mock: respx.MockRouter) -> None:
    respx_mock.get(STATISTICS).respond(json=[a_row(seconds=0, phone_from=...)])
    found = await looked_up()
    assert isinstance(found, Found)
    assert found.shown is None
    assert read(an_attempt().facts | found.facts).outcome is Outcome.NO_ANSWER


@pytest.mark.parametrize(
    "called", ["79139123456", "89139123456", "9139123456", "+79139123456", "+7 (913) 912-34-56", "tel:+79139123456"]
)
async def test_numbers_are_compared_not_their_spelling(respx_mock: respx.MockRouter, called: str) -> None:
    respx_mock.get(STATISTICS).respond(json=[a_row(phone_to=called)])
    assert isinstance(await looked_up(), Found)


@pytest.mark.parametrize(
    ("shown", "number"),
    [
        ("79031230007", "+79031230007"),
        ("9031230007", "+79031230007"),
        ("89031230007", "+79031230007"),
        ("9067010101", "+79067010101"),  # the employee's own line: told as it is, the verdict is the core's
        ("1001", None),
        ("anonymous", None),
        ("", None),
        (None, None),
        (79031230007, None),
    ],
)
async def test_the_shown_number_is_told_as_it_is(
    respx_mock: respx.MockRouter, shown: object, number: str | None
) -> None:
    """BA2."""
    respx_mock.get(STATISTICS).respond(json=[a_row(phone_from=shown)])
    found = await looked_up()
    assert isinstance(found, Found)
    assert found.shown == (PhoneNumber(number) if number else None)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [a_row(), a_row(after=20)],
        [a_row(), a_row()],
        [a_row(direction="INBOUND", phone_to="79067010101", phone_from=CLIENT_NUMBER.digits)],
        [a_row(direction="INBOUND")],
        [a_row(phone_to="79139123457")],
        [a_row(phone_to="1002")],
        [a_row(after=-16)],
        [a_row(after=56)],
    ],
    ids=[
        "none",
        "two",
        "the same twice",
        "inbound",
        "inbound like it",
        "another number",
        "internal",
        "before",
        "after",
    ],
)
async def test_none_or_two_can_not_tell(respx_mock: respx.MockRouter, rows: list[Any]) -> None:
    respx_mock.get(STATISTICS).respond(json=rows)
    assert isinstance(await looked_up(), CannotTell)


async def test_others_do_not_stand_in_the_way(respx_mock: respx.MockRouter) -> None:
    others = [a_row(phone_to="79139123457"), a_row(direction="INBOUND"), a_row(after=-600), a_row(phone_to="1002")]
    respx_mock.get(STATISTICS).respond(json=[*others, a_row(after=5)])
    assert isinstance(await looked_up(), Found)


async def test_the_next_call_to_the_same_client_is_not_this_one(respx_mock: respx.MockRouter) -> None:
    """An attempt that is known to have ended can't have begun after that."""
    respx_mock.get(STATISTICS).respond(json=[a_row(after=50), a_row(after=2)])
    found = await looked_up(an_attempt("no_answer"))
    assert isinstance(found, Found)
    respx_mock.get(STATISTICS).respond(json=[a_row(after=50)])
    assert isinstance(await looked_up(an_attempt("no_answer")), CannotTell)


async def test_reports_tell_apart_what_the_window_does_not(respx_mock: respx.MockRouter) -> None:
    """Redialled within seconds: by the reports' begin and end, on Beeline's own clock, each row finds its attempt."""
    respx_mock.get(STATISTICS).respond(
        json=[a_row(after=2, phone_from="79031230002"), a_row(after=-9, phone_from="79031230001", seconds=5)]
    )
    assert isinstance(await looked_up(), CannotTell)
    found = await looked_up(an_attempt("ringing_employee"))
    assert isinstance(found, Found)
    assert found.shown == PhoneNumber("+79031230002")


def our_calls(*after: float, line: str = LINE) -> CallsTo:
    """Our calls to the client, begun so many seconds after the attempt; the attempt's own is among them."""

    async def calls_to(number: PhoneNumber, since: datetime | None = None) -> list[Placed]:
        assert number == CLIENT_NUMBER
        begun = [Placed(line, NOW + timedelta(seconds=seconds)) for seconds in sorted({0.0, *after}, reverse=True)]
        return [each for each in begun if since is None or each.at >= since]

    return calls_to


async def test_redialled_within_seconds_the_call_before_is_not_this_one(respx_mock: respx.MockRouter) -> None:
    """Nothing was reported of an attempt that may be ringing: the row of the call before must not end it (K3)."""
    before, own = a_row(after=-9, seconds=0), a_row(after=2, phone_from="79031230002")
    redialled = our_calls(-10)
    respx_mock.get(STATISTICS).respond(json=[before])
    assert isinstance(await looked_up(calls_to=redialled), CannotTell)
    respx_mock.get(STATISTICS).respond(json=[own, before])
    found = await looked_up(calls_to=redialled)
    assert isinstance(found, Found)
    assert found.shown == PhoneNumber("+79031230002")


async def test_redialled_within_a_second_the_row_before_is_not_taken_for_rounded(respx_mock: respx.MockRouter) -> None:
    """Reports said that the phone rang 0.3 s after the request; the call before it began 0.7 s before that."""
    rang = Fact(LegName.EMPLOYEE, FactKind.RINGING, NOW + timedelta(seconds=0.3))
    rings = an_attempt().learn([rang], NOW + timedelta(seconds=1))
    respx_mock.get(STATISTICS).respond(json=[a_row(after=-0.4, seconds=0.2)])
    assert isinstance(await looked_up(rings), Found)
    assert isinstance(await looked_up(rings, calls_to=our_calls(-0.5)), CannotTell)
    respx_mock.get(STATISTICS).respond(json=[a_row(after=0.1), a_row(after=-0.4, seconds=0.2)])
    assert isinstance(await looked_up(rings, calls_to=our_calls(-0.5)), Found)


async def test_a_redial_that_comes_while_the_statistics_are_asked_is_known(respx_mock: respx.MockRouter) -> None:
    begun: list[float] = []

    def redialled(_request: object) -> Any:
        begun.append(3)
        return httpx2.Response(200, json=[a_row(after=3.5)])

    async def calls_to(number: PhoneNumber, since: datetime | None = None) -> Sequence[Placed]:
        return await our_calls(*begun)(number, since)

    respx_mock.get(STATISTICS).mock(side_effect=redialled)
    assert isinstance(await looked_up(an_attempt("ringing_employee"), calls_to=calls_to), CannotTell)


@pytest.mark.parametrize("calls_to", [our_calls(), our_calls(-71), our_calls(-10, line="elsewhere")])
async def test_where_no_other_call_is_meant_clocks_may_differ(respx_mock: respx.MockRouter, calls_to: CallsTo) -> None:
    respx_mock.get(STATISTICS).respond(json=[a_row(after=-9)])
    assert isinstance(await looked_up(calls_to=calls_to), Found)


async def test_the_row_of_the_call_after_is_not_this_one(respx_mock: respx.MockRouter) -> None:
    respx_mock.get(STATISTICS).respond(json=[a_row(after=31)])
    assert isinstance(await looked_up(calls_to=our_calls(30)), CannotTell)
    assert isinstance(await looked_up(calls_to=our_calls(40)), Found)


@given(st.floats(5, 600))
def test_a_call_that_may_follow_an_acknowledged_one_lies_outside_the_window(longest_ringing: float) -> None:
    """K3, for each longest ringing that may be set: 5 to 600 s."""
    after = LookUpWindow.within(longest_ringing).after
    assert after < timedelta(seconds=longest_ringing)
    assert after <= timedelta(seconds=55)


@pytest.mark.parametrize("row", [a_row(after=-9), a_row(after=11.5)], ids=["the call before", "too late"])
async def test_a_service_looks_up_by_its_longest_ringing_and_its_calls(
    respx_mock: respx.MockRouter, row: dict[str, Any]
) -> None:
    around = evolve(surroundings({"url": PORTAL, "token": TOKEN}), longest_ringing=12.0, calls_to=our_calls(-10))
    respx_mock.get(STATISTICS).respond(json=[row])
    async with open_gateway(around) as opened:
        assert isinstance(await opened.gateway.look_up(an_attempt()), CannotTell)


@pytest.mark.parametrize("shift", [-95, 95])
async def test_a_shifted_clock_of_the_reports_does_not_hide_the_row(respx_mock: respx.MockRouter, shift: int) -> None:
    respx_mock.get(STATISTICS).respond(json=[a_row(after=2)])
    attempt = an_attempt()
    shifted = {
        evolve(fact, at=fact.at + timedelta(seconds=shift)) for fact in an_attempt("talked").facts - attempt.facts
    }
    found = await looked_up(attempt.learn(shifted, NOW + timedelta(minutes=5)))
    assert isinstance(found, Found)


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        {},
        a_row(startDate=...),
        a_row(startDate="yesterday"),
        a_row(startDate=-1),
        a_row(startDate=1e300),
        a_row(startDate=True),
        a_row(duration=None),
        a_row(duration=-5),
        a_row(direction=3),
        a_row(status=...),
        a_row(phone_to=...),
        a_row(phone_to=""),
        a_row(phone_to=79139123456),
    ],
)
async def test_a_row_that_can_not_be_read_can_not_be_excluded(respx_mock: respx.MockRouter, row: Any) -> None:
    respx_mock.get(STATISTICS).respond(json=[a_row(), row])
    assert isinstance(await looked_up(), CannotTell)


async def test_a_full_page_may_have_successors(respx_mock: respx.MockRouter) -> None:
    respx_mock.get(STATISTICS).respond(json=[a_row(), *[a_row(phone_to="79139123457")] * 99])
    assert isinstance(await looked_up(), CannotTell)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, '{"errorCode": "UserNotFound"}'),
        (500, "<html>"),
        (302, ""),
        (200, ""),
        (200, "{"),
        (200, '{"rows": []}'),
        (200, "[" * 100_000),
    ],
)
async def test_an_answer_that_is_no_list_can_not_tell(respx_mock: respx.MockRouter, status: int, body: str) -> None:
    respx_mock.get(STATISTICS).respond(status, text=body)
    assert isinstance(await looked_up(), CannotTell)


async def test_a_redirect_is_not_followed(respx_mock: respx.MockRouter) -> None:
    """The token would go along."""
    elsewhere = respx_mock.route(host="elsewhere.invalid").respond(json=[a_row()])
    respx_mock.get(STATISTICS).respond(307, headers={"Location": "https://elsewhere.invalid/"})
    async with (
        httpx2.AsyncClient(trust_env=False, follow_redirects=True) as http,
        BeelineClient(PORTAL, TOKEN, http) as client,
    ):
        assert isinstance(await BeelineGateway(client).look_up(an_attempt()), CannotTell)
    assert not elsewhere.called


@pytest.mark.parametrize("error", [httpx2.ConnectError, httpx2.ReadTimeout, httpx2.ReadError, OSError])
async def test_no_answer_can_not_tell(respx_mock: respx.MockRouter, error: type[Exception]) -> None:
    respx_mock.get(STATISTICS).mock(side_effect=error("x"))
    assert isinstance(await looked_up(), CannotTell)


async def test_a_line_of_no_known_form_is_asked_for_as_it_is(respx_mock: respx.MockRouter) -> None:
    """It stands in the query, where it can lead nowhere."""
    route = respx_mock.get(STATISTICS).respond(json=[])
    attempt = an_attempt_that("unknown", device=an_ip_phone(line="../a b"))
    assert isinstance(await looked_up(attempt), CannotTell)
    assert route.calls.last.request.url.params["userId"] == "../a b"


async def test_durations_may_be_seconds(respx_mock: respx.MockRouter) -> None:
    """BA7."""
    respx_mock.get(STATISTICS).respond(json=[a_row(duration=30)])
    found = await looked_up(duration_unit=DurationUnit.SECONDS)
    assert isinstance(found, Found)
    assert read(an_attempt().facts | found.facts).talk_seconds == 30


async def test_what_was_reported_is_not_said_again_less_exactly(respx_mock: respx.MockRouter) -> None:
    """The reports said when the client answered, the release was lost: the talk lasts as long as the row says."""
    respx_mock.get(STATISTICS).respond(json=[a_row(seconds=30)])
    talking = an_attempt("talking")
    found = await looked_up(talking)
    assert isinstance(found, Found)
    assert {fact.kind for fact in found.facts} == {FactKind.RELEASED}
    reading = read(talking.facts | found.facts)
    assert reading.client.answered_at == talking.reading.client.answered_at
    assert (reading.outcome, reading.talk_seconds) == (Outcome.TALKED, 30)
    talked = await looked_up(an_attempt("talked"))
    assert isinstance(talked, Found)
    assert (talked.facts, talked.shown) == (frozenset(), PhoneNumber("+79031230007"))


async def test_a_reported_cause_outlives_a_row_that_knows_none() -> None:
    (row,) = read_rows([a_row(seconds=0)], DurationUnit.MILLISECONDS)
    busy = Fact(LegName.CLIENT, FactKind.RELEASED, NOW + timedelta(seconds=9), Cause.BUSY)
    attempt = an_attempt()
    assert read(attempt.facts | facts_of(row, attempt) | {busy}).outcome is Outcome.BUSY


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(a_row())), json_values), st.sampled_from(DurationUnit))
def test_any_row_is_read_or_unreadable(changes: dict[str, Any], unit: DurationUnit) -> None:
    try:
        (row,) = read_rows([a_row(**changes)], unit)
    except UnreadableStatistics:
        return
    attempt = an_attempt()
    assert read(attempt.facts | facts_of(row, attempt)).ended
