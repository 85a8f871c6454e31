"""A nursery of `telephony` processes: one process that has imported all, and forks one that runs a command line.

A service that is killed hundreds of times is started hundreds of times; forked, it listens after 0.2 s instead of 3. It
is the same command with the same arguments and settings, in a process of its own, and shares nothing that lives.

It reads orders, JSON objects line by line, and answers each with one: `{"start": [arguments], "program": module,
"settings": {…}, "log": file}` runs that module's `main` and gives `{"pid"}`; `{"look": pid}` gives `{"ended"}`;
`{"reap": pid}` waits for the end of that process and gives `{"status"}`, minus the signal that ended it. A process that
ended keeps its pid until it is reaped, so that a kill by pid never hits another's. When the orders end (their sender
died, for one), all that was started is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

_PR_SET_PDEATHSIG = 1


def main() -> None:
    # A Ctrl-C is for whoever sends the orders; without orders we end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import_all()
    gc.freeze()  # what is here lives for ever: the forked need not look at it again
    prctl = ctypes.CDLL(None).prctl if sys.platform.startswith("linux") else None
    living: set[int] = set()
    try:
        for line in sys.stdin:
            order = json.loads(line)
            if "start" in order:
                pid = os.fork()
                if pid == 0:
                    if prctl is not None:
                        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                    _become(order["program"], order["start"], order["settings"], Path(order["log"]))
                living.add(pid)
                answer: dict[str, object] = {"pid": pid}
            elif "look" in order:
                seen = os.waitid(os.P_PID, order["look"], os.WEXITED | os.WNOHANG | os.WNOWAIT)
                answer = {"ended": seen is not None}
            else:
                _, status = os.waitpid(order["reap"], 0)
                living.discard(order["reap"])
                answer = {"status": os.waitstatus_to_exitcode(status)}
            sys.stdout.write(f"{json.dumps(answer)}\n")
            sys.stdout.flush()
    finally:
        for pid in living:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _import_all() -> None:

    import telephony_http.commands.serve
    import telephony_http.commands.simulator  # noqa: F401
    from telephony_adapters.store import migrations
    from telephony_adapters.store.engine import open_store
    from telephony_http.app import create_app
    from telephony_http.settings import Settings

    # What is loaded at first use is loaded before the fork as well: drivers, revisions, the routes' types.
    for url in ("sqlite://", "postgresql://nobody@nowhere.invalid/none"):
        open_store(url)
    migrations.needed()
    create_app(Settings())


def _become(program: str, arguments: list[str], settings: dict[str, str], log: Path) -> NoReturn:
    """What the forked process does for the rest of its life."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, its in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(ours, its)
    for name in [each for each in os.environ if each.startswith(("TELEPHONY_", "FAULTS_")) or each == "PORT"]:
        del os.environ[name]
    os.environ.update(settings)
    sys.argv = ["telephony", *arguments]
    status = 1
    try:
        importlib.import_module(program).main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
