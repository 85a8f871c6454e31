"""`telephony directory import`: takes files of employees, devices, clients and interests in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import asdict
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from telephony_adapters.imports.columns import FILE_NAMES, Kind
from telephony_adapters.imports.directory_files import Imported, import_directory
from telephony_adapters.imports.directory_merge import Counts
from telephony_adapters.imports.own_stock import OwnStock
from telephony_adapters.imports.records import RecordRules
from telephony_http.commands.database import engine_of
from telephony_http.commands.file_problems import language_of, refuse, warn
from telephony_http.commands.said import chosen, say, say_json
from telephony_http.settings import Settings


async def take_in(files: Sequence[Path], *, dry_run: bool, as_json: bool) -> None:
    """All files or none of them. `CommandError` names what is wrong, line by line."""
    settings = Settings.load()
    language = language_of(settings)
    rules = RecordRules(zone=ZoneInfo(settings.time_zone))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with engine_of(settings) as engine:
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            reading, storing = chosen(language)("reading", "чтение"), chosen(language)("storing", "запись")
            task = progress.add_task(reading, total=None)

            def shown(done: int, of: int) -> None:
                progress.update(task, completed=done, total=of, description=reading if done < of else storing)

            outcome = await import_directory(files, OwnStock(engine), rules, dry_run=dry_run, progress=shown)
    if as_json:
        say_json(_as_data(outcome, files, language))
    else:
        warn(outcome.problems, language)
    refuse(outcome.problems, outcome.errors, language)
    if not as_json:
        _tell(outcome, language)


def _as_data(outcome: Imported, files: Sequence[Path], language: str) -> dict[str, object]:
    return {
        "files": [file.name for file in files],
        "lines": outcome.lines,
        "dry_run": outcome.dry_run,
        "taken": outcome.taken,
        "nothing_changed": outcome.nothing_changed,
        "counts": {str(kind): _counts(kind, each) for kind, each in outcome.counts.items()},
        "errors": outcome.errors,
        "warnings": outcome.warnings,
        "problems": [problem.as_data(language) for problem in outcome.problems],
    }


def _counts(kind: Kind, counts: Counts) -> dict[str, int]:
    found: dict[str, int] = asdict(counts)
    if kind is not Kind.DO_NOT_CALL:  # nothing else is ever removed by an import
        found.pop("removed")
    return found


def _tell(outcome: Imported, language: str) -> None:
    in_words = chosen(language)
    for kind, each in outcome.counts.items():
        added, changed, unchanged = each.added, each.changed, each.unchanged
        removed = in_words(f", {each.removed} removed", f", снято {each.removed}") if each.removed else ""
        say(
            in_words(
                f"{FILE_NAMES[kind][0]}: {added} added, {changed} changed, {unchanged} unchanged{removed}",
                f"{FILE_NAMES[kind][1]}: добавлено {added}, изменено {changed}, без изменений {unchanged}{removed}",
            )
        )
    if outcome.dry_run:
        say(in_words("Nothing was changed (--dry-run).", "Ничего не изменено (--dry-run)."))
    elif not outcome.lines:
        say(in_words("No line was found; nothing was changed.", "Ни одной строки не найдено; ничего не изменено."))
    elif outcome.nothing_changed:
        say(in_words("All of it was stored before; nothing was changed.", "Всё это уже записано; ничего не изменено."))
    else:
        say(in_words(f"{outcome.lines} lines were taken.", f"Принято строк: {outcome.lines}."))
