"""Numbers in E.164, and what of them may be seen (P1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_core.phone import PhoneNumber, masked_in
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


_GROUPS = ((3, 3, 2, 2), (3, 3, 4), (3, 7), (10,))


@given(
    digits=st.from_regex(r"[3489][0-9]{9}", fullmatch=True),
    before=st.sampled_from(["+7", "7", "8", ""]),
    groups=st.sampled_from(_GROUPS),
    between=st.sampled_from([" ", "-", ".", "\u00a0", "\u2011", "\u2013", ""]),
    bracketed=st.booleans(),
)
def test_a_number_as_people_write_it_is_masked(
    digits: str, before: str, groups: tuple[int, ...], between: str, bracketed: bool
) -> None:
    """P1: grouped, with the country's code or without, bracketed, with any usual sign between."""
    parts, rest = [], digits
    for length in groups:
        parts.append(rest[:length])
        rest = rest[length:]
    if bracketed and len(parts) > 1:
        parts[0] = f"({parts[0]})"
    written = between.join(([before] if before else []) + parts)
    masked = masked_in(f"entered: {written}, by hand")
    shown = [sign for sign in masked if sign.isdigit()]
    assert len(shown) == 6, masked
    assert masked.startswith("entered: ")
    assert masked.endswith(", by hand")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-30T16:56:33.786779Z",
        "0193a5c4-8f3e-7a41-9c55-4139912c3456",
        "127.0.0.1:49481",
        "912 ms, 345 rows",
        "Abonent 1007 is busy since 12:30",
    ],
)
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    """An instant, an id, an address, an amount."""
    assert masked_in(text) == text


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


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("+79139123456", "+7913*****56"),
        ("89139123456", "8913*****56"),
        ("POST /call?phoneNumber=79139123456 HTTP/1.1", "POST /call?phoneNumber=7913*****56 HTTP/1.1"),
        ("%2B79139123456&x", "%2B7913*****56&x"),
        ("8 (913) 912-34-56", "8913*****56"),
        ("+7 913 912 34 56", "+7913*****56"),
        ("sip:9139123456@pbx", "sip:9139****56@pbx"),
        ("('+79139123456', 'C-17')", "('+7913*****56', 'C-17')"),
        ("tel79139123456", "tel7913*****56"),
    ],
)
def test_a_number_is_masked_however_it_is_written(written: str, shown: str) -> None:
    assert masked_in(written) == shown


@pytest.mark.parametrize(
    "harmless",
    ["2026-11-23T09:15:02.123456Z", "01K00000000000000000000001", "port 8080", "+7913*****56", "E-5", "status=201"],
)
def test_what_is_no_number_stays(harmless: str) -> None:
    assert masked_in(harmless) == harmless
