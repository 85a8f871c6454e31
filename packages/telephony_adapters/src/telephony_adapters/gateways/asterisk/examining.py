"""Asks Asterisk whether the service can call by it, and says what stands in the way, for the doctor. Nobody rings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from telephony_adapters.gateways.asterisk.ari import AriClient, AriError, NotReached, Refused
from telephony_adapters.gateways.asterisk.opening import PREFIX, AsteriskSettings
from telephony_adapters.gateways.provider import WrongSettings, read_settings

NOBODY = "doctor-asks"
"""No channel has this id: to hang it up changes nothing, and tells whether our account may change anything."""

VERSION = "22."
"""Of Asterisk: the one whose behaviour the gateway was made by."""


@frozen
class Examined:
    """`broken`: no call is possible; `says` is what to do, or how it is. `look`: calls are possible, with a caveat."""

    says: str
    broken: bool = False
    look: bool = False


async def examine(texts: Mapping[str, str], time_out: float) -> Examined:
    """By the settings of `AsteriskSettings`, as texts. Takes up to four requests, of so many seconds each at most."""
    try:
        settings = read_settings(AsteriskSettings, texts, PREFIX)
    except WrongSettings as wrong:
        return Examined(" ".join(wrong.problems), broken=True)
    async with AriClient(
        settings.url, settings.user, settings.password, settings.application, time_out=time_out
    ) as client:
        try:
            return await _look(client, settings)
        except NotReached as error:
            return Examined(f"{settings.url} can't be reached ({error}); see {PREFIX}URL", broken=True)
        except Refused as error:
            return Examined(_why(settings, error), broken=True)
        except AriError as error:
            return Examined(f"{settings.url} answers strangely: {error}", broken=True)


def _why(settings: AsteriskSettings, error: Refused) -> str:
    if error.status == 401:
        return f"{settings.url} refuses our account; see {PREFIX}USER, {PREFIX}PASSWORD and ari.conf"
    if error.status == 404:
        return f"{settings.url} has no ARI: is it Asterisk's address, and are http.conf and ari.conf enabled?"
    return f"{settings.url} answers with {error}"


async def _look(client: AriClient, settings: AsteriskSettings) -> Examined:
    version = _version(await client.ask("GET", "asterisk/info"))
    if version is None:
        return Examined(f"{settings.url} answers, and not as Asterisk does", broken=True)
    try:
        await client.ask("DELETE", f"channels/{NOBODY}")
    except Refused as error:
        if error.status == 403:
            return Examined(f"the account {settings.user} may only read: it is read_only in ari.conf", broken=True)
    try:
        trunk: Any = await client.ask("GET", f"endpoints/PJSIP/{settings.trunk}")
    except Refused as error:
        if error.status == 404:
            return Examined(
                f"Asterisk has no PJSIP endpoint '{settings.trunk}'; see {PREFIX}TRUNK and pjsip.conf", broken=True
            )
        raise
    if isinstance(trunk, dict) and trunk.get("state") == "offline":
        return Examined(f"Asterisk has no way to the operator: endpoint '{settings.trunk}' is offline", broken=True)
    says = f"{settings.url} answers, Asterisk {version}; it takes our account and has the trunk '{settings.trunk}'"
    if not version.startswith(VERSION):
        return Examined(f"{says}; the gateway is made for {VERSION}x", look=True)
    try:
        await client.ask("GET", f"applications/{settings.application}")
    except Refused as error:
        if error.status == 404:
            return Examined(f"{says}; no process of the service hears it now, so nothing can be dialled", look=True)
        raise
    return Examined(f"{says}; it is heard as '{settings.application}'")


def _version(told: Any) -> str | None:
    match told:
        case {"system": {"version": str(version)}}:
            return version
        case _:
            return None
