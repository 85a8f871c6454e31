"""Writes the carousel out in the form in which it is read in: what is exported and imported again changes nothing.

For people: headings and words in their language, instants by the clock of the company.

To `.xlsx` a book with the sheets `pools` and `numbers`; else two CSV side by side, `NAME.pools.csv` and
`NAME.numbers.csv`, for Excel: semicolons, UTF-8 with BOM, numbers as digits without `+`, which would make a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path

from attrs import frozen

from telephony_adapters.imports.carousel_records import word_of
from telephony_adapters.imports.cells import written_instant
from telephony_adapters.imports.columns import COLUMNS, FILE_NAMES, Kind, heading
from telephony_core.carousel import Carousel, CarouselPool

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export_carousel(carousel: Carousel, path: Path, *, zone: tzinfo, language: str = "en") -> tuple[Path, ...]:
    """Write the files; gives back their paths. Raises OSError where they can't be written.

    Read them with the same `zone`. `language`: `en` or `ru`.
    """
    form = _Form(zone, language)
    tables = {
        Kind.POOLS: [form.pool(pool) for pool in carousel.pools],
        Kind.NUMBERS: [row for pool in carousel.pools for row in form.numbers(pool)],
    }
    if path.suffix.casefold() == ".xlsx":
        _write_book(path, tables, form)
        return (path,)
    stem = path.with_suffix("") if path.suffix.casefold() == ".csv" else path
    written = []
    for kind, rows in tables.items():
        target = stem.with_name(f"{stem.name}.{kind}.csv")
        with target.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream, delimiter=";")
            writer.writerow(form.header(kind))
            writer.writerows([_plain(cell) for cell in row] for row in rows)
        written.append(target)
    return tuple(written)


def _write_book(path: Path, tables: dict[Kind, list[tuple[str, ...]]], form: _Form) -> None:
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415  # an extra
    from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            for kind, rows in tables.items():
                sheet = book.add_worksheet(form.sheet(kind))
                for place, row in enumerate([form.header(kind), *rows]):
                    for column, cell in enumerate(row):
                        sheet.write_string(place, column, cell)
                sheet.freeze_panes(1, 0)
    except FileCreateError as error:  # no OSError, though it holds one
        held = error.args[0] if error.args else None
        raise (held if isinstance(held, OSError) else OSError(str(error))) from None


def _plain(cell: str) -> str:
    """No cell that a spreadsheet would take for a formula; the reader takes the apostrophe away again."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


@frozen
class _Form:
    """How cells are written: by whose clock, in which language."""

    zone: tzinfo
    language: str

    def sheet(self, kind: Kind) -> str:
        return FILE_NAMES[kind][self.language == "ru"]

    def header(self, kind: Kind) -> tuple[str, ...]:
        return tuple(heading(kind, column.field, self.language) for column in COLUMNS[kind])

    def pool(self, pool: CarouselPool) -> tuple[str, ...]:
        limits = pool.limits
        cells = {
            "id": pool.id,
            "title": pool.title,
            "provider": pool.provider,
            "chosen_by": word_of(pool.chosen_by, self.language),
            "regions": ", ".join(pool.region_codes),
            "default": self._yes_or_no(pool.is_default),
            "order": str(pool.order),
            "chain": ", ".join(pool.chain),
            "when_exhausted": word_of(pool.when_exhausted, self.language),
            "per_day": str(limits.per_day) if limits.per_day is not None else "",
            "rest_seconds": str(limits.rest_seconds),
            "warm_up": ", ".join(map(str, limits.warm_up)),
            "declaration_required": self._yes_or_no(pool.declaration_required),
        }
        return _in_order(Kind.POOLS, cells)

    def numbers(self, pool: CarouselPool) -> Iterator[tuple[str, ...]]:
        for generation in pool.generations:
            for each in generation.numbers:
                bench = each.quarantine
                cells = {
                    "pool_id": pool.id,
                    "generation_id": generation.id,
                    "activates_at": self._instant(generation.activates_at),
                    "number": each.number.digits,
                    "declared_since": self._instant(each.declared_since),
                    "quarantine_reason": bench.reason if bench else "",
                    "quarantined_by": bench.by if bench else "",
                    "quarantined_since": self._instant(bench.since) if bench else "",
                    "confirmed_at": self._instant(generation.confirmed_at),
                }
                yield _in_order(Kind.NUMBERS, cells)

    def _instant(self, value: datetime | None) -> str:
        return written_instant(value, self.zone, self.language) if value is not None else ""

    def _yes_or_no(self, value: bool) -> str:
        return (("no", "yes"), ("нет", "да"))[self.language == "ru"][value]


def _in_order(kind: Kind, cells: dict[str, str]) -> tuple[str, ...]:
    return tuple(cells[column.field] for column in COLUMNS[kind])
