"""What the core needs of the world, as protocols. One name per idea, here, in its adapter, its fake and its contract.

Ports that leave the process are async; those that answer from memory are not. No method here is ever awaited inside a
unit of work unless it is the unit of work's own (law 4): gather; begin, decide, commit; ask; begin, record, commit.

One long module, so that all that the core asks of the world is seen in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from attrs import frozen

from telephony_core.call import Attempt, Call, CallState, Dial, HangUp
from telephony_core.call_facts import Fact
from telephony_core.caller_id import EarlierTalk, Verdict
from telephony_core.carousel import Carousel, NumberUse
from telephony_core.device import Device, DeviceStatus
from telephony_core.events import CallEvent, EventFilter, RelayedEvent
from telephony_core.party import Employee, Target, TargetCard
from telephony_core.phone import ParsedNumber, PhoneNumber
from telephony_core.region import LocalTime

# --- Answered from memory -----------------------------------------------------------------------------------------


class PhoneNumberParser(Protocol):
    """Makes sense of a number as people type it."""

    def parse(self, text: str) -> ParsedNumber:
        """Never raises: what can't be understood is a `ParsedNumber` without a number."""


class RegionResolver(Protocol):
    """Knows the numbering plan."""

    def resolve(self, number: PhoneNumber) -> tuple[str, ...]:
        """ISO 3166-2 codes of the number's regions, sorted; `("RU",)` where no more than the country is known."""


class TimeZones(Protocol):
    """Knows what time it is where."""

    def local_time(self, codes: tuple[str, ...], at: datetime) -> LocalTime:
        """The wall clocks at the instant `at` over all zones of these regions."""

    def day(self, at: datetime) -> tuple[datetime, datetime]:
        """The beginning and end, as instants, of the calendar day of `at` in the service's own time zone (N4)."""


class DeviceStatuses(Protocol):
    """The last known status of each device, from a cache; costs no request (D2)."""

    def status(self, device: Device) -> DeviceStatus | None:
        """The device's, with its age; None if nothing is known of it."""


class Clock(Protocol):
    """The process's clock: for listings and waiting, never for a decision, which takes the database's (C9)."""

    def now(self) -> datetime:
        """In UTC."""


class IdSource(Protocol):
    """Makes ids that sort by the time of making."""

    def new_id(self) -> str:
        """One that was never made before, here or elsewhere."""


# --- The directory ------------------------------------------------------------------------------------------------


class Directory(Protocol):
    """Clients, interests, employees and their devices, wherever they are kept. Every method may raise
    `DirectoryUnavailable`."""

    async def target_card(self, target: Target) -> TargetCard | None:
        """The client, and the interest where that is the target; None if there is no such target."""

    async def employee(self, employee_id: str) -> Employee | None:
        """Whoever has this id, active or not."""

    async def devices(self, employee_id: str) -> tuple[Device, ...]:
        """The employee's devices, in the order in which they are offered."""

    async def device(self, device_id: str) -> Device | None:
        """Whoever's it is, and whatever its state."""

    async def marked_do_not_call(self, number: PhoneNumber) -> bool:
        """Whether this number stands on the company's do-not-call list, whoever's it is."""


class ForgetfulDirectory(Protocol):
    """A directory of our own, from which a client's data can be taken out (P3)."""

    async def forget_client(self, client_id: str) -> bool:
        """Take out the client's name and numbers, and those of the contacts of their interests; ids stay. False: there
        is no such client. May raise `DirectoryUnavailable`."""


# --- The provider -------------------------------------------------------------------------------------------------


@frozen
class Accepted:
    """The provider took the request; no phone need have rung. `reference` is its name for the call, if it gave one."""

    reference: str | None


@frozen
class Refused:
    """The provider said no in words that mean 'not done'. `code` is its own."""

    code: str
    detail: str = ""


@frozen
class NotSent:
    """No byte of the request can have arrived: the name, the connection or TLS failed."""

    why: str


@frozen
class OutcomeUnknown:
    """Anything else: it may have dialled. Never a reason to ask again (K3)."""

    why: str


DialAnswer = Accepted | Refused | NotSent | OutcomeUnknown


@frozen
class Found:
    """What the provider knows of an attempt when asked."""

    facts: frozenset[Fact]
    reference: str | None = None
    shown: PhoneNumber | None = None
    record_url: str | None = None


@frozen
class Absent:
    """The provider keeps its calls, ended ones too, and has none such: it never dialled."""


@frozen
class CannotTell:
    """The provider knows nothing of it, which proves nothing."""

    why: str


LookUp = Found | Absent | CannotTell


