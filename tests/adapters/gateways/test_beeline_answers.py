"""Law 9, the table: what each answer to the call request means. Nothing here is ever asked twice (K3)."""

from __future__ import annotations

import httpx2
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.gateways.beeline_kit import CLIENT, LINE, PORTAL, TOKEN, a_dial, a_gateway

from telephony_adapters.gateways.beeline.answers import NOT_DONE, judge
from telephony_adapters.gateways.beeline.phone_numbers import NumberFormat
from telephony_adapters.gateways.beeline.requests import Answer
from telephony_core.call import HangUp
from telephony_core.call_facts import LegName
from telephony_core.phone import PhoneNumber
from telephony_core.ports import Accepted, DialAnswer, NotSent, OutcomeUnknown, Refused

CALL = f"{PORTAL}abonents/{LINE}/call"


async def started(**options: object) -> DialAnswer:
    async with a_gateway() as gateway:
        return await gateway.start(a_dial())


@pytest.mark.parametrize(
    ("status", "body", "reference"),
    [
        (200, "1732398765432:1", "1732398765432:1"),
        (200, "0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        (200, "  1732398765432:1\r\n", "1732398765432:1"),
        (200, '"1732398765432:1"', "1732398765432:1"),
        (201, "1732398765432:1", "1732398765432:1"),
    ],
)
async def test_a_tracking_id_as_bare_text_is_accepted(
    respx_mock: respx.MockRouter, status: int, body: str, reference: str
) -> None:
    route = respx_mock.post(CALL).respond(status, text=body)
    assert await started() == Accepted(reference)
    assert route.call_count == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429])
async def test_a_4xx_with_an_error_code_is_refused(respx_mock: respx.MockRouter, status: int) -> None:
    route = respx_mock.post(CALL).respond(
        status, json={"errorCode": "OperationFailed", "description": "Not today"}, headers={"Retry-After": "1"}
    )
    assert await started() == Refused("OperationFailed", "Not today")
    assert route.call_count == 1


async def test_a_numeric_error_code_is_one_too(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(CALL).respond(400, json={"errorCode": 1007})
    assert await started() == Refused("1007", "")


@pytest.mark.parametrize("status", [200, 302, 500, 503])
@pytest.mark.parametrize("code", sorted(NOT_DONE))
async def test_a_code_on_the_list_is_refused_under_any_status(
    respx_mock: respx.MockRouter, status: int, code: str
) -> None:
    respx_mock.post(CALL).respond(status, json={"errorCode": code})
    assert await started() == Refused(code, "")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@pytest.mark.parametrize("body", ["", "<html>Bad Gateway</html>", '{"errorCode": "OperationFailed"}'])
async def test_any_other_5xx_is_unknown(respx_mock: respx.MockRouter, status: int, body: str) -> None:
    route = respx_mock.post(CALL).respond(status, text=body)
    assert isinstance(await started(), OutcomeUnknown)
    assert route.call_count == 1


@pytest.mark.parametrize(
    "body",
    ["", "<html>404</html>", "not found", "{}", "[]", "null", '{"errorCode": null}', '{"errorCode": ""}', "[" * 60_000],
)
@pytest.mark.parametrize("status", [400, 404, 408, 429])
async def test_a_4xx_without_an_error_code_is_unknown(respx_mock: respx.MockRouter, status: int, body: str) -> None:
    respx_mock.post(CALL).respond(status, text=body)
    assert isinstance(await started(), OutcomeUnknown)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"OK",
        b"null",
        b"{}",
        b'{"callId": "callhalf-1:0"}',
        b"<html><body>Welcome 2026</body></html>",
        b"Error 500: see the log",
        b"id\x001234",
        b"\xff\xfe1234",
        "номер1234".encode(),
        b"1" * 129,
        b"12\n34",
    ],
)
async def test_a_2xx_that_holds_no_tracking_id_is_unknown(respx_mock: respx.MockRouter, body: bytes) -> None:
    respx_mock.post(CALL).respond(200, content=body)
    assert isinstance(await started(), OutcomeUnknown)


