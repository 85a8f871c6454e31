"""`telephony numbering-plan`: takes an edition of the state's register, and answers where a number belongs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_adapters.numbering.plan import NumberingPlan
from telephony_adapters.numbering.register import RegisterImport, read_register
from telephony_adapters.store.number_ranges import NumberRanges
from telephony_http.commands.database import engine_of
from telephony_http.commands.failing import CommandError
from telephony_http.commands.said import complain, say, say_json, say_table
from telephony_http.settings import Settings

_ERRORS_SHOWN = 20


async def import_plan(file: Path, *, dry_run: bool, allow_unknown: bool, as_json: bool) -> None:
    """Reads the file, and puts its ranges in the place of all that are stored. `CommandError` if it is not accepted."""
    settings = Settings.load()
    found, edition = _read(file, allow_unknown=allow_unknown)
    if as_json:
        say_json(
            {
                "lines": found.lines,
                "ranges": len(found.ranges),
                "names": len(found.names),
                "not_understood": list(found.not_understood),
                "numbers": found.capacity,
                "edition": edition,
                "errors": [str(error) for error in found.errors],
            }
        )
    if not found.accepted:
        raise CommandError(_errors(file, found))
    changed = False
    if not dry_run:
        async with engine_of(settings) as engine:
            ranges = NumberRanges(engine)
            changed = await ranges.edition() != edition
            if changed:
                await ranges.replace(found.plan(edition).to_rows())
    if as_json:
        return
    say(f"{file.name}: {found.lines} lines, {len(found.ranges)} ranges of {found.capacity} numbers, edition {edition}.")
    if found.not_understood:
        say(f"Names not understood, taken for the whole country: {'; '.join(found.not_understood)}")
    if dry_run:
        say("Nothing was changed (--dry-run).")
    else:
        say("It is in force." if changed else "It is the edition that was in force before; nothing was changed.")


def _read(file: Path, *, allow_unknown: bool) -> tuple[RegisterImport, str]:
    """The register, and a name for its edition that follows from the content: the same file is the same edition."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading", total=None)
        try:
            found = read_register(
                file,
                allow_unknown=allow_unknown,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
            digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        except OSError as error:
            raise CommandError(f"{file} can't be read: {error.strerror or error}.") from None
    return found, f"{file.name.partition('.csv')[0]} {digest}"


def _errors(file: Path, found: RegisterImport) -> str:
    count = len(found.errors)
    lines = [
        f"{file.name} was not taken: {count} error{'' if count == 1 else 's'}.",
        *map(str, found.errors[:_ERRORS_SHOWN]),
    ]
    if count > _ERRORS_SHOWN:
        lines.append(f"and {count - _ERRORS_SHOWN} more; --json lists them all.")
    return "\n".join(lines)


async def look_up(numbers: Sequence[str], *, as_json: bool) -> None:
    """Where each number belongs by the stored register; landlines and foreign numbers without it as well."""
    async with engine_of(Settings.load()) as engine:
        plan = NumberingPlan.from_rows(await NumberRanges(engine).load())
    if not len(plan):
        complain("no register is loaded: mobile numbers are of the whole country (telephony numbering-plan import)")
    parser = PhoneNumbers()
    told: list[dict[str, Any]] = []
    for text in numbers:
        number = parser.parse(text).number
        entry = plan.lookup(number) if number is not None else None
        told.append(
            {
                "input": text,
                "number": number.e164 if number is not None else None,
                "codes": list(plan.resolve(number)) if number is not None else [],
                "operator": entry.operator if entry is not None else None,
            }
        )
    if as_json:
        say_json(told)
        return
    say_table(
        ("input", "number", "codes", "operator"),
        [
            (
                str(each["input"]),
                str(each["number"] or "-"),
                " ".join(each["codes"] or ["-"]),
                str(each["operator"] or "-"),
            )
            for each in told
        ],
    )
