"""Logging of the process: structlog and the standard library through one handler, one JSON line or readable line each.

`configured` is for who owns the process (`telephony serve`), not for `create_app`. Its formatter masks phone numbers in
the finished line, tracebacks included, whoever wrote it and at whatever level (P1); access logs of the server stay
off, because they show raw paths, in which the secret of the reports' address stands.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog

from telephony_core.phone import masked_in
from telephony_http.readings import LogLevel

# Their own lines say nothing that ours don't; what is logged about a request is `request_log`'s.
_SILENCED = ("uvicorn.access",)
_UVICORNS = ("uvicorn", "uvicorn.error")
# Chatty below WARNING and of no use to an operator; at DEBUG they are let through, masked as all else.
_CHATTY = ("asyncio", "httpcore", "httpcore2", "httpx", "httpx2", "sqlalchemy", "alembic")

# Below INFO they show every parameter and every row: names, notes, secrets. No masking is good enough for that.
_NEVER_BELOW_INFO = ("aiosqlite", "sqlalchemy.engine")
_SHORTEST = 10**9


class MaskingFormatter(structlog.stdlib.ProcessorFormatter):
    """The last that sees a line before it is written."""

    def format(self, record: logging.LogRecord) -> str:
        return masked_in(super().format(record))


def _mask_whole_numbers(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A number that is no text would be masked into no JSON."""
    for name, value in event.items():
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _SHORTEST:
            event[name] = masked_in(str(value))
    return event


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _mask_whole_numbers,
    ]


def handler(stream: TextIO, *, readable: bool) -> logging.Handler:
    """A handler whose lines are masked: JSON, or for a terminal."""
    last: Any = structlog.dev.ConsoleRenderer(colors=False) if readable else structlog.processors.JSONRenderer()
    own: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not readable:
        own.append(structlog.processors.format_exc_info)
    made = logging.StreamHandler(stream)
    made.setFormatter(
        MaskingFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(allow=[]), *_shared()],
            processors=[*own, last],
        )
    )
    return made


@contextmanager
def configured(level: LogLevel, stream: TextIO | None = None) -> Iterator[None]:
    """The process's logging is set up like this for the time of a block; then it is what it was."""
    stream = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    named = [logging.getLogger(name) for name in ("", *_UVICORNS, *_SILENCED, *_CHATTY, *_NEVER_BELOW_INFO)]
    before = [(each, list(each.handlers), each.level, each.propagate, each.disabled) for each in named]
    own = handler(stream, readable=stream.isatty())
    _set_up(level, own)
    try:
        yield
    finally:
        for each, handlers, old_level, propagate, disabled in before:
            each.handlers[:] = handlers
            each.setLevel(old_level)
            each.propagate, each.disabled = propagate, disabled


def _set_up(level: LogLevel, own: logging.Handler) -> None:
    root = logging.getLogger()
    # One handler: whatever else the process had would write the same lines unmasked.
    root.handlers[:] = [own]
    root.setLevel(level.upper())
    for name in _UVICORNS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _SILENCED:
        logging.getLogger(name).disabled = True
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.DEBUG if level is LogLevel.DEBUG else logging.WARNING)
    for name in _NEVER_BELOW_INFO:
        logging.getLogger(name).setLevel(logging.INFO if level is LogLevel.DEBUG else logging.WARNING)
