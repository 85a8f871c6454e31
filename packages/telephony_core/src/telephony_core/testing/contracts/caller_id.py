"""What every caller-ID policy must keep: the C rules in small situations, as properties, and over days of use.

class TestMyPolicy(CallerIdPolicyContract):
    sticky = False                      # what it claims, it is held to

    def make_policy(self) -> Policy:
        return MyPolicy()

Each rule is first asked about in every small situation (`situations`), which finds most faults at once and where they
are easiest to see; then in Hypothesis' larger ones. A failure is a `stories.BrokenRule`.

One long class, so that an author reads in one place what a policy is held to.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import combinations
from typing import ClassVar

from attrs import evolve
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from telephony_core import caller_id
from telephony_core.caller_id import CallerIdDecision, EarlierTalk, Question, Replay
from telephony_core.carousel import (
    LARGEST_DECISION,
    Carousel,
    CarouselPool,
    ChosenBy,
    NumberUse,
    Quarantine,
    ShowLimits,
)
from telephony_core.phone import PhoneNumber
from telephony_core.region import RegionSource
from telephony_core.serialization import compact_json, decision_from_stored, decision_to_stored
from telephony_core.testing import oracles, situations
from telephony_core.testing.carousel_strategies import REGION_CODES, carousels, numbers_of, questions
from telephony_core.testing.contracts import caller_id_rules as rules
from telephony_core.testing.contracts import purity
from telephony_core.testing.contracts.another_process import answers_elsewhere, answers_salted, told
from telephony_core.testing.contracts.caller_id_rules import Claims, Policy, ask
from telephony_core.testing.examples import NOW, a_carousel, a_generation, a_pool, an_ip_phone
from telephony_core.testing.machines import live_through_days
from telephony_core.testing.stories import Answer, BrokenRule

_inherited = settings(
    # A contract is inherited by several classes on purpose.
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow, HealthCheck.filter_too_much],
    deadline=None,
    report_multiple_bugs=False,
    # The story explains more than Hypothesis' own phase for it, which takes longer than all the others.
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
_MICROSECOND = timedelta(microseconds=1)


class CallerIdPolicyContract:
    """The C rules of one decision and of runs of them. Subclass it, and say what the policy claims."""

    fair: ClassVar[bool] = True
    """Whether it shares the picks out evenly (C7)."""
    sticky: ClassVar[bool] = True
    """Whether it shows a client the number that they know (C6)."""
    sources: ClassVar[Sequence[RegionSource]] = (
        RegionSource.NUMBERING_PLAN,
        RegionSource.CLIENT,
        RegionSource.DEFAULT,
    )
    """Where the region of a call comes from, in order (C4)."""

    def make_policy(self) -> Policy:
        """The policy to test; asked for more than once."""
        raise NotImplementedError

    def memory(self, policy: Policy) -> timedelta:
        """How long an earlier talk is remembered (C6)."""
        return timedelta(days=int(getattr(policy, "sticky_days", 30)))

    def replay(self, decision: CallerIdDecision) -> Replay | None:
        """A stored decision asked again; None for a policy with a version of its own, which replays it by itself."""
        policy = self.make_policy()
        if isinstance(policy, caller_id.CallerIdPolicy):
            return caller_id.replay(decision, policy)
        return caller_id.replay(decision) if decision.policy_version == caller_id.POLICY_VERSION else None

    def claims(self, policy: Policy) -> Claims:
        return Claims(self.fair, self.sticky, self.memory(policy), self.sources)

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.fair:
            # pytest passes over a test that is None: nobody is held to what they don't claim.
            for name in [name for name in dir(cls) if name.startswith("test_c7_")]:
                setattr(cls, name, None)

    # --- every small situation --------------------------------------------------------------------------------------

    def test_c1_holds_in_every_small_situation(self) -> None:
        """C1: whatever the carousel is like, an empty one included."""
        self._holds_in(situations.from_mobiles())

    def test_c3_holds_in_every_small_situation(self) -> None:
        """C3: a number under each condition: alone, beside another, at the end of a chain, known to the client."""
        self._holds_in(situations.conditions())

    def test_c4_holds_in_every_small_situation(self) -> None:
        """C4: one to three regions, in every division among the pools, with and without the client's."""
        self._holds_in(situations.regions())

    def test_c5_holds_in_every_small_situation(self) -> None:
        """C5: a pool, two neighbours and the default, each with or without something to show."""
        self._holds_in(situations.chains())

    def test_c6_holds_in_every_small_situation(self) -> None:
        """C6: the number that the client knows wherever it may be by now, and each age of the memory."""
        self._holds_in(situations.talks(self.memory(self.make_policy())))

    def test_c7_holds_in_every_small_situation(self) -> None:
        """C7: pools used before in ways that a wrong count would stumble over; and one that joins in the middle."""
        for beginning in situations.fair_beginnings():
            self._is_fair(beginning, min(3 * len(numbers_of(beginning.carousel)), 31))

    def test_c8_holds_in_every_small_situation(self) -> None:
        """C8: equal questions have equal answers, asked twice, written otherwise, and in another order by another
        instance; each with a version and steps, from which it is reproduced; small as stored."""
        first, second = self.make_policy(), self.make_policy()
        asked = [
            *situations.talks(self.memory(first)),
            *situations.fair_beginnings(),
            *situations.refreshes(),
            *situations.of_several_regions(),
        ]
        said = [(question, purity.say(first, question), purity.say(first, question)) for question in asked]
        for question, once, twice in reversed(said):
            answer = ask(second, question)
            if isinstance(answer, CallerIdDecision):
                self._can_be_told_later(question, answer)
            for again in (twice, told(answer)):
                if again != once:
                    raise BrokenRule("C8", f"an equal question has another answer: {again}, before {once}", question)
            purity.check_other_ways_to_ask(second, question)

    def test_c8_it_looks_at_nothing_but_the_question(self) -> None:
        """C8: not at the clock, nor at chance, whose answers nobody could ask for again; and it counts nothing."""
        policy = self.make_policy()
        for question in situations.all_situations(self.memory(policy)):
            purity.check_sources(policy, question)
        purity.check_many_times(policy, list(situations.fair_beginnings())[-1])

    def test_c9_holds_in_every_small_situation(self) -> None:
        """C9: a microsecond before a refresh, at it and after it."""
        self._holds_in(situations.refreshes())

    def test_c11_holds_in_every_small_situation(self) -> None:
        """C11: numbers that we would not show, and a pool without any."""
        self._holds_in(situations.providers_choices())

    def _holds_in(self, questions: Iterable[Question]) -> None:
        policy = self.make_policy()
        claims = self.claims(policy)
        for question in questions:
            for each in (question, situations.written_elsewhere(question)):
                rules.check_all(each, ask(policy, each), claims)

    # --- one decision ---------------------------------------------------------------------------------------------

    @_inherited
    @given(question=questions(from_mobile=True))
    def test_c1_from_a_mobile_the_client_sees_the_sims_own_number(self, question: Question) -> None:
        """C1: whatever the carousel is like."""
        rules.check_sim(question, ask(self.make_policy(), question))

    @_inherited
    @given(question=questions(from_mobile=False))
    def test_c2_from_an_ip_phone_a_number_of_the_active_generation_of_the_selected_pool(
        self, question: Question
    ) -> None:
        """C2: of the device's own provider, and of no pool further along than need be."""
        policy = self.make_policy()
        answer = ask(policy, question)
        rules.check_sim(question, answer)
        rules.check_generation(question, answer)
        rules.check_selected_pool(question, answer, self.claims(policy))

    @_inherited
    @given(question=questions(from_mobile=False, carousel=carousels(chosen_by=ChosenBy.US, max_pools=2)))
    def test_c3_never_a_number_that_may_not_be_shown_now(self, question: Question) -> None:
        """C3: retired, quarantined, not declared, over a cap or resting at that instant.

        Under the pools' own limits and under each kind alone; asked again and again with the number of the last answer
        on the bench, until nothing is left to show.
        """
        policy = self.make_policy()
        for limited in (question, *_under_each_limit(question)):
            left = limited
            for _ in range(len(numbers_of(question.carousel)) + 1):
                answer = ask(policy, left)
                rules.check_usable(left, answer)
                if not isinstance(answer, CallerIdDecision) or answer.requested is None:
                    break
                left = _quarantined(left, {answer.requested})

    @_inherited
    @given(
        question=questions(
            from_mobile=False, carousel=carousels(max_pools=4, max_generations=1, max_numbers=1, limits=False)
        )
    )
    def test_c4_the_pool_is_the_regions(self, question: Question) -> None:
        """C4: the sources in order; of several regions the pool of all, the client's, the first.

        Asked about numbers of every region, and of every two.
        """
        policy, claims = self.make_policy(), self.claims(self.make_policy())
        for codes in [question.number_codes, *combinations(REGION_CODES, 1), *combinations(REGION_CODES, 2)]:
            for client_codes in {(), question.client_codes, REGION_CODES[:1], REGION_CODES[-2:-1]}:
                each = evolve(question, number_codes=codes, client_codes=client_codes)
                rules.check_selected_pool(each, ask(policy, each), claims)

    @_inherited
    @given(question=questions(from_mobile=False, carousel=carousels(chosen_by=ChosenBy.US, providers=["beeline"])))
    def test_c5_an_exhausted_pool_is_widened_or_refuses(self, question: Question) -> None:
        """C5: along the chain, then the default; a refusal only where nothing is left.

        Asked about every region, with what serves it as it is, and on the bench.
        """
        policy, claims = self.make_policy(), self.claims(self.make_policy())
        for code in REGION_CODES:
            in_region = evolve(question, number_codes=(code,))
            selected, _ = oracles.selected_pool(in_region, self.sources)
            exhausted = _numbers(selected) if selected is not None else set()
            for each in (in_region, _quarantined(in_region, exhausted)):
                answer = ask(policy, each)
                rules.check_chain(each, answer, claims)
                rules.check_selected_pool(each, answer, claims)

    @_inherited
    @given(
        question=questions(from_mobile=False, talked=False, carousel=carousels(chosen_by=ChosenBy.US, max_pools=2)),
        which=st.integers(0, 9),
        off=st.sampled_from([-timedelta(hours=1), -_MICROSECOND, timedelta(0), timedelta(days=99)]),
    )
    def test_c6_a_client_is_shown_the_number_that_they_know(
        self, question: Question, which: int, off: timedelta
    ) -> None:
        """C6: while it is usable and the memory younger than its limit."""
        policy = self.make_policy()
        claims = self.claims(policy)
        first = ask(policy, question)
        assume(isinstance(first, CallerIdDecision) and first.requested is not None)
        assert isinstance(first, CallerIdDecision)
        rules.check_all(question, first, claims)
        pool = rules.pool_of(question, first)
        usable = sorted(oracles.showable(pool, question.now, question.uses))
        shown = usable[which % len(usable)]
        talk = EarlierTalk(shown, question.now - claims.memory - off)
        again = evolve(question, earlier_talk=talk)
        rules.check_sticky(again, ask(policy, again), claims)

    @_inherited
    @given(question=questions(carousel=carousels(chosen_by=ChosenBy.PROVIDER)) | questions())
    def test_c11_where_the_provider_chooses_we_do_not_pretend_to(self, question: Question) -> None:
        """C11: its numbers are listed unfiltered, and none is requested."""
        rules.check_providers_choice(question, ask(self.make_policy(), question))

    # --- runs of decisions ------------------------------------------------------------------------------------------

    @_inherited
    @given(
        question=questions(from_mobile=False, talked=False, carousel=carousels(chosen_by=ChosenBy.US, max_pools=2)),
        picks=st.integers(1, 24),
    )
    def test_c7_picks_are_shared_out_evenly(self, question: Question, picks: int) -> None:
        """C7: over any run the picks of two usable numbers differ by at most one, however they were used before."""
        self._is_fair(question, picks)

    def _is_fair(self, question: Question, picks: int) -> None:
        policy, claims = self.make_policy(), self.claims(self.make_policy())
        taken: list[PhoneNumber] = []
        for place in range(picks):
            question = _of_a_colleague(question, place, claims.memory)
            answer = ask(policy, question)
            if not isinstance(answer, CallerIdDecision) or answer.requested is None:
                return
            rules.check_all(question, answer, claims)
            pool = rules.pool_of(question, answer)
            taken.append(answer.requested)
            run = oracles.unfair_run(taken, oracles.showable(pool, question.now, question.uses))
            if run is not None:
                numbers = ", ".join(number.e164 for number in taken[slice(*run)])
                what = f"picks of two numbers differ by more than one in the run {numbers}"
                raise BrokenRule("C7", what, question, answer, [f"{number.e164} was picked" for number in taken])
            question = _after_turn(question, pool, answer.requested)

    def test_rules_hold_over_days_of_use(self) -> None:
        """C1, C2, C3, C4, C5, C6, C7, C9: calls, talks, quarantines, midnights and refreshes in any order."""
        live_through_days(self.make_policy, self.claims(self.make_policy()))

    # --- what a decision is -----------------------------------------------------------------------------------------

    @_inherited
    @given(question=questions(), other=questions())
    def test_c8_equal_questions_have_equal_answers(self, question: Question, other: Question) -> None:
        """C8: whatever was asked in between, by whichever instance; and the question is left as it was."""
        policy = self.make_policy()
        before = copy.deepcopy(question)
        turned = evolve(question, uses=dict(reversed(list(question.uses.items()))))
        first = _said(policy, question)
        _said(policy, other)
        for what, again in (
            ("the second time", _said(policy, question)),
            ("to a question that is equal", _said(policy, copy.deepcopy(question))),
            ("when uses are listed the other way round", _said(policy, turned)),
            ("by another instance", _said(self.make_policy(), question)),
        ):
            if again != first:
                raise BrokenRule("C8", f"the answer differs {what}: {again}, before {first}", question)
        if question != before:
            raise BrokenRule("C8", "the policy changed the question that it was asked", question)

    def test_c8_another_process_answers_the_same(self) -> None:
        """C8: as the next one after a restart will, whose sets and hashes are in another order.

        A policy that can't travel there (see `pickle`) is asked here, with the numbers' hashes salted otherwise.
        """
        policy = self.make_policy()
        asked = [
            *situations.fair_beginnings(),
            *situations.talks(self.memory(policy)),
            *situations.of_several_regions(),
        ]
        here = [purity.say(policy, question) for question in asked]
        there = answers_elsewhere(policy, asked)
        if there is None:
            there = answers_salted(self.make_policy, asked)
        for question, mine, other in zip(asked, here, there, strict=True):
            if mine != other:
                raise BrokenRule("C8", f"another process answers {other}", question, ask(policy, question))

    @_inherited
    @given(question=questions())
    def test_c8_a_decision_tells_its_version_and_its_steps(self, question: Question) -> None:
        """C8: without them nobody could say later why a number was shown."""
        policy = self.make_policy()
        answer = ask(policy, question)
        mobile = ask(policy, next(situations.from_mobiles()))
        assert isinstance(mobile, CallerIdDecision), "C1 is broken: a call from a mobile was refused"
        if not isinstance(answer, CallerIdDecision):
            return
        if not answer.policy_version or answer.policy_version != mobile.policy_version:
            raise BrokenRule("C8", f"its version is now {answer.policy_version!r}", question, answer)
        _has_steps(question, answer)

    @_inherited
    @given(question=questions())
    def test_c8_a_decision_is_reproduced_by_replay(self, question: Question) -> None:
        """C8: of the present version, as it was stored, from its steps alone."""
        answer = ask(self.make_policy(), question)
        assume(isinstance(answer, CallerIdDecision))
        assert isinstance(answer, CallerIdDecision)
        self._can_be_told_later(question, answer)

    def _can_be_told_later(self, question: Question, answer: CallerIdDecision) -> None:
        if not answer.policy_version:
            raise BrokenRule("C8", "the decision has no version", question, answer)
        _has_steps(question, answer)
        _is_small(question, answer)
        stored = decision_from_stored(json.loads(compact_json(decision_to_stored(answer))))
        if stored != answer:
            raise BrokenRule("C8", f"it is read otherwise than it was stored: {stored}", question, answer)
        try:
            replayed = self.replay(stored)
        except Exception as error:
            failed = f"replay fails with {type(error).__name__}: {error}"
            raise BrokenRule("C8", failed, question, answer) from error
        if replayed is not None and not replayed.reproduced:
            said = [f"{step.rule} says now '{now}'" for step, now in replayed.steps if step.said != now]
            raise BrokenRule(
                "C8", f"replay does not reproduce it: {'; '.join(said) or 'another number'}", question, answer
            )
        self._keeps_its_version(question, answer)

    def _keeps_its_version(self, question: Question, answer: CallerIdDecision) -> None:
        """Of one version there is one way to an answer: who names the shipped one takes that one's steps.

        Not asked of who claims less than it: so much less is said in the claims. The number itself is replay's."""
        memory = self.memory(self.make_policy())
        claims_all = self.fair and self.sticky and memory % timedelta(days=1) == timedelta(0)
        if answer.policy_version != caller_id.POLICY_VERSION or not claims_all:
            return
        shipped = caller_id.CallerIdPolicy(region_sources=self.sources, sticky_days=memory.days)
        expected = ask(shipped, question)
        if not isinstance(expected, CallerIdDecision):
            return
        taken, known = ([step.rule for step in each.steps] for each in (answer, expected))
        if taken != known:
            what = f"of version {answer.policy_version} the steps are {', '.join(known)}, here {', '.join(taken)}"
            raise BrokenRule("C8", what, question, answer)

    @_inherited
    @given(
        question=questions(carousel=carousels(max_numbers=30, max_generations=1, providers=["beeline"], max_pools=10))
    )
    def test_c8_a_decision_is_small(self, question: Question) -> None:
        """C8: what it saw is plain data, and as stored it takes at most 1 kB."""
        answer = ask(self.make_policy(), question)
        assume(isinstance(answer, CallerIdDecision))
        _is_small(question, answer)

    def test_c8_the_largest_decision_is_small(self) -> None:
        """C8: of ten pools of thirty numbers, and a number of three regions."""
        policy = self.make_policy()
        for question in situations.largest():
            answer = ask(policy, question)
            rules.check_all(question, answer, self.claims(policy))
            _is_small(question, answer)

    # --- the refresh ------------------------------------------------------------------------------------------------

    @_inherited
    @given(
        sizes=st.tuples(st.integers(1, 3), st.integers(1, 3)),
        off=st.sampled_from([-_MICROSECOND, timedelta(0), _MICROSECOND, -timedelta(days=1), timedelta(days=1)]),
        talked=st.booleans(),
    )
    def test_c9_a_refresh_holds_from_its_instant_on(self, sizes: tuple[int, int], off: timedelta, talked: bool) -> None:
        """C9: at or after it nothing of the old generation, one microsecond before nothing of the new."""
        old = evolve(a_generation(sizes[0]), id="old")
        new = evolve(a_generation(sizes[1], first=50), id="new", activates_at=NOW)
        question = Question(
            now=NOW + off,
            device=an_ip_phone(),
            number_codes=("RU-NVS",),
            carousel=a_carousel(a_pool(generations=(old, new))),
            earlier_talk=EarlierTalk(old.numbers[0].number, NOW - timedelta(days=2)) if talked else None,
        )
        answer = ask(self.make_policy(), question)
        expected = old if off < timedelta(0) else new
        if not isinstance(answer, CallerIdDecision):
            raise BrokenRule("C9", f"generation '{expected.id}' is active", question, answer)
        if answer.requested is None or not expected.has(answer.requested):
            raise BrokenRule("C9", f"generation '{expected.id}' is active", question, answer)
        rules.check_generation(question, answer)


