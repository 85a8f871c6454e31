"""A Beeline simulator in its own process for each file of tests; what a test set on it is taken back after the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.adapters.gateways.beeline_kit import SPEED

from telephony_adapters.beeline_simulator import SimulatorHandle


@pytest.fixture(scope="module")
def running() -> Iterator[SimulatorHandle]:
    with SimulatorHandle.start(speed=SPEED, seed=11) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: SimulatorHandle) -> Iterator[SimulatorHandle]:
    yield running
    running.take_back()
