"""A caller-ID policy of one's own: of usable numbers those come first that nobody was shown in the last minutes.

python docs/embed/own_policy.py                # a decision with its steps
python -m pytest docs/embed/own_policy.py      # the proof that the other rules still hold
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from attrs import frozen

from telephony_core import caller_id
from telephony_core.caller_id import CallerIdPolicy, Case, Question, Saw, Saying, Step
from telephony_core.carousel import NEVER_USED


def _say_quiet(saw: Saw) -> str:
    return f"{saw['quiet']} were not shown in the last {saw['minutes']} minutes"


@frozen
class NotJustShown:
    """Leaves the numbers that were not shown lately, or all of them if all were."""

    minutes: int = 2
    sayings: ClassVar[Mapping[str, Saying]] = {"mine": _say_quiet}

    def apply(self, case: Case) -> Case:
        since = case.question.now - timedelta(minutes=self.minutes)
        shown = {number: case.question.uses.get(number, NEVER_USED).last_shown_at for number in case.candidates}
        quiet = [number for number, at in shown.items() if at is None or at < since]
        saw = {"quiet": len(quiet), "minutes": self.minutes}
        return case.among(quiet or case.candidates, Step("mine", saw, _say_quiet(saw)))


IN_A_POOL = (caller_id.ProvidersChoice(), caller_id.Usable(), caller_id.Sticky(), NotJustShown(), caller_id.Fair())
RULES = (caller_id.OwnSim(), caller_id.RegionPool(), caller_id.Chain(IN_A_POOL))
POLICY = CallerIdPolicy(rules=RULES, version="quiet-numbers-1")

try:
    from telephony_core.testing.contracts import CallerIdPolicyContract
except ImportError:  # the kit needs telephony-core[testing]; the policy doesn't
    pass
else:

    class TestMyPolicy(CallerIdPolicyContract):
        fair = False  # who was shown decides before whose turn it is, so picks needn't be even

        def make_policy(self) -> CallerIdPolicy:
            return POLICY


if __name__ == "__main__":
    from telephony_core.testing.examples import a_carousel, a_pool, an_ip_phone

    question = Question(datetime.now(UTC), an_ip_phone(), ("RU-NVS",), carousel=a_carousel(a_pool()))
    for step in POLICY.decide(question).steps:
        print(f"{step.rule}: {step.said}")
