"""Which test states which rule: `docs/rules-and-tests.md`, made from the docstrings of the tests (`make docs`).

A test of a rule opens its docstring with the rule's number: `"K3: a lost answer is never dialled again."`, or with
several: `"C1, C2: …"`. The tests are read, not run; that they pass is `make test`'s business.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from telephony_core.testing.rules import RULES

__all__ = ["PAGE", "RULES", "page", "tests_of_rules"]

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "rules-and-tests.md"

WHERE = ("tests", "packages/telephony_core/src/telephony_core/testing")

_OPENING = re.compile(r"((?:[A-Z][0-9]{1,2})(?:(?:, | and )[A-Z][0-9]{1,2})*)\b")


@cache
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
