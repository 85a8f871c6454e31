"""What devices of one company must not share: a line or a SIM between two employees, the mark 'preferred' within one.

By its line or its SIM a provider's report is known for somebody's call. A SIM, and the line that goes with it, may be
handed on: nobody shares what he gave back before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from attrs import evolve, frozen

from telephony_adapters.imports.problems import Code, Fault, about
from telephony_core.device import Device, Mobile

_EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@frozen
class TogetherFault:
    """What is wrong with a device beside others, or was noticed."""

    device_id: str
    fault: Fault


def shared(devices: Mapping[str, Device], others: Iterable[Device]) -> Iterator[TogetherFault]:
    """The lines and SIMs of these devices that other employees have: among them, told of the later one, or `others`."""
    holders: dict[object, list[Device]] = defaultdict(list)
    for each in others:
        for _, _, key in _held(each):
            holders[key].append(each)
    for device in devices.values():
        for field, code, key in _held(device):
            rival = next((each for each in holders[key] if _rivals(device, each)), None)
            if rival is not None:
                fault = about(code, field, what=rival.id, known=rival.employee_id)
                yield TogetherFault(device.id, fault)
            holders[key].append(device)


def _held(device: Device) -> Iterator[tuple[str, Code, object]]:
    yield "line", Code.LINE_OF_ANOTHER, (device.provider, device.line)
    if isinstance(device, Mobile) and device.sim is not None:
        yield "sim_number", Code.SIM_OF_ANOTHER, device.sim.number


def _rivals(one: Device, other: Device) -> bool:
    if one.employee_id == other.employee_id or not (one.active and other.active):
        return False
    (since, until), (others_since, others_until) = _used(one), _used(other)
    return since < others_until and others_since < until


def _used(device: Device) -> tuple[datetime, datetime]:
    """From when until when a device is used; a SIM without dates counts as used at any time."""
    sim = device.sim if isinstance(device, Mobile) else None
    if sim is None:
        return _EVER
    return sim.issued_at or _EVER[0], sim.returned_at or _EVER[1]


def one_preferred(
    claims: Mapping[str, str], devices: Iterable[Device]
) -> tuple[tuple[Device, ...], tuple[TogetherFault, ...]]:
    """`claims`: the device that is preferred from now on, by employee. The devices that lose the mark to it, without
    it; and a warning for each, told of the device that takes it."""
    losing = [each for each in devices if each.preferred and claims.get(each.employee_id, each.id) != each.id]
    warnings = [
        TogetherFault(
            claims[each.employee_id], about(Code.PREFERRED_TAKEN, "preferred", what=each.label or each.id, warning=True)
        )
        for each in losing
    ]
    return tuple(evolve(each, preferred=False) for each in losing), tuple(warnings)


def noticed(device: Device) -> tuple[Fault, ...]:
    """What is let through with a word: a SIM that was never issued."""
    if isinstance(device, Mobile) and device.sim is not None and device.sim.issued_at is None:
        return (about(Code.SIM_NOT_ISSUED, "sim_issued", warning=True),)
    return ()
