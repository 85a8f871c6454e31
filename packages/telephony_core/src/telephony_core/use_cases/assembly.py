"""The whole core put together from its ports, for who embeds it without our service.

Our own service takes it, too, and adds what only a service has (`telephony_http.container`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from attrs import field, frozen

from telephony_core.call_facts import LegName
from telephony_core.ports import (
    Clock,
    DeviceStatuses,
    Directory,
    IdSource,
    PhoneNumberParser,
    ProviderGateway,
    ProviderReport,
    RegionResolver,
    Store,
    TimeZones,
)
from telephony_core.use_cases.attribute_callback import AttributeCallback
from telephony_core.use_cases.compare_calls import CompareCalls
from telephony_core.use_cases.dial_leg import LegDialler
from telephony_core.use_cases.end_call import CloseCall, HangUpCall
from telephony_core.use_cases.find_numbers import FindNumbers, NumberJudge
from telephony_core.use_cases.follow_call import ApplyReport, ReadCalls
from telephony_core.use_cases.initiate_call import InitiateCall
from telephony_core.use_cases.list_devices import ListDevices
from telephony_core.use_cases.match_reports import ReportMatcher
from telephony_core.use_cases.note_facts import FactNotes
from telephony_core.use_cases.preview_caller_id import CallerIdDesk, PreviewCallerId
from telephony_core.use_cases.reconcile_calls import ReconcileCalls
from telephony_core.use_cases.rules import Rules


@frozen
class Hears:
    """What is done with what is heard of a provider over a connection of ours; the worker's listeners need it."""

    apply_report: ApplyReport
    compare_calls: CompareCalls

    async def apply(self, report: ProviderReport) -> bool:
        """Keep and apply a report once, with all that follows from it."""
        return await self.apply_report(report)

    async def compare(self, provider: str, alive: Iterable[tuple[str, LegName]]) -> None:
        """Nothing was heard for a while: `alive` are the legs (attempt id, leg) that live at the provider now."""
        await self.compare_calls(provider, alive)


@frozen(kw_only=True)
class Telephony:
    """Use cases over these ports; made once at start-up, without state of its own. Opening the ports' implementations,
    and closing them, is their owner's. `gateways` by the provider's name, as devices have it."""

    store: Store
    directory: Directory
    gateways: Mapping[str, ProviderGateway]
    statuses: DeviceStatuses
    parser: PhoneNumberParser
    regions: RegionResolver
    zones: TimeZones
    clock: Clock
    ids: IdSource
    rules: Rules = field(factory=Rules)

    @cached_property
    def initiate_call(self) -> InitiateCall:
        """Places a call, once per Idempotency-Key (K3, K4)."""
        return InitiateCall(
            self.directory,
            self.store,
            self.gateways,
            self._judge,
            self._desk,
            self.statuses,
            self.ids,
            self._dialler,
            self.rules,
        )

    @cached_property
    def apply_report(self) -> ApplyReport:
        """Takes a provider's report, once (K1)."""
        return ApplyReport(self.store, self._matcher, self._dialler)

    @cached_property
    def reconcile_calls(self) -> ReconcileCalls:
        """Settles what no report settles (K2); to be run again and again, or nothing would ever time out."""
        return ReconcileCalls(self.store, self.gateways, self._notes, self._matcher, self._dialler, self.rules)

    @cached_property
    def hears(self) -> Hears:
        """For providers that are listened to."""
        return Hears(self.apply_report, CompareCalls(self.store, self.reconcile_calls, self._dialler))

    @cached_property
    def read_calls(self) -> ReadCalls:
        return ReadCalls(self.store)

    @cached_property
    def hang_up_call(self) -> HangUpCall:
        return HangUpCall(self.store, self.gateways, self._dialler, self.read_calls)

    @cached_property
    def close_call(self) -> CloseCall:
        return CloseCall(self.store, self.ids)

    @cached_property
    def find_numbers(self) -> FindNumbers:
        """The numbers of a client or an interest, and whether they may be called now (N1)."""
        return FindNumbers(self.directory, self.store, self._judge, self.clock)

    @cached_property
    def preview_caller_id(self) -> PreviewCallerId:
        """What the client would see, without a call."""
        return PreviewCallerId(self.directory, self.store, self._judge, self._desk, self.statuses)

    @cached_property
    def list_devices(self) -> ListDevices:
        """What an employee can call from (D2)."""
        return ListDevices(self.directory, self.statuses, self.clock, self.preview_caller_id)

    @cached_property
    def attribute_callback(self) -> AttributeCallback:
        """Whose call-back it is (B1)."""
        return AttributeCallback(self.store, self.directory, self.rules)

    @cached_property
    def _judge(self) -> NumberJudge:
        return NumberJudge(self.parser, self.regions, self.zones, self.rules.dialling)

    @cached_property
    def _desk(self) -> CallerIdDesk:
        return CallerIdDesk(self.rules.policy, self.regions, self.zones)

    @cached_property
    def _notes(self) -> FactNotes:
        return FactNotes(self.gateways, self.ids, self.rules)

    @cached_property
    def _matcher(self) -> ReportMatcher:
        return ReportMatcher(self._notes)

    @cached_property
    def _dialler(self) -> LegDialler:
        return LegDialler(self.store, self.gateways, self._notes, self._matcher, self.clock)
