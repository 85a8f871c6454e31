"""Why a number was shown, as bodies: each step in words and as data."""

from __future__ import annotations

from typing import Annotated, Any

from telephony_core.call import Attempt
from telephony_core.caller_id import Verdict, replay
from telephony_http.bodies.shared import Moment, Told, one_of
from telephony_http.explanations import choice_text, replay_text, step_text, verdict_text
from telephony_http.readings import Language


class ExplainedStep(Told):
    """A rule's part: what it saw and said, and the same as a sentence. `says_now`: what it says today to that."""

    rule: str
    text: str
    saw: dict[str, Any]
    said: str
    says_now: str | None


class ExplainedVerdict(Told):
    """What the provider reported, and what we make of it."""

    code: Annotated[str, one_of(Verdict)] | None
    reported: str | None
    text: str


class ExplainedReplay(Told):
    """Whether today's rules decide the same of the same data."""

    same_version: bool
    reproduced: bool
    text: str


class ExplainedAttempt(Told):
    attempt_id: str
    decided_at: Moment
    policy_version: str
    text: str
    steps: list[ExplainedStep]
    verdict: ExplainedVerdict
    replay: ExplainedReplay


class ExplanationTold(Told):
    """An explanation of every attempt of a Call, oldest first."""

    call_id: str
    language: Annotated[str, one_of(Language)]
    attempts: list[ExplainedAttempt]


def explained(attempt: Attempt, language: str) -> ExplainedAttempt:
    """One attempt's decision in words and data."""
    decision, shown = attempt.decision, attempt.shown
    again = replay(decision)
    requested = decision.requested.e164 if decision.requested is not None else None
    verdict = str(shown.verdict) if shown is not None else None
    return ExplainedAttempt(
        attempt_id=attempt.id,
        decided_at=decision.decided_at,
        policy_version=decision.policy_version,
        text=choice_text(str(decision.chosen_by), requested, len(decision.candidates), decision.pool_id, language),
        steps=[
            ExplainedStep(
                rule=step.rule,
                text=step_text(step.rule, step.saw, step.said, language),
                saw=dict(step.saw),
                said=step.said,
                says_now=says_now,
            )
            for step, says_now in again.steps
        ],
        verdict=ExplainedVerdict(
            code=verdict,
            reported=shown.number.e164 if shown is not None and shown.number is not None else None,
            text=verdict_text(verdict, language),
        ),
        replay=ExplainedReplay(
            same_version=again.same_version,
            reproduced=again.reproduced,
            text=replay_text(again.same_version, again.reproduced, language),
        ),
    )
