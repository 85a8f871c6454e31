"""Law 9 on real sockets: what breaks, and how far the request had got by then. The server counts: never twice (K3)."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
from tests.adapters.gateways.beeline_kit import (
    LINE,
    a_client,
    a_dial,
    a_gateway,
    hangs,
    raw_server,
    resets,
    says,
)
from tests.adapters.gateways.loopback import Serve

from telephony_core.ports import Accepted, DialAnswer, NotSent, OutcomeUnknown, Refused

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 15\r\n\r\n1732398765432:1"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
REFUSAL = b'{"errorCode": "AbonentBusy"}'

LOST: dict[str, Serve] = {
    "closed without a word": says(),
    "reset without a word": resets(),
    "half a status line": says(b"HTTP/1.1 20"),
    "half the headers": says(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "reset within the headers": resets(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "headers and no body": says(WHOLE[:-15]),
    "half the body": says(WHOLE[:-7]),
    "reset within the body": resets(WHOLE[:-7]),
    "a chunk cut": says(CHUNKED + b"f\r\n17323987"),
    "chunks without an end": says(CHUNKED + b"f\r\n1732398765432:1\r\n"),
    "a body without length": says(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n17323987"),
    "a whole body without length": says(b"HTTP/1.0 200 OK\r\n\r\n1732398765432:1"),
    "not HTTP": says(b"220 smtp.example ready\r\n"),
    "noise": says(bytes(range(256))),
    "only 'continue'": says(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "endless headers": says(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 50_000),
    "a negative length": says(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n1732398765432:1"),
    "two lengths": says(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\nContent-Length: 3\r\n\r\n1732398765432:1"),
    "a refusal cut": says(b"HTTP/1.1 409 Conflict\r\nContent-Length: 28\r\n\r\n" + REFUSAL[:-9]),
    "a redirect": says(b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
    "an error of a gateway in front": says(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
}


async def started(url: str, time_out: float = 5.0) -> DialAnswer:
    async with a_gateway(url, time_out=time_out) as gateway:
        return await gateway.start(a_dial())


@pytest.mark.parametrize("how", LOST)
async def test_an_answer_lost_on_the_way_is_unknown(how: str) -> None:
    async with raw_server(LOST[how]) as server:
        assert isinstance(await started(server.url), OutcomeUnknown)
    assert len(server.requests) == server.connections == 1


@pytest.mark.parametrize(
    "behaviour",
    [hangs, says(WHOLE[:-3], pause=60), says(*(bytes([byte]) for byte in WHOLE * 2), pause=0.1)],
    ids=["nothing", "a part", "drop by drop"],
)
async def test_an_answer_that_takes_too_long_is_unknown(behaviour: Serve) -> None:
    """Also one that comes drop by drop, each within the time-out of a read: the time-out is for the whole request."""
    async with raw_server(behaviour) as server:
        began = asyncio.get_running_loop().time()
        assert isinstance(await started(server.url, time_out=0.5), OutcomeUnknown)
        assert asyncio.get_running_loop().time() - began < 2
    assert len(server.requests) == server.connections == 1


async def test_a_whole_answer_is_accepted() -> None:
    async with raw_server(says(WHOLE)) as server:
        assert await started(server.url) == Accepted("1732398765432:1")
    assert len(server.requests) == 1
    assert server.requests[0].startswith(f"POST /apis/portal/abonents/{LINE}/call?phoneNumber=79139123456 HTTP/1.1\r\n")


async def test_a_chunked_answer_is_whole_when_its_end_has_come() -> None:
    async with raw_server(says(CHUNKED + b"f\r\n1732398765432:1\r\n0\r\n\r\n")) as server:
        assert await started(server.url) == Accepted("1732398765432:1")


async def test_a_refusal_sent_before_the_request_was_read_is_a_refusal() -> None:
    head = f"HTTP/1.1 429 Slow\r\nContent-Length: {len(REFUSAL)}\r\n\r\n".encode()
    async with raw_server(says(head + REFUSAL, pause=0.2), reads_request=False) as server:
        assert await started(server.url) == Refused("AbonentBusy", "")


async def test_a_name_that_does_not_resolve_means_not_sent() -> None:
    assert isinstance(await started("https://beeline.invalid"), NotSent)


async def test_connection_refused_means_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert isinstance(await started(f"http://127.0.0.1:{port}"), NotSent)


async def test_a_connection_that_is_never_made_means_not_sent() -> None:
    """A full queue of a listener that takes none: the connection times out."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        await asyncio.sleep(0.05)
        assert isinstance(await started(f"http://127.0.0.1:{listener.getsockname()[1]}", time_out=0.6), NotSent)


@pytest.mark.parametrize(
    "behaviour",
    [says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), says(), resets(), hangs],
    ids=["plain HTTP", "closed", "reset", "silent"],
)
async def test_tls_that_fails_means_not_sent(behaviour: Serve) -> None:
    async with raw_server(behaviour, reads_request=False, scheme="https") as server:
        assert isinstance(await started(server.url, time_out=1.0), NotSent)
    assert server.connections == 1


async def test_each_call_request_has_a_connection_of_its_own() -> None:
    """Even where the server would keep them: one that closes right after its answer costs no answer."""

    async def answers_and_leaves_soon(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE)
        await writer.drain()
        asyncio.get_running_loop().call_later(0.01, writer.close)

    async with raw_server(answers_and_leaves_soon) as server, a_gateway(server.url) as gateway:
        for pause in (0.0, 0.0, 0.01, 0.02, 0.1):
            assert isinstance(await gateway.start(a_dial()), Accepted)
            await asyncio.sleep(pause)
        answers = await asyncio.gather(*(gateway.start(a_dial()) for _ in range(20)))
    assert all(isinstance(answer, Accepted) for answer in answers)
    assert server.connections == len(server.requests) == 25


async def test_other_requests_share_their_connections() -> None:
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"ONLINE"'
    async with raw_server(says(answer, close=False)) as server, a_client(server.url) as client:
        for _ in range(5):
            assert await client.agent_status(LINE) == "ONLINE"
    assert server.connections == 1


async def test_a_cancelled_task_is_cancelled() -> None:
    arrived = asyncio.Event()

    async def tells_and_hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await hangs(reader, writer)

    async with raw_server(tells_and_hangs) as server, a_gateway(server.url) as gateway:
        task = asyncio.create_task(gateway.start(a_dial()))
        await asyncio.wait_for(arrived.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(server.requests) == 1
