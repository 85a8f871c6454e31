"""The exchange: takes call requests and plays the calls, stage by stage, by the event loop's timers.

The ledger is written before anything is reported, in the same turn of the loop, so that a report never says more than
the ledger does. "Accepted is not ringing": the request of a subscriber whose phone is OFFLINE is accepted with a
tracking id and nothing follows, neither a ring nor a report (the documented support case).
An agent on BREAK is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import evolve

from telephony_adapters.beeline_simulator.account import Account
from telephony_adapters.beeline_simulator.activity import Activity
from telephony_adapters.beeline_simulator.assumptions import MOSCOW
from telephony_adapters.beeline_simulator.behaviours import Behaviour, BehaviourKind, Cause, Party, plan
from telephony_adapters.beeline_simulator.chance import Chance, drawn
from telephony_adapters.beeline_simulator.config import SimulatorConfig
from telephony_adapters.beeline_simulator.dialled_numbers import e164_of
from telephony_adapters.beeline_simulator.faults import Fault, FaultBook, ReportFault
from telephony_adapters.beeline_simulator.history import History, StatisticsRow
from telephony_adapters.beeline_simulator.ledger import Ledger, LedgerEntry
from telephony_adapters.beeline_simulator.live_call import CallIds, LiveCall
from telephony_adapters.beeline_simulator.population import AgentStatus, Subscriber
from telephony_adapters.beeline_simulator.portal_errors import (
    PortalError,
    abonent_busy,
    agent_on_break,
    call_not_found,
    invalid_phone_number,
)
from telephony_adapters.beeline_simulator.reporter import Reporter
from telephony_adapters.beeline_simulator.subscriptions import SubscriptionBook
from telephony_adapters.beeline_simulator.substitution import Substitution
from telephony_adapters.beeline_simulator.xsi import Personality


class Exchange:
    """The whole provider in one object: what routes and the control plane act on. Lives as long as the simulator."""

    def __init__(self, config: SimulatorConfig) -> None:
        self.config = config
        self.account = Account(config)
        self.activity = Activity()
        self.ledger = Ledger()
        self.history = History()
        self.subscriptions = SubscriptionBook(self.activity, config)
        self._chance = Chance(config.seed)
        self.faults = FaultBook(self._chance)
        self.substitution = Substitution(config, self._chance)
        self.behaviours: dict[str, Behaviour] = {}
        self.behaviour_shares: dict[str, float] = {}
        self.statistics_delay = config.statistics_delay
        self._ids = CallIds()
        self._reporter = Reporter(config, self.subscriptions, self._ids)
        self._live: dict[str, LiveCall] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def live_calls(self) -> list[LiveCall]:
        return list(self._live.values())

    def call(self, pattern: str, phone_number: str, faults: tuple[Fault, ...] = ()) -> LiveCall:
        """Takes a call request: the call's phones ring afterwards. PortalError where it is refused.

        A request for a subscriber that exists stands in the ledger from here on, refused ones too.
        """
        subscriber = self.account.find(pattern)
        number = e164_of(phone_number, only_eight=not self.config.assumes("BA4"))
        entry = self.ledger.write(LedgerEntry(subscriber.user_id, number or phone_number, datetime.now(UTC)))
        status = self.account.agent_status(subscriber)
        if number is None:
            raise self._refused(entry, invalid_phone_number())
        if status is AgentStatus.BREAK and self.config.assumes("BA5"):
            raise self._refused(entry, agent_on_break())
        if subscriber.user_id in self._live:
            raise self._refused(entry, abonent_busy())
        call = self._new_call(subscriber, number, entry, faults)
        if status is AgentStatus.OFFLINE:
            entry.outcome = "never_rang"
            call.first_report.set()
            return call
        self._live[subscriber.user_id] = call
        self.activity.begin()
        task = asyncio.get_running_loop().create_task(self._play(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return call

    def note_not_dialled(self, pattern: str, phone_number: str, fault: Fault) -> None:
        """A call request that a fault stopped before the provider did anything."""
        try:
            user_id = self.account.find(pattern).user_id
        except PortalError:
            user_id = pattern
        number = e164_of(phone_number) or phone_number
        entry = LedgerEntry(user_id, number, datetime.now(UTC), outcome="not_dialled")
        entry.answer_fault = fault.kind.value if fault.kind else None
        self.ledger.write(entry)

    def transfer(self, pattern: str, call_id: str, phone_number: str) -> None:
        """The employee hands a talk on to another number and is out of it."""
        call = self._talk_of(self.account.find(pattern), call_id)
        if e164_of(phone_number) is None:
            raise invalid_phone_number()
        self._hand_on(call)

    def transfer_consulted(self, pattern: str, call_id: str, consult_call_id: str) -> None:
        """The same after a consultation: both calls are talks, and the employee leaves the first."""
        call = self._talk_of(self.account.find(pattern), call_id)
        if not any(consult_call_id in other.names() for other in self._live.values() if other is not call):
            raise call_not_found()
        self._hand_on(call)

    def hang_up(self, pattern: str, call_id: str) -> None:
        """The employee's side ends its call by request (BA8 off)."""
        call = self._live.get(self.account.find(pattern).user_id)
        if call is None or call_id not in call.names():
            raise call_not_found()
        call.end(Party.EMPLOYEE)

    def end(self, tracking_id: str, by: Party) -> None:
        """Somebody hangs up now (control plane): the portal itself has no hang-up (BA8)."""
        for call in self._live.values():
            if tracking_id in call.names():
                return call.end(by)
        raise call_not_found()

    def foreign_call(self, subscriber: Subscriber, number: str, personality: Personality, seconds: float) -> str:
        """A call that nobody requested through the portal: inbound, or dialled by hand. Gives its extTrackingId."""
        answered = seconds > 0
        tracking_id, started = self._reporter.foreign_call(subscriber, number, personality, seconds, answered=answered)
        inbound = personality is Personality.TERMINATOR
        status = ("RECIEVED" if answered else "MISSED") if inbound else "PLACED"
        row = StatisticsRow(
            started,
            subscriber,
            "INBOUND" if inbound else "OUTBOUND",
            status,
            number if inbound else self.substitution.choose(subscriber, number).number,
            subscriber.number if inbound else number,
            seconds,
        )
        self._keep(row)
        return tracking_id

    async def close(self) -> None:
        """Stops every timer and task; calls that live end without a word, as when a process dies."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.subscriptions.close()

    def _refused(self, entry: LedgerEntry, error: PortalError) -> PortalError:
        entry.outcome = "refused"
        entry.error_code = error.error_code
        return error

    def _new_call(self, subscriber: Subscriber, number: str, entry: LedgerEntry, faults: tuple[Fault, ...]) -> LiveCall:
        tracking_id = self._ids.tracking_id()
        entry.tracking_id = tracking_id
        return LiveCall(
            tracking_id=tracking_id,
            ext_tracking_id=tracking_id if self.config.assumes("BA1") else self._ids.tracking_id(),
            call_id=self._ids.call_id(),
            network_call_id=self._ids.network_call_id(entry.requested_at),
            subscriber=subscriber,
            number=number,
            plan=plan(self._behaviour_of(number), self._chance.of("plan", number)),
            entry=entry,
            recorded=self.account.is_recorded(subscriber),
            faults=faults,
            faults_random=self._chance.of("report-faults", number),
        )

    def _behaviour_of(self, number: str) -> Behaviour:
        if number in self.behaviours:
            return self.behaviours[number]
        kind = drawn(self.behaviour_shares, self._chance.of("behaviour", number))
        return Behaviour(BehaviourKind(kind)) if kind else Behaviour()

    async def _play(self, call: LiveCall) -> None:
        try:
            if call.fault(ReportFault.UNKNOWN_CALL):
                # Its number differs in the last digit, so that only who matches carelessly takes it for this call.
                other = call.number[:-1] + str((int(call.number[-1]) + 1) % 10)
                self._reporter.foreign_call(call.subscriber, other, Personality.CLICK_TO_DIAL, 1.0, answered=True)
            stages: tuple[tuple[float | None, Callable[[LiveCall], None]], ...] = (
                (call.plan.employee_rings, self._employee_rings),
                (call.plan.employee_answers, self._employee_answers),
                (call.plan.client_rings, self._client_rings),
                (call.plan.client_answers, self._client_answers),
                (call.plan.ends_after, lambda _call: None),
            )
            for seconds, reached in stages:
                if seconds is None:
                    continue
                if not await call.lasts(seconds / self.config.speed):
                    break
                reached(call)
            self._release(call)
        finally:
            del self._live[call.subscriber.user_id]
            self.activity.end()

    def _employee_rings(self, call: LiveCall) -> None:
        call.entry.employee_rang_at = datetime.now(UTC)
        self._reporter.employee_rings(call)

    def _employee_answers(self, call: LiveCall) -> None:
        call.entry.employee_answered_at = datetime.now(UTC)
        self._reporter.hook(call.subscriber, off=True)

    def _client_rings(self, call: LiveCall) -> None:
        entry = call.entry
        shown = self.substitution.choose(call.subscriber, call.number)
        entry.client_rang_at = datetime.now(UTC)
        entry.shown_number = shown.number
        entry.pool_id = shown.pool_id
        entry.region_codes = shown.region_codes
        entry.wrong_substitution = shown.wrong
        if not self.config.assumes("BA9"):
            call.early_row = evolve(self._row_of(call), grows_since=entry.client_rang_at)
            self.history.add_row(call.early_row)
        self._reporter.client_rings(call)

    def _client_answers(self, call: LiveCall) -> None:
        call.entry.answered_at = datetime.now(UTC)
        self._reporter.client_answered(call)

    def _release(self, call: LiveCall) -> None:
        entry = call.entry
        by = call.ended_by or call.plan.released_by
        cause = None if call.ended_by else call.plan.cause
        entry.released_at = datetime.now(UTC)
        entry.outcome = _outcome(call, by, cause)
        self._remember(call)
        self._reporter.released(call, by.value, cause)
        if entry.employee_answered_at:
            self._reporter.hook(call.subscriber, off=False)

    def _remember(self, call: LiveCall) -> None:
        entry = call.entry
        if call.early_row is not None:
            self.history.drop_row(call.early_row)
        if entry.employee_answered_at is None:
            return
        row = self._row_of(call)
        self._keep(row)
        if call.recorded and entry.answered_at:
            self.history.add_record(
                call.ext_tracking_id, call.subscriber, call.number, "OUTBOUND", entry.answered_at, row.seconds
            )

    def _row_of(self, call: LiveCall) -> StatisticsRow:
        entry, subscriber = call.entry, call.subscriber
        seconds = (
            (entry.released_at - entry.answered_at).total_seconds() if entry.answered_at and entry.released_at else 0.0
        )
        number_from = entry.shown_number if self.config.assumes("BA2") else subscriber.number
        began = entry.employee_rang_at or entry.requested_at
        return StatisticsRow(began, subscriber, "OUTBOUND", "PLACED", number_from, call.number, seconds)

    def _keep(self, row: StatisticsRow) -> None:
        if not self.config.assumes("BA12"):
            row = evolve(row, started_at=row.started_at + MOSCOW)
        if self.statistics_delay:
            asyncio.get_running_loop().call_later(self.statistics_delay, self.history.add_row, row)
        else:
            self.history.add_row(row)

    def _talk_of(self, subscriber: Subscriber, call_id: str) -> LiveCall:
        call = self._live.get(subscriber.user_id)
        if call is None or call_id not in call.names() or call.entry.answered_at is None:
            raise call_not_found()
        return call

    def _hand_on(self, call: LiveCall) -> None:
        call.transferred = True
        self._reporter.transferred(call)
        call.end(Party.EMPLOYEE)


def _outcome(call: LiveCall, by: Party, cause: Cause | None) -> str:
    entry = call.entry
    if call.transferred:
        return "transferred"
    if entry.answered_at:
        return "talked"
    if entry.employee_answered_at is None:
        return "employee_no_answer"
    if cause is Cause.BUSY:
        return "busy"
    if cause is Cause.TEMPORARILY_UNAVAILABLE:
        return "unreachable"
    return "employee_hung_up" if by is Party.EMPLOYEE else "no_answer"
