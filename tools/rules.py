"""Which test states which rule: `docs/rules-and-tests.md`, made from the docstrings of the tests (`make docs`).

A test of a rule opens its docstring with the rule's number: `"K3: a lost answer is never dialled again."`, or with
several: `"C1, C2: …"`. The tests are read, not run; that they pass is `make test`'s business.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "rules-and-tests.md"

RULES: dict[str, str] = {
    "N1": "numbers come normalised, each once, judged, none dropped",
    "N2": "the number dialled belongs to the target; free-hand needs the permission",
    "N3": "a number that may not be called is refused; quiet hours can be overridden, do-not-call can't",
    "N4": "destination classes; limits per employee, hour and day",
    "D1": "a device only by its employee, only while active, a SIM only between issue and return",
    "D2": "a mobile needs corporate SIM and FMTN; an IP phone unless known to be offline or away",
    "D3": "ineligible devices are listed with reasons, refused with alternatives, never changed by us",
    "C0": "one pool a region, one default, chains end, a number active once",
    "C1": "from a mobile the SIM's own number",
    "C2": "from an IP phone a number of the selected pool's active generation",
    "C3": "never a number that is retired, quarantined, undeclared, over a cap or resting",
    "C4": "the region from the sources in order; several regions by the stated rule",
    "C5": "no usable number: the chain or a refusal, as the pool says",
    "C6": "sticky inside the selected pool",
    "C7": "fair: picks differ by at most one, concurrent ones included",
    "C8": "pure; replay reproduces; at most 1 kB stored",
    "C9": "a refresh holds from its instant on, by the database's clock",
    "C10": "the reported number is judged",
    "C11": "where the provider chooses: candidates unfiltered, effects recorded only",
    "K1": "a leg's state is a function of the set of facts; what ended never lives again",
    "K2": "accepted is not ringing; missing reports free nobody",
    "K3": "each leg is dialled at most once; unknown outcomes are kept, acknowledged, given up at their horizon",
    "K4": "Idempotency-Key",
    "K5": "one attempt holds an employee, a Call, a number; given up exactly once",
    "K6": "which Call takes the attempt; closing",
    "K7": "nothing accepted is lost",
    "B1": "a call-back finds the employee",
    "P1": "no full client number in any log, trace, metric, error or URL",
    "P2": "events carry ids and masked numbers",
    "P3": "retention and erasure; carousel history stays",
    "P4": "an employee reads only their own",
}

WHERE = ("tests", "packages/telephony_core/src/telephony_core/testing")

_OPENING = re.compile(r"((?:[A-Z][0-9]{1,2})(?:(?:, | and )[A-Z][0-9]{1,2})*)\b")


def tests_of_rules() -> dict[str, list[str]]:
    """Rule -> the tests that open with its number, as `file::Class::test`, sorted."""
    found: dict[str, list[str]] = {rule: [] for rule in RULES}
    for folder in WHERE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name, docstring in _tests(ast.parse(path.read_text(encoding="utf-8")), ""):
                opening = _OPENING.match(docstring)
                for rule in re.findall(r"[A-Z][0-9]+", opening.group(1)) if opening else ():
                    if rule in found:
                        found[rule].append(f"{path.relative_to(ROOT).as_posix()}{name}")
    return {rule: sorted(tests) for rule, tests in found.items()}


def _tests(node: ast.AST, inside: str) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _tests(child, f"{inside}::{child.name}")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and child.name.startswith("test"):
            yield f"{inside}::{child.name}", ast.get_docstring(child) or ""


def page() -> str:
    """docs/rules-and-tests.md as it has to be."""
    lines = [
        "# Rules and their tests",
        "",
        "Made by `make docs` from the tests' docstrings. The rules are those of the product; here in short.",
        "",
        "| rule | in short | tests |",
        "|---|---|---|",
    ]
    for rule, tests in tests_of_rules().items():
        lines.append(f"| {rule} | {RULES[rule]} | {'<br>'.join(f'`{test}`' for test in tests) or '**none**'} |")
    return "\n".join(lines) + "\n"
