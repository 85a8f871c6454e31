"""The stage of a system test: a real Asterisk, the company's data, our service as a process, a phone and the operator.

What a test sees is what a CRM sees (HTTP) and what phones saw (SIPp's records).
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
from attrs import define, field
from tests.journeys.stage import address, environment, eventually, telephony
from tests.sip.pbx import DEAD_PHONE, OFFLINE_PHONE, PASSWORD, PHONE, USER, Pbx
from tests.sip.phones import Person, Phone, phone

CLIENT, CLIENT_NUMBER = "C-1", "+79139123456"
"""Of Novosibirsk: pool siberia."""
OTHER_CLIENT, OTHER_NUMBER = "C-2", "+79051234567"
"""Of Tula: pool centre."""
SIBERIA, CENTRE = "+79031000801", "+79031000401"
"""The only number of each pool, so that a test can name it."""
SIM = "+79037020201"
PHONE_DEVICE, OFFLINE_DEVICE, DEAD_DEVICE, MOBILE_DEVICE = "D-1", "D-2", "D-3", "D-101"
RING_SECONDS = 3

_FILES = {
    "employees.csv": "id;name;permissions\nE-1;Anna Orlova;call, see_full_numbers\n",
    "devices.csv": f"""id;employee_id;kind;label;provider;line;sim_number;sim_issued;fmtn;preferred
{PHONE_DEVICE};E-1;ip_phone;Room 3;asterisk;{PHONE};;;;yes
{OFFLINE_DEVICE};E-1;ip_phone;Room 4;asterisk;{OFFLINE_PHONE};;;;
{DEAD_DEVICE};E-1;ip_phone;Room 5;asterisk;{DEAD_PHONE};;;;
{MOBILE_DEVICE};E-1;mobile;Anna's mobile;asterisk;{SIM};{SIM};2026-09-01;yes;
""",
    "clients.csv": f"""id;name;phone_numbers;owner_id
{CLIENT};Pavel Smirnov;{CLIENT_NUMBER};E-1
{OTHER_CLIENT};Oleg Kuznetsov;{OTHER_NUMBER};E-1
""",
    "pools.csv": """id;title;provider;chosen_by;regions;default
centre;Centre;asterisk;us;RU-TUL, RU-RYA;yes
siberia;West Siberia;asterisk;us;RU-NVS, RU-OMS;no
""",
    "numbers.csv": f"""pool_id;generation_id;activates_at;number
centre;centre-1;2026-10-01;{CENTRE}
siberia;siberia-1;2026-10-01;{SIBERIA}
""",
    "DEF-9xx.csv": """АВС/ DEF;От;До;Емкость;Оператор;Регион
