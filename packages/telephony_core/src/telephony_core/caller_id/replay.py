"""A stored decision asked again, from its steps alone: what each rule says today to what it saw then (C8)."""

from __future__ import annotations

from attrs import frozen

from telephony_core.caller_id.decision import CallerIdDecision, Step
from telephony_core.caller_id.policy import CallerIdPolicy
from telephony_core.caller_id.rules import say_place


@frozen
class Replay:
    """A stored decision asked again. `same_version` False: its rules are no longer these, and only its steps are shown.

    `says_now` stands beside each stored step: what the rule says today to what it saw then.
    """

    same_version: bool
    reproduced: bool
    steps: tuple[tuple[Step, str | None], ...]


_SHIPPED = CallerIdPolicy()


def replay(decision: CallerIdDecision, policy: CallerIdPolicy = _SHIPPED) -> Replay:
    """Ask the rules of `policy` again about what a stored decision saw; the numbers in force then are in its steps."""
    if decision.policy_version != policy.version:
        return Replay(False, False, tuple((step, None) for step in decision.steps))
    sayings = {number: saying for rule in policy.rules for number, saying in rule.sayings.items()}
    says_now = tuple((step, sayings[step.rule](step.saw) if step.rule in sayings else None) for step in decision.steps)
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
            named = (number for place, number in enumerate(decision.candidates) if last.said == say_place(place))
            return decision.requested is not None and decision.requested == next(named, None)
