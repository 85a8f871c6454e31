"""Contracts of the ports and of the policy: classes of pytest to subclass, one for each promise of `ports`."""
# ruff: noqa: E402 - what is missing is said before it is missed

from importlib.util import find_spec

_MISSING = [name for name in ("hypothesis", "pytest") if find_spec(name) is None]
if _MISSING:
    _WHAT = f"contracts need telephony-core[testing]: there is no {' and no '.join(_MISSING)}"
    raise ModuleNotFoundError(_WHAT, name=_MISSING[0])

from telephony_core.testing.contracts.caller_id import CallerIdPolicyContract
from telephony_core.testing.contracts.carousel import CarouselContract
from telephony_core.testing.contracts.directory import DirectoryContract
from telephony_core.testing.contracts.events import EventFeedContract, EventPublisherContract
from telephony_core.testing.contracts.facts import CallFactsContract
from telephony_core.testing.contracts.gateway import GatewayContract
from telephony_core.testing.contracts.numbering import ParserContract, RegionResolverContract
from telephony_core.testing.contracts.store import StoreContract
from telephony_core.testing.contracts.surroundings import (
    ClockContract,
    DeviceStatusesContract,
    IdSourceContract,
    TimeZonesContract,
)

__all__ = [
    "CallFactsContract",
    "CallerIdPolicyContract",
    "CarouselContract",
    "ClockContract",
    "DeviceStatusesContract",
    "DirectoryContract",
    "EventFeedContract",
    "EventPublisherContract",
    "GatewayContract",
    "IdSourceContract",
    "ParserContract",
    "RegionResolverContract",
    "StoreContract",
    "TimeZonesContract",
]
