"""Providers in memory, of both shapes: one request dials both legs, or each leg is dialled by a request of its own.

Each keeps a ledger of what the phones really saw, which is what a test compares with what was stored: whatever was
answered, lost or repeated, a phone that rang has rung. Two scripts say what happens:

    gateway.fate(Fate.UNKNOWN_DIALLED)            of the next request: it dials, and its answer is lost
    gateway.behave(number, Behaviour.BUSY)        of a called number: what its owner and the employee do

What the provider reports of it waits in `reports()`, to be delivered by the test in any order, late, twice or never.

One long module, for most of either shape is what both share.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from attrs import Factory, define, frozen

from telephony_core.call import Attempt, Dial, HangUp
from telephony_core.call_facts import Cause, Fact, FactKind, LegName
from telephony_core.phone import PhoneNumber
from telephony_core.ports import (
    Absent,
    Accepted,
    CannotTell,
    Capabilities,
    Clock,
    DialAnswer,
    Found,
    LookUp,
    NotSent,
    OutcomeUnknown,
    ProviderReport,
    Refused,
)
from telephony_core.testing.fake_store import FakeStore


class Fate(StrEnum):
    """What becomes of a request to dial."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN_DIALLED = "unknown_dialled"
    UNKNOWN_NOT_DIALLED = "unknown_not_dialled"
    HANGS = "hangs"
    """The phone rings, and the answer comes when `release` says which."""


class Behaviour(StrEnum):
    """What the two people do when their phones are dialled."""

    ANSWERS = "answers"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    EMPLOYEE_NO_ANSWER = "employee_no_answer"
    EMPLOYEE_HANGS_UP = "employee_hangs_up"


@frozen
class Ring:
    """One ringing of one phone: of which attempt and leg, the called number, and what the client saw."""

    attempt_id: str
    leg: LegName
    number: PhoneNumber
    shown: PhoneNumber | None = None


@define
class _ProvidersCall:
    """What the provider calls a call: its facts, as they come to pass, and what the client saw."""

    command: Dial
    reference: str
    shown: PhoneNumber | None = None
    facts: list[Fact] = Factory(list)


_ENDINGS = {
    Behaviour.BUSY: (8, Cause.BUSY),
    Behaviour.NO_ANSWER: (40, Cause.NO_ANSWER),
    Behaviour.UNREACHABLE: (8, Cause.UNREACHABLE),
}
_TALK_BEGINS, _TALK_ENDS = 12, 60