def _has_steps(question: Question, answer: CallerIdDecision) -> None:
    if not answer.steps or not all(step.rule and step.said for step in answer.steps):
        raise BrokenRule("C8", "the decision has no steps, or empty ones", question, answer)


def _is_small(question: Question, answer: Answer) -> None:
    if not isinstance(answer, CallerIdDecision):
        return
    purity.check_plain(question, answer)
    size = len(compact_json(decision_to_stored(answer)).encode())
    if size > LARGEST_DECISION:
        raise BrokenRule("C8", f"as stored the decision takes {size} bytes", question, answer)


def _of_a_colleague(question: Question, place: int, memory: timedelta) -> Question:
    """The question from the phone of one of three employees, about a client of whom nobody knows, or not any more: fair
    is what all of them together pick (C7)."""
    who = place * place % 3
    device = evolve(question.device, id=f"D-{who}", employee_id=f"E-{who}", label=f"Kabinet {who}", line=f"{who}@pbx")
    forgotten = EarlierTalk(numbers_of(question.carousel)[0], question.now - memory - timedelta(days=1))
    return evolve(question, device=device, earlier_talk=forgotten if place % 3 else None)


def _numbers(pool: CarouselPool) -> set[PhoneNumber]:
    return {each.number for generation in pool.generations for each in generation.numbers}


