"""Asterisk's side of the registry: its settings, and what lives as long as the service."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import attrs
from attrs import field, frozen

from telephony_adapters.gateways.asterisk.ari import AriClient
from telephony_adapters.gateways.asterisk.gateway import AsteriskGateway
from telephony_adapters.gateways.asterisk.listener import AsteriskListener
from telephony_adapters.gateways.asterisk.names import Endpoints
from telephony_adapters.gateways.asterisk.statuses import AsteriskStatuses
from telephony_adapters.gateways.provider import OpenedGateway, Surroundings, WrongSettings, read_settings

PREFIX = "TELEPHONY_ASTERISK_"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise ValueError("an address that begins with http:// or https://, without a user in it")
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("up to 40 letters, digits, '-' and '_'")
    return text


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 300:
        raise ValueError("a whole number of seconds, from 1 to 300")
    return int(text)


@frozen(kw_only=True)
class AsteriskSettings:
    """One field per variable: `url` is TELEPHONY_ASTERISK_URL."""

    url: str = field(converter=_address)
    user: str
    password: str = field(repr=False)
    application: str = field(default="telephony", converter=_name)
    trunk: str = field(default="trunk", converter=_name)
    ring_seconds: int | None = field(default=None, converter=attrs.converters.optional(_seconds))


@asynccontextmanager
async def open_gateway(around: Surroundings) -> AsyncIterator[OpenedGateway]:
    """Asterisk for the time of a block. `WrongSettings`."""
    settings = read_settings(AsteriskSettings, around.settings, PREFIX)
    ring_seconds = settings.ring_seconds or max(1, int(around.longest_ringing * 3 / 4))
    if ring_seconds >= around.longest_ringing:
        raise WrongSettings(
            [
                f"{PREFIX}RING_SECONDS must be shorter than TELEPHONY_LONGEST_RINGING_SECONDS "
                f"({around.longest_ringing:g}): after that an unknown call may be given up, and no phone may ring on."
            ]
        )
    client = AriClient(settings.url, settings.user, settings.password, settings.application, time_out=around.time_out)
    async with client:
        statuses = AsteriskStatuses(client, around.clock)
        listener = AsteriskListener(client, around.lease, around.clock)
        yield OpenedGateway(
            gateway=AsteriskGateway(client, Endpoints(settings.trunk), around.clock, ring_seconds),
            statuses=statuses,
            listener=listener,
            condition=listener.condition if around.works else lambda: "heard_by_worker",
            refreshers=(statuses,),
        )
