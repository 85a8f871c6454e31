"""The command line as a person meets it: what it says, its exit codes, and never a traceback."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from attrs import frozen

from telephony_adapters.store.engine import open_store
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.call import ShownNumber
from telephony_core.caller_id import Verdict
from telephony_core.testing.examples import a_call, a_number, an_attempt_that
from telephony_http.cli import main


@frozen
class Told:
    returncode: int
    stdout: str
    stderr: str


def tell(*arguments: str, settings: Mapping[str, str]) -> Told:
    """The command in this process, as the console script runs it."""
    stdout, stderr, exit_code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        for name in [name for name in os.environ if name.startswith("TELEPHONY_")]:
            patch.delenv(name)
        for name, value in settings.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["telephony", *arguments])
        try:
            main()
        except SystemExit as ended:
            exit_code = int(ended.code or 0)
    assert "Traceback" not in stderr.getvalue()
    return Told(exit_code, stdout.getvalue(), stderr.getvalue())


def said(*arguments: str, settings: Mapping[str, str]) -> Any:
    done = tell(*arguments, settings=settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Those of a database with the demo's company."""
    folder = tmp_path_factory.mktemp("command-line")
    made = {"TELEPHONY_DATABASE_URL": f"sqlite:///{folder / 'telephony.db'}", "TELEPHONY_LANGUAGE": "en"}
    assert tell("db", "upgrade", settings=made).returncode == 0
    return made


@pytest.fixture(scope="module")
def company(settings: dict[str, str]) -> dict[str, Any]:
    return said("demo", "load", "--json", settings=settings)