@frozen
class Capabilities:
    """What a gateway's provider can do.

    `two_step`: each leg is dialled on a request of its own. `hang_up`: a call can be ended from outside. `look_up`: it
    can be asked about an attempt. `reports_shown`: it tells, sooner or later, which number the client saw. `records`:
    it may have recorded a talk, and tells where when it is asked.
    """

    two_step: bool
    hang_up: bool
    look_up: bool
    reports_shown: bool
    records: bool = False


class ProviderGateway(Protocol):
    """A provider of telephony. No method raises for anything that the provider or the network does."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    async def start(self, command: Dial) -> DialAnswer:
        """Dial a leg (on a one-step provider: both). One request, never repeated, whatever comes of it."""

    async def hang_up(self, command: HangUp) -> bool:
        """End a leg; harmless if it is gone. True if the provider took the request, False where that can't be told."""

    async def look_up(self, attempt: Attempt) -> LookUp:
        """What the provider knows of this attempt by now."""


@frozen
class ProviderReport:
    """One report of a provider, parsed. (`provider`, `subscription_id`, `event_id`) is what makes it one (law 10).

    `at` is when the provider's call began, as far as the report tells, else when what it tells happened.

    Who it is about: `attempt_id` where the provider carries ids of ours, else `reference`, else it may be inferred from
    `line`, `phone_number` and time, and only if `placed_by_us` (an inbound or hand-dialled call is nobody's attempt).

    Hold and retrieve are no news: no facts, or `answered` once more. A redirect is more ringing of the same leg. A leg
    that was handed over is `released` when the provider ends it; on a provider of two steps not before the talk is
    over, for the other leg is then hung up.
    """

    provider: str
    subscription_id: str
    event_id: str
    at: datetime
    facts: frozenset[Fact]
    attempt_id: str | None = None
    reference: str | None = None
    line: str | None = None
    phone_number: PhoneNumber | None = None
    placed_by_us: bool = False
    shown: PhoneNumber | None = None
    record_url: str | None = None


# --- The store ----------------------------------------------------------------------------------------------------


class ConcurrentChange(Exception):
    """Somebody else's transaction won; begin again and look at the world as it is now. Never leaves the core."""


class ReservationKind(StrEnum):
    """What `Reservation.value` is: an id, the employee's or the Call's, or the number in E.164."""

    EMPLOYEE = "employee"
    CALL = "call"
    PHONE_NUMBER = "phone_number"


@frozen
class Reservation:
    """What an attempt holds while it lives (K5): the employee, the Call, the called number."""

    kind: ReservationKind
    value: str


@frozen
class KeyScope:
    """Whose Idempotency-Key it is (K4)."""

    principal_id: str
    employee_id: str
    key: str


@frozen
class KeyRecord:
    """A used Idempotency-Key: the fingerprint of its request, and the Call that it names since."""

    scope: KeyScope
    fingerprint: str
    call_id: str
    attempt_id: str | None
    created_at: datetime


@frozen
class CallFilter:
    """Which Calls a list shows; None: any. `client_id` includes the client's interests. Newest first."""

    employee_id: str | None = None
    client_id: str | None = None
    interest_id: str | None = None
    external_id: str | None = None
    state: CallState | None = None
    since: datetime | None = None
    until: datetime | None = None


@frozen
class CallPage:
    """A page of Calls and the cursor of the next one, None on the last. A cursor is opaque and survives new Calls."""

    items: tuple[Call, ...]
    next_cursor: str | None


@frozen
class NumberSeen:
    """How often a number was reported as shown, and the start of the first and the last such attempt."""

    times: int
    first_at: datetime | None
    last_at: datetime | None


