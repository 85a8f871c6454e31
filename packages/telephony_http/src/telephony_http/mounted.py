"""Where the app stands among its host's addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def place_of(scope: Mapping[str, Any]) -> str:
    """The path under which a host has mounted the app, such as `/telephony` (ASGI's `root_path`); "" if none has."""
    return str(scope.get("root_path", "")).rstrip("/")
