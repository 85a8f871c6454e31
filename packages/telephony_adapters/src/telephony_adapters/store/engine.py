"""Opens the database: the one place where the settings of its connections stand.

SQLite: write-ahead log, so that readers and the writer don't wait for each other; `synchronous=FULL`, so that a commit
outlives a power cut; foreign keys; a bounded wait for a lock. PostgreSQL: bounded waits, and synchronous commits, too.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from sqlalchemy import URL, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from telephony_adapters.quiet_logs import mask_numbers_in
from telephony_core.serialization import compact_json

DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
BEGIN: Final = "telephony_begin"
"""The execution option that names the statement by which a transaction on SQLite begins; None: a statement alone."""
WAIT: Final = "telephony_wait"
"""The execution option that says how long writers of one process wait for each other on SQLite."""
WAIT_SECONDS: Final = 5.0
"""How long to wait for a lock, a connection or an idle connection of the pool, before the store is 'unavailable'."""
_LOGGERS: Final = ("aiosqlite", "asyncpg", "sqlalchemy.engine", "sqlalchemy.engine.Engine", "sqlalchemy.pool")
"""Those which at DEBUG show parameters and rows."""


class MissingDriver(Exception):
    """The database's driver isn't installed; the message says which package brings it."""


def open_store(
    url: str,
    *,
    wait_seconds: float = WAIT_SECONDS,
    statement_seconds: float | None = 2 * WAIT_SECONDS,
    connections: int = 20,
) -> AsyncEngine:
    """The engine of the database at `url` (`sqlite:///path/to.db`, `postgresql://user@host/name`), not connected yet.

    Lives as long as the process; its owner closes it by `await engine.dispose()`. At most so many `connections` are
    opened, at need, and kept: to open one costs more than a call's statements, which each connection plans anew.
    `statement_seconds` is for a server that is frozen: PostgreSQL's own waits end by `wait_seconds` and with a clearer
    error. Raises ValueError for a database of another kind, `MissingDriver` where the driver of a known kind is not
    installed.
    """
    mask_numbers_in(_LOGGERS)
    parsed = make_url(url)
    if parsed.drivername not in DRIVERS:
        raise ValueError(f"no store on {parsed.drivername!r}; known are sqlite and postgresql")
    parsed = parsed.set(drivername=DRIVERS[parsed.drivername])
    try:
        import_module(parsed.get_driver_name())
    except ImportError:
        raise MissingDriver("PostgreSQL needs the package asyncpg: pip install asyncpg") from None
    sqlite = parsed.get_backend_name() == "sqlite"
    # A database in memory is one connection's own: it is kept, and taken in turns.
    in_memory = sqlite and parsed.database in (None, "", ":memory:")
    engine = create_async_engine(
        parsed,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1 if in_memory else connections,
        max_overflow=0,
        pool_timeout=wait_seconds,
        pool_use_lifo=True,
        hide_parameters=True,  # they are personal data, and errors end in logs (P1)
        json_serializer=compact_json,
        execution_options={WAIT: wait_seconds},
        connect_args=(
            _sqlite_arguments(wait_seconds) if sqlite else _postgres_arguments(parsed, wait_seconds, statement_seconds)
        ),
    )
    if sqlite:
        _set_up_sqlite(engine)
    return engine


def _sqlite_arguments(wait_seconds: float) -> dict[str, Any]:
    # isolation_level None: the driver begins nothing by itself; we say how (see BEGIN).
    return {"timeout": wait_seconds, "isolation_level": None}


def _postgres_arguments(url: URL, wait_seconds: float, statement_seconds: float | None) -> dict[str, Any]:
    milliseconds = str(int(wait_seconds * 1000))
    return {
        "timeout": wait_seconds,
        "command_timeout": statement_seconds,
        # All of ours; a pooler between us and the server may want 0, in the URL.
        "prepared_statement_cache_size": int(str(url.query.get("prepared_statement_cache_size", "500"))),
        "server_settings": {
            "application_name": "telephony",
            "lock_timeout": milliseconds,
            "idle_in_transaction_session_timeout": "60000",
            # An intent that was answered for outlives the server's death, whatever it has as a default (K3).
            "synchronous_commit": "on",
            "jit": "off",  # our statements are short: compiling them takes longer than running them
        },
    }


def _set_up_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        try:
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            # The pool hasn't got it yet, and the driver keeps a thread for each connection until it is closed.
            connection.close()
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        how = connection.get_execution_options().get(BEGIN, "BEGIN")
        if how is not None:
            connection.exec_driver_sql(how)
