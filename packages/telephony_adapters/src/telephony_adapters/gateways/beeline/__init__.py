"""Beeline's cloud PBX as a provider. What is assumed of it without proof stands in docs/beeline-assumptions.md.

`BeelineClient` speaks its HTTP API and `BeelineGateway` dials by it; `parse_report` and `to_provider_report` read what
it tells; `Subscriptions` sees to it that it goes on telling, `BeelineStatuses` knows whose agent is away.
"""

from telephony_adapters.gateways.beeline.call_statistics import DurationUnit, LookUpWindow
from telephony_adapters.gateways.beeline.gateway import PROVIDER, BeelineGateway
from telephony_adapters.gateways.beeline.opening import open_gateway
from telephony_adapters.gateways.beeline.phone_numbers import NumberFormat
from telephony_adapters.gateways.beeline.reports import to_provider_report
from telephony_adapters.gateways.beeline.requests import BeelineClient
from telephony_adapters.gateways.beeline.statuses import BeelineStatuses
from telephony_adapters.gateways.beeline.subscriptions import Subscriptions, SubscriptionTimes
from telephony_adapters.gateways.beeline.xsi import BeelineReport, MalformedReport, parse_report

__all__ = [
    "PROVIDER",
    "BeelineClient",
    "BeelineGateway",
    "BeelineReport",
    "BeelineStatuses",
    "DurationUnit",
    "LookUpWindow",
    "MalformedReport",
    "NumberFormat",
    "SubscriptionTimes",
    "Subscriptions",
    "open_gateway",
    "parse_report",
    "to_provider_report",
]