class CallRepository(Protocol):
    """Calls with their attempts. Reading inside a writing unit of work locks what is read until its end."""

    async def get(self, call_id: str) -> Call | None:
        """The Call with all its attempts, the earliest first."""

    async def by_external_id(self, external_id: str) -> Call | None:
        """The same by the CRM's own id, to the letter."""

    async def add(self, call: Call) -> None:
        """Store a new Call and its attempts. An `external_id` that exists by now: `ConcurrentChange`."""

    async def save(self, call: Call) -> None:
        """Store a changed Call with the attempts new to it. Another version stored meanwhile: `ConcurrentChange`."""

    async def attempt(self, attempt_id: str) -> Attempt | None:
        """One attempt, without its Call."""

    async def attempt_by_reference(self, provider: str, reference: str) -> Attempt | None:
        """The one attempt that this provider calls so."""

    async def save_attempt(self, attempt: Attempt) -> Attempt:
        """Store a changed attempt and return it as stored, with its next version, which a further save in this unit
        of work begins from. Another version stored meanwhile: `ConcurrentChange`."""

    async def unreferenced_attempts(
        self, provider: str, line: str, number: PhoneNumber, since: datetime
    ) -> tuple[Attempt, ...]:
        """Attempts on this line to this number, begun since then, of which no reference is known; by id.

        All that a report without a known reference could be about: those whose answer was lost, and those that still
        wait for it; not those that were surely not dialled (refused, not sent).
        """

    async def live_attempts(self, after_id: str, limit: int) -> tuple[Attempt, ...]:
        """Live attempts with ids above `after_id`, by id."""

    async def due_for_look_up(self, now: datetime, limit: int) -> tuple[Attempt, ...]:
        """Attempts whose `look_up_at` is not later than `now`, the longest due first."""

    async def count_attempts(self, employee_id: str, since: datetime, or_since: datetime) -> tuple[int, int]:
        """How many this employee began from each of two instants on, whatever became of them (N4)."""

    async def earlier_talk(self, client_id: str, number: PhoneNumber) -> EarlierTalk | None:
        """The latest talk with this client at this number, and the carousel's number that was shown (C6)."""

    async def last_attempts(self, client_id: str, numbers: Iterable[PhoneNumber]) -> Mapping[PhoneNumber, Attempt]:
        """The latest attempt to each of these numbers for this client (N1)."""

    async def attempts_to(self, number: PhoneNumber, since: datetime, until: datetime) -> tuple[Attempt, ...]:
        """The attempts to this number that started from `since` to `until`, both included, the latest first (B1)."""

    async def numbers_seen(self, since: datetime) -> Mapping[PhoneNumber, NumberSeen]:
        """The numbers that providers reported as shown, over attempts that started from `since` on (C11)."""

    async def verdict_counts(
        self, since: datetime, until: datetime, pool_id: str | None
    ) -> Mapping[Verdict | None, int]:
        """How many attempts that started from `since` to before `until`, decided for this pool (None: for any or none),
        have which verdict (C10). None as a key: none yet, of those that may have rung."""

    async def judged_otherwise(
        self, since: datetime, until: datetime, pool_id: str | None, limit: int
    ) -> tuple[Attempt, ...]:
        """The latest of those attempts that showed something else than what conforms."""

    async def page(self, wanted: CallFilter, *, cursor: str | None, limit: int) -> CallPage:
        """Calls newest first, by keyset. A cursor that is not ours: `InvalidRequest`."""


class Reservations(Protocol):
    """Exclusion by unique index (law 5)."""

    async def holders(self, wanted: Iterable[Reservation]) -> Mapping[Reservation, str]:
        """Which attempts hold these now: reservation -> attempt id; only the held ones."""

    async def take(self, attempt_id: str, wanted: Iterable[Reservation]) -> None:
        """Take all of these, or raise `ConcurrentChange` if one is held."""

    async def give_up(self, attempt_id: str, which: Iterable[Reservation] | None = None) -> int:
        """Give up these (None: all) of an attempt's reservations. Returns how many it still held."""


class IdempotencyKeys(Protocol):
    """What each Idempotency-Key names (K4). One record for a scope, kept by a unique index (law 5)."""

    async def get(self, scope: KeyScope) -> KeyRecord | None:
        """The record, however old it is: whether its life is over is not the store's to judge."""

    async def put(self, record: KeyRecord) -> None:
        """Store a record. A key that exists by now: `ConcurrentChange`."""

    async def forget_before(self, instant: datetime) -> int:
        """Forget keys made before `instant` whose attempt is not live. Returns how many."""


class CarouselRepository(Protocol):
    """The carousel, and how its numbers were used. They are stored apart: a change of one keeps the other."""

    async def load(self, *, choosing_for: str | None = None) -> Carousel:
        """The whole carousel. `choosing_for` a provider locks its pools that we choose from until the end (C7, C9)."""

    async def uses(self, provider: str, day_began_at: datetime) -> Mapping[PhoneNumber, NumberUse]:
        """How the provider's numbers were used; shows count from `day_began_at`."""

    async def take_turn(self, pool_id: str, number: PhoneNumber) -> None:
        """Count a fair pick of `number` and move the pool's turn on (C7). Never given back."""

    async def count_show(self, number: PhoneNumber, at: datetime) -> None:
        """Count that `number` was shown to a client (C3)."""

    async def store(self, carousel: Carousel) -> None:
        """Replace pools, generations and numbers by these; uses stay. What breaks C0 is refused: `CarouselConflict`."""


