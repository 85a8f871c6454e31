"""The campaigns. Each plays its scene to the end, lets it settle, and gives its figures."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from itertools import cycle
from typing import Any

from tests.faults.judge import Figures, judge
from tests.faults.processes import Service
from tests.faults.scene import CALLERS, TIME_OUT, Press, Scene

BEHAVIOURS = {
    "answers": 0.35,
    "busy": 0.15,
    "no_answer": 0.15,
    "unreachable": 0.1,
    "drops": 0.1,
    "employee_hangs_up": 0.1,
    "employee_no_answer": 0.05,
}

ANSWER_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "reset"},
    {"kind": "reset_after"},
    {"kind": "http_500", "dials": True},
    {"kind": "http_500", "dials": False},
    {"kind": "http_429"},
    {"kind": "error_code"},
    {"kind": "hang", "seconds": 3},
    {"kind": "hang", "seconds": 3, "dials": False},
    {"kind": "late", "seconds": 2},
    {"kind": "cut"},
)
REPORT_FAULTS: tuple[dict[str, Any], ...] = (
    {"reports": "before_answer"},
    {"reports": "repeated"},
    {"reports": "reordered"},
    {"reports": "lost"},
    {"reports": "lost", "reports_share": 0.5},
    {"reports": "unknown_call"},
    {"reports": "shifted_clock"},
    {"reports": "shifted_clock", "shift_seconds": 95},
)
RANDOM_FAULTS = {
    **dict.fromkeys(("reset", "reset_after", "http_500", "http_429", "error_code", "hang", "late", "cut"), 0.04),
    **dict.fromkeys(("before_answer", "repeated", "reordered", "lost", "shifted_clock", "unknown_call"), 0.05),
    "seconds": 2.0,
}


async def verdict(scene: Scene) -> Figures:
    """Lets all settle and compares."""
    await scene.settled()
    figures = await judge(scene, await scene.provider.ledger())
    figures.seconds = time.monotonic() - scene.began
    return figures


async def together(*work: Awaitable[object]) -> None:
    async with asyncio.TaskGroup() as group:
        for each in work:
            group.create_task(_awaited(each))


async def _awaited(work: Awaitable[object]) -> None:
    await work


# --- An office at work --------------------------------------------------------------------------------------------


def _next(scene: Scene, employee: str, last: Press | None, number: int | None = None) -> Press:
    """A new press; or the last one again where it was refused, for that leaves its key unused (K4)."""
    if last is None or last.accepted or last.status != 409:
        return scene.a_press(employee, number=number)
    last.acknowledges()
    return last


async def _patience(scene: Scene, refused: Press) -> None:
    """How long a person waits after a refusal: for what is unknown, as long as they are told."""
    unknown = refused.code == "previous_outcome_unknown"
    await asyncio.sleep(refused.retry_after if unknown else scene.random.uniform(0.3, 0.9))


async def work(scene: Scene, employee: str, busy: Callable[[], bool]) -> None:
    """An employee who presses one button after the other, sometimes sooner than the last call has ended."""
    press: Press | None = None
    while busy():
        # Some numbers are wanted by many.
        number = scene.random.randrange(8) if scene.random.random() < 0.1 else None
        press = await scene.press(_next(scene, employee, press, number))
        if not press.accepted:
            await _patience(scene, press)
        elif scene.random.random() < 0.8:
            await asyncio.sleep(scene.random.uniform(0.1, 0.6))


async def random_kills(scene: Scene, kills: int) -> Figures:
    """A full office, and services that die at any moment, in their start as well."""
    await scene.simulator.control("PUT", "random-behaviours", BEHAVIOURS)
    ending = asyncio.Event()

    async def kill() -> None:
        for service in _in_turn(scene, kills):
            if scene.random.random() < 0.9:
                await scene.revive(service)
                await asyncio.sleep(
                    scene.random.uniform(0.0, 0.4) if scene.random.random() < 0.5 else scene.random.uniform(0.4, 1.6)
                )
            else:
                await asyncio.sleep(scene.random.uniform(0.0, 0.25))
            await scene.die(service)
        for service in scene.services:
            await scene.revive(service)
        ending.set()

    await together(kill(), *(work(scene, employee, lambda: not ending.is_set()) for employee in CALLERS))
    return await verdict(scene)


def _in_turn(scene: Scene, times: int) -> Iterable[Service]:
    services = cycle(scene.services)
    return (next(services) for _ in range(times))


# --- Deaths at planned moments ------------------------------------------------------------------------------------


async def moments(scene: Scene) -> Figures:
    """One press, one death, at a moment that is swept in small steps: where no named point lies."""
    await scene.simulator.control("PUT", "random-behaviours", BEHAVIOURS)
    between = [milliseconds / 1000 for milliseconds in range(0, 62, 2)]
    waiting = [0.1, 0.25, 0.4, 0.55]
    answered = [0.2 + milliseconds / 1000 for milliseconds in range(0, 32, 4)]
    reports = [milliseconds / 1000 for milliseconds in range(0, 420, 35)]
    cases: list[tuple[str, float, dict[str, Any] | None]] = [
        *(("between press and answer", delay, None) for delay in between),
        *(("while the provider is waited for", delay, {"kind": "late", "seconds": 0.7}) for delay in waiting),
        *(("while the provider hangs", delay, {"kind": "hang", "seconds": 0.9}) for delay in waiting),
        *(("right after it answered", delay, {"kind": "late", "seconds": 0.18}) for delay in answered),
        *(("during reports", delay, None) for delay in reports),
    ]
    scene.random.shuffle(cases)
    service, people = scene.services[0], cycle(CALLERS)
    repeats: list[asyncio.Task[Press]] = []
    firsts: list[tuple[str, Press, bool]] = []
    async with asyncio.TaskGroup() as group:
        for what, delay, fault in cases:
            await scene.revive(service)
            press = scene.a_press(next(people))
            if fault is not None:
                await scene.simulator.control("POST", "faults", {**fault, "phone_number": press.number})
            if what == "during reports":
                await scene.once(press, service)
                await asyncio.sleep(delay)
                await scene.die(service)
            else:
                first = asyncio.create_task(scene.once(press, service))
                await asyncio.sleep(delay)
                await scene.die(service)
                await first
            firsts.append((what, press, press.status is not None))
            repeats.append(group.create_task(scene.press(press)))
        await scene.revive(service)
    await scene.settled()
    ledger = await scene.simulator.ledger()
    figures = await judge(scene, ledger)
    asked = {(entry["user_id"], entry["phone_number"]) for entry in ledger}
    figures.notes += _where(firsts, asked)
    figures.seconds = time.monotonic() - scene.began
    return figures


def _where(firsts: list[tuple[str, Press, bool]], asked: set[tuple[str, str]]) -> list[str]:
    """How many deaths fell between which two steps of an initiation, as can be told afterwards."""
    found: Counter[str] = Counter()
    for _, press, answered in firsts:
        if answered:
            found["after the answer"] += 1
        elif not press.accepted:
            found["with a refusal"] += 1
        elif not press.replayed:
            found["before the intent"] += 1
        elif press.pair in asked:
            found["after the request"] += 1
        else:
            found["between intent and request"] += 1
    return [f"deaths {what}: {times}" for what, times in sorted(found.items())]


# --- A bad provider -----------------------------------------------------------------------------------------------


async def faults_alone(scene: Scene, of_each: int) -> Figures:
    """Each fault by itself, several times; at the end a provider that refuses connections."""
    await scene.simulator.control("PUT", "random-behaviours", {**BEHAVIOURS, "employee_no_answer": 0})
    faults = [*ANSWER_FAULTS, *REPORT_FAULTS]
    if of_each == 1:
        # Where the end of a talk is lost, the attempt ends at the longest call's time only, a minute here.
        faults = [fault for fault in faults if "reports_share" not in fault]
    waiting = [fault for fault in faults for _ in range(of_each)]
    scene.random.shuffle(waiting)
    numbers = iter(range(10_000))

    async def work(employee: str) -> None:
        while waiting:
            fault = waiting.pop()
            press = scene.a_press(employee, number=next(numbers))
            await scene.simulator.control("POST", "faults", {**fault, "phone_number": press.number})
            while not (await scene.press(press)).accepted:
                await _patience(scene, press)
                press = _next(scene, employee, press)

    await together(*(work(employee) for employee in CALLERS))
    await scene.settled()
    ledger = await scene.simulator.ledger()
    await scene.simulator.kill()
    down = [await scene.press(scene.a_press(employee)) for employee in CALLERS]
    await _none_open(scene)
    figures = await judge(scene, ledger)
    unexpected = [f"{press.key}: {press.status} {press.code}" for press in down if press.code != "provider_unavailable"]
    figures.strange_answers += len(unexpected)
    figures.examples += unexpected
    figures.seconds = time.monotonic() - scene.began
    return figures


async def _none_open(scene: Scene) -> None:
    """With a provider that is down nothing may be left to wait for."""
    if await scene.open_things():
        scene.strange.append("the provider refused connections, and something is open")


async def faults_mixed(scene: Scene, calls: int) -> Figures:
    """Faults of answers and reports at random, some calls with one of both."""
    await scene.simulator.control("PUT", "random-behaviours", BEHAVIOURS)
    await scene.simulator.control("POST", "random-faults", RANDOM_FAULTS)
    accepted = 0

    async def work(employee: str) -> None:
        nonlocal accepted
        press: Press | None = None
        while accepted < calls:
            press = await scene.press(_next(scene, employee, press))
            accepted += press.accepted
            if not press.accepted:
                await _patience(scene, press)

    await together(*(work(employee) for employee in CALLERS))
    await scene.simulator.control("DELETE", "faults")
    return await verdict(scene)


async def redials(scene: Scene, calls: int) -> Figures:
    """Faults at random, and everybody calls the same client from the same phone again and again: each report and each
    row of the statistics is of one of many calls that look alike."""
    await scene.simulator.control("PUT", "random-behaviours", BEHAVIOURS)
    await scene.simulator.control("POST", "random-faults", RANDOM_FAULTS)
    accepted = 0

    async def work(press: Press) -> None:
        nonlocal accepted
        while accepted < calls:
            await scene.press(press)
            accepted += press.accepted
            if press.accepted:
                press = scene.again(press)
            else:
                await _patience(scene, press)
                press.acknowledges()

    await together(*(work(scene.a_press(employee)) for employee in CALLERS))
    # The last of each was made and not pressed any more.
    scene.presses = [press for press in scene.presses if press.tries]
    await scene.simulator.control("DELETE", "faults")
    return await verdict(scene)


# --- Races --------------------------------------------------------------------------------------------------------


async def races(scene: Scene, presses: int) -> Figures:
    """All at once: equal requests, different ones of one employee (250 at most), many employees to one number."""
    notes: list[str] = []
    lost: list[str] = []

    async def race(what: str, pressed: list[Press], number_of_calls: int) -> None:
        await asyncio.gather(*(scene.press(press) for press in pressed))
        made = {press.attempt_id for press in pressed if press.accepted and press.attempt_id is not None}
        # What was surely not sent gave its reservations up: on a machine that is held up, the next may be called.
        unsent = made & await scene.not_sent()
        made -= unsent
        said = Counter(press.code or str(press.status) for press in pressed)
        notes.append(f"{what}: {', '.join(f'{times} {code}' for code, times in said.most_common())}")
        if len(made) > number_of_calls or (len(made) < number_of_calls and not unsent):
            lost.append(f"{what}: {len(made)} calls")
        for entry in (await scene.simulator.control("GET", "state"))["live_calls"]:
            await scene.simulator.control("POST", f"calls/{entry['tracking_id']}/end", {"by": "client"})
        await scene.settled()

    # Talks that last until they are ended: whoever comes late must still find the phones taken.
    await scene.simulator.control("PUT", "random-behaviours", {})
    one = scene.a_press(CALLERS[0], number=251)
    await scene.simulator.behave(one.number, "answers", talk_seconds=100_000)
    same = [one, *(Press(one.key, one.line, one.client, one.number, one.body) for _ in range(presses - 1))]
    await race(f"{presses} equal requests", same, 1)

    different = [scene.a_press(CALLERS[1], number=place) for place in range(presses)]
    for press in different:
        await scene.simulator.behave(press.number, "answers", talk_seconds=100_000)
    await race(f"{presses} different requests of one employee", different, 1)

    # Fifteen of the demo's employees can call; those with a mobile press on both of their devices.
    everybody = [scene.a_press(employee, number=252) for employee in (*CALLERS, *CALLERS[:5])]
    await scene.simulator.behave(everybody[0].number, "answers", talk_seconds=100_000)
    await race(f"{len(everybody)} presses for one number", everybody, 1)

    figures = await judge(scene, await scene.provider.ledger())
    figures.races_lost = len(lost)
    figures.examples += lost
    figures.notes += notes
    figures.seconds = time.monotonic() - scene.began
    return figures


assert TIME_OUT > 0.9  # the planned moments lie within the provider's time-out
