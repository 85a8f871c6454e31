"""What every gateway must keep, by what it says it can do. The subclass arranges its provider: a fake, a simulator.

class TestMyGateway(GatewayContract):
    async def make_gateway(self) -> ProviderGateway: ...
    def attempt(self) -> Attempt: ...                        # one that its provider would take
    async def arrange(self, gateway, fate) -> None: ...      # what becomes of the next request
    async def requests_seen(self, gateway) -> int: ...       # how many to dial have reached the provider
"""

from __future__ import annotations

from collections.abc import Awaitable

import pytest
from attrs import evolve

from telephony_core.call import Attempt
from telephony_core.call_facts import TABLE, FactKind, LegName, Source
from telephony_core.ports import (
    Absent,
    Accepted,
    CannotTell,
    Found,
    NotSent,
    OutcomeUnknown,
    ProviderGateway,
    Refused,
)
from telephony_core.testing.contracts.promises import Contract
from telephony_core.testing.examples import a_number, an_attempt, an_id
from telephony_core.testing.fake_gateways import Fate


class GatewayContract(Contract):
    """Every sentence of `ports.ProviderGateway`. `HANGS` is not asked for: a gateway's time-out is its own affair."""

    async def make_gateway(self) -> ProviderGateway:
        """A fresh gateway to a provider to which nothing has happened. What must be closed after: override the fixture
        `gateway` instead."""
        raise NotImplementedError

    def attempt(self) -> Attempt:
        """A new attempt, each time, that the provider would take."""
        return an_attempt()

    async def arrange(self, gateway: ProviderGateway, fate: Fate) -> None:
        """Let this become of the next request."""
        raise NotImplementedError

    async def requests_seen(self, gateway: ProviderGateway) -> int:
        """How many requests to dial have reached the provider."""
        raise NotImplementedError

    async def hang_ups_seen(self, gateway: ProviderGateway) -> int | None:
        """How many requests to hang up have reached the provider; None where that can't be told."""
        return None

    @pytest.fixture
    def gateway(self) -> Awaitable[ProviderGateway]:
        return self.make_gateway()

    def fresh(self, gateway: ProviderGateway) -> Attempt:
        attempt = self.attempt()
        return evolve(attempt, provider=gateway.name, two_step=gateway.capabilities.two_step)

    async def test_a_request_that_is_taken_is_accepted(self, gateway: ProviderGateway) -> None:
        """K2: accepted, which says nothing of ringing. One request."""
        answer = await gateway.start(self.fresh(gateway).dial(LegName.EMPLOYEE))
        assert isinstance(answer, Accepted)
        assert answer.reference is None or answer.reference
        assert await self.requests_seen(gateway) == 1

    async def test_a_no_of_the_provider_is_refused_with_its_code(self, gateway: ProviderGateway) -> None:
        """Law 9: in words that mean 'not done'."""
        await self.arrange(gateway, Fate.REFUSED)
        answer = await gateway.start(self.fresh(gateway).dial(LegName.EMPLOYEE))
        assert isinstance(answer, Refused)
        assert answer.code
        assert await self.requests_seen(gateway) <= 1, "a request is never repeated, a refused one neither"

    async def test_what_never_left_is_not_sent(self, gateway: ProviderGateway) -> None:
        """Law 9: `NotSent` only where no byte can have arrived."""
        await self.arrange(gateway, Fate.NOT_SENT)
        answer = await gateway.start(self.fresh(gateway).dial(LegName.EMPLOYEE))
        assert isinstance(answer, NotSent)

    @pytest.mark.parametrize("fate", [Fate.UNKNOWN_DIALLED, Fate.UNKNOWN_NOT_DIALLED])
    async def test_a_lost_answer_is_unknown_and_the_request_is_not_repeated(
        self, gateway: ProviderGateway, fate: Fate
    ) -> None:
        """K3: whether it dialled can't be told, so it is asked for once, and said to be unknown."""
        await self.arrange(gateway, fate)
        answer = await gateway.start(self.fresh(gateway).dial(LegName.EMPLOYEE))
        assert isinstance(answer, OutcomeUnknown)
        assert answer.why
        assert await self.requests_seen(gateway) <= 1

    async def test_each_leg_is_dialled_by_one_request(self, gateway: ProviderGateway) -> None:
        """K3: each leg is dialled at most once: by a request of its own where there are two steps, else by one."""
        attempt = self.fresh(gateway)
        legs = list(LegName) if gateway.capabilities.two_step else [LegName.EMPLOYEE]
        for seen, leg in enumerate(legs, start=1):
            assert isinstance(await gateway.start(attempt.dial(leg)), Accepted)
            assert await self.requests_seen(gateway) == seen

    async def test_hanging_up_is_harmless_whenever_it_comes(self, gateway: ProviderGateway) -> None:
        """K3: repeated, and of what never was: an answer, no error. True only if the provider was asked."""
        attempt = self.fresh(gateway)
        assert await gateway.hang_up(attempt.hang_up(LegName.EMPLOYEE)) in (True, False)
        answer = await gateway.start(attempt.dial(LegName.EMPLOYEE))
        assert isinstance(answer, Accepted)
        attempt = evolve(attempt, provider_reference=answer.reference)
        first = await gateway.hang_up(attempt.hang_up(LegName.EMPLOYEE))
        assert first is gateway.capabilities.hang_up
        seen = await self.hang_ups_seen(gateway)
        assert seen is None or not first or seen >= 1, "it says that it hung up, and the provider was not asked"
        assert await gateway.hang_up(attempt.hang_up(LegName.EMPLOYEE)) in (True, False)

    async def test_an_attempt_that_was_dialled_is_never_absent(self, gateway: ProviderGateway) -> None:
        """K3: `Absent` would free the reservations of a phone that rings."""
        await self.arrange(gateway, Fate.UNKNOWN_DIALLED)
        attempt = self.fresh(gateway)
        await gateway.start(attempt.dial(LegName.EMPLOYEE))
        found = await gateway.look_up(attempt)
        assert isinstance(found, Found | CannotTell)
        assert await self.requests_seen(gateway) == 1, "to look up is not to dial"

    async def test_an_attempt_that_has_ended_is_not_absent(self, gateway: ProviderGateway) -> None:
        """K3: a provider that forgets its ended calls can't tell whether one ever rang (law 9)."""
        attempt = self.fresh(gateway)
        answer = await gateway.start(attempt.dial(LegName.EMPLOYEE))
        assert isinstance(answer, Accepted)
        attempt = evolve(attempt, provider_reference=answer.reference)
        await gateway.hang_up(attempt.hang_up(LegName.EMPLOYEE))
        assert isinstance(await gateway.look_up(attempt), Found | CannotTell)

    async def test_what_is_found_is_what_the_provider_says(self, gateway: ProviderGateway) -> None:
        """K1: facts of the provider's own, at instants with a zone; time-outs are ours to say."""
        attempt = self.fresh(gateway)
        answer = await gateway.start(attempt.dial(LegName.EMPLOYEE))
        assert isinstance(answer, Accepted)
        found = await gateway.look_up(evolve(attempt, provider_reference=answer.reference))
        if isinstance(found, Found):
            assert all(TABLE[fact.kind].source is Source.PROVIDER for fact in found.facts)
            assert all(fact.at.utcoffset() is not None for fact in found.facts)

    async def test_two_calls_have_two_references(self, gateway: ProviderGateway) -> None:
        """K1: reports are matched by it, and two calls must not be taken for one."""
        first = await gateway.start(self.fresh(gateway).dial(LegName.EMPLOYEE))
        assert isinstance(first, Accepted)
        second = await gateway.start(self.fresh(gateway).dial(LegName.EMPLOYEE))
        # Who is in a call may well be refused another one.
        assert isinstance(second, Accepted | Refused)
        assert not isinstance(second, Accepted) or first.reference is None or first.reference != second.reference
        assert await self.requests_seen(gateway) <= 2, "one request for each"

    async def test_another_call_is_not_found_instead(self, gateway: ProviderGateway) -> None:
        """K3: what another attempt's phones did says nothing of one that was never dialled."""
        await gateway.start(self.fresh(gateway).dial(LegName.EMPLOYEE))
        never = evolve(self.fresh(gateway), id=an_id(), phone_number=a_number(9_999_999))
        assert isinstance(await gateway.look_up(never), Absent | CannotTell)

    async def test_an_attempt_that_never_arrived_did_not_ring(self, gateway: ProviderGateway) -> None:
        """K3: an attempt that never arrived did not ring."""
        await self.arrange(gateway, Fate.NOT_SENT)
        attempt = self.fresh(gateway)
        await gateway.start(attempt.dial(LegName.EMPLOYEE))
        found = await gateway.look_up(attempt)
        assert isinstance(found, Absent | CannotTell)

    async def test_who_can_not_be_asked_can_not_tell(self, gateway: ProviderGateway) -> None:
        """K3: who can not be asked can not tell."""
        answer = await gateway.look_up(evolve(self.fresh(gateway), id=an_id()))
        if gateway.capabilities.look_up:
            assert not (isinstance(answer, Found) and any(fact.kind is FactKind.ANSWERED for fact in answer.facts))
        else:
            assert isinstance(answer, CannotTell)

    async def test_name_and_capabilities_do_not_change(self, gateway: ProviderGateway) -> None:
        """K7: attempts are stored with the provider's name and found again by it."""
        before = (gateway.name, gateway.capabilities)
        await gateway.start(self.fresh(gateway).dial(LegName.EMPLOYEE))
        assert (gateway.name, gateway.capabilities) == before
        assert gateway.name