class ReportLog(Protocol):
    """Providers' reports, each once by (provider, subscription, event id), and which attempt each is about (law 10)."""

    async def add(self, report: ProviderReport, now: datetime, attempt_id: str | None = None) -> bool:
        """Keep a report, matched with an attempt if it is known whose. False if it was here before: then nothing is
        done."""

    async def mark_matched(self, report: ProviderReport, attempt_id: str) -> None:
        """From now on it waits for no attempt any more."""

    async def unmatched_of_reference(self, provider: str, reference: str) -> tuple[ProviderReport, ...]:
        """The reports of a call that this provider calls so, of which no attempt is known yet."""

    async def unmatched_of_line(
        self, provider: str, line: str, number: PhoneNumber, since: datetime
    ) -> tuple[ProviderReport, ...]:
        """Unmatched reports placed by us on this line to this number, of calls reported since `since`."""

    async def heard_since(self, provider: str, since: datetime) -> bool:
        """Whether any report of this provider has arrived since then (K2)."""

    async def forget_before(self, instant: datetime) -> int:
        """Forget reports received before `instant`. Returns how many."""


class EventLog(Protocol):
    """Where events wait for the relay (the outbox)."""

    async def add(self, event: CallEvent) -> None:
        """Write an event in the transaction that makes it true (K7)."""


@frozen
class Erased:
    """How much was erased: attempts, Calls (their notes), reports and events."""

    attempts: int = 0
    calls: int = 0
    reports: int = 0
    events: int = 0

    def __bool__(self) -> bool:
        return bool(self.attempts or self.calls or self.reports or self.events)


class PersonalData(Protocol):
    """Clients' numbers in what the store keeps, and how they are taken out (P3).

    In their place stands `ERASED_NUMBER`, or nothing; notes and addresses of records go, too. Counts, outcomes, times,
    ids and the carousel's numbers stay. What is erased once is not counted again. Live attempts are left alone.
    """

    async def erase_client(self, client_id: str) -> Erased:
        """Take out the numbers of all of this client's attempts."""

    async def erase_before(self, instant: datetime, limit: int) -> Erased:
        """Take out the numbers of what was before `instant`, of at most `limit` attempts, Calls and events each."""


class UnitOfWork(Protocol):
    """One transaction; lives for one `async with`. Leaving without `commit` rolls back."""

    calls: CallRepository
    reservations: Reservations
    keys: IdempotencyKeys
    carousel: CarouselRepository
    reports: ReportLog
    events: EventLog
    personal: PersonalData

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def now(self) -> datetime:
        """The database's clock, read now, aware and in UTC (C9)."""

    async def commit(self) -> None:
        """Make it so. `ConcurrentChange` if another transaction won, `StoreUnavailable` if the answer is lost."""


class Store(Protocol):
    """Where Calls are kept. Every method of a unit of work may raise `StoreUnavailable` or `ConcurrentChange`."""

    def read(self) -> UnitOfWork:
        """A unit of work that only reads; it takes no lock."""

    def glance(self) -> UnitOfWork:
        """One that only reads, for a single question: each further one may see another moment, and nothing is spent
        on a common one."""

    def write(self) -> UnitOfWork:
        """A unit of work that may write."""


# --- Events that are told ------------------------------------------------------------------------------------------


class EventPublisher(Protocol):
    """Where events go that were relayed: to readers in this process, or to a broker of whoever embeds us."""

    async def publish(self, events: Sequence[RelayedEvent]) -> None:
        """Take these: in the order of position, each call going on where the last one ended.

        At least once: after an error raised here the same events come again, and after a crash perhaps some that were
        taken; who must not act twice keeps the position, or the event's id.
        """


class StreamEnd(StrEnum):
    """Why a subscription ended by itself. Whoever reads on resumes from its position."""

    TOO_SLOW = "too_slow"
    """More events came than are kept for one reader who doesn't take them."""
    STOPPING = "stopping"
    """The process is about to end."""


class EventSubscription(Protocol):
    """One reader of the events, in one task; lives from `subscribe` to `close`."""

    @property
    def position(self) -> int:
        """Up to here the reader has been given all that it wants; where it would resume."""

    @property
    def ended(self) -> StreamEnd | None:
        """Why it has ended by itself; None while it has not."""

    async def next(self, within: float) -> Sequence[RelayedEvent]:
        """The events that come next, at least one, by position; none if there came none within so many seconds, or the
        subscription has ended. May raise `StoreUnavailable`, after which it goes on where it was, and `EventsNotKept`
        where what comes next was cut off while it read what was kept."""

    async def over(self) -> StreamEnd:
        """Waits until it has ended by itself."""

    def close(self) -> None:
        """The reader has left; nothing is kept for it any more."""


class EventFeed(Protocol):
    """The stream of all events, for any number of readers in this process."""

    async def subscribe(self, wanted: EventFilter, after: int | None) -> EventSubscription:
        """Read what fits from after a position on; None: from now on. No event is left out: kept ones come first.

        A position that events are not kept from any more, or that no event has had yet: `EventsNotKept`.
        """

    def end(self) -> None:
        """End all subscriptions, those to come as well: the process is stopping."""
