"""`telephony beeline-simulator`."""

from __future__ import annotations

from pathlib import Path

from telephony_adapters.demo import simulator
from telephony_http.commands.failing import CommandError, WrongUse


def simulate(
    port: int, token: str, speed: float, seed: int, assumes: tuple[str, ...], numbering_plan: Path | None
) -> None:
    """Serves until SIGINT or SIGTERM."""
    try:
        off = simulator.read_switches(assumes)
    except ValueError as error:
        raise WrongUse(f"--assume: {error}") from None
    regions = None
    if numbering_plan is not None:
        try:
            regions = simulator.regions_of_register(numbering_plan)
        except (OSError, ValueError) as error:
            raise CommandError(f"The register can't be read: {error}") from None
    try:
        simulator.serve(port, token, speed, seed, off, regions=regions)
    except OSError as error:
        raise CommandError(f"Port {port} can't be used: {error.strerror or error}.") from None
