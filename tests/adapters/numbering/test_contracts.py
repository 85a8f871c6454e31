"""The numbering adapters keep the promises of the core's ports."""

from __future__ import annotations

from typing import ClassVar

from telephony_adapters.numbering.demo import demo_resolver
from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_adapters.numbering.plan import NumberingPlan, NumberingPlanHolder
from telephony_adapters.numbering.zones import RegionZones
from telephony_core.ports import PhoneNumberParser, RegionResolver, TimeZones
from telephony_core.testing.contracts import ParserContract, RegionResolverContract, TimeZonesContract


class TestPhoneNumbers(ParserContract):
    def make_parser(self) -> PhoneNumberParser:
        return PhoneNumbers()


class TestNumberingPlanHolder(RegionResolverContract):
    known: ClassVar = {"+79031234567": ("RU-MOS", "RU-MOW"), "+79139123456": ("RU-NVS",), "+73832123456": ("RU-NVS",)}

    def make_resolver(self) -> RegionResolver:
        return demo_resolver()


class TestNumberingPlan(RegionResolverContract):
    """A plan is a resolver itself, for who needs no replacement."""

    known: ClassVar = {"+73832123456": ("RU-NVS",)}

    def make_resolver(self) -> RegionResolver:
        return NumberingPlan()


class TestAnEmptyHolder(RegionResolverContract):
    known: ClassVar = {"+79031234567": ("RU",)}

    def make_resolver(self) -> RegionResolver:
        return NumberingPlanHolder()


class TestRegionZones(TimeZonesContract):
    offsets: ClassVar = {"RU-KGD": 2, "RU-MOW": 3, "RU-NVS": 7, "RU-KAM": 12}

    def make_zones(self) -> TimeZones:
        return RegionZones()
