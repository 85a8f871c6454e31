"""A cloud PBX that speaks Beeline's API: for running without an account, for tests, and for faults.

A process of its own (`serve`, `python -m telephony_adapters.beeline_simulator`, or `SimulatorHandle` in tests) that
shares numbers and regions with the product and nothing else. What of it is known of the real provider and what is an
assumption of ours stands in `assumptions`.
"""

from telephony_adapters.beeline_simulator.app import create_app
from telephony_adapters.beeline_simulator.config import SimulatorConfig
from telephony_adapters.beeline_simulator.handle import SimulatorHandle
from telephony_adapters.beeline_simulator.population import COMPANY
from telephony_adapters.beeline_simulator.server import serve

__all__ = ["COMPANY", "SimulatorConfig", "SimulatorHandle", "create_app", "serve"]
