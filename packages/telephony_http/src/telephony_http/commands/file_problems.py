"""How commands tell what is wrong with files."""

from __future__ import annotations

from collections.abc import Sequence

from telephony_adapters.imports.problems import Problem
from telephony_core.party import Permission, Principal
from telephony_http.commands.failing import CommandError
from telephony_http.commands.said import complain
from telephony_http.settings import Settings

SHOWN = 50
"""Problems that are told in words; `--json` tells more."""

AT_THE_KEYBOARD = Principal("command-line", None, frozenset(Permission))
"""Who runs commands on the database may do everything; this name stands in what they leave behind."""


def language_of(settings: Settings) -> str:
    return str(settings.language.value)


def warn(problems: Sequence[Problem], language: str) -> None:
    """Tell the warnings, which stop nothing."""
    warnings = [problem for problem in problems if problem.warning]
    for problem in warnings[:SHOWN]:
        complain(f"warning: {problem.say(language)}")
    if len(warnings) > SHOWN:
        complain(f"and {len(warnings) - SHOWN} more warnings; --json lists them.")


def refuse(problems: Sequence[Problem], errors: int, language: str) -> None:
    """`CommandError` with the errors, if there is any."""
    if not errors:
        return
    found = [problem.say(language) for problem in problems if not problem.warning]
    lines = [f"nothing was taken: {errors} error{'' if errors == 1 else 's'}.", *found[:SHOWN]]
    if errors > SHOWN:
        lines.append(f"and {errors - len(found[:SHOWN])} more; --json lists them.")
    raise CommandError("\n".join(lines))
