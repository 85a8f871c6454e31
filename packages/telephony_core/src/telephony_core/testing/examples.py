"""Valid values, one of each kind, with overrides by keyword: `a_call(employee_id="E-7")`.

What isn't named is made up and fits together: an attempt's decision is about its device, its facts are those of a
fresh intent. Instants lie round `NOW`. Nothing here is random.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from attrs import evolve

from telephony_core.call import Attempt, Call, UsedDevice, first_facts
from telephony_core.call_facts import Cause, Fact, FactKind, LegName
from telephony_core.caller_id import POLICY_VERSION, CallerIdDecision, Step
from telephony_core.carousel import Carousel, CarouselNumber, CarouselPool, ChosenBy, Generation
from telephony_core.device import CorporateSim, Device, IpPhone, Mobile
from telephony_core.events import CallEvent, of_attempt
from telephony_core.party import (
    EMPLOYEE_PERMISSIONS,
    Client,
    Contact,
    Employee,
    EnteredNumber,
    Interest,
    Permission,
    Principal,
    Target,
    TargetCard,
    TargetKind,
)
from telephony_core.phone import PhoneNumber
from telephony_core.ports import ProviderReport
from telephony_core.region import Region

NOW = datetime(2026, 11, 23, 9, 15, 2, tzinfo=UTC)
"""A Monday noon in Moscow."""

CLIENT_NUMBER = PhoneNumber("+79139123456")
SIM_NUMBER = PhoneNumber("+79031110001")
PROVIDER = "beeline"

_ids = count(1)


def an_id(place: int | None = None) -> str:
    """An id that sorts by its place; without one: after all that were made before."""
    return f"01K{next(_ids) if place is None else place:023d}"


def a_number(place: int = 0, *, prefix: str = "+7903") -> PhoneNumber:
    """The `place`-th number of a series: `+79030000000`, `+79030000001`, …"""
    return PhoneNumber(f"{prefix}{place:0{12 - len(prefix)}d}")


# --- People and what they have ------------------------------------------------------------------------------------


def an_employee(**changes: Any) -> Employee:
    return evolve(Employee("E-5", "Operator 5"), **changes)


def a_principal(*more: Permission, employee_id: str | None = "E-5", **changes: Any) -> Principal:
    """Who may call and see numbers, and what `more` names."""
    allowed: frozenset[Permission] = EMPLOYEE_PERMISSIONS.union(more)
    return evolve(Principal(f"token-{employee_id}", employee_id, allowed), **changes)


def an_entered_number(text: str = "8 (913) 912-34-56", **changes: Any) -> EnteredNumber:
    return evolve(EnteredNumber(f"n-{sum(map(ord, text))}", text, primary=True), **changes)


def a_client(**changes: Any) -> Client:
    return evolve(Client("C-17", "Client 17", (an_entered_number(),), ("RU-NVS",), owner_id="E-5"), **changes)


def a_contact(**changes: Any) -> Contact:
    return evolve(Contact("K-1", "Contact 1", (an_entered_number("+7 383 212-34-56 доб. 12"),)), **changes)


def an_interest(**changes: Any) -> Interest:
    return evolve(Interest("I-204", "C-17", "a flat by the river", (a_contact(),), owner_id="E-5"), **changes)


def a_card(**changes: Any) -> TargetCard:
    """The card of a client; `a_card(interest=an_interest())` is the interest's."""
    return evolve(TargetCard(a_client()), **changes)


def an_ip_phone(**changes: Any) -> IpPhone:
    return evolve(IpPhone("D-9", "E-5", "Kabinet 3, 1017", PROVIDER, "1017@pbx", preferred=True), **changes)


def a_sim(**changes: Any) -> CorporateSim:
    return evolve(CorporateSim(SIM_NUMBER, issued_at=NOW - timedelta(days=90)), **changes)


def a_mobile(**changes: Any) -> Mobile:
    return evolve(Mobile("D-10", "E-5", "Mobile of E-5", PROVIDER, "9031110001@pbx", a_sim(), fmtn=True), **changes)


# --- The carousel -------------------------------------------------------------------------------------------------


def a_generation(
    size: int = 10, *, pool_id: str = "siberia", first: int = 0, age: timedelta = timedelta(days=30), **changes: Any
) -> Generation:
    """A generation of `size` numbers from the `first` of the series on, active since `age` before `NOW`."""
    numbers = tuple(CarouselNumber(a_number(first + place)) for place in range(size))
    return evolve(Generation(f"{pool_id}-{first}", numbers, NOW - age), **changes)


