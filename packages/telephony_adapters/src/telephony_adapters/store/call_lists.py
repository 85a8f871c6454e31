"""The list of Calls by filter, newest first: one statement for each combination of filters, made once.

A Call's state is not stored: it is derived from its attempts and the clock (`Call.state`), and the conditions here say
the same in SQL. A test compares the two over all kinds of Calls.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, exists, func, not_, or_, select, tuple_

from telephony_adapters.store.columns import Instant
from telephony_adapters.store.tables import attempts, calls
from telephony_core.call import CallState
from telephony_core.call_facts import Outcome
from telephony_core.party import TargetKind
from telephony_core.ports import CallFilter

_of_call = attempts.c.call_id == calls.c.id
_live = exists().where(_of_call, attempts.c.live)
_any = exists().where(_of_call)
_talked = exists().where(_of_call, attempts.c.outcome == Outcome.TALKED.value)
_before = bindparam("stirred_before", type_=Instant)
_stirred_since = or_(
    calls.c.created_at > _before,
    func.coalesce(calls.c.due_at, calls.c.created_at) > _before,
    exists().where(_of_call, func.coalesce(attempts.c.ended_at, attempts.c.started_at) > _before),
)
_closed = or_(calls.c.closed_at.is_not(None), not_(_stirred_since))

_STATES: dict[CallState, ColumnElement[bool]] = {
    # Few are live, and an index holds just those.
    CallState.IN_PROGRESS: calls.c.id.in_(select(attempts.c.call_id).where(attempts.c.live)),
    CallState.CLOSED: and_(not_(_live), _closed),
    CallState.PLANNED: and_(not_(_any), not_(_closed)),
    CallState.COMPLETED: and_(_talked, not_(_live), not_(_closed)),
    CallState.NOT_REACHED: and_(_any, not_(_talked), not_(_live), not_(_closed)),
}

_FILTERS: dict[str, ColumnElement[bool]] = {
    "employee_id": calls.c.employee_id == bindparam("employee_id"),
    "client_id": calls.c.client_id == bindparam("client_id"),
    "interest_id": and_(
        calls.c.target_kind == TargetKind.INTEREST.value, calls.c.target_id == bindparam("interest_id")
    ),
    "external_id": calls.c.external_id == bindparam("external_id"),
    "since": calls.c.created_at >= bindparam("since", type_=Instant),
    "until": calls.c.created_at < bindparam("until", type_=Instant),
}


@lru_cache(maxsize=1024)  # all combinations of six filters, six states and a cursor or none
def _statement(filters: tuple[str, ...], state: CallState | None, after: bool) -> Select[Any]:
    statement = select(calls).where(*(_FILTERS[name] for name in filters))
    if state is not None:
        statement = statement.where(_STATES[state])
    if after:
        place = tuple_(bindparam("after_at", type_=Instant), bindparam("after_id", type_=calls.c.id.type))
        statement = statement.where(tuple_(calls.c.created_at, calls.c.id) < place)
    return statement.order_by(calls.c.created_at.desc(), calls.c.id.desc()).limit(bindparam("limit", type_=Integer))


def page_statement(wanted: CallFilter, *, after: tuple[datetime, str] | None) -> tuple[Select[Any], dict[str, Any]]:
    """The statement and its parameters but for `limit`, and `stirred_before` where a state is wanted."""
    values = {name: getattr(wanted, name) for name in _FILTERS}
    parameters = {name: value for name, value in values.items() if value is not None}
    statement = _statement(tuple(parameters), wanted.state, after is not None)
    if after is not None:
        parameters["after_at"], parameters["after_id"] = after
    return statement, parameters
