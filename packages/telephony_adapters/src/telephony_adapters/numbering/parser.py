"""What people type in a phone field -> E.164: `PhoneNumbers` implements the core's `PhoneNumberParser`.

Digits without `+` are Russian; `8`, `8 10` and `00` are read as the prefixes they are. The metadata of countries are
those of the `phonenumbers` package; the classes of +7 are decided here, because new codes of the Russian plan are in
force before any release of a library knows them.

Nothing is guessed: a text that could be two numbers, lacks digits or holds words that are not known is not understood.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import phonenumbers

from telephony_adapters.numbering.area_codes import area_codes_of
from telephony_core.phone import DestinationClass, ParsedNumber, PhoneNumber

# A field of a card is short; what is longer is a note, and matching it would cost time for nothing.
_LONGEST: Final = 80

# Words that people put before a number; the label of a number has a field of its own in the directory.
_LABEL: Final = re.compile(
    r"(?:tel|phone|mob|телефон|тел|т|мобильный|моб|м|рабочий|раб|р|домашний|дом|д|сот|факс)(?:\.\s*:?\s*|\s*:\s*|\s+)"
)
_EXTENSION: Final = re.compile(
    r"[\s,.;(]*(?:добавочный|доб|внутренний|внутр|вн|extension|extn|ext|[xх]|#|,,)[\s.:=№#-]*([0-9]{1,7})[\s.)]*\Z"
)
_SEPARATORS: Final = re.compile(r"[\s\-.()]+")
_PLUS_DIGITS: Final = re.compile(r"\+?[0-9]+\Z")
_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d\u00ad~"

# Codes of +7 that begin with 80, by the Russian numbering plan. Only what is free for the caller, and what surely
# costs him extra; the rest (cards, voting, personal numbers) is 'other', which no default switches on.
_TOLL_FREE: Final = ("800", "804")
_PREMIUM: Final = ("803", "809")
# Abkhazia's codes inside +7: operators bill them as calls abroad.
_ABROAD: Final = ("840", "940")


class PhoneNumbers:
    """Parses what people type. Has no state: one for the life of the process."""

    def parse(self, text: str) -> ParsedNumber:
        """What `text` says. Never raises: what can't be understood has `number` None, and is listed, never dropped.

        `display` is the international form (`+7 903 123-45-67`), without the extension; of a short number its digits;
        empty where nothing was understood.
        """
        main, extension = _split(text)
        if main is None:
            return ParsedNumber(text, None)
        if not main.startswith("+") and 2 <= len(main) <= 5:
            return ParsedNumber(text, None, extension, DestinationClass.SHORT, main)
        e164 = _e164(main)
        if e164 is None:
            return ParsedNumber(text, None)
        parsed = phonenumbers.parse(e164)
        destination = _class_of(e164, parsed)
        if destination is None:
            return ParsedNumber(text, None)
        display = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        return ParsedNumber(text, PhoneNumber(e164), extension, destination, display)


def _split(text: str) -> tuple[str | None, str | None]:
    """The number's digits (perhaps after `+`) and the extension's; (None, None) where the text holds anything else."""
    text = text.strip()
    if len(text) > _LONGEST:
        return None, None
    # NFKC turns full-width digits and the kinds of spaces into the plain ones.
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    plain = plain.translate({ord(dash): "-" for dash in _DASHES})
    plain = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")  # invisible marks of pasted text
    plain = plain.removeprefix("tel:").strip()
    label = _LABEL.match(plain)
    if label:
        plain = plain[label.end() :]
    extension = None
    found = _EXTENSION.search(plain)
    if found:
        extension, plain = found[1], plain[: found.start()]
    digits = _SEPARATORS.sub("", plain)
    if not _PLUS_DIGITS.match(digits):
        return None, None
    return digits, extension


def _e164(digits: str) -> str | None:
    """`+` and the digits of the whole number by the prefixes that Russian callers use; None where none of them fits."""
    if not digits.startswith("+"):
        if digits.startswith("810") and len(digits) > 11:
            digits = "+" + digits[3:]
        elif digits.startswith("00"):
            digits = "+" + digits[2:]
        elif len(digits) == 11 and digits[0] in "78":
            digits = "+7" + digits[1:]
        elif len(digits) == 10:
            digits = "+7" + digits
        else:
            return None
    # '+8 903 …': the habit of the 8 beside the plus. No country's code begins with 89.
    if digits.startswith("+89") and len(digits) == 12:
        digits = "+7" + digits[2:]
    try:
        parsed = phonenumbers.parse(digits)
    except phonenumbers.NumberParseException:
        return None
    # The library drops a national prefix that was dialled by mistake (+44 0 …, +7 8 903 …) and so gives the true form.
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return e164 if 8 <= len(e164) <= 16 else None


def _class_of(e164: str, parsed: phonenumbers.PhoneNumber) -> DestinationClass | None:
    """The class of a number; None where no such number can exist."""
    if not e164.startswith("+7") or e164[2:3] in ("6", "7"):
        if not phonenumbers.is_valid_number(parsed):
            return None
        return DestinationClass.FOREIGN
    national = e164[2:]
    if len(national) != 10:
        return None
    code = national[:3]
    if code in _ABROAD:
        return DestinationClass.FOREIGN
    if code[0] == "9":
        return DestinationClass.RUSSIAN_MOBILE
    if code in _TOLL_FREE:
        return DestinationClass.RUSSIAN_TOLL_FREE
    if code in _PREMIUM:
        return DestinationClass.PREMIUM
    if code.startswith("80"):
        return DestinationClass.OTHER
    if area_codes_of(national) is not None or phonenumbers.is_valid_number(parsed):
        return DestinationClass.RUSSIAN_GEOGRAPHIC
    return None
