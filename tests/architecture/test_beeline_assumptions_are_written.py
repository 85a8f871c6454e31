"""docs/beeline-assumptions.md, the simulator's switches and the tests are one list: none lacks in any of the three."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from attrs import frozen

from telephony_adapters.beeline_simulator.assumptions import ASSUMPTIONS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "beeline-assumptions.md"
ADAPTERS = ROOT / "packages" / "telephony_adapters" / "src" / "telephony_adapters"
FOLDERS = {"G/": ADAPTERS / "gateways" / "beeline", "S/": ADAPTERS / "beeline_simulator"}
FIELDS = ["Source", "Gateway", "Simulator", "If false", "Check", "Switch", "Test"]


@frozen
class Entry:
    id: str
    what: str
    fields: dict[str, str]


def read(page: str) -> list[Entry]:
    entries = []
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        heading, _, text = section.partition("\n")
        if heading.startswith("BA"):
            number, _, what = heading.partition(" ")
            found = re.findall(r"^- \*\*([^:*]+):\*\* ((?:.|\n(?!- \*\*|\n))+)", text, flags=re.MULTILINE)
            entries.append(Entry(number, what, dict(found)))
    return entries


ENTRIES = read(PAGE.read_text(encoding="utf-8"))
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry.id))


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_they_are_numbered_without_a_gap() -> None:
    assert [entry.id for entry in ENTRIES] == [f"BA{n}" for n in range(1, len(ENTRIES) + 1)]


def test_every_entry_has_its_switch() -> None:
    assert [entry.id for entry in ENTRIES] == [each.id for each in ASSUMPTIONS]
    for entry in ENTRIES:
        assert entry.fields["Switch"].strip() == f"`--assume {entry.id}=off`"


@each_entry
def test_an_entry_says_all(entry: Entry) -> None:
    assert list(entry.fields) == FIELDS
    assert all(text.strip() for text in (entry.what, *entry.fields.values()))


@each_entry
def test_what_an_entry_names_is_there(entry: Entry) -> None:
    named = re.findall(r"`([GS]/)([a-z_]+\.py)`", " ".join(entry.fields.values()))
    assert [name for folder, name in named if not (FOLDERS[folder] / name).is_file()] == []
    tests = re.findall(r"`([a-z_/]+\.py)::(test_[a-z0-9_]+)`", entry.fields["Test"])
    assert tests
    for path, function in tests:
        assert function in functions_of(ROOT / "tests" / "adapters" / path), function
        assert entry.id.lower() in function.split("_"), f"{function} does not say which assumption it is about"
