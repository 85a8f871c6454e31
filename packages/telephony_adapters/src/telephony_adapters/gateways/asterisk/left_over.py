"""Drops what was made at Asterisk and never used: a process died between two requests, or an answer was lost.

A channel that is made and not dialled stays for ever, and so does an empty bridge. Each is dropped when it is older
than anything that is still going on could be.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from telephony_adapters.gateways.asterisk.ari import AriClient, AriError
from telephony_adapters.gateways.asterisk.names import attempt_of_bridge, leg_of

log = logging.getLogger(__name__)

LEFT_OVER_AFTER = 600.0
"""Seconds: longer than the longest request to dial (120) and the longest ringing (300) that can be set. A channel that
is Down for so long is not being dialled."""


async def sweep(client: AriClient, channels: set[str], bridges: set[str], now: datetime) -> None:
    """Drop the left-over ones among our application's. `AriError` if Asterisk doesn't answer."""
    ours = {channel for channel in channels if leg_of(channel) is not None}
    for told in await _all(client, "channels") if ours else ():
        if told.get("id") in ours and told.get("state") == "Down" and _is_old(told, now):
            await _drop(client, f"channels/{told['id']}")
    with_legs = {leg[0] for channel in ours if (leg := leg_of(channel)) is not None}
    idle = {bridge for bridge in bridges if (owner := attempt_of_bridge(bridge)) and owner not in with_legs}
    for told in await _all(client, "bridges") if idle else ():
        if told.get("id") in idle and not told.get("channels") and _is_old(told, now):
            await _drop(client, f"bridges/{told['id']}")


async def _all(client: AriClient, what: str) -> list[dict[str, Any]]:
    told = await client.ask("GET", what)
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _is_old(told: dict[str, Any], now: datetime) -> bool:
    try:
        made_at = datetime.strptime(str(told.get("creationtime")), "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return False
    return (now - made_at).total_seconds() > LEFT_OVER_AFTER


async def _drop(client: AriClient, path: str) -> None:
    try:
        await client.ask("DELETE", path)
    except AriError as error:
        log.info("%s is left over and could not be dropped: %s", path, error)
