"""docs/operate/settings.md, made from the fields of `Settings`: what each variable is for, default, what it may be."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs

from telephony_core.dialling import DiallingRules, QuietHours
from telephony_http.settings import PREFIX, SAYS, Settings

PAGE = Path(__file__).resolve().parent.parent / "docs" / "operate" / "settings.md"

_HEAD = """\
# Settings

Made by `make docs` from `telephony_http/settings.py`; change the fields, not this page.

All are environment variables, read once when a command starts. One that is set and empty counts as left out. All that
are wrong are named at once, and `telephony doctor` names those that look like ours and are none.

| variable | what for | default | allowed |
|---|---|---|---|
"""

_TAIL = """
With the demo's data quiet hours and the two limits are off unless a variable sets them. A provider of another package
reads the variables that begin with its name, such as `TELEPHONY_ASTERISK_…` ([asterisk.md](asterisk.md)).
"""

_NONSENSE = "\N{NO-BREAK SPACE}//?"
# What stands for the company's default where a field says None.
_UNSAID = DiallingRules()
_DEFAULTS = {
    "quiet_hours": _UNSAID.quiet_hours,
    "calls_per_hour": _UNSAID.per_hour,
    "calls_per_day": _UNSAID.per_day,
}


def page() -> str:
    """The page as it has to be."""
    rows = (
        f"| `{PREFIX}{each.name.upper()}` | {each.metadata[SAYS]} | {_default(each)} | {_allowed(each)} |\n"
        for each in attrs.fields(Settings)
        if each.converter is not None
    )
    return _HEAD + "".join(rows) + _TAIL


def _default(each: attrs.Attribute[Any]) -> str:
    value = _DEFAULTS.get(each.name, each.default)
    match value:
        case None:
            return "none"
        case QuietHours():
            return f"`{value.since:%H:%M}-{value.until:%H:%M}`"
        case frozenset():
            return ", ".join(f"`{one}`" for one in sorted(value))
        case float():
            return f"`{value:g}`"
        case StrEnum() | str() | int():
            return f"`{value}`"
    raise AssertionError(f"how is the default of {each.name} to be shown?")


def _allowed(each: attrs.Attribute[Any]) -> str:
    """What the reading itself says when it refuses."""
    assert callable(each.converter)
    try:
        each.converter(_NONSENSE)
    except ValueError as error:
        return str(error).replace("|", "\\|")
    return "any text"


def write() -> None:
    PAGE.write_text(page(), encoding="utf-8")
