"""What a caller-ID policy is asked, and what it answers: values, the decision among them as it is kept for good."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import field, frozen

from telephony_core.carousel import Carousel, ChosenBy, NumberUse
from telephony_core.device import Device
from telephony_core.phone import PhoneNumber
from telephony_core.region import Region

Saw = Mapping[str, Any]
"""What a rule saw: a small object of plain JSON data."""


@frozen
class Step:
    """One rule's part in a decision: its number in the rules of the product, what it saw, what it said."""

    rule: str
    saw: Saw
    said: str


@frozen
class CallerIdDecision:
    """What we decided that the client shall see, kept with the attempt for good; at most 1 kB as stored (C8).

    `requested` is the one number where we choose (always for a mobile: its SIM's). Where the provider chooses it is
    None, and `candidates` are the numbers among which the provider is expected to choose (C11).
    """

    chosen_by: ChosenBy
    policy_version: str
    decided_at: datetime
    region: Region
    pool_id: str | None
    generation_id: str | None
    candidates: tuple[PhoneNumber, ...]
    requested: PhoneNumber | None
    steps: tuple[Step, ...]
    fair: bool = False

    @property
    def takes_a_turn(self) -> bool:
        """Whether this decision moves the pool's turn on (C7): a sticky one does not."""
        return self.fair


@frozen
class EarlierTalk:
    """What stickiness remembers (C6): the number that this client was shown, at this called number, when we talked."""

    shown: PhoneNumber
    at: datetime


@frozen
class Question:
    """All that a decision depends on. `now` is the database's clock in the deciding transaction (C9).

    `number_codes`: the called number's regions by the numbering plan; `client_codes`: the client's by the CRM.
    """

    now: datetime
    device: Device
    number_codes: tuple[str, ...]
    client_codes: tuple[str, ...] = ()
    carousel: Carousel = Carousel()
    uses: Mapping[PhoneNumber, NumberUse] = field(factory=dict)
    earlier_talk: EarlierTalk | None = None
