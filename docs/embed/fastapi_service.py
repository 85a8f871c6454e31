"""A FastAPI service that embeds the core: one button, and what its client will see.

    uvicorn --app-dir docs/embed fastapi_service:app --port 8090
    curl -X POST 'localhost:8090/calls?client_id=C-17' -H 'Idempotency-Key: press-1'

Put your authentication in the place of the fixed principal; `background_job.py` shows adapters for the ports.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse

from telephony_adapters.worker import run_worker
from telephony_core import errors
from telephony_core.dialling import DiallingRules
from telephony_core.party import Target, TargetKind
from telephony_core.testing import examples, fakes
from telephony_core.use_cases.assembly import Telephony
from telephony_core.use_cases.initiate_call import InitiateRequest
from telephony_core.use_cases.rules import Rules

clock = fakes.FakeClock()
provider = fakes.OneStepGateway(clock)
directory = fakes.FakeDirectory(examples.a_client(), examples.an_employee(), examples.an_ip_phone())
telephony = Telephony(
    store=fakes.FakeStore(clock, carousel=examples.a_carousel()), directory=directory,
    gateways={provider.name: provider}, statuses=fakes.FakeStatuses(), parser=fakes.FakeParser(),
    regions=fakes.FakeRegions({"+7913": ["RU-NVS"]}), zones=fakes.FakeTimeZones({"RU-NVS": 7}), clock=clock,
    ids=fakes.FakeIds(), rules=Rules(dialling=DiallingRules(quiet_hours=None)),
)  # fmt: skip


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(telephony.reconcile_calls, stop=stop, clock=clock))
    yield
    stop.set()
    await worker


app = FastAPI(lifespan=lifespan)


@app.exception_handler(errors.TelephonyError)
async def refuse(_request: Request, error: errors.TelephonyError) -> JSONResponse:
    status = 404 if isinstance(error, errors.NotFound) else 409 if isinstance(error, errors.Conflict) else 422
    return JSONResponse({"code": error.code, "detail": error.detail, **error.reasons}, status)


@app.post("/calls", status_code=201)
async def press(client_id: str, idempotency_key: str = Header()) -> dict[str, str | None]:
    wanted = InitiateRequest(Target(TargetKind.CLIENT, client_id), fingerprint=client_id)
    call = (await telephony.initiate_call(examples.a_principal(), wanted, idempotency_key)).call
    shown = call.attempts[-1].decision.requested
    return {"call_id": call.id, "shown": shown.e164 if shown else None}