def a_pool(pool_id: str = "siberia", *, size: int = 10, first: int = 0, **changes: Any) -> CarouselPool:
    """The default pool of its provider, from which we choose."""
    pool = CarouselPool(
        pool_id,
        PROVIDER,
        ChosenBy.US,
        ("RU-NVS", "RU-TOM"),
        title=pool_id.title(),
        is_default=True,
        generations=(a_generation(size, pool_id=pool_id, first=first),),
    )
    return evolve(pool, **changes)


def a_carousel(*pools: CarouselPool) -> Carousel:
    """A carousel of these pools; without any: of one."""
    return Carousel(pools or (a_pool(),))


# --- Calls ----------------------------------------------------------------------------------------------------------


def a_decision(device: Device | None = None, **changes: Any) -> CallerIdDecision:
    """A decision that pool 'siberia' shows its first number; for a mobile: its SIM's."""
    if isinstance(device, Mobile):
        sim = (device.sim or a_sim()).number
        step = Step("C1", {"device": "mobile", "sim": sim.e164}, f"the SIM's own number {sim.e164}")
        region = Region(("RU-NVS",))
        decision = CallerIdDecision(ChosenBy.US, POLICY_VERSION, NOW, region, None, None, (), sim, (step,))
        return evolve(decision, **changes)
    pool = a_pool()
    numbers = tuple(each.number for each in pool.generations[0].numbers)
    steps = (
        Step("C4", {"codes": ["RU-NVS"], "serving": [["siberia", ["RU-NVS"]]], "default": "siberia"}, "pool siberia"),
        Step("C3", {"pool": "siberia", "usable": 10, "against": {}}, "pool siberia has 10 usable"),
        Step("C7", {"turns": [0] * 10}, "number 0"),
    )
    decision = CallerIdDecision(
        chosen_by=ChosenBy.US,
        policy_version=POLICY_VERSION,
        decided_at=NOW,
        region=Region(("RU-NVS",)),
        pool_id=pool.id,
        generation_id=pool.generations[0].id,
        candidates=numbers,
        requested=numbers[0],
        steps=steps,
        fair=True,
    )
    return evolve(decision, **changes)


def an_attempt(
    *, started_at: datetime = NOW, device: Device | None = None, two_step: bool = False, **changes: Any
) -> Attempt:
    """An attempt whose intent has just been committed; `facts` makes more of it (see `facts_of`)."""
    device = device or an_ip_phone()
    attempt = Attempt(
        id=an_id(),
        call_id="call-of-no-one",
        employee_id=device.employee_id,
        client_id="C-17",
        principal_id="token-E-5",
        provider=device.provider,
        two_step=two_step,
        device=UsedDevice.of(device),
        phone_number=CLIENT_NUMBER,
        decision=a_decision(device, decided_at=started_at),
        started_at=started_at,
        facts=first_facts(started_at, two_step=two_step),
    )
    return evolve(attempt, **changes)


def a_call(*attempts: Attempt, **changes: Any) -> Call:
    """A Call with these attempts, which it takes for its own; without any: a planned one."""
    began = min((attempt.started_at for attempt in attempts), default=NOW)
    call = evolve(Call(an_id(), Target(TargetKind.CLIENT, "C-17"), "C-17", "E-5", began), **changes)
    mine = (evolve(each, call_id=call.id, client_id=call.client_id) for each in attempts)
    return evolve(call, attempts=tuple(mine))


