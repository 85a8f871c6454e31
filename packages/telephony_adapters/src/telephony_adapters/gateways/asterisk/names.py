"""What we call things at Asterisk: the ids of an attempt's channels and bridge, and where a leg is dialled.

Ids of ours stand in every event and every URL, so that nothing has to be remembered. An id is free again once its
channel has ended: it proves nothing of what was before, and what we did is known from our own store alone (K3).
"""

from __future__ import annotations

import re

from attrs import frozen

from telephony_core.call import Dial
from telephony_core.call_facts import LegName

_ATTEMPT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ENDPOINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


class NoSuchLine(ValueError):
    """The directory's line is neither the name of a PJSIP endpoint nor a number in E.164."""


def channel_id(attempt_id: str, leg: LegName) -> str:
    """`ValueError` for an id that would lead elsewhere in a URL; ours never do."""
    return f"{_safe(attempt_id)}.{leg}"


def bridge_id(attempt_id: str) -> str:
    return f"{_safe(attempt_id)}.bridge"


def leg_of(channel: str) -> tuple[str, LegName] | None:
    """Which attempt and leg a channel is; None for one of somebody else's."""
    attempt_id, _, name = channel.rpartition(".")
    if not _ATTEMPT.fullmatch(attempt_id) or name not in set(LegName):
        return None
    return attempt_id, LegName(name)


def attempt_of_bridge(bridge: str) -> str | None:
    attempt_id, _, name = bridge.rpartition(".")
    return attempt_id if name == "bridge" and _ATTEMPT.fullmatch(attempt_id) else None


def _safe(attempt_id: str) -> str:
    if not _ATTEMPT.fullmatch(attempt_id):
        raise ValueError("an attempt's id that is no id of ours")
    return attempt_id


@frozen
class Endpoints:
    """Where legs are dialled: phones by the name of their endpoint, numbers through the trunk."""

    trunk: str

    def of(self, command: Dial) -> str:
        """Asterisk's name of whom a command dials. A mobile's line is its SIM's number. `NoSuchLine`."""
        if command.leg is LegName.CLIENT:
            return self._through_trunk(command.phone_number.e164)
        if _NUMBER.fullmatch(command.line):
            return self._through_trunk(command.line)
        if not _ENDPOINT.fullmatch(command.line):
            raise NoSuchLine("the line is neither the name of an endpoint nor a number")
        return f"PJSIP/{command.line}"

    def _through_trunk(self, number: str) -> str:
        return f"PJSIP/{number}@{self.trunk}"
