"""An office to test the use cases in: the whole core over fakes, which may die at a named point and be started anew.

What a death leaves is what the store committed and what the provider's phones saw; everything else is made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from attrs import evolve

from telephony_core.call import Attempt, Call, Dial, HangUp
from telephony_core.caller_id import CallerIdPolicy
from telephony_core.dialling import DiallingRules
from telephony_core.party import Client, Employee, Interest, Permission, Principal, Target, TargetKind
from telephony_core.phone import PhoneNumber
from telephony_core.ports import DialAnswer, LookUp, ProviderGateway, ProviderReport, UnitOfWork
from telephony_core.testing.examples import (
    a_carousel,
    a_client,
    a_mobile,
    a_number,
    a_pool,
    a_principal,
    a_sim,
    an_employee,
    an_entered_number,
    an_interest,
    an_ip_phone,
)
from telephony_core.testing.fake_directory import FakeDirectory
from telephony_core.testing.fake_gateways import OneStepGateway, TwoStepGateway
from telephony_core.testing.fake_store import FakeStore
from telephony_core.testing.fakes import FakeClock, FakeIds, FakeParser, FakeRegions, FakeStatuses, FakeTimeZones
from telephony_core.use_cases.dial_leg import LegDialler
from telephony_core.use_cases.end_call import CloseCall, HangUpCall
from telephony_core.use_cases.find_numbers import FindNumbers, NumberJudge
from telephony_core.use_cases.follow_call import ApplyReport, ReadCalls
from telephony_core.use_cases.initiate_call import InitiateCall, Initiated, InitiateRequest
from telephony_core.use_cases.list_devices import ListDevices
from telephony_core.use_cases.match_reports import ReportMatcher
from telephony_core.use_cases.note_facts import FactNotes
from telephony_core.use_cases.preview_caller_id import CallerIdDesk, PreviewCallerId
from telephony_core.use_cases.reconcile_calls import ReconcileCalls
from telephony_core.use_cases.rules import Rules

ANY_HOUR = DiallingRules(quiet_hours=None, per_hour=None, per_day=None)


async def until(true: Callable[[], object]) -> None:
    """Let the other tasks go on until it is so; a test that waits in vain is ended by its time limit."""
    while not true():  # noqa: ASYNC110  # what is waited for has no event of its own
        await asyncio.sleep(0)


class Died(BaseException):
    """The process is gone; nothing in it may catch this."""


class Deaths:
    """At which of the named points the process dies next; a point counts down each time that it is passed."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}
        self.passed: list[str] = []

    def plan(self, point: str, nth: int = 1) -> None:
        self._at[point] = nth

    def clear(self) -> None:
        self._at.clear()

    def point(self, name: str) -> None:
        self.passed.append(name)
        left = self._at.get(name)
        if left is None:
            return
        if left > 1:
            self._at[name] = left - 1
            return
        del self._at[name]
        raise Died(name)


class MortalGateway:
    """A gateway whose process may die before the request leaves, or before its answer is read."""

    def __init__(self, inner: ProviderGateway, deaths: Deaths) -> None:
        self._inner, self._deaths = inner, deaths
        self.name, self.capabilities = inner.name, inner.capabilities

    async def start(self, command: Dial) -> DialAnswer:
        self._deaths.point(f"before asking for the {command.leg}")
        answer = await self._inner.start(command)
        self._deaths.point(f"after asking for the {command.leg}")
        return answer

    async def hang_up(self, command: HangUp) -> bool:
        self._deaths.point("before hanging up")
        return await self._inner.hang_up(command)

    async def look_up(self, attempt: Attempt) -> LookUp:
        return await self._inner.look_up(attempt)


class MortalUnit:
    """A unit of work whose process may die just before or just after its commit took effect."""

    def __init__(self, inner: UnitOfWork, deaths: Deaths) -> None:
        self._inner, self._deaths = inner, deaths

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._inner.__aexit__(kind, error, trace)

    async def commit(self) -> None:
        self._deaths.point("before a commit")
        await self._inner.commit()
        self._deaths.point("after a commit")


class MortalStore:
    def __init__(self, inner: FakeStore, deaths: Deaths) -> None:
        self._inner, self._deaths = inner, deaths

    def read(self) -> UnitOfWork:
        return self._inner.read()

    def glance(self) -> UnitOfWork:
        return self._inner.glance()

    def write(self) -> UnitOfWork:
        return MortalUnit(self._inner.write(), self._deaths)  # the rest by __getattr__


