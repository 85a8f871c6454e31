"""Whose call-back is this (B1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony_core.call import Attempt, ShownNumber
from telephony_core.caller_id import Verdict
from telephony_core.carousel import Carousel, ChosenBy
from telephony_core.errors import NotPermitted
from telephony_core.party import Interest, Permission, Principal, Target, TargetKind
from telephony_core.phone import PhoneNumber
from telephony_core.testing.examples import (
    CLIENT_NUMBER,
    NOW,
    a_call,
    a_client,
    a_decision,
    a_mobile,
    a_number,
    a_principal,
    an_attempt_that,
    an_employee,
    an_interest,
)
from telephony_core.testing.fakes import FakeClock, FakeDirectory, FakeStore
from telephony_core.use_cases.attribute_callback import AttributeCallback, Attribution, Match, Why
from telephony_core.use_cases.rules import Rules

IVR = Principal("ivr", None, frozenset({Permission.CALL, Permission.ACT_FOR_OTHERS}))
HOUR = timedelta(hours=1)
BY_PROVIDER: dict[str, Any] = {"chosen_by": ChosenBy.PROVIDER, "requested": None, "fair": False}


class Office:
    """A store, a directory with employees E-5 to E-7, and the use case."""

    def __init__(self, *interests: Interest, rules: Rules | None = None) -> None:
        self.store = FakeStore(FakeClock(), carousel=Carousel())
        staff = [an_employee(id=f"E-{place}") for place in (5, 6, 7)]
        self.directory = FakeDirectory(a_client(), *staff, *interests, guarding=self.store)
        self.attribute = AttributeCallback(self.store, self.directory, rules or Rules())

    async def put(
        self, story: str, ago: timedelta, employee_id: str = "E-5", *, interest: str | None = None, **changes: Any
    ) -> Attempt:
        attempt = an_attempt_that(story, started_at=NOW - ago, employee_id=employee_id, **changes)
        target = Target(TargetKind.INTEREST, interest) if interest else Target(TargetKind.CLIENT, "C-17")
        call = a_call(attempt, employee_id=employee_id, target=target)
        async with self.store.write() as uow:
            await uow.calls.add(call)
            await uow.commit()
        return call.attempts[0]

    async def ask(self, shown: int | None = None, principal: Principal = IVR, **changes: Any) -> Attribution:
        number = a_number(shown) if shown is not None else None
        return await self.attribute(principal, CLIENT_NUMBER, shown_number=number, **changes)


def _reported(place: int) -> ShownNumber:
    return ShownNumber(a_number(place), Verdict.CONFORMS)


class TestOrder:
    async def test_the_owner_of_the_interest_comes_first(self) -> None:
        """B1: before who talked and who tried, even if the owner did neither."""
        office = Office(an_interest(owner_id="E-7"))
        await office.put("talked", HOUR, "E-5", interest="I-204")
        await office.put("no_answer", HOUR / 2, "E-6")
        found = await office.ask()
        assert (found.employee_id, found.why, found.tied) == ("E-7", Why.OWNER_OF_THE_INTEREST, ())
        assert found.call is not None
        assert found.call.target.id == "I-204"

    async def test_of_several_attempts_for_one_interest_the_latest_is_meant(self) -> None:
        """B1: whoever made it: the owner is asked for once."""
        office = Office(an_interest(owner_id="E-7"))
        await office.put("no_answer", 2 * HOUR, "E-5", interest="I-204")
        last = await office.put("no_answer", HOUR, "E-6", interest="I-204")
        found = await office.ask()
        assert (found.employee_id, found.attempt, found.tied) == ("E-7", last, ())

    async def test_then_who_talked_last(self) -> None:
        """B1."""
        office = Office()
        await office.put("talked", 3 * HOUR, "E-6")
        last = await office.put("talked", 2 * HOUR, "E-7")
        await office.put("no_answer", HOUR, "E-5")
        found = await office.ask()
        assert (found.employee_id, found.why, found.attempt) == ("E-7", Why.TALKED_LAST, last)

    async def test_then_who_tried_last(self) -> None:
        """B1."""
        office = Office()
        await office.put("busy", 2 * HOUR, "E-6")
        await office.put("no_answer", HOUR, "E-7")
        found = await office.ask()
        assert (found.employee_id, found.why, found.tied) == ("E-7", Why.TRIED_LAST, ())

    @pytest.mark.parametrize("owner", [None, "E-99"])
    async def test_an_interest_without_an_owner_decides_nothing(self, owner: str | None) -> None:
        """B1."""
        office = Office(an_interest(owner_id=owner))
        await office.put("no_answer", HOUR, "E-6", interest="I-204")
        assert (await office.ask()).employee_id == "E-6"

    async def test_an_owner_who_has_left_decides_nothing(self) -> None:
        """B1."""
        office = Office(an_interest(owner_id="E-7"))
        office.directory.put(an_employee(id="E-7", active=False))
        await office.put("no_answer", HOUR, "E-6", interest="I-204")
        assert (await office.ask()).employee_id == "E-6"

    @pytest.mark.parametrize("story", ["refused", "not_sent", "employee_did_not_answer"])
    async def test_what_cannot_have_rung_brings_nobody_to_call_back(self, story: str) -> None:
        """B1."""
        office = Office()
        await office.put("no_answer", 2 * HOUR, "E-6")
        await office.put(story, HOUR, "E-7")
        assert (await office.ask()).employee_id == "E-6"

    @pytest.mark.parametrize("story", ["unknown", "unresolved", "talking", "ringing_client"])
    async def test_what_may_have_rung_counts(self, story: str) -> None:
        """B1."""
        office = Office()
        await office.put("no_answer", 2 * HOUR, "E-6")
        await office.put(story, HOUR, "E-7")
        assert (await office.ask()).employee_id == "E-7"

    async def test_nobody_is_an_answer(self) -> None:
        """B1."""
        found = await Office().ask()
        assert (found.employee_id, found.call, found.match, found.why) == (None, None, None, Why.NO_ATTEMPT)


class TestTies:
    async def test_owners_of_two_interests_are_said(self) -> None:
        """B1: the later attempt decides, and the answer names the other."""
        office = Office(an_interest(id="I-1", owner_id="E-6"), an_interest(id="I-2", owner_id="E-7"))
        await office.put("talked", HOUR, interest="I-2")
        await office.put("no_answer", 2 * HOUR, interest="I-1")
        found = await office.ask()
        assert (found.employee_id, found.tied) == ("E-7", ("E-6",))

    async def test_one_owner_of_two_interests_is_no_tie(self) -> None:
        """B1."""
        office = Office(an_interest(id="I-1", owner_id="E-6"), an_interest(id="I-2", owner_id="E-6"))
        await office.put("talked", HOUR, interest="I-2")
        await office.put("no_answer", 2 * HOUR, interest="I-1")
        found = await office.ask()
        assert (found.employee_id, found.tied) == ("E-6", ())

    async def test_two_who_tried_at_one_instant_are_said(self) -> None:
        """B1."""
        office = Office()
        await office.put("no_answer", HOUR, "E-6")
        await office.put("no_answer", HOUR, "E-7")
        found = await office.ask()
        assert {found.employee_id, *found.tied} == {"E-6", "E-7"}
        assert len(found.tied) == 1


class TestTheShownNumber:
    async def test_exact_where_the_provider_reported_it(self) -> None:
        """B1."""
        office = Office()
        await office.put("no_answer", 2 * HOUR, "E-6", shown=_reported(3))
        await office.put("talked", HOUR, "E-7", shown=_reported(4))
        found = await office.ask(3)
        assert (found.employee_id, found.match) == ("E-6", Match.EXACT)

    async def test_candidate_where_it_is_among_those_that_might_be_shown(self) -> None:
        """B1."""
        office = Office()
        await office.put("no_answer", 2 * HOUR, "E-6", decision=a_decision(**BY_PROVIDER))
        await office.put("no_answer", HOUR, "E-7", decision=a_decision(candidates=(a_number(50),), **BY_PROVIDER))
        found = await office.ask(3)
        assert (found.employee_id, found.match) == ("E-6", Match.CANDIDATE)

    async def test_who_requested_just_this_number_comes_before(self) -> None:
        """B1: of one pool, later, and with it among the candidates: but it wasn't the one."""
        office = Office()
        await office.put("no_answer", 2 * HOUR, "E-6", decision=a_decision(requested=a_number(3)))
        await office.put("no_answer", HOUR, "E-7", decision=a_decision(requested=a_number(4)))
        found = await office.ask(3)
        assert (found.employee_id, found.match) == ("E-6", Match.CANDIDATE)

    async def test_a_sims_number_is_found_too(self) -> None:
        """B1."""
        office = Office()
        await office.put("no_answer", 2 * HOUR, device=a_mobile(employee_id="E-6"), employee_id="E-6")
        await office.put("no_answer", HOUR, "E-7")
        found = await office.attribute(IVR, CLIENT_NUMBER, shown_number=a_mobile().sim.number)  # type: ignore[union-attr]
        assert (found.employee_id, found.match) == ("E-6", Match.CANDIDATE)

    async def test_what_was_reported_otherwise_is_no_candidate(self) -> None:
        """B1."""
        office = Office()
        await office.put("no_answer", 2 * HOUR, "E-6", decision=a_decision(**BY_PROVIDER))
        await office.put("no_answer", HOUR, "E-7", decision=a_decision(**BY_PROVIDER), shown=_reported(4))
        assert (await office.ask(3)).employee_id == "E-6"

    async def test_not_reported_may_have_been_it(self) -> None:
        """B1."""
        office = Office()
        shown = ShownNumber(None, Verdict.NOT_REPORTED)
        await office.put("no_answer", HOUR, "E-6", decision=a_decision(**BY_PROVIDER), shown=shown)
        assert (await office.ask(3)).match is Match.CANDIDATE

    async def test_a_number_that_was_retired_is_found(self) -> None:
        """B1: the carousel of now is empty: what was decided then counts."""
        office = Office()
        await office.put("no_answer", 20 * 24 * HOUR, "E-6")
        assert (await office.ask(0)).match is Match.CANDIDATE

    async def test_without_it_or_with_a_strange_one_the_caller_alone_is_the_key(self) -> None:
        """B1."""
        office = Office()
        await office.put("no_answer", HOUR, "E-6")
        for shown in (None, 77):
            found = await office.ask(shown)
            assert (found.employee_id, found.match) == ("E-6", Match.CALLER_ONLY)


