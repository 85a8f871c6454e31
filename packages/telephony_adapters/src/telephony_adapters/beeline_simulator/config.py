"""How one simulator is set up: frozen, made before it starts."""

from __future__ import annotations

from collections.abc import Callable

from attrs import field, frozen, validators

from telephony_adapters.beeline_simulator.assumptions import checked
from telephony_adapters.beeline_simulator.population import COMPANY, WHOLE_COUNTRY, Company

Regions = Callable[[str], tuple[str, ...]]
"""E.164 number -> ISO 3166-2 codes of its region; `("RU",)` where no more is known."""


def whole_country(_number: str) -> tuple[str, ...]:
    """Knows no region: every call is served by the default pool."""
    return (WHOLE_COUNTRY,)


@frozen
class SimulatorConfig:
    """`speed` divides every duration of a call (10: a call of 30 s takes 3 s), but neither the life of a subscription
    nor the back-off of pushes, which the receiver's clock must be able to follow. Equal seeds give equal choices.

    `statistics_delay` (seconds, not scaled) is how long after its end a call appears in the statistics.
    """

    token: str = field(repr=False)
    speed: float = field(default=1.0, validator=validators.gt(0))
    seed: int = 0
    assume_off: frozenset[str] = field(default=frozenset(), converter=checked)
    company: Company = COMPANY
    regions: Regions = whole_country
    statistics_delay: float = 0.0

    def assumes(self, assumption: str) -> bool:
        return assumption not in self.assume_off
