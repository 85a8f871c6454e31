"""Devices: what rings at the employee's, and whether a call may be placed from it now (D1, D2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from attrs import frozen

from telephony_core.phone import PhoneNumber


class DeviceKind(StrEnum):
    IP_PHONE = "ip_phone"
    MOBILE = "mobile"


class DeviceReason(StrEnum):
    """Why a device is not eligible. The first excludes all others: of a colleague's device no detail is told."""

    OF_ANOTHER_EMPLOYEE = "of_another_employee"
    INACTIVE = "inactive"
    NO_CORPORATE_SIM = "no_corporate_sim"
    SIM_NOT_ISSUED = "sim_not_issued"
    SIM_RETURNED = "sim_returned"
    NO_FMTN = "no_fmtn"
    PHONE_OFFLINE = "phone_offline"
    AGENT_AWAY = "agent_away"


@frozen
class CorporateSim:
    """A SIM card of the company. It may be used from `issued_at` on (None: not issued yet) and until `returned_at`."""

    number: PhoneNumber
    issued_at: datetime | None
    returned_at: datetime | None = None


@frozen
class IpPhone:
    """A telephone of the company's PBX. `line` is the provider's name for it (Beeline: the subscriber's user id),
    `number` its own direct number, which clients must not see."""

    id: str
    employee_id: str
    label: str
    provider: str
    line: str
    number: PhoneNumber | None = None
    active: bool = True
    preferred: bool = False

    @property
    def kind(self) -> DeviceKind:
        return DeviceKind.IP_PHONE


@frozen
class Mobile:
    """A mobile phone. Only a corporate SIM with FMTN makes it a line of the company's telephony."""

    id: str
    employee_id: str
    label: str
    provider: str
    line: str
    sim: CorporateSim | None
    fmtn: bool
    active: bool = True
    preferred: bool = False

    @property
    def kind(self) -> DeviceKind:
        return DeviceKind.MOBILE

    @property
    def number(self) -> PhoneNumber | None:
        """The SIM's own."""
        return self.sim.number if self.sim is not None else None


Device = IpPhone | Mobile


def own_numbers(devices: Iterable[Device]) -> frozenset[PhoneNumber]:
    """The numbers of an employee's devices: seen by a client, each of them is a leak (C10)."""
    return frozenset(device.number for device in devices if device.number is not None)


@frozen
class DeviceStatus:
    """What the provider last said of a device, and when. A missing status stands against nothing (D2)."""

    online: bool
    agent_away: bool
    at: datetime


STATUS_LIFETIME = timedelta(minutes=5)
"""How long a status of the provider is believed: longer than a polling round (60 s), shorter than a coffee break."""


def ineligibility(
    device: Device, employee_id: str, now: datetime, status: DeviceStatus | None
) -> tuple[DeviceReason, ...]:
    """Why `employee_id` may not call from `device` at `now`; empty if they may (D1, D2)."""
    if device.employee_id != employee_id:
        return (DeviceReason.OF_ANOTHER_EMPLOYEE,)
    reasons: list[DeviceReason] = []
    if not device.active:
        reasons.append(DeviceReason.INACTIVE)
    if isinstance(device, Mobile):
        reasons += _against_mobile(device, now)
    elif status is not None and now - status.at <= STATUS_LIFETIME:
        if not status.online:
            reasons.append(DeviceReason.PHONE_OFFLINE)
        if status.agent_away:
            reasons.append(DeviceReason.AGENT_AWAY)
    return tuple(reasons)


def _against_mobile(device: Mobile, now: datetime) -> list[DeviceReason]:
    if device.sim is None:
        return [DeviceReason.NO_CORPORATE_SIM]
    reasons: list[DeviceReason] = []
    if device.sim.issued_at is None or now < device.sim.issued_at:
        reasons.append(DeviceReason.SIM_NOT_ISSUED)
    if device.sim.returned_at is not None and now >= device.sim.returned_at:
        reasons.append(DeviceReason.SIM_RETURNED)
    if not device.fmtn:
        reasons.append(DeviceReason.NO_FMTN)
    return reasons