class TestTheWindow:
    @pytest.mark.parametrize(("days", "found"), [(30, True), (31, False)])
    async def test_it_is_thirty_days_by_default(self, days: int, found: bool) -> None:
        """B1."""
        office = Office()
        await office.put("talked", timedelta(days=days))
        assert ((await office.ask()).employee_id is not None) == found

    async def test_it_is_a_setting(self) -> None:
        """B1."""
        office = Office(rules=Rules(attribution_window=HOUR))
        await office.put("talked", 2 * HOUR)
        found = await office.ask()
        assert (found.employee_id, found.since) == (None, NOW - HOUR)

    async def test_what_came_after_the_call_back_is_not_its_cause(self) -> None:
        """B1."""
        office = Office()
        await office.put("no_answer", 2 * HOUR, "E-6")
        await office.put("talked", HOUR / 2, "E-7")
        assert (await office.ask(at=NOW - HOUR)).employee_id == "E-6"


class TestPrivacy:
    async def test_without_act_for_others_only_ones_own_attempts_count(self) -> None:
        """P4."""
        office = Office(an_interest(owner_id="E-7"))
        await office.put("no_answer", 2 * HOUR, "E-5")
        await office.put("talked", HOUR, "E-6", interest="I-204")
        await office.put("no_answer", HOUR, "E-5", interest="I-204")
        found = await office.ask(principal=a_principal())
        assert (found.employee_id, found.why) == ("E-5", Why.TRIED_LAST)
        nobody = await office.ask(principal=a_principal(employee_id="E-99"))
        assert nobody.employee_id is None

    async def test_calling_is_needed(self) -> None:
        with pytest.raises(NotPermitted):
            await Office().ask(principal=Principal("x", "E-5", frozenset({Permission.ACT_FOR_OTHERS})))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["talked", "no_answer", "busy", "not_sent", "unresolved"]),
            st.integers(0, 40 * 24),
            st.sampled_from(["E-5", "E-6", "E-7"]),
            st.none() | st.integers(0, 3),
        ),
        max_size=8,
    ),
    st.none() | st.integers(0, 3),
)
async def test_the_answer_is_always_one_of_those_who_may_have_rung(
    attempts: list[tuple[str, int, str, int | None]], shown: int | None
) -> None:
    """B1: found exactly if anybody may have rung in the window; exact exactly if one of them was reported so."""
    office = Office()
    for story, hours, employee_id, reported in attempts:
        more: dict[str, Any] = {"shown": _reported(reported)} if reported is not None else {}
        await office.put(story, hours * HOUR, employee_id, **more)
    fitting = [each for each in attempts if each[0] != "not_sent" and each[1] <= 30 * 24]
    found = await office.ask(shown)
    assert (found.employee_id is not None) == bool(fitting)
    assert found.employee_id in {None, *(each[2] for each in fitting)}
    exact = shown is not None and shown in [each[3] for each in fitting]
    assert (found.match is Match.EXACT) == exact


