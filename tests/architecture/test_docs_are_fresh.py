"""What stands in docs/ is what the code says today; `make docs` makes it anew."""

from __future__ import annotations

import pytest
from tools import draw, openapi, rules, settings


def test_the_page_of_states_is_made_from_the_present_table() -> None:
    assert draw.CALL_STATES.read_text(encoding="utf-8") == draw.call_states_page()
    assert (draw.DIAGRAMS / "leg-states.mmd").read_text(encoding="utf-8") == draw.leg_diagram()


@pytest.mark.parametrize("source", sorted(draw.DIAGRAMS.glob("*.mmd")), ids=lambda path: str(path.name))
def test_every_diagram_has_its_picture_drawn_from_it(source: object) -> None:
    """A picture's text holds each label of its source; a label added to the source alone fails here."""
    from pathlib import Path

    assert isinstance(source, Path)
    picture = source.with_suffix(".svg").read_text(encoding="utf-8")
    labels = draw.labels(source.read_text(encoding="utf-8"))
    assert labels
    assert [label for label in labels if label not in picture] == []
    assert "foreignObject" not in picture, "only browsers would show the labels"


def test_the_document_of_the_api_is_made_from_the_present_routes() -> None:
    assert openapi.PAGE.read_text(encoding="utf-8") == openapi.page(), "make docs"


def test_the_page_of_rules_is_made_from_the_present_tests() -> None:
    assert rules.PAGE.read_text(encoding="utf-8") == rules.page()


def test_the_page_of_settings_is_made_from_their_fields() -> None:
    assert settings.PAGE.read_text(encoding="utf-8") == settings.page()


@pytest.mark.parametrize("rule", rules.RULES)
def test_every_rule_has_a_test(rule: str) -> None:
    assert rules.tests_of_rules()[rule], f"no test's docstring opens with '{rule}:'"
