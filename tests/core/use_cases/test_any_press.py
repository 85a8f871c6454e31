"""What holds of any press and any Call, whoever asks for whatever: N2, D3, K2, K6, P2, P4 as properties."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from tests.core.use_cases.office import Office

from telephony_core.device import DeviceReason
from telephony_core.errors import (
    CallClosed,
    CallNotFound,
    CallOfAnotherEmployee,
    CallOfAnotherTarget,
    DeviceNotEligible,
    EmployeeBusy,
    NotPermitted,
    PhoneNumberNotOfTarget,
    PreviousOutcomeUnknown,
    TelephonyError,
)
from telephony_core.party import Permission, Target, TargetKind
from telephony_core.ports import CallFilter
from telephony_core.serialization.values import event_to_stored
from telephony_core.testing.examples import (
    NOW,
    a_call,
    a_card,
    a_client,
    a_mobile,
    a_number,
    a_principal,
    a_sim,
    an_interest,
    an_ip_phone,
)

STRANGE = 9
"""The place of a number that is no client's."""


@frozen
class Asked:
    """A press by E-0: on the card of client or interest `target`, to the number of that place, from a device of E-n."""

    kind: TargetKind
    target: int
    number: int
    owner: int
    from_mobile: bool
    free_hand: bool
    phone_works: bool
    fmtn: bool

    @property
    def device_id(self) -> str:
        return f"{'M' if self.from_mobile else 'D'}-{self.owner}"

    @property
    def of_target(self) -> bool:
        return self.number == self.target

    def eligible(self) -> dict[str, bool]:
        return {"D-0": self.phone_works, "M-0": self.fmtn}


