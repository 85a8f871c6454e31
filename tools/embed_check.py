"""Installs the core alone into an empty environment, imports all of it, and decides a call by a policy of one's own.

What it may import besides itself and the standard library is attrs and cattrs with what cattrs brings; the kit's
contracts and strategies, which need `telephony-core[testing]`, are the only modules that can't be imported there.

    python -m tools.embed_check        (make embed-check)
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
NEEDED = {"attrs", "cattrs", "telephony-core", "typing-extensions"}
OF_THE_EXTRA = ("hypothesis", "pytest")

IMPORT_ALL = f"""
import sys

before = set(sys.modules)
import importlib, pkgutil, telephony_core
count, extra = 0, 0
for module in pkgutil.walk_packages(telephony_core.__path__, "telephony_core.", onerror=lambda name: None):
    try:
        importlib.import_module(module.name)
        count += 1
    except ModuleNotFoundError as error:
        if not module.name.startswith("telephony_core.testing.") or error.name.split(".")[0] not in {OF_THE_EXTRA!r}:
            raise
        extra += 1
known = {{"telephony_core", "attr", "attrs", "cattr", "cattrs", "typing_extensions"}}
others = {{name.split(".")[0] for name in set(sys.modules) - before}} - known - set(sys.stdlib_module_names)
strangers = sorted(name for name in others if "site-packages" in str(getattr(sys.modules[name], "__file__", "")))
assert not strangers, strangers
print(f"{{count}} modules imported; {{extra}} of the kit wait for telephony-core[testing]")
"""


def main() -> int:
    with TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"

        def run(*arguments: str) -> str:
            ran = subprocess.run([str(python), *arguments], capture_output=True, text=True, cwd=folder, check=False)
            if ran.returncode:
                raise SystemExit(ran.stderr or ran.stdout)
            return ran.stdout.strip()

        run("-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(ROOT / "packages" / "telephony_core"))
        installed = run("-m", "pip", "list", "--format=freeze", "--exclude=pip", "--exclude=setuptools").split()
        names = {line.partition("==")[0].partition("@")[0].strip().lower().replace("_", "-") for line in installed}
        if names - NEEDED:
            print(f"more than needed was installed: {', '.join(sorted(names - NEEDED))}")
            return 1
        print("installed:", ", ".join(sorted(names)))
        print(run("-c", IMPORT_ALL))
        print(run(str(ROOT / "docs" / "embed" / "own_policy.py")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