class _FakeGateway:
    """What both shapes share; made by `OneStepGateway` and `TwoStepGateway`."""

    two_step: bool

    def __init__(
        self,
        clock: Clock,
        *,
        name: str = "beeline",
        shows: Sequence[PhoneNumber] = (),
        remembers: bool = True,
        can_hang_up: bool = True,
        can_look_up: bool = True,
        guarding: FakeStore | None = None,
    ) -> None:
        self._clock = clock
        self._name = name
        self._shows = tuple(shows)
        self._remembers = remembers
        self._can_hang_up = can_hang_up
        self._can_look_up = can_look_up
        self._guarding = guarding
        self._fates: deque[Fate] = deque()
        self._behaviours: dict[PhoneNumber, Behaviour] = {}
        self._calls: dict[str, _ProvidersCall] = {}
        self._reports: list[ProviderReport] = []
        self._released: asyncio.Queue[DialAnswer | None] = asyncio.Queue()
        self.ledger: list[Ring] = []
        """Every ringing of a phone, oldest first."""
        self.requests: list[Dial] = []
        """Every request to dial that was made, whatever became of it."""
        self.hang_ups: list[HangUp] = []
        """Every request to hang up that was made."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            two_step=self.two_step, hang_up=self._can_hang_up, look_up=self._can_look_up, reports_shown=True
        )

    # --- The script -----------------------------------------------------------------------------------------------

    def fate(self, *fates: Fate) -> None:
        """What becomes of the next requests to dial, in order; further ones are accepted."""
        self._fates.extend(fates)

    def behave(self, number: PhoneNumber, behaviour: Behaviour) -> None:
        """What happens when this number is called, from now on; it answers unless told otherwise."""
        self._behaviours[number] = behaviour

    def release(self, answer: DialAnswer | None = None) -> None:
        """Let one request that hangs have its answer: this one, or the acceptance that it was waiting for."""
        self._released.put_nowait(answer)

    def reports(self) -> tuple[ProviderReport, ...]:
        """The provider's reports since this was last asked, in the order of what they tell."""
        new, self._reports = self._reports, []
        return tuple(sorted(new, key=lambda report: report.at))

    def double_dials(self) -> list[tuple[str, LegName]]:
        """The legs that rang more than once, which no failure excuses (K3)."""
        rang = Counter((ring.attempt_id, ring.leg) for ring in self.ledger)
        return sorted(leg for leg, times in rang.items() if times > 1)

    # --- The port -------------------------------------------------------------------------------------------------

    async def start(self, command: Dial) -> DialAnswer:
        self._guard("start")
        self.requests.append(command)
        fate = self._fates.popleft() if self._fates else Fate.ACCEPTED
        await asyncio.sleep(0)
        match fate:
            case Fate.NOT_SENT:
                return NotSent("connection refused")
            case Fate.REFUSED:
                return Refused("fake-403", "the subscriber may not call")
            case Fate.UNKNOWN_NOT_DIALLED:
                return OutcomeUnknown("the connection was lost")
        call = self._take(command)
        accepted = Accepted(call.reference)
        if fate is Fate.HANGS:
            return await self._released.get() or accepted
        return OutcomeUnknown("the answer was lost") if fate is Fate.UNKNOWN_DIALLED else accepted

    async def hang_up(self, command: HangUp) -> bool:
        self._guard("hang_up")
        self.hang_ups.append(command)
        await asyncio.sleep(0)
        call = self._calls.get(command.attempt_id)
        if not self._can_hang_up or call is None:
            return False
        self._cut(call, self._clock.now())
        return True

    async def look_up(self, attempt: Attempt) -> LookUp:
        self._guard("look_up")
        await asyncio.sleep(0)
        if not self._can_look_up:
            return CannotTell("this provider can't be asked")
        call = self._calls.get(attempt.id)
        now = self._clock.now()
        if call is None:
            return Absent() if self._remembers else CannotTell("no such call, which proves nothing")
        known = frozenset(fact for fact in call.facts if fact.at <= now)
        if not self._remembers and any(fact.kind is FactKind.RELEASED for fact in known):
            return CannotTell("no such call, which proves nothing")
        return Found(known, call.reference, call.shown)

    # --- What happens at the phones -------------------------------------------------------------------------------

    def _take(self, command: Dial) -> _ProvidersCall:
        """Dial what the command says, and let the people do what they do."""
        raise NotImplementedError

    def _ring(self, call: _ProvidersCall, leg: LegName) -> None:
        command = call.command
        if leg is LegName.CLIENT:
            # A carousel of the provider's own takes no orders; ours is what the command says.
            call.shown = self._shows[len(self.ledger) % len(self._shows)] if self._shows else command.shown
        shown = call.shown if leg is LegName.CLIENT else None
        self.ledger.append(Ring(command.attempt_id, leg, command.phone_number, shown))

    def _new_call(self, command: Dial) -> _ProvidersCall:
        reference = command.provider_reference or f"{self._name}-{len(self.requests)}"
        return self._calls.setdefault(command.attempt_id, _ProvidersCall(command, reference))

    def _people(self, command: Dial) -> Behaviour:
        return self._behaviours.get(command.phone_number, Behaviour.ANSWERS)

    def _employee_story(self, call: _ProvidersCall, since: datetime) -> bool:
        """The employee's phone rings; whether it is answered."""
        self._ring(call, LegName.EMPLOYEE)
        self._tell(call, LegName.EMPLOYEE, FactKind.RINGING, since, 1)
        if self._people(call.command) is Behaviour.EMPLOYEE_NO_ANSWER:
            self._tell(call, LegName.EMPLOYEE, FactKind.RELEASED, since, 30, Cause.NO_ANSWER)
            return False
        self._tell(call, LegName.EMPLOYEE, FactKind.ANSWERED, since, 4)
        return True

    def _client_story(self, call: _ProvidersCall, since: datetime) -> None:
        """The client's phone is dialled; how it ends ends the employee's leg, too."""
        behaviour = self._people(call.command)
        if behaviour is not Behaviour.UNREACHABLE:
            self._ring(call, LegName.CLIENT)
            self._tell(call, LegName.CLIENT, FactKind.RINGING, since, 6)
        if behaviour is Behaviour.EMPLOYEE_HANGS_UP:
            self._tell(call, LegName.EMPLOYEE, FactKind.RELEASED, since, 9, Cause.NORMAL)
            self._tell(call, LegName.CLIENT, FactKind.RELEASED, since, 9, Cause.CANCELLED)
            return
        if behaviour is Behaviour.ANSWERS:
            self._tell(call, LegName.CLIENT, FactKind.ANSWERED, since, _TALK_BEGINS)
        after, cause = _ENDINGS.get(behaviour, (_TALK_ENDS, Cause.NORMAL))
        self._tell(call, LegName.CLIENT, FactKind.RELEASED, since, after, cause)
        self._tell(call, LegName.EMPLOYEE, FactKind.RELEASED, since, after, Cause.NORMAL)

    def _tell(
        self,
        call: _ProvidersCall,
        leg: LegName,
        kind: FactKind,
        since: datetime,
        seconds: float,
        cause: Cause | None = None,
    ) -> None:
        fact = Fact(leg, kind, since + timedelta(seconds=seconds), cause)
        call.facts.append(fact)
        self._reports.append(
            ProviderReport(
                provider=self._name,
                subscription_id="subscription-1",
                event_id=f"{call.reference}:{len(call.facts)}",
                at=fact.at,
                facts=frozenset({fact}),
                attempt_id=call.command.attempt_id if self.two_step else None,
                reference=call.reference,
                line=call.command.line,
                phone_number=call.command.phone_number,
                placed_by_us=True,
                shown=call.shown if leg is LegName.CLIENT else None,
            )
        )

    def _cut(self, call: _ProvidersCall, now: datetime) -> None:
        """End the call now: what has not come to pass by now never does. A leg that was dialled after the other's end
        lives, and is ended like any other."""
        gone = {fact.leg for fact in call.facts if fact.kind is FactKind.RELEASED and fact.at <= now}
        living = [leg for leg in dict.fromkeys(fact.leg for fact in call.facts) if leg not in gone]
        if not living:
            return
        mine = [report for report in self._reports if report.reference == call.reference and report.at > now]
        self._reports = [report for report in self._reports if report not in mine]
        call.facts[:] = [fact for fact in call.facts if fact.at <= now]
        talked = any(fact.leg is LegName.CLIENT and fact.kind is FactKind.ANSWERED for fact in call.facts)
        for leg in living:
            cause = Cause.NORMAL if talked else Cause.CANCELLED
            self._tell(call, leg, FactKind.RELEASED, now, 0, cause)

    def _guard(self, what: str) -> None:
        if self._guarding is not None:
            self._guarding.assert_no_unit_open(f"{what} of the gateway '{self._name}'")