903;1000000;1999999;1000000;Связь;г. Москва * Московская область
903;7000000;7999999;1000000;Связь;г. Москва * Московская область
905;1000000;1999999;1000000;Связь;Тульская обл.
913;9000000;9999999;1000000;Связь;Новосибирская обл.
""",
}


@define
class Company:
    """A database with all that a call needs, made once by the documented commands; each stage has a copy of it."""

    database: Path
    token: str


def company(folder: Path) -> Company:
    """Make it: tables, register, directory, carousel and a token."""
    for name, text in _FILES.items():
        (folder / name).write_text(text, "utf-8")
    database = folder / "telephony.db"

    def run(*arguments: str) -> str:
        settings = {"TELEPHONY_DATABASE_URL": f"sqlite:///{database}"}
        done = subprocess.run(
            telephony(*arguments), check=False, cwd=folder, env=environment(**settings), capture_output=True, text=True
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    run("db", "upgrade")
    run("numbering-plan", "import", "DEF-9xx.csv")
    run("directory", "import", "employees.csv", "devices.csv", "clients.csv")
    run("carousel", "import", "pools.csv", "numbers.csv")
    return Company(database, run("tokens", "issue", "E-1").strip())


@define
class Stage:
    """A service that hears Asterisk, and who takes part. `service` is its process, which a test may kill."""

    pbx: Pbx
    folder: Path
    company: Company
    http: httpx2.Client
    settings: dict[str, str]
    log: Path
    base_url: str = field(default="", init=False)
    _shown: int = field(default=0, init=False)
    service: subprocess.Popen[str] | None = field(default=None, init=False)

    # --- the service --------------------------------------------------------------------------------------------------

    def start(self, hearing: str = "connected") -> None:
        """Start it, and wait until its hearing of Asterisk is as it should be."""
        with self.log.open("a") as log:
            self.service = subprocess.Popen(
                telephony("serve", "--port", "0"),
                env=environment(**self.settings),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            self.base_url = address(self.service)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logged()}") from None
        eventually(self.hearing, lambda now: now == hearing, 30.0, "the service's hearing of Asterisk")

    def stand_up(self) -> None:
        """Start again what a test that failed has left killed."""
        if self.pbx.process is None:
            self.pbx.start()
        if self.service is None:
            self.start()

    def hearing(self) -> str:
        """The service's own word on it."""
        return str(self.http.get(f"{self.base_url}/readyz").json()["providers"].get("asterisk"))

    @contextmanager
    def another(self, folder: Path) -> Iterator[Stage]:
        """A second service beside this one, on the same database."""
        made = Stage(self.pbx, folder, self.company, self.http, self.settings, folder / "another.log")
        try:
            made.start("heard_by_another")
            yield made
        finally:
            made.stop()

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def doctor(self, **settings: str) -> dict[str, Any]:
        """What `telephony doctor` says of Asterisk."""
        done = subprocess.run(
            telephony("doctor", "--json"),
            check=False,
            env=environment(**self.settings | settings),
            capture_output=True,
            text=True,
        )
        (finding,) = (each for each in json.loads(done.stdout) if each["what"] == "asterisk")
        return dict(finding)

    def _end(self, how: signal.Signals) -> None:
        if self.service is None:
            return
        self.service.send_signal(how)
        self.service.wait(30)
        if self.service.stdout is not None:
            self.service.stdout.close()
        self.service = None

    def logged(self) -> str:
        """What the service has logged since this was last asked."""
        text = self.log.read_text("utf-8", "replace")
        new, self._shown = text[self._shown :], len(text)
        return new

    # --- what a CRM does ----------------------------------------------------------------------------------------------

    def press(self, client: str = CLIENT, device: str = PHONE_DEVICE, **body: Any) -> httpx2.Response:
        """The press of the button."""
        return self._post("calls", {"target": {"kind": "client", "id": client}, "device_id": device, **body})

    def place(self, client: str = CLIENT, device: str = PHONE_DEVICE) -> str:
        """A press that is answered with a new Call: its id."""
        answer = self.press(client, device)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def hang_up(self, call_id: str) -> httpx2.Response:
        return self._post(f"calls/{call_id}/hangup", {})

    def _post(self, path: str, body: dict[str, Any]) -> httpx2.Response:
        headers = self._headers() | {"Idempotency-Key": f"key-{uuid4()}"}
        return self.http.post(f"{self.base_url}/api/v1/{path}", json=body, headers=headers)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.company.token}"}

    def attempt(self, call_id: str) -> dict[str, Any]:
        """The Call's last attempt as it is now."""
        answer = self.http.get(f"{self.base_url}/api/v1/calls/{call_id}", headers=self._headers())
        assert answer.status_code == 200, answer.text
        attempt: dict[str, Any] = answer.json()["attempts"][-1]
        return attempt

    def comes_to(self, call_id: str, state: str, within: float = 20.0) -> dict[str, Any]:
        """The attempt as soon as it is in this state."""
        return eventually(
            lambda: self.attempt(call_id), lambda attempt: attempt["state"] == state, within, f"the state {state}"
        )

    def nothing_left(self) -> None:
        """Whatever was made at Asterisk for a call is gone soon after."""
        eventually(lambda: (self.pbx.channels(), self.pbx.get("bridges")), lambda seen: seen == ([], []), 10.0)

    # --- phones -------------------------------------------------------------------------------------------------------

    @contextmanager
    def people(self, employee: Person | None, client: Person) -> Iterator[tuple[Phone, Phone]]:
        """The employee's phone (None: it is switched off) and the operator's side, where clients are."""
        with ExitStack() as stack:
            silent = Phone(self.folder / "no-phone")
            mine = (
                stack.enter_context(phone(self.pbx.suite, self.folder, "phone", self.pbx.ports.phone, employee))
                if employee is not None
                else silent
            )
            yield mine, stack.enter_context(phone(self.pbx.suite, self.folder, "trunk", self.pbx.ports.trunk, client))


@contextmanager
def stage(pbx: Pbx, company: Company, folder: Path, **settings: str) -> Iterator[Stage]:
    """A stage on a database of its own; what was started is ended afterwards."""
    database = folder / "telephony.db"
    shutil.copy(company.database, database)
    with httpx2.Client(timeout=30, trust_env=False) as http:
        made = Stage(
            pbx,
            folder,
            company,
            http,
            {
                "TELEPHONY_DATABASE_URL": f"sqlite:///{database}",
                "TELEPHONY_ASTERISK_URL": pbx.url,
                "TELEPHONY_ASTERISK_USER": USER,
                "TELEPHONY_ASTERISK_PASSWORD": PASSWORD,
                "TELEPHONY_ASTERISK_RING_SECONDS": str(RING_SECONDS),
                "TELEPHONY_QUIET_HOURS": "off",
                "TELEPHONY_CALLS_PER_HOUR": "off",
                "TELEPHONY_WORKER_INTERVAL_SECONDS": "0.1",
                **settings,
            },
            folder / "service.log",
        )
        try:
            made.start()
            yield made
        finally:
            made.stop()
