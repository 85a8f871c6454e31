"""How the text of an environment variable becomes a setting: one small function each.

Each takes the text, or a value that is one already (a default, a test's), and raises ValueError with a sentence that
says what is allowed. Never with the text itself: it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from typed_settings import Secret

from telephony_core.dialling import QuietHours
from telephony_core.phone import DestinationClass

Choice = TypeVar("Choice", bound=StrEnum)


class Off(StrEnum):
    """Switched off, said outright; None in the place of such a setting means that nothing was said."""

    OFF = "off"


class WorkerMode(StrEnum):
    """Where what must happen in the background happens: inside the service, or in `telephony worker`."""

    EMBEDDED = "embedded"
    OFF = "off"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Language(StrEnum):
    RUSSIAN = "ru"
    ENGLISH = "en"


_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
_OFF = ("off", "выкл")
_CLOCKS = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])-([01]?[0-9]|2[0-3]):([0-5][0-9])\Z")


def database_url(text: str) -> str:
    """An SQLAlchemy URL with the async driver named, whatever driver the text leaves out."""
    allowed = "sqlite:///FILE, sqlite:////ABSOLUTE/FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME"
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError(allowed) from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise ValueError(allowed)
    return url.set(drivername=driver).render_as_string(hide_password=False)


def without_password(url: str) -> str:
    """A database URL that may be shown."""
    return make_url(url).render_as_string(hide_password=True)


def web_url(text: str) -> str:
    """An http(s) address, without the slash at its end."""
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address that begins with http:// or https://")
    return text.strip().rstrip("/")


def optional_web_url(text: str | None) -> str | None:
    return web_url(text) if text else None


def secret(text: str | Secret[str] | None) -> Secret[str] | None:
    """A text that is never shown; blanks round it are a slip of copying."""
    if text is None or isinstance(text, Secret):
        return text
    return Secret(text.strip()) if text.strip() else None


def report_secret(text: str | Secret[str] | None) -> Secret[str] | None:
    """A part of a URL that nobody guesses."""
    found = secret(text)
    if found is not None and not re.fullmatch(r"[A-Za-z0-9_-]{20,200}", found.get_secret_value()):
        raise ValueError("20 to 200 letters, digits, '-' and '_'")
    return found


def _whole(text: str | int, least: int, most: int, unit: str = "") -> int:
    allowed = f"a whole number from {least} to {most}" + (f" ({unit})" if unit else "")
    try:
        number = int(text)
    except ValueError:
        raise ValueError(allowed) from None
    if not least <= number <= most:
        raise ValueError(allowed)
    return number


def port(text: str | int) -> int:
    return _whole(text, 0, 65535, "0: any free one")


def days(text: str | int) -> int:
    return _whole(text, 1, 3650, "days")


def _seconds(text: str | float, least: float, most: float) -> float:
    """A length of time in seconds, parts of them allowed."""
    allowed = f"seconds, from {least:g} to {most:g}"
    try:
        number = float(text)
    except ValueError:
        raise ValueError(allowed) from None
    if not least <= number <= most:
        raise ValueError(allowed)
    return number


def ringing(text: str | float) -> float:
    return _seconds(text, 5, 600)


def horizon(text: str | float) -> float:
    return _seconds(text, 10, 86400)


def longest_call(text: str | float) -> float:
    return _seconds(text, 10, 86400)


def time_out(text: str | float) -> float:
    return _seconds(text, 0.5, 120)


def interval(text: str | float) -> float:
    return _seconds(text, 0.05, 60)


def _one_of(choices: type[Choice], text: str | Choice) -> Choice:
    try:
        return choices(text.strip().casefold())
    except ValueError:
        raise ValueError(" or ".join(f'"{choice}"' for choice in choices)) from None


def worker(text: str | WorkerMode) -> WorkerMode:
    return _one_of(WorkerMode, text)


def log_level(text: str | LogLevel) -> LogLevel:
    return _one_of(LogLevel, text)


def language(text: str | Language) -> Language:
    return _one_of(Language, text)


def quiet_hours(text: str | QuietHours | Off | None) -> QuietHours | Off | None:
    """`21:00-09:00`, by the clock on the client's wall, or `off`."""
    if text is None or isinstance(text, QuietHours):
        return text
    found = _CLOCKS.match(text.strip())
    if text.strip().casefold() in _OFF:
        return Off.OFF
    if found is None:
        raise ValueError('"off", or from and until by the client\'s clock, such as 21:00-09:00')
    since, until = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if since == until:
        raise ValueError('"off", or two different times, such as 21:00-09:00')
    return QuietHours(since, until)


def limit(text: str | int | Off | None) -> int | Off | None:
    """A count of calls, or `off`."""
    if text is None:
        return None
    if isinstance(text, str) and text.strip().casefold() in _OFF:
        return Off.OFF
    try:
        return _whole(text, 1, 100_000)
    except ValueError:
        raise ValueError('"off", or a whole number from 1 to 100000') from None


def destinations(text: str | Iterable[DestinationClass]) -> frozenset[DestinationClass]:
    """Classes of numbers, separated by commas."""
    if not isinstance(text, str):
        return frozenset(text)
    names = [name.strip().casefold() for name in text.split(",") if name.strip()]
    try:
        found = frozenset(DestinationClass(name) for name in names)
    except ValueError:
        found = frozenset()
    if not found:
        raise ValueError("one or more of these, separated by commas: " + ", ".join(DestinationClass))
    return found


def time_zone(text: str) -> str:
    """The name of a zone in the IANA database."""
    try:
        return ZoneInfo(text.strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("the name of a time zone, such as Europe/Moscow or Asia/Novosibirsk") from None


def host(text: str) -> str:
    """A name or address to listen on."""
    if not text.strip() or "/" in text or " " in text.strip():
        raise ValueError("a host name or an IP address, such as 127.0.0.1 or 0.0.0.0")
    return text.strip()
