"""How commands tell what is wrong with files."""

from __future__ import annotations

from collections.abc import Sequence

from telephony_adapters.imports.problems import Problem
from telephony_core.party import Permission, Principal
from telephony_http.commands.failing import CommandError
from telephony_http.commands.said import chosen, complain
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
    in_words = chosen(language)
    for problem in warnings[:SHOWN]:
        complain(f"{in_words('warning', 'предупреждение')}: {problem.say(language)}")
    if (more := len(warnings) - SHOWN) > 0:
        complain(
            in_words(f"and {more} more warnings; --json lists them.", f"и ещё предупреждений: {more}; они в --json.")
        )


def refuse(problems: Sequence[Problem], errors: int, language: str) -> None:
    """`CommandError` with the errors, if there is any."""
    if not errors:
        return
    found = [problem.say(language) for problem in problems if not problem.warning]
    in_words = chosen(language)
    lines = [in_words(f"nothing was taken; errors: {errors}.", f"ничего не принято; ошибок: {errors}."), *found[:SHOWN]]
    if (more := errors - len(found[:SHOWN])) > 0:
        lines.append(in_words(f"and {more} more; --json lists them.", f"и ещё {more}; они в --json."))
    raise CommandError("\n".join(lines))
