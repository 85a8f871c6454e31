"""`telephony`: the command line. Only names and options stand here; what a command does is imported when it runs, so
that `telephony --help` answers at once.

Exit codes: 0 done, 1 it could not be done, 2 it was called wrongly. What goes wrong is said in a sentence on standard
error, without a traceback; `TELEPHONY_LOG_LEVEL=debug` adds that.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import rich_click as click

from telephony_http import cli_imports

CONTEXT = {"help_option_names": ["-h", "--help"]}

as_json = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="telephony-http", prog_name="telephony")
def telephony() -> None:
    """BMS Telephony: click-to-call for a CRM.

    Settings are environment variables that begin with TELEPHONY_; `telephony doctor` says what is missing.
    """


# --- The service ------------------------------------------------------------------------------------------------------


@telephony.command()
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="Default TELEPHONY_PORT; 0 is any free one.")
@click.option("--host", metavar="ADDRESS", help="Default TELEPHONY_HOST, which is loopback.")
def serve(port: int | None, host: str | None) -> None:
    """Serve the HTTP API until it is told to end."""
    from telephony_http.commands.serve import serve as run

    run(host, port)


@telephony.command()
def worker() -> None:
    """Do what has to be done in the background, for services that run with TELEPHONY_WORKER=off."""
    from telephony_http.commands.worker import work

    _run(work())


@telephony.group()
def db() -> None:
    """The database."""


@db.command()
@click.option("--sql", is_flag=True, help="Print the SQL instead, for who may not let a program change tables.")
@click.option("--before-deploy", "before", is_flag=True, help="Only what the version in service goes on with.")
@click.option("--after-deploy", "after", is_flag=True, help="The rest, once its last process has gone.")
def upgrade(sql: bool, before: bool, after: bool) -> None:
    """Make the tables of TELEPHONY_DATABASE_URL, or bring them up to date: all, or in two steps around a deployment."""
    from telephony_adapters.store.migrations import Deploy
    from telephony_http.commands.database import upgrade as run

    if before and after:
        raise click.UsageError("--before-deploy and --after-deploy are two steps; without both, all is done.")
    deploy = Deploy.BEFORE if before else Deploy.AFTER if after else None
    _run(run(sql=sql, deploy=deploy))


@telephony.command()
@as_json
def doctor(as_json: bool) -> None:
    """Check database, numbering, provider and carousel, and say what to do. Exit code 1 if something is broken."""
    from telephony_http.commands.doctor import examine

    _run(examine(as_json=as_json))


@telephony.command()
@click.argument("call")
@as_json
def explain(call: str, as_json: bool) -> None:
    """Say why the client of this CALL (its id) was shown that number: each rule, what it saw, what it said."""
    from telephony_http.commands.explain import explain as run

    _run(run(call, as_json=as_json))


# --- The demo ---------------------------------------------------------------------------------------------------------


@telephony.group()
def demo() -> None:
    """An invented company with a simulated provider, for trying it all without an account."""


@demo.command(name="run")
@click.option("--port", type=click.IntRange(0, 65535), envvar="PORT", metavar="N", help="Default: 8080 or a free one.")
@click.option("--speed", type=click.FloatRange(0.1, 1000), metavar="X", help="Calls go so many times as fast.")
def demo_run(port: int | None, speed: float | None) -> None:
    """Start the service and the Beeline simulator on the demo's data; Ctrl-C ends them."""
    from telephony_http.commands.demo_run import SPEED, run

    _run(run(port, SPEED if speed is None else speed))


@demo.command(name="load")
@as_json
def demo_load(as_json: bool) -> None:
    """Load the demo's data into TELEPHONY_DATABASE_URL. Again: the same ids, new tokens."""
    from telephony_http.commands.demo_load import load_and_tell

    _run(load_and_tell(as_json=as_json))


@telephony.command()
@click.option("--port", type=click.IntRange(0, 65535), required=True, metavar="N", help="0 is any free one.")
@click.option("--token", required=True, metavar="T", help="What X-MPBX-API-AUTH-TOKEN must say.")
@click.option("--speed", type=click.FloatRange(0.01, 10_000), default=1.0, metavar="X", help="Default 1.")
@click.option("--seed", type=int, default=0, metavar="S", help="Equal seeds give equal choices. Default 0.")
@click.option("--assume", "assumes", multiple=True, metavar="BAn=off", help="Switch an assumption off; repeatable.")
@click.option("--numbering-plan", type=click.Path(path_type=Path), metavar="FILE", help="The register, for regions.")
def beeline_simulator(
    port: int, token: str, speed: float, seed: int, assumes: tuple[str, ...], numbering_plan: Path | None
) -> None:
    """A cloud PBX that speaks Beeline's API. On loopback only; no telephone rings."""
    from telephony_http.commands.simulator import simulate

    simulate(port, token, speed, seed, assumes, numbering_plan)


