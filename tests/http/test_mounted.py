"""The app inside another one, under a path of the host's: what it names of itself is named with that path."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.http.office import Callers, Office, living

PLACE = "/telephony"


@pytest.fixture
async def mounted(office: Office) -> AsyncIterator[Callers]:
    app = office.app()
    host = Starlette(routes=[Mount(PLACE, app=app)])  # type: ignore[arg-type]  # Litestar types its messages more closely
    transport = httpx2.ASGITransport(app=host)
    async with living(app), httpx2.AsyncClient(transport=transport, base_url=f"http://crm.test{PLACE}") as client:
        yield Callers(client, office, app)


async def test_a_placed_call_is_found_where_the_answer_says(mounted: Callers) -> None:
    placed = await mounted.place()
    assert placed.status_code == 201, placed.text
    assert placed.headers["Location"] == f"{PLACE}/api/v1/calls/{placed.json()['id']}"


@pytest.mark.parametrize("path", ["/schema", "/schema/", "/schema/swagger"])
async def test_the_page_of_the_document_has_its_files(mounted: Callers, path: str) -> None:
    page = await mounted.get(path, as_=None)
    files = re.findall(r'(?:src|href|data-document)="(/[^"]+)"', page.text)
    assert len(files) == 5
    for file in files:
        assert (await mounted.client.get(f"http://crm.test{file}")).status_code == 200, file


@pytest.mark.parametrize("form", ["json", "yaml"])
async def test_the_document_says_where_the_paths_begin(mounted: Callers, callers: Callers, form: str) -> None:
    """What is mounted nowhere begins at the root, as in docs/api."""
    read = re.compile(r'"?servers"?:\s*\[?\s*-?\s*\{?"?url"?:\s*"?([^"\s}]+)')
    inside = read.search((await mounted.get(f"/schema/openapi.{form}", as_=None)).text)
    alone = read.search((await callers.get(f"/schema/openapi.{form}", as_=None)).text)
    assert inside is not None
    assert alone is not None
    assert (inside[1], alone[1]) == (PLACE, "/")
