"""A simulator in a process of its own, held by a test: started on a free port, ready when it says so, ended at exit.

with SimulatorHandle.start(speed=20) as simulator:
    simulator.portal("POST", "abonents/1001/call", params={"phoneNumber": "79139123456"})
    simulator.wait_until_idle()
    assert simulator.ledger()[0]["shown_number"] == ...

Many tests may share one, as a fixture that gives it to each as it was at the start:

@pytest.fixture
def simulator(running: SimulatorHandle) -> Iterator[SimulatorHandle]:
    yield running
    running.take_back()
"""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Self

import httpx2

from telephony_adapters.beeline_simulator.door import BASE, TOKEN_HEADER
from telephony_adapters.quiet_logs import quiet_http_logging

_ENDS_WITHIN = 10.0
_ANSWERS_WITHIN = 30.0


class SimulatorHandle:
    """`base_url` ends in `/apis/portal/`; `control_url` in `/simulator/`. Lives from `start` to `stop`."""

    def __init__(self, process: subprocess.Popen[str], base_url: str, token: str) -> None:
        self._process = process
        self.base_url = base_url
        self.control_url = f"{base_url.removesuffix(f'{BASE}/')}/simulator/"
        self.token = token
        quiet_http_logging()
        self.client = httpx2.Client(timeout=_ANSWERS_WITHIN, trust_env=False)

    @classmethod
    def start(
        cls, *, port: int = 0, speed: float = 10.0, seed: int = 0, assume_off: Iterable[str] = (), **options: str
    ) -> Self:
        """A simulator that answers. `options` are more of the command line's, `numbering_plan=FILE` for example.

        RuntimeError if it does not come up; what it wrote stands on standard error.
        """
        token = secrets.token_hex(16)
        command = [
            *(sys.executable, "-m", "telephony_adapters.beeline_simulator"),
            *("--port", str(port), "--token", token, "--speed", str(speed), "--seed", str(seed)),
        ]
        for assumption in sorted(assume_off):
            command += ["--assume", f"{assumption}=off"]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", value]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
        line = process.stdout.readline() if process.stdout else ""
        if " at http" not in line:
            process.kill()
            process.communicate()
            raise RuntimeError("the Beeline simulator did not start")
        handle = cls(process, line.rsplit(" ", 1)[-1].strip(), token)
        handle.control("GET", "state")
        return handle

    def portal(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """A request to the provider's API with the token; errors are returned, not raised."""
        headers = {TOKEN_HEADER.decode(): self.token}
        return self.client.request(method, f"{self.base_url}{path}", headers=headers, **options)

    def control(self, method: str, path: str, body: object = None) -> Any:
        """A request to the control plane; its answer, read. httpx2.HTTPStatusError if it was refused."""
        options: dict[str, Any] = {} if body is None else {"json": body}
        answer = self.client.request(method, f"{self.control_url}{path}", **options)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ledger(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.control("GET", "ledger")
        return entries

    def behave(self, phone_number: str, kind: str, **options: float) -> None:
        """From now on this called number behaves so, for example `behave("+79…", "busy")`."""
        self.control("PUT", f"behaviours/{phone_number.removeprefix('+')}", {"kind": kind, **options})

    def fault(self, kind: str | None = None, **options: Any) -> None:
        """The next call request is hit so, for example `fault("http_500", dials=True)` or `fault(reports="lost")`."""
        self.control("POST", "faults", {**({"kind": kind} if kind else {}), **options})

    def random_faults(self, shares: Mapping[str, float]) -> None:
        self.control("POST", "random-faults", dict(shares))

    def wait_until_idle(self, timeout_seconds: float = 20.0) -> None:
        """Returns when no call lives and no report waits; TimeoutError if that does not come in time."""
        if not self.control("GET", f"state?wait=idle&timeout={timeout_seconds}")["idle"]:
            raise TimeoutError(f"the simulator was not idle within {timeout_seconds} s")

    def take_back(self) -> None:
        """For who shares it with others: what was set is as at the start, calls are over, and nothing is remembered of
        them. TimeoutError as `wait_until_idle`."""
        for subscription in self.control("GET", "state")["subscriptions"]:
            self.portal("DELETE", f"subscription?subscriptionId={subscription['subscriptionId']}")
        for path in ("faults", "behaviours"):
            self.control("DELETE", path)
        self.control("PUT", "wrong-substitutions", {})
        self.control("PUT", "statistics-delay", {"seconds": 0})
        self.wait_until_idle()
        self.control("DELETE", "ledger")

    def stop(self) -> None:
        """Ends the process; safe to repeat."""
        self.client.close()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