OWNERS = {"I-1": "E-6", "I-2": "E-7"}
CANDIDATES = ((a_number(0),), (a_number(1),), (a_number(0), a_number(1)))


@frozen
class Tried:
    """One attempt as the rule sees it. The carousel has two numbers, 0 and 1."""

    story: str
    hours: int
    employee_id: str
    interest: str | None
    candidates: tuple[PhoneNumber, ...]
    requested: int | None
    reported: int | None

    def fits(self, shown: int) -> tuple[bool, bool, bool]:
        """Reported as shown; requested, or else among the candidates, and nothing reported."""
        open_still = self.reported is None
        return (
            self.reported == shown,
            open_still and self.requested == shown,
            open_still and a_number(shown) in self.candidates,
        )


_some_number = st.sampled_from([None, 0, 1])


def _tries(interests: list[str | None]) -> st.SearchStrategy[list[Tried]]:
    one = st.builds(
        Tried,
        st.sampled_from(["talked", "talking", "no_answer", "busy", "unknown", "unresolved", "not_sent"]),
        st.integers(0, 3) | st.integers(30 * 24, 30 * 24 + 1),
        st.sampled_from(["E-5", "E-6", "E-7"]),
        st.sampled_from(interests),
        st.sampled_from(CANDIDATES),
        _some_number,
        _some_number,
    )
    return st.lists(one, max_size=6)


