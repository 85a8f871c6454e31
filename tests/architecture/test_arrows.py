"""The architecture is what the code imports: the contracts of .importlinter, and what the core may not do (law 1)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from importlinter import cli

ROOT = Path(__file__).parents[2]
CORE = ROOT / "packages/telephony_core/src/telephony_core"

# Domain modules: all directly in the core but the ports, which are promises of I/O.
DOMAIN = sorted(path for path in CORE.glob("*.py") if path.name != "ports.py")
# Use cases await, and they may log: that is all they may do of these.
CORE_WITHOUT_KIT = sorted(path for path in CORE.rglob("*.py") if "testing" not in path.relative_to(CORE).parts)

# fmt: off
FORBIDDEN_MODULES = frozenset({
    "asyncio", "concurrent", "http", "io", "logging", "multiprocessing", "os", "pathlib", "queue", "random", "secrets",
    "select", "selectors", "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading",
    "time", "urllib", "uuid", "zoneinfo",
})
# fmt: on
FORBIDDEN_NAMES = frozenset({"open", "print", "input", "exec", "eval", "__import__"})
CLOCK_CALLS = frozenset({"now", "utcnow", "today", "fromtimestamp"})
OF_USE_CASES = frozenset({"logging"})
ASYNC_NODES = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
# As types and values, not as sources; `shield` keeps a dial whose caller went away, `gather` asks of several at once.
PURE_MODULES_OF = {"uuid": {"UUID"}, "zoneinfo": {"ZoneInfo"}, "asyncio": {"gather", "shield"}}


def test_the_arrows_of_import_linter_are_kept() -> None:
    """The arrows between packages and modules point as .importlinter says (law 15)."""
    assert cli.lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True) == 0


def impurities(source: str, *, may_await: bool) -> list[str]:
    """What a module does that the core may not, as `line: what`."""
    found = []
    forbidden = FORBIDDEN_MODULES - OF_USE_CASES if may_await else FORBIDDEN_MODULES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ASYNC_NODES) and not may_await:
            found.append((node.lineno, "async"))
        elif isinstance(node, ast.comprehension) and node.is_async and not may_await:
            found.append((node.iter.lineno, "async"))
        elif isinstance(node, ast.Import):
            found += [(node.lineno, f"import {a.name}") for a in node.names if a.name.split(".")[0] in forbidden]
        elif isinstance(node, ast.ImportFrom) and node.module:
            package = node.module.split(".")[0]
            if package in forbidden and not {a.name for a in node.names} <= PURE_MODULES_OF.get(package, set()):
                found.append((node.lineno, f"from {node.module} import ..."))
        elif isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
            found.append((node.lineno, node.id))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS:
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if name in {"datetime", "date", "dt"}:
                found.append((node.lineno, f"{name}.{node.func.attr}()"))
    return [f"{line}: {what}" for line, what in sorted(found)]


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: path.stem)
def test_a_domain_module_holds_no_async_no_clock_no_random_and_no_io(path: Path) -> None:
    """`now`, zones, ids and snapshots are arguments of the domain (law 1)."""
    assert impurities(path.read_text("utf-8"), may_await=False) == []


@pytest.mark.parametrize("path", CORE_WITHOUT_KIT, ids=lambda path: str(path.relative_to(CORE).with_suffix("")))
def test_a_use_case_awaits_its_ports_and_does_no_io_itself(path: Path) -> None:
    """`await` and the log begin in use cases and ports; clock, random and I/O are behind ports for them (law 1)."""
    assert impurities(path.read_text("utf-8"), may_await=True) == []


@pytest.mark.parametrize(
    "source",
    [
        "async def f(): ...",
        "def f(): return [x async for x in y]",
        "import datetime\ndatetime.datetime.now()",
        "from datetime import datetime\ndatetime.utcnow()",
        "from datetime import date\ndate.today()",
        "import time",
        "import os.path",
        "from random import choice",
        "from uuid import uuid4",
        "from secrets import token_hex",
        "import socket as s",
        "open('x')",
        "reader = open",
    ],
)
def test_the_check_itself_sees_an_impurity(source: str) -> None:
    assert impurities(source, may_await=False)


def test_the_check_itself_lets_values_pass() -> None:
    source = "from datetime import datetime\nfrom uuid import UUID\ndef f(now: datetime) -> datetime: return now"
    assert impurities(source, may_await=False) == []
