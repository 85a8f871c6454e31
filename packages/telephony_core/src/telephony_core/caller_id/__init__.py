"""Which number the client shall see: the policy, its decision with the steps that led to it, and the later verdict.

Precedence: device eligibility (`device`) > SIM > pool of the region > usable > sticky > fair.

Read in this order: `decision` (what is asked and answered), `case` (how a question goes through rules), `rules` (the
rules themselves), `policy` (their composition and its numbers), `replay` (a stored decision asked again), `verdict`
(whether what was shown is what was decided).
"""

from telephony_core.caller_id.case import Case, Left, Rule, Ruling, Saying, Shown, ask
from telephony_core.caller_id.decision import CallerIdDecision, EarlierTalk, Question, Saw, Step
from telephony_core.caller_id.policy import POLICY_VERSION, PRECEDENCE, CallerIdPolicy
from telephony_core.caller_id.replay import Replay, replay
from telephony_core.caller_id.rules import (
    DEFAULT_SOURCES,
    Chain,
    Fair,
    OwnSim,
    ProvidersChoice,
    RegionPool,
    Sticky,
    Usable,
    say_place,
)
from telephony_core.caller_id.verdict import Verdict, judge

__all__ = [
    "DEFAULT_SOURCES",
    "POLICY_VERSION",
    "PRECEDENCE",
    "CallerIdDecision",
    "CallerIdPolicy",
    "Case",
    "Chain",
    "EarlierTalk",
    "Fair",
    "Left",
    "OwnSim",
    "ProvidersChoice",
    "Question",
    "RegionPool",
    "Replay",
    "Rule",
    "Ruling",
    "Saw",
    "Saying",
    "Shown",
    "Step",
    "Sticky",
    "Usable",
    "Verdict",
    "ask",
    "judge",
    "replay",
    "say_place",
]
