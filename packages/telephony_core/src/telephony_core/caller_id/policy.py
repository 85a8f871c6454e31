"""The policy that decides which number the client shall see: rules in their order, and numbers that are settings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from attrs import field, frozen, validators

from telephony_core.caller_id.case import Case, Rule, Shown, ask
from telephony_core.caller_id.decision import CallerIdDecision, Question
from telephony_core.caller_id.rules import (
    DEFAULT_SOURCES,
    Chain,
    Fair,
    OwnSim,
    ProvidersChoice,
    RegionPool,
    Sticky,
    Usable,
)
from telephony_core.carousel import ChosenBy
from telephony_core.errors import NoUsableNumber
from telephony_core.region import WHOLE_COUNTRY, Region, RegionSource

POLICY_VERSION = "2026-11-01"
"""Changes whenever a rule of `PRECEDENCE` would answer differently to the same sight."""

PRECEDENCE: tuple[Rule, ...] = (OwnSim(), RegionPool(), Chain((ProvidersChoice(), Usable(), Sticky(), Fair())))
"""The rules that ship, in their order."""


def _region_sources(names: Iterable[str]) -> tuple[RegionSource, ...]:
    return tuple(RegionSource(name) for name in names)


def _in_order(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(rules)


def _must_end_in_default(_instance: object, attribute: Any, value: tuple[RegionSource, ...]) -> None:
    if not value or value[-1] is not RegionSource.DEFAULT or len(set(value)) != len(value):
        raise ValueError(f"{attribute.name} names each source at most once, and 'default' as the last of them")


@frozen
class CallerIdPolicy:
    """Rules and their numbers; made once from the settings, used by every initiation and preview.

    `region_sources` end in `default`: the default pool serves whom no other does (C0), so nobody is left out.
    `sticky_days`: for how long an earlier talk is remembered; 0 for not at all. `refresh_window_seconds`: how long
    round a refresh either generation conforms where the provider chooses (C11).

    A policy of your own is made of `rules` of your choice, under a `version` of your own: equal versions promise equal
    answers (C8). `CallerIdPolicyContract` in `telephony_core.testing` proves what it claims.
    """

    region_sources: tuple[RegionSource, ...] = field(
        default=DEFAULT_SOURCES, converter=_region_sources, validator=_must_end_in_default
    )
    sticky_days: int = field(
        default=30, validator=[validators.instance_of(int), validators.ge(0), validators.le(36_500)]
    )
    refresh_window_seconds: int = field(
        default=3600, validator=[validators.instance_of(int), validators.ge(0), validators.le(30 * 86_400)]
    )
    rules: tuple[Rule, ...] = field(default=PRECEDENCE, converter=_in_order, validator=validators.min_len(1))
    version: str = field(default=POLICY_VERSION, validator=validators.matches_re(r"[A-Za-z0-9._-]{1,20}"))

    @version.validator
    def _own_rules_have_their_own(self, attribute: Any, value: str) -> None:
        if value == POLICY_VERSION and self.rules != PRECEDENCE:
            raise ValueError(f"{attribute.name} '{value}' promises the rules that ship; give yours one of their own")

    @property
    def refresh_window(self) -> timedelta:
        return timedelta(seconds=self.refresh_window_seconds)

    def decide(self, question: Question) -> CallerIdDecision:
        """The decision for one call. Raises `NoUsableNumber` where no rule comes to one (C5)."""
        carousel = question.carousel.of_provider(question.device.provider)
        case = ask(self.rules, Case(question, self, carousel))
        if case.ruling is None:
            raise _refusal(case)
        shown = case.ruling if isinstance(case.ruling, Shown) else None
        return CallerIdDecision(
            chosen_by=ChosenBy.US if shown is not None else ChosenBy.PROVIDER,
            policy_version=self.version,
            decided_at=question.now,
            region=case.region or Region(question.number_codes or (WHOLE_COUNTRY,)),
            pool_id=case.pool.id if case.pool is not None else None,
            generation_id=case.generation.id if case.generation is not None else None,
            candidates=case.candidates,
            requested=shown.number if shown is not None else None,
            steps=case.steps,
            fair=shown is not None and shown.takes_turn,
        )


def _refusal(case: Case) -> NoUsableNumber:
    if not case.tried:
        return NoUsableNumber(
            "No pool of numbers is set up for this device's provider.",
            pool=None,
            chain=[],
            provider=case.question.device.provider,
        )
    selected, *further = (pool.id for pool in case.tried)
    return NoUsableNumber(
        pool=selected,
        chain=further,
        steps=[{"rule": step.rule, "saw": dict(step.saw), "said": step.said} for step in case.steps],
    )
