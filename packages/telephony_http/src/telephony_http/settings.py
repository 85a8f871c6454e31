"""The settings of the service: environment variables that begin with `TELEPHONY_`, read once at start-up.

`Settings.load()` reads them, all at once, and names every one that is wrong together with what is allowed. Secrets are
masked in whatever shows a `Settings`.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Self, TypeVar

import attrs
from attrs import field, frozen
from typed_settings import Secret
from typed_settings.cls_utils import deep_options
from typed_settings.loaders import EnvLoader

from telephony_core.call_facts import TimeLimits
from telephony_core.dialling import DiallingRules, QuietHours
from telephony_core.phone import DestinationClass
from telephony_core.use_cases.rules import Rules
from telephony_http import readings
from telephony_http.readings import Language, LogLevel, Off, WorkerMode

PREFIX = "TELEPHONY_"

SAYS = "says"
"""Under this name a field's metadata hold one sentence on what the setting is for (docs/operate/settings.md)."""

_COMPANY = DiallingRules()
Value = TypeVar("Value")


def says(sentence: str) -> dict[str, str]:
    return {SAYS: sentence}


class SettingsError(Exception):
    """Some settings are wrong; `problems` are sentences, one for each, and none shows a value."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@frozen(kw_only=True)
class Settings:
    """One field per variable: `beeline_url` is `TELEPHONY_BEELINE_URL`.

    `quiet_hours` and the two limits have three states: a value, `Off.OFF`, and None, which is the company's default, or
    off where the store holds the demo's data. `others`: our variables that have no field here, in lower case and
    without TELEPHONY_; providers find theirs among them.
    """

    database_url: str = field(
        default="sqlite+aiosqlite:///telephony.db",
        converter=readings.database_url,
        repr=readings.without_password,
        metadata=says("Where the data are."),
    )
    beeline_url: str = field(
        default="https://cloudpbx.beeline.ru/apis/portal/",
        converter=readings.web_url,
        metadata=says("Beeline's API. On this machine for the simulator."),
    )
    beeline_token: Secret[str] | None = field(
        default=None,
        converter=readings.secret,
        metadata=says("The token of Beeline's cloud PBX; without it Beeline isn't set up."),
    )
    public_url: str | None = field(
        default=None,
        converter=readings.optional_web_url,
        metadata=says("Our address as providers reach it: reports are sent there. Without it nobody is told of calls."),
    )
    report_secret: Secret[str] | None = field(
        default=None,
        converter=readings.report_secret,
        metadata=says("The secret part of the reports' address. Left out, one is made and kept in the database."),
    )
    host: str = field(
        default="127.0.0.1",
        converter=readings.host,
        metadata=says("The address that `serve` listens at."),
    )
    port: int = field(
        default=8080,
        converter=readings.port,
        metadata=says("The port that `serve` listens at."),
    )
    time_zone: str = field(
        default="Europe/Moscow",
        converter=readings.time_zone,
        metadata=says("The company's zone: its day for caps and limits, its clock where a number has no region."),
    )
    quiet_hours: QuietHours | Off | None = field(
        default=None,
        converter=readings.quiet_hours,
        metadata=says("When clients aren't called, by the clock where they are (N3)."),
    )
    calls_per_hour: int | Off | None = field(
        default=None,
        converter=readings.limit,
        metadata=says("The most calls of an employee in an hour (N4)."),
    )
    calls_per_day: int | Off | None = field(
        default=None,
        converter=readings.limit,
        metadata=says("The most calls of an employee in a calendar day (N4)."),
    )
    allowed_destinations: frozenset[DestinationClass] = field(
        default=_COMPANY.destinations,
        converter=readings.destinations,
        metadata=says("The classes of numbers that may be called (N4)."),
    )
    longest_ringing_seconds: float = field(
        default=60.0,
        converter=readings.ringing,
        metadata=says("After so long without a sign a phone is taken to have stopped ringing (K2, K3)."),
    )
    unknown_horizon_seconds: float = field(
        default=900.0,
        converter=readings.horizon,
        metadata=says("When an unknown outcome ends as `unresolved` (K3)."),
    )
    longest_call_seconds: float = field(
        default=14400.0,
        converter=readings.longest_call,
        metadata=says("When a call of which nothing is heard any more ends as `unresolved` (K2)."),
    )
    call_open_days: int = field(
        default=30,
        converter=readings.days,
        metadata=says("After so long without an attempt a Call closes by itself (K6)."),
    )
    retention_days: int = field(
        default=365,
        converter=readings.days,
        metadata=says("How long clients' numbers are kept with calls (P3)."),
    )
    events_kept_days: int = field(
        default=7,
        converter=readings.days,
        metadata=says("How far back a stream of events can be resumed."),
    )
    attribution_days: int = field(
        default=30,
        converter=readings.days,
        metadata=says("How long a call-back finds the employee who called (B1)."),
    )
    provider_timeout_seconds: float = field(
        default=10.0,
        converter=readings.time_out,
        metadata=says("How long a provider's answer is waited for; then the outcome is unknown."),
    )
    worker: WorkerMode = field(
        default=WorkerMode.EMBEDDED,
        converter=readings.worker,
        metadata=says("Whether the service does the background's chores itself, or `telephony worker` does."),
    )
    worker_interval_seconds: float = field(
        default=1.0,
        converter=readings.interval,
        metadata=says("From one round of the chores to the next."),
    )
    log_level: LogLevel = field(
        default=LogLevel.INFO,
        converter=readings.log_level,
        metadata=says("What is logged, as JSON lines on the standard error."),
    )
    language: Language = field(
        default=Language.RUSSIAN,
        converter=readings.language,
        metadata=says("The language of messages about files, and of explanations where none is asked for."),
    )
    others: Mapping[str, str] = field(factory=dict, repr=False)

    def __attrs_post_init__(self) -> None:
        problems = []
        if self.unknown_horizon_seconds < self.longest_ringing_seconds:
            problems.append(
                f"{PREFIX}UNKNOWN_HORIZON_SECONDS must not be shorter than {PREFIX}LONGEST_RINGING_SECONDS "
                f"({self.longest_ringing_seconds:g})."
            )
        if self.longest_call_seconds < self.unknown_horizon_seconds:
            problems.append(
                f"{PREFIX}LONGEST_CALL_SECONDS must not be shorter than {PREFIX}UNKNOWN_HORIZON_SECONDS "
                f"({self.unknown_horizon_seconds:g})."
            )
        if problems:
            raise SettingsError(problems)

    @classmethod
    def load(cls) -> Self:
        """The settings of the process's environment. Raises `SettingsError`, which names all that are wrong."""
        texts = EnvLoader(PREFIX)(cls, tuple(deep_options(cls))).settings
        values: dict[str, Any] = {"others": _others()}
        problems: list[str] = []
        for each in attrs.fields(cls):
            text = str(texts.get(each.name, "")).strip()
            # A variable that is set and empty is one that somebody wanted to leave out.
            if not text or each.converter is None:
                continue
            try:
                values[each.name] = each.converter(text)
            except ValueError as error:
                problems.append(f"{PREFIX}{each.name.upper()} is not understood. Allowed: {error}.")
        if problems:
            raise SettingsError(problems)
        return cls(**values)

    def of_providers(self) -> Mapping[str, str]:
        """What providers find their settings in, by keys such as `beeline_url`. Beeline is set up by its token."""
        if self.beeline_token is None:
            return self.others
        return {**self.others, "beeline_url": self.beeline_url, "beeline_token": self.beeline_token.get_secret_value()}

    @property
    def on_loopback(self) -> bool:
        """Whether the service can be reached from this machine only."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def rules(self, *, demo: bool = False) -> Rules:
        """The company's rules. With the demo's data, quiet hours and limits are off unless a variable sets them."""
        return Rules(
            dialling=DiallingRules(
                quiet_hours=_said(self.quiet_hours, None if demo else _COMPANY.quiet_hours),
                destinations=self.allowed_destinations,
                per_hour=_said(self.calls_per_hour, None if demo else _COMPANY.per_hour),
                per_day=_said(self.calls_per_day, None if demo else _COMPANY.per_day),
            ),
            limits=TimeLimits(
                provider_answer=self.provider_timeout_seconds,
                ringing=self.longest_ringing_seconds,
                unknown_horizon=self.unknown_horizon_seconds,
                call=self.longest_call_seconds,
            ),
            call_open_for=timedelta(days=self.call_open_days),
            retention=timedelta(days=self.retention_days),
            attribution_window=timedelta(days=self.attribution_days),
        )


def _said(said: Value | Off | None, unsaid: Value | None) -> Value | None:
    if said is None:
        return unsaid
    return None if isinstance(said, Off) else said


def _others() -> dict[str, str]:
    known = _variables()
    return {
        name.removeprefix(PREFIX).lower(): text
        for name, text in os.environ.items()
        if name.startswith(PREFIX) and name not in known
    }


def _variables() -> set[str]:
    return {f"{PREFIX}{each.name.upper()}" for each in attrs.fields(Settings) if each.name != "others"}


def unknown_variables(names: list[str], providers: Iterable[str] = ()) -> list[str]:
    """Which of these variables' names look like settings of ours and are none: misspelt, most likely. Those of
    `providers` are theirs to judge."""
    theirs = tuple(f"{PREFIX}{provider.upper()}_" for provider in providers)
    known = _variables()
    return sorted(
        name for name in names if name.startswith(PREFIX) and name not in known and not name.startswith(theirs)
    )
