"""Providers are found by entry points, chosen by their settings, and each gets its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint

import attrs
import pytest
from tests.adapters.gateways.surroundings import surroundings

from telephony_adapters.gateways import registry
from telephony_adapters.gateways.asterisk import open_gateway
from telephony_adapters.gateways.provider import (
    OpenedGateway,
    Surroundings,
    WrongSettings,
    read_settings,
    report_url,
)
from telephony_adapters.gateways.registry import (
    GROUP,
    CannotLoadGateway,
    StatusesByProvider,
    installed,
    opened_gateways,
    settings_of,
)
from telephony_core.device import Device, DeviceStatus
from telephony_core.testing.examples import NOW, an_ip_phone
from telephony_core.testing.fake_gateways import OneStepGateway
from telephony_core.testing.fakes import FakeClock

HERE = __name__
closed: list[str] = []


@asynccontextmanager
async def open_one(around: Surroundings) -> AsyncIterator[OpenedGateway]:
    yield OpenedGateway(gateway=OneStepGateway(FakeClock(), name="one"))
    closed.append("one")


@asynccontextmanager
async def open_two(around: Surroundings) -> AsyncIterator[OpenedGateway]:
    yield OpenedGateway(gateway=OneStepGateway(FakeClock(), name="two"))
    closed.append("two")


def points(*values: tuple[str, str]) -> tuple[EntryPoint, ...]:
    return tuple(EntryPoint(name, value, GROUP) for name, value in values)


def by_group(found: tuple[EntryPoint, ...]) -> Callable[..., tuple[EntryPoint, ...]]:
    """In the place of importlib's own, which answers what is really installed."""

    def entry_points(*, group: str) -> tuple[EntryPoint, ...]:
        return found if group == GROUP else ()

    return entry_points


@pytest.fixture
def two_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    found = points(("one", f"{HERE}:open_one"), ("two", f"{HERE}:open_two"), ("broken", "no.such.package:open"))
    monkeypatch.setattr(registry, "entry_points", by_group(found))
    closed.clear()


def test_those_of_this_repository_are_found() -> None:
    assert {"beeline", "asterisk"} <= set(installed())


async def test_several_are_open_at_once_and_closed_in_the_reverse_order(two_providers: None) -> None:
    async with opened_gateways(["one", "two"], lambda _name: surroundings()) as opened:
        assert {name: each.gateway.name for name, each in opened.items()} == {"one": "one", "two": "two"}
        assert closed == []
    assert closed == ["two", "one"]


async def test_one_that_is_not_wanted_is_not_even_imported(two_providers: None) -> None:
    """A package that is installed and not set up can't stop the service."""
    async with opened_gateways(["one"], lambda _name: surroundings()) as opened:
        assert set(opened) == {"one"}


@pytest.mark.parametrize("name", ["broken", "nobody"])
async def test_one_that_can_not_be_had_is_named(two_providers: None, name: str) -> None:
    with pytest.raises(CannotLoadGateway, match=name):
        async with opened_gateways([name], lambda _name: surroundings()):
            pass


async def test_a_gateway_is_called_as_its_entry_point(two_providers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """K7: devices and stored attempts find it by this name."""
    monkeypatch.setattr(registry, "entry_points", by_group(points(("other", f"{HERE}:open_one"))))
    with pytest.raises(CannotLoadGateway, match="calls itself 'one'"):
        async with opened_gateways(["other"], lambda _name: surroundings()):
            pass


@pytest.mark.parametrize(
    "found",
    [
        points(("one", f"{HERE}:open_one"), ("one", f"{HERE}:open_two")),
        points(("One", f"{HERE}:open_one")),
        points(("one_more", f"{HERE}:open_one")),
    ],
)
def test_a_name_is_a_name_and_one_package_s(found: tuple[EntryPoint, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "entry_points", by_group(found))
    with pytest.raises(CannotLoadGateway):
        installed()


def test_each_provider_gets_its_own_settings() -> None:
    variables = {"one_url": "u", "one_more_key": "k", "two_url": "v", "one": "x", "onetwo_url": "y"}
    assert settings_of("one", variables) == {"url": "u", "more_key": "k"}
    assert settings_of("three", variables) == {}


@attrs.frozen
class Settings:
    url: str
    count: int = attrs.field(default=3, converter=int)
    key: str = attrs.field(default="", repr=False)


def test_settings_are_read_by_their_fields() -> None:
    assert read_settings(Settings, {"url": " u ", "count": "7", "key": ""}, "TELEPHONY_ONE_") == Settings("u", 7)


def test_all_that_is_wrong_with_settings_is_said_at_once_without_values() -> None:
    with pytest.raises(WrongSettings) as wrong:
        read_settings(Settings, {"count": "s3cret", "urll": "s3cret"}, "TELEPHONY_ONE_")
    said = wrong.value.problems
    assert [sentence.split()[0] for sentence in said] == [
        "TELEPHONY_ONE_URLL",
        "TELEPHONY_ONE_URL",
        "TELEPHONY_ONE_COUNT",
    ]


class Statuses:
    def status(self, device: Device) -> DeviceStatus | None:
        return DeviceStatus(online=False, agent_away=False, at=NOW)


def test_a_device_s_status_is_its_provider_s_to_tell() -> None:
    """D2: one that tells none knows nothing, which stands against nothing."""
    statuses = StatusesByProvider({"one": Statuses()})
    known = statuses.status(an_ip_phone(provider="one"))
    assert known is not None
    assert known.online is False
    assert statuses.status(an_ip_phone(provider="two")) is None


def test_the_address_of_reports() -> None:
    assert (
        report_url("https://bms.example/", "one", "a/b c")
        == "https://bms.example/api/v1/provider-reports/one/a%2Fb%20c"
    )


# --- Asterisk's -----------------------------------------------------------------------------------------------------

ACCOUNT = {"url": "http://pbx.invalid:8088", "user": "telephony", "password": "s3cret"}


async def test_asterisk_is_opened_by_its_settings() -> None:
    async with open_gateway(surroundings(ACCOUNT)) as opened:
        assert opened.gateway.name == "asterisk"
        assert opened.listener is not None
        assert opened.condition is not None
        assert opened.condition() is None, "nobody has tried yet"
    async with open_gateway(surroundings(ACCOUNT, works=False)) as opened:
        assert opened.condition is not None
        assert opened.condition() == "heard_by_worker"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"url": "pbx:8088"}, "TELEPHONY_ASTERISK_URL"),
        ({"url": "http://user:s3cret@pbx:8088"}, "TELEPHONY_ASTERISK_URL"),
        ({"application": "a b"}, "TELEPHONY_ASTERISK_APPLICATION"),
        ({"trunk": "a/b"}, "TELEPHONY_ASTERISK_TRUNK"),
        ({"ring_seconds": "0"}, "TELEPHONY_ASTERISK_RING_SECONDS"),
        ({"ring_seconds": "60"}, "TELEPHONY_ASTERISK_RING_SECONDS"),
        ({"password": ""}, "TELEPHONY_ASTERISK_PASSWORD"),
    ],
)
async def test_asterisk_s_settings_are_checked(settings: dict[str, str], named: str) -> None:
    """K3: a phone that rings longer than an unknown attempt lasts could ring beside the next one."""
    with pytest.raises(WrongSettings) as wrong:
        async with open_gateway(surroundings(ACCOUNT | settings)):
            pass
    assert named in str(wrong.value)
    assert "s3cret" not in str(wrong.value)
