"""How much of the core's public names is typed, by pyright's own measure (`--verifytypes`), on a real install.

pyright comes into an environment of its own, `.venv-types`, and fetches itself from npm when it runs first: it isn't
among the pins, and no other target needs it.

    python -m tools.typed        (make types)
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".venv-types"
PACKAGE = "telephony_core"
WANTED = "Type completeness score: 100%"


def main() -> int:
    bin_ = PLACE / "bin"
    if not bin_.exists():
        venv.create(PLACE, with_pip=True)
    pip = [str(bin_ / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "pyright>=1.1.414", "pytest", "hypothesis", "attrs", "cattrs"], check=True)
    # Not editable: pyright measures what is in site-packages.
    subprocess.run([*pip, "--no-deps", "--force-reinstall", str(ROOT / "packages" / PACKAGE)], check=True)
    environment = {**os.environ, "VIRTUAL_ENV": str(PLACE), "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"}
    command = [str(bin_ / "pyright"), "--ignoreexternal", "--verifytypes", PACKAGE]
    # From elsewhere: beside the sources it would measure those.
    ran = subprocess.run(command, env=environment, cwd=PLACE, capture_output=True, text=True, check=False)
    if WANTED in ran.stdout:
        print(ran.stdout[ran.stdout.index("Symbols exported by") :].strip())
        return 0
    print(ran.stdout or ran.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
