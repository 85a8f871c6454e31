"""Gateways that break a promise each, on either shape: a fake one whose answers are changed on their way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from attrs import evolve

from telephony_core.call import Attempt, Dial, HangUp
from telephony_core.call_facts import Fact, FactKind, LegName
from telephony_core.ports import (
    Absent,
    Accepted,
    CannotTell,
    Capabilities,
    DialAnswer,
    Found,
    LookUp,
    NotSent,
    OutcomeUnknown,
    ProviderGateway,
    Refused,
)
from telephony_core.testing.contracts import GatewayContract
from telephony_core.testing.examples import NOW
from telephony_core.testing.fakes import FakeClock, Fate, OneStepGateway, TwoStepGateway

Inner = OneStepGateway | TwoStepGateway


class Gateway:
    """Hands everything on to a fake one; a fault changes one thing of it."""

    def __init__(self, inner: Inner) -> None:
        self.inner = inner

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def capabilities(self) -> Capabilities:
        return self.inner.capabilities

    async def start(self, command: Dial) -> DialAnswer:
        return await self.inner.start(command)

    async def hang_up(self, command: HangUp) -> bool:
        return await self.inner.hang_up(command)

    async def look_up(self, attempt: Attempt) -> LookUp:
        return await self.inner.look_up(attempt)


FAULTS: dict[str, tuple[str, Callable[[], Gateway]]] = {}
"""By name: the rule that it breaks, and how it is made."""


def breaks(rule: str, inner: Callable[[], Inner] | None = None) -> Callable[[type[Gateway]], type[Gateway]]:
    def register(gateway: type[Gateway]) -> type[Gateway]:
        FAULTS[gateway.__name__] = (rule, lambda: gateway(inner() if inner else OneStepGateway(FakeClock())))
        return gateway

    return register


def contract_of(make: Callable[[], Gateway]) -> type[GatewayContract]:
    class Contract(GatewayContract):
        async def make_gateway(self) -> ProviderGateway:
            return make()

        async def arrange(self, gateway: Any, fate: Fate) -> None:
            gateway.inner.fate(fate)

        async def requests_seen(self, gateway: Any) -> int:
            return len(gateway.inner.requests)

        async def hang_ups_seen(self, gateway: Any) -> int:
            return len(gateway.inner.hang_ups)

    return Contract


def _forgetful() -> Inner:
    return TwoStepGateway(FakeClock(), remembers=False)


def _plain() -> Inner:
    return OneStepGateway(FakeClock(), can_hang_up=False, can_look_up=False)


@breaks("K3")
class SaysNotSentAfterBytesWereSent(Gateway):
    async def start(self, command: Dial) -> DialAnswer:
        answer = await self.inner.start(command)
        return NotSent(answer.why) if isinstance(answer, OutcomeUnknown) else answer


@breaks("Law 9")
class SaysUnknownWhereNothingLeft(Gateway):
    """Harmless to the client, but the employee waits a quarter of an hour for nothing."""

    async def start(self, command: Dial) -> DialAnswer:
        answer = await self.inner.start(command)
        return OutcomeUnknown(answer.why) if isinstance(answer, NotSent) else answer


@breaks("K3")
class RetriesByItself(Gateway):
    async def start(self, command: Dial) -> DialAnswer:
        answer = await self.inner.start(command)
        return await self.inner.start(command) if isinstance(answer, OutcomeUnknown) else answer


@breaks("K3")
class RetriesWhatStaysUnknown(Gateway):
    async def start(self, command: Dial) -> DialAnswer:
        answer = await self.inner.start(command)
        if isinstance(answer, OutcomeUnknown):
            await self.inner.start(command)
        return answer


@breaks("Law 9")
class RetriesARefusal(Gateway):
    async def start(self, command: Dial) -> DialAnswer:
        answer = await self.inner.start(command)
        return await self.inner.start(command) if isinstance(answer, Refused) else answer


@breaks("K3")
class TakesALostAnswerForARefusal(Gateway):
    async def start(self, command: Dial) -> DialAnswer:
        answer = await self.inner.start(command)
        return Refused("timeout") if isinstance(answer, OutcomeUnknown) else answer


@breaks("K3")
class TakesALostAnswerForAnAcceptance(Gateway):
    async def start(self, command: Dial) -> DialAnswer:
        answer = await self.inner.start(command)
        return Accepted(None) if isinstance(answer, OutcomeUnknown) else answer


@breaks("K3")
class RaisesWhenTheConnectionIsLost(Gateway):
    async def start(self, command: Dial) -> DialAnswer:
        answer = await self.inner.start(command)
        if isinstance(answer, OutcomeUnknown):
            raise ConnectionResetError(answer.why)
        return answer


@breaks("Law 9")
class RefusesWithoutACode(Gateway):
    async def start(self, command: Dial) -> DialAnswer:
        answer = await self.inner.start(command)
        return Refused("") if isinstance(answer, Refused) else answer


@breaks("Law 9")
class TakesARefusalForAnAcceptance(Gateway):
    async def start(self, command: Dial) -> DialAnswer:
        answer = await self.inner.start(command)
        return Accepted("ref") if isinstance(answer, Refused) else answer


@breaks("K1")
class GivesOneReferenceToAll(Gateway):
    async def start(self, command: Dial) -> DialAnswer:
        answer = await self.inner.start(command)
        return Accepted("call") if isinstance(answer, Accepted) else answer


@breaks("K3")
class SaysAbsentOfACallThatRang(Gateway):
    async def look_up(self, attempt: Attempt) -> LookUp:
        return Absent()


@breaks("K3", _forgetful)
class SaysAbsentOfWhatItForgot(Gateway):
    """ARI's 404 taken for a proof that nothing rang."""

    async def look_up(self, attempt: Attempt) -> LookUp:
        found = await self.inner.look_up(attempt)
        return Absent() if isinstance(found, CannotTell) else found


