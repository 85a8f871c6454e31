"""Numbers in E.164, and what of them may be seen (P1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_core.phone import PhoneNumber
from telephony_core.testing.strategies import phone_numbers

_any_number = st.integers(10**6, 10**15 - 1).map(lambda digits: PhoneNumber(f"+{digits}"))


def test_a_masked_number_shows_its_first_four_digits_and_its_last_two() -> None:
    """P1: as `+7903*****67`."""
    assert PhoneNumber("+79031234567").masked == "+7903*****67"


@given(number=_any_number | phone_numbers())
def test_a_masked_number_hides_all_but_six_digits(number: PhoneNumber) -> None:
    """P1: of any length, and as long as the number is."""
    masked = number.masked
    assert len(masked) == len(number.e164)
    assert sum(sign.isdigit() for sign in masked) == 6
    assert all(shown in ("*", real) for shown, real in zip(masked, number.e164, strict=True))


@given(number=phone_numbers())
def test_a_number_that_slips_into_a_text_is_masked(number: PhoneNumber) -> None:
    """P1: by str, repr and formatting, in a container and in an error, too."""
    for text in (str(number), repr(number), f"{number}", f"{number!r}", f"{[number]}", str(ValueError(number))):
        assert number.digits not in text
        assert number.e164[5:-2] not in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "79031234567",
        "+0903123456",
        "+790312",
        "+7903123456789012",
        "+7903 123",
        "+7903123456x",
        "+٧٩٠٣١٢٣٤٥٦٧",
        "+79031234567\n",
    ],
)
def test_only_e164_is_a_number(text: str) -> None:
    """N1 and P1: and the error doesn't tell what it was."""
    with pytest.raises(ValueError, match=r"E\.164") as refusal:
        PhoneNumber(text)
    assert not text or text not in str(refusal.value)


@given(number=_any_number)
def test_digits_are_the_number_without_its_plus(number: PhoneNumber) -> None:
    assert f"+{number.digits}" == number.e164
