"""Commands that take files in and give them out: the directory, the carousel, and the erasing of a client.

Only names and options stand here, as in `cli`, which adds these commands to its own: `add_to(telephony)`.
"""
# ruff: noqa: PLC0415 - `telephony --help` must not import what only a command needs

from __future__ import annotations

import asyncio
from pathlib import Path

import rich_click as click

_files = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
_dry_run = click.option("--dry-run", is_flag=True, help="Read, check and say what would change; change nothing.")
_as_json = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group()
def directory() -> None:
    """Employees, devices, clients, interests: the directory of our own."""


@directory.command(name="import")
@_files
@_dry_run
@_as_json
def directory_import(files: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:
    """Take FILEs (CSV, XLSX) in together: all of them, or nothing of them. Each bad line is named."""
    from telephony_http.commands.directory_files import take_in

    asyncio.run(take_in(files, dry_run=dry_run, as_json=as_json))


@click.group()
def carousel() -> None:
    """Pools of numbers that clients are shown."""


@carousel.command(name="import")
@_files
@_dry_run
@_as_json
def carousel_import(files: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:
    """Take FILEs with pools and numbers in: all of them, or nothing of them. What they don't name stays."""
    from telephony_http.commands.carousel_files import take_in

    asyncio.run(take_in(files, dry_run=dry_run, as_json=as_json))


@carousel.command(name="export")
@click.argument("file", type=click.Path(path_type=Path))
def carousel_export(file: Path) -> None:
    """Write the carousel to FILE (.xlsx), or to FILE.pools.csv and FILE.numbers.csv."""
    from telephony_http.commands.carousel_files import give_out

    asyncio.run(give_out(file))


@carousel.command(name="diff")
@_files
@_as_json
def carousel_diff(files: tuple[Path, ...], as_json: bool) -> None:
    """Say what importing FILEs would change."""
    from telephony_http.commands.carousel_files import compare

    asyncio.run(compare(files, as_json=as_json))


@carousel.command(name="forecast")
@_as_json
def carousel_forecast(as_json: bool) -> None:
    """Say which pools wear out when, and which have no refresh scheduled in time."""
    from telephony_http.commands.carousel_files import forecast

    asyncio.run(forecast(as_json=as_json))


@click.command(name="erase-client")
@click.argument("client")
@_as_json
def erase_client(client: str, as_json: bool) -> None:
    """Take the numbers of this CLIENT (an id) out of directory, Calls, reports and events; counts and outcomes stay."""
    from telephony_http.commands.erase import erase

    asyncio.run(erase(client, as_json=as_json))


def add_to(root: click.Group) -> None:
    """Add these commands to the command line."""
    for command in (directory, carousel, erase_client):
        root.add_command(command)
