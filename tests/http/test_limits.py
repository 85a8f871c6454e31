"""The limits of texts: each means in Python what it means to a reader of the document, and has a sentence."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_http import limits
from telephony_http.limits import Limits, choice

ALL = {name: each for name, each in vars(limits).items() if isinstance(each, Limits)}
OF_ONE_LINE = "NEW_ID NEW_EMPLOYEE_ID POOL_ID REGION E164 POOL_NUMBER INSTANT DAY ETAG POSITION ID".split()


def _takes(limit: Limits, text: str) -> bool:
    try:
        msgspec.convert(text, Annotated[str, limit.of_body()], strict=True)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize("name", ALL)
def test_every_limit_has_a_sentence_and_examples_that_fit(name: str) -> None:
    limit = ALL[name]
    assert limits.SAYS[repr(limit.pattern)]
    assert all(_takes(limit, example) and limit.fits(example) for example in limit.examples)
    assert not _takes(limit, "\0")


@pytest.mark.parametrize("name", OF_ONE_LINE)
@given(data=st.data())
def test_no_line_break_follows_what_fits(name: str, data: st.DataObject) -> None:
    """ECMAScript's `$` is the end of the text; Python's would let a line break through, to a log or a 500."""
    text = data.draw(st.from_regex(ALL[name].pattern, fullmatch=True))
    assert ALL[name].fits(text)
    assert not _takes(ALL[name], f"{text}\n")


def test_a_choice_takes_its_values_only() -> None:
    kind = choice("client", "*")
    assert [text for text in ("client", "*", "null", "", "clients", "client\n", "Client") if _takes(kind, text)] == [
        "client",
        "*",
    ]
