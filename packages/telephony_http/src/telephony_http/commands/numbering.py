"""`telephony numbering-plan`: takes an edition of the state's register, and answers where a number belongs.

An edition takes the place of all ranges in force. What speaks against it is said; only one without mobile numbers is
refused, unless it is forced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from telephony_adapters.imports.open_file import why
from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_adapters.numbering.plan import NumberingPlan
from telephony_adapters.numbering.register import RegisterImport, read_register
from telephony_adapters.numbering.replacing import Doubt, doubts
from telephony_adapters.numbering.wrong import LineError
from telephony_adapters.store.number_ranges import NumberRanges
from telephony_core.phone import DestinationClass
from telephony_http.commands.database import engine_of
from telephony_http.commands.failing import CommandError
from telephony_http.commands.file_problems import language_of
from telephony_http.commands.said import chosen, complain, say, say_json, say_table
from telephony_http.settings import Settings

_ERRORS_SHOWN = 20
_Chosen = Callable[[str, str], str]


async def import_plan(file: Path, *, dry_run: bool, force: bool, as_json: bool) -> None:
    """Reads the file, and puts its ranges in the place of all that are stored. `CommandError` if it is not accepted."""
    settings = Settings.load()
    language = language_of(settings)
    found = _read(file, language)
    new = found.plan(_edition(file, found)) if found.accepted else NumberingPlan()
    before = await _in_force(settings, dry_run=dry_run) if found.accepted else NumberingPlan()
    same = bool(len(before)) and _digest(before.edition) == _digest(new.edition)
    against = doubts(before, new) if found.accepted and not same else ()
    refused = [doubt for doubt in against if doubt.refuses and not force]
    warnings: list[LineError | Doubt] = [*found.remarks, *(doubt for doubt in against if not doubt.refuses)]
    if as_json:
        say_json(
            _as_data(found, new, before, same, language)
            | {
                "warnings": [warning.say(language) for warning in warnings],
                "refused": [doubt.say(language) for doubt in refused],
            }
        )
    if not found.accepted:
        raise CommandError(_errors(file, found, language))
    if refused:
        raise CommandError(_refusal(file, refused, chosen(language)))
    if not dry_run and not same:
        async with engine_of(settings) as engine:
            await NumberRanges(engine).replace(new.to_rows())
    if not as_json:
        for warning in warnings:
            complain(warning.say(language))
        _tell(file, found, new, before, same=same, dry_run=dry_run, in_words=chosen(language))


def _read(file: Path, language: str) -> RegisterImport:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(chosen(language)("reading", "чтение"), total=None)
        try:
            return read_register(
                file,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
        except OSError as error:
            said = why(error).say(language)
            raise CommandError(
                chosen(language)(f"{file} can't be read: {said}.", f"{file} не читается: {said}.")
            ) from None


def _edition(file: Path, found: RegisterImport) -> str:
    """A name for the edition: the file's, by which its month may be known, and the digest of its ranges."""
    return f"{file.name.partition('.csv')[0]} {found.digest}"


def _digest(edition: str) -> str:
    return edition.rpartition(" ")[2]


async def _in_force(settings: Settings, *, dry_run: bool) -> NumberingPlan:
    try:
        async with engine_of(settings) as engine:
            return NumberingPlan.from_rows(await NumberRanges(engine).load())
    except CommandError:
        if dry_run:  # a file may be tried before there is a database
            return NumberingPlan()
        raise


def _as_data(
    found: RegisterImport,
    new: NumberingPlan,
    before: NumberingPlan,
    same: bool,
    language: str,
) -> dict[str, object]:
    return {
        "lines": found.lines,
        "ranges": len(found.ranges),
        "names": len(found.names),
        "not_understood": list(found.not_understood),
        "numbers": found.capacity,
        "edition": new.edition or None,
        "errors": [error.say(language) for error in found.errors],
        "replaces": {"edition": before.edition, "ranges": len(before), "numbers": before.capacity} if before else None,
        "same_as_in_force": same,
    }


