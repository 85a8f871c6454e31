"""The yardstick: the same job as it is plainly written, FastAPI, the ORM, and an HTTP client. For benchmarks.

    python -m tests.benchmarks.plain_service PORT DATABASE_URL PROVIDER_URL

What `POST /api/v1/calls` has to do at the least: the token, the key, the card, the device, one live call per employee,
the pool of the region, two commits round one request to the provider, events, the answer. No steps of a decision, no
reservations, no masking, no logs. Its figures tell machines and hours apart, and what care costs or saves.
"""

from __future__ import annotations

import hashlib
import sys
import uuid
from bisect import bisect_right
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx2
import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, DateTime, ForeignKey, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

PEOPLE = 64
"""Employees, each with a phone, and clients, each with a number."""
TOKEN = "plain"


def number_of(client: int) -> str:
    return f"+79031{client:06}"


class Base(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True), dict[str, Any]: JSON}  # noqa: RUF012


class Token(Base):
    __tablename__ = "tokens"
    digest: Mapped[str] = mapped_column(primary_key=True)
    employee_id: Mapped[str | None]


class Client(Base):
    __tablename__ = "clients"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    numbers: Mapped[list[Number]] = relationship()


class Number(Base):
    __tablename__ = "numbers"
    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"), index=True)
    e164: Mapped[str]
    do_not_call: Mapped[bool] = mapped_column(default=False)


class Device(Base):
    __tablename__ = "devices"
    id: Mapped[str] = mapped_column(primary_key=True)
    employee_id: Mapped[str] = mapped_column(index=True)
    line: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)


class PoolNumber(Base):
    __tablename__ = "pool_numbers"
    number: Mapped[str] = mapped_column(primary_key=True)
    pool: Mapped[str] = mapped_column(index=True)
    uses: Mapped[int] = mapped_column(default=0)


class Call(Base):
    __tablename__ = "calls"
    id: Mapped[str] = mapped_column(primary_key=True)
    employee_id: Mapped[str] = mapped_column(index=True)
    client_id: Mapped[str]
    key: Mapped[str]
    device_id: Mapped[str]
    phone_number: Mapped[str]
    pool: Mapped[str]
    state: Mapped[str]
    reference: Mapped[str | None] = mapped_column(index=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("employee_id", "key"),)


class Event(Base):
    __tablename__ = "events"
    id: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str]
    name: Mapped[str]
    at: Mapped[datetime]
    body: Mapped[dict[str, Any]]


class CallIn(BaseModel):
    employee_id: str
    client_id: str
    phone_number: str
    device_id: str


class CallOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: str
    employee_id: str
    client_id: str
    device_id: str
    phone_number: str
    pool: str
    state: str
    reference: str | None
    created_at: datetime
    updated_at: datetime


class ReportIn(BaseModel):
    reference: str
    state: str


_RANGES = [79_000_000_000 + 60_000 * n for n in range(17_000)]


def _event(call: Call, name: str) -> Event:
    body = CallOut.model_validate(call).model_dump(mode="json")
    return Event(id=str(uuid.uuid4()), call_id=call.id, name=name, at=datetime.now(UTC), body=body)


routes = APIRouter(prefix="/api/v1")


async def session_of(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


InSession = Annotated[AsyncSession, Depends(session_of)]


async def token_of(session: InSession, authorization: Annotated[str, Header()]) -> Token:
    digest = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
    token = await session.get(Token, digest)
    if token is None:
        raise HTTPException(401)
    return token


WhoAsks = Annotated[Token, Depends(token_of)]


@routes.post("/calls", status_code=201)
async def place(
    asked: CallIn, request: Request, session: InSession, token: WhoAsks, idempotency_key: Annotated[str, Header()]
) -> CallOut:
    mine = select(Call).where(Call.employee_id == asked.employee_id)
    if (earlier := await session.scalar(mine.where(Call.key == idempotency_key))) is not None:
        return CallOut.model_validate(earlier)
    client = await session.get(Client, asked.client_id, options=[selectinload(Client.numbers)])
    device = await session.get(Device, asked.device_id)
    if client is None or device is None or device.employee_id != asked.employee_id or not device.active:
        raise HTTPException(422)
    if not any(each.e164 == asked.phone_number and not each.do_not_call for each in client.numbers):
        raise HTTPException(422)
    if await session.scalar(mine.where(Call.state.not_in(["ended", "failed"])).limit(1)) is not None:
        raise HTTPException(409)
    pool = f"pool-{bisect_right(_RANGES, int(asked.phone_number[1:])) % 10}"
    least_used = select(PoolNumber).where(PoolNumber.pool == pool).order_by(PoolNumber.uses).limit(1)
    picked = (await session.scalars(least_used.with_for_update())).one()
    picked.uses += 1
    now = datetime.now(UTC)
    call = Call(
        id=str(uuid.uuid4()),
        **asked.model_dump(),
        key=idempotency_key,
        pool=pool,
        state="initiating",
        created_at=now,
        updated_at=now,
    )
    session.add_all([call, _event(call, "call_started")])
    await session.commit()
    address = f"{request.app.state.provider}abonents/{device.line}/call"
    answer = await request.app.state.http.post(address, params={"phoneNumber": asked.phone_number})
    call.state = "accepted" if answer.is_success else "failed"
    call.reference = answer.text
    call.updated_at = datetime.now(UTC)
    session.add(_event(call, "call_changed"))
    await session.commit()
    return CallOut.model_validate(call)


@routes.post("/reports")
async def report(told: ReportIn, session: InSession) -> dict[str, str]:
    call = await session.scalar(select(Call).where(Call.reference == told.reference).with_for_update())
    if call is not None and call.state != "ended":
        call.state = told.state
        call.updated_at = datetime.now(UTC)
        session.add(_event(call, "call_changed"))
        await session.commit()
    return {"status": "ok"}


@routes.get("/calls")
async def page(session: InSession, token: WhoAsks, limit: int = 50) -> list[CallOut]:
    found = await session.scalars(select(Call).order_by(Call.created_at.desc(), Call.id).limit(limit))
    return [CallOut.model_validate(each) for each in found]


def plain_app(database_url: str, provider_url: str) -> FastAPI:
    engine = create_async_engine(database_url, pool_size=20, max_overflow=0)

    @asynccontextmanager
    async def lives(app: FastAPI) -> AsyncIterator[None]:
        app.state.provider = provider_url
        app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with app.state.sessions() as session:
            session.add(Token(digest=hashlib.sha256(TOKEN.encode()).hexdigest(), employee_id=None))
            for n in range(PEOPLE):
                number = Number(id=f"N-{n}", e164=number_of(n))
                session.add(Client(id=f"C-{n}", name=f"Client {n}", numbers=[number]))
                session.add(Device(id=f"D-{n}", employee_id=f"E-{n}", line=f"line-{n}"))
            session.add_all(PoolNumber(number=f"+7903{n:07}", pool=f"pool-{n % 10}") for n in range(100))
            await session.commit()
        async with httpx2.AsyncClient(trust_env=False) as client:
            app.state.http = client
            yield
        await engine.dispose()

    app = FastAPI(lifespan=lives)
    app.include_router(routes)
    return app


if __name__ == "__main__":
    plain = plain_app(sys.argv[2], sys.argv[3])
    uvicorn.run(plain, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
