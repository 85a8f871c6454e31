"""Types of columns where the two databases differ."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator, TypeEngine


class Instant(TypeDecorator[datetime]):
    """An instant, to the microsecond, always aware and in UTC.

    PostgreSQL: `timestamptz`. SQLite has no such type: text of fixed width (`2026-11-23T09:15:02.000000Z`), which sorts
    by time and is read by SQLite's own functions.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(27) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value  # type: ignore[no-any-return]  # asyncpg gives aware datetimes in UTC
        return datetime.fromisoformat(value)


# `json`, not `jsonb`: nothing is asked of what is inside, and text is cheaper to write.
Json = JSON

# SQLite counts rows by itself only in a column of this very type.
Counter = BigInteger().with_variant(Integer, "sqlite")
