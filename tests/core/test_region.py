"""Regions are lists of ISO 3166-2 codes, and local times have an order."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from telephony_core.region import LocalTime, Region
from telephony_core.testing.examples import NOW


def test_equal_codes_are_one_region_whatever_their_order() -> None:
    """C4: each once; codes that begin with UA are ordinary ones."""
    assert Region(("UA-43", "RU-NVS", "UA-43")) == Region(["RU-NVS", "UA-43"])


@pytest.mark.parametrize("codes", [(), ("Novosibirsk",), ("ru-nvs",), ("RU-NVSX",), ("RU-",), ("RU", "")])
def test_what_is_no_code_is_refused(codes: tuple[str, ...]) -> None:
    """C4: an unknown region is 'RU', the whole country."""
    with pytest.raises(ValueError, match="code"):
        Region(codes)


def test_a_range_of_local_times_is_in_order() -> None:
    """N1: by the clocks on the walls."""
    west, east = NOW.astimezone(timezone(timedelta(hours=2))), NOW.astimezone(timezone(timedelta(hours=12)))
    assert LocalTime(west, east).latest == NOW
    assert LocalTime(west, west).earliest == NOW
    with pytest.raises(ValueError, match="latest"):
        LocalTime(east, west)
