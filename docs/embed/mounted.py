"""Our whole HTTP service as a part of another ASGI application: its API under /telephony, its lifespan within yours.

    python docs/embed/mounted.py                     # makes an empty database and serves on port 8090
    curl localhost:8090/telephony/healthz

An application that is mounted isn't started by its host: without `lifespan` below no database is opened and no worker
runs. Routes of the API begin at /telephony/api/v1; give providers that address by TELEPHONY_PUBLIC_URL.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from telephony_adapters.store.migrations import upgrade
from telephony_http.app import create_app
from telephony_http.settings import Settings


async def home(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("the CRM")


def crm(settings: Settings) -> Starlette:
    telephony = create_app(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with telephony.lifespan():
            yield

    return Starlette(routes=[Route("/", home), Mount("/telephony", app=telephony)], lifespan=lifespan)


def main(folder: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{folder / 'telephony.db'}")
    asyncio.run(upgrade(settings.database_url))
    uvicorn.run(crm(settings), port=8090)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        main(Path(folder))
