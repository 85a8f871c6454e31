"""`python -m tests.faults`: kills services and breaks their provider, and compares what rang with what is stored.

Variables: DATABASE (sqlite, postgresql, both), SEED, KILLS (at random, in all), CALLS (with faults mixed, in all),
ONLY (campaigns whose name begins so), QUICK=1 (a fair part). The crash matrix and a table of figures; the last line is
one JSON object. Exit code 1 if a figure that should be zero isn't, or a campaign could not be played to its end.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httpx2
from attrs import field, frozen
from tests.faults import bad_database, campaigns, event_streams
from tests.faults.crash_matrix import Matrix, crash_matrix
from tests.faults.crowd import PATIENT, SPEED, crowd
from tests.faults.databases import Databases, PostgresServer, SqliteFiles
from tests.faults.judge import Figures
from tests.faults.points import ONE_STEP, TWO_STEP
from tests.faults.processes import Broken, Nursery
from tests.faults.scene import Scene, scene
from tests.faults.workers import workers

KILLS_OF_A_SCENE = 50
RESTARTED = "postgresql-restarted"
"""A server of its own: when it goes, nobody else's does."""
CALLS_OF_A_SCENE = 500
HURRIED = {"TELEPHONY_LONGEST_CALL_SECONDS": "10"}
"""Where time is short, an attempt of which nothing is heard is given up as soon as the setting allows."""


@frozen
class Options:
    quick: bool
    databases: tuple[str, ...]
    seed: int
    kills: int
    calls: int
    at_once: int
    only: str

    @classmethod
    def of_environment(cls) -> Options:
        def number(name: str, otherwise: int) -> int:
            return int(os.environ.get(name) or otherwise)

        quick = os.environ.get("QUICK", "") not in {"", "0"}
        asked = os.environ.get("DATABASE") or "both"
        known = {"sqlite": ("sqlite",), "postgresql": ("postgresql",), "both": ("sqlite", "postgresql")}
        if asked not in known:
            raise SystemExit(f"DATABASE is one of {', '.join(known)}")
        return cls(
            quick=quick,
            databases=known[asked],
            seed=number("SEED", random.SystemRandom().randrange(1_000_000)),
            kills=number("KILLS", 8 if quick else 300),
            calls=number("CALLS", 0 if quick else 2000),
            at_once=number("AT_ONCE", 6 if quick else 4),
            only=os.environ.get("ONLY", ""),
        )


@frozen
class Part:
    """One campaign on one scene."""

    campaign: str
    database: str
    play: Callable[[Scene], Awaitable[Figures]]
    services: int = 1
    two_step: bool = False
    composed: bool = False
    speed: float = 100.0
    settings: Mapping[str, str] = field(factory=dict)