_asked = st.builds(
    Asked,
    st.sampled_from(TargetKind),
    st.integers(0, 1),
    st.sampled_from([0, 1, STRANGE]),
    st.sampled_from([0, 0, 1]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


def office_of(asked: Asked) -> Office:
    office = Office(employees=2, clients=2)
    office.directory.put(
        an_ip_phone(id="D-0", employee_id="E-0", line="100@pbx", active=asked.phone_works),
        a_mobile(id="M-0", employee_id="E-0", line="9050@pbx", sim=a_sim(number=SIM), fmtn=asked.fmtn),
    )
    return office


SIM = a_number(0, prefix="+7905")


async def pressed(office: Office, asked: Asked) -> str:
    """The id of the attempt."""
    more = [Permission.CALL_FREE_HAND] if asked.free_hand else []
    kind = "I" if asked.kind is TargetKind.INTEREST else "C"
    placed = await office.press(
        0,
        by=office.principal(0, *more),
        target=Target(asked.kind, f"{kind}-{asked.target}"),
        phone_number=a_number(asked.number, prefix="+7913").e164,
        device_id=asked.device_id,
    )
    return str(placed.attempt_id)


@given(_asked)
async def test_n2_d3_what_is_dialled_is_what_may_be_and_what_was_asked_for(asked: Asked) -> None:
    """N2, D3: a number of the target, or free-hand by permission and said so; the device asked for, or a refusal that
    tells its reasons and exactly the devices that could be used; a refusal dials nothing and holds nothing."""
    office = office_of(asked)
    attempt_id, refusal = None, None
    try:
        attempt_id = await pressed(office, asked)
    except (PhoneNumberNotOfTarget, DeviceNotEligible) as refused:
        refusal = refused
    if refusal is not None:
        assert office.provider.requests == []
        assert office.store.reservations == {}
    if isinstance(refusal, PhoneNumberNotOfTarget):
        assert (asked.of_target, asked.free_hand) == (False, False)
        return
    usable = {device_id for device_id, eligible in asked.eligible().items() if eligible}
    if refusal is not None:
        assert asked.device_id not in usable
        others: Any = refusal.reasons["alternatives"]
        assert {each["id"] for each in others} == usable
        shown = {"D-0": {"requested": a_number(0).e164}, "M-0": {"requested": SIM.e164}}
        assert all(each["shown"] == shown[each["id"]] for each in others)
        of_another = [DeviceReason.OF_ANOTHER_EMPLOYEE]
        assert (refusal.reasons["reasons"] == of_another) is (asked.owner != 0)
        return
    attempt = office.attempt(attempt_id)
    assert asked.of_target or asked.free_hand
    assert attempt.free_hand is not asked.of_target
    assert attempt.phone_number == a_number(asked.number, prefix="+7913")
    assert attempt.device.id == asked.device_id
    assert asked.device_id in usable
    assert [request.line for request in office.provider.requests] == [attempt.device.line]


@given(_asked)
async def test_p2_no_event_of_any_call_holds_a_full_number(asked: Asked) -> None:
    """P2: neither as it is told nor as it is stored; the masked one and the ids are there."""
    office = office_of(asked)
    try:
        attempt_id = await pressed(office, asked)
    except TelephonyError:
        return
    await office.deliver()
    number = a_number(asked.number, prefix="+7913")
    events = office.store.events
    assert {event.attempt_id for event in events} == {attempt_id}
    for event in events:
        assert number.digits[1:] not in f"{event!r}{event_to_stored(event)}"
        assert event.phone_number == number.masked


@given(reports=st.integers(0, 4), waits=st.lists(st.integers(1, 1500), max_size=6))
async def test_k2_missing_reports_free_nobody(reports: int, waits: list[int]) -> None:
    """K2: whatever was heard before the silence, short of an end, nobody else may call and be called for hours."""
    office = Office(can_look_up=False)
    placed = await office.press()
    told = office.provider.reports()[:reports]
    if told:
        await office.deliver(*told)
    for seconds in waits:  # 9,000 s at most, of 14,400
        await office.wait(seconds)
    attempt = office.attempt(placed.attempt_id)
    assert attempt.live
    assert set(office.store.reservations.values()) == {placed.attempt_id}
    with pytest.raises((EmployeeBusy, PreviousOutcomeUnknown)):
        await office.press(0, 1, key="2")
    assert len(office.provider.requests) == 1


_targets = st.sampled_from(["C-17", "C-18", "I-204", "I-205"])
CLIENT_OF = {"C-17": "C-17", "C-18": "C-18", "I-204": "C-17", "I-205": "C-17"}


def _target(name: str) -> Target:
    return Target(TargetKind.INTEREST if name.startswith("I") else TargetKind.CLIENT, name)


@given(
    of_call=_targets,
    asked=_targets,
    clients_number=st.booleans(),
    own=st.booleans(),
    for_others=st.booleans(),
    closed=st.sampled_from([None, "by hand", "by age"]),
)
def test_k6_which_call_takes_the_attempt(
    of_call: str, asked: str, clients_number: bool, own: bool, for_others: bool, closed: str | None
) -> None:
    """K6: of the same employee unless permitted; the same target, or one of the two is the other's client and the
    number is that client's; open. The first of these that fails is what is said."""
    age = timedelta(days=31 if closed == "by age" else 1)
    call = a_call(
        target=_target(of_call),
        client_id=CLIENT_OF[of_call],
        created_at=NOW - age,
        closed_at=NOW - age if closed == "by hand" else None,
    )
    client = a_client(id=CLIENT_OF[asked])
    interest = an_interest(id=asked, client_id=client.id) if asked.startswith("I") else None
    employee = "E-5" if own else "E-6"
    more = [Permission.ACT_FOR_OTHERS] if for_others else []
    one_client = CLIENT_OF[of_call] == CLIENT_OF[asked] in (of_call, asked)
    refusals: list[type[TelephonyError]] = []
    if not own and not for_others:
        refusals.append(CallOfAnotherEmployee)
    if of_call != asked and not (one_client and clients_number):
        refusals.append(CallOfAnotherTarget)
    if closed:
        refusals.append(CallClosed)
    said: type[TelephonyError] | None = None
    try:
        call.admit(
            principal=a_principal(*more, employee_id=employee),
            employee_id=employee,
            card=a_card(client=client, interest=interest),
            number_of_client=clients_number,
            now=NOW,
            open_for=timedelta(days=30),
        )
    except TelephonyError as refusal:
        said = type(refusal)
    assert said is (refusals[0] if refusals else None)


@given(
    owners=st.lists(st.integers(0, 2), max_size=5),
    reader=st.integers(0, 2),
    for_others=st.booleans(),
    filters=st.sampled_from([None, 0, 1, 2]),
)
async def test_p4_one_reads_ones_own(owners: list[int], reader: int, for_others: bool, filters: int | None) -> None:
    """P4: without `act_for_others` a list holds one's own Calls, another's is not found, and can't be asked for."""
    office = Office()
    for place, owner in enumerate(owners):
        await office.press(owner, dial=False, key=str(place))
    principal = office.principal(reader, *([Permission.ACT_FOR_OTHERS] if for_others else []))
    wanted = CallFilter(employee_id=f"E-{filters}" if filters is not None else None)
    visible = {call.id for call in office.calls if for_others or call.employee_id == f"E-{reader}"}
    for call in office.calls:
        if call.id in visible:
            assert (await office.read.one(principal, call.id))[0] == call
        else:
            with pytest.raises(CallNotFound):
                await office.read.one(principal, call.id)
    if filters not in (None, reader) and not for_others:
        with pytest.raises(NotPermitted):
            await office.read.page(principal, wanted, cursor=None, limit=10)
        return
    seen = await office.read.page(principal, wanted, cursor=None, limit=10)
    of_them = {call.id for call in office.calls if filters is None or call.employee_id == f"E-{filters}"}
    assert {call.id for call in seen.page.items} == visible & of_them