_STEPS: dict[str, tuple[tuple[LegName, FactKind, int, Cause | None], ...]] = {
    "requested": (),
    "unknown": ((LegName.EMPLOYEE, FactKind.ANSWER_LOST, 10, None),),
    "accepted": ((LegName.EMPLOYEE, FactKind.ACCEPTED, 1, None),),
    "ringing_employee": ((LegName.EMPLOYEE, FactKind.RINGING, 2, None),),
    "ringing_client": (
        (LegName.EMPLOYEE, FactKind.ANSWERED, 5, None),
        (LegName.CLIENT, FactKind.RINGING, 8, None),
    ),
    "talking": ((LegName.CLIENT, FactKind.ANSWERED, 15, None),),
    "talked": (
        (LegName.CLIENT, FactKind.RELEASED, 75, Cause.NORMAL),
        (LegName.EMPLOYEE, FactKind.RELEASED, 75, Cause.NORMAL),
    ),
    "no_answer": (
        (LegName.CLIENT, FactKind.RELEASED, 40, Cause.NO_ANSWER),
        (LegName.EMPLOYEE, FactKind.RELEASED, 40, Cause.NORMAL),
    ),
    "busy": (
        (LegName.CLIENT, FactKind.RELEASED, 9, Cause.BUSY),
        (LegName.EMPLOYEE, FactKind.RELEASED, 9, Cause.NORMAL),
    ),
    "unreachable": (
        (LegName.CLIENT, FactKind.RELEASED, 9, Cause.UNREACHABLE),
        (LegName.EMPLOYEE, FactKind.RELEASED, 9, Cause.NORMAL),
    ),
    "employee_did_not_answer": ((LegName.EMPLOYEE, FactKind.RELEASED, 30, Cause.NO_ANSWER),),
    "cancelled": ((LegName.EMPLOYEE, FactKind.RELEASED, 4, Cause.CANCELLED),),
    "refused": ((LegName.EMPLOYEE, FactKind.REFUSED, 1, None),),
    "not_sent": ((LegName.EMPLOYEE, FactKind.NOT_SENT, 1, None),),
    "unresolved": ((LegName.EMPLOYEE, FactKind.GIVEN_UP, 900, None),),
}

_WAY_TO = {
    "requested": (),
    "unknown": ("unknown",),
    "accepted": ("accepted",),
    "ringing_employee": ("accepted", "ringing_employee"),
    "ringing_client": ("accepted", "ringing_employee", "ringing_client"),
    "talking": ("accepted", "ringing_employee", "ringing_client", "talking"),
    "talked": ("accepted", "ringing_employee", "ringing_client", "talking", "talked"),
    "no_answer": ("accepted", "ringing_employee", "ringing_client", "no_answer"),
    "busy": ("accepted", "ringing_employee", "ringing_client", "busy"),
    "unreachable": ("accepted", "ringing_employee", "ringing_client", "unreachable"),
    "employee_did_not_answer": ("accepted", "ringing_employee", "employee_did_not_answer"),
    "cancelled": ("accepted", "ringing_employee", "cancelled"),
    "refused": ("refused",),
    "not_sent": ("not_sent",),
    "unresolved": ("unknown", "unresolved"),
}


def facts_of(story: str, *, since: datetime = NOW, two_step: bool = False) -> frozenset[Fact]:
    """All facts of an attempt that has got as far as `story`: a state ("talking", "unknown") or an ending ("busy")."""
    facts = set(first_facts(since, two_step=two_step))
    for part in _WAY_TO[story]:
        facts |= {Fact(leg, kind, since + timedelta(seconds=at), cause) for leg, kind, at, cause in _STEPS[part]}
    client_dialled = any(fact.leg is LegName.CLIENT for fact in facts)
    if two_step and client_dialled:
        facts.add(Fact(LegName.CLIENT, FactKind.REQUESTED, since + timedelta(seconds=5)))
    return frozenset(facts)


def an_attempt_that(story: str, *, started_at: datetime = NOW, two_step: bool = False, **changes: Any) -> Attempt:
    """An attempt with the facts of `story` (see `facts_of`), ended if the story ends."""
    attempt = an_attempt(started_at=started_at, two_step=two_step, **changes)
    facts = facts_of(story, since=started_at, two_step=two_step)
    return attempt.learn(facts, max(fact.at for fact in facts))


def a_report(attempt: Attempt | None = None, **changes: Any) -> ProviderReport:
    """The provider's report that the client's phone rings; of `attempt` by its reference, if it has one."""
    attempt = attempt or an_attempt(provider_reference="ref-1")
    at = attempt.started_at + timedelta(seconds=8)
    report = ProviderReport(
        provider=attempt.provider,
        subscription_id="subscription-1",
        event_id=an_id(),
        at=at,
        facts=frozenset({Fact(LegName.CLIENT, FactKind.RINGING, at)}),
        reference=attempt.provider_reference,
        line=attempt.device.line,
        phone_number=attempt.phone_number,
        placed_by_us=True,
    )
    return evolve(report, **changes)


def an_event(attempt: Attempt | None = None, **changes: Any) -> CallEvent:
    attempt = attempt or an_attempt()
    return evolve(of_attempt(an_id(), "attempt_started", attempt, attempt.started_at), **changes)
