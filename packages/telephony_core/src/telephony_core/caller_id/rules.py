"""The rules of caller ID, each a value that an author may leave out of a policy, or put another in the place of.

Whatever a rule says is made by a function of what it saw, beside the rule: `replay` asks it again (C8).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from attrs import frozen

from telephony_core.caller_id.case import Case, Left, Rule, Saying, Shown, ask
from telephony_core.caller_id.decision import Saw, Step
from telephony_core.carousel import MOST_CODES, NEVER_USED, ChosenBy, fair_turn
from telephony_core.device import Mobile
from telephony_core.region import WHOLE_COUNTRY, Region, RegionSource

DEFAULT_SOURCES = (RegionSource.NUMBERING_PLAN, RegionSource.CLIENT, RegionSource.DEFAULT)

_NUMBER_CODES, _CLIENT_CODES = MOST_CODES


def say_place(place: int) -> str:
    """What the deciding step says where we choose: the number's place among the candidates. `replay` relies on it."""
    return f"number {place}"


# --- C1: the SIM -------------------------------------------------------------------------------------------------


def _say_sim(saw: Saw) -> str:
    return f"the SIM's own number {saw['sim']}"


@frozen
class OwnSim:
    """C1: from a mobile the client sees the SIM's own number, whatever the carousel is like."""

    sayings: ClassVar[Mapping[str, Saying]] = {"C1": _say_sim}

    def apply(self, case: Case) -> Case:
        device = case.question.device
        if not isinstance(device, Mobile):
            return case
        if device.sim is None:
            raise ValueError("a mobile without a SIM is not eligible and is never decided about (D2)")
        saw = {"device": "mobile", "sim": device.sim.number.e164}
        return case.decided(Shown(device.sim.number), Step("C1", saw, _say_sim(saw)))


# --- C4: the pool of the region ------------------------------------------------------------------------------------


@frozen
class _PoolChoice:
    pool_id: str | None
    source: RegionSource
    codes: tuple[str, ...]
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        also = f", also served by {', '.join(self.others)}" if self.others else ""
        by = "" if self.source is RegionSource.NUMBERING_PLAN else f" by {self.source}"
        return f"pool {self.pool_id}{by}{also}"


def _choose_pool(saw: Saw) -> _PoolChoice:
    """Every source in turn; the first for which some pool serves decides."""
    client = saw.get("client", ())
    for source in saw.get("sources", DEFAULT_SOURCES):
        if source == RegionSource.DEFAULT:
            break
        codes = saw["codes"] if source == RegionSource.NUMBERING_PLAN else client
        serving = [(pool_id, served) for pool_id, served in saw["serving"] if not set(served).isdisjoint(codes)]
        if serving:
            chosen = _among_several(serving, codes, client)
            others = tuple(pool_id for pool_id, _ in serving if pool_id != chosen)
            return _PoolChoice(chosen, RegionSource(source), tuple(codes), others)
    return _PoolChoice(saw.get("default"), RegionSource.DEFAULT, tuple(saw["codes"]) or (WHOLE_COUNTRY,))


def _among_several(serving: Sequence[tuple[str, Sequence[str]]], codes: Iterable[str], client: Iterable[str]) -> str:
    """Where several pools serve: the one of the client's own region if that is among the codes, else the first.

    A pool that serves all of the codes needs no rule of its own: each region is served by at most one pool (C0), so
    where one serves all no other serves any.
    """
    shared = set(codes).intersection(client)
    return next((pool_id for pool_id, served in serving if not shared.isdisjoint(served)), serving[0][0])


def _say_pool(saw: Saw) -> str:
    return str(_choose_pool(saw))


@frozen
class RegionPool:
    """C4: the pool that serves the region, which comes from the policy's sources in order.

    Of a number's and a client's regions only the first few are looked at (`MOST_CODES`): more say nothing of where
    somebody is, and the step that lists them is bounded (C8).
    """

    sayings: ClassVar[Mapping[str, Saying]] = {"C4": _say_pool}

    def apply(self, case: Case) -> Case:
        saw = self._look(case)
        choice = _choose_pool(saw)
        pool = case.carousel.pool(choice.pool_id) if choice.pool_id is not None else None
        if pool is None:
            return case
        return case.selected(pool, Region(choice.codes, choice.source), Step("C4", saw, str(choice)))

    def _look(self, case: Case) -> dict[str, Any]:
        codes, client = case.question.number_codes[:_NUMBER_CODES], case.question.client_codes[:_CLIENT_CODES]
        serving = case.carousel.serving((*codes, *client))
        saw: dict[str, Any] = {
            "codes": list(codes),
            "serving": [[pool.id, list(served)] for pool, served in serving],
        }
        if client:
            saw["client"] = list(client)
        default = case.carousel.default
        if default is not None:
            saw["default"] = default.id
        if case.settings.region_sources != DEFAULT_SOURCES:
            saw["sources"] = [str(source) for source in case.settings.region_sources]
        return saw