def _tell(
    file: Path,
    found: RegisterImport,
    new: NumberingPlan,
    before: NumberingPlan,
    *,
    same: bool,
    dry_run: bool,
    in_words: _Chosen,
) -> None:
    ranges, numbers, edition = len(found.ranges), found.capacity, new.edition
    say(
        in_words(
            f"{file.name}: {found.lines} lines, {ranges} ranges of {numbers} numbers, edition {edition}.",
            f"{file.name}: строк {found.lines}, диапазонов {ranges}, номеров в них {numbers}, издание {edition}.",
        )
    )
    if same:
        say(in_words("The same is in force; nothing was changed.", "То же самое уже действует; ничего не изменено."))
        return
    if len(before):
        was = (before.edition, len(before), before.capacity)
        say(
            in_words(
                "In the place of edition {} with {} ranges of {} numbers.".format(*was),
                "Вместо издания {}: диапазонов {}, номеров {}.".format(*was),
            )
        )
    if dry_run:
        say(in_words("Nothing was changed (--dry-run).", "Ничего не изменено (--dry-run)."))
    else:
        say(
            in_words(
                "It is in force; services that run take it up within 5 seconds.",
                "Издание действует; работающие службы подхватят его за 5 секунд.",
            )
        )


def _errors(file: Path, found: RegisterImport, language: str) -> str:
    in_words, count = chosen(language), len(found.errors)
    lines = [
        in_words(f"{file.name} was not taken; errors: {count}.", f"{file.name} не принят; ошибок: {count}."),
        *(error.say(language) for error in found.errors[:_ERRORS_SHOWN]),
    ]
    if count > _ERRORS_SHOWN:
        more = count - _ERRORS_SHOWN
        lines.append(in_words(f"and {more} more; --json lists them all.", f"и ещё {more}; все они — в --json."))
    if any(error.line for error in found.errors):
        lines.append(
            in_words(
                "Nothing was changed: a file is taken whole or not at all. Download it anew, or mend these lines.",
                "Ничего не изменено: файл принимается целиком или никак. Загрузите его заново или исправьте строки.",
            )
        )
    return "\n".join(lines)


def _refusal(file: Path, against: Sequence[Doubt], in_words: _Chosen) -> str:
    language = in_words("en", "ru")
    return "\n".join(
        [
            in_words(
                f"{file.name} was not taken: it would take the place of all ranges in force, and",
                f"{file.name} не принят: он заменил бы все действующие диапазоны, а",
            ),
            *(f"- {doubt.say(language)}" for doubt in against),
            in_words(
                "Import DEF-9xx; --force takes this one all the same.",
                "Загрузите DEF-9xx; --force примет и этот.",
            ),
        ]
    )


async def look_up(numbers: Sequence[str], *, as_json: bool) -> None:
    """Where each number belongs by the stored register; landlines and foreign numbers without it as well."""
    settings = Settings.load()
    in_words = chosen(language_of(settings))
    plan = await _in_force(settings, dry_run=False)
    if not len(plan):
        complain(
            in_words(
                "no register is loaded: mobile numbers are of the whole country (telephony numbering-plan import)",
                "реестр не загружен: мобильные номера относятся ко всей стране (telephony numbering-plan import)",
            )
        )
    parser = PhoneNumbers()
    parsed = [parser.parse(text) for text in numbers]
    told: list[dict[str, Any]] = []
    for each in parsed:
        number = each.number
        entry = plan.lookup(number) if number is not None else None
        told.append(
            {
                "input": each.as_entered,
                "number": number.e164 if number is not None else None,
                "codes": list(plan.resolve(number)) if number is not None else [],
                "operator": entry.operator if entry is not None else None,
            }
        )
    if as_json:
        say_json(told)
        return
    none = {
        DestinationClass.SHORT: in_words("a short number", "короткий номер"),
        DestinationClass.OTHER: in_words("not a number", "не номер"),
    }
    say_table(
        (
            in_words("input", "введено"),
            in_words("number", "номер"),
            in_words("codes", "регионы"),
            in_words("operator", "оператор"),
        ),
        [
            (
                row["input"],
                row["number"] or none[each.destination],
                " ".join(row["codes"]) or "-",
                row["operator"] or "-",
            )
            for row, each in zip(told, parsed, strict=True)
        ],
    )
