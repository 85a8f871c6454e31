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
        assert "nothing was taken; errors: 2." in done.stderr
        assert 'clients.csv, line 4, column "Имя": The cell is empty' in done.stderr
        as_json = tell("directory", "import", path, "--json", settings=settings)
        assert as_json.returncode == 1
        assert '"code": "required"' in as_json.stdout
        assert tell("directory", "import", path, settings={**settings, "TELEPHONY_LANGUAGE": "ru"}).stderr.count(
            "строка"
        )

    def test_a_mark_is_taken_away_and_counted(self, tmp_path: Path, settings: dict[str, str]) -> None:
        """N3: a list that was taken by mistake is undone by the same list with one more column."""
        marks = _file(tmp_path, "не звонить.csv", "Телефон\n+79139000001\n+79139000002\n")
        assert "do not call: 2 added" in tell("directory", "import", marks, settings=settings).stdout
        lifted = _file(tmp_path, "не звонить.csv", "Телефон;Снять\n+79139000001;да\n+79139000002;да\n")
        done = tell("directory", "import", lifted, settings=settings)
        assert "do not call: 0 added, 0 changed, 0 unchanged, 2 removed\n2 lines were taken.\n" in done.stdout
        again = said("directory", "import", lifted, "--json", settings=settings)
        assert again["counts"] == {"do_not_call": {"added": 0, "changed": 0, "unchanged": 2, "removed": 0}}
        assert again["nothing_changed"]

    def test_a_file_of_the_carousel_is_sent_to_its_command(self, tmp_path: Path, settings: dict[str, str]) -> None:
        done = tell("directory", "import", _file(tmp_path, "пулы.csv", POOLS), settings=settings)
        assert done.returncode == 1
        assert "This is a table of pools; take it in with `telephony carousel import`." in done.stderr

    def test_in_russian_all_of_it_is_russian(self, tmp_path: Path, settings: dict[str, str]) -> None:
        settings = settings | {"TELEPHONY_LANGUAGE": "ru"}
        path = _file(tmp_path, "клиенты.csv", CLIENTS)
        dry = tell("directory", "import", path, "--dry-run", settings=settings)
        assert dry.stdout.splitlines() == [
            "клиенты: добавлено 2, изменено 0, без изменений 0",
            "Ничего не изменено (--dry-run).",
        ]
        assert "предупреждение: клиенты.csv, строка 3" in dry.stderr
        assert tell("directory", "import", path, settings=settings).stdout.splitlines()[-1] == "Принято строк: 2."
        again = tell("directory", "import", path, settings=settings)
        assert again.stdout.splitlines()[-1] == "Всё это уже записано; ничего не изменено."
        bad = _file(tmp_path, "устройства.csv", "код;сотрудник;вид;линия\nD-1;E-9;ip;1\n")
        refused = tell("directory", "import", bad, str(tmp_path / "нет.csv"), settings=settings).stderr
        assert "ничего не принято; ошибок: 2." in refused
        assert "Нет сотрудника «E-9»; загрузите раньше или вместе с этим файлом." in refused
        assert "нет.csv: Такого файла нет; проверьте имя и папку." in refused
        old = tmp_path / "старый.xls"
        old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        assert "Файл не читается: это старый .xls или .xlsx с паролем; сохраните" in (
            tell("directory", "import", str(old), settings=settings).stderr
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

    def test_in_russian_all_of_it_is_russian(self, tmp_path: Path, settings: dict[str, str]) -> None:
        settings = settings | {"TELEPHONY_LANGUAGE": "ru"}
        pools, numbers = _file(tmp_path, "пулы.csv", POOLS), _file(tmp_path, "номера.csv", NUMBERS)
        broken = _file(tmp_path, "другие пулы.csv", POOLS.replace(";да", ";нет"))
        assert "у провайдера «beeline» нет пула по умолчанию" in (
            tell("carousel", "import", broken, settings=settings).stderr
        )
        difference = tell("carousel", "diff", pools, numbers, settings=settings)
        assert difference.stdout.split()[:6] == ["пул", "поколение", "номер", "что", "было", "стало"]
        assert {line.split()[3] for line in difference.stdout.splitlines()[1:]} == {"пул", "действует", "номер"}
        assert "реестр не загружен" in difference.stderr
        tell("carousel", "import", pools, numbers, settings=settings)
        assert tell("carousel", "diff", pools, settings=settings).stdout == "Отличий нет.\n"
        again = tell("carousel", "import", pools, numbers, settings=settings).stdout
        assert "Карусель такова, как в файлах; ничего не изменено.\n" in again
        changed = _file(tmp_path, "пулы.csv", POOLS.replace("провайдер;Н", "мы;Н"))
        difference = tell("carousel", "diff", changed, settings=settings)
        assert difference.stdout.splitlines()[1].split() == ["all", "-", "-", "кто", "выбирает", "провайдер", "мы"]
        assert "назначить новые номера" in tell("carousel", "forecast", settings=settings).stdout
        exported = tell("carousel", "export", str(tmp_path / "к.xlsx"), settings=settings)
        assert exported.stdout.startswith("пулов 1: ")
        assert tell("carousel", "diff", str(tmp_path / "к.xlsx"), settings=settings).stdout == "Отличий нет.\n"
        nowhere = tell("carousel", "export", str(tmp_path / "нет" / "к.xlsx"), settings=settings)
        assert nowhere.stderr.endswith("к.xlsx не записан: такой папки или файла нет.\n")

    def test_a_breach_of_c0_is_a_sentence(self, tmp_path: Path, settings: dict[str, str]) -> None:
        path = _file(tmp_path, "pools.csv", POOLS.replace(";да", ";нет"))
        done = tell("carousel", "import", path, settings=settings)
        assert done.returncode == 1
        assert (
            "pools.csv, line 2: The carousel would be out of order: provider 'beeline' has no default pool"
            in done.stderr
        )

    @pytest.mark.parametrize("name", ["carousel.csv", "carousel.xlsx"])
    def test_what_cannot_be_written_is_a_sentence(self, tmp_path: Path, settings: dict[str, str], name: str) -> None:
        done = tell("carousel", "export", str(tmp_path / "none" / name), settings=settings)
        assert done.returncode == 1
        assert f"{name} can't be written: No such file or directory." in done.stderr


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
        assert "Neither the directory nor any Call knows" in done.stderr