class OneStepGateway(_FakeGateway):
    """One request dials the employee and, once they answered, the client, as Beeline does. Lives as long as the test.

    `shows`: the provider's own carousel; it picks from it by itself. Without it the client sees what we asked for.
    `remembers`: it keeps its calls, ended ones too, so that it can tell of one that never was. `guarding`: a request
    while a unit of work of that store is open in the same task is an AssertionError (law 4).
    """

    two_step = False

    def _take(self, command: Dial) -> _ProvidersCall:
        call = self._new_call(command)
        since = self._clock.now()
        if self._employee_story(call, since):
            self._client_story(call, since)
        return call


class TwoStepGateway(_FakeGateway):
    """Each leg is dialled by a request of its own, and reports carry ids of ours, as with Asterisk.

    It chooses nothing: the client sees `command.shown`. The parameters are those of `OneStepGateway`.
    """

    two_step = True

    def __init__(
        self,
        clock: Clock,
        *,
        name: str = "asterisk",
        remembers: bool = True,
        can_hang_up: bool = True,
        can_look_up: bool = True,
        guarding: FakeStore | None = None,
    ) -> None:
        super().__init__(
            clock,
            name=name,
            remembers=remembers,
            can_hang_up=can_hang_up,
            can_look_up=can_look_up,
            guarding=guarding,
        )

    def _take(self, command: Dial) -> _ProvidersCall:
        call = self._new_call(command)
        if command.leg is LegName.EMPLOYEE:
            self._employee_story(call, self._clock.now())
        else:
            self._client_story(call, self._clock.now())
        return call
