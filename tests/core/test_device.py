"""Devices: whose they are, and whether a call may be placed from them now (D1, D2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from telephony_core.device import (
    STATUS_LIFETIME,
    Device,
    DeviceKind,
    DeviceReason,
    DeviceStatus,
    Mobile,
    ineligibility,
    own_numbers,
)
from telephony_core.phone import PhoneNumber
from telephony_core.testing.examples import NOW, a_mobile, a_sim, an_ip_phone
from telephony_core.testing.strategies import devices, instants, mobiles

_MICROSECOND = timedelta(microseconds=1)
_AWAY = DeviceStatus(online=False, agent_away=True, at=NOW)


def _statuses() -> st.SearchStrategy[DeviceStatus | None]:
    return st.none() | st.builds(DeviceStatus, st.booleans(), st.booleans(), instants())


@given(device=devices(employee_id="E-6"), status=_statuses())
def test_a_colleagues_device_is_refused_without_any_detail(device: Device, status: DeviceStatus | None) -> None:
    """D1: whatever else speaks against it."""
    assert ineligibility(device, "E-5", NOW, status) == (DeviceReason.OF_ANOTHER_EMPLOYEE,)


@given(device=devices(), status=_statuses())
def test_what_is_not_active_is_not_eligible(device: Device, status: DeviceStatus | None) -> None:
    """D1: only while it is active, and the reason says so."""
    reasons = ineligibility(device, "E-5", NOW, status)
    assert (DeviceReason.INACTIVE in reasons) is not device.active


@pytest.mark.parametrize(
    ("issued", "returned", "reasons"),
    [
        (NOW, None, ()),
        (NOW - _MICROSECOND, NOW + _MICROSECOND, ()),
        (NOW + _MICROSECOND, None, (DeviceReason.SIM_NOT_ISSUED,)),
        (None, None, (DeviceReason.SIM_NOT_ISSUED,)),
        (NOW - timedelta(days=2), NOW, (DeviceReason.SIM_RETURNED,)),
        (NOW - timedelta(days=2), NOW - timedelta(days=1), (DeviceReason.SIM_RETURNED,)),
        (None, NOW, (DeviceReason.SIM_NOT_ISSUED, DeviceReason.SIM_RETURNED)),
    ],
)
def test_a_sim_is_used_only_between_its_issue_and_its_return(
    issued: object, returned: object, reasons: tuple[DeviceReason, ...]
) -> None:
    """D1: from the instant of the issue on, and not at the instant of the return."""
    mobile = a_mobile(sim=a_sim(issued_at=issued, returned_at=returned))
    assert ineligibility(mobile, "E-5", NOW, None) == reasons


@given(mobile=mobiles(), status=_statuses())
def test_a_mobile_needs_a_corporate_sim_and_fmtn(mobile: Mobile, status: DeviceStatus | None) -> None:
    """D2: exactly then it is eligible; a status of the provider says nothing of a mobile."""
    sim = mobile.sim
    in_use = (
        sim is not None
        and sim.issued_at is not None
        and sim.issued_at <= NOW
        and (sim.returned_at is None or sim.returned_at > NOW)
    )
    assert (ineligibility(mobile, "E-5", NOW, status) == ()) is (mobile.active and in_use and mobile.fmtn)


def test_every_reason_against_a_mobile_is_told() -> None:
    """D2 and D3: all of them at once; without a SIM there is no more to say of it."""
    against = a_mobile(active=False, fmtn=False, sim=a_sim(issued_at=None))
    assert ineligibility(against, "E-5", NOW, None) == (
        DeviceReason.INACTIVE,
        DeviceReason.SIM_NOT_ISSUED,
        DeviceReason.NO_FMTN,
    )
    assert ineligibility(a_mobile(sim=None, fmtn=False), "E-5", NOW, None) == (DeviceReason.NO_CORPORATE_SIM,)


@pytest.mark.parametrize(
    ("status", "reasons"),
    [
        (None, ()),
        (DeviceStatus(online=True, agent_away=False, at=NOW), ()),
        (DeviceStatus(online=False, agent_away=False, at=NOW), (DeviceReason.PHONE_OFFLINE,)),
        (DeviceStatus(online=True, agent_away=True, at=NOW), (DeviceReason.AGENT_AWAY,)),
        (_AWAY, (DeviceReason.PHONE_OFFLINE, DeviceReason.AGENT_AWAY)),
        (evolve(_AWAY, at=NOW - STATUS_LIFETIME), (DeviceReason.PHONE_OFFLINE, DeviceReason.AGENT_AWAY)),
        (evolve(_AWAY, at=NOW - STATUS_LIFETIME - _MICROSECOND), ()),
    ],
)
def test_an_ip_phone_is_eligible_unless_the_provider_is_known_to_say_otherwise(
    status: DeviceStatus | None, reasons: tuple[DeviceReason, ...]
) -> None:
    """D2: a cached fact with an age; a missing or an old one stands against nothing."""
    assert ineligibility(an_ip_phone(), "E-5", NOW, status) == reasons


@given(device=devices())
def test_a_device_knows_its_kind(device: Device) -> None:
    expected = DeviceKind.MOBILE if isinstance(device, Mobile) else DeviceKind.IP_PHONE
    assert device.kind is expected


def test_an_employees_own_numbers_are_those_of_phones_and_sims() -> None:
    """C10: a phone may have none, and a mobile no SIM."""
    direct = PhoneNumber("+74951234567")
    devices = (an_ip_phone(number=direct), an_ip_phone(), a_mobile(), a_mobile(sim=None))
    assert own_numbers(devices) == {direct, a_sim().number}
    assert own_numbers(()) == frozenset()
