"""The simulator as a process: started, asked, ended; and what its command line refuses."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.adapters.beeline_simulator.receiver import Receiver

from telephony_adapters.beeline_simulator import SimulatorConfig, SimulatorHandle, create_app
from telephony_adapters.beeline_simulator.command import main

COMMAND = [sys.executable, "-m", "telephony_adapters.beeline_simulator"]


def test_it_says_one_line_when_it_is_ready_and_nothing_more(receiver: Receiver) -> None:
    """Not even of pushes: the address that they go to holds its receiver's secret."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--token", "t", "--speed", "500"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("Beeline simulator (a demo, no telephone rings) at http://127.0.0.1:")
    handle = SimulatorHandle(process, line.split()[-1], "t")
    body = {"expires": 3600, "subscriptionType": "BASIC_CALL", "url": receiver.url}
    handle.portal("PUT", "subscription", json=body)
    handle.portal("POST", "abonents/1001/call?phoneNumber=79139123456")
    handle.wait_until_idle()
    assert len(receiver.bodies) == 6
    handle.client.close()
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=10)
    assert (rest, errors, process.returncode) == ("", "", 0)


def test_it_ends_while_a_call_lives_a_push_waits_and_a_request_hangs() -> None:
    simulator = SimulatorHandle.start(speed=1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        body = {"expires": 3600, "subscriptionType": "BASIC_CALL", "url": url}
        simulator.portal("PUT", "subscription", json=body)
        simulator.control(
            "POST", "foreign-calls", {"user": "1001", "phone_number": "9139123456", "direction": "inbound"}
        )
        assert simulator.portal("POST", "abonents/1001/call?phoneNumber=9139123456").status_code == 200
        assert not simulator.control("GET", "state")["idle"]
        simulator.stop()
        simulator.stop()


def test_a_taken_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(RuntimeError, match="did not start"):
        SimulatorHandle.start(port=taken.getsockname()[1])


@pytest.mark.parametrize("wrong", [["--assume", "BA99=off"], ["--assume", "BA1"], ["--speed", "fast"]])
def test_wrong_arguments_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--port", "0", "--token", "t", *wrong])
    assert "usage:" in capsys.readouterr().err


def test_regions_can_come_from_the_states_register(tmp_path: Path) -> None:
    register = tmp_path / "register.csv"
    line = "913;9120000;9129999;10000;ПАО Связь;Приморский край"
    register.write_text(f"АВС/ DEF;От;До;Емкость;Оператор;Регион\n{line}\n", encoding="utf-8")
    with SimulatorHandle.start(speed=500, numbering_plan=str(register)) as simulator:
        simulator.portal("POST", "abonents/1001/call?phoneNumber=79139123456")
        simulator.wait_until_idle()
        (entry,) = simulator.ledger()
        assert (entry["pool_id"], entry["region_codes"]) == ("far-east", ["RU-PRI"])


def test_the_app_can_be_made_without_a_process() -> None:
    app = create_app(SimulatorConfig(token="t"))
    paths = {route.path for route in app.routes}
    assert {"/apis/portal/abonents", "/simulator/ledger"} <= paths


def test_idle_is_answered_in_time_when_it_does_not_come() -> None:
    with SimulatorHandle.start(speed=1) as simulator:
        assert simulator.base_url.startswith("http://127.0.0.1:")
        simulator.portal("POST", "abonents/1001/call?phoneNumber=79139123456")
        with pytest.raises(TimeoutError):
            simulator.wait_until_idle(0.1)
