"""System tests are run by `make test-system`, which names this folder; `make test` doesn't collect them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sip import pbx
from tests.sip.pbx import CannotInstall, Pbx
from tests.sip.stage import Company, Stage, company, stage

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    asked_for = (Path(argument.partition("::")[0]).resolve() for argument in config.args)
    return None if any(HERE in (path, *path.parents) for path in asked_for) else True


@pytest.fixture(scope="session")
def suite() -> Path:
    """Asterisk's and SIPp's programs. Where they can't be had the run ends, and fails."""
    try:
        return pbx.suite()
    except CannotInstall as missing:
        pytest.exit(f"The system tests need Asterisk and SIPp.\n{missing}", returncode=1)


@pytest.fixture(scope="session")
def the_company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return company(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def asterisk(suite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    with pbx.asterisk(suite, tmp_path_factory.mktemp("asterisk")) as running:
        yield running


@pytest.fixture(scope="module")
def the_stage(asterisk: Pbx, the_company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(asterisk, the_company, tmp_path_factory.mktemp("service")) as made:
        yield made


@pytest.fixture
def at_work(the_stage: Stage, tmp_path: Path) -> Iterator[Stage]:
    """A service that hears Asterisk; nothing is left of a test's calls. Its log is shown if the test fails, and what it
    left is ended, lest the next ones find the employee in a call."""
    the_stage.folder = tmp_path
    the_stage.stand_up()
    yield the_stage
    sys.stderr.write(the_stage.logged())
    try:
        the_stage.nothing_left()
    finally:
        the_stage.pbx.hang_up_all()
