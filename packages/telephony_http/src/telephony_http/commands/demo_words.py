"""What the demo says when it is ready: where it is, and what to try first."""

from __future__ import annotations

import json
import os
from pathlib import Path

from attrs import frozen

from telephony_adapters.demo.loading import LoadedDemo

EMPLOYEE = "E-1"
IP_PHONE = "D-1"
MOBILE = "D-101"
CLIENT = "C-8"
INTEREST = "I-19"


@frozen
class Ready:
    """A demo that answers. `key` is the Idempotency-Key of the printed call: pressed again, it is the same call."""

    base_url: str
    ledger_url: str
    company: LoadedDemo
    key: str
    folder: Path
    database_url: str

    @property
    def token(self) -> str:
        return next(each.token for each in self.company.employees if each.id == EMPLOYEE)


def greeting(ready: Ready) -> str:
    """Some lines; the one that begins with `curl ` can be pasted as it stands."""
    return "\n".join(
        [
            "",
            "BMS Telephony: a DEMO. The company is invented, Beeline is simulated, no telephone rings.",
            "",
            f"  service    {ready.base_url}",
            f"  OpenAPI    {ready.base_url}/schema",
            f"  ledger     {ready.ledger_url}   what each client's phone saw",
            f"  state      {ready.folder}   database and logs, until the next start",
            "",
            f"Call client {CLIENT} from the IP phone {IP_PHONE} of employee {EMPLOYEE}; in another terminal:",
            "",
            curl(ready, _body("client", CLIENT, IP_PHONE)),
            "",
            "The same line again is the same press of the button: it shows the Call, and nobody is called twice.",
            "Follow the Call (state goes to completed in some seconds):",
            "",
            f"  curl -sS{_no_proxy()} '{ready.base_url}/api/v1/calls?limit=1' -H 'Authorization: Bearer {ready.token}'",
            "",
            "The other three kinds: the first line with another Idempotency-Key and one of these bodies:",
            "",
            f"  by interest, from the IP phone   {_body('interest', INTEREST, IP_PHONE)}",
            f"  by client, from the mobile       {_body('client', CLIENT, MOBILE)}",
            f"  by interest, from the mobile     {_body('interest', INTEREST, MOBILE)}",
            "",
            "More in README.md, for which these variables are:",
            "",
            f"  URL={ready.base_url} LEDGER={ready.ledger_url} TOKEN={ready.token}",
            f"  SUPERVISOR={ready.company.supervisor_token}",
            f"  export TELEPHONY_DATABASE_URL={ready.database_url}",
            "",
            "Ctrl-C ends it all.",
        ]
    )


def curl(ready: Ready, body: str) -> str:
    return (
        f"curl -sS{_no_proxy()} -X POST {ready.base_url}/api/v1/calls -H 'Authorization: Bearer {ready.token}' "
        f"-H 'Idempotency-Key: {ready.key}' -H 'Content-Type: application/json' -d '{body}'"
    )


def _body(kind: str, target_id: str, device_id: str) -> str:
    return json.dumps({"target": {"kind": kind, "id": target_id}, "device_id": device_id})


def _no_proxy() -> str:
    """Where the shell has a proxy, curl would send it even what is meant for this machine."""
    names = {"http_proxy", "all_proxy"} & {name.lower() for name, value in os.environ.items() if value}
    return " --noproxy '*'" if names else ""
