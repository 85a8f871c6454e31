"""What every region resolver and every parser of phone numbers must keep.

class TestMyResolver(RegionResolverContract):
    known = {"+73832123456": ("RU-NVS",)}

    def make_resolver(self) -> RegionResolver: ...

class TestMyParser(ParserContract):
    def make_parser(self) -> PhoneNumberParser: ...
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from telephony_core.phone import DestinationClass, PhoneNumber
from telephony_core.ports import PhoneNumberParser, RegionResolver
from telephony_core.region import Region
from telephony_core.testing.contracts.promises import Contract
from telephony_core.testing.strategies import phone_numbers

# A contract is inherited by several classes on purpose.
_inherited = settings(suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow], deadline=None)


class RegionResolverContract(Contract):
    """Every sentence of `ports.RegionResolver`. `known`: numbers whose regions the plan under test is to know."""

    known: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def make_resolver(self) -> RegionResolver:
        raise NotImplementedError

    @cached_property
    def resolver(self) -> RegionResolver:
        """Made once for a test: making one may mean reading a whole register."""
        return self.make_resolver()

    def test_known_numbers_have_their_regions(self) -> None:
        """C4: all of them, where a range serves several."""
        found = {number: self.resolver.resolve(PhoneNumber(number)) for number in self.known}
        assert found == dict(self.known)

    def test_a_number_of_which_no_more_is_known_is_of_the_whole_country(self) -> None:
        """C4: a number of which no more is known is of the whole country."""
        assert self.resolver.resolve(PhoneNumber("+79999999999"))

    @_inherited
    @given(number=phone_numbers())
    def test_every_number_has_regions_and_always_the_same(self, number: PhoneNumber) -> None:
        """C8: sorted, each once, ISO codes, equal for equal numbers."""
        codes = self.resolver.resolve(number)
        assert codes == Region(codes).codes
        assert {codes} == {self.resolver.resolve(PhoneNumber(number.e164)) for _ in range(9)}


def _forms(digits: str) -> list[str]:
    """Ten digits as people write them, other people's habits included."""
    area, a, b, c = digits[:3], digits[3:6], digits[6:8], digits[8:]
    return [
        f"+7{digits}",
        f"8{digits}",
        f"7{digits}",
        digits,
        f"8 ({area}) {a}-{b}-{c}",
        f"+7 {area} {a} {b} {c}",
        f"+7({area}){a}-{b}-{c}",
        f"8-{area}-{a}-{b}-{c}",
        f"  8 {area} {a}{b}{c}  ",
    ]


class ParserContract(Contract):
    """Every sentence of `ports.PhoneNumberParser`."""

    def make_parser(self) -> PhoneNumberParser:
        raise NotImplementedError

    @_inherited
    @given(text=st.text(max_size=30) | st.text(alphabet="+0123456789 ()-.добext,;#", max_size=30))
    @example(text="")
    @example(text="+")
    @example(text="٠١٢٣٤٥٦٧٨٩")
    @example(text="8" * 200)
    def test_no_text_is_an_error(self, text: str) -> None:
        """N1: what can't be understood is listed with what was typed, never dropped."""
        parsed = self.make_parser().parse(text)
        assert parsed.as_entered == text
        assert parsed.extension is None or parsed.extension.isdigit()
        if parsed.number is not None:
            assert self.make_parser().parse(parsed.number.e164).number == parsed.number

    @_inherited
    @given(number=phone_numbers(), form=st.integers(0, 8))
    def test_a_number_is_the_same_however_it_is_typed(self, number: PhoneNumber, form: int) -> None:
        """N1: each once."""
        typed = _forms(number.e164[2:])[form]
        parsed = self.make_parser().parse(typed)
        assert parsed.number == number
        assert parsed.as_entered == typed, "what was typed is kept beside it"
        assert parsed.extension is None
        assert parsed.destination is DestinationClass.RUSSIAN_MOBILE

    @_inherited
    @given(number=phone_numbers(), extension=st.integers(0, 9999), form=st.integers(0, 8))
    def test_an_extension_is_kept_apart(self, number: PhoneNumber, extension: int, form: int) -> None:
        """N1: it belongs to the entry and not to the number."""
        parsed = self.make_parser().parse(f"{_forms(number.e164[2:])[form]} доб. {extension}")
        assert (parsed.number, parsed.extension) == (number, str(extension))

    @_inherited
    @given(number=phone_numbers())
    def test_what_is_displayed_is_the_number(self, number: PhoneNumber) -> None:
        """N1: what is displayed is the number."""
        parser = self.make_parser()
        assert parser.parse(parser.parse(number.e164).display).number == number

    @pytest.mark.parametrize("text", ["", "нет телефона", "+", "12 34 56 78 90 12 34 56 78", "+7903123456x"])
    def test_rubbish_is_not_understood(self, text: str) -> None:
        """N1: rubbish is not understood."""
        parsed = self.make_parser().parse(text)
        assert not parsed.understood
        assert parsed.as_entered == text

    @pytest.mark.parametrize(
        ("text", "destination"),
        [
            ("+74951234567", DestinationClass.RUSSIAN_GEOGRAPHIC),
            ("88001234567", DestinationClass.RUSSIAN_TOLL_FREE),
            ("+78091234567", DestinationClass.PREMIUM),
            ("+491711234567", DestinationClass.FOREIGN),
            ("112", DestinationClass.SHORT),
        ],
    )
    def test_a_number_has_its_class(self, text: str, destination: DestinationClass) -> None:
        """N4: classes are switched on one by one, so a class is told of a short number, too."""
        assert self.make_parser().parse(text).destination is destination
