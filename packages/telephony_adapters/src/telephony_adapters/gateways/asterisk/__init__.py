"""Asterisk 22 LTS over ARI as a provider; how to set it up stands in docs/operate/asterisk.md.

`AriClient` makes the requests and `AsteriskGateway` dials by them, a leg at a time; `AsteriskListener` hears what
happens, and `events` reads it; `AsteriskStatuses` knows which phones are there; `examine` asks whether calls
are possible by it.
"""

from telephony_adapters.gateways.asterisk.ari import AriClient
from telephony_adapters.gateways.asterisk.examining import Examined, examine
from telephony_adapters.gateways.asterisk.gateway import PROVIDER, AsteriskGateway
from telephony_adapters.gateways.asterisk.listener import AsteriskListener
from telephony_adapters.gateways.asterisk.names import Endpoints
from telephony_adapters.gateways.asterisk.opening import open_gateway
from telephony_adapters.gateways.asterisk.statuses import AsteriskStatuses

__all__ = [
    "PROVIDER",
    "AriClient",
    "AsteriskGateway",
    "AsteriskListener",
    "AsteriskStatuses",
    "Endpoints",
    "Examined",
    "examine",
    "open_gateway",
]
