"""Every question of the dial path, of reports and of reconciliation is answered off an index, not by a whole table."""

from __future__ import annotations

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from telephony_adapters.store.unit_of_work import SqlStore
from telephony_core.call import CallState
from telephony_core.party import Target, TargetKind
from telephony_core.ports import CallFilter, KeyScope, Reservation, ReservationKind, UnitOfWork
from telephony_core.testing.contracts.store_base import Work
from telephony_core.testing.examples import CLIENT_NUMBER, NOW, PROVIDER, a_call, a_report, an_attempt_that, an_ip_phone

LINE = an_ip_phone().line
GROWING = ("calls", "attempts", "provider_reports", "idempotency_keys", "reservations", "carousel_shows", "events")
"""Tables that grow with every call."""

PARTIAL = {
    "live": "ix_attempts_live",
    "in progress": "ix_attempts_live",
    "without reference": "ix_attempts_unreferenced",
    "due": "ix_attempts_look_up_at",
    "unmatched": "ix_provider_reports_unmatched",
    "unmatched of a line": "ix_provider_reports_unmatched_line",
}
"""Questions about the few among very many, and the index that holds just those."""


def _page(**wanted: object) -> Work[object]:
    return lambda uow: uow.calls.page(CallFilter(**wanted), cursor=None, limit=50)  # type: ignore[arg-type]


QUESTIONS: dict[str, Work[object]] = {
    "a Call": lambda uow: uow.calls.get("id"),
    "by the CRM's id": lambda uow: uow.calls.by_external_id("task-77"),
    "an attempt": lambda uow: uow.calls.attempt("id"),
    "by reference": lambda uow: uow.calls.attempt_by_reference(PROVIDER, "ref"),
    "without reference": lambda uow: uow.calls.unreferenced_attempts(PROVIDER, LINE, CLIENT_NUMBER, NOW),
    "live": lambda uow: uow.calls.live_attempts("", 100),
    "due": lambda uow: uow.calls.due_for_look_up(NOW, 100),
    "count": lambda uow: uow.calls.count_attempts("E-5", NOW, NOW),
    "earlier talk": lambda uow: uow.calls.earlier_talk("C-17", CLIENT_NUMBER),
    "last": lambda uow: uow.calls.last_attempts("C-17", [CLIENT_NUMBER]),
    "holders": lambda uow: uow.reservations.holders([Reservation(ReservationKind.EMPLOYEE, "E-5")]),
    "give up": lambda uow: uow.reservations.give_up("id"),
    "key": lambda uow: uow.keys.get(KeyScope("a", "b", "c")),
    "uses": lambda uow: uow.carousel.uses(PROVIDER, NOW),
    "unmatched": lambda uow: uow.reports.unmatched_of_reference(PROVIDER, "ref"),
    "unmatched of a line": lambda uow: uow.reports.unmatched_of_line(PROVIDER, LINE, CLIENT_NUMBER, NOW),
    "heard": lambda uow: uow.reports.heard_since(PROVIDER, NOW),
    "matched": lambda uow: uow.reports.mark_matched(a_report(), "id"),
    "all": _page(),
    "of an employee": _page(employee_id="E-5"),
    "of a client": _page(client_id="C-17"),
    "of an interest": _page(interest_id="I-204"),
    "in progress": _page(state=CallState.IN_PROGRESS),
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_it_is_answered_off_an_index(engine: AsyncEngine, question: str) -> None:
    store = SqlStore(engine)
    call = a_call(an_attempt_that("talked"), target=Target(TargetKind.CLIENT, "C-17"))
    asked: list[tuple[str, object]] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    async def ask(uow: UnitOfWork) -> None:
        await uow.calls.add(call)
        asked.clear()
        await QUESTIONS[question](uow)

    async with store.write() as uow:
        await ask(uow)
    statements = tuple(asked)  # what follows is asked, too
    if question in PARTIAL and engine.dialect.name == "postgresql":
        await _many_that_are_over(engine)
    plans = [await _plan(engine, *each) for each in statements]
    assert plans
    if question in PARTIAL:
        assert PARTIAL[question] in "".join(plans), plans
    for plan in plans:
        for table in GROWING:
            assert f"SCAN {table}\n" not in plan, plan
            assert f"Seq Scan on {table} " not in plan, plan


async def _many_that_are_over(engine: AsyncEngine) -> None:
    """Enough for an index of the few to be the cheaper one; in empty tables what earlier tests left would decide."""
    async with SqlStore(engine).write() as uow:
        for nth in range(300):
            attempt = an_attempt_that("talked", provider_reference=f"ref-{nth}")
            await uow.calls.add(a_call(attempt))
            await uow.reports.add(a_report(attempt), NOW, attempt.id)
        await uow.commit()
    async with engine.connect() as connection:
        apart = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await apart.exec_driver_sql("VACUUM ANALYZE attempts, provider_reports, calls")


async def _plan(engine: AsyncEngine, statement: str, parameters: object) -> str:
    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            return "".join(f"{row.detail}\n" for row in rows)
        # On tables this small any index is dearer than reading all: only what can't use one reads all even so.
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)  # type: ignore[arg-type]
        return "".join(f"{row[0]}\n" for row in rows)
