"""`telephony demo run`: the whole product on one machine, with an invented company and a provider that is simulated.

Starts the Beeline simulator and the service as processes of their own on a fresh database, waits until they answer,
says what to try, and ends both when it is told to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import socket
import sys
from pathlib import Path

import httpx2

from telephony_http.children import ChildDied, Children
from telephony_http.commands.demo_load import load_anew
from telephony_http.commands.demo_words import Ready, greeting
from telephony_http.commands.failing import CommandError
from telephony_http.settings import Settings
from telephony_http.stopping import ends_within

HOST = "127.0.0.1"
USUAL_PORT = 8080
SPEED = 5.0
"""An ordinary call takes 5 to 9 seconds at this speed: long enough to watch, short enough to wait for."""
STATE = Path(".demo")

_READY_WITHIN = 60.0
_ASKS_EVERY = 0.1
_KEPT_VARIABLES = ("TELEPHONY_LOG_LEVEL", "TELEPHONY_LANGUAGE", "TELEPHONY_TIME_ZONE")


async def run(port: int | None, speed: float = SPEED) -> None:
    """Runs until SIGINT, SIGTERM or SIGHUP, then returns. `CommandError` if it can't start, or a part of it dies."""
    told_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, told_to_end.set)
    async with Children(ends_within(Settings().provider_timeout_seconds)) as children:
        running = asyncio.create_task(_run(children, port, speed))
        ending = asyncio.create_task(told_to_end.wait())
        try:
            await asyncio.wait([running, ending], return_when=asyncio.FIRST_COMPLETED)
            if not told_to_end.is_set():
                await running
            _say("\nThe demo ends.")
        except ChildDied as died:
            raise CommandError(f"{died}. It said last:\n{died.last_words()}\nAll of it: {died.log}") from None
        finally:
            for task in (running, ending):
                task.cancel()
            await asyncio.gather(running, ending, return_exceptions=True)


async def _run(children: Children, asked_port: int | None, speed: float) -> None:
    port = _port(asked_port)
    folder = _fresh_folder()
    base_url = f"http://{HOST}:{port}"
    _say(f"Starting the demo at {base_url} ...")
    environment = _environment()
    token = secrets.token_urlsafe(16)
    simulator = await children.start(
        "The Beeline simulator",
        [*_telephony(), "beeline-simulator", "--port", "0", "--token", token, "--speed", f"{speed:g}"],
        log=folder / "simulator.log",
        environment=environment,
        reads=True,
    )
    database_url = f"sqlite+aiosqlite:///{folder.absolute() / 'telephony.db'}"
    company = await load_anew(database_url)
    beeline_url = (await simulator.first_line()).rsplit(" ", 1)[-1]
    await children.start(
        "The service",
        [*_telephony(), "serve", "--host", HOST, "--port", str(port)],
        log=folder / "service.log",
        environment=environment
        | {
            "TELEPHONY_DATABASE_URL": database_url,
            "TELEPHONY_BEELINE_URL": beeline_url,
            "TELEPHONY_BEELINE_TOKEN": token,
            "TELEPHONY_PUBLIC_URL": base_url,
        },
    )
    dying = asyncio.create_task(children.first_death())
    ready = asyncio.create_task(_answers(f"{base_url}/readyz"))
    try:
        await asyncio.wait([dying, ready], return_when=asyncio.FIRST_COMPLETED)
        if not dying.done():
            ready.result()
            ledger_url = f"{beeline_url.partition('/apis/')[0]}/simulator/ledger"
            key = f"demo-{secrets.token_hex(6)}"
            _say(greeting(Ready(base_url, ledger_url, company, key, folder, database_url)))
        raise await dying
    finally:
        for task in (dying, ready):
            task.cancel()
        await asyncio.gather(dying, ready, return_exceptions=True)


async def _answers(url: str) -> None:
    """Returns as soon as the address answers 200."""
    said = "nothing"
    async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
        try:
            async with asyncio.timeout(_READY_WITHIN):
                while True:
                    with contextlib.suppress(httpx2.TransportError):
                        answer = await client.get(url)
                        if answer.status_code == 200:
                            return
                        said = f"{answer.status_code} {answer.text[:300]}"
                    await asyncio.sleep(_ASKS_EVERY)
        except TimeoutError:
            raise CommandError(f"{url} is not ready after {_READY_WITHIN:.0f} s; it said: {said}") from None


def _telephony() -> list[str]:
    return [sys.executable, "-m", "telephony_http.cli"]


def _environment() -> dict[str, str]:
    """Ours without settings of a service that is meant seriously: the demo is to be the same everywhere."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TELEPHONY_") or name in _KEPT_VARIABLES
    }


def _port(asked: int | None) -> int:
    if asked:
        if not _is_free(asked):
            raise CommandError(
                f"Port {asked} is taken. Choose another (PORT=8090 make run), or none, to get a free one."
            )
        return asked
    return USUAL_PORT if asked is None and _is_free(USUAL_PORT) else _any_port()


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((HOST, port))
        except OSError:
            return False
    return True


def _any_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def _fresh_folder() -> Path:
    """A folder for this run; those of runs that are over are removed."""
    try:
        STATE.mkdir(exist_ok=True)
        for old in STATE.glob("run-*"):
            if not Path(f"/proc/{old.name.removeprefix('run-')}").exists():
                shutil.rmtree(old, ignore_errors=True)
        folder = STATE / f"run-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise CommandError(
            f"The demo keeps its database in {STATE.absolute()}, which can't be written: {error}"
        ) from None
    return folder


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
