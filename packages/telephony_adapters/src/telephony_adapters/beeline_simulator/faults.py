"""Faults on request: what goes wrong with the next requests to the portal, and with the reports of their calls.

A fault hits the next `count` requests that match it. Without `path` it waits for call requests; with `path` for any
request whose path contains that text. `share` below 1 hits only that part of the matching requests, drawn under the
seed by the called number, and `count` counts the hits.

| kind | what the caller gets | dialled |
|---|---|---|
| `reset` | TCP reset before any byte of the answer | no |
| `reset_after` | the same | yes |
| `http_500` | 500 with an HTML page, as a gateway in front would write | only with `dials: true` |
| `http_429` | 429 with `errorCode` `TooManyRequests` and Retry-After | no |
| `error_code` | `status` (400) with `error_code` (`OperationFailed`) | no |
| `hang` | nothing for `seconds` (300), then the connection ends | unless `dials: false` |
| `late` | the right answer after `seconds` (5) | yes |
| `cut` | a 2xx whose body ends in the middle | yes |

Seconds are real ones, whatever the speed: they are measured against the caller's time-out. 'Connection refused' can't
be played by a process that runs: stop it, or point the caller at a closed port.

| `reports` | what happens to the reports of the call |
|---|---|
| `before_answer` | the first report is delivered before the call request is answered |
| `repeated` | each is pushed twice, with equal eventID and sequenceNumber |
| `reordered` | neighbours change places (sequence numbers tell) |
| `lost` | none is pushed; their sequence numbers are missing |
| `shifted_clock` | their times are off by `shift_seconds` (-95) |
| `unknown_call` | before them come reports of a click-to-dial call that nobody requested |

`reports_share` below 1 loses, repeats or reorders only that part of the call's reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from attrs import define, frozen

from telephony_adapters.beeline_simulator.chance import Chance, drawn


class FaultKind(StrEnum):
    """Faults of the answer."""

    RESET = "reset"
    RESET_AFTER = "reset_after"
    HTTP_500 = "http_500"
    HTTP_429 = "http_429"
    ERROR_CODE = "error_code"
    HANG = "hang"
    LATE = "late"
    CUT = "cut"


class ReportFault(StrEnum):
    """Faults of the reports."""

    BEFORE_ANSWER = "before_answer"
    REPEATED = "repeated"
    REORDERED = "reordered"
    LOST = "lost"
    SHIFTED_CLOCK = "shifted_clock"
    UNKNOWN_CALL = "unknown_call"


_DIALS = {
    FaultKind.RESET: False,
    FaultKind.RESET_AFTER: True,
    FaultKind.HTTP_500: False,
    FaultKind.HTTP_429: False,
    FaultKind.ERROR_CODE: False,
    FaultKind.HANG: True,
    FaultKind.LATE: True,
    FaultKind.CUT: True,
}
_SECONDS = {FaultKind.HANG: 300.0, FaultKind.LATE: 5.0}


@frozen
class Fault:
    """One fault as it was asked for; see the tables at the head. `count` None: until the faults are cleared."""

    kind: FaultKind | None = None
    reports: ReportFault | None = None
    count: int | None = 1
    phone_number: str | None = None
    path: str | None = None
    share: float = 1.0
    dials: bool | None = None
    seconds: float | None = None
    status: int = 400
    error_code: str = "OperationFailed"
    reports_share: float = 1.0
    shift_seconds: float = -95.0

    def __attrs_post_init__(self) -> None:
        if self.kind is None and self.reports is None:
            raise ValueError("a fault has a kind, or reports, or both")
        if not (0 <= self.share <= 1 and 0 <= self.reports_share <= 1):
            raise ValueError("a share is 0 to 1")
        if (self.count is not None and self.count < 1) or (self.seconds is not None and self.seconds < 0):
            raise ValueError("count is at least 1, and seconds are not negative")
        if not 204 < self.status < 600:
            raise ValueError("an error has a status of 205 to 599")

    @property
    def dialled(self) -> bool:
        """Whether the provider does what it was asked before the answer goes wrong."""
        if self.kind is None:
            return True
        return _DIALS[self.kind] if self.dials is None else self.dials

    @property
    def waits(self) -> float:
        if self.seconds is not None:
            return self.seconds
        return _SECONDS.get(self.kind, 0.0) if self.kind else 0.0


@frozen
class Hits:
    """What hits one request: at most one fault of its answer, any of its reports."""

    answer: Fault | None = None
    reports: tuple[Fault, ...] = ()


@define(eq=False)
class _Pending:
    fault: Fault
    left: int | None


class FaultBook:
    """The faults that wait and the random ones. Lives as long as the simulator."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._pending: list[_Pending] = []
        self._shares: dict[str, float] = {}
        self._seconds: float | None = None

    def add(self, fault: Fault) -> None:
        self._pending.append(_Pending(fault, fault.count))

    def clear(self) -> None:
        self._pending.clear()
        self._shares = {}

    def pending(self) -> list[tuple[Fault, int | None]]:
        return [(each.fault, each.left) for each in self._pending]

    def set_random(self, shares: Mapping[str, float], seconds: float | None = None) -> None:
        """Shares of all call requests by kind of either table, those of one table together at most 1."""
        kinds = {name: float(share) for name, share in shares.items()}
        for table in (FaultKind, ReportFault):
            of_table = [share for name, share in kinds.items() if name in set(table)]
            if any(share < 0 for share in of_table) or sum(of_table) > 1:
                raise ValueError("shares are 0 to 1 and together at most 1")
        if unknown := set(kinds) - set(FaultKind) - set(ReportFault):
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")
        self._shares = kinds
        self._seconds = seconds

    def random_shares(self) -> dict[str, float]:
        return dict(self._shares)

    def take(self, path: str, called: str | None, *, is_call: bool) -> Hits:
        """What hits this request; what was counted is used up. `called` is E.164, if the request names a number."""
        answer: Fault | None = None
        reports: list[Fault] = []
        for pending in list(self._pending):
            fault = pending.fault
            if not self._matches(fault, path, called, is_call=is_call) or (fault.kind and answer):
                continue
            if fault.share < 1 and self._chance.of("fault-share", called or path).random() >= fault.share:
                continue
            if fault.kind:
                answer = fault
            if fault.reports:
                reports.append(fault)
            self._use_up(pending)
        if is_call and self._shares:
            random_hits = self._random(called or path)
            answer = answer or random_hits.answer
            reports.extend(random_hits.reports)
        return Hits(answer, tuple(reports))

    def _matches(self, fault: Fault, path: str, called: str | None, *, is_call: bool) -> bool:
        if fault.phone_number is not None and fault.phone_number != called:
            return False
        return is_call if fault.path is None else fault.path in path

    def _use_up(self, pending: _Pending) -> None:
        if pending.left is None:
            return
        pending.left -= 1
        if pending.left == 0:
            self._pending.remove(pending)

    def _random(self, key: str) -> Hits:
        generator = self._chance.of("random-fault", key)
        of_answer = drawn({name: share for name, share in self._shares.items() if name in set(FaultKind)}, generator)
        of_reports = drawn({name: share for name, share in self._shares.items() if name in set(ReportFault)}, generator)
        # A 500 may have dialled or not, and its sender can't know: both occur.
        dials = generator.random() < 0.5 if of_answer == FaultKind.HTTP_500 else None
        answer = Fault(kind=FaultKind(of_answer), seconds=self._seconds, dials=dials) if of_answer else None
        reports = (Fault(reports=ReportFault(of_reports)),) if of_reports else ()
        return Hits(answer, reports)