def meant(tries: list[Tried], shown: int | None) -> tuple[Match | None, Why, set[str], set[str]]:
    """The rule word by word: the match, why, the employees any of whom may be named, and all of whom it is true."""
    left = [each for each in tries if each.story != "not_sent" and each.hours <= 30 * 24]
    if not left:
        return None, Why.NO_ATTEMPT, set(), set()
    match = Match.CALLER_ONLY
    if shown is not None:
        by_number = ([each for each in left if each.fits(shown)[how]] for how in range(3))
        for fitting, found in zip(by_number, (Match.EXACT, Match.CANDIDATE, Match.CANDIDATE), strict=True):
            if fitting:
                match, left = found, fitting
                break
    if owned := [each for each in left if each.interest]:
        last = min(each.hours for each in owned)
        of_last = {OWNERS[each.interest] for each in owned if each.interest and each.hours == last}
        return match, Why.OWNER_OF_THE_INTEREST, of_last, {OWNERS[each.interest] for each in owned if each.interest}
    talked = [each for each in left if each.story in ("talked", "talking")]
    why, left = (Why.TALKED_LAST, talked) if talked else (Why.TRIED_LAST, left)
    latest = {each.employee_id for each in left if each.hours == min(each.hours for each in left)}
    return match, why, latest, latest


@settings(max_examples=300)
@given(_tries([None]) | _tries([None, "I-1", "I-2"]), _some_number)
async def test_b1_a_call_back_finds_whom_the_rule_means(tries: list[Tried], shown: int | None) -> None:
    """B1: reported before requested before candidate; owner, last who talked, last who tried; every tie is said."""
    office = Office(*(an_interest(id=interest, owner_id=owner) for interest, owner in OWNERS.items()))
    for each in tries:
        requested = a_number(each.requested) if each.requested is not None else None
        decision = a_decision(**{**BY_PROVIDER, "candidates": each.candidates, "requested": requested})
        more: dict[str, Any] = {"shown": _reported(each.reported)} if each.reported is not None else {}
        ago = each.hours * HOUR
        await office.put(each.story, ago, each.employee_id, interest=each.interest, decision=decision, **more)
    match, why, any_of, all_of = meant(tries, shown)
    found = await office.ask(shown)
    assert (found.match, found.why) == (match, why)
    if not any_of:
        assert (found.employee_id, found.tied) == (None, ())
        return
    assert found.employee_id in any_of
    assert sorted(found.tied) == sorted(all_of - {found.employee_id})
