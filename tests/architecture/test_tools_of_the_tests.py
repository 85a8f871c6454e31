"""The ground that all tests stand on: mocks are seen, nothing leaves the machine, Litestar's client works."""

from __future__ import annotations

import socket

import httpx2
import pytest
import respx
from litestar import Litestar, get
from litestar.testing import AsyncTestClient, TestClient


async def test_respx_sees_httpx2(respx_mock: respx.MockRouter) -> None:
    respx_mock.get("https://provider.invalid/x").respond(204)
    async with httpx2.AsyncClient() as client:
        assert (await client.get("https://provider.invalid/x")).status_code == 204


async def test_respx_raises_the_family_of_errors_that_our_code_catches(respx_mock: respx.MockRouter) -> None:
    respx_mock.get("https://provider.invalid/x").mock(side_effect=httpx2.ReadTimeout)
    async with httpx2.AsyncClient() as client:
        with pytest.raises(httpx2.ReadTimeout):
            await client.get("https://provider.invalid/x")


async def test_a_name_below_invalid_does_not_resolve() -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("https://provider.invalid/x")


async def test_a_request_that_no_mock_caught_fails_by_name() -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        with pytest.raises(pytest.fail.Exception, match=r"provider\.example"):
            await client.get("https://provider.example/x")


def test_a_connection_to_another_machine_fails_by_name() -> None:
    with socket.socket() as other, pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"):
        other.connect(("192.0.2.1", 80))


@get("/", sync_to_thread=False)
def hello() -> dict[str, str]:
    return {"hello": "здравствуйте"}


def test_litestars_test_client_works_beside_the_alias() -> None:
    with TestClient(Litestar([hello])) as client:
        assert client.get("/").json() == {"hello": "здравствуйте"}


async def test_litestars_async_test_client_works_beside_the_alias() -> None:
    async with AsyncTestClient(Litestar([hello])) as client:
        assert (await client.get("/")).status_code == 200
