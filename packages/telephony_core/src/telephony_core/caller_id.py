"""Which number the client shall see: the policy, its decision with the steps that led to it, and the later verdict.

Precedence: device eligibility (`device`) > SIM > pool of the region > usable > sticky > fair.

A decision is made of *steps*. Each rule is a pure function from what it `saw` (JSON data, small) to what it `said` (a
short text); `decide` only gathers what a rule sees. So a stored decision can be replayed from its steps alone, years
later, and a step that says something else today names the rule that changed (C8).

One long module, so that the rules, the decision that they make and the verdict on it are read together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from attrs import field, frozen, validators

from telephony_core.carousel import NEVER_USED, Carousel, CarouselPool, ChosenBy, NumberUse, fair_turn
from telephony_core.device import Device, Mobile
from telephony_core.errors import NoUsableNumber
from telephony_core.phone import PhoneNumber
from telephony_core.region import WHOLE_COUNTRY, Region, RegionSource

POLICY_VERSION = "2026-11-01"
"""Changes whenever a rule below would answer differently to the same sight."""

DEFAULT_SOURCES = (RegionSource.NUMBERING_PLAN, RegionSource.CLIENT, RegionSource.DEFAULT)

Saw = Mapping[str, Any]


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


def _region_sources(names: Iterable[str]) -> tuple[RegionSource, ...]:
    return tuple(RegionSource(name) for name in names)


@frozen
class CallerIdPolicy:
    """The rules in force and their numbers; made once from the settings, used by every initiation and preview."""

    region_sources: tuple[RegionSource, ...] = field(
        default=DEFAULT_SOURCES,
        converter=_region_sources,
        validator=validators.min_len(1),
    )
    sticky_days: int = field(default=30, validator=validators.ge(0))
    refresh_window_seconds: int = field(default=3600, validator=validators.ge(0))
    version: str = POLICY_VERSION

    @property
    def refresh_window(self) -> timedelta:
        return timedelta(seconds=self.refresh_window_seconds)

    def decide(self, question: Question) -> CallerIdDecision:
        """The decision for one call. Raises `NoUsableNumber` where C5 ends in a refusal."""
        if isinstance(question.device, Mobile):
            return self._from_sim(question, question.device)
        carousel = question.carousel.of_provider(question.device.provider)
        saw = self._regions_seen(question, carousel)
        choice = _choose_pool(saw)
        selected = carousel.pool(choice.pool_id) if choice.pool_id else None
        if selected is None:
            raise NoUsableNumber(
                "No pool of numbers is set up for this device's provider.",
                pool=None,
                chain=[],
                provider=question.device.provider,
            )
        steps = [_step("C4", saw)]
        region = Region(choice.codes, choice.source)
        for pool in carousel.path(selected):
            if pool.chosen_by is ChosenBy.PROVIDER:
                return self._left_to_provider(question, pool, region, steps)
            usable = self._look_for_usable(question, pool, steps)
            if usable:
                return self._pick(question, pool, usable, region, steps)
        raise NoUsableNumber(
            pool=selected.id,
            chain=[pool.id for pool in carousel.path(selected)[1:]],
            steps=[{"rule": step.rule, "saw": dict(step.saw), "said": step.said} for step in steps],
        )

    def _from_sim(self, question: Question, device: Mobile) -> CallerIdDecision:
        if device.sim is None:
            raise ValueError("a mobile without a SIM is not eligible and is never decided about (D2)")
        return CallerIdDecision(
            chosen_by=ChosenBy.US,
            policy_version=self.version,
            decided_at=question.now,
            region=Region(question.number_codes),
            pool_id=None,
            generation_id=None,
            candidates=(),
            requested=device.sim.number,
            steps=(_step("C1", {"device": "mobile", "sim": device.sim.number.e164}),),
        )

    def _regions_seen(self, question: Question, carousel: Carousel) -> dict[str, Any]:
        serving = carousel.serving([*question.number_codes, *question.client_codes])
        saw: dict[str, Any] = {
            "codes": list(question.number_codes),
            "serving": [[pool.id, list(codes)] for pool, codes in serving],
        }
        if question.client_codes:
            saw["client"] = list(question.client_codes)
        if carousel.default is not None:
            saw["default"] = carousel.default.id
        if self.region_sources != DEFAULT_SOURCES:
            saw["sources"] = [str(source) for source in self.region_sources]
        return saw

    def _left_to_provider(
        self, question: Question, pool: CarouselPool, region: Region, steps: list[Step]
    ) -> CallerIdDecision:
        generation = pool.active(question.now)
        numbers = tuple(each.number for each in generation.numbers) if generation else ()
        steps.append(_step("C11", {"pool": pool.id, "numbers": len(numbers)}))
        return CallerIdDecision(
            chosen_by=ChosenBy.PROVIDER,
            policy_version=self.version,
            decided_at=question.now,
            region=region,
            pool_id=pool.id,
            generation_id=generation.id if generation else None,
            candidates=numbers,
            requested=None,
            steps=tuple(steps),
        )

    def _look_for_usable(self, question: Question, pool: CarouselPool, steps: list[Step]) -> tuple[PhoneNumber, ...]:
        usable, unusable = pool.usable(question.now, question.uses)
        against = {str(reason): count for reason, count in sorted(Counter(unusable.values()).items())}
        # A pool that is tried because another had nothing to show is C5's work; the first one is C3's.
        rule = "C5" if any(step.rule == "C3" for step in steps) else "C3"
        steps.append(_step(rule, {"pool": pool.id, "usable": len(usable), "against": against}))
        return usable

    def _pick(
        self, question: Question, pool: CarouselPool, usable: tuple[PhoneNumber, ...], region: Region, steps: list[Step]
    ) -> CallerIdDecision:
        generation = pool.active(question.now)
        index, fair = None, False
        if question.earlier_talk is not None:
            talk = question.earlier_talk
            steps.append(
                _step(
                    "C6",
                    {
                        "index": usable.index(talk.shown) if talk.shown in usable else None,
                        "age_days": (question.now - talk.at) // timedelta(days=1),
                        "limit_days": self.sticky_days,
                    },
                )
            )
            index = _index_said(steps[-1].said)
        if index is None:
            turns = [question.uses.get(number, NEVER_USED).turn for number in usable]
            # Only the order of the turns matters; ranks keep the record small however long the pool has been in use.
            ranks = {turn: rank for rank, turn in enumerate(sorted(set(turns)))}
            steps.append(_step("C7", {"turns": [ranks[turn] for turn in turns]}))
            index, fair = _index_said(steps[-1].said), True
        assert index is not None  # C7 always names one
        return CallerIdDecision(
            chosen_by=ChosenBy.US,
            policy_version=self.version,
            decided_at=question.now,
            region=region,
            pool_id=pool.id,
            generation_id=generation.id if generation else None,
            candidates=usable,
            requested=usable[index],
            steps=tuple(steps),
            fair=fair,
        )


# --- The rules: from what each saw to what it said --------------------------------------------------------------


@frozen
class _PoolChoice:
    pool_id: str | None
    source: RegionSource
    codes: tuple[str, ...]
    others: tuple[str, ...] = ()


def _choose_pool(saw: Saw) -> _PoolChoice:
    """C4. Every source in turn; the first for which some pool serves decides."""
    client = saw.get("client", ())
    for source in saw.get("sources", DEFAULT_SOURCES):
        if source == RegionSource.DEFAULT:
            break
        codes = saw["codes"] if source == RegionSource.NUMBERING_PLAN else client
        serving = [(pool_id, [code for code in served if code in codes]) for pool_id, served in saw["serving"]]
        serving = [(pool_id, served) for pool_id, served in serving if served]
        if serving:
            chosen = _among_several(serving, codes, client)
            others = tuple(pool_id for pool_id, _ in serving if pool_id != chosen)
            return _PoolChoice(chosen, RegionSource(source), tuple(codes), others)
    return _PoolChoice(saw.get("default"), RegionSource.DEFAULT, tuple(saw["codes"]) or (WHOLE_COUNTRY,))


def _among_several(serving: Sequence[tuple[str, list[str]]], codes: Sequence[str], client: Sequence[str]) -> str:
    """A number of several regions: the pool that serves all; else the client's own; else the first in order (C4)."""
    for pool_id, served in serving:
        if set(served) == set(codes):
            return pool_id
    for pool_id, served in serving:
        if set(served) & set(client):
            return pool_id
    return serving[0][0]


