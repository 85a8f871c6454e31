"""Regions of a call: ISO 3166-2 codes, and where they were learnt from.

Six territories in the state's register carry the codes that ISO assigns them, which begin with `UA`; they are ordinary
codes here. `RU` alone stands for the whole country: a number of which no more is known.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import field, frozen

WHOLE_COUNTRY = "RU"

_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?\Z")


def _must_be_codes(_instance: object, _attribute: Any, value: tuple[str, ...]) -> None:
    if not value:
        raise ValueError("a region has at least one code; an unknown one is 'RU', the whole country")
    for code in value:
        if not _CODE.match(code):
            raise ValueError(f"not an ISO 3166-2 code: {code!r}")


def normal_codes(codes: tuple[str, ...] | list[str] | set[str] | frozenset[str]) -> tuple[str, ...]:
    """The codes sorted, each once: two regions of equal codes are equal."""
    return tuple(sorted(set(codes)))


class RegionSource(StrEnum):
    """Where the region of a call comes from (C4); the default of the order is the order here."""

    NUMBERING_PLAN = "numbering_plan"
    CLIENT = "client"
    DEFAULT = "default"


@frozen
class Region:
    """The region of a call: one or several codes (a register's range may serve two subjects), and their source."""

    codes: tuple[str, ...] = field(converter=normal_codes, validator=_must_be_codes)
    source: RegionSource = RegionSource.NUMBERING_PLAN


@frozen
class LocalTime:
    """What the clock on the wall shows at an instant over all time zones of a region, both ends aware datetimes."""

    earliest: datetime
    latest: datetime = field()

    @latest.validator
    def _in_order(self, _attribute: Any, value: datetime) -> None:
        if value.replace(tzinfo=None) < self.earliest.replace(tzinfo=None):
            raise ValueError("the latest local time lies before the earliest")
