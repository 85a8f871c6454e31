"""Follow what happens to Calls, as it happens: server-sent events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from litestar import get
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from litestar.types import ASGIApp

from telephony_core.errors import StoreUnavailable
from telephony_core.events import EventFilter
from telephony_core.party import Principal
from telephony_http.container import Parts
from telephony_http.event_stream import MEDIA_TYPE, EventStream
from telephony_http.limits import POSITION
from telephony_http.openapi import CALLS, both, refusals
from telephony_http.provide import AnyRequest, FollowingEvents, TheMetrics, TheParts, WhoAsks
from telephony_http.routes.arguments import OptionalId, no_others

_FILTERS = frozenset("call_id client_id interest_id employee_id last_event_id".split())

LastEventId = Annotated[
    str | None,
    HeaderParameter(
        name="Last-Event-ID",
        **POSITION.of_argument(),
        description="The last `id:` that was received; all later events are sent. Without: from now on",
    ),
]
LastEventIdAsked = Annotated[
    str | None,
    QueryParameter(
        name="last_event_id",
        **POSITION.of_argument(),
        description="The same for who can't set the header, which goes before it",
    ),
]


@get(
    "/events",
    media_type=MEDIA_TYPE,
    operation_id="followEvents",
    summary="Follow events",
    description=both(
        "Server-sent events: every change of a Call. `id:` is the event's position, `event:` its name, `data:` a JSON"
        " object with ids and a masked number. At least once, in order for each Call. A reader that was cut off sends"
        " the last `id:` as Last-Event-ID and misses nothing. `event: end` says why the service ended the stream."
        " Without `act_for_others`: one's own.",
        "Server-sent events: каждое изменение звонка. `id:` это место события в потоке, `event:` его имя, `data:`"
        " объект JSON с идентификаторами и маскированным номером. Не меньше одного раза, по порядку в каждом звонке."
        " После обрыва пришлите последний `id:` в Last-Event-ID, и ничего не пропадёт. `event: end` говорит, почему"
        " сервис закончил поток. Без `act_for_others` только свои.",
    ),
    tags=[CALLS.name],
    responses={
        200: ResponseSpec(str, generate_examples=False, description="The stream", media_type=MEDIA_TYPE),
        **refusals("events_not_kept", "service_stopping"),
    },
)
async def follow(
    request: AnyRequest,
    principal: WhoAsks,
    follow_events: FollowingEvents,
    parts: TheParts,
    metrics: TheMetrics,
    call_id: OptionalId = None,
    client_id: OptionalId = None,
    interest_id: OptionalId = None,
    employee_id: OptionalId = None,
    in_header: LastEventId = None,
    in_query: LastEventIdAsked = None,
) -> ASGIApp:
    no_others(request.query_params, _FILTERS)
    wanted = EventFilter(call_id=call_id, client_id=client_id, interest_id=interest_id, employee_id=employee_id)
    last = in_header or in_query
    reader = await follow_events(principal, wanted, int(last) if last is not None else None)
    metrics.stream_opened()
    return EventStream(reader, _still(request, principal, parts), metrics.stream_ended)


def _still(request: AnyRequest, principal: Principal, parts: Parts) -> Callable[[], Awaitable[bool]]:
    async def allowed() -> bool:
        """Whether the token is in force and means the same as when the stream began."""
        try:
            return await parts.tokens.principal_of(request.auth) == principal
        except StoreUnavailable:
            return True  # nobody knows better for now

    return allowed