@telephony.group()
def beeline() -> None:
    """Beeline's cloud PBX."""


@beeline.command(name="check")
@click.option("--call", metavar="NUMBER", help="Call this number, a phone of your own: it rings, and costs.")
@click.option("--line", metavar="SUBSCRIBER", help="Who calls: a user id of Beeline's.")
@click.option("--reports-at", metavar="URL", help="Where Beeline can reach this machine for the time of the check.")
@click.option("--listen", type=click.IntRange(1, 65535), metavar="PORT", help="The port behind that address.")
@click.option("--save", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Keep what came.")
@as_json
def beeline_check(
    call: str | None, line: str | None, reports_at: str | None, listen: int | None, save: Path | None, as_json: bool
) -> None:
    """Hold Beeline's account against what is assumed of it. Without --call nothing rings.

    Payloads are saved with numbers and names scrubbed. Exit code 1 if an assumption does not hold.
    """
    from telephony_http.commands.beeline_check import Asked, check

    _run(check(Asked(call=call, line=line, reports_at=reports_at, listen=listen, save=save, as_json=as_json)))


# --- Data -------------------------------------------------------------------------------------------------------------


@telephony.group()
def numbering_plan() -> None:
    """The state's register of number ranges, from which regions are known."""


@numbering_plan.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Read and check, change nothing.")
@click.option("--force", is_flag=True, help="Also if it has no mobile numbers, and the one in force has.")
@as_json
def numbering_plan_import(file: Path, dry_run: bool, force: bool, as_json: bool) -> None:
    """Take an edition of the register in place of the one before: the whole FILE, or nothing of it."""
    from telephony_http.commands.numbering import import_plan

    _run(import_plan(file, dry_run=dry_run, force=force, as_json=as_json))


@numbering_plan.command(name="lookup")
@click.argument("numbers", nargs=-1, required=True)
@as_json
def numbering_plan_lookup(numbers: tuple[str, ...], as_json: bool) -> None:
    """Say where each NUMBER, as people type it, belongs."""
    from telephony_http.commands.numbering import look_up

    _run(look_up(numbers, as_json=as_json))


@telephony.group()
def tokens() -> None:
    """Access tokens: shown once, stored as a digest."""


@tokens.command(name="issue")
@click.argument("employee", required=False)
@click.option("--service", metavar="NAME", help="For a service (the CRM's back end) instead of an employee.")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    metavar="P",
    help="Instead of the usual ones; repeatable. A wrong P lists all.",
)
def tokens_issue(employee: str | None, service: str | None, permissions: tuple[str, ...]) -> None:
    """Make a token for an EMPLOYEE (an id) or a service, and print it.

    An employee's may what the directory says of the employee now; a service's: call, see full numbers, act for others.
    """
    from telephony_http.commands.tokens import issue

    _run(issue(employee, service, permissions))


@tokens.command(name="list")
@as_json
def tokens_list(as_json: bool) -> None:
    """List the tokens: their beginnings, whose they are, what they may."""
    from telephony_http.commands.tokens import tell_all

    _run(tell_all(as_json=as_json))


@tokens.command(name="revoke")
@click.argument("prefix")
def tokens_revoke(prefix: str) -> None:
    """Revoke the token that begins with PREFIX (as listed), or given whole."""
    from telephony_http.commands.tokens import revoke

    _run(revoke(prefix))


cli_imports.add_to(telephony)


# --- Running ----------------------------------------------------------------------------------------------------------


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def main() -> None:
    """The console script."""
    try:
        telephony(prog_name="telephony")
    except Exception as error:
        from telephony_http.commands.failing import in_words

        if os.environ.get("TELEPHONY_LOG_LEVEL", "").casefold() == "debug":
            raise
        words, exit_code = in_words(error)
        sys.stderr.write(f"telephony: {words}\n")
        sys.exit(exit_code)


if __name__ == "__main__":
    main()
