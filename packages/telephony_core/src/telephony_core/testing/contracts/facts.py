"""What everything that keeps and reads facts must keep (K1), for who handles a provider's reports by himself.

class TestMyFacts(CallFactsContract):
    def read(self, facts: frozenset[Fact]) -> Reading: ...
    def learn(self, attempt: Attempt, facts: Iterable[Fact], now: datetime) -> Attempt: ...
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from telephony_core import call_facts
from telephony_core.call import Attempt, first_facts
from telephony_core.call_facts import TABLE, Cause, Fact, FactKind, LegName, LegState, Outcome, Reading, Source
from telephony_core.testing.contracts.promises import Contract
from telephony_core.testing.examples import NOW, an_attempt, facts_of
from telephony_core.testing.strategies import fact_sets

_inherited = settings(suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow], deadline=None)

_LATER = NOW + timedelta(seconds=30)
_TIME_OUTS = [kind for kind, meaning in TABLE.items() if meaning.source is Source.TIME_OUT]


class CallFactsContract(Contract):
    """K1 and K2 as far as facts alone decide. The shipped ones are the default of both methods."""

    def read(self, facts: frozenset[Fact]) -> Reading:
        """What a set of facts means."""
        return call_facts.read(facts)

    def learn(self, attempt: Attempt, facts: Iterable[Fact], now: datetime) -> Attempt:
        """The attempt with these facts known too."""
        return attempt.learn(facts, now)

    def _state(self, attempt: Attempt) -> tuple[object, ...]:
        reading = self.read(attempt.facts)
        return reading.state, reading.outcome, reading.employee, reading.client, reading.talk_seconds

    @_inherited
    @given(facts=fact_sets(two_step=False), order=st.randoms(use_true_random=False))
    def test_the_order_of_facts_says_nothing(self, facts: frozenset[Fact], order: st.DataObject) -> None:
        """K1: one by one in any order, all at once, each twice: the same legs, state and outcome."""
        attempt = an_attempt()
        shuffled = sorted(facts, key=repr)
        order.shuffle(shuffled)  # type: ignore[attr-defined]
        at_once = self.learn(attempt, facts, NOW)
        one_by_one = reduce(lambda known, fact: self.learn(known, [fact], NOW), shuffled, attempt)
        twice = reduce(lambda known, fact: self.learn(self.learn(known, [fact], NOW), [fact], NOW), shuffled, attempt)
        assert at_once.facts == one_by_one.facts == twice.facts
        assert self._state(at_once) == self._state(one_by_one) == self._state(twice)

    @_inherited
    @given(facts=fact_sets(two_step=False), more=fact_sets(two_step=False))
    def test_no_fact_is_lost(self, facts: frozenset[Fact], more: frozenset[Fact]) -> None:
        """K7: what was learnt stays known, whatever is learnt after."""
        attempt = self.learn(self.learn(an_attempt(), facts, NOW), more, _LATER)
        assert attempt.facts >= facts | more

    def test_a_fact_may_come_before_the_answer(self) -> None:
        """K1: reports overtake the answer to our own request, which takes nothing of them back."""
        for story in ("ringing_employee", "ringing_client", "talking", "busy", "talked"):
            told = facts_of(story) - first_facts(NOW, two_step=False)
            early = {fact for fact in told if fact.kind is not FactKind.ACCEPTED}
            answers = [told - early, {Fact(LegName.EMPLOYEE, FactKind.ANSWER_LOST, _LATER)}]
            for answer in answers:
                before = self.learn(an_attempt(), early, NOW)
                after = self.learn(before, answer, _LATER)
                assert after.facts >= early, f"{story}: facts were lost when the answer came"
                assert self._state(after)[:2] == self._state(before)[:2], f"{story}: the answer changed what is known"

    @_inherited
    @given(facts=fact_sets(), more=fact_sets())
    def test_what_ended_never_lives_again(self, facts: frozenset[Fact], more: frozenset[Fact]) -> None:
        """K1: late facts may correct an outcome, and not more."""
        if self.read(facts).ended:
            assert self.read(facts | more).ended

    def test_a_late_fact_corrects_the_outcome(self) -> None:
        """K1: given up as unresolved, and then the provider tells that there was a talk."""
        attempt = self.learn(an_attempt(), facts_of("unresolved"), NOW)
        late = self.learn(attempt, facts_of("talked"), _LATER)
        assert self.read(late.facts).outcome is Outcome.TALKED
        assert late.ended_at == attempt.ended_at is not None

    def test_any_news_of_the_provider_overrides_a_time_out(self) -> None:
        """K1: a time-out is the absence of news, and weak."""
        for doubt in _TIME_OUTS:
            for said, state in (
                (Fact(LegName.EMPLOYEE, FactKind.ANSWERED, NOW), LegState.ANSWERED),
                (Fact(LegName.EMPLOYEE, FactKind.RELEASED, NOW, Cause.NORMAL), LegState.RELEASED),
            ):
                facts = first_facts(NOW, two_step=False) | {Fact(LegName.EMPLOYEE, doubt, _LATER), said}
                assert self.read(facts).employee.state is state, f"{doubt} outweighs {said.kind}"

    def test_accepted_is_not_ringing(self) -> None:
        """K2: no phone need have rung because a provider took a request."""
        reading = self.read(facts_of("accepted"))
        assert reading.employee.state is LegState.ACCEPTED
        assert reading.state == "initiating"
        assert reading.employee.ringing_at is None

    def test_missing_reports_free_nobody(self) -> None:
        """K2: every doubt leaves the attempt live but the last one, our giving up."""
        for doubt in _TIME_OUTS:
            if not TABLE[doubt].ends:
                facts = facts_of("accepted") | {Fact(LegName.EMPLOYEE, doubt, _LATER)}
                assert not self.read(facts).ended, f"{doubt} ended an attempt whose phones may be up"

    def test_one_leg_says_nothing_of_the_other(self) -> None:
        """K1: that the employee answered is no talk with the client."""
        reading = self.read(facts_of("accepted") | {Fact(LegName.EMPLOYEE, FactKind.ANSWERED, NOW)})
        assert reading.client.answered_at is None
        assert reading.state == "ringing_client"
        ended = facts_of("no_answer")
        assert self.read(ended).outcome is Outcome.NO_ANSWER
