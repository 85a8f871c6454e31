"""Files in and out by the command line: what it says, its JSON, its exit codes; a company from empty files."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
from pathlib import Path

import pytest
from tests.http.test_command_line import said, tell

from telephony_adapters.store.engine import open_store
from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.phone import ERASED_NUMBER
from telephony_core.testing.examples import CLIENT_NUMBER, a_call, an_attempt_that

CLIENTS = "ID;Имя;Телефоны;Не звонить\nC-1;Пётр;8 913 900-00-01; \nC-2;Анна;кажется, 8 913;\n"
POOLS = "пул;провайдер;кто выбирает;регионы;по умолчанию\nall;beeline;провайдер;Новосибирская область;да\n"
NUMBERS = "пул;номер\nall;8 913 900-00-50\nall;8 913 900-00-51\n"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    made = {"TELEPHONY_DATABASE_URL": f"sqlite:///{tmp_path / 'telephony.db'}", "TELEPHONY_LANGUAGE": "en"}
    assert tell("db", "upgrade", settings=made).returncode == 0
    return made


def _file(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, "utf-8")
    return str(folder / name)


def _all_rows(settings: dict[str, str]) -> str:
    """Every row of every table, without the signs that people put between digits."""
    path = settings["TELEPHONY_DATABASE_URL"].removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return re.sub(r"[\s()\-]", "", "".join(connection.iterdump()))


class TestDirectory:
    def test_a_file_is_taken_and_the_second_time_it_says_that_nothing_changed(
        self, tmp_path: Path, settings: dict[str, str]
    ) -> None:
        path = _file(tmp_path, "clients.csv", CLIENTS)
        first = tell("directory", "import", path, settings=settings)
        assert first.returncode == 0
        assert "clients: 2 added, 0 changed, 0 unchanged\n2 lines were taken.\n" in first.stdout
        assert 'warning: clients.csv, line 3, column "Телефоны"' in first.stderr
        again = tell("directory", "import", path, settings=settings)
        assert "clients: 0 added, 0 changed, 2 unchanged\n" in again.stdout
        assert "nothing was changed" in again.stdout

    def test_a_dry_run_changes_nothing(self, tmp_path: Path, settings: dict[str, str]) -> None:
        path = _file(tmp_path, "clients.csv", CLIENTS)
        for _ in range(2):
            done = said("directory", "import", path, "--dry-run", "--json", settings=settings)
            assert done["counts"] == {"clients": {"added": 2, "changed": 0, "unchanged": 0}}
            assert (done["dry_run"], done["taken"], done["nothing_changed"]) == (True, False, False)

    def test_every_bad_line_is_named_and_the_exit_code_tells(self, tmp_path: Path, settings: dict[str, str]) -> None:
        path = _file(tmp_path, "clients.csv", CLIENTS + "C-3;;;\nC-1;x;;?\n")
        done = tell("directory", "import", path, settings=settings)
        assert done.returncode == 1
        assert done.stdout == ""
        assert "nothing was taken: 2 errors." in done.stderr
        assert 'clients.csv, line 4, column "Имя": The cell is empty' in done.stderr
        as_json = tell("directory", "import", path, "--json", settings=settings)
        assert as_json.returncode == 1
        assert '"code": "required"' in as_json.stdout
        assert tell("directory", "import", path, settings={**settings, "TELEPHONY_LANGUAGE": "ru"}).stderr.count(
            "строка"
        )

    def test_a_file_that_is_not_there_is_a_sentence(self, tmp_path: Path, settings: dict[str, str]) -> None:
        done = tell("directory", "import", str(tmp_path / "none.csv"), settings=settings)
        assert done.returncode == 1
        assert "none.csv: There is no such file" in done.stderr


class TestCarousel:
    def test_import_diff_export_forecast(self, tmp_path: Path, settings: dict[str, str]) -> None:
        """From nothing to a carousel, out again, and in again without a change."""
        files = [_file(tmp_path, "pools.csv", POOLS), _file(tmp_path, "numbers.csv", NUMBERS)]
        difference = said("carousel", "diff", *files, "--json", settings=settings)
        assert difference["changes"]
        assert not difference["taken"]
        taken = tell("carousel", "import", *files, settings=settings)
        assert taken.returncode == 0
        assert "Попросите" not in taken.stdout
        assert "Ask the provider 'beeline'" in taken.stdout, "the provider chooses: it is only recorded (C11)"
        assert "no register is loaded" in taken.stderr
        assert tell("carousel", "diff", *files, settings=settings).stdout == "No difference.\n"
        assert "nothing was changed" in tell("carousel", "import", *files, settings=settings).stdout
        for name in ("carousel.xlsx", "carousel.csv"):
            assert tell("carousel", "export", str(tmp_path / name), settings=settings).returncode == 0
        exported = [str(tmp_path / name) for name in ("carousel.pools.csv", "carousel.numbers.csv")]
        for paths in (exported, [str(tmp_path / "carousel.xlsx")]):
            assert tell("carousel", "diff", *paths, settings=settings).stdout == "No difference.\n"
        (pool,) = said("carousel", "forecast", "--json", settings=settings)
        assert (pool["pool_id"], pool["days_left"], pool["needs_refresh"]) == ("all", 74, True)
        assert "schedule new numbers" in tell("carousel", "forecast", settings=settings).stdout

    def test_a_breach_of_c0_is_a_sentence(self, tmp_path: Path, settings: dict[str, str]) -> None:
        path = _file(tmp_path, "pools.csv", POOLS.replace(";да", ";нет"))
        done = tell("carousel", "import", path, settings=settings)
        assert done.returncode == 1
        assert (
            "pools.csv, line 2: The carousel would be out of order: provider 'beeline' has no default pool"
            in done.stderr
        )

    def test_what_cannot_be_written_is_a_sentence(self, tmp_path: Path, settings: dict[str, str]) -> None:
        done = tell("carousel", "export", str(tmp_path / "none" / "carousel.csv"), settings=settings)
        assert done.returncode == 1
        assert "can't be written" in done.stderr


class TestEraseClient:
    def test_numbers_go_and_counts_stay(self, tmp_path: Path, settings: dict[str, str]) -> None:
        """P3: no row of any table tells a number of the client any more."""
        attempt = an_attempt_that("talked", client_id="C-1")

        async def put() -> None:
            engine = open_store(settings["TELEPHONY_DATABASE_URL"])
            async with SqlStore(engine).write() as uow:
                await uow.calls.add(a_call(attempt, client_id="C-1"))
                await uow.commit()
            await engine.dispose()

        tell("directory", "import", _file(tmp_path, "clients.csv", CLIENTS), settings=settings)
        asyncio.run(put())
        assert all(digits in _all_rows(settings) for digits in ("89139000001", CLIENT_NUMBER.digits))
        done = said("erase-client", "C-1", "--json", settings=settings)
        assert done == {"client_id": "C-1", "in_directory": True, "attempts": 1, "calls": 0, "reports": 0, "events": 0}
        again = tell("erase-client", "C-1", settings=settings)
        assert "Erased: numbers of 0 attempts" in again.stdout
        assert not any(digits in _all_rows(settings) for digits in ("9139000001", CLIENT_NUMBER.digits[1:]))
        assert ERASED_NUMBER.digits in _all_rows(settings)

    def test_a_client_whom_nobody_knows_is_a_sentence(self, settings: dict[str, str]) -> None:
        done = tell("erase-client", "C-99", settings=settings)
        assert done.returncode == 1
        assert "There is no client of this id" in done.stderr
