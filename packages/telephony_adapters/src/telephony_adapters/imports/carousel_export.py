"""Writes the carousel out in the form in which it is read in: what is exported and imported again changes nothing.

To `.xlsx` a book with the sheets `pools` and `numbers`; else two CSV side by side, `NAME.pools.csv` and
`NAME.numbers.csv`, for Excel: semicolons, UTF-8 with BOM, numbers as digits without `+`, which would make a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from telephony_adapters.imports.columns import COLUMNS, Kind
from telephony_core.carousel import Carousel, CarouselPool

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export_carousel(carousel: Carousel, path: Path) -> tuple[Path, ...]:
    """Write the files; gives back their paths. Raises OSError where they can't be written."""
    tables = {Kind.POOLS: [*_pools(carousel)], Kind.NUMBERS: [*_numbers(carousel)]}
    if path.suffix.casefold() == ".xlsx":
        _write_book(path, tables)
        return (path,)
    stem = path.with_suffix("") if path.suffix.casefold() == ".csv" else path
    written = []
    for kind, rows in tables.items():
        target = stem.with_name(f"{stem.name}.{kind}.csv")
        with target.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream, delimiter=";")
            writer.writerow(_header(kind))
            writer.writerows([_plain(cell) for cell in row] for row in rows)
        written.append(target)
    return tuple(written)


def _write_book(path: Path, tables: dict[Kind, list[tuple[str, ...]]]) -> None:
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415  # an extra

    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for kind, rows in tables.items():
            sheet = book.add_worksheet(str(kind))
            for place, row in enumerate([_header(kind), *rows]):
                for column, cell in enumerate(row):
                    sheet.write_string(place, column, cell)
            sheet.freeze_panes(1, 0)


def _header(kind: Kind) -> tuple[str, ...]:
    return tuple(column.field for column in COLUMNS[kind])


def _plain(cell: str) -> str:
    """No cell that a spreadsheet would take for a formula; the reader takes the apostrophe away again."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _pools(carousel: Carousel) -> Iterator[tuple[str, ...]]:
    for pool in carousel.pools:
        limits = pool.limits
        cells = {
            "id": pool.id,
            "title": pool.title,
            "provider": pool.provider,
            "chosen_by": pool.chosen_by.value,
            "regions": ", ".join(pool.region_codes),
            "default": "yes" if pool.is_default else "no",
            "order": str(pool.order),
            "chain": ", ".join(pool.chain),
            "when_exhausted": pool.when_exhausted.value,
            "per_day": str(limits.per_day) if limits.per_day is not None else "",
            "rest_seconds": str(limits.rest_seconds),
            "warm_up": ", ".join(map(str, limits.warm_up)),
            "declaration_required": "yes" if pool.declaration_required else "no",
        }
        yield _in_order(Kind.POOLS, cells)


def _numbers(carousel: Carousel) -> Iterator[tuple[str, ...]]:
    for pool in carousel.pools:
        yield from _numbers_of(pool)


def _numbers_of(pool: CarouselPool) -> Iterator[tuple[str, ...]]:
    for generation in pool.generations:
        for each in generation.numbers:
            bench = each.quarantine
            cells = {
                "pool_id": pool.id,
                "generation_id": generation.id,
                "activates_at": _instant(generation.activates_at),
                "number": each.number.digits,
                "declared_since": _instant(each.declared_since),
                "quarantine_reason": bench.reason if bench else "",
                "quarantined_by": bench.by if bench else "",
                "quarantined_since": _instant(bench.since) if bench else "",
                "confirmed_at": _instant(generation.confirmed_at),
            }
            yield _in_order(Kind.NUMBERS, cells)


def _in_order(kind: Kind, cells: dict[str, str]) -> tuple[str, ...]:
    columns: Sequence[str] = _header(kind)
    return tuple(cells[column] for column in columns)


def _instant(value: datetime | None) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value is not None else ""
