"""`telephony carousel`: takes pools and numbers in, gives them out, compares, and tells what wears out when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import asdict
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.imports.carousel_export import export_carousel
from telephony_adapters.imports.carousel_files import ImportedCarousel, import_carousel
from telephony_adapters.imports.carousel_merge import Difference
from telephony_adapters.imports.carousel_records import CarouselRules, word_of
from telephony_adapters.imports.cells import written_instant
from telephony_adapters.imports.columns import CAROUSEL_KINDS, COLUMNS, heading
from telephony_adapters.imports.open_file import why
from telephony_adapters.numbering.plan import NumberingPlan
from telephony_adapters.numbering.zones import RegionZones
from telephony_adapters.store.number_ranges import NumberRanges
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.carousel import ChosenBy, WhenExhausted
from telephony_core.use_cases.edit_carousel import EditCarousel
from telephony_core.use_cases.view_carousel import ViewCarousel
from telephony_http.commands.database import engine_of
from telephony_http.commands.failing import CommandError
from telephony_http.commands.file_problems import AT_THE_KEYBOARD, language_of, refuse, warn
from telephony_http.commands.said import chosen, complain, in_utc, say, say_json, say_table
from telephony_http.settings import Settings


async def take_in(files: Sequence[Path], *, dry_run: bool, as_json: bool) -> None:
    """All files or none of them. `CommandError` names what is wrong, C0 included."""
    settings = Settings.load()
    outcome = await _imported(files, settings, dry_run=dry_run, as_json=as_json)
    if as_json:
        return
    language, zone = language_of(settings), ZoneInfo(settings.time_zone)
    in_words = chosen(language)
    _tell_changes(outcome.changes, language, zone)
    for wish in outcome.ask_provider:
        say(wish.sentence(language, zone))
    if dry_run:
        say(in_words("Nothing was changed (--dry-run).", "Ничего не изменено (--dry-run)."))
    elif not outcome.changes:
        say(
            in_words(
                "The carousel is as the files say; nothing was changed.",
                "Карусель такова, как в файлах; ничего не изменено.",
            )
        )


async def compare(files: Sequence[Path], *, as_json: bool) -> None:
    """What an import would change, and nothing else."""
    settings = Settings.load()
    language = language_of(settings)
    outcome = await _imported(files, settings, dry_run=True, as_json=as_json)
    if not as_json:
        _tell_changes(outcome.changes, language, ZoneInfo(settings.time_zone))
        if not outcome.changes:
            say(chosen(language)("No difference.", "Отличий нет."))


async def _imported(files: Sequence[Path], settings: Settings, *, dry_run: bool, as_json: bool) -> ImportedCarousel:
    language, zone = language_of(settings), ZoneInfo(settings.time_zone)
    async with engine_of(settings) as engine:
        plan = await _plan(engine, language)
        rules = CarouselRules(regions=plan, zone=zone)
        edit = EditCarousel(SqlStore(engine))
        outcome = await import_carousel(files, edit, AT_THE_KEYBOARD, rules, dry_run=dry_run)
    if as_json:
        say_json(
            {
                "files": [file.name for file in files],
                "dry_run": outcome.dry_run,
                "taken": outcome.taken,
                "changes": [asdict(change) for change in outcome.changes],
                "ask_provider": [
                    {"wish": str(wish.wish), "pool_id": wish.pool_id, "say": wish.sentence(language, zone)}
                    for wish in outcome.ask_provider
                ],
                "errors": outcome.errors,
                "problems": [problem.as_data(language) for problem in outcome.problems],
            }
        )
    else:
        warn(outcome.problems, language)
    refuse(outcome.problems, outcome.errors, language)
    return outcome


async def _plan(engine: AsyncEngine, language: str) -> NumberingPlan | None:
    plan = NumberingPlan.from_rows(await NumberRanges(engine).load())
    if len(plan):
        return plan
    complain(
        chosen(language)(
            "no register is loaded, so no number is checked against it (telephony numbering-plan import)",
            "реестр не загружен, и номера по нему не проверяются (telephony numbering-plan import)",
        )
    )
    return None


def _tell_changes(changes: Sequence[Difference], language: str, zone: tzinfo) -> None:
    if not changes:
        return
    in_words = chosen(language)
    head = (
        in_words("pool", "пул"),
        in_words("generation", "поколение"),
        in_words("number", "номер"),
        in_words("what", "что"),
        in_words("before", "было"),
        in_words("after", "стало"),
    )
    rows = [
        (
            each.pool_id,
            each.generation_id or "-",
            each.number or "-",
            _thing(each.what, language),
            _value(each.what, each.before, language, zone),
            _value(each.what, each.after, language, zone),
        )
        for each in changes
    ]
    say_table(head, rows)


_FIELDS = {"region_codes": "regions", "is_default": "default", "quarantine": "quarantine_reason"}
_WORDS: Mapping[str, Callable[[str], ChosenBy | WhenExhausted]] = {
    "chosen_by": ChosenBy,
    "when_exhausted": WhenExhausted,
}
_INSTANTS = ("activates_at", "confirmed_at", "declared_since")


def _thing(what: str, language: str) -> str:
    """What differs, as its column is headed."""
    if what == "pool":
        return chosen(language)("pool", "пул")
    field = _FIELDS.get(what, what)
    kind = next(kind for kind in CAROUSEL_KINDS if any(column.field == field for column in COLUMNS[kind]))
    return heading(kind, field, language).lower()


def _value(what: str, value: str | None, language: str, zone: tzinfo) -> str:
    if what in _INSTANTS and value:
        return written_instant(datetime.fromisoformat(value), zone, language)
    if what in ("is_default", "declaration_required"):
        return {"True": chosen(language)("yes", "да"), "False": chosen(language)("no", "нет")}.get(value or "", "-")
    if what in _WORDS and value:
        return word_of(_WORDS[what](value), language)
    return value or "-"


async def give_out(file: Path) -> None:
    """Write the carousel as it is."""
    settings = Settings.load()
    language = language_of(settings)
    in_words = chosen(language)
    async with engine_of(settings) as engine, SqlStore(engine).read() as uow:
        carousel = await uow.carousel.load()
    try:
        written = export_carousel(carousel, file, zone=ZoneInfo(settings.time_zone), language=language)
    except OSError as error:
        said = why(error).say(language)
        raise CommandError(in_words(f"{file} can't be written: {said}.", f"{file} не записан: {said}.")) from None
    except ImportError:
        raise CommandError(
            in_words(
                "To write .xlsx needs the package xlsxwriter; a name without .xlsx gives CSV.",
                "Чтобы писать .xlsx, нужен пакет xlsxwriter; имя без .xlsx даёт CSV.",
            )
        ) from None
    paths = ", ".join(str(path) for path in written)
    say(in_words(f"{len(carousel.pools)} pools: {paths}", f"пулов {len(carousel.pools)}: {paths}"))


async def forecast(*, as_json: bool) -> None:
    """Pools in the order of their wearing out."""
    settings = Settings.load()
    async with engine_of(settings) as engine:
        view = ViewCarousel(SqlStore(engine), RegionZones(settings.time_zone))
        found = await view.forecast(AT_THE_KEYBOARD)
    if as_json:
        say_json(
            [
                {**asdict(each), "due_at": in_utc(each.due_at), "refreshed_at": in_utc(each.refreshed_at)}
                for each in found
            ]
        )
        return
    in_words = chosen(language_of(settings))
    say_table(
        (
            in_words("pool", "пул"),
            in_words("worn out on", "износится"),
            in_words("days left", "осталось дней"),
            in_words("refresh scheduled", "обновление назначено"),
            in_words("shows of a number a day", "показов номера в день"),
            in_words("to do", "что сделать"),
        ),
        [
            (
                each.pool_id,
                f"{each.due_at:%Y-%m-%d}" if each.due_at else "-",
                str(each.days_left) if each.days_left is not None else in_words("no numbers", "номеров нет"),
                f"{each.refreshed_at:%Y-%m-%d}" if each.refreshed_at else "-",
                f"{each.shows_per_day:g}",
                in_words("schedule new numbers", "назначить новые номера") if each.needs_refresh else "-",
            )
            for each in found
        ],
    )
