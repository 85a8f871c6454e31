"""The Beeline simulator as others may start it: in a process of its own."""

from __future__ import annotations

from telephony_adapters.beeline_simulator.assumptions import ASSUMPTIONS, read_switches
from telephony_adapters.beeline_simulator.regions import regions_of_register
from telephony_adapters.beeline_simulator.server import READY, serve

__all__ = ["ASSUMPTIONS", "READY", "read_switches", "regions_of_register", "serve"]
