"""Reports of calls: what is told to subscriptions, and what faults make of it on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from attrs import evolve

from telephony_adapters.beeline_simulator.behaviours import Cause
from telephony_adapters.beeline_simulator.config import SimulatorConfig
from telephony_adapters.beeline_simulator.faults import ReportFault
from telephony_adapters.beeline_simulator.live_call import CallIds, LiveCall
from telephony_adapters.beeline_simulator.population import Subscriber
from telephony_adapters.beeline_simulator.subscriptions import SubscriptionBook, send
from telephony_adapters.beeline_simulator.xsi import CallFacts, CallState, EventType, Personality, Report

# Q.850 numbers as BroadWorks writes them: 17 user busy, 16 normal clearing, 31 unspecified; three digits.
_TERMINATION = {Cause.BUSY: "017", Cause.TEMPORARILY_UNAVAILABLE: "031", None: "016"}


class Reporter:
    """Lives as long as the simulator; knows no time of its own, it tells what the ledger holds."""

    def __init__(self, config: SimulatorConfig, subscriptions: SubscriptionBook, ids: CallIds) -> None:
        self._config = config
        self._subscriptions = subscriptions
        self._ids = ids

    def employee_rings(self, call: LiveCall) -> None:
        self._tell(call, EventType.ORIGINATED, Personality.CLICK_TO_DIAL, CallState.ALERTING)

    def client_rings(self, call: LiveCall) -> None:
        self._tell(call, EventType.UPDATED, Personality.ORIGINATOR, CallState.ALERTING)

    def client_answered(self, call: LiveCall) -> None:
        self._tell(call, EventType.ANSWERED, Personality.ORIGINATOR, CallState.ACTIVE)

    def transferred(self, call: LiveCall) -> None:
        self._tell(call, EventType.TRANSFERRED, Personality.ORIGINATOR, CallState.ACTIVE)

    def released(self, call: LiveCall, releasing_party: str, cause: Cause | None) -> None:
        answered = call.entry.employee_answered_at is not None
        told = self._config.assumes("BA6")
        self._tell(
            call,
            EventType.RELEASED,
            Personality.ORIGINATOR if answered else Personality.CLICK_TO_DIAL,
            CallState.RELEASED,
            releasing_party=releasing_party,
            cause=cause.value if cause and told else None,
            termination=_TERMINATION[cause] if told else None,
        )

    def hook(self, subscriber: Subscriber, *, off: bool) -> None:
        """The noise of a receiver; no fault touches it, for it says nothing of a call."""
        send(self._subscriptions.address(self._report(EventType.HOOK, subscriber, off_hook=off)))

    def foreign_call(
        self, subscriber: Subscriber, number: str, personality: Personality, seconds: float, *, answered: bool
    ) -> tuple[str, datetime]:
        """All reports at once of a call that nobody requested here and that has just ended after `seconds` of talk.

        Gives its extTrackingId and when it began.
        """
        now = datetime.now(UTC)
        started = now - timedelta(seconds=seconds + 5)
        first = EventType.RECEIVED if personality is Personality.TERMINATOR else EventType.ORIGINATED
        facts = CallFacts(
            call_id=self._ids.call_id(),
            ext_tracking_id=self._ids.tracking_id(),
            network_call_id=self._ids.network_call_id(started),
            personality=personality,
            state=CallState.ALERTING,
            remote_number=number,
            address_of_record=self._endpoint(subscriber),
            start_time=started,
        )
        reports = [self._report(first, subscriber, facts)]
        if answered:
            facts = evolve(facts, state=CallState.ACTIVE, answer_time=now - timedelta(seconds=seconds))
            reports.append(self._report(EventType.ANSWERED, subscriber, facts))
        facts = evolve(facts, state=CallState.RELEASED, release_time=now, releasing_party="remoteRelease")
        reports.append(self._report(EventType.RELEASED, subscriber, facts))
        for report in reports:
            send(self._subscriptions.address(report))
        return facts.ext_tracking_id, started

    def _tell(
        self,
        call: LiveCall,
        event: EventType,
        personality: Personality,
        state: CallState,
        *,
        releasing_party: str | None = None,
        cause: str | None = None,
        termination: str | None = None,
    ) -> None:
        entry = call.entry
        shifting = call.fault(ReportFault.SHIFTED_CLOCK)
        if not self._config.assumes("BA11"):
            personality = Personality.CLICK_TO_DIAL
        report = self._report(
            event,
            call.subscriber,
            CallFacts(
                call_id=call.call_id,
                ext_tracking_id=call.ext_tracking_id,
                network_call_id=call.network_call_id,
                personality=personality,
                state=state,
                remote_number=call.number,
                address_of_record=self._endpoint(call.subscriber),
                start_time=entry.employee_rang_at or entry.requested_at,
                answer_time=entry.answered_at,
                release_time=entry.released_at,
                releasing_party=releasing_party,
                release_cause=cause,
                cdr_termination_cause=termination,
                recorded=call.recorded and entry.answered_at is not None,
            ),
            clock_shift=timedelta(seconds=shifting.shift_seconds) if shifting else timedelta(),
        )
        self._push(call, report)

    def _report(
        self,
        event: EventType,
        subscriber: Subscriber,
        call: CallFacts | None = None,
        *,
        off_hook: bool = False,
        clock_shift: timedelta = timedelta(),
    ) -> Report:
        return Report(
            event,
            subscriber.user_id,
            call,
            off_hook,
            clock_shift,
            named_as=None if self._config.assumes("BA16") else self._config.company.id,
            wall_clock=not self._config.assumes("BA15"),
        )

    def _endpoint(self, subscriber: Subscriber) -> str:
        if self._config.assumes("BA16"):
            return f"sip:{subscriber.user_id}"
        # As one integration's subscriber is called: nothing of its number or extension.
        return f"sip:SIP{subscriber.extension}PBX@ip.beeline.ru"

    def _push(self, call: LiveCall, report: Report) -> None:
        pushes = self._subscriptions.address(report)
        last = report.type is EventType.RELEASED
        if call.is_hit(ReportFault.LOST):
            pushes = []
        if call.is_hit(ReportFault.REPEATED):
            pushes = [each for push in pushes for each in (push, push)]
        if not call.held and not last and call.is_hit(ReportFault.REORDERED):
            call.held = pushes
            return
        pushes, call.held = [*pushes, *call.held], []
        if not pushes:
            call.first_report.set()
        elif not call.first_report.is_set():
            pushes = [evolve(pushes[0], arrived=(call.first_report.set,)), *pushes[1:]]
        send(pushes)
