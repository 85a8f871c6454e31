"""The core put together from its ports does what the parts do."""

from __future__ import annotations

from tests.core.use_cases.office import Office

from telephony_core.call_facts import AttemptState, LegName, Outcome
from telephony_core.party import Target, TargetKind
from telephony_core.ports import CallFilter
from telephony_core.testing.fakes import FakeParser, FakeRegions, FakeTimeZones
from telephony_core.use_cases.assembly import Telephony
from telephony_core.use_cases.initiate_call import InitiateRequest


def _telephony(office: Office) -> Telephony:
    return Telephony(
        store=office.store,
        directory=office.directory,
        gateways={"beeline": office.provider},
        statuses=office.statuses,
        parser=FakeParser(),
        regions=FakeRegions({"+7913": ["RU-NVS"]}),
        zones=FakeTimeZones({"RU-NVS": 7}),
        clock=office.clock,
        ids=office.ids,
        rules=office.rules,
    )


async def test_a_call_from_the_press_to_its_end() -> None:
    """N1, D2, K3: over the ports alone; its time-outs pass, and it can be read, hung up, closed and attributed."""
    office = Office()
    telephony = _telephony(office)
    principal, target = office.principal(), Target(TargetKind.CLIENT, "C-0")
    found = await telephony.find_numbers(principal, target)
    assert [each.callable for each in found.numbers] == [True]
    devices = await telephony.list_devices(principal, None, target)
    assert [each.eligible for each in devices] == [True, True]
    placed = await telephony.initiate_call(principal, InitiateRequest(target, "press", device_id="D-0"), "key")
    await telephony.apply_report(office.provider.reports()[0])
    call, _ = await telephony.read_calls.one(principal, placed.call.id)
    assert call.attempts[0].reading.state is AttemptState.RINGING_EMPLOYEE
    await telephony.hang_up_call(principal, call.id)
    for report in office.provider.reports():
        await telephony.apply_report(report)
    await telephony.reconcile_calls()
    closed, _ = await telephony.close_call(principal, call.id, "done")
    assert closed.attempts[0].reading.outcome is Outcome.CANCELLED
    page = await telephony.read_calls.page(principal, CallFilter(), cursor=None, limit=5)
    assert [each.note for each in page.page.items] == ["done"]
    answer = await telephony.attribute_callback(principal, office.numbers[0])
    assert answer.employee_id == "E-0"


async def test_what_is_heard_over_a_connection_of_ours_is_applied_and_compared() -> None:
    """K1: what a worker's listener hears goes the same way as what is reported; what is over here is hung up there."""
    office = Office(two_step=True)
    telephony = _telephony(office)
    principal, target = office.principal(), Target(TargetKind.CLIENT, "C-0")
    placed = await telephony.initiate_call(principal, InitiateRequest(target, "press", device_id="D-0"), "key")
    assert await telephony.hears.apply(office.provider.reports()[0])
    await telephony.hang_up_call(principal, placed.call.id)
    for report in office.provider.reports():
        await telephony.hears.apply(report)
    asked = len(office.provider.hang_ups)
    await telephony.hears.compare("beeline", [(str(placed.attempt_id), LegName.EMPLOYEE)])
    assert [command.attempt_id for command in office.provider.hang_ups[asked:]] == [placed.attempt_id]
