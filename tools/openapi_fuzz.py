"""`make fuzz-api`: asks a demo's service what its document allows and much that it doesn't, and judges the answers.

Schemathesis, in an environment of its own, reads /schema/openapi.json of a demo that is started for it and runs all its
checks: examples, coverage of every limit, random requests, and chains of requests along the document's links. Twice,
each time on a fresh company: with a service's token of all permissions, and as an employee. What is expected stands in
openapi_fuzz.toml and openapi_fuzz_checks.py. Exit status 0 if nothing failed. Variables: SEED repeats a run, EXAMPLES
is the number of random requests for an operation.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.running_demo import running_demo

ROOT = Path(__file__).resolve().parent.parent
SCHEMATHESIS = Path(os.environ.get("SCHEMATHESIS", ROOT / ".venv-fuzz" / "bin" / "schemathesis"))
CONFIG = Path(__file__).with_suffix(".toml")
CHECKS = Path(__file__).with_name("openapi_fuzz_checks.py")
SPEED = 100
"""Of the simulated calls, so that a run meets ended ones, too."""


def fuzz(url: str, token: str) -> bool:
    """Whether nothing failed."""
    choices = [
        word
        for variable, option in (("SEED", "--seed"), ("EXAMPLES", "--max-examples"))
        if (value := os.environ.get(variable))
        for word in (option, value)
    ]
    with tempfile.TemporaryDirectory(prefix="telephony-fuzz-") as folder:  # it would keep its cache where it is started
        done = subprocess.run(
            [
                *(str(SCHEMATHESIS), "--config-file", str(CONFIG), "run", f"{url}/schema/openapi.json"),
                *("--checks", "all", "--continue-on-failure", "--generation-database", "none", *choices),
            ],
            cwd=folder,
            env={**os.environ, "TELEPHONY_TOKEN": token, "SCHEMATHESIS_HOOKS": str(CHECKS)},
            check=False,
        )
    return done.returncode == 0


def main() -> int:
    failed = []
    for who in ("a service with every permission", "an employee"):
        print(f"== as {who}", flush=True)
        began = time.monotonic()
        with running_demo(SPEED) as demo:
            token = demo.employee if who == "an employee" else demo.service_token()
            if not fuzz(demo.url, token):
                failed.append(who)
        print(f"== as {who}: {time.monotonic() - began:.0f} s", flush=True)
    for who in failed:
        print(f"fuzz-api: failures as {who}, see above")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
