"""The control plane below `/simulator`, for tests and demos; it needs no token, for the process listens on loopback.

| request | body, answer |
|---|---|
| GET, DELETE `ledger` | the entries, oldest first (see `ledger`); DELETE forgets those that ended |
| GET `state?wait=idle&timeout=30` | what goes on; with `wait`: when no call lives, no push waits |
| GET `assumptions` | the table of assumptions and which are off |
| PUT, DELETE `behaviours/{digits}`; GET, DELETE `behaviours` | `{"kind", "talk_seconds"?}` of one called number |
| PUT `random-behaviours` | shares by kind: of calls to numbers without a behaviour of their own |
| POST, GET, DELETE `faults` | one fault or a list of them (see `faults`); DELETE ends random ones too |
| POST `random-faults` | shares by kind, and `seconds` for `hang` and `late`; `{}` ends them |
| PUT `wrong-substitutions` | shares by kind (see `substitution`); `{}` ends them |
| PUT `statistics-delay` | `{"seconds"}` from a call's end to its row, for calls that end from now on |
| POST `subscriptions/terminate` | `{"subscription_id"?}`: ends one or all as the provider would |
| POST `calls/{tracking_id}/end` | `{"by": "employee" or "client"}`: somebody hangs up now |
| POST `foreign-calls` | `{"user", "phone_number", "direction", "talk_seconds"?}`: a call that nobody requested here |
| GET `records/{key}.wav` | where references of records lead |

What is not understood is answered with 400 and `{"errorCode", "description"}`. `{digits}` and `phone_number` are a
Russian number in any form that the call request takes; `direction` is `inbound`, `hand_dialled` or `click_to_dial`.
"""

from __future__ import annotations

from typing import Any, TypeVar

import attrs
from cattrs import Converter, transform_error
from cattrs.errors import BaseValidationError
from litestar import Response, delete, get, post, put
from litestar.params import FromPath, FromQuery

from telephony_adapters.beeline_simulator.assumptions import ASSUMPTIONS
from telephony_adapters.beeline_simulator.behaviours import Behaviour, BehaviourKind, Party
from telephony_adapters.beeline_simulator.dialled_numbers import e164_of
from telephony_adapters.beeline_simulator.faults import Fault
from telephony_adapters.beeline_simulator.portal_errors import bad_request, invalid_phone_number
from telephony_adapters.beeline_simulator.portal_history import sound
from telephony_adapters.beeline_simulator.requests import AnyRequest, TheExchange, json_body, json_object
from telephony_adapters.beeline_simulator.xsi import Personality

LONGEST_WAIT = 300.0

_PERSONALITIES = {
    "inbound": Personality.TERMINATOR,
    "hand_dialled": Personality.ORIGINATOR,
    "click_to_dial": Personality.CLICK_TO_DIAL,
}
_PARTIES = {"employee": Party.EMPLOYEE, "client": Party.CLIENT}

# An unknown key is a typing error of the test that sends it; passing over it would let the test prove nothing.
_converter = Converter(forbid_extra_keys=True)

T = TypeVar("T")


@get("/simulator/ledger")
async def get_ledger(exchange: TheExchange) -> list[dict[str, object]]:
    return exchange.ledger.body()


@delete("/simulator/ledger")
async def clear_ledger(exchange: TheExchange) -> None:
    exchange.ledger.clear()


@get("/simulator/state")
async def get_state(
    exchange: TheExchange,
    wait: FromQuery[str | None] = None,
    timeout: FromQuery[float] = 30.0,  # noqa: ASYNC109
) -> dict[str, Any]:
    """`timeout` is how long the caller is ready to wait; `idle` says whether it was enough."""
    if wait not in {None, "idle"}:
        raise bad_request("wait is 'idle'")
    if wait == "idle":
        await exchange.activity.wait_idle(min(timeout, LONGEST_WAIT))
    return {
        "idle": exchange.activity.under_way == 0,
        "live_calls": [call.body() for call in exchange.live_calls()],
        "under_way": exchange.activity.under_way,
        "ledger": len(exchange.ledger),
        "subscriptions": exchange.subscriptions.bodies(),
        "seed": exchange.config.seed,
        "speed": exchange.config.speed,
        "assume_off": sorted(exchange.config.assume_off),
    }


@get("/simulator/assumptions")
async def get_assumptions(exchange: TheExchange) -> list[dict[str, Any]]:
    return [attrs.asdict(each) | {"on": exchange.config.assumes(each.id)} for each in ASSUMPTIONS]


@get("/simulator/behaviours")
async def get_behaviours(exchange: TheExchange) -> dict[str, Any]:
    return {number: attrs.asdict(behaviour) for number, behaviour in exchange.behaviours.items()}


@put("/simulator/behaviours/{digits:str}")
async def set_behaviour(exchange: TheExchange, request: AnyRequest, digits: FromPath[str]) -> dict[str, Any]:
    behaviour = _structured(await json_object(request), Behaviour)
    exchange.behaviours[_number(digits)] = behaviour
    return attrs.asdict(behaviour)


@delete("/simulator/behaviours/{digits:str}")
async def clear_behaviour(exchange: TheExchange, digits: FromPath[str]) -> None:
    exchange.behaviours.pop(_number(digits), None)


@delete("/simulator/behaviours")
async def clear_behaviours(exchange: TheExchange) -> None:
    exchange.behaviours.clear()
    exchange.behaviour_shares = {}