def test_a_database_without_tables_is_said_to_be_one(tmp_path: Path) -> None:
    fresh = {"TELEPHONY_DATABASE_URL": f"sqlite:///{tmp_path / 'fresh.db'}"}
    for command in (["tokens", "list"], ["serve", "--port", "0"], ["demo", "load"], ["worker"]):
        done = tell(*command, settings=fresh)
        assert (done.returncode, done.stdout) == (1, "")
        assert "telephony db upgrade" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_tables_are_upgraded_in_two_steps_around_a_deployment(tmp_path: Path) -> None:
    new = {"TELEPHONY_DATABASE_URL": f"sqlite:///{tmp_path / 'new.db'}"}
    assert tell("db", "upgrade", "--before-deploy", "--after-deploy", settings=new).returncode == 2
    for step in ("--before-deploy", "--after-deploy"):
        assert tell("db", "upgrade", step, settings=new).returncode == 0
        assert tell("tokens", "list", settings=new).returncode == 0


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    done = tell("db", "upgrade", settings={"TELEPHONY_DATABASE_URL": "postgresql://us@127.0.0.1:1/none"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install asyncpg" in done.stderr


def test_loading_the_demo_again_gives_the_same_ids_and_new_tokens(
    settings: dict[str, str], company: dict[str, Any]
) -> None:
    again = said("demo", "load", "--json", settings=settings)
    assert (again["clients"], again["interests"]) == (company["clients"], company["interests"])
    assert len(again["clients"]) == len(again["interests"]) == 200
    tokens = [each["token"] for each in company["employees"] + again["employees"]]
    assert len(set(tokens)) == 40
    assert [each["devices"] for each in again["employees"]] == [each["devices"] for each in company["employees"]]
    # And those of before are no longer in force.
    listed = said("tokens", "list", "--json", settings=settings)
    assert sum(each["revoked_at"] is None for each in listed) == 21


@pytest.mark.parametrize(
    ("command", "file", "lines"),
    [
        ("directory", "employees.csv", "id,name\nE-1,Anna Orlova\n"),
        ("directory", "clients.csv", "id,name,phone\nC-1,Pavel Smirnov,+7 913 912-34-56\n"),
        ("carousel", "pools.csv", "id,chosen_by,regions,default\nown,provider,RU-NVS,yes\n"),
    ],
)
def test_the_demo_is_not_loaded_over_a_companys_own_data(tmp_path: Path, command: str, file: str, lines: str) -> None:
    """It would change employees of the same ids, and switch quiet hours and limits off."""
    own = {"TELEPHONY_DATABASE_URL": f"sqlite:///{tmp_path / 'own.db'}", "TELEPHONY_LANGUAGE": "en"}
    (tmp_path / file).write_text(lines)
    assert tell("db", "upgrade", settings=own).returncode == 0
    assert tell(command, "import", str(tmp_path / file), settings=own).returncode == 0
    done = tell("demo", "load", settings=own)
    assert (done.returncode, done.stdout) == (1, "")
    assert "another database" in done.stderr
    assert "holds the demo" not in tell("doctor", settings=own).stdout
    assert "nothing was changed" in tell(command, "import", str(tmp_path / file), settings=own).stdout


def test_the_demo_is_served_on_this_machine_only_and_with_a_simulator_only(
    settings: dict[str, str], company: dict[str, Any]
) -> None:
    simulated = settings | {"TELEPHONY_BEELINE_URL": "http://127.0.0.1:9/apis/portal/", "TELEPHONY_BEELINE_TOKEN": "t"}
    done = tell("serve", "--host", "0.0.0.0", "--port", "0", settings=simulated)  # noqa: S104 - refused
    assert (done.returncode, done.stdout) == (1, "")
    assert "127.0.0.1" in done.stderr
    done = tell("serve", "--port", "0", settings=settings | {"TELEPHONY_BEELINE_TOKEN": "t"})
    assert (done.returncode, done.stdout) == (1, "")
    assert "TELEPHONY_BEELINE_URL" in done.stderr


def test_a_token_is_issued_listed_and_revoked(settings: dict[str, str], company: dict[str, Any]) -> None:
    done = tell("tokens", "issue", "E-3", settings=settings)
    token = done.stdout.strip()
    assert (done.returncode, len(token.split())) == (0, 1)
    listed = said("tokens", "list", "--json", settings=settings)[-1]
    assert token.startswith(listed["prefix"])
    assert (listed["whose"], listed["permissions"]) == ("E-3", ["call", "see_full_numbers"])
    assert token not in tell("tokens", "list", settings=settings).stdout
    assert tell("tokens", "revoke", listed["prefix"], settings=settings).returncode == 0
    assert tell("tokens", "revoke", listed["prefix"], settings=settings).returncode == 1
    tell("tokens", "issue", "--service", "crm", "--permission", "administer", settings=settings)
    assert said("tokens", "list", "--json", settings=settings)[-1]["permissions"] == ["administer"]


def test_a_call_is_explained_without_its_full_number(settings: dict[str, str]) -> None:
    """C8, P1: each attempt's steps, its choice and the verdict, in words, and as JSON."""
    shown = ShownNumber(a_number(0), Verdict.CONFORMS)
    call = a_call(an_attempt_that("talked", shown=shown))
    attempt = call.attempts[0]

    async def put() -> None:
        engine = open_store(settings["TELEPHONY_DATABASE_URL"])
        async with SqlStore(engine).write() as uow:
            await uow.calls.add(call)
            await uow.commit()
        await engine.dispose()

    asyncio.run(put())
    done = tell("explain", call.id, settings=settings)
    assert done.returncode == 0
    assert attempt.phone_number.masked in done.stdout
    assert attempt.phone_number.digits not in done.stdout
    (told,) = said("explain", call.id, "--json", settings=settings)["attempts"]
    assert (told["id"], told["reported"]) == (attempt.id, a_number(0).e164)
    assert len(told["steps"]) == len(attempt.decision.steps) > 0
    for line in (*told["steps"], told["choice"], told["verdict"]):
        assert line in done.stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["tokens", "issue"], 2, "an EMPLOYEE's id, or --service"),
        (["tokens", "issue", "E-3", "--permission", "fly"], 2, "call_free_hand"),
        (["tokens", "issue", "E-99"], 1, "no employee 'E-99'"),
        (["explain", "nope"], 1, "no Call 'nope'"),
        (["numbering-plan", "import", "missing.csv"], 1, "missing.csv can't be read"),
        (["beeline-simulator", "--port", "0", "--token", "t", "--assume", "BA99=off"], 2, "BA1"),
        (["fly"], 2, "fly"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(
    settings: dict[str, str], company: dict[str, Any], arguments: list[str], exit_code: int, says: str
) -> None:
    done = tell(*arguments, settings=settings)
    assert (done.returncode, done.stdout) == (exit_code, "")
    assert says in " ".join(done.stderr.split())


def test_a_setting_that_is_wrong_is_named(settings: dict[str, str]) -> None:
    done = tell("serve", settings=settings | {"TELEPHONY_PORT": "many", "TELEPHONY_QUIET_HOURS": "never"})
    assert (done.returncode, done.stdout) == (2, "")
    assert "TELEPHONY_PORT" in done.stderr
    assert "TELEPHONY_QUIET_HOURS" in done.stderr


def test_the_doctor_says_what_is_missing(settings: dict[str, str], company: dict[str, Any]) -> None:
    done = tell("doctor", settings=settings)
    assert done.returncode == 1
    lines = {line.split()[1]: line for line in done.stdout.splitlines()}
    assert [lines[what].split()[0] for what in ("database", "carousel")] == ["ok", "ok"]
    assert lines["numbering"].startswith("look")  # a file of two lines is no register
    assert "TELEPHONY_BEELINE_TOKEN" in lines["beeline"]
    assert "TELEPHONY_PUBLIC_URL" in lines["subscription"]
    assert lines["worker"].startswith("BROKEN")
    assert "telephony worker" in lines["worker"]
    assert lines["directory"].startswith("ok")


@pytest.mark.parametrize("command", [["doctor"], ["db", "upgrade"], ["tokens", "list"]])
@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("no-such-folder/telephony.db", "the folder isn't there"),
        ("a-folder", "can't be opened"),
        ("a-letter.txt", "no database of SQLite's"),
    ],
)
def test_a_database_that_can_not_be_used_is_told_with_the_reason(
    tmp_path: Path, command: list[str], place: str, says: str
) -> None:
    """And nobody is sent to `db upgrade` by the very command, or where it can't help."""
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "a-letter.txt").write_text("Dear Sir or Madam, " * 100)
    done = tell(*command, settings={"TELEPHONY_DATABASE_URL": f"sqlite:///{tmp_path / place}"})
    told = done.stdout + done.stderr
    assert done.returncode == 1
    assert says in told
    assert "db upgrade" not in told
    assert not (tmp_path / "no-such-folder").exists()