class Office:
    """Employees E-0, E-1, … each with an IP phone D-n and a mobile M-n; clients C-0, C-1, … with one number each."""

    def __init__(
        self,
        *,
        two_step: bool = False,
        employees: int = 3,
        clients: int = 3,
        rules: Rules | None = None,
        remembers: bool = True,
        can_look_up: bool = True,
        **pool: Any,
    ) -> None:
        self.clock = FakeClock()
        self.ids = FakeIds()
        self.rules = rules or Rules(policy=CallerIdPolicy(), dialling=ANY_HOUR)
        # On a busy machine a hundred presses at once may wait longer for their turn than a person would.
        self.store = FakeStore(self.clock, carousel=a_carousel(a_pool(**pool)), patience=600.0)
        self.directory = FakeDirectory(guarding=self.store)
        self.statuses = FakeStatuses()
        self.deaths = Deaths()
        make = TwoStepGateway if two_step else OneStepGateway
        self.provider = make(
            self.clock, name="beeline", guarding=self.store, remembers=remembers, can_look_up=can_look_up
        )
        self.numbers = [a_number(place, prefix="+7913") for place in range(clients)]
        for place in range(employees):
            self.directory.put(*self._employee(place))
        for place, number in enumerate(self.numbers):
            self.directory.put(*self._client(place, number))
        self.start()

    def _employee(self, place: int) -> Iterable[Any]:
        employee_id = f"E-{place}"
        yield an_employee(id=employee_id)
        yield an_ip_phone(id=f"D-{place}", employee_id=employee_id, line=f"10{place}@pbx")
        sim = a_sim(number=a_number(place, prefix="+7905"))
        yield a_mobile(id=f"M-{place}", employee_id=employee_id, line=f"905{place}@pbx", sim=sim)

    def _client(self, place: int, number: PhoneNumber) -> Iterator[Client | Interest | Employee]:
        entered = an_entered_number(number.e164, id=f"n-{place}")
        yield a_client(id=f"C-{place}", numbers=(entered,))
        yield an_interest(id=f"I-{place}", client_id=f"C-{place}")

    def start(self) -> None:
        """Make all that lives in a process; what it knew before is gone."""
        self.deaths.clear()
        store = MortalStore(self.store, self.deaths)
        gateways = {"beeline": MortalGateway(self.provider, self.deaths)}
        regions = FakeRegions({"+7913": ["RU-NVS"], "+7383": ["RU-NVS"]})
        zones = FakeTimeZones({"RU-NVS": 7})
        judge = NumberJudge(FakeParser(), regions, zones, self.rules.dialling)
        desk = CallerIdDesk(self.rules.policy, regions, zones)
        notes = FactNotes(gateways, self.ids, self.rules)
        matcher = ReportMatcher(notes)
        dialler = LegDialler(store, gateways, notes, matcher, self.clock)
        self.initiate = InitiateCall(
            self.directory, store, gateways, judge, desk, self.statuses, self.ids, dialler, self.rules
        )
        self.apply = ApplyReport(store, matcher, dialler)
        self.reconcile = ReconcileCalls(store, gateways, notes, matcher, dialler, self.rules)
        self.read = ReadCalls(store)
        self.hang_up = HangUpCall(store, gateways, dialler, self.read)
        self.close = CloseCall(store, self.ids)
        self.find_numbers = FindNumbers(self.directory, store, judge, self.clock)
        self.preview = PreviewCallerId(self.directory, store, judge, desk, self.statuses)
        self.list_devices = ListDevices(self.directory, self.statuses, self.clock, self.preview)

    # --- What people do -----------------------------------------------------------------------------------------

    async def press(
        self, employee: int = 0, client: int = 0, *, key: str = "press-1", by: Principal | None = None, **asked: Any
    ) -> Initiated:
        """Employee E-n presses 'call' on the card of client C-n; `asked` is what else the request says."""
        principal = by or self.principal(employee)
        asked.setdefault("target", Target(TargetKind.CLIENT, f"C-{client}"))
        asked.setdefault("device_id", f"D-{employee}")
        asked.setdefault("fingerprint", repr(sorted(asked.items(), key=lambda item: item[0])))
        return await self.initiate(principal, InitiateRequest(**asked), key)

    def principal(self, employee: int = 0, *more: Permission) -> Principal:
        return a_principal(*more, employee_id=f"E-{employee}")

    async def deliver(self, *reports: ProviderReport) -> None:
        """The provider's reports arrive: these, or all that there are by now."""
        for report in reports or self.provider.reports():
            await self.apply(report)

    async def wait(self, seconds: float, rounds: int = 1) -> None:
        """Time passes, and the worker makes its rounds."""
        self.clock.turn(timedelta(seconds=seconds))
        for _ in range(rounds):
            await self.reconcile()

    @contextmanager
    def dies(self, point: str, nth: int = 1) -> Iterator[None]:
        """The process dies at `point`, if it comes there, and is started again."""
        self.deaths.plan(point, nth)
        with suppress(Died):
            yield
        self.start()

    # --- What is there --------------------------------------------------------------------------------------------

    @property
    def calls(self) -> tuple[Call, ...]:
        return tuple(self.store.world.calls.values())

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        return tuple(attempt for call in self.calls for attempt in call.attempts)

    def attempt(self, attempt_id: str | None) -> Attempt:
        return next(each for each in self.attempts if each.id == attempt_id)

    def rules_with(self, **changes: Any) -> Rules:
        return evolve(self.rules, **changes)
