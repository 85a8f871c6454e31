"""The service as a provider sees it, for tests that open one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from telephony_adapters.gateways.provider import Surroundings
from telephony_adapters.process import SystemClock
from telephony_core.device import Device


class NobodyElse:
    """A lease for which there is no rival."""

    async def hold(self) -> float | None:
        return 60.0

    async def give_up(self) -> None: ...


async def no_phones() -> Iterable[Device]:
    return ()


def surroundings(settings: Mapping[str, str] | None = None, *, works: bool = True) -> Surroundings:
    return Surroundings(
        settings=settings or {},
        clock=SystemClock(),
        time_out=5.0,
        longest_ringing=60.0,
        works=works,
        phones=no_phones,
        lease=NobodyElse(),
    )