def _said(policy: Policy, question: Question) -> object:
    """An answer as something to compare: a refusal by what it says."""
    answer = ask(policy, question)
    return answer if isinstance(answer, CallerIdDecision) else (answer.detail, answer.reasons)


def _after_turn(question: Question, pool: CarouselPool, number: PhoneNumber) -> Question:
    """The question as it is after a fair pick of this number."""
    turns = [question.uses.get(each, NumberUse()).turn for each in _numbers(pool)]
    before = question.uses.get(number, NumberUse())
    use = evolve(before, picks=before.picks + 1, turn=max(turns) + 1)
    return evolve(question, uses={**question.uses, number: use})


def _under_each_limit(question: Question) -> list[Question]:
    """The question under one kind of limit at a time, the same for all pools."""
    kinds: list[tuple[ShowLimits, bool]] = [
        (ShowLimits(), True),
        (ShowLimits(per_day=2), False),
        (ShowLimits(warm_up=(1, 3)), False),
        (ShowLimits(rest_seconds=3600), False),
    ]
    found = []
    for limits, required in kinds:
        pools = (evolve(pool, limits=limits, declaration_required=required) for pool in question.carousel.pools)
        found.append(evolve(question, carousel=Carousel(tuple(pools))))
    return found


def _quarantined(question: Question, numbers: set[PhoneNumber]) -> Question:
    """The question with these numbers on the bench."""
    bench = Quarantine("complaints", "E-1", question.now)
    pools = []
    for pool in question.carousel.pools:
        generations = [
            evolve(
                generation,
                numbers=tuple(
                    evolve(each, quarantine=bench if each.number in numbers else each.quarantine)
                    for each in generation.numbers
                ),
            )
            for generation in pool.generations
        ]
        pools.append(evolve(pool, generations=tuple(generations)))
    return evolve(question, carousel=Carousel(tuple(pools)))
