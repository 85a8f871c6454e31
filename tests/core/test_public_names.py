"""What `telephony_core` offers by name: all of it is there, typed, and costs nothing before it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import telephony_core

SOURCE = Path(telephony_core.__file__).read_text(encoding="utf-8")


def _typed() -> dict[str, str]:
    """Name -> module, as the type checkers are told."""
    imports = [node for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.ImportFrom) and node.module]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


@pytest.mark.parametrize("name", telephony_core.__all__)
def test_a_public_name_is_the_one_of_its_module(name: str) -> None:
    """At run time what the type checkers are told; listed by `dir`, too."""
    assert getattr(telephony_core, name) is getattr(import_module(_typed()[name]), name)
    assert name in dir(telephony_core)


def test_nothing_is_offered_by_a_name_that_is_not_listed() -> None:
    assert {name for name, home in _typed().items() if home.startswith("telephony_core")} == {*telephony_core.__all__}
    with pytest.raises(AttributeError, match="no attribute 'Telephone'"):
        _ = telephony_core.Telephone  # type: ignore[attr-defined]


def test_importing_the_core_loads_none_of_its_modules() -> None:
    code = "import sys, telephony_core; print([each for each in sys.modules if each.startswith('telephony_core.')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