def _say_sim(saw: Saw) -> str:
    return f"the SIM's own number {saw['sim']}"


def _say_pool(saw: Saw) -> str:
    choice = _choose_pool(saw)
    if choice.pool_id is None:
        return "no pool"
    also = f", also served by {', '.join(choice.others)}" if choice.others else ""
    by = "" if choice.source is RegionSource.NUMBERING_PLAN else f" by {choice.source}"
    return f"pool {choice.pool_id}{by}{also}"


def _say_usable(saw: Saw) -> str:
    return f"pool {saw['pool']} has {saw['usable'] or 'no'} usable"


def _say_provider(saw: Saw) -> str:
    return f"the provider chooses one of the {saw['numbers']} numbers of pool {saw['pool']}"


def _say_sticky(saw: Saw) -> str:
    if saw["index"] is None:
        return "the number of the earlier talk is not usable"
    if saw["age_days"] >= saw["limit_days"]:
        return "the earlier talk is too long ago"
    return f"number {saw['index']}"


def _say_fair(saw: Saw) -> str:
    return f"number {fair_turn(saw['turns'])}"


def _index_said(said: str) -> int | None:
    return int(said.removeprefix("number ")) if said.startswith("number ") else None


_RULES: Mapping[str, Callable[[Saw], str]] = {
    "C1": _say_sim,
    "C3": _say_usable,
    "C4": _say_pool,
    "C5": _say_usable,
    "C6": _say_sticky,
    "C7": _say_fair,
    "C11": _say_provider,
}


