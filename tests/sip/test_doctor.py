"""`telephony doctor` beside a real Asterisk."""

from __future__ import annotations

import pytest
from tests.sip.pbx import READER
from tests.sip.stage import Stage


@pytest.mark.parametrize(
    ("settings", "health", "says"),
    [
        ({}, "ok", "Asterisk 22."),
        ({"TELEPHONY_ASTERISK_PASSWORD": "wrong"}, "BROKEN", "TELEPHONY_ASTERISK_PASSWORD"),
        ({"TELEPHONY_ASTERISK_USER": READER}, "BROKEN", "read_only"),
        ({"TELEPHONY_ASTERISK_TRUNK": "nobody"}, "BROKEN", "TELEPHONY_ASTERISK_TRUNK"),
        ({"TELEPHONY_ASTERISK_APPLICATION": "another"}, "look", "hears"),
    ],
)
def test_the_doctor_says_whether_asterisk_can_be_called_by(
    at_work: Stage, settings: dict[str, str], health: str, says: str
) -> None:
    found = at_work.doctor(**settings)
    assert (found["health"], says in found["says"]) == (health, True), found