@put("/simulator/random-behaviours")
async def set_random_behaviours(exchange: TheExchange, request: AnyRequest) -> dict[str, float]:
    shares = _shares(await json_object(request))
    if unknown := set(shares) - set(BehaviourKind):
        raise bad_request(f"no such behaviour: {', '.join(sorted(unknown))}")
    exchange.behaviour_shares = shares
    return shares


@get("/simulator/faults")
async def get_faults(exchange: TheExchange) -> dict[str, Any]:
    pending = [attrs.asdict(fault) | {"left": left} for fault, left in exchange.faults.pending()]
    return {"pending": pending, "random": exchange.faults.random_shares()}


@post("/simulator/faults", status_code=200)
async def add_faults(exchange: TheExchange, request: AnyRequest) -> dict[str, Any]:
    body = await json_body(request)
    faults = [_fault(each) for each in (body if isinstance(body, list) else [body])]
    for fault in faults:
        exchange.faults.add(fault)
    return {"added": len(faults)}


@delete("/simulator/faults")
async def clear_faults(exchange: TheExchange) -> None:
    exchange.faults.clear()


@post("/simulator/random-faults", status_code=200)
async def set_random_faults(exchange: TheExchange, request: AnyRequest) -> dict[str, float]:
    body = await json_object(request)
    seconds = body.pop("seconds", None)
    try:
        exchange.faults.set_random(body, None if seconds is None else float(seconds))
    except (TypeError, ValueError) as error:
        raise bad_request(str(error)) from None
    return exchange.faults.random_shares()


@put("/simulator/wrong-substitutions")
async def set_wrong_substitutions(exchange: TheExchange, request: AnyRequest) -> dict[str, float]:
    try:
        exchange.substitution.set_wrong_shares(await json_object(request))
    except (TypeError, ValueError) as error:
        raise bad_request(str(error)) from None
    return exchange.substitution.wrong_shares


@put("/simulator/statistics-delay")
async def set_statistics_delay(exchange: TheExchange, request: AnyRequest) -> dict[str, float]:
    exchange.statistics_delay = _seconds(await json_object(request), "seconds", 0.0)
    return {"seconds": exchange.statistics_delay}


@post("/simulator/subscriptions/terminate", status_code=200)
async def terminate_subscriptions(exchange: TheExchange, request: AnyRequest) -> dict[str, Any]:
    body = await json_object(request) if await request.body() else {}
    asked = body.get("subscription_id")
    ended = exchange.subscriptions.ids() if asked is None else [str(asked)]
    for subscription_id in ended:
        exchange.subscriptions.terminate(subscription_id)
    return {"terminated": ended}


@post("/simulator/calls/{tracking_id:str}/end", status_code=200)
async def end_call(exchange: TheExchange, request: AnyRequest, tracking_id: FromPath[str]) -> None:
    by = (await json_object(request)).get("by")
    if by not in _PARTIES:
        raise bad_request(f"by is one of {', '.join(_PARTIES)}")
    exchange.end(tracking_id, _PARTIES[by])


@post("/simulator/foreign-calls", status_code=200)
async def foreign_call(exchange: TheExchange, request: AnyRequest) -> dict[str, str]:
    body = await json_object(request)
    personality = _PERSONALITIES.get(str(body.get("direction")))
    if personality is None:
        raise bad_request(f"direction is one of {', '.join(_PERSONALITIES)}")
    subscriber = exchange.account.find(str(body.get("user")))
    number = _number(str(body.get("phone_number")))
    seconds = _seconds(body, "talk_seconds", 10.0)
    return {"ext_tracking_id": exchange.foreign_call(subscriber, number, personality, seconds)}


@get("/simulator/records/{name:str}")
async def record_by_reference(exchange: TheExchange, name: FromPath[str]) -> Response[bytes]:
    return sound(exchange.history.record_by_key(name.removesuffix(".wav")))


def _number(text: str) -> str:
    number = e164_of(text)
    if number is None:
        raise invalid_phone_number()
    return number


def _fault(body: Any) -> Fault:
    fault = _structured(body, Fault)
    return fault if fault.phone_number is None else attrs.evolve(fault, phone_number=_number(fault.phone_number))


def _structured(body: Any, cls: type[T]) -> T:
    try:
        return _converter.structure(body, cls)
    except (BaseValidationError, TypeError, ValueError) as error:
        raise bad_request("; ".join(transform_error(error))) from None


def _shares(body: dict[str, Any]) -> dict[str, float]:
    try:
        shares = {kind: float(share) for kind, share in body.items()}
    except (TypeError, ValueError):
        raise bad_request("a share is a number") from None
    if any(share < 0 for share in shares.values()) or sum(shares.values()) > 1:
        raise bad_request("shares are 0 to 1 and together at most 1")
    return shares


def _seconds(body: dict[str, Any], name: str, default: float) -> float:
    try:
        seconds = float(body.get(name, default))
    except (TypeError, ValueError):
        raise bad_request(f"{name} is a number") from None
    if seconds < 0:
        raise bad_request(f"{name} is not negative")
    return seconds


ROUTES = (
    get_ledger,
    clear_ledger,
    get_state,
    get_assumptions,
    get_behaviours,
    set_behaviour,
    clear_behaviour,
    clear_behaviours,
    set_random_behaviours,
    get_faults,
    add_faults,
    clear_faults,
    set_random_faults,
    set_wrong_substitutions,
    set_statistics_delay,
    terminate_subscriptions,
    end_call,
    foreign_call,
    record_by_reference,
)
