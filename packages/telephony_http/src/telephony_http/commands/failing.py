"""How a command fails: in sentences for a person, never with a traceback."""

from __future__ import annotations

from telephony_adapters.gateways.provider import WrongSettings
from telephony_adapters.gateways.registry import CannotLoadGateway
from telephony_adapters.store.engine import MissingDriver
from telephony_core.errors import StoreUnavailable, TelephonyError
from telephony_http.settings import SettingsError


class CommandError(Exception):
    """Why the command can't do what it was asked, and what to do about it."""

    exit_code = 1


class WrongUse(CommandError):
    """The command was called with something that makes no sense."""

    exit_code = 2


def why_away(error: StoreUnavailable) -> str:
    """The end of a sentence about the database: what is wrong with it, as far as its driver told."""
    notes = "; ".join(getattr(error, "__notes__", ()))
    what = f"can't be used: {notes}" if notes else "doesn't answer"
    return f"{what}; see TELEPHONY_DATABASE_URL"


def in_words(error: Exception) -> tuple[str, int]:
    """The sentence to print and the exit code."""
    match error:
        case CommandError():
            return str(error), error.exit_code
        case SettingsError() | WrongSettings():
            return "\n".join(error.problems), 2
        case MissingDriver():
            return f"{error}.", 1
        case CannotLoadGateway():
            return f"A provider's package can't be used: {error}.", 1
        case StoreUnavailable():
            return f"The database {why_away(error)}.", 1
        case TelephonyError():
            return error.detail, 1
        case _:
            # Its text may hold anything; its kind says where to look.
            return (
                f"This failed by a mistake of ours ({type(error).__name__}); TELEPHONY_LOG_LEVEL=debug shows more.",
                1,
            )
