"""What the client shall see, and what they saw, as bodies."""

from __future__ import annotations

from typing import Annotated, Any

from telephony_core.call import ShownNumber
from telephony_core.caller_id import CallerIdDecision, Step, Verdict
from telephony_core.carousel import ChosenBy
from telephony_core.region import RegionSource
from telephony_http.bodies.shared import Moment, Told, one_of


class RegionTold(Told):
    """ISO 3166-2 codes, and where they were learnt from."""

    codes: list[str]
    source: Annotated[str, one_of(RegionSource)]


class StepTold(Told):
    """One rule's part in a decision: what it saw (data), what it said."""

    rule: str
    saw: dict[str, Any]
    said: str


class DecisionTold(Told):
    """Which number the client shall see, and why. `reported` and `verdict`: what the provider said of it afterwards."""

    chosen_by: Annotated[str, one_of(ChosenBy)]
    policy_version: str
    decided_at: Moment
    region: RegionTold
    pool_id: str | None
    generation_id: str | None
    candidates: list[str]
    requested: str | None
    reported: str | None
    verdict: Annotated[str, one_of(Verdict)] | None
    steps: list[StepTold]


def step_told(step: Step) -> StepTold:
    return StepTold(rule=step.rule, saw=dict(step.saw), said=step.said)


def decision_told(decision: CallerIdDecision, shown: ShownNumber | None = None) -> DecisionTold:
    """Numbers here are the company's own: the carousel's, a SIM's, or what the provider showed; none is masked."""
    reported = shown.number if shown is not None else None
    return DecisionTold(
        chosen_by=str(decision.chosen_by),
        policy_version=decision.policy_version,
        decided_at=decision.decided_at,
        region=RegionTold(codes=list(decision.region.codes), source=str(decision.region.source)),
        pool_id=decision.pool_id,
        generation_id=decision.generation_id,
        candidates=[number.e164 for number in decision.candidates],
        requested=decision.requested.e164 if decision.requested is not None else None,
        reported=reported.e164 if reported is not None else None,
        verdict=str(shown.verdict) if shown is not None else None,
        steps=[step_told(step) for step in decision.steps],
    )
