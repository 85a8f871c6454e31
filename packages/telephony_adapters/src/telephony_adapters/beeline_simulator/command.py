"""The simulator's command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from telephony_adapters.beeline_simulator.assumptions import ASSUMPTIONS, read_switches
from telephony_adapters.beeline_simulator.regions import regions_of_register
from telephony_adapters.beeline_simulator.server import serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the arguments and serves until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="beeline-simulator",
        description="A cloud PBX that speaks Beeline's API, for running and testing without an account. Loopback only.",
        epilog="Assumptions: " + " ".join(f"{each.id}: {each.what}" for each in ASSUMPTIONS),
    )
    parser.add_argument("--port", type=int, required=True, help="0 takes any free one")
    parser.add_argument("--token", required=True, help="what X-MPBX-API-AUTH-TOKEN must say")
    parser.add_argument("--speed", type=float, default=1.0, help="calls go so many times as fast (default 1)")
    parser.add_argument("--seed", type=int, default=0, help="equal seeds give equal choices (default 0)")
    parser.add_argument("--assume", action="append", default=[], metavar="BAn=off", help="switches an assumption off")
    parser.add_argument("--numbering-plan", type=Path, metavar="FILE", help="the state's register, for regions")
    parser.add_argument("--statistics-delay", type=float, default=0.0, metavar="SECONDS", help="real seconds")
    options = parser.parse_args(arguments)
    try:
        assume_off = read_switches(options.assume)
    except ValueError as error:
        parser.error(str(error))
    serve(
        options.port,
        options.token,
        options.speed,
        options.seed,
        assume_off,
        regions=regions_of_register(options.numbering_plan) if options.numbering_plan else None,
        statistics_delay=options.statistics_delay,
    )
