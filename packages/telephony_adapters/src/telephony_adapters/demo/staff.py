"""The company's employees and what rings at theirs, in step with the provider's subscribers.

| employees | devices |
|---|---|
| `E-1`..`E-8` | an IP phone (`D-1`..`D-8`, preferred), and a mobile with SIM and FMTN (`D-101`..`D-108`) |
| `E-9`..`E-12` | an IP phone |
| `E-13` | an IP phone; a mobile whose SIM was given back |
| `E-14` | an IP phone; a mobile of their own, without a corporate SIM |
| `E-15`, `E-16` | a mobile with a SIM and without FMTN |
| `E-17` | nothing |
| `E-18` | an IP phone that is offline |
| `E-19` | an IP phone whose agent is on a break |
| `E-20` | an IP phone |
"""

from __future__ import annotations

from datetime import UTC, datetime

from telephony_adapters.beeline_simulator.population import COMPANY, AgentStatus, LineKind, Subscriber
from telephony_adapters.demo.carousel import PROVIDER
from telephony_core.device import CorporateSim, Device, DeviceStatus, IpPhone, Mobile
from telephony_core.party import Employee
from telephony_core.phone import PhoneNumber

_SIMS_ISSUED_AT = datetime(2024, 2, 1, tzinfo=UTC)
_SIM_RETURNED_AT = datetime(2024, 9, 2, tzinfo=UTC)


def _number_of(employee_id: str) -> int:
    return int(employee_id.removeprefix("E-"))


def employees() -> tuple[Employee, ...]:
    return tuple(Employee(each, f"Оператор {_number_of(each):02}") for each in COMPANY.employee_ids)


def devices() -> tuple[Device, ...]:
    """All devices, those of one employee in the order in which they are offered."""
    found: list[Device] = []
    for employee_id in COMPANY.employee_ids:
        lines = COMPANY.lines_of(employee_id)
        found.extend(_ip_phone(line) for line in lines if line.kind is LineKind.IP_PHONE)
        found.extend(_mobiles(employee_id))
    return tuple(found)


def status_at_provider(device: Device, now: datetime) -> DeviceStatus | None:
    """What the provider says of the device when the simulator starts; None for what is no line of the cloud PBX."""
    line = next((each for each in COMPANY.subscribers if each.user_id == device.line), None)
    if line is None:
        return None
    return DeviceStatus(
        online=line.agent_status is not AgentStatus.OFFLINE,
        agent_away=line.agent_status is AgentStatus.BREAK,
        at=now,
    )


def _ip_phone(line: Subscriber) -> IpPhone:
    n = _number_of(line.employee_id)
    return IpPhone(
        id=f"D-{n}",
        employee_id=line.employee_id,
        label=f"Кабинет {(n + 4) // 5}, {line.extension}",
        provider=PROVIDER,
        line=line.user_id,
        number=PhoneNumber(line.number),
        preferred=True,
    )


def _mobiles(employee_id: str) -> tuple[Mobile, ...]:
    n = _number_of(employee_id)
    sim = COMPANY.sim_of(employee_id)
    if sim is not None:
        number = PhoneNumber(sim.number)
        return (_mobile(n, CorporateSim(number, _SIMS_ISSUED_AT), fmtn=sim.fmtn),)
    if n == 13:
        number = PhoneNumber(f"+790370202{n:02}")
        return (_mobile(n, CorporateSim(number, _SIMS_ISSUED_AT, _SIM_RETURNED_AT), fmtn=True),)
    return (_mobile(n, None, fmtn=False),) if n == 14 else ()


def _mobile(n: int, sim: CorporateSim | None, *, fmtn: bool) -> Mobile:
    return Mobile(
        id=f"D-{100 + n}",
        employee_id=f"E-{n}",
        label=f"Мобильный, {2000 + n}" if sim else "Личный мобильный",
        provider=PROVIDER,
        # A SIM's line at the provider is its number; without FMTN the provider's cloud PBX doesn't know it.
        line=sim.number.digits[1:] if sim else f"none-{n}",
        sim=sim,
        fmtn=fmtn,
        preferred=False,
    )
