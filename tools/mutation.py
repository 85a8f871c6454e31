"""Mutation testing of the core's rules: `make mutation`. Breaks them one small change at a time, and sees tests fail.

mutmut makes the mutants and runs, for each, the tests of `tests/core` that reach its function. What survives must be
explained in `mutation_survivors.toml`, beside this; an explanation of something that doesn't survive any more is an
error, too. Fails below 95 % killed, and where a survivor has no explanation.

Works in a copy of the core and its tests (`.cache/mutation`), under an environment of its own: mutmut rewrites what it
mutates and knows one place of sources. It takes about ten minutes of two processors; what it did is kept there, so that
a second run tests only what was changed (`make mutation ARGS=--anew` forgets it).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".cache" / "mutation"
SURVIVORS = Path(__file__).with_name("mutation_survivors.toml")
LEAST_KILLED = 0.95

MUTATED = ("caller_id/*", "carousel.py", "call.py", "call_facts.py", "device.py")
TESTS = (
    "test_call.py",
    "test_call_facts.py",
    "test_device.py",
    "test_carousel.py",
    "test_caller_id.py",
    "test_own_policies.py",
    "test_serialization.py",
)
LEFT_OUT = (
    "another_process",  # runs a process of its own, which knows nothing of the mutant
    "contracts_elsewhere",  # runs pytest in a process of its own
    "comes_back_as_it_was",  # of stored data: slow, and of what is not mutated here
    "AsksTheClientFirst",  # the contract of policies a third time
)

CONFIG = """\
[tool.mutmut]
source_paths = ["src"]
only_mutate = [{mutated}]
pytest_add_cli_args = ["-k", "{chosen}"]
pytest_add_cli_args_test_selection = [{tests}]

[tool.pytest.ini_options]
pythonpath = ["."]
addopts = ["--import-mode=importlib", "-p", "no:cacheprovider"]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
timeout = 300
"""


@frozen
class Mutant:
    """A change that was tried: in which function, which lines became which, and what came of it."""

    function: str
    was: str
    becomes: str
    status: str


@frozen
class Explained:
    """A survivor that may survive, and why."""

    function: str
    was: str
    becomes: str
    why: str


def lay_out() -> None:
    """A copy of the core and its tests, with what mutmut and pytest need to know; earlier results stay in it."""
    for source, copy in (
        (ROOT / "packages/telephony_core/src/telephony_core", WORK / "src/telephony_core"),
        (ROOT / "tests/core", WORK / "tests/core"),
    ):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for shared in ("conftest.py", "log_scan.py"):
        shutil.copy(ROOT / "tests" / shared, WORK / "tests" / shared)
    config = CONFIG.format(
        mutated=", ".join(f'"src/telephony_core/{each}"' for each in MUTATED),
        tests=", ".join(f'"tests/core/{each}"' for each in TESTS),
        chosen=" and ".join(f"not {each}" for each in LEFT_OUT),
    )
    (WORK / "pyproject.toml").write_text(config, encoding="utf-8")


def mutmut(*arguments: str, read: bool = False) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=WORK,
        env={**os.environ, "HYPOTHESIS_PROFILE": "quick"},
        stdout=subprocess.PIPE if read else None,
        text=True,
        check=True,
    )
    return run.stdout or ""


def mutants() -> Iterator[tuple[str, str]]:
    """Name and status of each mutant."""
    for line in mutmut("results", "--all", "true", read=True).splitlines():
        name, _, status = line.strip().partition(": ")
        if "__mutmut_" in name:
            yield name, status


def looked_at(name: str, status: str) -> Mutant:
    lines = mutmut("show", name, read=True).splitlines()
    was, becomes = (
        " ".join(line[1:].strip() for line in lines if line.startswith(sign) and not line.startswith(sign * 3))
        for sign in "-+"
    )
    module, mangled = name.rsplit("__mutmut_", 1)[0].rsplit(".", 1)
    function = re.sub("^x(_|ǁ)", "", mangled).replace("ǁ", ".")
    return Mutant(f"{module.removeprefix('telephony_core.')}.{function}", was, becomes, status)


def explained() -> list[Explained]:
    data = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))
    return [Explained(**each) for each in data.get("survivor", [])]


def main() -> int:
    if "--anew" in sys.argv[1:]:
        shutil.rmtree(WORK, ignore_errors=True)
    lay_out()
    mutmut("run", "--max-children", str(os.cpu_count() or 2))
    found = list(mutants())
    counts = Counter(status for _, status in found)
    killed = counts["killed"] + counts["timeout"]
    alive = [looked_at(name, status) for name, status in found if status not in {"killed", "timeout"}]
    known = {(each.function, each.was, each.becomes): each for each in explained()}
    met = {(each.function, each.was, each.becomes) for each in alive}
    for mutant in alive:
        why = known.get((mutant.function, mutant.was, mutant.becomes))
        print(f"{mutant.status}: {mutant.function}\n    - {mutant.was}\n    + {mutant.becomes}")
        print(f"    {why.why if why else 'NOT EXPLAINED'}")
    for stale in known.keys() - met:
        print(f"EXPLAINED, BUT DOESN'T SURVIVE: {stale}")
    share = killed / len(found)
    print(f"{killed} of {len(found)} mutants killed, {share:.1%}: {dict(counts)}")
    return 0 if share >= LEAST_KILLED and met == known.keys() else 1


if __name__ == "__main__":
    sys.exit(main())
