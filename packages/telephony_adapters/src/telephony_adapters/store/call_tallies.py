"""Questions over many attempts: who was called at a number, what was shown, and how that was judged (B1, C10, C11)."""

from __future__ import annotations

from sqlalchemy import Integer, and_, bindparam, func, or_, select

from telephony_adapters.store.columns import Instant
from telephony_adapters.store.tables import attempts
from telephony_core.call_facts import Outcome
from telephony_core.caller_id import Verdict

_SINCE = bindparam("since", type_=Instant)
_UNTIL = bindparam("until", type_=Instant)
_POOL = bindparam("pool_id", type_=attempts.c.id.type)

TO_NUMBER = (
    select(attempts)
    .where(
        attempts.c.phone_number == bindparam("number"), attempts.c.started_at >= _SINCE, attempts.c.started_at <= _UNTIL
    )
    .order_by(attempts.c.started_at.desc(), attempts.c.id.desc())
)
SEEN = (
    select(
        attempts.c.shown_number,
        func.count().label("times"),
        func.min(attempts.c.started_at, type_=Instant).label("first_at"),
        func.max(attempts.c.started_at, type_=Instant).label("last_at"),
    )
    .where(attempts.c.started_at >= _SINCE, attempts.c.shown_number.is_not(None))
    .group_by(attempts.c.shown_number)
)
# `p` is the pool of a stored decision (`serialization.decision_to_stored`).
_decided = and_(
    attempts.c.started_at >= _SINCE,
    attempts.c.started_at < _UNTIL,
    or_(_POOL.is_(None), attempts.c.decision["p"].as_string() == _POOL),
)
_may_have_rung = or_(
    attempts.c.verdict.is_not(None),
    attempts.c.outcome.is_(None),
    attempts.c.outcome.not_in([Outcome.NOT_SENT.value, Outcome.REFUSED_BY_PROVIDER.value]),
)
VERDICTS = (
    select(attempts.c.verdict, func.count().label("times")).where(_decided, _may_have_rung).group_by(attempts.c.verdict)
)
_otherwise = [
    verdict.value
    for verdict in (Verdict.OTHER_POOL, Verdict.UNKNOWN_NUMBER, Verdict.EMPLOYEE_NUMBER, Verdict.OTHER_NUMBER)
]
OTHERWISE = (
    select(attempts)
    .where(_decided, attempts.c.verdict.in_(_otherwise))
    .order_by(attempts.c.started_at.desc(), attempts.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