def test_a_command_whose_reader_has_left_goes_on_and_complains_of_nothing(settings: dict[str, str]) -> None:
    """As in `telephony doctor | grep -q BROKEN`: the exit code is the command's."""
    running = subprocess.Popen(
        [sys.executable, "-m", "telephony_http.cli", "tokens", "list"],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    running.stdout.close()
    _, complaints = running.communicate(timeout=60)
    assert (running.returncode, complaints) == (0, b"")


def test_the_doctor_names_a_misspelt_setting_and_answers_in_json(settings: dict[str, str]) -> None:
    done = tell("doctor", "--json", settings={**settings, "TELEPHONY_QUIETHOURS": "off"})
    findings = {each["what"]: each for each in json.loads(done.stdout)}
    assert (done.returncode, findings["settings"]["health"]) == (1, "look")
    assert "TELEPHONY_QUIETHOURS" in findings["settings"]["says"]


def test_the_doctor_knows_an_address_that_is_not_the_portal(settings: dict[str, str]) -> None:
    """A server that answers 404 to everything is not Beeline's portal at another path."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/nothing/here"
        done = tell("doctor", settings={**settings, "TELEPHONY_BEELINE_URL": url, "TELEPHONY_BEELINE_TOKEN": "a-token"})
        server.shutdown()
    (line,) = [line for line in done.stdout.splitlines() if line.split()[1] == "beeline"]
    assert line.startswith("BROKEN")
    assert "/apis/portal/" in line


def test_the_doctor_asks_the_provider_that_is_set_up(settings: dict[str, str]) -> None:
    """A company that calls by Asterisk alone is not told to set up Beeline."""
    asterisk = {
        "TELEPHONY_ASTERISK_URL": "http://127.0.0.1:9",
        "TELEPHONY_ASTERISK_USER": "telephony",
        "TELEPHONY_ASTERISK_PASSWORD": "a-password",
    }
    done = tell("doctor", "--json", settings={**settings, **asterisk})
    findings = {each["what"]: each for each in json.loads(done.stdout)}
    assert findings["asterisk"]["health"] == "BROKEN"
    assert "TELEPHONY_ASTERISK_URL" in findings["asterisk"]["says"]
    assert {"beeline", "subscription"}.isdisjoint(findings)


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["worker"]], ids=["serve", "worker"])
def test_a_provider_s_wrong_settings_stop_the_start_in_words(command: list[str], settings: dict[str, str]) -> None:
    """All of them at once, without a traceback."""
    done = tell(*command, settings={**settings, "TELEPHONY_ASTERISK_URL": "http://127.0.0.1:9"})
    assert done.returncode == 2
    assert done.stderr.splitlines()[-2:] == [
        "telephony: TELEPHONY_ASTERISK_USER is missing.",
        "TELEPHONY_ASTERISK_PASSWORD is missing.",
    ]
