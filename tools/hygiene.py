"""What must not be in the repository: paths of somebody's machine, addresses of package indexes, big files.

Looks at all tracked files; `make check` runs it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

BIG = 2 * 1024 * 1024
# Written so that they don't match themselves.
RULES = {
    "a path of a machine": re.compile(r"(?<![\w.~-])/(?:work|root|home|farm)/"),
    "an address of a package index": re.compile(
        r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com"
        r"|(?<!no-emit-)(?:index-[u]rl|find-[l]inks)\b|https?://\S+/[s]imple\b"
    ),
}


def tracked(root: Path) -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True).stdout
    return [root / name for name in names.decode().split("\0") if name]


def faults(path: Path) -> list[str]:
    if path.is_symlink() or not path.is_file():  # a deleted file is tracked until the commit
        return []
    if path.stat().st_size > BIG:
        return [f"{path}: {path.stat().st_size} bytes; more than {BIG} are not kept here"]
    content = path.read_bytes()
    if b"\0" in content:
        return []
    return [
        f"{path}:{number}: {what}"
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1)
        for what, pattern in RULES.items()
        if pattern.search(line)
    ]


def main() -> int:
    root = Path(__file__).parents[1]
    found = [fault for path in tracked(root) for fault in faults(path)]
    print("\n".join(found) or "hygiene: clean", file=sys.stderr if found else sys.stdout)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
