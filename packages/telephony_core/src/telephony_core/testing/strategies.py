"""Hypothesis strategies of the core's values, in the plural as Hypothesis names its own.

All are built from small integers, so that they are fast and shrink to the plain case: the first number of the first
pool, no quarantine, no limits, one region. Instants lie round `NOW`, many of them exactly at it or a microsecond off,
because that is where rules break. Those of the carousel and of its use have a module of their own; all names are here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import evolve
from hypothesis import strategies as st

from telephony_core.call import Attempt, Call, MatchedBy, ShownNumber, first_facts
from telephony_core.call_facts import Cause, Fact, FactKind, LegName
from telephony_core.caller_id import Verdict
from telephony_core.device import CorporateSim, Device, IpPhone, Mobile
from telephony_core.party import Target, TargetKind
from telephony_core.phone import PhoneNumber
from telephony_core.region import Region, RegionSource
from telephony_core.testing.carousel_strategies import (
    REGION_CODES,
    carousels,
    number_uses,
    policies,
    questions,
    region_codes,
)
from telephony_core.testing.examples import NOW, PROVIDER, SIM_NUMBER, a_decision, a_number, an_attempt, an_id

__all__ = [
    "REGION_CODES",
    "attempts",
    "calls",
    "carousels",
    "devices",
    "fact_sets",
    "facts",
    "instants",
    "ip_phones",
    "mobiles",
    "number_uses",
    "phone_numbers",
    "policies",
    "questions",
    "region_codes",
    "regions",
]

_NEAR = (
    timedelta(0),
    timedelta(microseconds=-1),
    timedelta(microseconds=1),
    timedelta(minutes=-5),
    timedelta(days=-1),
    timedelta(days=1),
    timedelta(days=-90),
    timedelta(days=90),
)


def instants(now: datetime = NOW) -> st.SearchStrategy[datetime]:
    """Instants at `now`, a microsecond off, and further away on both sides."""
    return st.sampled_from([now + off for off in _NEAR])


def phone_numbers() -> st.SearchStrategy[PhoneNumber]:
    """Russian mobile numbers, `+79000000000` to `+79399999999`."""
    return st.integers(0, 399_999_999).map(lambda place: PhoneNumber(f"+79{place:09d}"))


def regions() -> st.SearchStrategy[Region]:
    """Regions of one to three codes, from any source."""
    codes = st.lists(region_codes(), min_size=1, max_size=3).map(tuple)
    return st.builds(Region, codes, st.sampled_from(RegionSource))


@st.composite
def ip_phones(
    draw: st.DrawFn, *, provider: str = PROVIDER, employee_id: str = "E-5", active: bool | None = None
) -> IpPhone:
    """IP phones of an employee; `active` None: some, but not all."""
    place = draw(st.integers(0, 3))
    is_active = draw(st.integers(0, 3)) < 3 if active is None else active
    preferred = draw(st.booleans())
    return IpPhone(
        f"D-{place}",
        employee_id,
        f"Kabinet {place}",
        provider,
        f"10{place:02d}@pbx",
        active=is_active,
        preferred=preferred,
    )


@st.composite
def mobiles(
    draw: st.DrawFn,
    *,
    provider: str = PROVIDER,
    employee_id: str = "E-5",
    now: datetime = NOW,
    eligible: bool | None = None,
) -> Mobile:
    """Mobiles of an employee, with and without SIM and FMTN; `eligible` True: one may call from them at `now`."""
    place = draw(st.integers(0, 3))
    device = Mobile(
        f"D-1{place}",
        employee_id,
        f"Mobile {place}",
        provider,
        f"903111000{place}@pbx",
        CorporateSim(a_number(1_110_000 + place), issued_at=now - timedelta(days=90)),
        fmtn=True,
    )
    if eligible:
        return device
    what = draw(st.integers(0, 5 if eligible is None else 4)) + (0 if eligible is None else 1)
    assert device.sim is not None
    match what:
        case 1:
            return evolve(device, sim=None)
        case 2:
            return evolve(device, fmtn=False)
        case 3:
            return evolve(device, active=False)
        case 4:
            issued = draw(st.sampled_from([None, now + timedelta(microseconds=1), now + timedelta(days=1)]))
            return evolve(device, sim=evolve(device.sim, issued_at=issued))
        case 5:
            returned = draw(st.sampled_from([now, now - timedelta(microseconds=1), now - timedelta(days=1)]))
            return evolve(device, sim=evolve(device.sim, returned_at=returned))
        case _:
            return device


def devices(*, provider: str = PROVIDER, employee_id: str = "E-5", now: datetime = NOW) -> st.SearchStrategy[Device]:
    """Devices of both kinds, eligible and not."""
    phones = ip_phones(provider=provider, employee_id=employee_id)
    return phones | mobiles(provider=provider, employee_id=employee_id, now=now)


@st.composite
def facts(draw: st.DrawFn, *, leg: LegName | None = None, since: datetime = NOW) -> Fact:
    """Single facts of any kind, up to five hours after `since`; in any order, as reports may come."""
    kind = draw(st.sampled_from(FactKind))
    on = leg or draw(st.sampled_from(LegName))
    at = since + timedelta(seconds=draw(st.sampled_from([0, 1, 2, 5, 8, 15, 60, 75, 900, 3600, 14400, 18000])))
    cause = draw(st.none() | st.sampled_from(Cause)) if kind is FactKind.RELEASED else None
    return Fact(on, kind, at, cause, "486" if kind is FactKind.REFUSED else None)


@st.composite
def fact_sets(
    draw: st.DrawFn, *, since: datetime = NOW, two_step: bool | None = None, max_size: int = 8
) -> frozenset[Fact]:
    """Sets of facts of one attempt, the intent to dial always among them."""
    steps = draw(st.booleans()) if two_step is None else two_step
    return first_facts(since, two_step=steps) | draw(st.frozensets(facts(since=since), max_size=max_size))


@st.composite
def attempts(draw: st.DrawFn, *, started_at: datetime = NOW, two_step: bool | None = None) -> Attempt:
    """Attempts in every state, from devices of both kinds, with what was shown told or not."""
    steps = draw(st.booleans()) if two_step is None else two_step
    device: Device = draw(ip_phones(active=True) | mobiles(eligible=True, now=started_at))
    attempt = an_attempt(
        id=an_id(draw(st.integers(0, 99_999))),
        started_at=started_at,
        device=device,
        two_step=steps,
        phone_number=draw(phone_numbers()),
        decision=a_decision(device, decided_at=started_at),
        employee_numbers=frozenset({SIM_NUMBER}),
        free_hand=draw(st.booleans()),
    )
    if draw(st.booleans()):
        attempt = evolve(attempt, provider_reference="ref-1", matched_by=draw(st.sampled_from(MatchedBy)))
    if draw(st.booleans()):
        shown = ShownNumber(draw(st.none() | phone_numbers()), draw(st.sampled_from(Verdict)))
        attempt = evolve(attempt, shown=shown)
    known = draw(fact_sets(since=started_at, two_step=steps))
    return attempt.learn(known, max(fact.at for fact in known))


@st.composite
def calls(draw: st.DrawFn, *, created_at: datetime = NOW) -> Call:
    """Calls of up to three attempts, planned, open or closed, by client and by interest."""
    target = Target(draw(st.sampled_from(TargetKind)), f"T-{draw(st.integers(0, 2))}")
    client_id = target.id if target.kind is TargetKind.CLIENT else "C-17"
    call = Call(an_id(draw(st.integers(0, 99_999))), target, client_id, "E-5", created_at)
    made: list[Attempt] = []
    for place in range(draw(st.integers(0, 3))):
        attempt = draw(attempts(started_at=created_at + timedelta(minutes=place)))
        made.append(evolve(attempt, id=an_id(place), call_id=call.id, client_id=client_id))
    return evolve(
        call,
        attempts=tuple(made),
        external_id=draw(st.none() | st.sampled_from(["task-1", "задача-2"])),
        closed_at=draw(st.none() | st.just(created_at + timedelta(hours=1))),
        due_at=draw(st.none() | st.just(created_at + timedelta(days=3))),
        note=draw(st.none() | st.just("перезвонить")),
    )
