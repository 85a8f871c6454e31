"""The numbering plan as it is stored: ranges of numbers, replaced as a whole by each edition of the register."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.numbering.plan import PlanRow
from telephony_adapters.store.tables import number_ranges
from telephony_adapters.store.transaction import Database

_ALL = select(
    number_ranges.c.first,
    number_ranges.c.last,
    number_ranges.c.codes,
    number_ranges.c.operator,
    number_ranges.c.edition,
).order_by(number_ranges.c.first)
_EDITION = select(number_ranges.c.edition).limit(1)
_NAMES = ("first", "last", "codes", "operator", "edition")
BATCH = 5000
"""Rows in one go: some hundred thousand are too many to hold twice."""


class NumberRanges:
    """The stored numbering plan; made once, lives as long as its engine. Every method may raise `StoreUnavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = Database(engine)

    async def replace(self, rows: Iterable[PlanRow]) -> int:
        """Put these in the place of all ranges, in one transaction. Returns how many they are."""
        count = 0
        async with self._database.writing() as work:
            await work.write(delete(number_ranges))
            rest = iter(rows)
            while batch := [dict(zip(_NAMES, row, strict=True)) for row in islice(rest, BATCH)]:
                await work.write(insert(number_ranges), batch)
                count += len(batch)
        return count

    async def load(self) -> list[PlanRow]:
        """All ranges, the lowest first."""
        async with self._database.reading() as work:
            rows: Sequence[Any] = await work.rows(_ALL)
        return [(first, last, codes, operator, edition) for first, last, codes, operator, edition in rows]

    async def edition(self) -> str | None:
        """Which edition is stored; None without one. Cheap: asked often by who wants to know of a new one."""
        async with self._database.reading() as work:
            row = await work.row(_EDITION)
        return row.edition if row is not None else None