@breaks("K3", _plain)
class AnswersWithoutBeingAbleToAsk(Gateway):
    async def look_up(self, attempt: Attempt) -> LookUp:
        return Absent()


@breaks("K3")
class FindsAnyCallWhenAsked(Gateway):
    async def look_up(self, attempt: Attempt) -> LookUp:
        found = await self.inner.look_up(attempt)
        if isinstance(found, Found) or not self.inner.requests:
            return found
        return await self.inner.look_up(evolve(attempt, id=self.inner.requests[0].attempt_id))


@breaks("K3")
class DialsInOrderToLookUp(Gateway):
    async def look_up(self, attempt: Attempt) -> LookUp:
        await self.inner.start(attempt.dial(LegName.EMPLOYEE))
        return await self.inner.look_up(attempt)


@breaks("K1")
class FindsItsOwnTimeOuts(Gateway):
    """A time-out is ours to say; as the provider's word it would end what still rings."""

    async def look_up(self, attempt: Attempt) -> LookUp:
        found = await self.inner.look_up(attempt)
        given_up = Fact(LegName.EMPLOYEE, FactKind.GIVEN_UP, NOW)
        return evolve(found, facts=found.facts | {given_up}) if isinstance(found, Found) else found


@breaks("K1")
class TellsTimesWithoutAZone(Gateway):
    async def look_up(self, attempt: Attempt) -> LookUp:
        found = await self.inner.look_up(attempt)
        if not isinstance(found, Found):
            return found
        naive = (NOW - timedelta(seconds=1)).replace(tzinfo=None)
        return evolve(found, facts=frozenset({Fact(LegName.EMPLOYEE, FactKind.RINGING, naive)}))


@breaks("K3")
class RaisesWhenThereIsNothingToHangUp(Gateway):
    async def hang_up(self, command: HangUp) -> bool:
        if not await self.inner.hang_up(command):
            raise LookupError("404")
        return True


@breaks("K3")
class SaysThatItHungUpAndDoesNot(Gateway):
    async def hang_up(self, command: HangUp) -> bool:
        return True


@breaks("K3", _plain)
class PretendsToHangUp(Gateway):
    async def hang_up(self, command: HangUp) -> bool:
        await self.inner.hang_up(command)
        return True


@breaks("K3", lambda: TwoStepGateway(FakeClock()))
class DialsBothLegsAtOnce(Gateway):
    """The client's phone rings before the employee has answered theirs."""

    async def start(self, command: Dial) -> DialAnswer:
        answer = await self.inner.start(command)
        if command.leg is LegName.EMPLOYEE:
            await self.inner.start(evolve(command, leg=LegName.CLIENT))
        return answer


@breaks("K7")
class ChangesItsName(Gateway):
    @property
    def name(self) -> str:
        return f"{self.inner.name}-{len(self.inner.requests)}"


@breaks("K7")
class LearnsWhatItCanDo(Gateway):
    @property
    def capabilities(self) -> Capabilities:
        return evolve(self.inner.capabilities, look_up=bool(self.inner.requests))


@breaks("K1")
class RepeatsTheSecondRequest(Gateway):
    """A connection that was kept open and is gone: the library sends the request anew by itself."""

    async def start(self, command: Dial) -> DialAnswer:
        answer = await super().start(command)
        return await super().start(command) if len(self.inner.requests) == 2 else answer
