"""A simulator in its own process for each file of tests; what a test set on it is taken back after the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.adapters.beeline_simulator.receiver import Receiver

from telephony_adapters.beeline_simulator import SimulatorHandle

SPEED = 300.0


@pytest.fixture(scope="module")
def running() -> Iterator[SimulatorHandle]:
    with SimulatorHandle.start(speed=SPEED, seed=7) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: SimulatorHandle) -> Iterator[SimulatorHandle]:
    yield running
    running.take_back()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def listening(simulator: SimulatorHandle, receiver: Receiver) -> Receiver:
    """A receiver with a subscription for the whole company."""
    body = {"expires": 3600, "subscriptionType": "BASIC_CALL", "url": receiver.url}
    assert simulator.portal("PUT", "subscription", json=body).status_code == 200
    return receiver
