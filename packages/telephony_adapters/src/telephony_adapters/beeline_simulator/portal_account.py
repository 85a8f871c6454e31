"""Portal routes of the account: inbound numbers, subscriptions, individual call routing (ICR)."""

from __future__ import annotations

from typing import Any

from litestar import Response, delete, get, post, put
from litestar.params import FromPath

from telephony_adapters.beeline_simulator.portal_abonents import empty
from telephony_adapters.beeline_simulator.portal_errors import bad_request
from telephony_adapters.beeline_simulator.requests import AnyRequest, TheExchange, as_list, json_body, json_object


@get("/numbers")
async def list_numbers(exchange: TheExchange) -> list[dict[str, str]]:
    return exchange.account.inbound_numbers()


@get("/numbers/{pattern:str}")
async def find_number(exchange: TheExchange, pattern: FromPath[str]) -> dict[str, str]:
    return exchange.account.inbound_number(pattern)


@put("/subscription")
async def subscribe(exchange: TheExchange, request: AnyRequest) -> dict[str, Any]:
    """`{subscriptionId, expires}`; of the whole company without `pattern`."""
    body = await json_object(request)
    pattern = body.get("pattern")
    target = exchange.account.subscription_target(str(pattern)) if pattern else None
    subscription = exchange.subscriptions.subscribe(
        target, body.get("expires"), body.get("subscriptionType"), body.get("url")
    )
    return {"subscriptionId": subscription.id, "expires": subscription.expires}


@get("/subscription")
async def get_subscription(exchange: TheExchange, request: AnyRequest) -> dict[str, Any]:
    return exchange.subscriptions.get(_subscription_id(request))


@delete("/subscription", status_code=200)
async def unsubscribe(exchange: TheExchange, request: AnyRequest) -> Response[str]:
    exchange.subscriptions.remove(_subscription_id(request))
    return empty()


@get("/icr/numbers")
async def list_routed_numbers(exchange: TheExchange) -> list[dict[str, str]]:
    return exchange.account.routed_numbers()


@put("/icr/numbers")
async def route_numbers(exchange: TheExchange, request: AnyRequest) -> list[dict[str, Any]]:
    return exchange.account.set_routed(await _phones(request), routed=True)


@delete("/icr/numbers", status_code=200)
async def stop_routing_numbers(exchange: TheExchange, request: AnyRequest) -> list[dict[str, Any]]:
    return exchange.account.set_routed(await _phones(request), routed=False)


@get("/icr/route")
async def list_routes(exchange: TheExchange) -> list[dict[str, str]]:
    return exchange.account.routes()


@post("/icr/route", status_code=200)
async def add_routes(exchange: TheExchange, request: AnyRequest) -> list[dict[str, Any]]:
    """The public client adds with POST and changes with PUT; both are the same here."""
    return exchange.account.set_routes(await _rules(request))


@put("/icr/route")
async def change_routes(exchange: TheExchange, request: AnyRequest) -> list[dict[str, Any]]:
    return exchange.account.set_routes(await _rules(request))


@delete("/icr/route", status_code=200)
async def remove_routes(exchange: TheExchange, request: AnyRequest) -> list[dict[str, Any]]:
    return exchange.account.set_routes(await _rules(request), removed=True)


def _subscription_id(request: AnyRequest) -> str:
    return str(request.query_params.get("subscriptionId", ""))


async def _phones(request: AnyRequest) -> list[str]:
    return [str(phone) for phone in as_list(await json_body(request))]


async def _rules(request: AnyRequest) -> list[dict[str, str]]:
    rules = []
    body = await json_body(request)
    # One integration sends a single rule, not in a list.
    for rule in [body] if isinstance(body, dict) else as_list(body):
        if not isinstance(rule, dict) or not {"inboundNumber", "extension"} <= rule.keys():
            raise bad_request("a rule has inboundNumber and extension")
        rules.append({"inboundNumber": str(rule["inboundNumber"]), "extension": str(rule["extension"])})
    return rules


ROUTES = (
    list_numbers,
    find_number,
    subscribe,
    get_subscription,
    unsubscribe,
    list_routed_numbers,
    route_numbers,
    stop_routing_numbers,
    list_routes,
    add_routes,
    change_routes,
    remove_routes,
)
