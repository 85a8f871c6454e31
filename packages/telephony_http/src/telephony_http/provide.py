"""Hands use cases to routes: typed parameters, filled from the app's state, where its lifespan put them ready-made.

The aliases skip the framework's validation of what is injected: it would try to read a use case as a body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from attrs import frozen
from litestar import Litestar
from litestar.connection import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from telephony_core.party import Principal
from telephony_core.use_cases.attribute_callback import AttributeCallback
from telephony_core.use_cases.end_call import CloseCall, HangUpCall
from telephony_core.use_cases.find_numbers import FindNumbers
from telephony_core.use_cases.follow_call import ApplyReport, ReadCalls
from telephony_core.use_cases.follow_events import FollowEvents
from telephony_core.use_cases.initiate_call import InitiateCall
from telephony_core.use_cases.list_devices import ListDevices
from telephony_core.use_cases.preview_caller_id import PreviewCallerId
from telephony_core.use_cases.run_carousel import RunCarousel
from telephony_core.use_cases.view_carousel import ViewCarousel
from telephony_http.container import Container, Parts
from telephony_http.in_flight import InFlight
from telephony_http.metrics import Metrics
from telephony_http.readings import Language
from telephony_http.stopping import Stopping

AnyRequest = Request[Any, Any, State]


@frozen
class Manners:
    """What answers depend on besides their subject. `open_for`: how long a Call stays open by itself (K6)."""

    open_for: timedelta
    language: Language


WhoAsks = NamedDependency[SkipValidation[Principal]]
TheParts = NamedDependency[SkipValidation[Parts]]
TheManners = NamedDependency[SkipValidation[Manners]]
TheMetrics = NamedDependency[SkipValidation[Metrics]]
TheInFlight = NamedDependency[SkipValidation[InFlight]]
TheStopping = NamedDependency[SkipValidation[Stopping]]
Finding = NamedDependency[SkipValidation[FindNumbers]]
Listing = NamedDependency[SkipValidation[ListDevices]]
Previewing = NamedDependency[SkipValidation[PreviewCallerId]]
Initiating = NamedDependency[SkipValidation[InitiateCall]]
Reading = NamedDependency[SkipValidation[ReadCalls]]
Applying = NamedDependency[SkipValidation[ApplyReport]]
FollowingEvents = NamedDependency[SkipValidation[FollowEvents]]
HangingUp = NamedDependency[SkipValidation[HangUpCall]]
Closing = NamedDependency[SkipValidation[CloseCall]]
Running = NamedDependency[SkipValidation[RunCarousel]]
Viewing = NamedDependency[SkipValidation[ViewCarousel]]
Attributing = NamedDependency[SkipValidation[AttributeCallback]]

_USE_CASES = (
    "find_numbers",
    "list_devices",
    "preview_caller_id",
    "initiate_call",
    "read_calls",
    "apply_report",
    "follow_events",
    "hang_up_call",
    "close_call",
    "run_carousel",
    "view_carousel",
    "attribute_callback",
)


def put_into(app: Litestar, container: Container, manners: Manners) -> None:
    """Make every use case, once, and keep it where the routes' parameters come from."""
    app.state.parts = container.parts()
    app.state.manners = manners
    for name in _USE_CASES:
        app.state[name] = getattr(container, name)()


def principal(request: AnyRequest) -> Principal:
    """Whom the token named; routes that ask for it lie behind the authentication."""
    who: Principal = request.user
    return who


def _from_state(name: str) -> Callable[[State], Any]:
    def provided(state: State) -> Any:
        return state[name]

    return provided


def dependencies() -> Mapping[str, Provide]:
    """By the names that routes' parameters have."""
    names = ("parts", "manners", "metrics", "in_flight", "stopping", *_USE_CASES)
    return {
        "principal": Provide(principal, sync_to_thread=False),
        **{name: Provide(_from_state(name), sync_to_thread=False) for name in names},
    }
