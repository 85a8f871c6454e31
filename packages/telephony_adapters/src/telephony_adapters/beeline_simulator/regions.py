"""Where the region of a called number comes from: the project's small table, or the state's register if it is given."""

from __future__ import annotations

from pathlib import Path

from telephony_adapters.beeline_simulator.config import Regions
from telephony_adapters.numbering.demo import demo_plan
from telephony_adapters.numbering.plan import NumberingPlan
from telephony_adapters.numbering.register import read_register
from telephony_core.phone import PhoneNumber


def demo_regions() -> Regions:
    """The hand-written table of the demo; what it does not know is the whole country."""
    return _regions_of(demo_plan())


def regions_of_register(path: Path) -> Regions:
    """The state's register, as the product imports it. Names that it does not understand are the whole country."""
    return _regions_of(read_register(path).plan())


def _regions_of(plan: NumberingPlan) -> Regions:
    return lambda number: plan.resolve(PhoneNumber(number))
