"""Breaks the code, one rule at a time, and sees that a test of that rule notices: `make broken-rules`.

Each breach is an edit of one place in a copy of the tree; the tests named beside it then have to fail. A breach whose
text no longer stands in the code is an error, so the list can't go stale unnoticed. It takes some minutes and is no
part of `make test`. One long module: a list, a breach a piece.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).resolve().parent.parent
CORE = "packages/telephony_core/src/telephony_core"
CASES = f"{CORE}/use_cases"
EVENTS = "packages/telephony_adapters/src/telephony_adapters/events"
TESTS_OF_CASES = "tests/core/use_cases"
INITIATE = f"{TESTS_OF_CASES}/test_initiate_call.py"
IN_THE_WAY = f"{TESTS_OF_CASES}/test_who_is_in_the_way.py"
WHICH_CALL = f"{TESTS_OF_CASES}/test_which_call.py"
TWO_STEPS = f"{TESTS_OF_CASES}/test_two_steps.py"
AT_MOST_ONCE = f"{TESTS_OF_CASES}/test_at_most_once.py"


@frozen
class Breach:
    """In `file`, `old` becomes `new`; then some test of `tests` has to fail."""

    rule: str
    what: str
    file: str
    old: str
    new: str
    tests: str


BREACHES = (
    Breach(
        "N1",
        "an interest's client comes before its contacts",
        f"{CASES}/find_numbers.py",
        "    if card.interest is not None:\n        for contact",
        "    if card.interest is None:\n        for contact",
        INITIATE,
    ),
    Breach(
        "N1",
        "what isn't understood is dropped",
        f"{CASES}/find_numbers.py",
        "            found.setdefault(once, judged)\n",
        "            if number:\n                found.setdefault(once, judged)\n",
        INITIATE,
    ),
    Breach(
        "N2",
        "anybody dials free-hand",
        f"{CASES}/gather_initiation.py",
        "if not press.principal.may(Permission.CALL_FREE_HAND):",
        "if False:",
        INITIATE,
    ),
    Breach(
        "N3",
        "do-not-call of the list is forgotten",
        f"{CASES}/find_numbers.py",
        " or parsed.number in marked",
        "",
        INITIATE,
    ),
    Breach(
        "N3",
        "quiet hours are overridden without the permission",
        f"{CASES}/admit_dial.py",
        "            press.principal.require(Permission.OVERRIDE_QUIET_HOURS)\n",
        "",
        INITIATE,
    ),
    Breach(
        "N4",
        "the limit of the day is one too many",
        f"{CORE}/dialling.py",
        "today >= self.per_day",
        "today > self.per_day",
        INITIATE,
    ),
    Breach(
        "D1",
        "a colleague's device may be used",
        f"{CORE}/device.py",
        "if device.employee_id != employee_id:",
        "if False:",
        INITIATE,
    ),
    Breach(
        "D2",
        "a mobile without FMTN may be used",
        f"{CORE}/device.py",
        "    if not device.fmtn:\n",
        "    if False:\n",
        INITIATE,
    ),
    Breach(
        "D3",
        "ineligible devices are offered as alternatives",
        f"{CASES}/admit_dial.py",
        "each.id != device.id and not against(",
        "each.id != device.id or not against(",
        INITIATE,
    ),
    Breach(
        "C1",
        "from the mobile a carousel number is asked for",
        f"{CORE}/caller_id/rules.py",
        "return case.decided(Shown(device.sim.number),",
        'return case.decided(Shown(type(device.sim.number)("+79030000000")),',
        INITIATE,
    ),
    Breach(
        "C7",
        "the first usable number is always taken",
        f"{CORE}/carousel.py",
        "return turns.index(min(turns))",
        "return 0",
        INITIATE,
    ),
    Breach(
        "C7",
        "a pick is not counted",
        f"{CASES}/commit_intent.py",
        "if decision.takes_a_turn and",
        "if False and",
        INITIATE,
    ),
    Breach(
        "K1",
        "a late fact makes an ended attempt live again",
        f"{CORE}/call_facts.py",
        "    FactKind.GIVEN_UP: Meaning(None, Source.TIME_OUT, True,",
        "    FactKind.GIVEN_UP: Meaning(None, Source.TIME_OUT, False,",
        IN_THE_WAY,
    ),
    Breach(
        "K1",
        "the other leg is left alone when one is gone",
        f"{CASES}/note_facts.py",
        "            commands += after.legs_to_hang_up()",
        "            pass",
        TWO_STEPS,
    ),
    Breach(
        "K2",
        "silence is taken for proof",
        f"{CORE}/call_facts.py",
        "FactKind.DID_NOT_RING if reports_heard else FactKind.NO_RINGING_REPORTED",
        "FactKind.DID_NOT_RING",
        IN_THE_WAY,
    ),
    Breach(
        "K3",
        "a lost answer is asked for again",
        f"{CASES}/dial_leg.py",
        "        except Exception:  # a gateway's bug",
        "            if isinstance(answer, OutcomeUnknown):\n"
        "                answer = await self.gateways[command.provider].start(command)\n"
        "        except Exception:  # a gateway's bug",
        AT_MOST_ONCE,
    ),
    Breach(
        "K3",
        "the client's leg is dialled whenever a report comes",
        f"{CORE}/call.py",
        "            and reading.client.state is LegState.WAITING\n",
        "",
        AT_MOST_ONCE,
    ),
    Breach(
        "K3",
        "the intent of the client's leg is not stored",
        f"{CASES}/note_facts.py",
        "            after = after.learn([Fact(due, FactKind.REQUESTED, now)], now)\n",
        "",
        AT_MOST_ONCE,
    ),
    Breach(
        "K3",
        "a lost commit is not read back",
        f"{CASES}/commit_intent.py",
        "                if own is None:\n                    raise\n",
        "                raise\n",
        INITIATE,
    ),
    Breach(
        "K3",
        "unknown attempts can be acknowledged at once",
        f"{CASES}/make_way.py",
        " or now < accepted_from:",
        ":",
        IN_THE_WAY,
    ),
    Breach(
        "K3",
        "an unknown attempt never ends",
        f"{CORE}/call_facts.py",
        "reading.state is AttemptState.OUTCOME_UNKNOWN and passed(started_at, limits.unknown_horizon)",
        "False",
        IN_THE_WAY,
    ),
    Breach(
        "K3",
        "a report is credited though another attempt waits for its answer",
        f"{CASES}/match_reports.py",
        "        if len(candidates) != 1 or not _answer_lost(candidates[0]):",
        "        candidates = [each for each in candidates if _answer_lost(each)]\n        if len(candidates) != 1:",
        IN_THE_WAY,
    ),
    Breach(
        "K3",
        "an acknowledged attempt goes on to its second leg",
        f"{CASES}/note_facts.py",
        "        if due is not None and not await self._holds_its_number(uow, after):",
        "        if False:",
        IN_THE_WAY,
    ),
    Breach(
        "K3",
        "a process that was held up dials late",
        f"{CASES}/dial_leg.py",
        "            if self.clock.now() > decided_at",
        "            if False and self.clock.now() > decided_at",
        IN_THE_WAY,
    ),
    Breach(
        "K2",
        "time-outs are measured by the provider's clock",
        f"{CORE}/call_facts.py",
        "        return self.noted_at or self.at",
        "        return self.at",
        IN_THE_WAY,
    ),
    Breach(
        "K4",
        "the key is not stored",
        f"{CASES}/recall_key.py",
        "        await uow.keys.put(record)",
        "        pass",
        f"{INITIATE} {AT_MOST_ONCE}",
    ),
    Breach(
        "K4",
        "the fingerprint is not compared",
        f"{CASES}/recall_key.py",
        "if record.fingerprint != press.request.fingerprint:",
        "if False:",
        INITIATE,
    ),
    Breach(
        "K4",
        "the first request is never in progress",
        f"{CASES}/recall_key.py",
        "            if now < waits_until:",
        "            if False:",
        INITIATE,
    ),
    Breach(
        "K5",
        "reservations are not given up at the end",
        f"{CASES}/note_facts.py",
        "            await uow.reservations.give_up(after.id)\n",
        "            pass\n",
        AT_MOST_ONCE,
    ),
    Breach(
        "K5",
        "the called number is not reserved",
        f"{CASES}/make_way.py",
        "        Reservation(ReservationKind.PHONE_NUMBER, number.e164),\n",
        "",
        IN_THE_WAY,
    ),
    Breach(
        "K6",
        "a closed Call takes attempts",
        f"{CORE}/call.py",
        "            raise CallClosed(call_id=self.id)",
        "            pass",
        WHICH_CALL,
    ),
    Breach(
        "K6",
        "two interests of one client share a Call",
        f"{CORE}/call.py",
        "one_is_the_client = TargetKind.CLIENT in (self.target.kind, card.target.kind)",
        "one_is_the_client = True",
        WHICH_CALL,
    ),
    Breach(
        "K7",
        "dialled before the intent is committed",
        f"{CASES}/commit_intent.py",
        "        await uow.commit()\n        return initiated\n",
        "        if initiated.attempt_id:\n"
        "            attempt = next(each for each in initiated.call.attempts if each.id == initiated.attempt_id)\n"
        "            await self.gateways[attempt.provider].start(attempt.dial(attempt.reading.employee.name))\n"
        "        await uow.commit()\n        return initiated\n",
        INITIATE,
    ),
    Breach(
        "P4",
        "everybody reads every Call",
        f"{CASES}/follow_call.py",
        "if call is None or not principal.may_see(call.employee_id):",
        "if call is None:",
        INITIATE,
    ),
    Breach(
        "P4",
        "everybody follows every Call",
        f"{CASES}/follow_events.py",
        "if not principal.may(Permission.ACT_FOR_OTHERS):",
        "if principal.may(Permission.CALL_FREE_HAND):",
        "tests/http/test_events.py",
    ),
    Breach(
        "K7",
        "a reader that resumes skips what is kept",
        f"{EVENTS}/feed.py",
        "self.position = kept[-1].position if len(kept) == PAGE else until",
        "self.position = until",
        "tests/adapters/events/test_feed_properties.py",
    ),
    Breach(
        "K7",
        "a relay that lost its lease goes on",
        f"{EVENTS}/relay.py",
        "            if not self._is_mine(lease) and lease.expires_at > now:",
        "            if lease.expires_at < now:",
        "tests/adapters/events/test_relay.py",
    ),
    Breach(
        "K3",
        "the service ends before a call in hand is recorded",
        "packages/telephony_http/src/telephony_http/app.py",
        "await app.state.in_flight.ended(stopping.seconds_left)",
        "await app.state.in_flight.ended(0)",
        "tests/http/test_stopping.py",
    ),
)


def noticed(breach: Breach) -> bool:
    """Whether the breach's tests fail in a copy of the tree that has it."""
    with tempfile.TemporaryDirectory(prefix="breach-") as folder:
        copy = Path(folder)
        for name in ("packages", "tests", "tools", "conftest.py", "pyproject.toml"):
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
            else:
                shutil.copy(source, copy / name)
        file = copy / breach.file
        file.write_text(file.read_text(encoding="utf-8").replace(breach.old, breach.new), encoding="utf-8")
        sources = os.pathsep.join(str(path) for path in sorted(copy.glob("packages/*/src")))
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *breach.tests.split()],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": sources},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return run.returncode == 1


def main() -> int:
    asked = set(sys.argv[1:])
    breaches = [breach for breach in BREACHES if not asked or breach.rule in asked]
    stale = [breach for breach in breaches if (ROOT / breach.file).read_text(encoding="utf-8").count(breach.old) != 1]
    for breach in stale:
        print(f"STALE    {breach.rule:4} {breach.what}: its text doesn't stand once in {breach.file}")
    if stale:
        return 2
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(noticed, breaches))
    for breach, was_noticed in zip(breaches, results, strict=True):
        print(f"{'noticed' if was_noticed else 'MISSED '}  {breach.rule:4} {breach.what}")
    print(f"{sum(results)} of {len(results)} breaches noticed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
