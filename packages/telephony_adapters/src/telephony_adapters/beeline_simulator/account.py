"""The account's changeable side: who is ready, whose talks are recorded, how incoming numbers are routed."""

from __future__ import annotations

from typing import Any

from telephony_adapters.beeline_simulator.config import SimulatorConfig
from telephony_adapters.beeline_simulator.dialled_numbers import ten_digits
from telephony_adapters.beeline_simulator.population import AgentStatus, Subscriber
from telephony_adapters.beeline_simulator.portal_errors import (
    PortalError,
    agent_not_found,
    bad_request,
    not_found,
    user_not_found,
)


class Account:
    """One company's account. Lives as long as the simulator; made from its population."""

    def __init__(self, config: SimulatorConfig) -> None:
        self._config = config
        self._by_name: dict[str, Subscriber] = {}
        for line in config.company.subscribers:
            self._by_name |= {line.user_id: line, line.phone: line, line.extension: line}
        self._agents = {line.user_id: line.agent_status for line in config.company.subscribers}
        self._not_recorded: set[str] = set()
        self._inbound = {number[2:]: number for pool in config.company.pools for number in pool.numbers}
        self._routed: set[str] = set()
        self._routes: dict[str, str] = {}

    @property
    def subscribers(self) -> tuple[Subscriber, ...]:
        return self._config.company.subscribers

    def find(self, pattern: str) -> Subscriber:
        """The subscriber by user id, phone number (in any form) or extension."""
        found = self._by_name.get(pattern) or self._by_name.get(ten_digits(pattern) or "")
        if found is None:
            raise user_not_found()
        return found

    def agent_status(self, subscriber: Subscriber) -> AgentStatus:
        return self._agents[subscriber.user_id]

    def kept_agent_status(self, pattern: str) -> AgentStatus:
        """As the portal tells it: not at all while BA5 is off."""
        subscriber = self.find(pattern)
        if not self._config.assumes("BA5"):
            raise agent_not_found()
        return self._agents[subscriber.user_id]

    def set_agent_status(self, pattern: str, status: str) -> None:
        self.kept_agent_status(pattern)
        try:
            self._agents[self.find(pattern).user_id] = AgentStatus(status)
        except ValueError:
            raise bad_request(f"status is one of {', '.join(AgentStatus)}") from None

    def is_recorded(self, subscriber: Subscriber) -> bool:
        return subscriber.user_id not in self._not_recorded

    def set_recorded(self, subscriber: Subscriber, *, recorded: bool) -> None:
        if recorded:
            self._not_recorded.discard(subscriber.user_id)
        else:
            self._not_recorded.add(subscriber.user_id)

    def subscription_target(self, pattern: str) -> tuple[str, str]:
        """What a subscription with this pattern is of, by type and id: a subscriber, or an inbound number."""
        number_id = ten_digits(pattern) or pattern
        if number_id in self._inbound:
            return "NUMBER", number_id
        return "ABONENT", self.find(pattern).user_id

    def inbound_numbers(self) -> list[dict[str, str]]:
        return [_number_body(number_id, phone) for number_id, phone in self._inbound.items()]

    def inbound_number(self, pattern: str) -> dict[str, str]:
        number_id = ten_digits(pattern) or pattern
        if number_id not in self._inbound:
            raise not_found("Number")
        return _number_body(number_id, self._inbound[number_id])

    def routed_numbers(self) -> list[dict[str, str]]:
        return [_number_body(number_id, self._inbound[number_id]) for number_id in sorted(self._routed)]

    def set_routed(self, phones: list[str], *, routed: bool) -> list[dict[str, Any]]:
        """Switches individual routing of inbound numbers; one result for each phone, as it was sent."""
        return [self._result({"phoneNumber": phone}, self._route_number(phone, routed=routed)) for phone in phones]

    def routes(self) -> list[dict[str, str]]:
        return [{"inboundNumber": number, "extension": extension} for number, extension in self._routes.items()]

    def set_routes(self, rules: list[dict[str, str]], *, removed: bool = False) -> list[dict[str, Any]]:
        """Adds, changes or removes pairs of inbound number and extension; one result for each rule."""
        results = []
        for rule in rules:
            number, extension = rule["inboundNumber"], rule["extension"]
            error = None
            if removed:
                error = None if self._routes.pop(number, None) else not_found("Route")
            elif not self._config.assumes("BA17") and ten_digits(number) not in self._inbound:
                error = not_found("Number")
            elif extension not in self._by_name:
                error = user_not_found()
            else:
                self._routes[number] = extension
            results.append(self._result({"rule": {"inboundNumber": number, "extension": extension}}, error))
        return results

    def _route_number(self, phone: str, *, routed: bool) -> PortalError | None:
        number_id = ten_digits(phone) or ""
        if number_id not in self._inbound:
            return not_found("Number")
        if routed:
            self._routed.add(number_id)
        else:
            self._routed.discard(number_id)
        return None

    @staticmethod
    def _result(of: dict[str, Any], error: PortalError | None) -> dict[str, Any]:
        return of | ({"status": "FAULT", "error": error.body()} if error else {"status": "SUCCESS"})


def _number_body(number_id: str, phone: str) -> dict[str, str]:
    return {"numberId": number_id, "phone": phone.removeprefix("+")}