# --- C11: the provider's choice ------------------------------------------------------------------------------------


def _say_provider(saw: Saw) -> str:
    return f"the provider chooses one of the {saw['numbers']} numbers of pool {saw['pool']}"


@frozen
class ProvidersChoice:
    """C11: from a pool where the provider chooses nothing is requested, and its numbers are named unfiltered."""

    sayings: ClassVar[Mapping[str, Saying]] = {"C11": _say_provider}

    def apply(self, case: Case) -> Case:
        if case.pool is None or case.pool.chosen_by is ChosenBy.US:
            return case
        saw = {"pool": case.pool.id, "numbers": len(case.candidates)}
        return case.decided(Left(), Step("C11", saw, _say_provider(saw)))


# --- C3: usable ------------------------------------------------------------------------------------------------------


def _say_usable(saw: Saw) -> str:
    return f"pool {saw['pool']} has {saw['usable'] or 'no'} usable"


@frozen
class Usable:
    """C3: never a number that is quarantined, not declared, over a cap or warm-up, or resting.

    Its step is C3's at the selected pool, and C5's at a pool that is tried because another had nothing to show.
    """

    sayings: ClassVar[Mapping[str, Saying]] = {"C3": _say_usable, "C5": _say_usable}

    def apply(self, case: Case) -> Case:
        if case.pool is None:
            return case
        usable, unusable = case.pool.usable(case.question.now, case.question.uses)
        against = {str(reason): count for reason, count in sorted(Counter(unusable.values()).items())}
        saw = {"pool": case.pool.id, "usable": len(usable), "against": against}
        return case.among(usable, Step("C3" if len(case.tried) == 1 else "C5", saw, _say_usable(saw)))


# --- C6: sticky ------------------------------------------------------------------------------------------------------


def _known_place(saw: Saw) -> int | None:
    place: int | None = saw["index"]
    return place if saw["age_days"] < saw["limit_days"] else None


def _say_sticky(saw: Saw) -> str:
    if saw["index"] is None:
        return "the number of the earlier talk is not usable"
    place = _known_place(saw)
    return "the earlier talk is too long ago" if place is None else say_place(place)


@frozen
class Sticky:
    """C6: a client who talked to us at this called number is shown again the number that they know."""

    sayings: ClassVar[Mapping[str, Saying]] = {"C6": _say_sticky}

    def apply(self, case: Case) -> Case:
        talk, usable = case.question.earlier_talk, case.candidates
        if talk is None or not usable:
            return case
        saw = {
            "index": usable.index(talk.shown) if talk.shown in usable else None,
            "age_days": (case.question.now - talk.at) // timedelta(days=1),
            "limit_days": case.settings.sticky_days,
        }
        step, place = Step("C6", saw, _say_sticky(saw)), _known_place(saw)
        return case.undecided(step) if place is None else case.decided(Shown(usable[place]), step)


# --- C7: fair --------------------------------------------------------------------------------------------------------


def _say_fair(saw: Saw) -> str:
    return say_place(fair_turn(saw["turns"]))


@frozen
class Fair:
    """C7: the number whose turn it is, so that picks of two usable numbers differ by at most one."""

    sayings: ClassVar[Mapping[str, Saying]] = {"C7": _say_fair}

    def apply(self, case: Case) -> Case:
        if not case.candidates:
            return case
        uses = case.question.uses
        turns = [uses.get(number, NEVER_USED).turn for number in case.candidates]
        # Only the order of the turns matters; ranks keep the record small however long the pool has been in use.
        ranks = {turn: rank for rank, turn in enumerate(sorted(set(turns)))}
        saw = {"turns": [ranks[turn] for turn in turns]}
        place = fair_turn(saw["turns"])
        return case.decided(Shown(case.candidates[place], takes_turn=True), Step("C7", saw, say_place(place)))


# --- C5: the chain ---------------------------------------------------------------------------------------------------


@frozen
class Chain:
    """C5: asks its rules about the selected pool, then about each pool along its chain, until one of them rules.

    Left out, with its rules in its place, a policy never looks beyond the selected pool.
    """

    rules: tuple[Rule, ...]

    @property
    def sayings(self) -> Mapping[str, Saying]:
        return {number: saying for rule in self.rules for number, saying in rule.sayings.items()}

    def apply(self, case: Case) -> Case:
        if case.pool is None:
            return case
        further = case.carousel.path(case.pool)[1:]
        case = ask(self.rules, case)
        for pool in further:
            if case.ruling is not None:
                break
            case = ask(self.rules, case.at(pool))
        return case
