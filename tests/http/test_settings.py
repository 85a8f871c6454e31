"""Settings: read from the environment, wrong ones named with what is allowed, secrets never shown."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from tests.http.office import Office

from telephony_core.dialling import DiallingRules, QuietHours
from telephony_core.phone import DestinationClass
from telephony_core.use_cases.rules import Rules
from telephony_http.app import NotForOthers
from telephony_http.readings import Off, WorkerMode
from telephony_http.settings import Settings, SettingsError, unknown_variables


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("TELEPHONY_"):
            monkeypatch.delenv(name)


def _load(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(f"TELEPHONY_{name}", value)
    return Settings.load()


def test_without_variables_the_rules_are_the_companys(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _load(monkeypatch)
    assert settings == Settings()
    assert settings.rules() == Rules()
    assert (settings.host, settings.worker) == ("127.0.0.1", WorkerMode.EMBEDDED)


@pytest.mark.parametrize(
    ("given", "driven"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("sqlite+aiosqlite:////var/x.db", "sqlite+aiosqlite:////var/x.db"),
        ("postgres://u:p%40ss@h:5433/n", "postgresql+asyncpg://u:p%40ss@h:5433/n"),
        ("postgresql://h/n?ssl=require", "postgresql+asyncpg://h/n?ssl=require"),
    ],
)
def test_the_driver_of_a_database_is_named_by_us(monkeypatch: pytest.MonkeyPatch, given: str, driven: str) -> None:
    assert _load(monkeypatch, DATABASE_URL=given).database_url == driven


def test_what_is_set_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _load(
        monkeypatch,
        QUIET_HOURS="22:30-8:00",
        CALLS_PER_HOUR="10",
        CALLS_PER_DAY="off",
        ALLOWED_DESTINATIONS="russian_mobile, foreign",
        LONGEST_RINGING_SECONDS="45",
        PROVIDER_TIMEOUT_SECONDS="7.5",
        CALL_OPEN_DAYS="3",
        WORKER="off",
        TIME_ZONE="Asia/Novosibirsk",
        PUBLIC_URL="https://tel.example/",
    )
    rules = settings.rules()
    assert rules.dialling == DiallingRules(
        quiet_hours=QuietHours(time(22, 30), time(8)),
        destinations=frozenset({DestinationClass.RUSSIAN_MOBILE, DestinationClass.FOREIGN}),
        per_hour=10,
        per_day=None,
    )
    assert (rules.limits.ringing, rules.limits.provider_answer) == (45, 7.5)
    assert rules.call_open_for == timedelta(days=3)
    assert settings.public_url == "https://tel.example"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("DATABASE_URL", "mysql://h/n", "postgresql://"),
        ("DATABASE_URL", "x.db", "sqlite:///"),
        ("PORT", "http", "0 to 65535"),
        ("PORT", "70000", "0 to 65535"),
        ("QUIET_HOURS", "21-9", "21:00-09:00"),
        ("QUIET_HOURS", "09:00-09:00", "different"),
        ("CALLS_PER_HOUR", "0", '"off"'),
        ("ALLOWED_DESTINATIONS", "moon", "russian_mobile"),
        ("TIME_ZONE", "Moscow", "Europe/Moscow"),
        ("TIME_ZONE", "../../etc/passwd", "Europe/Moscow"),
        ("WORKER", "on", '"embedded" or "off"'),
        ("LOG_LEVEL", "loud", '"debug"'),
        ("LANGUAGE", "de", '"ru" or "en"'),
        ("PUBLIC_URL", "tel.example", "http"),
        ("REPORT_SECRET", "short", "20 to 200"),
        ("LONGEST_RINGING_SECONDS", "nan", "seconds"),
        ("CALL_OPEN_DAYS", "1.5", "days"),
        ("HOST", "http://x", "host name"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        _load(monkeypatch, **{name: value})
    (problem,) = raised.value.problems
    assert f"TELEPHONY_{name}" in problem
    assert allowed in problem
    assert len(value) < 4 or f"{value} " not in problem.replace(allowed, "")


def test_all_wrong_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as raised:
        _load(monkeypatch, PORT="x", WORKER="y", LANGUAGE="z")
    assert len(raised.value.problems) == 3


def test_limits_that_contradict_each_other_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="UNKNOWN_HORIZON_SECONDS"):
        _load(monkeypatch, LONGEST_RINGING_SECONDS="60", UNKNOWN_HORIZON_SECONDS="30")
    with pytest.raises(SettingsError, match="LONGEST_CALL_SECONDS"):
        _load(monkeypatch, UNKNOWN_HORIZON_SECONDS="900", LONGEST_CALL_SECONDS="600")


def test_a_variable_that_is_empty_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _load(monkeypatch, PORT="", BEELINE_TOKEN=" ") == Settings()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _load(
        monkeypatch,
        BEELINE_TOKEN="a-token-of-beeline",
        REPORT_SECRET="s" * 20,
        DATABASE_URL="postgresql://u:geheim@h/n",
    )
    shown = f"{settings!r} {settings}"
    for secret in ("a-token-of-beeline", "s" * 20, "geheim"):
        assert secret not in shown


def test_a_misspelt_variable_is_noticed() -> None:
    assert unknown_variables(["TELEPHONY_PORTT", "TELEPHONY_PORT", "PATH"]) == ["TELEPHONY_PORTT"]


def test_the_demo_has_neither_quiet_hours_nor_limits_unless_they_are_set() -> None:
    assert Settings().rules(demo=True).dialling == DiallingRules(quiet_hours=None, per_hour=None, per_day=None)
    set_outright = Settings(quiet_hours="21:00-09:00", calls_per_hour=5).rules(demo=True).dialling
    assert (set_outright.quiet_hours, set_outright.per_hour) == (QuietHours(time(21), time(9)), 5)
    assert Settings(quiet_hours=Off.OFF).rules().dialling.quiet_hours is None


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("10.0.0.1", False), ("tel.example", False)],
)
def test_loopback_is_known(host: str, own: bool) -> None:
    assert Settings(host=host).on_loopback is own


async def test_the_demo_refuses_to_be_seen_by_others() -> None:
    office = Office(host="0.0.0.0")  # noqa: S104
    with pytest.RaisesGroup(NotForOthers):
        async with office.open(demo=True):
            pass
    async with Office().open(demo=True) as callers:
        assert (await callers.get("/healthz")).status_code == 200