def _step(rule: str, saw: Saw) -> Step:
    return Step(rule, saw, _RULES[rule](saw))


# --- Replay ------------------------------------------------------------------------------------------------------


@frozen
class Replay:
    """A stored decision asked again. `same_version` False: its rules are no longer these, and only its steps are shown.

    `says_now` stands beside each stored step: what the rule says today to what it saw then.
    """

    same_version: bool
    reproduced: bool
    steps: tuple[tuple[Step, str | None], ...]


def replay(decision: CallerIdDecision) -> Replay:
    """Ask the present rules again about what a stored decision saw (C8)."""
    if decision.policy_version != POLICY_VERSION:
        return Replay(False, False, tuple((step, None) for step in decision.steps))
    says_now = tuple((step, _RULES[step.rule](step.saw) if step.rule in _RULES else None) for step in decision.steps)
    agrees = all(step.said == said for step, said in says_now)
    return Replay(True, agrees and _follows_from_steps(decision), says_now)


def _follows_from_steps(decision: CallerIdDecision) -> bool:
    """Whether the last step leads to the number that the decision names."""
    last = decision.steps[-1]
    match last.rule:
        case "C1":
            return decision.requested is not None and decision.requested.e164 == last.saw["sim"]
        case "C11":
            return decision.requested is None and len(decision.candidates) == last.saw["numbers"]
        case _:
            index = _index_said(last.said)
            return (
                index is not None
                and index < len(decision.candidates)
                and decision.requested == decision.candidates[index]
            )


# --- The verdict on the number that the provider reported (C10) ------------------------------------------------


class Verdict(StrEnum):
    CONFORMS = "conforms"
    CONFORMS_AMBIGUOUS = "conforms_ambiguous"
    OTHER_POOL = "other_pool"
    UNKNOWN_NUMBER = "unknown_number"
    EMPLOYEE_NUMBER = "employee_number"
    OTHER_NUMBER = "other_number"
    NOT_REPORTED = "not_reported"


def judge(
    decision: CallerIdDecision,
    reported: PhoneNumber | None,
    *,
    carousel: Carousel,
    provider: str,
    employee_numbers: frozenset[PhoneNumber],
    window: timedelta,
) -> Verdict:
    """Whether the reported number is what was decided (C10); either generation conforms within `window` (C11)."""
    if reported is None:
        return Verdict.NOT_REPORTED
    if decision.requested is not None:
        return _judge_requested(decision, reported, employee_numbers)
    if reported in decision.candidates:
        return Verdict.CONFORMS
    at = decision.decided_at
    # The decided pool first: a number that moved to it from another one conforms.
    for pool in sorted(carousel.of_provider(provider).pools, key=lambda pool: pool.id != decision.pool_id):
        if not any(generation.has(reported) for generation in pool.conforming(at, window)):
            continue
        if pool.id == decision.pool_id:
            return Verdict.CONFORMS
        if set(pool.region_codes) & set(decision.region.codes):
            return Verdict.CONFORMS_AMBIGUOUS
        return Verdict.OTHER_POOL
    return Verdict.EMPLOYEE_NUMBER if reported in employee_numbers else Verdict.UNKNOWN_NUMBER


def _judge_requested(
    decision: CallerIdDecision, reported: PhoneNumber, employee_numbers: frozenset[PhoneNumber]
) -> Verdict:
    if reported == decision.requested:
        return Verdict.CONFORMS
    from_sim = decision.pool_id is None
    if not from_sim and reported in employee_numbers:
        return Verdict.EMPLOYEE_NUMBER
    return Verdict.OTHER_NUMBER
