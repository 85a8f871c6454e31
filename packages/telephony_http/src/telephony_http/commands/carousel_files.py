"""`telephony carousel`: takes pools and numbers in, gives them out, compares, and tells what wears out when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import asdict
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.imports.carousel_export import export_carousel
from telephony_adapters.imports.carousel_files import ImportedCarousel, import_carousel
from telephony_adapters.imports.carousel_merge import Difference
from telephony_adapters.imports.carousel_records import CarouselRules
from telephony_adapters.numbering.plan import NumberingPlan
from telephony_adapters.numbering.zones import RegionZones
from telephony_adapters.store.number_ranges import NumberRanges
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.use_cases.edit_carousel import EditCarousel
from telephony_core.use_cases.view_carousel import ViewCarousel
from telephony_http.commands.database import engine_of
from telephony_http.commands.failing import CommandError
from telephony_http.commands.file_problems import AT_THE_KEYBOARD, language_of, refuse, warn
from telephony_http.commands.said import complain, say, say_json, say_table
from telephony_http.settings import Settings


async def take_in(files: Sequence[Path], *, dry_run: bool, as_json: bool) -> None:
    """All files or none of them. `CommandError` names what is wrong, C0 included."""
    settings = Settings.load()
    outcome = await _imported(files, settings, dry_run=dry_run, as_json=as_json)
    if as_json:
        return
    _tell_changes(outcome.changes)
    for wish in outcome.ask_provider:
        say(wish.sentence(language_of(settings), ZoneInfo(settings.time_zone)))
    if dry_run:
        say("Nothing was changed (--dry-run).")
    elif not outcome.changes:
        say("The carousel is as the files say; nothing was changed.")


async def compare(files: Sequence[Path], *, as_json: bool) -> None:
    """What an import would change, and nothing else."""
    outcome = await _imported(files, Settings.load(), dry_run=True, as_json=as_json)
    if not as_json:
        _tell_changes(outcome.changes)
        if not outcome.changes:
            say("No difference.")


async def _imported(files: Sequence[Path], settings: Settings, *, dry_run: bool, as_json: bool) -> ImportedCarousel:
    language, zone = language_of(settings), ZoneInfo(settings.time_zone)
    async with engine_of(settings) as engine:
        plan = await _plan(engine)
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


async def _plan(engine: AsyncEngine) -> NumberingPlan | None:
    plan = NumberingPlan.from_rows(await NumberRanges(engine).load())
    if len(plan):
        return plan
    complain("no register is loaded, so no number is checked against it (telephony numbering-plan import)")
    return None


def _tell_changes(changes: Sequence[Difference]) -> None:
    if changes:
        say_table(
            ("pool", "generation", "number", "what", "before", "after"),
            [
                (
                    each.pool_id,
                    each.generation_id or "-",
                    each.number or "-",
                    each.what,
                    each.before or "-",
                    each.after or "-",
                )
                for each in changes
            ],
        )


async def give_out(file: Path) -> None:
    """Write the carousel as it is."""
    async with engine_of(Settings.load()) as engine, SqlStore(engine).read() as uow:
        carousel = await uow.carousel.load()
    try:
        written = export_carousel(carousel, file)
    except OSError as error:
        raise CommandError(f"{file} can't be written: {error.strerror or error}.") from None
    except ImportError:
        raise CommandError("To write .xlsx needs the package xlsxwriter; a name without .xlsx gives CSV.") from None
    say(f"{len(carousel.pools)} pools: {', '.join(str(path) for path in written)}")


async def forecast(*, as_json: bool) -> None:
    """Pools in the order of their wearing out."""
    settings = Settings.load()
    async with engine_of(settings) as engine:
        view = ViewCarousel(SqlStore(engine), RegionZones(settings.time_zone))
        found = await view.forecast(AT_THE_KEYBOARD)
    if as_json:
        say_json([{**asdict(each), "due_at": _z(each.due_at), "refreshed_at": _z(each.refreshed_at)} for each in found])
        return
    say_table(
        ("pool", "worn out on", "days left", "refresh scheduled", "shows of a number a day", "to do"),
        [
            (
                each.pool_id,
                f"{each.due_at:%Y-%m-%d}" if each.due_at else "-",
                str(each.days_left) if each.days_left is not None else "no numbers",
                f"{each.refreshed_at:%Y-%m-%d}" if each.refreshed_at else "-",
                f"{each.shows_per_day:g}",
                "schedule new numbers" if each.needs_refresh else "-",
            )
            for each in found
        ],
    )


def _z(instant: datetime | None) -> str | None:
    return instant.isoformat().replace("+00:00", "Z") if instant is not None else None