def parts(options: Options, matrix: Matrix) -> list[Part]:
    """All that is to be played, the long ones first."""
    quick = options.quick
    found = _crashes(options, matrix)
    for database in options.databases:
        several = 1 if database == "sqlite" else 2 if quick else 3
        calls = _shares(options.calls // len(options.databases), CALLS_OF_A_SCENE)
        kills = _shares(options.kills // len(options.databases), KILLS_OF_A_SCENE)
        found += [
            *(Part("faults mixed", database, partial(campaigns.faults_mixed, calls=each)) for each in calls),
            *([] if quick else [Part("moments", database, campaigns.moments)]),
            *([] if quick else [Part("redials", database, partial(campaigns.redials, calls=300), several)]),
            *(
                Part("random kills", database, partial(campaigns.random_kills, kills=each), several if place % 2 else 1)
                for place, each in enumerate(kills)
            ),
        ]
        # Where time is short, each of these on one database will do.
        if not quick or database == options.databases[0]:
            found.append(Part("faults alone", database, partial(campaigns.faults_alone, of_each=1 if quick else 6)))
        if not quick or database == options.databases[-1]:
            found.append(Part("races", database, partial(campaigns.races, presses=30 if quick else 200), several))
            cut_off = partial(event_streams.cut_off, cuts=6 if quick else 100)
            found.append(Part("event streams", database, cut_off, several))
            of_all = partial(crowd, presses=60 if quick else 1000)
            found.append(Part("crowd", database, of_all, several, two_step=True, speed=SPEED, settings=PATIENT))
    found += _bad_databases(options)
    return [part for part in found if part.campaign.startswith(options.only)]


def _crashes(options: Options, matrix: Matrix) -> list[Part]:
    """The crash matrix: each point on each database; in a hurry some of them, each database others."""
    found: list[Part] = []
    for place, database in enumerate(options.databases):
        for two_step, points in ((False, ONE_STEP), (True, TWO_STEP)):
            portion = points[place :: 6 if two_step else 3] if options.quick else points
            column = f"{'two' if two_step else 'one'}-step, {database}"
            play = partial(crash_matrix, points=portion, column=column, matrix=matrix)
            found.append(Part("crash matrix", database, play, two_step=two_step, composed=True))
    return found


def _bad_databases(options: Options) -> list[Part]:
    found: list[Part] = []
    if "postgresql" in options.databases:
        play = partial(bad_database.commits_cut, seconds=3 if options.quick else 15)
        found.append(Part("commits cut", "postgresql", play, 2))
    if "sqlite" in options.databases:
        found.append(Part("disk full", "sqlite", partial(bad_database.disk_full, seconds=1 if options.quick else 4)))
    if options.quick:
        return found
    if "postgresql" in options.databases:
        found.append(Part("workers", "postgresql", partial(workers, rounds=4), 3, two_step=True))
    held = partial(bad_database.held, presses=60, seconds=7)
    found += [Part("held", database, held) for database in options.databases]
    if "postgresql" in options.databases:
        found.append(Part("restarts", RESTARTED, partial(bad_database.restarts, times=8), 2))
    return found


def _shares(whole: int, most: int) -> list[int]:
    """The whole in parts as equal as can be, none above `most`."""
    pieces = -(-whole // most)
    return [whole // pieces + (place < whole % pieces) for place in range(pieces)] if pieces else []


async def run(options: Options, folder: Path) -> int:
    began = time.monotonic()
    say(f"seed {options.seed}; {', '.join(options.databases)}; {options.kills} random kills, {options.calls} calls")
    async with AsyncExitStack() as stack:
        nursery = await stack.enter_async_context(Nursery())
        matrix = Matrix()
        wanted = parts(options, matrix)
        opened: dict[str, Databases] = {}
        for name in dict.fromkeys(part.database for part in wanted):
            databases: Databases = SqliteFiles(folder / name) if name == "sqlite" else PostgresServer(folder / name)
            await databases.open()
            stack.push_async_callback(databases.close)
            opened[name] = databases
        told = await _play(wanted, options, nursery, opened, folder)
    total = Figures()
    for _, figures in told:
        total.add(figures)
    total.seconds = round(time.monotonic() - began, 1)
    for line in matrix.lines():
        say(line)
    _table([*told, ("all", total)])
    for each in total.examples[:20]:
        say(f"  ! {each}")
    wrong = total.wrong()
    say(f"wrong: {wrong or 'nothing'}")
    say(json.dumps({**total.counts(), "seed": options.seed}))
    return 1 if wrong else 0


async def _play(
    all_parts: list[Part], options: Options, nursery: Nursery, opened: dict[str, Databases], folder: Path
) -> list[tuple[str, Figures]]:
    places, at_once = dict(enumerate(all_parts, start=1)), asyncio.Semaphore(options.at_once)
    told: dict[int, tuple[str, Figures]] = {}

    async def play(place: int, part: Part) -> None:
        name = re.sub(r"\W+", "-", f"{part.campaign} {part.database} {place}")
        title = f"{part.campaign}, {part.database}"
        title += f" ×{part.services}" if part.services > 1 else ""
        title += ", two-step" if part.two_step else ""
        async with at_once:
            try:
                seed = options.seed * 1000 + place
                async with scene(
                    name,
                    nursery=nursery,
                    databases=opened[part.database],
                    folder=folder,
                    seed=seed,
                    services=part.services,
                    two_step=part.two_step,
                    composed=part.composed,
                    speed=part.speed,
                    settings={**(HURRIED if options.quick else {}), **part.settings},
                ) as on:
                    figures = await part.play(on)
            except (Broken, TimeoutError, httpx2.HTTPError, ExceptionGroup) as broken:
                figures = Figures(broken_off=1, examples=[f"{name} was broken off: {_in_words(broken)}"])
            told[place] = (title, figures)
            say(f"done: {title}: {figures.calls} presses, {figures.kills} kills, {figures.wrong() or 'all well'}")
            for note in (*figures.notes, *figures.examples[:3]):
                say(f"      {note}")

    async with asyncio.TaskGroup() as group:
        for place, part in places.items():
            group.create_task(play(place, part))
    return [told[place] for place in sorted(told)]


def _in_words(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_in_words(each) for each in error.exceptions)
    return f"{type(error).__name__}: {error}"


def _table(rows: list[tuple[str, Figures]]) -> None:
    names = [name for name in Figures().counts() if name != "seconds"]
    merged: dict[str, Figures] = {}
    for title, figures in rows:
        merged.setdefault(title, Figures()).add(figures)
    width = max(len(name) for name in names)
    titles = list(merged)
    for place, title in enumerate(titles):
        say(f"{'':{width}}  {'│ ' * place}┌ {title}")
    for name in [*names, "seconds"]:
        cells = [f"{merged[title].counts()[name]:>7.0f}" for title in titles]
        say(f"{name:{width}}  {''.join(cells)}")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    options = Options.of_environment()
    folder = Path(tempfile.mkdtemp(prefix="telephony-faults-"))
    # Whoever ends us by SIGTERM wants what we started to end, too.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    kept = False
    try:
        code = asyncio.run(run(options, folder))
        kept = code != 0 and os.environ.get("KEEP", "") != ""
        return code
    except KeyboardInterrupt:
        say("ended")
        return 130
    finally:
        if kept:
            say(f"logs and databases: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
