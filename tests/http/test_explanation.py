"""Why was this number shown: in words of the reader's language, and in data (C8)."""

from __future__ import annotations

import pytest
from tests.http.office import Callers, Office

from telephony_http.explanations import LANGUAGES, choice_text, replay_text, step_text, verdict_text
from telephony_http.routes.explanation import preferred

CYRILLIC = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")


async def test_a_call_is_explained_in_words_and_data(callers: Callers) -> None:
    call = (await callers.place()).json()
    told = (await callers.get(f"/calls/{call['id']}/explanation", params={"language": "en"})).json()
    assert (told["call_id"], told["language"]) == (call["id"], "en")
    attempt = told["attempts"][0]
    assert [step["rule"] for step in attempt["steps"]] == ["C4", "C11"]
    assert attempt["steps"][0]["text"] == "The number's region: RU-NVS; it is served by the pool 'siberia'."
    assert attempt["steps"][0]["saw"]["codes"] == ["RU-NVS"]
    assert attempt["replay"]["reproduced"] is True
    assert attempt["verdict"] == {
        "code": None,
        "reported": None,
        "text": "The provider has not reported yet which number the client saw.",
    }


@pytest.mark.parametrize(
    ("query", "header", "spoken"),
    [
        ({}, "", "ru"),
        ({"language": "en"}, "ru", "en"),
        ({}, "en-GB,en;q=0.9,ru;q=0.1", "en"),
        ({}, "de, ru;q=0.8, en;q=0.5", "ru"),
        ({}, "de", "ru"),
    ],
)
async def test_the_language_is_the_readers(callers: Callers, query: dict[str, str], header: str, spoken: str) -> None:
    call = (await callers.place(dial=False)).json()
    headers = {"Accept-Language": header} if header else {"Accept-Language": ""}
    told = (await callers.get(f"/calls/{call['id']}/explanation", params=query, headers=headers)).json()
    assert told["language"] == spoken


async def test_the_services_own_language_is_a_setting() -> None:
    async with Office(language="en").open() as callers:
        call = (await callers.place(dial=False)).json()
        headers = {"Accept-Language": ""}
        assert (await callers.get(f"/calls/{call['id']}/explanation", headers=headers)).json()["language"] == "en"


async def test_a_language_that_is_not_spoken_is_refused(callers: Callers) -> None:
    answer = await callers.get("/calls/x/explanation", params={"language": "de"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(("header", "found"), [("*", None), ("en;q=0", None), ("en;q=x", None), ("EN", "en")])
def test_accept_language_is_read(header: str, found: str | None) -> None:
    assert preferred(header) == found


STEPS = [
    ("C1", {"device": "mobile", "sim": "+79031110001"}, "the SIM's own number +79031110001"),
    ("C4", {"codes": ["RU-NVS"], "serving": []}, "pool siberia"),
    ("C4", {"codes": ["RU-TYU", "RU-KGN"]}, "pool urals, also served by siberia"),
    ("C4", {"codes": ["RU"]}, "pool moscow by default"),
    ("C4", {"codes": ["RU"], "client": ["RU-NVS"]}, "pool siberia by client"),
    ("C4", {"codes": ["RU"]}, "no pool"),
    ("C3", {"pool": "siberia", "usable": 8, "against": {"quarantined": 1, "resting": 1}}, "pool siberia has 8 usable"),
    ("C5", {"pool": "moscow", "usable": 0, "against": {"over_cap": 10}}, "pool moscow has no usable"),
    ("C6", {"index": 3, "age_days": 2, "limit_days": 30}, "number 3"),
    ("C6", {"index": None, "age_days": 2, "limit_days": 30}, "the number of the earlier talk is not usable"),
    ("C6", {"index": 3, "age_days": 40, "limit_days": 30}, "the earlier talk is too long ago"),
    ("C7", {"turns": [2, 0, 1]}, "number 1"),
    ("C11", {"pool": "siberia", "numbers": 10}, "the provider chooses one of the 10 numbers of pool siberia"),
]


@pytest.mark.parametrize(("rule", "saw", "said"), STEPS)
def test_every_step_has_a_sentence_in_both_languages(rule: str, saw: dict[str, object], said: str) -> None:
    russian, english = (step_text(rule, saw, said, language) for language in LANGUAGES)
    assert CYRILLIC & set(russian.lower())
    assert not CYRILLIC & set(english.lower())
    assert not russian.startswith(f"{rule}:")
    assert not english.startswith(f"{rule}:")
    assert russian.endswith(".")
    assert english.endswith(".")


def test_a_step_that_is_not_known_is_given_in_its_own_words() -> None:
    assert step_text("C99", {}, "a rule of the future", "ru") == "C99: a rule of the future"
    assert step_text("C11", {}, "without its data", "en") == "C11: without its data"


def test_every_verdict_has_a_sentence_in_both_languages() -> None:
    from telephony_core.caller_id import Verdict

    for verdict in [None, *(str(each) for each in Verdict)]:
        russian, english = (verdict_text(verdict, language) for language in LANGUAGES)
        assert CYRILLIC & set(russian.lower())
        assert english != verdict


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_choice_and_the_replay_have_sentences(language: str) -> None:
    told = {
        choice_text("us", "+79030000001", 0, None, language),
        choice_text("us", "+79030000001", 10, "siberia", language),
        choice_text("provider", None, 10, "siberia", language),
        replay_text(False, False, language),
        replay_text(True, True, language),
        replay_text(True, False, language),
    }
    assert len(told) == 6
