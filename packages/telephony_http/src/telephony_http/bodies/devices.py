"""Devices and what the client would see from them, as bodies (D1-D3)."""

from __future__ import annotations

from typing import Annotated

from telephony_core.device import DeviceKind, DeviceReason, Mobile
from telephony_core.use_cases.preview_caller_id import Preview
from telephony_http.bodies.decisions import DecisionTold, decision_told
from telephony_http.bodies.shared import Told, one_of


class ShownTold(Told, omit_defaults=True):
    """What the client would see: the number requested, or the pool from which the provider picks one."""

    requested: str | None = None
    pool_id: str | None = None


class DeviceTold(Told):
    """A device; `reasons` say why no call may be placed from it now, `shown` what the client would see."""

    id: str
    kind: Annotated[str, one_of(DeviceKind)]
    label: str
    eligible: bool
    reasons: list[Annotated[str, one_of(DeviceReason)]]
    preferred: bool
    shown: ShownTold | None


class DevicesTold(Told):
    """An employee's devices, in the order in which to offer them."""

    employee_id: str | None
    items: list[DeviceTold]


class NoNumberTold(Told):
    """Why nothing can be shown: no number of the pool and of its chain is usable."""

    code: str
    detail: str
    pool: str | None
    chain: list[str]


class PreviewTold(Told):
    """One device, and the decision that would be made from it; nothing is reserved."""

    device: DeviceTold
    decision: DecisionTold | None
    refusal: NoNumberTold | None


class PreviewsTold(Told):
    """Decisions by device."""

    items: list[PreviewTold]


def _shown_told(preview: Preview) -> ShownTold | None:
    decision, device = preview.decision, preview.device
    if decision is not None:
        if decision.requested is not None:
            return ShownTold(requested=decision.requested.e164)
        return ShownTold(pool_id=decision.pool_id)
    # A mobile shows its SIM's number to whomever it calls, so that it is known without a target (C1).
    if isinstance(device, Mobile) and device.sim is not None:
        return ShownTold(requested=device.sim.number.e164)
    return None


def device_told(preview: Preview) -> DeviceTold:
    device = preview.device
    return DeviceTold(
        id=device.id,
        kind=str(device.kind),
        label=device.label,
        eligible=preview.eligible,
        reasons=[str(reason) for reason in preview.reasons],
        preferred=preview.preferred,
        shown=_shown_told(preview),
    )


def preview_told(preview: Preview) -> PreviewTold:
    refusal = preview.refusal
    return PreviewTold(
        device=device_told(preview),
        decision=decision_told(preview.decision) if preview.decision is not None else None,
        refusal=NoNumberTold(
            code=refusal.code,
            detail=refusal.detail,
            pool=_text(refusal.reasons.get("pool")),
            chain=_texts(refusal.reasons.get("chain")),
        )
        if refusal is not None
        else None,
    )


def _text(value: object) -> str | None:
    return str(value) if value is not None else None


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
