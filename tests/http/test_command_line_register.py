"""The register by the command line: what takes the place of what, what is refused, and where a number belongs."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest
from tests.http.test_command_line import said, tell

HEADER = "АВС/ DEF;От;До;Емкость;Оператор;Регион"
MOBILE = [f"913;{place}000000;{place}999999;1000000;Связь;Новосибирская обл." for place in range(9)]
REGISTER = "\n".join([HEADER, *MOBILE, "912;3800000;3999999;200000;Связь;Тюменская область", ""])
NUMBER = "8 (913) 812-34-56"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    made = {"TELEPHONY_DATABASE_URL": f"sqlite:///{tmp_path / 'telephony.db'}", "TELEPHONY_LANGUAGE": "en"}
    assert tell("db", "upgrade", settings=made).returncode == 0
    return made


def _file(folder: Path, text: str = REGISTER, name: str = "DEF-9xx.2026-08.csv") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def _codes(settings: dict[str, str]) -> list[str]:
    codes: list[str] = said("numbering-plan", "lookup", NUMBER, "--json", settings=settings)[0]["codes"]
    return codes


def test_a_register_is_imported_and_asked(tmp_path: Path, settings: dict[str, str]) -> None:
    file = _file(tmp_path)
    tried = said("numbering-plan", "import", file, "--dry-run", "--json", settings=settings)
    assert (tried["lines"], tried["ranges"], tried["names"], tried["not_understood"]) == (10, 10, 2, [])
    assert (tried["replaces"], tried["same_as_in_force"], tried["refused"]) == (None, False, [])
    assert _codes(settings) == ["RU"]
    first = tell("numbering-plan", "import", file, settings=settings)
    assert (first.returncode, first.stdout.splitlines()[-1]) == (
        0,
        "It is in force; services that run take it up within 5 seconds.",
    )
    assert "place of" not in first.stdout
    assert said("numbering-plan", "lookup", NUMBER, "чушь", "--json", settings=settings) == [
        {"input": NUMBER, "number": "+79138123456", "codes": ["RU-NVS"], "operator": "Связь"},
        {"input": "чушь", "number": None, "codes": [], "operator": None},
    ]


def test_the_same_register_is_known_for_the_same(tmp_path: Path, settings: dict[str, str]) -> None:
    """Packed, and under another name, too: nothing is changed, and it says so."""
    tell("numbering-plan", "import", _file(tmp_path), settings=settings)
    packed = tmp_path / "another.csv.xz"
    packed.write_bytes(lzma.compress(REGISTER.encode()))
    for file in (_file(tmp_path), str(packed)):
        for more in ((), ("--dry-run",), ("--force",)):
            again = tell("numbering-plan", "import", file, *more, settings=settings)
            assert again.returncode == 0
            assert again.stdout.splitlines()[-1] == "The same is in force; nothing was changed."
    assert said("numbering-plan", "import", str(packed), "--json", settings=settings)["same_as_in_force"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (
            "DEF-9xx.2026-09.csv",
            "\n".join([HEADER, *MOBILE[:7]]),
            "it has 7 mobile ranges, and the one in force has 10",
        ),
        ("DEF-9xx.2020-08.csv", REGISTER.replace("Связь", "Сеть"), "older"),
    ],
)
def test_an_edition_that_loses_much_or_is_older_is_taken_with_a_warning(
    tmp_path: Path, settings: dict[str, str], name: str, text: str, says: str
) -> None:
    """The edition before comes back by its own file."""
    good = _file(tmp_path)
    tell("numbering-plan", "import", good, settings=settings)
    worse = _file(tmp_path, text, name)
    tried = said("numbering-plan", "import", worse, "--dry-run", "--json", settings=settings)
    assert (says in tried["warnings"][0], tried["refused"]) == (True, [])
    taken = tell("numbering-plan", "import", worse, settings=settings)
    assert (taken.returncode, says in taken.stderr) == (0, True)
    assert "In the place of edition DEF-9xx.2026-08" in taken.stdout
    assert "with 10 ranges of 9200000 numbers" in taken.stdout
    assert tell("numbering-plan", "import", good, settings=settings).returncode == 0
    assert said("numbering-plan", "import", good, "--json", settings=settings)["same_as_in_force"]


def test_a_file_of_landlines_in_the_place_of_mobiles_is_refused_unless_it_is_forced(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    tell("numbering-plan", "import", _file(tmp_path), settings=settings)
    text = f"{HEADER}\n383;2000000;2999999;1000000;Связь;Новосибирская обл."
    worse, says = _file(tmp_path, text, "ABC-3xx.csv"), "no mobile numbers (9xx)"
    for more in ((), ("--dry-run",)):
        refused = tell("numbering-plan", "import", worse, *more, settings=settings)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert says in refused.stderr
        assert "--force" in refused.stderr
    as_json = tell("numbering-plan", "import", worse, "--json", settings=settings)
    assert (as_json.returncode, says in as_json.stdout) == (1, True)
    assert _codes(settings) == ["RU-NVS"]
    forced = tell("numbering-plan", "import", worse, "--force", settings=settings)
    assert forced.returncode == 0
    assert "In the place of edition DEF-9xx.2026-08" in forced.stdout
    assert "with 10 ranges of 9200000 numbers" in forced.stdout


def test_a_small_loss_and_a_newer_edition_are_taken(tmp_path: Path, settings: dict[str, str]) -> None:
    tell("numbering-plan", "import", _file(tmp_path), settings=settings)
    newer = _file(tmp_path, "\n".join([HEADER, *MOBILE]), "DEF-9xx.2026-09.csv")
    assert tell("numbering-plan", "import", newer, settings=settings).returncode == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DEF-9xx.2020-08.csv", f"{HEADER}\n{MOBILE[8]}"),
        ("ABC-3xx.csv", f"{HEADER}\n383;2000000;2999999;1000000;Связь;Новосибирская обл."),
    ],
)
def test_an_empty_database_takes_any_edition(tmp_path: Path, settings: dict[str, str], name: str, text: str) -> None:
    assert tell("numbering-plan", "import", _file(tmp_path, text, name), settings=settings).returncode == 0


def test_a_file_may_be_tried_before_there_is_a_database(tmp_path: Path) -> None:
    settings = {"TELEPHONY_DATABASE_URL": f"sqlite:///{tmp_path / 'none.db'}"}
    assert said("numbering-plan", "import", _file(tmp_path), "--dry-run", "--json", settings=settings)["ranges"] == 10
    assert not (tmp_path / "none.db").exists()


def test_a_name_that_is_not_understood_is_said_and_counts_as_the_whole_country(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    """In the language that is set, with its line; the rest of the file is worth having."""
    file = _file(tmp_path, REGISTER.replace("Тюменская", "Тридевятая"))
    tried = tell("numbering-plan", "import", file, "--dry-run", settings=settings | {"TELEPHONY_LANGUAGE": "ru"})
    assert "строка 11: название региона «Тридевятая область» не понято и считается всей страной" in tried.stderr
    taken = tell("numbering-plan", "import", file, "--json", settings=settings)
    told = json.loads(taken.stdout)
    assert (taken.returncode, told["not_understood"], told["errors"]) == (0, ["Тридевятая область"], [])
    assert told["warnings"] == [
        "line 11: the region name 'Тридевятая область' is not understood and counts as the whole country (1 such lines)"
    ]
    assert _codes(settings) == ["RU-NVS"]
    looked_up = said("numbering-plan", "lookup", "+79222000001", "--json", settings=settings)
    assert looked_up[0]["codes"] == ["RU"]


def test_a_file_without_a_name_that_is_known_is_refused(tmp_path: Path, settings: dict[str, str]) -> None:
    tell("numbering-plan", "import", _file(tmp_path), settings=settings)
    text = REGISTER.replace("Тюменская", "Тридевятая").replace("Новосибирская", "Тридесятая")
    refused = tell("numbering-plan", "import", _file(tmp_path, text), settings=settings)
    assert refused.returncode == 1
    assert "not one name of a region is understood" in refused.stderr
    assert _codes(settings) == ["RU-NVS"]


def test_what_is_no_number_is_said_to_be_none(settings: dict[str, str]) -> None:
    numbers = ("lookup", "112", "123456")
    english = tell("numbering-plan", *numbers, settings=settings)
    assert "a short number" in english.stdout.splitlines()[1]
    assert "not a number" in english.stdout.splitlines()[2]
    russian = tell("numbering-plan", *numbers, settings=settings | {"TELEPHONY_LANGUAGE": "ru"}).stdout
    assert russian.split()[:4] == ["введено", "номер", "регионы", "оператор"]
    assert "короткий номер" in russian
    assert "не номер" in russian
