"""What the drivers' errors mean: somebody else won, the database is away, or a bug of ours.

The drivers' own texts hold values of rows (PostgreSQL's DETAIL), phone numbers among them (P1); so none of them is
passed on, nor chained: what is told is the kind of error and the names of constraint, table and column.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from telephony_core.errors import StoreUnavailable
from telephony_core.ports import ConcurrentChange

log = logging.getLogger(__name__)

# SQLite's result codes (sqlite.org/rescode.html): the extended ones of a constraint, and the primary ones (the low
# byte) of a database that is locked, full, broken, read-only or not to be opened.
_SQLITE_CONFLICTS = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
_SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY: None,
    sqlite3.SQLITE_LOCKED: None,
    sqlite3.SQLITE_NOMEM: None,
    sqlite3.SQLITE_READONLY: "the file, or its folder, can't be written",
    sqlite3.SQLITE_INTERRUPT: None,
    sqlite3.SQLITE_IOERR: None,
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "the file can't be opened, or the folder isn't there",
    sqlite3.SQLITE_PROTOCOL: None,
    sqlite3.SQLITE_NOTADB: "the file is no database of SQLite's",
}
"""With what a person has to mend, which goes along as the error's note (PEP 678): callers aren't told it."""

# PostgreSQL's SQLSTATEs (Appendix A of its manual): unique violation, serialization failure, deadlock.
_POSTGRES_CONFLICTS = {"23505", "40001", "40P01"}
# Lock not available, query cancelled (a time-out), read-only (a standby), out of the session's idle time.
_POSTGRES_AWAY = {"55P03", "57014", "25006", "25P03"}
# Connection, resources (disk full, too many connections), operator intervention (shutdown), system (I/O), log-in.
_POSTGRES_AWAY_CLASSES = {
    "08": None,
    "53": None,
    "57": None,
    "58": None,
    "28": "the server refuses this user, or the password",
    "3D": "the server has no database of this name: it has to be made first (createdb)",
}


class StatementRefused(RuntimeError):
    """The database refused a statement for a reason that only we can mend."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn the drivers' errors inside into the ports' own."""
    try:
        yield
    except (exc.DBAPIError, exc.TimeoutError, OSError, sqlite3.Error) as error:  # asyncio's time-out is an OSError
        meaning = meaning_of(error)
    except Exception as error:
        # asyncpg's errors at connecting come unwrapped, and it need not be installed.
        if _sqlstate(error) is None and not type(error).__module__.startswith("asyncpg"):
            raise
        meaning = meaning_of(error)
    else:
        return
    raise meaning from None


def meaning_of(error: BaseException) -> Exception:
    """`ConcurrentChange`, `StoreUnavailable`, or `StatementRefused`."""
    driver_error = _driver_error(error)
    kind = type(driver_error).__name__
    if isinstance(driver_error, sqlite3.Error):
        code = getattr(driver_error, "sqlite_errorcode", None)
        name = getattr(driver_error, "sqlite_errorname", "")
        if code in _SQLITE_CONFLICTS:
            return ConcurrentChange(f"{driver_error}")  # names table and columns, no values
        if code is not None and code & 0xFF in _SQLITE_AWAY:
            return _away(f"{kind} {name}", _SQLITE_AWAY[code & 0xFF])
        return StatementRefused(f"{kind} {name}: {driver_error}")
    state = _sqlstate(driver_error)
    about = " ".join(
        str(part)
        for name in ("constraint_name", "table_name", "column_name")
        if (part := getattr(driver_error, name, None))
    )
    if state in _POSTGRES_CONFLICTS:
        return ConcurrentChange(f"{kind} {about}")
    if state is None:
        # Of no statement: no connection in time, a connection that broke, a pool in use to the last.
        disconnected = isinstance(error, exc.DBAPIError) and error.connection_invalidated
        from_driver = type(driver_error).__module__.startswith("asyncpg")
        if disconnected or from_driver or isinstance(error, (OSError, exc.TimeoutError, exc.InterfaceError)):
            return _away(kind)
        return StatementRefused(f"{kind} ({type(error).__name__})")
    if state in _POSTGRES_AWAY or state[:2] in _POSTGRES_AWAY_CLASSES:
        return _away(f"{kind} {state}", _POSTGRES_AWAY_CLASSES.get(state[:2]))
    return StatementRefused(f"{kind} {state} {about}".rstrip())


def _driver_error(error: BaseException) -> BaseException:
    """The driver's own error under SQLAlchemy's, and under its adapter's where that chains it."""
    if not isinstance(error, exc.DBAPIError) or error.orig is None:
        return error
    cause = error.orig.__cause__
    return cause if cause is not None and not isinstance(error.orig, sqlite3.Error) else error.orig


def _sqlstate(error: BaseException) -> str | None:
    state = getattr(error, "sqlstate", None)
    return state if isinstance(state, str) else None


def _away(kind: str, to_mend: str | None = None) -> StoreUnavailable:
    log.warning("the store is unavailable: %s", kind)
    away = StoreUnavailable(retry_after=1)
    if to_mend is not None:
        away.add_note(to_mend)
    return away
