"""What people type in a phone field (N1), and the classes of numbers (N4)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telephony_adapters.numbering.area_codes import AREA_CODES
from telephony_adapters.numbering.parser import PhoneNumbers
from telephony_core.phone import DestinationClass, ParsedNumber
from telephony_core.ports import PhoneNumberParser

PARSER: PhoneNumberParser = PhoneNumbers()

MOBILE = DestinationClass.RUSSIAN_MOBILE
GEOGRAPHIC = DestinationClass.RUSSIAN_GEOGRAPHIC
FREE = DestinationClass.RUSSIAN_TOLL_FREE
PREMIUM = DestinationClass.PREMIUM
FOREIGN = DestinationClass.FOREIGN
OTHER = DestinationClass.OTHER


@pytest.mark.parametrize(
    ("text", "e164", "extension", "destination"),
    [
        ("8 (903) 123-45-67", "+79031234567", None, MOBILE),
        ("+7 903 1234567 доб. 12", "+79031234567", "12", MOBILE),
        ("9031234567", "+79031234567", None, MOBILE),
        ("89031234567", "+79031234567", None, MOBILE),
        ("79031234567", "+79031234567", None, MOBILE),
        ("tel:+79031234567", "+79031234567", None, MOBILE),
        ("tel:+7-903-123-45-67;ext=12", "+79031234567", "12", MOBILE),
        ("8\u00a0903\u00a0123\u201345\u201467", "+79031234567", None, MOBILE),
        ("８（９０３）１２３－４５－６７", "+79031234567", None, MOBILE),
        ("\u202a+7 903 123-45-67\u202c", "+79031234567", None, MOBILE),
        ("+7.903.123.45.67", "+79031234567", None, MOBILE),
        (" " * 90 + "+79031234567\r\n", "+79031234567", None, MOBILE),
        ("тел. 8 903 123 45 67", "+79031234567", None, MOBILE),
        ("Моб.: 8 903 123 45 67", "+79031234567", None, MOBILE),
        # the 8 beside the plus
        ("+7 8 903 123-45-67", "+79031234567", None, MOBILE),
        ("+8 903 123-45-67", "+79031234567", None, MOBILE),
        # codes that a library may not know yet
        ("+7 959 000 00 01", "+79590000001", None, MOBILE),
        # extensions
        ("+7 495 123-45-67 вн.7", "+74951234567", "7", GEOGRAPHIC),
        ("+7 495 123-45-67 внутр. 1017", "+74951234567", "1017", GEOGRAPHIC),
        ("+7 495 123-45-67, доб. 12", "+74951234567", "12", GEOGRAPHIC),
        ("+7 495 123-45-67 (доб. 12)", "+74951234567", "12", GEOGRAPHIC),
        ("+7 495 123-45-67 добавочный 12", "+74951234567", "12", GEOGRAPHIC),
        ("+7 495 123-45-67 ext 12", "+74951234567", "12", GEOGRAPHIC),
        ("+7 495 123-45-67x12", "+74951234567", "12", GEOGRAPHIC),
        ("+7 495 123-45-67 х12", "+74951234567", "12", GEOGRAPHIC),
        ("+7 495 123-45-67#12", "+74951234567", "12", GEOGRAPHIC),
        ("+74951234567,,12", "+74951234567", "12", GEOGRAPHIC),
        # landlines
        ("8 8182 12 34 56", "+78182123456", None, GEOGRAPHIC),
        ("(812) 312-31-23", "+78123123123", None, GEOGRAPHIC),
        # other classes
        ("8 800 555 35 35", "+78005553535", None, FREE),
        ("8 804 333 71 01", "+78043337101", None, FREE),
        ("8 809 505 12 12", "+78095051212", None, PREMIUM),
        ("+7 803 100 00 00", "+78031000000", None, PREMIUM),
        ("8 808 100 00 00", "+78081000000", None, OTHER),
        ("+7 701 123 45 67", "+77011234567", None, FOREIGN),
        ("8 727 244 50 00", "+77272445000", None, FOREIGN),
        ("+7 940 123 45 67", "+79401234567", None, FOREIGN),
        ("+7 840 123 45 67", "+78401234567", None, FOREIGN),
        ("+49 30 1234567", "+49301234567", None, FOREIGN),
        ("0049 30 1234567", "+49301234567", None, FOREIGN),
        ("810 49 30 1234567", "+49301234567", None, FOREIGN),
        ("8~10~49 30 1234567", "+49301234567", None, FOREIGN),
        ("+375 29 123-45-67", "+375291234567", None, FOREIGN),
        ("+44 (0)20 7946 0958", "+442079460958", None, FOREIGN),
        ("007 903 123 45 67", "+79031234567", None, MOBILE),
    ],
)
def test_a_number_is_understood_as_people_type_it(
    text: str, e164: str, extension: str | None, destination: DestinationClass
) -> None:
    parsed = PARSER.parse(text)
    assert parsed.number is not None
    assert (parsed.number.e164, parsed.extension, parsed.destination) == (e164, extension, destination)
    assert parsed.as_entered == text
    assert parsed.display.startswith("+")


@pytest.mark.parametrize("text", ["112", "103", "01", "0611", "900", "(112)"])
def test_a_short_number_has_a_class_and_no_e164(text: str) -> None:
    parsed = PARSER.parse(text)
    assert (parsed.number, parsed.destination, parsed.display) == (None, DestinationClass.SHORT, text.strip("()"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "-",
        "позвонить Ивану",
        "нет телефона",
        "8 903 123-45-67 Иван",
        "8-800-FLOWERS",
        "доб. 12",
        "123-45-67",  # no area code
        "8903123456",  # a digit short
        "8 903 123 45 678",  # one too many
        "+7 903 123-45-6",
        "+7 100 123 45 67",  # no such code
        "+7 601 123 45 67",
        "+7 844",
        "+999 123 456 789",
        "380441234567",  # Ukraine's, but without its plus it could be anything
        "a@b.ru",
        "*100#",
        "0",
        "٣٤",
        # two numbers, or a choice
        "8 903 1234567, 8 903 7654321",
        "8 903 1234567; 8 903 7654321",
        "8 903 1234567 / 8 903 7654321",
        "8 903 1234567 8 903 7654321",
        "8 903 1234567\n8 903 7654321",
        "8 903 1234567 или 7654321",
        "8(903)123-45-67/68",
        "8 903 123-45-67, 68",
        "+7 903 1234567 +7 903 7654321",
        "9" * 200,
        "8 903 123-45-67 доб." + " " * 80 + "12",  # longer than any field
        "8" * 15 + " доб. 1",
    ],
)
def test_what_could_be_another_number_or_none_is_not_understood_and_kept(text: str) -> None:
    parsed = PARSER.parse(text)
    assert parsed == ParsedNumber(text, None)
    assert not parsed.understood


def test_the_display_of_a_russian_number_is_grouped_and_without_the_extension() -> None:
    assert PARSER.parse("89031234567 доб. 12").display == "+7 903 123-45-67"
    assert PARSER.parse("84951234567").display == "+7 495 123-45-67"


@given(st.sampled_from(sorted(AREA_CODES)), st.integers(0, 9_999_999))
def test_every_area_code_of_the_table_is_a_landline_by_any_prefix(code: str, rest: int) -> None:
    digits = f"{code}{rest:07d}"
    for text in (f"8{digits}", f"+7{digits}", digits, f"7{digits}", f"007{digits}"):
        parsed = PARSER.parse(text)
        assert parsed.number is not None
        assert parsed.number.e164 == f"+7{digits}"
        assert parsed.destination is GEOGRAPHIC


@given(
    st.integers(9_000_000_000, 9_999_999_999),
    st.sampled_from(["8", "+7", "7", "", "8 ", "+7-"]),
    st.lists(st.sampled_from(["", " ", "-", "\u00a0", "(", ")", ".", "\u2013", " - "]), min_size=10, max_size=10),
)
def test_separators_between_digits_change_nothing(national: int, prefix: str, signs: list[str]) -> None:
    text = prefix + "".join(sign + digit for sign, digit in zip(signs, str(national), strict=True))
    parsed = PARSER.parse(text)
    assert parsed.number is not None
    assert parsed.number.e164 == f"+7{national}"


_TYPED = st.text(alphabet="0123456789+-() .,;#xхдобвнtel:/*\u00a0\u2013９", max_size=40)


@given(st.one_of(st.text(max_size=100), _TYPED))
@example("\ud800")
@example("+" + "0" * 40)
@example("(" * 80)
@example(" " * 70 + "доб")
def test_it_never_raises_and_says_back_what_was_typed(text: str) -> None:
    parsed = PARSER.parse(text)
    assert parsed.as_entered == text
    if parsed.number is None:
        assert parsed.destination in {OTHER, DestinationClass.SHORT}


@given(
    st.one_of(
        _TYPED,
        st.integers(10**7, 10**15 - 1).map("+{}".format),
        st.integers(3 * 10**9, 10**10 - 1).map("8{} доб. 12".format),
    )
)
def test_what_it_displays_it_understands_as_the_same(text: str) -> None:
    parsed = PARSER.parse(text)
    if parsed.number is None:
        return
    for said in (parsed.display, parsed.number.e164):
        again = PARSER.parse(said)
        assert (again.number, again.destination, again.display) == (parsed.number, parsed.destination, parsed.display)
    with_extension = PARSER.parse(f"{parsed.display} доб. {parsed.extension or '1'}")
    assert with_extension.number == parsed.number
    assert with_extension.extension == (parsed.extension or "1")
