"""The phone numbers of a client or an interest: all of them, normalised, each judged (N1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from attrs import evolve, frozen

from telephony_core.call import Attempt
from telephony_core.dialling import DiallingRules
from telephony_core.errors import ClientNotFound, InterestNotFound
from telephony_core.party import (
    EnteredNumber,
    NumberOwner,
    OwnerKind,
    Permission,
    Principal,
    Target,
    TargetCard,
    TargetKind,
    TargetNumber,
)
from telephony_core.phone import PhoneNumber
from telephony_core.ports import Clock, Directory, PhoneNumberParser, RegionResolver, Store, TimeZones
from telephony_core.region import WHOLE_COUNTRY


@frozen
class NumberJudge:
    """Says of each number what it is, where it rings, what time it is there and whether it may be called."""

    parser: PhoneNumberParser
    regions: RegionResolver
    zones: TimeZones
    dialling: DiallingRules

    def of_card(
        self, card: TargetCard, now: datetime, marked: frozenset[PhoneNumber] = frozenset()
    ) -> tuple[TargetNumber, ...]:
        """The target's numbers in the order in which to offer them, each once, with one primary if any is understood.

        An interest's contacts come before its client: who was named for the matter is the one to ask first. `marked`
        are numbers that stand on the do-not-call list.
        """
        # A mark on one entry is a mark on the number, wherever else on the card it stands.
        marked |= {
            number
            for _, entered in _entered(card)
            if entered.do_not_call and (number := self.parser.parse(entered.as_entered).number) is not None
        }
        found: dict[object, TargetNumber] = {}
        flagged: list[TargetNumber] = []
        for owner, entered in _entered(card):
            judged = self.judge(entered, owner, card, now, marked)
            number = judged.parsed.number
            # The same number with another extension leads to somebody else; a text not understood is itself.
            once = (number, judged.parsed.extension) if number else entered.as_entered
            found.setdefault(once, judged)
            if entered.primary and number:
                flagged.append(found[once])
        numbers = tuple(found.values())
        primary = next(iter(flagged), next((each for each in numbers if each.parsed.understood), None))
        return tuple(evolve(each, primary=each is primary) for each in numbers)

    def judge(
        self,
        entered: EnteredNumber,
        owner: NumberOwner,
        card: TargetCard,
        now: datetime,
        marked: frozenset[PhoneNumber] = frozenset(),
    ) -> TargetNumber:
        parsed = self.parser.parse(entered.as_entered)
        codes: tuple[str, ...] = ()
        local_time = None
        if parsed.number is not None:
            codes = self.regions.resolve(parsed.number)
            local_time = self.zones.local_time(codes or (WHOLE_COUNTRY,), now)
        reasons = self.dialling.against(
            parsed,
            do_not_call=entered.do_not_call or card.client.do_not_call or parsed.number in marked,
            local_time=local_time,
        )
        return TargetNumber(
            id=entered.id,
            parsed=parsed,
            owner=owner,
            label=entered.label,
            primary=entered.primary,
            region_codes=codes,
            local_time=local_time,
            reasons=tuple(str(reason) for reason in reasons),
        )

    def is_clients_own(self, card: TargetCard, number: PhoneNumber) -> bool:
        """Whether the number is one of the client's own, whoever else on the card has it too (K6)."""
        return any(self.parser.parse(entered.as_entered).number == number for entered in card.client.numbers)


def _entered(card: TargetCard) -> Iterator[tuple[NumberOwner, EnteredNumber]]:
    if card.interest is not None:
        for contact in card.interest.contacts:
            owner = NumberOwner(OwnerKind.CONTACT, contact.id, contact.name)
            yield from ((owner, entered) for entered in contact.numbers)
    owner = NumberOwner(OwnerKind.CLIENT, card.client.id, card.client.name)
    yield from ((owner, entered) for entered in card.client.numbers)


async def card_of(directory: Directory, target: Target) -> TargetCard:
    """The target's card, or the refusal that it doesn't exist."""
    card = await directory.target_card(target)
    if card is None:
        raise ClientNotFound if target.kind is TargetKind.CLIENT else InterestNotFound
    return card


async def marked_numbers(directory: Directory, judged: tuple[TargetNumber, ...]) -> frozenset[PhoneNumber]:
    """Those of the numbers that stand on the do-not-call list."""
    numbers = {each.parsed.number for each in judged if each.parsed.number is not None}
    return frozenset([number for number in sorted(numbers) if await directory.marked_do_not_call(number)])


@frozen
class FoundNumbers:
    """The answer: the numbers, and the latest attempt to each for this client."""

    card: TargetCard
    numbers: tuple[TargetNumber, ...]
    last_attempts: Mapping[PhoneNumber, Attempt]


@frozen
class FindNumbers:
    directory: Directory
    store: Store
    judge: NumberJudge
    clock: Clock

    async def __call__(self, principal: Principal, target: Target) -> FoundNumbers:
        principal.require(Permission.CALL)
        card = await card_of(self.directory, target)
        now = self.clock.now()
        marked = await marked_numbers(self.directory, self.judge.of_card(card, now))
        numbers = self.judge.of_card(card, now, marked)
        understood = [each.parsed.number for each in numbers if each.parsed.number is not None]
        async with self.store.read() as uow:
            last = await uow.calls.last_attempts(card.client.id, understood)
        seen = {number: attempt for number, attempt in last.items() if principal.may_see(attempt.employee_id)}
        return FoundNumbers(card, numbers, seen)
