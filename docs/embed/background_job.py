"""A background job that calls clients: our store and worker without our HTTP.

    python docs/embed/background_job.py

The provider is one in memory. Put your gateway in its place, and its reports into `telephony.apply_report`.
"""

import asyncio
from tempfile import TemporaryDirectory

from telephony_adapters.directories.own_tables import OwnDirectory
from telephony_adapters.numbering.demo import demo_resolver
from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_adapters.numbering.zones import RegionZones
from telephony_adapters.process import SystemClock, Ulids
from telephony_adapters.store.engine import open_store
from telephony_adapters.store.migrations import upgrade
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_adapters.worker import run_worker
from telephony_core.dialling import DiallingRules
from telephony_core.party import Client, EnteredNumber, Permission, Principal, Target, TargetKind
from telephony_core.testing import examples, fakes
from telephony_core.use_cases.assembly import Telephony
from telephony_core.use_cases.initiate_call import InitiateRequest
from telephony_core.use_cases.rules import Rules

ROBOT = Principal("nightly-job", "E-5", frozenset({Permission.CALL}))
CLIENTS = [Client(f"C-{n}", "", (EnteredNumber("", f"8 913 912-34-0{n}", primary=True),)) for n in range(1, 4)]


async def main(database_url: str) -> None:
    await upgrade(database_url)
    engine, clock, stop = open_store(database_url), SystemClock(), asyncio.Event()
    store, directory, provider = SqlStore(engine, clock), OwnDirectory(engine), fakes.OneStepGateway(clock)
    await directory.put_all(employees=[examples.an_employee()], devices=[examples.an_ip_phone()], clients=CLIENTS)
    async with store.write() as work:
        await work.carousel.store(examples.a_carousel())
        await work.commit()
    telephony = Telephony(
        store=store, directory=directory, gateways={provider.name: provider}, statuses=fakes.FakeStatuses(),
        parser=PhoneNumbers(), regions=demo_resolver(), zones=RegionZones(), clock=clock, ids=Ulids(),
        rules=Rules(dialling=DiallingRules(quiet_hours=None)),
    )  # fmt: skip
    worker = asyncio.create_task(run_worker(telephony.reconcile_calls, stop=stop, clock=clock))
    for client in CLIENTS:
        request = InitiateRequest(Target(TargetKind.CLIENT, client.id), fingerprint=client.id)
        placed = await telephony.initiate_call(ROBOT, request, key=f"tonight-{client.id}")
        for report in provider.reports():  # a real provider tells of it in its own time
            await telephony.apply_report(report)
        call, now = await telephony.read_calls.one(ROBOT, placed.call.id)
        print(client.id, call.attempts[0].decision.requested, call.state(now, telephony.rules.call_open_for))
    stop.set()
    await worker
    await engine.dispose()


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        asyncio.run(main(f"sqlite:///{folder}/telephony.db"))
