"""Finds providers of telephony by entry points, so that one is added by installing its package.

The group is `telephony.gateways`; an entry point's name is the provider's: a device names it in `provider`, and its
settings are the variables TELEPHONY_<NAME>_…. A provider is set up by its settings: without any it isn't even imported.

    [project.entry-points."telephony.gateways"]
    asterisk = "telephony_adapters.gateways.asterisk:open_gateway"
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import EntryPoint, entry_points

from attrs import frozen

from telephony_adapters.gateways.provider import OpenedGateway, OpenGateway, Surroundings
from telephony_core.device import Device, DeviceStatus
from telephony_core.ports import DeviceStatuses

log = logging.getLogger(__name__)

GROUP = "telephony.gateways"
_NAME = re.compile(r"[a-z][a-z0-9]{0,39}")


class CannotLoadGateway(Exception):
    """An installed provider is not to be had: its name is no name or is taken twice, or its package is broken."""


def installed() -> Mapping[str, EntryPoint]:
    """The providers whose packages are installed, by name. `CannotLoadGateway` if two packages claim one name."""
    found: dict[str, EntryPoint] = {}
    for each in entry_points(group=GROUP):
        if not _NAME.fullmatch(each.name):
            raise CannotLoadGateway(f"'{each.name}' is no name of a provider: lower-case letters and digits")
        rival = found.setdefault(each.name, each)
        if rival.value != each.value:
            raise CannotLoadGateway(f"two packages provide '{each.name}': {rival.value} and {each.value}")
    return found


def settings_of(name: str, variables: Mapping[str, str]) -> Mapping[str, str]:
    """A provider's settings among these, whose keys are lower-case and begin with providers' names."""
    prefix = f"{name}_"
    return {key.removeprefix(prefix): text for key, text in variables.items() if key.startswith(prefix)}


@asynccontextmanager
async def opened_gateways(
    names: Iterable[str], surroundings: Callable[[str], Surroundings]
) -> AsyncIterator[Mapping[str, OpenedGateway]]:
    """The gateways of these providers for the time of a block, closed in the reverse order.

    Raises `CannotLoadGateway`, or `WrongSettings` of the first provider that doesn't understand its own.
    """
    known = installed()
    opened: dict[str, OpenedGateway] = {}
    async with AsyncExitStack() as stack:
        for name in names:
            gateway = await stack.enter_async_context(_load(known, name)(surroundings(name)))
            if gateway.gateway.name != name:
                raise CannotLoadGateway(f"the gateway of '{name}' calls itself '{gateway.gateway.name}'")
            opened[name] = gateway
        yield opened


def _load(known: Mapping[str, EntryPoint], name: str) -> OpenGateway:
    if name not in known:
        raise CannotLoadGateway(f"no installed package provides '{name}'")
    try:
        loaded: OpenGateway = known[name].load()
    except Exception as error:  # whatever a foreign package does as it is imported
        log.exception("the provider %s can't be loaded", name)
        raise CannotLoadGateway(f"'{name}' ({known[name].value}) can't be loaded: {type(error).__name__}") from error
    return loaded


@frozen
class StatusesByProvider:
    """`DeviceStatuses` of several providers: each is asked for its own devices. One that tells none knows nothing, and
    a missing status stands against nothing (D2)."""

    by_provider: Mapping[str, DeviceStatuses]

    def status(self, device: Device) -> DeviceStatus | None:
        statuses = self.by_provider.get(device.provider)
        return statuses.status(device) if statuses is not None else None