async def test_a_204_says_nothing(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(CALL).respond(204)
    assert isinstance(await started(), OutcomeUnknown)


@pytest.mark.parametrize("status", [205, 206, 226, 304])
async def test_a_status_over_204_is_no_success(respx_mock: respx.MockRouter, status: int) -> None:
    respx_mock.post(CALL).respond(status, text="1732398765432:1")
    assert isinstance(await started(), OutcomeUnknown)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(respx_mock: respx.MockRouter, status: int) -> None:
    elsewhere = respx_mock.route(host="elsewhere.invalid").respond(200, text="1732398765432:1")
    respx_mock.post(CALL).respond(status, headers={"Location": "https://elsewhere.invalid/call"})
    assert isinstance(await started(), OutcomeUnknown)
    assert not elsewhere.called


async def test_an_encoded_answer_was_not_asked_for(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.post(CALL).respond(200, content=b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"})
    assert isinstance(await started(), OutcomeUnknown)
    assert route.calls.last.request.headers["Accept-Encoding"] == "identity"


async def test_an_answer_that_never_ends_is_broken_off(respx_mock: respx.MockRouter) -> None:
    respx_mock.post(CALL).respond(200, content=b"1" * 2_000_000)
    assert isinstance(await started(), OutcomeUnknown)


@pytest.mark.parametrize("error", [httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout])
async def test_no_connection_means_not_sent(respx_mock: respx.MockRouter, error: type[Exception]) -> None:
    route = respx_mock.post(CALL).mock(side_effect=error("CLIENT"))
    assert isinstance(await started(), NotSent)
    assert route.call_count == 1


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ReadTimeout("x"),
        httpx2.WriteTimeout("x"),
        httpx2.ReadError("x"),
        httpx2.WriteError("x"),
        httpx2.CloseError("x"),
        httpx2.RemoteProtocolError("x"),
        httpx2.LocalProtocolError("x"),
        httpx2.ProxyError("x"),
        httpx2.DecodingError("x"),
        OSError("x"),
        RuntimeError("x"),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_every_other_failure_is_unknown(respx_mock: respx.MockRouter, error: Exception) -> None:
    route = respx_mock.post(CALL).mock(side_effect=error)
    assert isinstance(await started(), OutcomeUnknown)
    assert route.call_count == 1


async def test_the_request_as_it_is_sent(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.post(CALL, params={"phoneNumber": CLIENT.digits}).respond(200, text="1732398765432:1")
    await started()
    request = route.calls.last.request
    assert request.headers["X-MPBX-API-AUTH-TOKEN"] == TOKEN
    assert request.headers["Connection"] == "close"
    assert request.content == b""


@pytest.mark.parametrize(
    ("form", "russian", "foreign"),
    [
        (NumberFormat.SEVEN, "79139123456", "375291234567"),
        (NumberFormat.EIGHT, "89139123456", "810375291234567"),
        (NumberFormat.PLUS_SEVEN, "+79139123456", "+375291234567"),
        (NumberFormat.TEN, "9139123456", "375291234567"),
    ],
)
async def test_the_number_format_is_a_setting(
    respx_mock: respx.MockRouter, form: NumberFormat, russian: str, foreign: str
) -> None:
    """BA4."""
    route = respx_mock.post(CALL).respond(200, text="1732398765432:1")
    async with a_gateway(number_format=form) as gateway:
        for number in (CLIENT, PhoneNumber("+375291234567")):
            await gateway.start(a_dial(phone_number=number))
    assert [call.request.url.params["phoneNumber"] for call in route.calls] == [russian, foreign]


@pytest.mark.parametrize("line", ["", "..", ".", "a/b", "a?b", "a b", "a#b", "%2e%2e", "x" * 200, "имя"])
async def test_a_line_that_would_lead_elsewhere_is_not_sent(respx_mock: respx.MockRouter, line: str) -> None:
    async with a_gateway() as gateway:
        assert isinstance(await gateway.start(a_dial(line=line)), NotSent)
    assert not respx_mock.calls


async def test_one_request_dials_both_legs_so_none_is_sent_for_the_clients(respx_mock: respx.MockRouter) -> None:
    async with a_gateway() as gateway:
        assert isinstance(await gateway.start(a_dial(leg=LegName.CLIENT)), NotSent)
    assert not respx_mock.calls


async def test_hanging_up_is_not_offered_and_asks_nobody(respx_mock: respx.MockRouter) -> None:
    """BA8."""
    async with a_gateway() as gateway:
        assert not gateway.capabilities.hang_up
        assert not await gateway.hang_up(HangUp("attempt-1", LegName.EMPLOYEE, "beeline", LINE, "1732398765432:1"))
    assert not respx_mock.calls


@given(st.integers(100, 999), st.binary(max_size=200), st.booleans())
def test_whatever_is_answered_is_judged(status: int, body: bytes, whole: bool) -> None:
    """No answer makes the judge fail, none is 'not sent', and none beyond 204 is a success."""
    found = judge(Answer(status, body, whole))
    assert isinstance(found, Accepted | Refused | OutcomeUnknown)
    assert not (isinstance(found, Accepted) and not (200 <= status <= 204 and whole))
    assert not (isinstance(found, Refused) and not 400 <= status < 500 and found.code not in NOT_DONE)


@pytest.mark.parametrize("base_url", ["", "beeline.example", "ftp://beeline.example", "https://"])
async def test_an_address_that_is_none_is_refused_at_once(base_url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        async with a_gateway(base_url):
            pass


@pytest.mark.parametrize("base_url", ["https://beeline.invalid", "https://beeline.invalid/", PORTAL, PORTAL[:-1]])
async def test_the_base_path_may_stand_in_the_address(respx_mock: respx.MockRouter, base_url: str) -> None:
    respx_mock.post(CALL).respond(200, text="1732398765432:1")
    async with a_gateway(base_url) as gateway:
        assert isinstance(await gateway.start(a_dial()), Accepted)
